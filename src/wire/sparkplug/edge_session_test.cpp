// The edge session, statement by statement of Sparkplug 3.0 and beyond it. Which statement each
// test covers is listed in tests/conformance/sparkplug.tsv.
#include "wire/sparkplug/edge_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "wire/sparkplug/edge_session_rig.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::Batch;
using ontology::DataType;
using ontology::Row;

// The Will. ------------------------------------------------------------------------------------

TEST(EdgeWill, is_the_ndeath_at_qos_1_not_retained) {
  const EdgeRig rig = born();
  ASSERT_EQ(rig.wills.size(), 1u);
  const Sent& will = rig.wills[0];
  EXPECT_EQ(will.message.topic, "spBv1.0/plant/NDEATH/press-1");
  EXPECT_EQ(will.message.qos, Qos::at_least_once);
  EXPECT_EQ(will.message.retain, Retain::no);
}

TEST(EdgeWill, holds_bdseq_as_int64_and_nothing_else) {
  const EdgeRig rig = born();
  const Payload& payload = rig.wills[0].payload;
  ASSERT_EQ(payload.metrics.size(), 1u);
  EXPECT_EQ(payload.metrics[0].name, "bdSeq");
  EXPECT_EQ(payload.metrics[0].datatype, code_of(TypeCode::int64));
  EXPECT_FALSE(payload.seq) << "NDEATH has no seq";
}

TEST(EdgeBdSeq, starts_at_zero_grows_by_one_per_connect_and_wraps) {
  EdgeRig rig = born();
  for (int connection = 0; connection < 258; ++connection) {
    const auto expected = static_cast<std::uint64_t>(connection % 256);
    EXPECT_EQ(bd_seq_in(rig.wills.back()), expected);
    EXPECT_EQ(bd_seq_in(rig.of(MessageType::nbirth).back()), expected);
    rig.sent.clear();
    rig.close();
    rig.tick_until_due();
    rig.session.on_connected(rig.now, rig.actions);
    rig.carry_out();
  }
}

TEST(EdgeBdSeq, continues_after_the_stored_one) {
  EdgeRig rig(EdgeRig::options(), std::uint8_t{255});
  rig.connect();
  EXPECT_EQ(bd_seq_in(rig.wills[0]), 0u);
  EdgeRig other(EdgeRig::options(), std::uint8_t{41});
  other.connect();
  EXPECT_EQ(bd_seq_in(other.wills[0]), 42u);
}

TEST(EdgeBdSeq, is_stored_before_the_connect) {
  const EdgeRig rig = born();
  EXPECT_EQ(rig.persisted, std::vector<std::uint8_t>{0});
  EXPECT_LT(position(rig, EdgeActionKind::persist_bd_seq), position(rig, EdgeActionKind::connect));
}

TEST(EdgeBdSeq, is_not_used_up_by_an_attempt_that_reached_no_broker) {
  EdgeRig rig(EdgeRig::options());
  rig.session.start(rig.now, rig.actions);
  rig.carry_out();
  for (int i = 0; i < 5; ++i) {
    rig.close();
    rig.tick_until_due();
    EXPECT_EQ(bd_seq_in(rig.wills.back()), 0u);
  }
  EXPECT_EQ(rig.wills.size(), 6u);
  for (const std::uint8_t stored : rig.persisted) EXPECT_EQ(stored, 0);
}

// Births. --------------------------------------------------------------------------------------

TEST(EdgeBirth, nothing_is_published_before_the_connection_and_the_nbirth_comes_first) {
  EdgeRig rig(EdgeRig::options());
  rig.with_device();
  rig.session.start(rig.now, rig.actions);
  rig.carry_out();
  EXPECT_TRUE(rig.sent.empty());
  EXPECT_EQ(rig.publish({1, 2}).error().code(), Code::unavailable);
  rig.session.on_connected(rig.now, rig.actions);
  rig.carry_out();
  ASSERT_FALSE(rig.sent.empty());
  EXPECT_EQ(rig.sent[0].topic.type, MessageType::nbirth);
}

