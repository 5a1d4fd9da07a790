// Names that Sparkplug 3.0 or this project gave a meaning on the wire, and the metrics made of
// them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"
#include "wire/sparkplug/payload.hpp"

namespace millwright::sparkplug {

inline constexpr std::string_view bd_seq_metric = "bdSeq";
inline constexpr std::string_view rebirth_metric = "Node Control/Rebirth";
inline constexpr std::string_view node_control_prefix = "Node Control/";
/// Payload uuid that says: `body` is an envelope of ours (DESIGN D6).
inline constexpr std::string_view envelope_uuid = "mw/1";
/// Property of a metric in a birth: its unit (UCUM code where the source is ours).
inline constexpr std::string_view unit_property = "engUnit";
/// Property of a metric in a birth: the series type where the wire has no code for it ("waveform").
inline constexpr std::string_view type_property = "mwType";
/// Standard property: 0 bad, 192 good, 500 stale. [tck-id-payloads-propertyset-quality-value-value]
inline constexpr std::string_view quality_property = "Quality";

/// Milliseconds UTC as the wire has them; times before 1970 become 0.
constexpr std::uint64_t to_wire_ms(Timestamp time) {
  return time.us < 0 ? 0 : static_cast<std::uint64_t>(time.whole_ms());
}
constexpr Timestamp from_wire_ms(std::uint64_t ms) {
  constexpr std::uint64_t most = 9'000'000'000'000'000ull;  // keeps microseconds inside int64
  return Timestamp{static_cast<std::int64_t>(ms < most ? ms : most) * 1000};
}

/// bdSeq as Int64 and without an alias. [tck-id-message-flow-…-payload-bdSeq]
Metric make_bd_seq_metric(std::uint8_t bd_seq, Timestamp at);
/// `Node Control/Rebirth` as Boolean and without an alias.
/// [tck-id-operational-behavior-data-commands-rebirth-name-aliases]
Metric make_rebirth_metric(bool value, Timestamp at);

}  // namespace millwright::sparkplug
