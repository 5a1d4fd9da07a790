// The host session, statement by statement of Sparkplug 3.0 and beyond it. Which statement each
// test covers is listed in tests/conformance/sparkplug.tsv. Peers here are our edge session and
// payloads made by hand; foreign peers: tests/interop.
#include "wire/sparkplug/host_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/sparkplug/session_rig.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::DataType;

Metric typed(std::string name, TypeCode type, Value value,
             std::optional<std::uint64_t> alias = {}) {
  Metric metric;
  metric.name = std::move(name);
  metric.datatype = code_of(type);
  metric.value = std::move(value);
  metric.alias = alias;
  metric.timestamp_ms = 1'700'000'000'000;
  return metric;
}

Payload numbered(std::uint64_t seq, std::vector<Metric> metrics = {},
                 std::uint64_t timestamp_ms = 1'700'000'000'000) {
  Payload payload;
  payload.timestamp_ms = timestamp_ms;
  payload.seq = seq;
  payload.metrics = std::move(metrics);
  return payload;
}

Payload node_birth(std::uint64_t bd_seq, std::uint64_t seq = 0, std::vector<Metric> more = {}) {
  Payload payload = numbered(seq, std::move(more));
  payload.metrics.push_back(typed("bdSeq", TypeCode::int64, static_cast<std::int64_t>(bd_seq)));
  payload.metrics.push_back(typed("Node Control/Rebirth", TypeCode::boolean, false));
  return payload;
}

Payload death(std::uint64_t bd_seq) {
  Payload payload = node_birth(bd_seq);
  payload.seq.reset();
  payload.metrics.resize(1);
  return payload;
}

Metric by_alias(std::uint64_t alias, Value value) {
  Metric metric;
  metric.alias = alias;
  metric.timestamp_ms = 1'700'000'000'000;
  metric.value = std::move(value);
  return metric;
}

Payload motor_birth(std::uint64_t seq) {
  return numbered(seq, {typed("speed", TypeCode::float64, 1.0, 10),
                        typed("state", TypeCode::int16, std::int64_t{-3}, 11)});
}

Payload motor_data(std::uint64_t seq, double speed) {
  return numbered(seq, {by_alias(10, speed)});
}

constexpr std::string_view nbirth = "spBv1.0/plant/NBIRTH/press-1";
constexpr std::string_view ndeath = "spBv1.0/plant/NDEATH/press-1";
constexpr std::string_view dbirth = "spBv1.0/plant/DBIRTH/press-1/motor";
constexpr std::string_view ddeath = "spBv1.0/plant/DDEATH/press-1/motor";
constexpr std::string_view ddata = "spBv1.0/plant/DDATA/press-1/motor";

HostRig online(HostOptions options = {.host_id = "hub"}) {
  HostRig rig(std::move(options));
  rig.connect();
  return rig;
}

/// A host that knows press-1 with its motor; the next number is 2.
HostRig with_motor(HostOptions options = {.host_id = "hub"}) {
  HostRig rig = online(std::move(options));
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_EQ(rig.events.size(), 2u);
  rig.events.clear();
  return rig;
}

std::vector<double> speeds(const HostRig& rig) {
  std::vector<double> found;
  for (const HostAction& event : rig.of(HostActionKind::data))
    for (const ontology::Row& row : event.batch.rows) found.push_back(row.f64());
  return found;
}

HostState state_in(const Message& message) {
  return parse_host_state(message.payload).value_or(HostState{});
}

// STATE. ---------------------------------------------------------------------------------------

TEST(HostPresence, the_will_is_the_retained_state_death_at_qos_1_with_the_time_of_connect) {
  const HostRig rig = online();
  ASSERT_EQ(rig.wills.size(), 1u);
  EXPECT_EQ(rig.wills[0].topic, "spBv1.0/STATE/hub");
  EXPECT_EQ(rig.wills[0].qos, Qos::at_least_once);
  EXPECT_EQ(rig.wills[0].retain, Retain::yes);
  EXPECT_EQ(as_text(rig.wills[0].payload), R"({"online":false,"timestamp":1700000000000})");
}

TEST(HostPresence, the_birth_is_the_first_publish_retained_at_qos_1_with_the_time_of_the_will) {
  HostRig rig(HostOptions{.host_id = "hub"});
  rig.session.start(rig.now, rig.actions);
  rig.carry_out();
  rig.pass(std::chrono::seconds(3));
  rig.session.on_connected(rig.now, rig.actions);
  rig.carry_out();
  ASSERT_EQ(rig.sent.size(), 1u);
  const Message& birth = rig.sent[0].message;
  EXPECT_EQ(birth.topic, "spBv1.0/STATE/hub");
  EXPECT_EQ(birth.qos, Qos::at_least_once);
  EXPECT_EQ(birth.retain, Retain::yes);
  EXPECT_EQ(as_text(birth.payload), R"({"online":true,"timestamp":1700000000000})");
}