TEST(EdgeBirth, subscribes_to_its_commands_at_qos_1_before_its_birth) {
  const EdgeRig rig = born();  // the rig checks QoS 1
  EXPECT_EQ(rig.filters, (std::vector<std::string>{"spBv1.0/plant/NCMD/press-1",
                                                   "spBv1.0/plant/DCMD/press-1/#"}));
  EXPECT_LT(position(rig, EdgeActionKind::subscribe), position(rig, EdgeActionKind::publish));
}

TEST(EdgeBirth, nbirth_topic_qos_and_retain) {
  const EdgeRig rig = born();
  const Sent birth = rig.of(MessageType::nbirth).at(0);
  EXPECT_EQ(birth.message.topic, "spBv1.0/plant/NBIRTH/press-1");
  EXPECT_EQ(birth.message.qos, Qos::at_most_once);
  EXPECT_EQ(birth.message.retain, Retain::no);
}

TEST(EdgeBirth, nbirth_has_seq_zero) {
  EdgeRig rig = born();
  EXPECT_EQ(rig.of(MessageType::nbirth).at(0).payload.seq, 0u);
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  rig.pass(std::chrono::seconds(10));
  rig.ask_rebirth();
  EXPECT_EQ(rig.of(MessageType::nbirth).at(1).payload.seq, 0u);
}

TEST(EdgeBirth, nbirth_repeats_the_bdseq_of_the_will) {
  const EdgeRig rig = born();
  const Sent birth = rig.of(MessageType::nbirth).at(0);
  EXPECT_EQ(bd_seq_in(birth), bd_seq_in(rig.wills[0]));
  EXPECT_EQ(birth.metric("bdSeq")->datatype, code_of(TypeCode::int64));
  EXPECT_FALSE(birth.metric("bdSeq")->alias) << "hosts look for it by name";
}

TEST(EdgeBirth, nbirth_has_the_rebirth_control_false_and_without_alias) {
  const EdgeRig rig = born();
  const Sent birth = rig.of(MessageType::nbirth).at(0);
  const Metric* control = birth.metric("Node Control/Rebirth");
  ASSERT_NE(control, nullptr);
  EXPECT_EQ(control->datatype, code_of(TypeCode::boolean));
  EXPECT_EQ(control->value, Value(false));
  EXPECT_FALSE(control->alias);
}

TEST(EdgeBirth, nbirth_lists_every_node_metric_with_name_type_and_value_or_null) {
  EdgeRig rig(EdgeRig::options());
  ASSERT_TRUE(rig.session
                  .set_device("",
                              {metric_named("load", DataType::float64),
                               metric_named("Node Control/Reboot", DataType::boolean)},
                              {}, rig.now, rig.actions)
                  .has_value());
  ASSERT_TRUE(rig.session.set_values("", batch_of({0.5})).has_value());
  rig.connect();
  const Sent birth = rig.of(MessageType::nbirth).at(0);
  ASSERT_NE(birth.metric("load"), nullptr);
  EXPECT_EQ(birth.metric("load")->value, Value(0.5));
  EXPECT_TRUE(birth.metric("load")->alias);
  EXPECT_TRUE(birth.metric("Node Control/Reboot")->is_null);
  EXPECT_EQ(birth.metric("Node Control/Reboot")->value, Value());
  EXPECT_FALSE(birth.metric("Node Control/Reboot")->alias) << "no node control has one";
  for (const Metric& metric : birth.payload.metrics) {
    EXPECT_FALSE(metric.name.empty());
    EXPECT_NE(data_type_of(metric.datatype), DataType::unknown);
    EXPECT_TRUE(metric.timestamp_ms) << metric.name;
  }
}

