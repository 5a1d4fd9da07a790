// What the tests of the sessions run them in: an edge and a host whose actions are carried out by
// recording them, on a clock that the test turns. Test support, linked into tests only.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/edge_session.hpp"
#include "wire/sparkplug/host_session.hpp"
#include "wire/sparkplug/host_state.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {

/// A published message with its parts.
struct Sent {
  Message message;
  Topic topic;  ///< views into `message.topic`
  Payload payload;

  explicit Sent(Message&& from) : message(std::move(from)) { read(); }
  Sent(const Sent& other) : message(other.message) { read(); }
  Sent& operator=(const Sent& other) {
    message = other.message;
    read();
    return *this;
  }
  void read() {
    topic = parse_topic(message.topic).value_or(Topic{});
    if (topic.type == MessageType::state) return;
    Result<Payload> decoded = decode(message.payload);
    EXPECT_TRUE(decoded.has_value()) << message.topic;
    if (decoded) payload = std::move(*decoded);
  }
  const Metric* metric(std::string_view name) const {
    for (const Metric& candidate : payload.metrics) {
      if (candidate.name == name) return &candidate;
    }
    return nullptr;
  }
};

inline Bytes bytes_from(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

inline ontology::MetricDefinition metric_named(std::string name, ontology::DataType type,
                                               std::string unit = {}) {
  return {std::move(name), type, std::move(unit)};
}

/// A batch of doubles, one a slot from 0.
inline ontology::Batch batch_of(std::initializer_list<double> values, std::int64_t ts_us = 0) {
  ontology::Batch batch;
  std::uint32_t slot = 0;
  for (const double value : values) {
    ontology::Row row;
    row.ts_us = ts_us != 0 ? ts_us : 1'700'000'000'000'000;
    row.slot = slot++;
    row.set_f64(value);
    batch.rows.push_back(row);
  }
  return batch;
}

inline Payload rebirth_command() {
  Payload payload;
  payload.metrics.push_back(make_rebirth_metric(true, Timestamp{1}));
  return payload;
}

class Turnable {
 public:
  Now now{Timestamp{1'700'000'000'000'000}, Duration(1'000'000)};
  void pass(Duration time) {
    now.utc = now.utc + time;
    now.monotonic += time;
  }
};

/// An edge session, its actions carried out at once. Births are sent when asked for, unless held
/// back.
class EdgeRig : public Turnable {
 public:
  explicit EdgeRig(EdgeOptions options, std::optional<std::uint8_t> last_bd_seq = std::nullopt)
      : session(*EdgeSession::create(std::move(options), last_bd_seq)) {}

  static EdgeOptions options(std::string primary_host = {}) {
    EdgeOptions made;
    made.group = "plant";
    made.edge = "press-1";
    made.primary_host = std::move(primary_host);
    return made;
  }
  void with_device(std::string_view name = "motor") {
    using ontology::DataType;
    const auto done = session.set_device(name,
                                         {metric_named("speed", DataType::float64, "rpm"),
                                          metric_named("torque", DataType::float64, "N.m")},
                                         {}, now, actions);
    ASSERT_TRUE(done.has_value());
    carry_out();
  }
  void connect() {
    session.start(now, actions);
    carry_out();
    session.on_connected(now, actions);
    carry_out();
  }
  void close(std::uint64_t random = 0) {
    session.on_closed(now, random, actions);
    carry_out();
  }
  void tick_until_due() {
    if (const auto due = session.next_tick(); due && *due > now.monotonic)
      pass(*due - now.monotonic);
    session.on_tick(now, actions);
    carry_out();
  }
  void host_says(bool online, std::int64_t timestamp_ms, std::string_view host = "hub") {
    const std::string text = format_host_state({online, timestamp_ms});
    session.on_message(format_topic({.type = MessageType::state, .edge = host}), as_bytes(text),
                       now, actions);
    carry_out();
  }
  void receive(std::string_view topic, const Payload& payload) {
    Bytes bytes;
    encode(payload, bytes);
    session.on_message(topic, bytes, now, actions);
    carry_out();
  }
  void ask_rebirth() { receive("spBv1.0/plant/NCMD/press-1", rebirth_command()); }
  Result<void> publish(std::initializer_list<double> values, std::string_view device = "motor",
                       DataClass data_class = DataClass::live, ByteView body = {}) {
    Result<void> done =
        session.publish_data(device, batch_of(values), body, data_class, now, actions);
    carry_out();
    return done;
  }
  void carry_out() {
    EdgeActions round;
    std::swap(round, actions);
    for (EdgeAction& action : round) {
      order.push_back(action.kind);
      switch (action.kind) {
        case EdgeActionKind::persist_bd_seq:
          persisted.push_back(action.bd_seq);
          break;
        case EdgeActionKind::connect:
          wills.emplace_back(std::move(action.message));
          servers.push_back(action.server);
          break;
        case EdgeActionKind::subscribe:
          EXPECT_EQ(action.message.qos, Qos::at_least_once);
          filters.push_back(action.message.topic);
          break;
        case EdgeActionKind::publish:
          sent.emplace_back(std::move(action.message));
          break;
        case EdgeActionKind::need_births:
          ++births_needed;
          if (!hold_births && session.state() == EdgeState::waiting_for_births) {
            EXPECT_TRUE(session.send_births(now, actions).has_value());
          }
          break;
        case EdgeActionKind::command:
          commands.push_back(action);
          break;
        case EdgeActionKind::refused:
          refusals.push_back(action.text);
          break;
        default:
          break;
      }
    }
    if (!actions.empty()) carry_out();
  }
  std::vector<Sent> of(MessageType type) const {
    std::vector<Sent> found;
    for (const Sent& message : sent) {
      if (message.topic.type == type) found.push_back(message);
    }
    return found;
  }

  EdgeSession session;
  EdgeActions actions;
  bool hold_births = false;
  int births_needed = 0;
  std::vector<Sent> sent;
  std::vector<Sent> wills;
  std::vector<std::uint32_t> servers;
  std::vector<std::uint8_t> persisted;
  std::vector<std::string> filters;
  std::vector<std::string> refusals;
  std::vector<EdgeAction> commands;
  std::vector<EdgeActionKind> order;
};

/// A host session with its events, commands and STATE messages recorded.
class HostRig : public Turnable {
 public:
  explicit HostRig(HostOptions options = {.host_id = "hub"})
      : session(*HostSession::create(std::move(options))) {}

  void connect() {
    session.start(now, actions);
    carry_out();
    session.on_connected(now, actions);
    carry_out();
  }
  void close() {
    session.on_closed(now, 0, actions);
    carry_out();
  }
  void feed(const Message& message) { feed(message.topic, message.payload); }
  void feed(std::string_view topic, ByteView bytes) {
    session.on_message(topic, bytes, now, actions);
    carry_out();
  }
  void feed(std::string_view topic, const Payload& payload) {
    Bytes bytes;
    encode(payload, bytes);
    feed(topic, ByteView(bytes));
  }
  void tick(Duration time) {
    pass(time);
    session.on_tick(now, actions);
    carry_out();
  }
  void carry_out() {
    for (HostAction& action : actions) {
      order.push_back(action.kind);
      switch (action.kind) {
        case HostActionKind::connect:
          wills.push_back(action.message);
          break;
        case HostActionKind::subscribe:
          EXPECT_EQ(action.message.qos, Qos::at_least_once);
          filters.push_back(action.message.topic);
          break;
        case HostActionKind::publish:
          sent.emplace_back(std::move(action.message));
          break;
        case HostActionKind::online:
        case HostActionKind::disconnect:
          break;
        default:
          events.push_back(action);
          break;
      }
    }
    actions.clear();
  }
  std::vector<HostAction> of(HostActionKind kind) const {
    std::vector<HostAction> found;
    for (const HostAction& event : events) {
      if (event.kind == kind) found.push_back(event);
    }
    return found;
  }
  std::vector<Sent> of(MessageType type) const {
    std::vector<Sent> found;
    for (const Sent& message : sent) {
      if (message.topic.type == type) found.push_back(message);
    }
    return found;
  }
  std::uint64_t count(HostProblem problem) const { return session.count(problem); }

  HostSession session;
  HostActions actions;
  std::vector<Message> wills;
  std::vector<Sent> sent;
  std::vector<std::string> filters;
  std::vector<HostAction> events;
  std::vector<HostActionKind> order;
};

}  // namespace millwright::sparkplug