TEST(HostPresence, subscriptions_come_before_the_birth_own_state_first) {
  const HostRig rig = online();
  const std::vector<std::string> expected{
      "spBv1.0/STATE/hub",    "spBv1.0/+/NBIRTH/+",   "spBv1.0/+/NDEATH/+", "spBv1.0/+/NDATA/+",
      "spBv1.0/+/DBIRTH/+/+", "spBv1.0/+/DDEATH/+/+", "spBv1.0/+/DDATA/+/+"};
  EXPECT_EQ(rig.filters, expected);
  const auto publish = std::ranges::find(rig.order, HostActionKind::publish);
  EXPECT_EQ(std::ranges::find(publish, rig.order.end(), HostActionKind::subscribe),
            rig.order.end());
}

TEST(HostPresence, one_site_is_subscribed_alone) {
  const HostRig rig = online({.host_id = "gw", .group = "plant"});
  EXPECT_EQ(rig.filters.at(1), "spBv1.0/plant/NBIRTH/+");
}

TEST(HostPresence, each_connection_has_its_own_timestamp) {
  HostRig rig = online();
  rig.pass(std::chrono::seconds(100));
  rig.close();
  rig.tick(std::chrono::seconds(60));
  rig.session.on_connected(rig.now, rig.actions);
  rig.carry_out();
  ASSERT_EQ(rig.wills.size(), 2u);
  EXPECT_EQ(state_in(rig.wills[1]).timestamp_ms, rig.now.utc.whole_ms());
  EXPECT_EQ(state_in(rig.sent.back().message).timestamp_ms, rig.now.utc.whole_ms());
}

TEST(HostPresence, a_second_session_does_not_touch_the_first) {
  HostRig one = online(), two = online();
  const std::size_t sent = one.sent.size();
  two.pass(std::chrono::seconds(5));
  two.close();
  two.tick(std::chrono::seconds(60));
  EXPECT_EQ(one.sent.size(), sent);
  EXPECT_EQ(state_in(two.wills.back()).timestamp_ms, two.now.utc.whole_ms());
}

TEST(HostPresence, an_intended_end_publishes_the_death_with_the_time_of_now_then_disconnects) {
  HostRig rig = online();
  rig.pass(std::chrono::seconds(7));
  rig.session.stop(rig.now, rig.actions);
  rig.carry_out();
  const Message& last = rig.sent.back().message;
  EXPECT_EQ(last.topic, "spBv1.0/STATE/hub");
  EXPECT_EQ(last.qos, Qos::at_least_once);
  EXPECT_EQ(last.retain, Retain::yes);
  EXPECT_EQ(as_text(last.payload), R"({"online":false,"timestamp":1700000007000})");
  EXPECT_EQ(rig.order.back(), HostActionKind::disconnect);
  rig.close();
  EXPECT_FALSE(rig.session.next_tick());
}

TEST(HostPresence, an_offline_state_of_its_own_is_answered_at_once) {
  HostRig rig = online();
  rig.feed("spBv1.0/STATE/hub", as_bytes(R"({"online":false,"timestamp":1})"));
  ASSERT_EQ(rig.sent.size(), 2u);
  EXPECT_EQ(rig.sent[1].message, rig.sent[0].message) << "the session's own timestamp";
  EXPECT_EQ(rig.count(HostProblem::foreign_state), 0u) << "an old Will of its own";
}

TEST(HostPresence, an_overwritten_or_deleted_state_is_repaired_but_not_in_a_race) {
  HostRig rig = online();
  rig.feed("spBv1.0/STATE/hub", ByteView{});
  for (int i = 0; i < 10; ++i)
    rig.feed("spBv1.0/STATE/hub", as_bytes(R"({"online":false,"timestamp":9700000000000})"));
  EXPECT_EQ(rig.sent.size(), 2u);
  EXPECT_EQ(rig.count(HostProblem::foreign_state), 11u);
  rig.tick(std::chrono::seconds(1));
  EXPECT_EQ(rig.sent.size(), 3u);
  rig.feed(rig.sent[0].message);
  EXPECT_EQ(rig.sent.size(), 3u) << "its own word is no attack";
}

// Commands. ------------------------------------------------------------------------------------