TEST(EdgeBirth, dbirth_topic_qos_and_retain) {
  const EdgeRig rig = born();
  const Sent birth = rig.of(MessageType::dbirth).at(0);
  EXPECT_EQ(birth.message.topic, "spBv1.0/plant/DBIRTH/press-1/motor");
  EXPECT_EQ(birth.topic.group, rig.of(MessageType::nbirth).at(0).topic.group);
  EXPECT_EQ(birth.topic.edge, rig.of(MessageType::nbirth).at(0).topic.edge);
  EXPECT_EQ(birth.message.qos, Qos::at_most_once);
  EXPECT_EQ(birth.message.retain, Retain::no);
}

TEST(EdgeBirth, dbirth_lists_every_metric_with_name_alias_type_unit_and_value_or_null) {
  EdgeRig rig(EdgeRig::options());
  rig.with_device();
  ASSERT_TRUE(rig.session.set_values("motor", batch_of({1450.0})).has_value());
  rig.connect();
  const Sent birth = rig.of(MessageType::dbirth).at(0);
  ASSERT_EQ(birth.payload.metrics.size(), 2u);
  const Metric& speed = birth.payload.metrics[0];
  EXPECT_EQ(speed.name, "speed");
  EXPECT_EQ(speed.datatype, code_of(TypeCode::float64));
  EXPECT_EQ(speed.value, Value(1450.0));
  EXPECT_EQ(speed.timestamp_ms, 1'700'000'000'000u) << "the time of the value";
  ASSERT_EQ(speed.properties.size(), 1u);
  EXPECT_EQ(speed.properties[0].key, "engUnit");
  EXPECT_EQ(speed.properties[0].value.type, code_of(TypeCode::string));
  const Metric& torque = birth.payload.metrics[1];
  EXPECT_TRUE(torque.is_null);
  EXPECT_EQ(torque.value, Value());
  EXPECT_TRUE(torque.timestamp_ms);
  EXPECT_TRUE(speed.alias && torque.alias && *speed.alias != *torque.alias);
}

TEST(EdgeBirth, births_carry_every_type) {
  EdgeRig rig(EdgeRig::options());
  const std::vector<DataType> types{DataType::int8,     DataType::int16,   DataType::int32,
                                    DataType::int64,    DataType::uint8,   DataType::uint16,
                                    DataType::uint32,   DataType::uint64,  DataType::float32,
                                    DataType::float64,  DataType::boolean, DataType::string,
                                    DataType::datetime, DataType::text,    DataType::uuid,
                                    DataType::bytes,    DataType::waveform};
  std::vector<ontology::MetricDefinition> metrics;
  Batch batch;
  for (const DataType type : types) {
    Row row;
    row.ts_us = 5'000'000;
    row.slot = static_cast<std::uint32_t>(metrics.size());
    const auto column = ontology::column_of(type);
    if (column == ontology::Column::f64)
      row.set_f64(2.5);
    else if (column == ontology::Column::i64)
      row.set_i64(1);
    else
      batch.set_payload(row, "abc");
    batch.rows.push_back(row);
    metrics.push_back(metric_named(std::string(ontology::name_of(type)), type));
  }
  ASSERT_TRUE(rig.session.set_device("d", metrics, {}, rig.now, rig.actions).has_value());
  ASSERT_TRUE(rig.session.set_values("d", batch).has_value());
  rig.connect();
  const Sent birth = rig.of(MessageType::dbirth).at(0);
  ASSERT_EQ(birth.payload.metrics.size(), types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(birth.payload.metrics[i].datatype, code_of(code_for(types[i])));
    EXPECT_FALSE(birth.payload.metrics[i].is_null) << i;
    EXPECT_FALSE(birth.payload.metrics[i].is_mistyped) << i;
  }
}

TEST(EdgeBirth, aliases_are_unique_over_the_node_and_its_devices) {
  EdgeRig rig(EdgeRig::options());
  ASSERT_TRUE(
      rig.session
          .set_device("", {metric_named("load", DataType::float64)}, {}, rig.now, rig.actions)
          .has_value());
  rig.with_device("a");
  rig.with_device("b");
  rig.connect();
  std::set<std::uint64_t> aliases;
  std::size_t named = 0;
  for (const Sent& message : rig.sent) {
    for (const Metric& metric : message.payload.metrics) {
      if (!metric.alias) continue;
      aliases.insert(*metric.alias);
      EXPECT_FALSE(metric.name.empty()) << "births have both";
      ++named;
    }
  }
  EXPECT_EQ(named, 5u);
  EXPECT_EQ(aliases.size(), named);
}

