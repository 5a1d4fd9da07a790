// The edge session once it is born: data, rebirth, devices, hosts, commands. Its will, numbers and
// births: edge_session_test.cpp.
#include "wire/sparkplug/edge_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/sparkplug/edge_session_rig.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::Batch;
using ontology::DataType;
using ontology::Row;

// Data. ----------------------------------------------------------------------------------------

TEST(EdgeData, ddata_topic_qos_and_retain) {
  EdgeRig rig = born();
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  const Sent& data = rig.sent.back();
  EXPECT_EQ(data.message.topic, "spBv1.0/plant/DDATA/press-1/motor");
  EXPECT_EQ(data.message.qos, Qos::at_most_once);
  EXPECT_EQ(data.message.retain, Retain::no);
}

TEST(EdgeData, ndata_topic_qos_and_retain) {
  EdgeRig rig(EdgeRig::options());
  ASSERT_TRUE(
      rig.session
          .set_device("", {metric_named("load", DataType::float64)}, {}, rig.now, rig.actions)
          .has_value());
  rig.connect();
  ASSERT_TRUE(rig.publish({0.7}, "").has_value());
  const Sent& data = rig.sent.back();
  EXPECT_EQ(data.message.topic, "spBv1.0/plant/NDATA/press-1");
  EXPECT_EQ(data.message.qos, Qos::at_most_once);
  EXPECT_EQ(data.message.retain, Retain::no);
  EXPECT_EQ(data.payload.seq, 1u);
  EXPECT_TRUE(data.payload.timestamp_ms);
  ASSERT_EQ(data.payload.metrics.size(), 1u);
  EXPECT_EQ(data.payload.metrics[0].value, Value(0.7));
}

TEST(EdgeData, holds_the_given_metrics_by_alias_with_time_and_without_type) {
  EdgeRig rig = born();
  ASSERT_TRUE(rig.publish({7.5}).has_value());
  const Sent birth = rig.of(MessageType::dbirth).at(0);
  const Payload& payload = rig.sent.back().payload;
  ASSERT_EQ(payload.metrics.size(), 1u) << "only what changed";
  EXPECT_EQ(payload.metrics[0].alias, birth.payload.metrics[0].alias);
  EXPECT_EQ(payload.metrics[0].name, "");
  EXPECT_EQ(payload.metrics[0].datatype, 0u);
  EXPECT_EQ(payload.metrics[0].timestamp_ms, 1'700'000'000'000u);
  EXPECT_EQ(payload.metrics[0].value, Value(7.5));
}

TEST(EdgeData, keeps_the_order_of_the_batch) {
  EdgeRig rig = born();
  Batch batch;
  for (std::int64_t i = 0; i < 5; ++i) {
    Row row;
    row.ts_us = 1'700'000'000'000'000 + i * 1000;
    row.set_f64(static_cast<double>(i));
    batch.rows.push_back(row);
  }
  ASSERT_TRUE(rig.session.publish_data("motor", batch, {}, DataClass::live, rig.now, rig.actions)
                  .has_value());
  rig.carry_out();
  const auto& metrics = rig.sent.back().payload.metrics;
  ASSERT_EQ(metrics.size(), 5u);
  EXPECT_TRUE(std::ranges::is_sorted(metrics, {}, [](const Metric& m) { return *m.timestamp_ms; }));
}

TEST(EdgeData, datatype_is_repeated_only_in_the_compatibility_profile) {
  EdgeOptions options = EdgeRig::options();
  options.datatype_in_data = DatatypeInData::yes;
  EdgeRig rig = born(options);
  ASSERT_TRUE(rig.publish({7.5}).has_value());
  EXPECT_EQ(rig.sent.back().payload.metrics[0].datatype, code_of(TypeCode::float64));
}

TEST(EdgeData, historical_messages_are_flagged_whole) {
  EdgeRig rig = born();
  ASSERT_TRUE(rig.publish({1, 2}, "motor", DataClass::historical).has_value());
  for (const Metric& metric : rig.sent.back().payload.metrics) EXPECT_TRUE(metric.is_historical);
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  for (const Metric& metric : rig.sent.back().payload.metrics) EXPECT_FALSE(metric.is_historical);
}