TEST(HostCommand, ncmd_and_dcmd_topic_qos_time_name_and_value) {
  HostRig rig = with_motor();
  const CommandMetric metric{"state", DataType::int16, std::int64_t{-7}};
  const NodeNumber node = *rig.session.find_node("plant", "press-1");
  ASSERT_TRUE(rig.session.command(node, std::span(&metric, 1), rig.now, rig.actions).has_value());
  const DeviceNumber motor(1);
  ASSERT_EQ(rig.session.device(motor).wire_name, "motor");
  ASSERT_TRUE(rig.session.command(motor, std::span(&metric, 1), rig.now, rig.actions).has_value());
  rig.carry_out();
  const Sent& ncmd = rig.sent[rig.sent.size() - 2];
  const Sent& dcmd = rig.sent.back();
  EXPECT_EQ(ncmd.message.topic, "spBv1.0/plant/NCMD/press-1");
  EXPECT_EQ(dcmd.message.topic, "spBv1.0/plant/DCMD/press-1/motor");
  for (const Sent* sent : {&ncmd, &dcmd}) {
    EXPECT_EQ(sent->message.qos, Qos::at_most_once);
    EXPECT_EQ(sent->message.retain, Retain::no);
    EXPECT_EQ(sent->payload.timestamp_ms, 1'700'000'000'000u);
    EXPECT_FALSE(sent->payload.seq);
    ASSERT_EQ(sent->payload.metrics.size(), 1u);
    EXPECT_EQ(sent->payload.metrics[0].name, "state");
    EXPECT_EQ(sent->payload.metrics[0].value, Value(std::int64_t{-7}));
  }
}

TEST(HostCommand, a_value_that_does_not_fit_its_type_is_refused) {
  HostRig rig = with_motor();
  const CommandMetric metric{"state", DataType::int16, 1.5};
  EXPECT_EQ(rig.session.command(NodeNumber(0), std::span(&metric, 1), rig.now, rig.actions)
                .error()
                .code(),
            Code::invalid_input);
  EXPECT_EQ(rig.session.command(NodeNumber(9), {}, rig.now, rig.actions).error().code(),
            Code::not_found);
  rig.close();
  EXPECT_EQ(rig.session.command(NodeNumber(0), {}, rig.now, rig.actions).error().code(),
            Code::unavailable);
}

TEST(HostCommand, a_rebirth_request_is_an_ncmd_with_the_control_true) {
  HostRig rig = with_motor();
  ASSERT_TRUE(
      rig.session.request_rebirth(NodeNumber(0), "operator", rig.now, rig.actions).has_value());
  rig.carry_out();
  const Sent& request = rig.sent.back();
  EXPECT_EQ(request.message.topic, "spBv1.0/plant/NCMD/press-1");
  ASSERT_EQ(request.payload.metrics.size(), 1u);
  EXPECT_EQ(request.payload.metrics[0].name, "Node Control/Rebirth");
  EXPECT_EQ(request.payload.metrics[0].value, Value(true));
  ASSERT_EQ(rig.of(HostActionKind::rebirth_requested).size(), 1u);
  EXPECT_EQ(rig.of(HostActionKind::rebirth_requested)[0].text, "operator");
}

// Births and data. -----------------------------------------------------------------------------

