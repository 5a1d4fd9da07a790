// The STATE message of a host application: JSON with `online` and `timestamp`. (Specification 3.0,
// 6.4.34; tck-id-host-topic-phid-birth-payload and -death-payload.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace millwright::sparkplug {

struct HostState {
  bool online = false;
  std::int64_t timestamp_ms = 0;  ///< UTC

  bool operator==(const HostState&) const = default;
};

/// `{"online":true,"timestamp":1700000000000}`.
std::string format_host_state(const HostState& state);
/// Takes any JSON object that has both members with their types; others are skipped, at most 64
/// levels deep and 64 KiB long. Nothing otherwise.
std::optional<HostState> parse_host_state(ByteView payload);

}  // namespace millwright::sparkplug