TEST(EdgeBirth, every_message_has_the_time_of_sending) {
  EdgeRig rig = born();
  rig.pass(std::chrono::milliseconds(1234));
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  ASSERT_TRUE(rig.session.remove_device("motor", rig.now, rig.actions).has_value());
  rig.carry_out();
  ASSERT_EQ(rig.sent.size(), 4u);
  EXPECT_EQ(rig.sent[0].payload.timestamp_ms, 1'700'000'000'000u);
  EXPECT_EQ(rig.sent[1].payload.timestamp_ms, 1'700'000'000'000u);
  EXPECT_EQ(rig.sent[2].payload.timestamp_ms, 1'700'000'001'234u);
  EXPECT_EQ(rig.sent[3].payload.timestamp_ms, 1'700'000'001'234u);
}

TEST(EdgeBirth, data_waits_until_all_births_are_out) {
  EdgeRig rig(EdgeRig::options());
  rig.with_device("a");
  rig.with_device("b");
  rig.hold_births = true;
  rig.connect();
  EXPECT_EQ(rig.publish({1, 2}, "a").error().code(), Code::unavailable);
  ASSERT_TRUE(rig.session.send_births(rig.now, rig.actions).has_value());
  rig.carry_out();
  ASSERT_TRUE(rig.publish({1, 2}, "a").has_value());
  const std::vector<MessageType> expected{MessageType::nbirth, MessageType::dbirth,
                                          MessageType::dbirth, MessageType::ddata};
  ASSERT_EQ(rig.sent.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(rig.sent[i].topic.type, expected[i]);
}

TEST(EdgeBirth, bodies_travel_with_their_uuid) {
  EdgeRig rig(EdgeRig::options());
  rig.with_device();
  rig.hold_births = true;
  rig.connect();
  const Bytes body = bytes_from("position 7");
  ASSERT_TRUE(rig.session.set_birth_body("", body).has_value());
  ASSERT_TRUE(rig.session.send_births(rig.now, rig.actions).has_value());
  rig.carry_out();
  EXPECT_EQ(rig.sent[0].payload.uuid, "mw/1");
  EXPECT_EQ(rig.sent[0].payload.body, body);
  EXPECT_EQ(rig.sent[1].payload.uuid, "");
  EXPECT_FALSE(rig.session.send_births(rig.now, rig.actions).has_value()) << "nobody asked";
}

TEST(EdgeDevice, is_born_with_the_values_that_it_is_declared_with) {
  EdgeRig rig = born();
  const std::vector<ontology::MetricDefinition> metrics = {metric_named("level", DataType::float64),
                                                           metric_named("flow", DataType::float64)};
  const ontology::Batch values = batch_of({4.5});
  const auto declare = [&](const ontology::Batch& given) {
    const auto done =
        rig.session.set_device("tank", metrics, {.values = &given}, rig.now, rig.actions);
    rig.carry_out();
    return done.has_value();
  };
  EXPECT_FALSE(declare(batch_of({1, 2, 3}))) << "a slot that it has not";
  ASSERT_TRUE(declare(values));
  const Sent birth = rig.of(MessageType::dbirth).at(1);
  EXPECT_EQ(birth.metric("level")->value, Value(4.5));
  EXPECT_EQ(birth.metric("level")->timestamp_ms, 1'700'000'000'000u);
  EXPECT_TRUE(birth.metric("flow")->is_null);

  ontology::Batch again = batch_of({4.5, 6});
  rig.session.remove_known("tank", again);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again.rows[0].f64(), 6.0);
}

}  // namespace
}  // namespace millwright::sparkplug