TEST(HostBirth, values_of_births_are_data_with_their_schema) {
  HostRig rig = online();
  rig.feed(nbirth, node_birth(4, 0, {typed("load", TypeCode::float32, 0.5f, 1)}));
  rig.feed(dbirth, motor_birth(1));
  ASSERT_EQ(rig.events.size(), 2u);
  const HostAction& node = rig.events[0];
  EXPECT_EQ(node.kind, HostActionKind::node_born);
  EXPECT_EQ(node.bd_seq, 4);
  EXPECT_EQ(node.schema->address.text(), "plant/press-1/_node");
  ASSERT_EQ(node.schema->metrics.size(), 1u) << "session metrics are no data";
  EXPECT_EQ(node.batch.rows.at(0).f64(), 0.5);
  const HostAction& device = rig.events[1];
  EXPECT_EQ(device.kind, HostActionKind::device_born);
  EXPECT_EQ(device.schema->address.text(), "plant/press-1/motor");
  ASSERT_EQ(device.batch.size(), 2u);
  EXPECT_EQ(device.schema->metrics[1].name, "state");
  EXPECT_EQ(device.batch.rows[1].slot, 1u);
  EXPECT_EQ(device.batch.rows[1].i64(), -3);
  EXPECT_EQ(device.batch.rows[1].ts_us, 1'700'000'000'000'000);
}

TEST(HostBirth, any_first_number_counts_on) {
  for (const std::uint64_t first : {0u, 7u, 255u}) {
    HostRig rig = online();
    rig.feed(nbirth, node_birth(4, first));
    rig.feed(dbirth, motor_birth((first + 1) % 256));
    rig.feed(ddata, motor_data((first + 2) % 256, 3.0));
    EXPECT_EQ(speeds(rig), std::vector<double>{3.0});
    EXPECT_EQ(rig.count(HostProblem::sequence_gap), 0u);
  }
}

TEST(HostBirth, a_second_birth_in_the_session_kills_nobody) {
  HostRig rig = with_motor();
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  rig.feed(ddata, motor_data(2, 3.0));
  EXPECT_TRUE(rig.of(HostActionKind::device_died).empty());
  EXPECT_TRUE(rig.of(HostActionKind::node_died).empty());
  EXPECT_EQ(speeds(rig), std::vector<double>{3.0});
}

TEST(HostBirth, a_device_that_is_not_born_again_is_forgotten_at_the_first_data) {
  HostRig rig = with_motor();
  rig.feed("spBv1.0/plant/DBIRTH/press-1/pump",
           numbered(2, {typed("flow", TypeCode::float64, 1.0, 20)}));
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_TRUE(rig.of(HostActionKind::device_died).empty());
  rig.feed(ddata, motor_data(2, 3.0));
  const auto died = rig.of(HostActionKind::device_died);
  ASSERT_EQ(died.size(), 1u);
  EXPECT_EQ(rig.session.device(died[0].device).wire_name, "pump");
  EXPECT_EQ(died[0].death, Death::forgotten);
}

TEST(HostBirth, an_alias_of_another_device_is_a_named_collision) {
  HostRig rig = with_motor();
  rig.feed("spBv1.0/plant/DBIRTH/press-1/pump",
           numbered(2, {typed("flow", TypeCode::float64, 1.0, 10)}));
  EXPECT_EQ(rig.count(HostProblem::alias_collision), 1u);
  EXPECT_NE(rig.events.back().text.find("plant/press-1/motor"), std::string::npos);
  EXPECT_TRUE(rig.of(HostActionKind::device_born).empty());
  rig.feed(ddata, motor_data(3, 3.0));
  EXPECT_EQ(speeds(rig), std::vector<double>{3.0}) << "the neighbour is untouched";
}

TEST(HostBirth, one_alias_twice_in_one_birth_is_a_collision) {
  HostRig rig = online();
  rig.feed(nbirth, node_birth(4, 0,
                              {typed("a", TypeCode::float64, 1.0, 3),
                               typed("b", TypeCode::float64, 1.0, 3)}));
  EXPECT_EQ(rig.count(HostProblem::alias_collision), 1u);
}

TEST(HostBirth, what_no_series_can_hold_is_named_and_counted_never_asked_for) {
  HostRig rig = online();
  rig.feed(nbirth, node_birth(4));
  DataSet table;
  table.column_count = 1;
  table.columns = {"c"};
  table.types = {code_of(TypeCode::int32)};
  rig.feed(dbirth, numbered(1, {typed("table", TypeCode::dataset, table, 1),
                                typed("speed", TypeCode::float64, 1.0, 2)}));
  EXPECT_EQ(rig.count(HostProblem::unsupported_metric), 1u);
  ASSERT_EQ(rig.of(HostActionKind::device_born).size(), 1u);
  EXPECT_EQ(rig.of(HostActionKind::device_born)[0].schema->metrics.size(), 1u);
  rig.feed(ddata, numbered(2, {by_alias(1, table), by_alias(2, 9.0)}));
  EXPECT_EQ(rig.count(HostProblem::unsupported_metric), 2u);
  EXPECT_EQ(rig.count(HostProblem::unknown_alias), 0u);
  EXPECT_EQ(speeds(rig), std::vector<double>{9.0});
  EXPECT_TRUE(rig.of(MessageType::ncmd).empty());
}

TEST(HostBirth, templates_are_flattened_in_births_and_data) {
  Template definition;
  definition.is_definition = true;
  definition.metrics = {typed("speed", TypeCode::float64, 0.0),
                        typed("on", TypeCode::boolean, false)};
  Template instance;
  instance.template_ref = "pump";
  instance.metrics = {typed("speed", TypeCode::float64, 5.0), typed("on", TypeCode::boolean, true)};
  Template partial;
  partial.template_ref = "pump";
  partial.metrics = {typed("speed", TypeCode::float64, 6.0)};
  partial.metrics[0].datatype = 0;
  HostRig rig = online();
  rig.feed(nbirth, node_birth(4, 0, {typed("pump", TypeCode::template_, definition)}));
  rig.feed(dbirth, numbered(1, {typed("p1", TypeCode::template_, instance, 7)}));
  const auto birth = rig.of(HostActionKind::device_born);
  ASSERT_EQ(birth.size(), 1u);
  ASSERT_EQ(birth[0].schema->metrics.size(), 2u);
  EXPECT_EQ(birth[0].schema->metrics[0].name, "p1/speed");
  EXPECT_EQ(birth[0].schema->metrics[1].name, "p1/on");
  Metric data = by_alias(7, partial);
  rig.feed(ddata, numbered(2, {data}));
  EXPECT_EQ(speeds(rig), std::vector<double>{6.0});
}

TEST(HostData, carries_slots_body_class_and_times) {
  HostRig rig = with_motor();
  Payload payload = motor_data(2, 3.5);
  payload.metrics.push_back(by_alias(11, std::uint64_t{0xFFFFFFFE}));
  payload.uuid = "mw/1";
  payload.body = bytes_from("envelope");
  for (Metric& metric : payload.metrics) metric.is_historical = true;
  rig.feed(ddata, payload);
  const auto data = rig.of(HostActionKind::data);
  ASSERT_EQ(data.size(), 1u);
  EXPECT_EQ(data[0].data_class, DataClass::historical);
  EXPECT_EQ(data[0].body, payload.body);
  EXPECT_EQ(data[0].arrived_at, rig.now.utc);
  ASSERT_EQ(data[0].batch.size(), 2u);
  EXPECT_EQ(data[0].batch.rows[1].slot, 1u);
  EXPECT_EQ(data[0].batch.rows[1].i64(), -2) << "truncated to the type of the birth";
}

TEST(HostData, live_and_historical_in_one_message_are_taken_apart) {
  HostRig rig = with_motor();
  Payload payload = motor_data(2, 1.0);
  payload.metrics.push_back(by_alias(10, 2.0));
  payload.metrics[0].is_historical = true;
  rig.feed(ddata, payload);
  const auto data = rig.of(HostActionKind::data);
  ASSERT_EQ(data.size(), 2u);
  EXPECT_EQ(data[0].data_class, DataClass::historical);
  EXPECT_EQ(data[1].data_class, DataClass::live);
  EXPECT_EQ(speeds(rig), (std::vector<double>{1.0, 2.0}));
}

TEST(HostData, malformed_payloads_and_topics_are_counted_and_touch_nobody) {
  HostRig rig = with_motor();
  rig.feed(ddata, as_bytes("\x0A\xFF\xFF"));
  rig.feed("spBv1.0/plant/DDATA/press-1/a/b", as_bytes("x"));
  rig.feed(nbirth, as_bytes("\x12\x7F"));
  EXPECT_EQ(rig.count(HostProblem::malformed_payload), 2u);
  EXPECT_EQ(rig.count(HostProblem::malformed_topic), 1u);
  rig.feed(ddata, motor_data(2, 3.0));
  EXPECT_EQ(speeds(rig), std::vector<double>{3.0});
}

// Order. ---------------------------------------------------------------------------------------

TEST(HostOrder, one_count_for_all_messages_of_a_node_with_wrap) {
  HostRig rig = with_motor();
  for (std::uint64_t i = 2; i < 700; ++i)
    rig.feed(ddata, motor_data(i % 256, static_cast<double>(i)));
  EXPECT_EQ(speeds(rig).size(), 698u);
  EXPECT_TRUE(rig.of(HostActionKind::problem).empty());
}

TEST(HostOrder, the_reorder_timeout_can_be_set) {
  HostRig rig = with_motor({.host_id = "hub", .reorder_timeout = std::chrono::seconds(9)});
  rig.feed(ddata, motor_data(3, 3.0));
  EXPECT_EQ(*rig.session.next_tick() - rig.now.monotonic, std::chrono::seconds(9));
}

TEST(HostOrder, a_number_out_of_order_starts_the_timer) {
  HostRig rig = with_motor();
  EXPECT_FALSE(rig.session.next_tick());
  rig.feed(ddata, motor_data(3, 3.0));
  EXPECT_TRUE(rig.session.next_tick());
  EXPECT_TRUE(speeds(rig).empty());
}

TEST(HostOrder, a_gap_that_closes_in_time_stops_the_timer_and_keeps_the_order) {
  HostRig rig = with_motor();
  rig.feed(ddata, motor_data(4, 4.0));
  rig.feed(ddata, motor_data(3, 3.0));
  rig.feed(ddata, motor_data(2, 2.0));
  EXPECT_EQ(speeds(rig), (std::vector<double>{2.0, 3.0, 4.0}));
  EXPECT_FALSE(rig.session.next_tick());
  rig.tick(std::chrono::minutes(1));
  EXPECT_TRUE(rig.of(MessageType::ncmd).empty());
}

TEST(HostOrder, a_gap_that_stays_open_is_a_rebirth_request_and_what_waited_is_kept) {
  HostRig rig = with_motor();
  rig.feed(ddata, motor_data(3, 3.0));
  rig.feed(ddata, motor_data(4, 4.0));
  rig.tick(std::chrono::seconds(2));
  ASSERT_EQ(rig.of(MessageType::ncmd).size(), 1u);
  EXPECT_EQ(rig.count(HostProblem::sequence_gap), 1u);
  EXPECT_EQ(rig.of(HostActionKind::rebirth_requested).at(0).text, "sequence_gap");
  EXPECT_TRUE(speeds(rig).empty()) << "a birth may have been lost: aliases are not trusted";
  rig.feed(ddata, motor_data(5, 5.0));
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_EQ(speeds(rig), (std::vector<double>{3.0, 4.0, 5.0}));
}

TEST(HostOrder, data_from_before_a_changed_schema_is_not_read_by_it) {
  HostRig rig = with_motor();
  rig.feed(ddata, motor_data(3, 3.0));
  rig.tick(std::chrono::seconds(2));
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, numbered(1, {typed("torque", TypeCode::float64, 1.0, 10)}));
  EXPECT_TRUE(speeds(rig).empty());
  EXPECT_EQ(rig.count(HostProblem::held_ambiguous), 1u);
}