TEST(EdgeData, seq_counts_all_messages_of_the_node_and_wraps_after_255) {
  EdgeRig rig(EdgeRig::options());
  ASSERT_TRUE(
      rig.session
          .set_device("", {metric_named("load", DataType::float64)}, {}, rig.now, rig.actions)
          .has_value());
  rig.with_device("a");
  rig.with_device("b");
  rig.connect();
  for (int i = 0; i < 600; ++i) {
    const std::string_view devices[] = {"a", "", "b"};
    ASSERT_TRUE(rig.publish({1.0}, devices[i % 3]).has_value());
    if (i == 300) {
      ASSERT_TRUE(rig.session.remove_device("b", rig.now, rig.actions).has_value());
      rig.carry_out();
      rig.with_device("b");
    }
  }
  std::uint64_t expected = 0;
  for (const Sent& message : rig.sent) {
    ASSERT_TRUE(message.payload.seq);
    EXPECT_EQ(*message.payload.seq, expected++ % 256) << message.message.topic;
  }
  EXPECT_EQ(expected, 605u);
}

TEST(EdgeData, refuses_what_it_cannot_number_rightly) {
  EdgeRig rig = born();
  EXPECT_EQ(rig.publish({1}, "nobody").error().code(), Code::not_found);
  EXPECT_EQ(rig.publish({1, 2, 3}).error().code(), Code::invalid_input);
  EXPECT_EQ(rig.session.next_seq(), 2) << "no number was used";
}

TEST(EdgeData, a_refused_publish_gives_its_number_back) {
  EdgeRig rig = born();
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  ASSERT_TRUE(rig.publish({3, 4}).has_value());
  rig.session.on_publish_refused(1, rig.now, rig.actions);
  ASSERT_TRUE(rig.publish({3, 4}).has_value());
  EXPECT_EQ(rig.sent[rig.sent.size() - 2].payload.seq, rig.sent.back().payload.seq);
  EXPECT_TRUE(rig.session.is_born());
}

TEST(EdgeData, a_birth_that_did_not_go_out_needs_no_death) {
  EdgeRig rig = born();
  rig.session.on_publish_refused(2, rig.now, rig.actions);
  const std::size_t sent = rig.sent.size();
  rig.session.stop(rig.now, rig.actions);
  rig.carry_out();
  EXPECT_EQ(rig.sent.size(), sent);
}

TEST(EdgeData, a_refused_birth_is_begun_anew) {
  EdgeRig rig = born();
  rig.session.on_publish_refused(1, rig.now, rig.actions);
  EXPECT_EQ(rig.publish({1}).error().code(), Code::unavailable);
  rig.tick_until_due();
  EXPECT_EQ(rig.births_needed, 2);
  EXPECT_EQ(rig.of(MessageType::nbirth).size(), 2u);
  EXPECT_TRUE(rig.publish({1}).has_value());
}

TEST(EdgeData, the_next_birth_carries_the_last_live_values) {
  EdgeRig rig = born();
  ASSERT_TRUE(rig.publish({5, 6}).has_value());
  ASSERT_TRUE(rig.publish({1, 2}, "motor", DataClass::historical).has_value());
  rig.pass(std::chrono::seconds(10));
  rig.ask_rebirth();
  const Sent birth = rig.of(MessageType::dbirth).at(1);
  EXPECT_EQ(birth.metric("speed")->value, Value(5.0));
  EXPECT_EQ(birth.metric("torque")->value, Value(6.0));
}

