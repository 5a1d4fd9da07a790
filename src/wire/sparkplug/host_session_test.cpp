// The host session, statement by statement of Sparkplug 3.0 and beyond it. Which statement each
// test covers is listed in tests/conformance/sparkplug.tsv. Peers here are our edge session and
// payloads made by hand; foreign peers: tests/interop.
#include "wire/sparkplug/host_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/sparkplug/host_session_rig.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::DataType;

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

TEST(HostData, what_is_cut_off_between_two_fields_is_dropped_where_an_edge_envelopes) {
  HostRig rig = online();
  Payload birth = node_birth(4);
  birth.uuid = envelope_uuid;
  birth.body = bytes_from("x");
  rig.feed(nbirth, birth);
  rig.feed(dbirth, motor_birth(1));
  Payload cut = motor_data(2, 7.0);
  cut.seq.reset();
  rig.feed(ddata, cut);
  rig.feed(ddeath, Payload{});
  rig.feed(dbirth, Payload{});
  EXPECT_EQ(rig.count(HostProblem::missing_sequence), 3u);
  rig.feed(nbirth, node_birth(4));
  Payload short_birth = birth;
  short_birth.metrics.clear();
  short_birth.seq.reset();
  short_birth.body.clear();
  rig.feed(nbirth, short_birth);
  EXPECT_EQ(rig.count(HostProblem::malformed_payload), 2u);
  rig.feed(ddata, motor_data(2, 3.0));
  EXPECT_EQ(speeds(rig), std::vector<double>{3.0});
  EXPECT_TRUE(rig.of(HostActionKind::device_died).empty());
  EXPECT_TRUE(rig.of(MessageType::ncmd).empty());
}

TEST(HostData, what_is_no_payload_needs_no_birth) {
  HostRig rig = online();
  rig.feed(ddata, as_bytes("\xFF\x01\x02"));
  rig.feed(dbirth, as_bytes("\xFF\x01\x02"));
  EXPECT_EQ(rig.count(HostProblem::malformed_payload), 2u);
  EXPECT_EQ(rig.count(HostProblem::unknown_node), 0u);
  EXPECT_TRUE(rig.of(MessageType::ncmd).empty());
  for (const HostAction& problem : rig.of(HostActionKind::problem))
    EXPECT_NE(problem.text.find("press-1/motor"), std::string::npos) << problem.text;
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

}  // namespace
}  // namespace millwright::sparkplug