TEST(HostOrder, a_birth_overtaken_by_its_data_is_waited_for) {
  HostRig rig = online();
  rig.feed(nbirth, node_birth(4));
  rig.feed(ddata, motor_data(2, 2.0));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_EQ(speeds(rig), std::vector<double>{2.0});
  EXPECT_TRUE(rig.of(MessageType::ncmd).empty());
}

TEST(HostOrder, an_nbirth_overtaken_by_its_dbirth_is_put_right) {
  HostRig rig = with_motor();
  Payload birth = node_birth(4);
  birth.timestamp_ms = 1'700'000'009'000;
  Payload device = motor_birth(1);
  device.timestamp_ms = 1'700'000'009'000;
  Payload data = motor_data(2, 7.0);
  data.timestamp_ms = 1'700'000'009'000;
  for (std::uint64_t i = 2; i < 200; ++i) rig.feed(ddata, motor_data(i, 0.0));
  rig.events.clear();
  rig.feed(dbirth, device);  // number 1 where 200 is due: 57 ahead
  rig.feed(nbirth, birth);
  rig.feed(ddata, data);
  EXPECT_EQ(rig.of(HostActionKind::device_born).size(), 1u);
  EXPECT_EQ(speeds(rig), std::vector<double>{7.0});
}

TEST(HostOrder, late_data_of_the_session_before_is_delivered_when_the_schema_did_not_change) {
  HostRig rig = with_motor();
  Payload birth = node_birth(5);
  birth.timestamp_ms = 1'700'000'009'000;
  rig.feed(nbirth, birth);
  rig.feed(dbirth, motor_birth(1));
  rig.feed(ddata, motor_data(99, 99.0));  // sent before
  rig.feed(ddata, motor_data(2, 2.0));
  EXPECT_EQ(speeds(rig), (std::vector<double>{99.0, 2.0}));
  EXPECT_EQ(rig.count(HostProblem::late_message), 1u);
}