TEST(EdgeData, quality_travels_as_a_property_where_no_envelope_carries_it) {
  EdgeRig rig = born();
  Batch batch = batch_of({5});
  batch.rows[0].quality = ontology::Quality::bad(ontology::Reason::failure);
  const Bytes body = bytes_from("envelope");
  for (const ByteView envelope : {ByteView(), ByteView(body)}) {
    ASSERT_TRUE(
        rig.session.publish_data("motor", batch, envelope, DataClass::live, rig.now, rig.actions)
            .has_value());
    rig.carry_out();
  }
  EXPECT_EQ(rig.of(MessageType::ddata).at(0).payload.metrics.at(0).properties.size(), 1u);
  EXPECT_TRUE(rig.of(MessageType::ddata).at(1).payload.metrics.at(0).properties.empty());
}

// Rebirth. -------------------------------------------------------------------------------------

TEST(EdgeRebirth, is_a_full_birth_sequence_in_the_same_session) {
  EdgeRig rig = born();
  rig.pass(std::chrono::seconds(10));
  rig.ask_rebirth();
  ASSERT_EQ(rig.sent.size(), 4u);
  EXPECT_EQ(rig.sent[2].topic.type, MessageType::nbirth);
  EXPECT_EQ(rig.sent[3].topic.type, MessageType::dbirth);
  EXPECT_EQ(bd_seq_in(rig.sent[2]), bd_seq_in(rig.sent[0]));
  EXPECT_EQ(rig.wills.size(), 1u) << "no new connection";
  EXPECT_TRUE(rig.of(MessageType::ndeath).empty());
}

TEST(EdgeRebirth, stops_data_at_once) {
  EdgeRig rig = born();
  rig.pass(std::chrono::seconds(10));
  rig.hold_births = true;
  rig.ask_rebirth();
  EXPECT_EQ(rig.publish({1, 2}).error().code(), Code::unavailable);
  ASSERT_TRUE(rig.session.send_births(rig.now, rig.actions).has_value());
  rig.carry_out();
  EXPECT_TRUE(rig.publish({1, 2}).has_value());
}

TEST(EdgeRebirth, is_obeyed_without_a_datatype) {
  EdgeRig rig = born();
  rig.pass(std::chrono::seconds(10));
  Payload command = rebirth_command();
  command.metrics[0].datatype = 0;
  rig.receive("spBv1.0/plant/NCMD/press-1", command);
  EXPECT_EQ(rig.births_needed, 2);
  EXPECT_TRUE(rig.commands.empty()) << "not the caller's business";
}

TEST(EdgeRebirth, false_or_null_is_no_request) {
  EdgeRig rig = born();
  rig.pass(std::chrono::seconds(10));
  Payload command = rebirth_command();
  command.metrics[0].value = false;
  rig.receive("spBv1.0/plant/NCMD/press-1", command);
  command.metrics[0].value = {};
  command.metrics[0].is_null = true;
  rig.receive("spBv1.0/plant/NCMD/press-1", command);
  rig.receive("spBv1.0/plant/NCMD/press-2", rebirth_command());
  EXPECT_EQ(rig.births_needed, 1);
}

TEST(EdgeRebirth, requests_in_quick_succession_are_answered_once) {
  EdgeRig rig = born();
  for (int i = 0; i < 50; ++i) rig.ask_rebirth();
  EXPECT_EQ(rig.births_needed, 1) << "the first births are a moment old";
  rig.tick_until_due();
  EXPECT_EQ(rig.births_needed, 2) << "answered when the pause is over";
  EXPECT_EQ(rig.now.monotonic, Duration(1'000'000) + std::chrono::seconds(5));
  EXPECT_FALSE(rig.session.next_tick());
}

// Devices. -------------------------------------------------------------------------------------

TEST(EdgeDevice, a_new_device_is_born_at_once) {
  EdgeRig rig = born();
  rig.with_device("pump");
  EXPECT_EQ(rig.sent.back().message.topic, "spBv1.0/plant/DBIRTH/press-1/pump");
  EXPECT_EQ(rig.sent.back().payload.seq, 2u);
  EXPECT_EQ(rig.of(MessageType::nbirth).size(), 1u);
}

