// What the tests of the host session share: payloads of a press with a motor, made by hand, and a
// host that knows it.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/sparkplug/session_rig.hpp"

namespace millwright::sparkplug {

inline Metric typed(std::string name, TypeCode type, Value value,
                    std::optional<std::uint64_t> alias = {}) {
  Metric metric;
  metric.name = std::move(name);
  metric.datatype = code_of(type);
  metric.value = std::move(value);
  metric.alias = alias;
  metric.timestamp_ms = 1'700'000'000'000;
  return metric;
}

inline Payload numbered(std::uint64_t seq, std::vector<Metric> metrics = {},
                        std::uint64_t timestamp_ms = 1'700'000'000'000) {
  Payload payload;
  payload.timestamp_ms = timestamp_ms;
  payload.seq = seq;
  payload.metrics = std::move(metrics);
  return payload;
}

inline Payload node_birth(std::uint64_t bd_seq, std::uint64_t seq = 0,
                          std::vector<Metric> more = {}) {
  Payload payload = numbered(seq, std::move(more));
  payload.metrics.push_back(typed("bdSeq", TypeCode::int64, static_cast<std::int64_t>(bd_seq)));
  payload.metrics.push_back(typed("Node Control/Rebirth", TypeCode::boolean, false));
  return payload;
}

inline Payload death(std::uint64_t bd_seq) {
  Payload payload = node_birth(bd_seq);
  payload.seq.reset();
  payload.metrics.resize(1);
  return payload;
}

inline Metric by_alias(std::uint64_t alias, Value value) {
  Metric metric;
  metric.alias = alias;
  metric.timestamp_ms = 1'700'000'000'000;
  metric.value = std::move(value);
  return metric;
}

inline Payload motor_birth(std::uint64_t seq) {
  return numbered(seq, {typed("speed", TypeCode::float64, 1.0, 10),
                        typed("state", TypeCode::int16, std::int64_t{-3}, 11)});
}

inline Payload motor_data(std::uint64_t seq, double speed) {
  return numbered(seq, {by_alias(10, speed)});
}

inline constexpr std::string_view nbirth = "spBv1.0/plant/NBIRTH/press-1";
inline constexpr std::string_view ndeath = "spBv1.0/plant/NDEATH/press-1";
inline constexpr std::string_view dbirth = "spBv1.0/plant/DBIRTH/press-1/motor";
inline constexpr std::string_view ddeath = "spBv1.0/plant/DDEATH/press-1/motor";
inline constexpr std::string_view ddata = "spBv1.0/plant/DDATA/press-1/motor";

inline HostRig online(HostOptions options = {.host_id = "hub"}) {
  HostRig rig(std::move(options));
  rig.connect();
  return rig;
}

/// A host that knows press-1 with its motor; the next number is 2.
inline HostRig with_motor(HostOptions options = {.host_id = "hub"}) {
  HostRig rig = online(std::move(options));
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_EQ(rig.events.size(), 2u);
  rig.events.clear();
  return rig;
}

inline std::vector<double> speeds(const HostRig& rig) {
  std::vector<double> found;
  for (const HostAction& event : rig.of(HostActionKind::data))
    for (const ontology::Row& row : event.batch.rows) found.push_back(row.f64());
  return found;
}

inline HostState state_in(const Message& message) {
  return parse_host_state(message.payload).value_or(HostState{});
}

}  // namespace millwright::sparkplug