TEST(HostOrder, what_waits_is_bounded) {
  HostOptions options{.host_id = "hub"};
  options.reorder_messages_max = 8;
  options.held_messages_max = 16;
  HostRig rig = with_motor(options);
  for (std::uint64_t i = 3; i < 103; ++i) rig.feed(ddata, motor_data(i, static_cast<double>(i)));
  EXPECT_EQ(rig.count(HostProblem::reorder_overflow), 1u);
  EXPECT_EQ(rig.count(HostProblem::held_overflow), 84u);
  EXPECT_EQ(rig.of(MessageType::ncmd).size(), 1u);
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_EQ(speeds(rig).size(), 16u);
  EXPECT_EQ(speeds(rig).back(), 102.0);
}

TEST(HostOrder, data_before_any_birth_is_held_and_a_birth_asked_for) {
  HostRig rig = online();
  rig.feed(ddata, motor_data(57, 1.0));
  rig.feed(ddata, motor_data(58, 2.0));
  EXPECT_EQ(rig.of(MessageType::ncmd).size(), 1u);
  EXPECT_EQ(rig.count(HostProblem::unknown_node), 1u);
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_EQ(speeds(rig), (std::vector<double>{1.0, 2.0}));
}

TEST(HostOrder, an_unknown_alias_is_held_until_the_birth_that_declares_it) {
  HostRig rig = with_motor();
  rig.feed(ddata, numbered(2, {by_alias(12, 5.0)}));
  rig.feed(ddata, motor_data(3, 6.0));
  EXPECT_EQ(rig.count(HostProblem::unknown_alias), 1u);
  EXPECT_TRUE(speeds(rig).empty());
  ASSERT_EQ(rig.of(MessageType::ncmd).size(), 1u);
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  EXPECT_EQ(speeds(rig), std::vector<double>{6.0}) << "still unknown: counted, not asked again";
  rig.feed(ddata, numbered(2, {by_alias(12, 5.0), by_alias(10, 7.0)}));
  EXPECT_EQ(speeds(rig).back(), 7.0);
  EXPECT_EQ(rig.of(MessageType::ncmd).size(), 1u);
}

TEST(HostOrder, rebirth_requests_are_one_at_a_time_and_back_off) {
  HostRig rig = online();
  for (std::uint64_t i = 0; i < 50; ++i) rig.feed(ddata, motor_data(i, 1.0));
  EXPECT_EQ(rig.of(MessageType::ncmd).size(), 1u);
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 7; ++i) {
    const Duration pause = *rig.session.next_tick() - rig.now.monotonic;
    pauses.push_back(pause.count() / 1'000'000);
    rig.tick(pause);
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{10, 20, 40, 80, 160, 300, 300}));
  EXPECT_EQ(rig.session.node(NodeNumber(0)).rebirth_requests, 8u);
}

