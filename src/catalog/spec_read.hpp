// Inside of the parsers of specs: parts of a node as plain values. What has another shape is
// absent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"

namespace millwright::catalog {

/// The enumerator whose place in `names` is that of the text under `key`.
template <typename Enum>
Enum enum_at(const Node& node, std::string_view key, std::span<const std::string_view> names,
             Enum absent) {
  const auto text = node.text_at(key);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return absent;
}

std::optional<Duration> duration_at(const Node& node, std::string_view key);
std::optional<Timestamp> timestamp_at(const Node& node, std::string_view key);
std::optional<double> optional_number(const Node& node, std::string_view key);
std::vector<std::string> texts_at(const Node& node, std::string_view key);
std::vector<double> numbers_at(const Node& node, std::string_view key);
/// Whole numbers from 0 to 2^32 − 1.
std::vector<std::uint32_t> counts_at(const Node& node, std::string_view key);
std::map<std::string, std::string> text_map_at(const Node& node, std::string_view key);
/// The node under `key`, or an empty one.
const Node& child(const Node& node, std::string_view key);

}  // namespace millwright::catalog