TEST(EdgeDevice, a_lost_device_is_said_dead) {
  EdgeRig rig = born();
  ASSERT_TRUE(rig.session.remove_device("motor", rig.now, rig.actions).has_value());
  rig.carry_out();
  const Sent& death = rig.sent.back();
  EXPECT_EQ(death.message.topic, "spBv1.0/plant/DDEATH/press-1/motor");
  EXPECT_EQ(death.message.qos, Qos::at_most_once);
  EXPECT_EQ(death.message.retain, Retain::no);
  EXPECT_EQ(death.payload.seq, 2u);
  EXPECT_TRUE(death.payload.timestamp_ms);
  EXPECT_EQ(rig.publish({1}).error().code(), Code::not_found);
  EXPECT_FALSE(rig.session.remove_device("", rig.now, rig.actions).has_value());
}

TEST(EdgeDevice, a_changed_schema_is_death_and_birth_with_new_aliases) {
  EdgeRig rig = born();
  const auto before = rig.sent.back().payload.metrics[0].alias;
  ASSERT_TRUE(
      rig.session
          .set_device("motor", {metric_named("speed", DataType::int32)}, {}, rig.now, rig.actions)
          .has_value());
  rig.carry_out();
  ASSERT_EQ(rig.sent.size(), 4u);
  EXPECT_EQ(rig.sent[2].topic.type, MessageType::ddeath);
  EXPECT_EQ(rig.sent[3].topic.type, MessageType::dbirth);
  EXPECT_NE(rig.sent[3].payload.metrics[0].alias, before);
  rig.with_device("other");
  const std::size_t count = rig.sent.size();
  rig.with_device("other");
  EXPECT_EQ(rig.sent.size(), count) << "an equal schema changes nothing";
}

TEST(EdgeDevice, changed_node_metrics_are_a_rebirth) {
  EdgeRig rig = born();
  ASSERT_TRUE(
      rig.session
          .set_device("", {metric_named("load", DataType::float64)}, {}, rig.now, rig.actions)
          .has_value());
  rig.carry_out();
  EXPECT_EQ(rig.of(MessageType::nbirth).size(), 2u);
  EXPECT_NE(rig.of(MessageType::nbirth).at(1).metric("load"), nullptr);
}

TEST(EdgeDevice, refuses_ids_and_metrics_that_the_wire_cannot_have) {
  EdgeRig rig(EdgeRig::options());
  const auto set = [&rig](std::string_view device,
                          std::vector<ontology::MetricDefinition> metrics) {
    return rig.session.set_device(device, std::move(metrics), {}, rig.now, rig.actions).has_value();
  };
  EXPECT_FALSE(set("a/b", {}));
  EXPECT_FALSE(set("d", {metric_named("", DataType::boolean)}));
  EXPECT_FALSE(set("d", {metric_named("x", DataType::unknown)}));
  EXPECT_FALSE(set("d", {metric_named("x", DataType::int8), metric_named("x", DataType::int8)}));
  EXPECT_FALSE(set("", {metric_named("bdSeq", DataType::int64)}));
  EXPECT_FALSE(set("", {metric_named("Node Control/Rebirth", DataType::boolean)}));
  EXPECT_TRUE(set("d", {metric_named("bdSeq", DataType::int64)}));
  EdgeOptions wrong = EdgeRig::options();
  wrong.edge = "a+b";
  EXPECT_FALSE(EdgeSession::create(wrong, std::nullopt).has_value());
  wrong = EdgeRig::options("h#");
  EXPECT_FALSE(EdgeSession::create(wrong, std::nullopt).has_value());
}

// Primary host. --------------------------------------------------------------------------------