TEST(HostOrder, an_edge_that_cannot_rebirth_is_read_by_its_last_births) {
  HostRig rig = with_motor();
  rig.feed(ddata, motor_data(9, 1.0));
  for (int i = 0; i < 6; ++i) rig.tick(std::chrono::minutes(5));
  EXPECT_EQ(rig.count(HostProblem::rebirth_ignored), 1u);
  rig.feed(ddata, motor_data(10, 2.0));
  EXPECT_EQ(speeds(rig), (std::vector<double>{1.0, 2.0}));
}

TEST(HostOrder, but_never_one_that_sends_envelopes) {
  HostRig rig = online();
  Payload birth = node_birth(4);
  birth.uuid = "mw/1";
  birth.body = bytes_from("x");
  rig.feed(nbirth, birth);
  rig.feed(dbirth, motor_birth(1));
  rig.feed(ddata, motor_data(9, 1.0));
  for (int i = 0; i < 10; ++i) rig.tick(std::chrono::minutes(5));
  EXPECT_EQ(rig.count(HostProblem::rebirth_ignored), 0u);
  EXPECT_TRUE(speeds(rig).empty());
}

TEST(HostOrder, two_senders_with_one_id_are_named) {
  HostRig rig = with_motor();
  for (std::uint64_t i = 0; i < 8; ++i) {
    rig.feed(ddata, motor_data(2 + i, 1.0));
    rig.feed(ddata, motor_data(100 + i, 2.0));
  }
  EXPECT_EQ(rig.count(HostProblem::duplicate_edge), 1u);
}

TEST(HostOrder, a_plain_loss_is_no_second_sender) {
  HostRig rig = with_motor();
  for (std::uint64_t i = 0; i < 60; ++i) rig.feed(ddata, motor_data(3 + i, 1.0));
  EXPECT_EQ(rig.count(HostProblem::duplicate_edge), 0u);
}

TEST(HostOrder, bdseq_going_back_and_forth_names_two_senders) {
  HostRig rig = with_motor();
  rig.feed(nbirth, node_birth(9));
  EXPECT_EQ(rig.count(HostProblem::duplicate_edge), 0u);
  rig.feed(nbirth, node_birth(4));
  EXPECT_EQ(rig.count(HostProblem::duplicate_edge), 1u);
}

// Deaths. --------------------------------------------------------------------------------------

TEST(HostDeath, ndeath_puts_the_node_and_all_devices_offline_at_the_hosts_time) {
  HostRig rig = with_motor();
  rig.pass(std::chrono::seconds(30));
  rig.feed(ndeath, death(4));
  ASSERT_EQ(rig.events.size(), 3u);
  EXPECT_EQ(rig.events[0].kind, HostActionKind::device_died);
  EXPECT_EQ(rig.session.device(rig.events[0].device).wire_name, "motor");
  EXPECT_EQ(rig.events[1].kind, HostActionKind::device_died) << "the node's own metrics";
  EXPECT_EQ(rig.events[2].kind, HostActionKind::node_died);
  for (const HostAction& event : rig.events) {
    EXPECT_EQ(event.at, rig.now.utc);
    EXPECT_EQ(event.death, Death::declared);
  }
  EXPECT_FALSE(rig.session.node(NodeNumber(0)).online);
}

