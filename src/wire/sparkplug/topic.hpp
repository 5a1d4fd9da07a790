// Sparkplug B topics: `spBv1.0/{group}/{type}/{edge}[/{device}]` and `spBv1.0/STATE/{host}`. Views
// into the topic, no allocation on parsing. (Specification 3.0, chapter 4.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ontology/address.hpp"

namespace millwright::sparkplug {

inline constexpr std::string_view topic_namespace = "spBv1.0";

enum class MessageType : std::uint8_t {
  nbirth,
  ndeath,
  ndata,
  ncmd,
  dbirth,
  ddeath,
  ddata,
  dcmd,
  state,
};
/// `NBIRTH` … `STATE`.
std::string_view name_of(MessageType type);
/// True for the types whose topic has a device level.
/// [tck-id-topic-structure-namespace-device-id-associated-message-types]
constexpr bool is_device_type(MessageType type) {
  return type >= MessageType::dbirth && type <= MessageType::dcmd;
}

/// A parsed topic; the views point into the text that was parsed.
struct Topic {
  MessageType type = MessageType::state;
  std::string_view group{};   ///< empty for STATE
  std::string_view edge{};    ///< the edge node id; for STATE the host id
  std::string_view device{};  ///< empty unless is_device_type(type)

  bool operator==(const Topic&) const = default;
};

/// True when `id` may be one level of a topic: not empty, no `+`, `#`, `/`, NUL, valid UTF-8.
/// [tck-id-intro-group-id-chars and its sisters]
bool is_valid_id(std::string_view id);

/// Nothing when `text` is not a Sparkplug B topic: wrong namespace, unknown type, wrong number of
/// levels, invalid id.
std::optional<Topic> parse_topic(std::string_view text);

/// The topic as text. The ids must be valid and fit the type; both are invariants of the caller.
std::string format_topic(const Topic& topic);
/// The same into a buffer that is reused.
void format_topic(const Topic& topic, std::string& out);

/// Filter of all messages of one type of one edge node and its devices: `…/NCMD/edge` has no device
/// level, `…/DCMD/edge/#` has.
std::string command_filter(MessageType type, std::string_view group, std::string_view edge);

/// The identity of a device which survives moving its edge behind a gateway (DESIGN D1): device
/// `<edge>:<device>` of a gateway becomes (site, edge, device); the node's own metrics become
/// device
/// `_node`.
ontology::DeviceAddress normalise(std::string_view group, std::string_view edge,
                                  std::string_view device);

}  // namespace millwright::sparkplug
