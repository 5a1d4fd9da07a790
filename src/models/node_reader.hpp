// Reads typed members of a map and collects every problem, for the small documents of models. Not
// for resources: their reading is the catalog's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "catalog/document.hpp"

namespace millwright::models {

/// Reads one map; what is absent or of another type becomes a problem and a default.
class NodeReader {
 public:
  explicit NodeReader(const catalog::Node& node) : node_(&node) {}

  std::string text(std::string_view key);
  bool boolean(std::string_view key);
  double number(std::string_view key);
  std::int64_t integer(std::string_view key);
  /// Of an integer that must not be negative.
  std::uint64_t count(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  std::vector<std::int64_t> integers(std::string_view key);
  std::vector<double> numbers(std::string_view key);
  /// The member, or an empty map.
  const catalog::Node& map(std::string_view key);

  void wrong(Problem problem) { problems_.push_back(std::move(problem)); }
  void wrong(std::string_view key, std::string what, std::string expected);
  bool is_good() const { return problems_.empty(); }
  /// invalid_input with every problem so far, or nothing.
  std::optional<Error> failure(std::string message);

 private:
  const catalog::Node* member(std::string_view key, std::string_view expected);
  const catalog::Node& list(std::string_view key);

  const catalog::Node* node_;
  std::vector<Problem> problems_;
};

}  // namespace millwright::models
