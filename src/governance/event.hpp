// What people and the hub decided, as one entry of the audit log. An event is data of its room: the
// log knows its envelope only, never what the body means.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "catalog/document.hpp"

namespace millwright::governance {

/// Longest canonical text of an event.
inline constexpr std::size_t event_bytes_max = 1024 * 1024;

struct Event {
  std::string kind;     ///< room.verb, `work_order.verdict`: lower snake case around the dot
  std::string subject;  ///< kind/name as in catalog text, `work-order/wo-000012`
  std::string actor;    ///< `person/anna` or `system/hub`
  Timestamp at;         ///< UTC
  catalog::Node body = catalog::Node::make_map();  ///< a map

  /// The log entry: `{"actor":…,"at":RFC 3339,"body":{…},"kind":…,"subject":…}`, canonical JSON
  /// (catalog/document.hpp) in one line. Hashed and signed as it stands.
  std::string canonical() const;
  /// The inverse: accepts exactly what `canonical` gives, to the byte. `corrupt` with the place;
  /// `unsupported_version` when a member `v` says that a newer program wrote it (version 1 has no
  /// `v`).
  static Result<Event> parse(std::string_view canonical);
  /// Every rule above, before an event is written: `invalid_input`.
  Result<void> check() const;
};

/// Reads canonical JSON and nothing else: sorted unique keys, no spaces, shortest numbers, UTF-8,
/// 64 levels at most. `corrupt` with the byte where it is wrong.
Result<catalog::Node> parse_canonical_json(std::string_view text);

}  // namespace millwright::governance
