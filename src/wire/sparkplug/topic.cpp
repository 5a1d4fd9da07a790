#include "wire/sparkplug/topic.hpp"

#include <array>
#include <cstddef>

namespace millwright::sparkplug {
namespace {

constexpr std::array<std::string_view, 9> type_names{"NBIRTH", "NDEATH", "NDATA", "NCMD", "DBIRTH",
                                                     "DDEATH", "DDATA",  "DCMD",  "STATE"};

/// Bytes of the well-formed UTF-8 sequence at the start of `text` (RFC 3629), 0 when there is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = at(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool beyond = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

/// The text up to the next '/', which is taken away together with it; nothing when `rest` is used
/// up.
std::optional<std::string_view> next_level(std::optional<std::string_view>& rest) {
  if (!rest) return std::nullopt;
  const std::size_t slash = rest->find('/');
  const std::string_view level = rest->substr(0, slash);
  if (slash == std::string_view::npos)
    rest.reset();
  else
    rest->remove_prefix(slash + 1);
  return level;
}

std::optional<MessageType> parse_type(std::string_view text) {
  for (std::size_t i = 0; i < type_names.size(); ++i) {
    if (type_names[i] == text) return static_cast<MessageType>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(MessageType type) {
  return type_names[static_cast<std::size_t>(type)];
}

bool is_valid_id(std::string_view id) {
  if (id.empty()) return false;
  while (!id.empty()) {
    const char c = id.front();
    if (c == '+' || c == '#' || c == '/' || c == '\0') return false;
    const std::size_t length = utf8_sequence(id);
    if (length == 0) return false;
    id.remove_prefix(length);
  }
  return true;
}

std::optional<Topic> parse_topic(std::string_view text) {
  std::optional<std::string_view> rest = text;
  if (next_level(rest) != topic_namespace) return std::nullopt;
  const std::optional<std::string_view> second = next_level(rest);
  const std::optional<std::string_view> third = next_level(rest);
  if (!second || !third) return std::nullopt;
  Topic topic;
  if (*second == "STATE" && !rest) {
    topic.edge = *third;
    return is_valid_id(topic.edge) ? std::optional(topic) : std::nullopt;
  }
  const std::optional<MessageType> type = parse_type(*third);
  const std::optional<std::string_view> edge = next_level(rest);
  if (!type || *type == MessageType::state || !edge) return std::nullopt;
  topic.type = *type;
  topic.group = *second;
  topic.edge = *edge;
  if (is_device_type(topic.type) != rest.has_value()) return std::nullopt;
  if (rest) topic.device = *rest;
  const bool ids_valid =
      is_valid_id(topic.group) && is_valid_id(topic.edge) && (!rest || is_valid_id(topic.device));
  return ids_valid ? std::optional(topic) : std::nullopt;
}

void format_topic(const Topic& topic, std::string& out) {
  out.assign(topic_namespace);
  const auto level = [&out](std::string_view text) { (out += '/') += text; };
  if (topic.type == MessageType::state) {
    level("STATE");
    level(topic.edge);
    return;
  }
  level(topic.group);
  level(name_of(topic.type));
  level(topic.edge);
  if (is_device_type(topic.type)) level(topic.device);
}

std::string format_topic(const Topic& topic) {
  std::string out;
  format_topic(topic, out);
  return out;
}

std::string command_filter(MessageType type, std::string_view group, std::string_view edge) {
  return format_topic({.type = type, .group = group, .edge = edge, .device = "#"});
}

ontology::DeviceAddress normalise(std::string_view group, std::string_view edge,
                                  std::string_view device) {
  ontology::DeviceAddress address{std::string(group), std::string(edge), std::string(device)};
  const std::size_t colon = device.find(':');
  if (device.empty()) {
    address.device = ontology::node_device;
  } else if (colon != std::string_view::npos && colon > 0 && colon + 1 < device.size()) {
    address.edge = device.substr(0, colon);
    address.device = device.substr(colon + 1);
  }
  return address;
}

}  // namespace millwright::sparkplug
