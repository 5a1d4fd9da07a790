// Port decorators that bring a known defect into a world, to show that its checks find it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/broker.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"

namespace millwright::sim {

/// Says that bytes are written and synced five seconds before they are. Belongs to one life of a
/// process, whose death loses what was not written yet.
class EagerDisk final : public engine::Disk {
 public:
  EagerDisk(engine::Disk& disk, engine::Executor& executor) : disk_(disk), executor_(executor) {}

  Result<std::unique_ptr<engine::File>> open_append(std::string_view path) override;
  Result<std::unique_ptr<engine::File>> open_read(std::string_view path) override {
    return disk_.open_read(path);
  }
  Result<void> rename(std::string_view from, std::string_view to) override {
    return disk_.rename(from, to);
  }
  Result<void> remove(std::string_view path) override { return disk_.remove(path); }
  Result<void> make_directories(std::string_view path) override {
    return disk_.make_directories(path);
  }
  Result<void> sync_directory(std::string_view path) override { return disk_.sync_directory(path); }
  Result<std::vector<std::string>> list(std::string_view path) override { return disk_.list(path); }
  Result<bool> exists(std::string_view path) override { return disk_.exists(path); }
  Result<std::uint64_t> free_bytes() override { return disk_.free_bytes(); }
  Result<std::string> native_path(std::string_view path) override {
    return disk_.native_path(path);
  }

 private:
  engine::Disk& disk_;
  engine::Executor& executor_;
};

/// The same number for ever.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint64_t value) : value_(value) {}
  std::uint64_t next() override { return value_; }

 private:
  std::uint64_t value_;
};

/// A host behind it keeps the aliases of the first birth that it saw of each device.
std::unique_ptr<engine::BrokerConnector> make_stale_alias_connector(
    std::unique_ptr<engine::BrokerConnector> inner);

}  // namespace millwright::sim
