#include "catalog/spec_read.hpp"

#include <limits>

namespace millwright::catalog {

std::optional<Duration> duration_at(const Node& node, std::string_view key) {
  const auto* found = node.find(key);
  if (found == nullptr || !found->is_scalar()) return std::nullopt;
  const auto parsed = parse_duration(found->text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<Timestamp> timestamp_at(const Node& node, std::string_view key) {
  const auto* found = node.find(key);
  if (found == nullptr || !found->is_scalar()) return std::nullopt;
  const auto parsed = parse_rfc3339(found->text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<double> optional_number(const Node& node, std::string_view key) {
  const auto* found = node.find(key);
  return found != nullptr && found->is_number() ? std::optional(found->number) : std::nullopt;
}

std::vector<std::string> texts_at(const Node& node, std::string_view key) {
  std::vector<std::string> out;
  if (const auto* found = node.find(key)) {
    for (const auto& item : found->items) {
      if (item.is_scalar()) out.push_back(item.text);
    }
  }
  return out;
}

const Node& child(const Node& node, std::string_view key) {
  static const Node none;
  const auto* found = node.find(key);
  return found != nullptr ? *found : none;
}

std::vector<double> numbers_at(const Node& node, std::string_view key) {
  std::vector<double> out;
  for (const auto& item : child(node, key).items) {
    if (item.is_number()) out.push_back(item.number);
  }
  return out;
}

std::vector<std::uint32_t> counts_at(const Node& node, std::string_view key) {
  std::vector<std::uint32_t> out;
  for (const auto& item : child(node, key).items) {
    if (item.type != Node::Type::integer || item.integer < 0 ||
        item.integer > std::numeric_limits<std::uint32_t>::max()) {
      continue;
    }
    out.push_back(static_cast<std::uint32_t>(item.integer));
  }
  return out;
}

std::map<std::string, std::string> text_map_at(const Node& node, std::string_view key) {
  std::map<std::string, std::string> out;
  for (const auto& member : child(node, key).members) out[member.key] = member.value.text;
  return out;
}

}  // namespace millwright::catalog