TEST(EdgeHost, births_wait_for_the_online_state_of_the_configured_host) {
  EdgeRig rig = born(EdgeRig::options("hub"));
  EXPECT_EQ(rig.filters.back(), "spBv1.0/STATE/hub");
  EXPECT_TRUE(rig.sent.empty());
  rig.host_says(true, 100, "other");
  EXPECT_TRUE(rig.sent.empty());
  rig.host_says(false, 100);
  EXPECT_TRUE(rig.sent.empty());
  rig.session.on_message("spBv1.0/STATE/hub", as_bytes("ONLINE"), rig.now, rig.actions);
  rig.carry_out();
  EXPECT_TRUE(rig.sent.empty());
  EXPECT_EQ(rig.refusals.size(), 1u);
  rig.host_says(true, 100);
  EXPECT_EQ(rig.of(MessageType::nbirth).size(), 1u);
  EXPECT_EQ(rig.of(MessageType::dbirth).size(), 1u);
}

TEST(EdgeHost, a_state_older_than_the_last_one_does_not_count) {
  EdgeRig rig = born(EdgeRig::options("hub"));
  rig.host_says(false, 200);
  rig.host_says(true, 199);
  EXPECT_TRUE(rig.sent.empty());
  rig.host_says(true, 200);
  EXPECT_TRUE(rig.session.is_born());
  rig.host_says(false, 199);
  EXPECT_TRUE(rig.session.is_born()) << "an old death is ignored";
}

TEST(EdgeHost, on_the_hosts_death_it_publishes_ndeath_leaves_and_returns_with_a_new_session) {
  EdgeRig rig = born(EdgeRig::options("hub"));
  rig.host_says(true, 100);
  rig.host_says(false, 101);
  EXPECT_EQ(rig.sent.back().topic.type, MessageType::ndeath);
  EXPECT_EQ(bd_seq_in(rig.sent.back()), 0u);
  EXPECT_EQ(rig.order.back(), EdgeActionKind::disconnect);
  EXPECT_FALSE(rig.publish({1}).has_value());
  rig.close();
  rig.tick_until_due();
  rig.session.on_connected(rig.now, rig.actions);
  rig.carry_out();
  EXPECT_EQ(bd_seq_in(rig.wills.back()), 1u);
  const std::size_t before = rig.sent.size();
  rig.host_says(false, 101);
  EXPECT_EQ(rig.sent.size(), before) << "waits again";
  rig.host_says(true, 102);
  EXPECT_EQ(rig.of(MessageType::nbirth).size(), 2u) << "full births, not only DBIRTH";
  EXPECT_EQ(rig.of(MessageType::dbirth).size(), 2u);
}

TEST(EdgeHost, with_several_servers_it_walks_on_and_is_connected_to_one_at_a_time) {
  EdgeOptions options = EdgeRig::options("hub");
  options.servers = 3;
  EdgeRig rig = born(options);
  const auto again = [&rig] {
    rig.close();
    rig.tick_until_due();
    rig.session.on_connected(rig.now, rig.actions);
    rig.carry_out();
  };
  rig.host_says(false, 100);  // offline here: on to the next
  EXPECT_EQ(rig.session.state(), EdgeState::leaving);
  again();
  EXPECT_EQ(rig.session.state(), EdgeState::waiting_for_host);
  rig.tick_until_due();  // silent here: on to the next
  EXPECT_EQ(rig.session.state(), EdgeState::leaving);
  again();
  rig.host_says(true, 50);  // its own clock of STATE on each server
  EXPECT_TRUE(rig.session.is_born());
  EXPECT_EQ(rig.servers, (std::vector<std::uint32_t>{0, 1, 2}));
  std::ptrdiff_t open = 0;  // between two connects there is always an end
  for (const EdgeActionKind kind : rig.order) {
    if (kind == EdgeActionKind::connect) {
      EXPECT_EQ(open++, 0);
    }
    if (kind == EdgeActionKind::disconnect) --open;
  }
  EXPECT_EQ(rig.of(MessageType::nbirth).size(), 1u);
}

TEST(EdgeHost, no_death_is_published_where_nothing_was_born) {
  EdgeOptions options = EdgeRig::options("hub");
  options.servers = 2;
  EdgeRig rig = born(options);
  rig.host_says(false, 100);
  EXPECT_TRUE(rig.sent.empty());
}

// The end. -------------------------------------------------------------------------------------