TEST(HostDeath, ddeath_puts_the_device_offline_at_the_time_of_its_payload) {
  HostRig rig = with_motor();
  rig.pass(std::chrono::seconds(30));
  rig.feed(ddeath, numbered(2, {}, 1'700'000'011'000));
  ASSERT_EQ(rig.events.size(), 1u);
  EXPECT_EQ(rig.events[0].kind, HostActionKind::device_died);
  EXPECT_EQ(rig.events[0].at.us, 1'700'000'011'000'000);
  EXPECT_TRUE(rig.session.node(NodeNumber(0)).online);
  rig.feed(dbirth, motor_birth(3));
  rig.feed(ddata, motor_data(4, 4.0));
  EXPECT_EQ(speeds(rig), std::vector<double>{4.0});
}

TEST(HostDeath, an_ndeath_of_another_bdseq_is_ignored) {
  HostRig rig = with_motor();
  for (const std::uint64_t other : {3u, 5u, 255u}) rig.feed(ndeath, death(other));
  EXPECT_EQ(rig.count(HostProblem::stale_death), 3u);
  rig.feed(ddata, motor_data(2, 2.0));
  EXPECT_EQ(speeds(rig), std::vector<double>{2.0});
}

TEST(HostDeath, a_birth_with_a_new_bdseq_is_the_death_of_the_session_before) {
  HostRig rig = with_motor();
  rig.feed(nbirth, node_birth(5));
  ASSERT_EQ(rig.events.size(), 4u);
  EXPECT_EQ(rig.events[2].kind, HostActionKind::node_died);
  EXPECT_EQ(rig.events[2].death, Death::replaced);
  EXPECT_EQ(rig.events[3].kind, HostActionKind::node_born);
}

TEST(HostDeath, an_edge_that_always_says_bdseq_0_may_come_back) {
  HostRig rig = online();
  for (int i = 0; i < 3; ++i) {
    rig.feed(nbirth, node_birth(0));
    rig.feed(dbirth, motor_birth(1));
    rig.feed(ddata, motor_data(2, 2.0));
    rig.feed(ndeath, death(0));
  }
  EXPECT_EQ(rig.of(HostActionKind::node_died).size(), 3u);
  EXPECT_EQ(speeds(rig).size(), 3u);
  EXPECT_TRUE(rig.of(HostActionKind::problem).empty());
}

TEST(HostDeath, silence_is_said_once) {
  HostOptions options{.host_id = "hub"};
  options.stale_after = std::chrono::seconds(30);
  HostRig rig = with_motor(options);
  rig.tick(std::chrono::seconds(20));
  rig.feed(ddata, motor_data(2, 2.0));
  rig.tick(std::chrono::seconds(20));
  EXPECT_TRUE(rig.of(HostActionKind::node_stale).empty());
  rig.tick(std::chrono::seconds(20));
  rig.tick(std::chrono::seconds(20));
  EXPECT_EQ(rig.of(HostActionKind::node_stale).size(), 1u);
}

// The host's own absence. ----------------------------------------------------------------------

TEST(HostReturn, old_aliases_are_not_trusted_and_births_are_asked_for_spread_in_time) {
  HostRig rig = online();
  for (int i = 0; i < 10; ++i) {
    rig.feed("spBv1.0/plant/NBIRTH/e" + std::to_string(i), node_birth(0));
    rig.feed("spBv1.0/plant/DBIRTH/e" + std::to_string(i) + "/motor", motor_birth(1));
  }
  rig.close();
  rig.tick(std::chrono::seconds(60));
  rig.session.on_connected(rig.now, rig.actions);
  rig.carry_out();
  rig.feed("spBv1.0/plant/DDATA/e0/motor", motor_data(2, 5.0));
  EXPECT_TRUE(speeds(rig).empty());
  EXPECT_TRUE(rig.of(MessageType::ncmd).empty());
  for (int second = 1; second <= 10; ++second) {
    rig.tick(std::chrono::seconds(1));
    EXPECT_EQ(rig.of(MessageType::ncmd).size(), static_cast<std::size_t>(second));
  }
  rig.feed("spBv1.0/plant/NBIRTH/e0", node_birth(0));
  rig.feed("spBv1.0/plant/DBIRTH/e0/motor", motor_birth(1));
  EXPECT_EQ(speeds(rig), std::vector<double>{5.0});
}

// Our own edge. --------------------------------------------------------------------------------

TEST(HostAndEdge, everything_an_edge_sends_arrives_as_it_was) {
  EdgeRig edge(EdgeRig::options());
  edge.with_device();
  edge.connect();
  HostRig host = online();
  for (int i = 0; i < 600; ++i) {
    const auto value = static_cast<double>(i);
    ASSERT_TRUE(edge.publish({value, -value}).has_value());
    if (i == 400) {
      edge.pass(std::chrono::seconds(10));
      edge.ask_rebirth();
    }
  }
  for (const Sent& message : edge.sent) host.feed(message.message);
  const auto data = host.of(HostActionKind::data);
  ASSERT_EQ(data.size(), 600u);
  for (std::size_t i = 0; i < data.size(); ++i) {
    ASSERT_EQ(data[i].batch.size(), 2u);
    EXPECT_EQ(data[i].batch.rows[0].f64(), static_cast<double>(i));
    EXPECT_EQ(data[i].batch.rows[1].slot, 1u);
  }
  EXPECT_EQ(host.of(HostActionKind::device_born).at(0).schema->metrics[0].unit, "rpm");
  EXPECT_TRUE(host.of(HostActionKind::problem).empty());
}

TEST(HostAndEdge, a_waveform_keeps_its_type) {
  EdgeRig edge(EdgeRig::options());
  ASSERT_TRUE(edge.session
                  .set_device("d", {metric_named("vibration", DataType::waveform)}, {}, edge.now,
                              edge.actions)
                  .has_value());
  edge.connect();
  HostRig host = online();
  for (const Sent& message : edge.sent) host.feed(message.message);
  EXPECT_EQ(host.of(HostActionKind::device_born).at(0).schema->metrics[0].datatype,
            DataType::waveform);
}

}  // namespace
}  // namespace millwright::sparkplug
