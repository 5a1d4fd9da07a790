// The host session when messages come out of order, twice or not at all, and when senders die and
// return. Its presence, commands, births and data: host_session_test.cpp.
#include "wire/sparkplug/host_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/sparkplug/host_session_rig.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::DataType;

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

TEST(HostOrder, what_overtakes_a_full_gap_keeps_its_own_content) {
  HostOptions options{.host_id = "hub"};
  options.reorder_messages_max = 2;
  HostRig rig = with_motor(options);
  constexpr std::string_view valve_birth = "spBv1.0/plant/DBIRTH/press-1/valve";
  constexpr std::string_view valve_data = "spBv1.0/plant/DDATA/press-1/valve";
  rig.feed(valve_birth, numbered(2, {typed("opening", TypeCode::float64, 0.5, 20)}));
  rig.feed(dbirth, motor_birth(4));                         // 3 never comes
  rig.feed(valve_data, numbered(5, {by_alias(20, 77.0)}));  // waits for its birth
  rig.feed(ddata, motor_data(6, 6.0));
  EXPECT_EQ(rig.count(HostProblem::reorder_overflow), 1u);
  EXPECT_EQ(speeds(rig), std::vector<double>{6.0}) << "not the content of the valve's message";
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
  rig.tick(std::chrono::seconds(2));
  rig.feed(ddata, motor_data(10, 2.0));
  for (int i = 0; i < 6; ++i) rig.tick(std::chrono::minutes(5));
  EXPECT_EQ(rig.count(HostProblem::rebirth_ignored), 1u);
  rig.feed(ddata, motor_data(11, 3.0));
  EXPECT_EQ(speeds(rig), (std::vector<double>{1.0, 2.0, 3.0}));
}

TEST(HostOrder, but_never_one_that_sends_envelopes) {
  HostRig rig = online();
  Payload birth = node_birth(4);
  birth.uuid = "mw/1";
  birth.body = bytes_from("x");
  rig.feed(nbirth, birth);
  rig.feed(dbirth, motor_birth(1));
  rig.feed(ddata, motor_data(9, 1.0));
  rig.tick(std::chrono::seconds(2));
  rig.feed(ddata, motor_data(10, 2.0));
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

TEST(HostReturn, a_node_that_answers_nothing_is_said_dead) {
  HostRig rig = with_motor();
  rig.pass(std::chrono::seconds(1));
  rig.close();
  rig.tick(std::chrono::seconds(60));
  rig.session.on_connected(rig.now, rig.actions);
  rig.carry_out();
  for (int i = 0; i < 10; ++i) rig.tick(std::chrono::minutes(5));
  EXPECT_EQ(rig.of(MessageType::ncmd).size(), 4u);
  ASSERT_EQ(rig.of(HostActionKind::node_died).size(), 1u);
  EXPECT_EQ(rig.of(HostActionKind::node_died)[0].death, Death::silent);
  EXPECT_FALSE(rig.session.next_tick());
  rig.feed(nbirth, node_birth(4));
  rig.feed(dbirth, motor_birth(1));
  rig.feed(ddata, motor_data(2, 2.0));
  EXPECT_EQ(speeds(rig), std::vector<double>{2.0});
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