TEST(EdgeStop, publishes_ndeath_before_the_disconnect_and_does_not_come_back) {
  EdgeRig rig = born();
  rig.session.stop(rig.now, rig.actions);
  rig.carry_out();
  ASSERT_GE(rig.order.size(), 2u);
  EXPECT_EQ(rig.sent.back().topic.type, MessageType::ndeath);
  EXPECT_EQ(bd_seq_in(rig.sent.back()), bd_seq_in(rig.wills[0]));
  EXPECT_FALSE(rig.sent.back().payload.seq);
  EXPECT_EQ(rig.sent.back().payload.metrics.size(), 1u);
  EXPECT_EQ(rig.order[rig.order.size() - 2], EdgeActionKind::publish);
  EXPECT_EQ(rig.order.back(), EdgeActionKind::disconnect);
  rig.close();
  EXPECT_EQ(rig.session.state(), EdgeState::stopped);
  EXPECT_FALSE(rig.session.next_tick());
}

TEST(EdgeReconnect, backs_off_with_jitter_and_starts_over_after_births) {
  EdgeRig rig(EdgeRig::options());
  rig.session.start(rig.now, rig.actions);
  rig.carry_out();
  Duration last{0};
  for (int i = 0; i < 12; ++i) {
    rig.close(0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(i + 1));
    const Duration delay = *rig.session.next_tick() - rig.now.monotonic;
    EXPECT_GE(delay, rig.session.options().reconnect_min / 2);
    EXPECT_LE(delay, rig.session.options().reconnect_max);
    last = delay;
    rig.tick_until_due();
  }
  EXPECT_GE(last, rig.session.options().reconnect_max / 2);
  rig.session.on_connected(rig.now, rig.actions);
  rig.carry_out();
  rig.close();
  EXPECT_LE(*rig.session.next_tick() - rig.now.monotonic, rig.session.options().reconnect_min);
}

// Commands. ------------------------------------------------------------------------------------

TEST(EdgeCommand, gets_name_and_type_from_the_birth) {
  EdgeRig rig(EdgeRig::options());
  ASSERT_TRUE(rig.session
                  .set_device("valve", {metric_named("position", DataType::int16)}, {}, rig.now,
                              rig.actions)
                  .has_value());
  rig.connect();
  Payload command;
  Metric& metric = command.metrics.emplace_back();
  metric.alias = rig.sent.back().payload.metrics[0].alias;
  metric.value = std::uint64_t{0xFFFFFFFB};
  rig.receive("spBv1.0/plant/DCMD/press-1/valve", command);
  ASSERT_EQ(rig.commands.size(), 1u);
  EXPECT_EQ(rig.commands[0].device, "valve");
  EXPECT_EQ(rig.commands[0].metrics.at(0),
            (CommandMetric{"position", DataType::int16, std::int64_t{-5}}));
}

TEST(EdgeCommand, hands_bytes_up_and_refuses_what_it_cannot_read) {
  EdgeRig rig = born();
  Payload command;
  Metric& metric = command.metrics.emplace_back();
  metric.name = "Millwright/Acknowledge";
  metric.datatype = code_of(TypeCode::bytes);
  metric.value = bytes_from("ack");
  rig.receive("spBv1.0/plant/NCMD/press-1", command);
  ASSERT_EQ(rig.commands.size(), 1u);
  EXPECT_EQ(rig.commands[0].metrics.at(0).value, CommandValue(bytes_from("ack")));
  rig.receive("spBv1.0/plant/DCMD/press-1/nobody", command);
  rig.session.on_message("spBv1.0/plant/NCMD/press-1", as_bytes("\xFF\xFF"), rig.now, rig.actions);
  rig.carry_out();
  command.metrics[0].name.clear();
  rig.receive("spBv1.0/plant/NCMD/press-1", command);
  EXPECT_EQ(rig.refusals.size(), 3u);
  EXPECT_EQ(rig.commands.size(), 1u);
}

}  // namespace
}  // namespace millwright::sparkplug
