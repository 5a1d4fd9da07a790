// `status.json` in a role's data directory: what the role says of itself, for whoever started it.
// Rewritten whole, several times a second, never synced: it describes the living, it is no record.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "engine/disk.hpp"

namespace millwright::roles {

class Status {
 public:
  using Value = std::variant<std::uint64_t, std::string>;
  void set(std::string name, std::uint64_t value) { values_[std::move(name)] = value; }
  void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }
  /// 0 when absent or not a number.
  std::uint64_t number(std::string_view name) const;
  std::string to_json() const;
  /// Reads what `to_json` writes; `corrupt` otherwise.
  static Result<Status> parse(std::string_view json);

 private:
  std::map<std::string, Value, std::less<>> values_;
};

class StatusFile {
 public:
  explicit StatusFile(engine::Disk& disk) : disk_(disk) {}
  void write(const Status& status);
  static constexpr std::string_view name = "status.json";

 private:
  engine::Disk& disk_;
};

}  // namespace millwright::roles
