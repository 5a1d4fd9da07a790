// What our payloads look like to a reader that is not ours (protobuf): properties, data sets,
// templates, types and times. Which statement of Sparkplug 3.0 each test covers is listed in
// tests/conformance/sparkplug.tsv.
#include <gtest/gtest.h>
#include <proto/sparkplug_b.pb.h>

#include "wire/sparkplug/session_rig.hpp"

namespace millwright::sparkplug {
namespace {

namespace pb = millwright::oracle;
using ontology::DataType;

pb::Payload reread(const Bytes& bytes) {
  pb::Payload payload;
  EXPECT_TRUE(payload.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return payload;
}

pb::Payload written(const Payload& payload) {
  Bytes bytes;
  encode(payload, bytes);
  return reread(bytes);
}

Payload with_metric(TypeCode type, Value value) {
  Payload payload;
  Metric& metric = payload.metrics.emplace_back();
  metric.name = "m";
  metric.datatype = code_of(type);
  metric.value = std::move(value);
  return payload;
}

constexpr bool is_basic(std::uint32_t type) {
  return type >= 1 && type <= 15;
}

EdgeRig judged_edge() {
  EdgeOptions options = EdgeRig::options();
  options.quality_in_data = QualityInData::yes;
  EdgeRig rig(options);
  rig.with_device();
  ontology::Batch batch = batch_of({1.0, 2.0});
  batch.rows[0].quality = ontology::Quality::bad(ontology::Reason::out_of_range);
  batch.rows[1].quality = ontology::Quality::uncertain(ontology::Reason::stale);
  EXPECT_TRUE(rig.session.set_values("motor", batch).has_value());
  rig.connect();
  EXPECT_TRUE(rig.session.publish_data("motor", batch, {}, DataClass::live, rig.now, rig.actions)
                  .has_value());
  rig.carry_out();
  return rig;
}

TEST(PayloadProperty, keys_and_values_are_as_many_and_every_value_has_a_type) {
  const EdgeRig rig = judged_edge();
  const pb::Payload birth = reread(rig.of(MessageType::dbirth).at(0).message.payload);
  ASSERT_EQ(birth.metrics_size(), 2);
  for (const auto& metric : birth.metrics()) {
    ASSERT_EQ(metric.properties().keys_size(), 2);
    ASSERT_EQ(metric.properties().values_size(), 2);
    for (const auto& value : metric.properties().values()) {
      EXPECT_TRUE(value.has_type());
      EXPECT_TRUE(is_basic(value.type()));
    }
  }
}

TEST(PayloadProperty, quality_is_an_int32_of_0_192_or_500) {
  const EdgeRig rig = judged_edge();
  for (const MessageType type : {MessageType::dbirth, MessageType::ddata}) {
    const pb::Payload payload = reread(rig.of(type).at(0).message.payload);
    ASSERT_EQ(payload.metrics_size(), 2);
    const std::uint32_t expected[] = {0, 500};
    for (int i = 0; i < 2; ++i) {
      const auto& properties = payload.metrics(i).properties();
      const int last = properties.keys_size() - 1;
      ASSERT_EQ(properties.keys(last), "Quality");
      EXPECT_EQ(properties.values(last).type(), 3u);
      EXPECT_TRUE(properties.values(last).has_int_value());
      EXPECT_EQ(properties.values(last).int_value(), expected[i]);
    }
  }
}

TEST(PayloadProperty, nested_sets_keep_their_types) {
  Payload payload = with_metric(TypeCode::boolean, true);
  const PropertySet inner{{"k", {code_of(TypeCode::int32), false, std::int64_t{1}}}};
  payload.metrics[0].properties = {
      {"set", {code_of(TypeCode::property_set), false, inner}},
      {"sets", {code_of(TypeCode::property_set_list), false, PropertySetList{inner, inner}}}};
  const pb::Payload out = written(payload);
  const auto& properties = out.metrics(0).properties();
  ASSERT_EQ(properties.keys_size(), properties.values_size());
  EXPECT_EQ(properties.values(0).type(), 20u);
  EXPECT_EQ(properties.values(0).propertyset_value().keys(0), "k");
  EXPECT_EQ(properties.values(1).propertysets_value().propertyset_size(), 2);
}

TEST(PayloadDataSet, columns_types_and_cells_agree) {
  DataSet table;
  table.column_count = 4;
  table.columns = {"a", "b", "c", "d"};
  table.types = {code_of(TypeCode::int32), code_of(TypeCode::uint64), code_of(TypeCode::float64),
                 code_of(TypeCode::string)};
  table.rows = {{std::int64_t{-1}, std::uint64_t{2}, 3.0, std::string("x")},
                {std::int64_t{4}, std::monostate{}, 6.0, std::string("y")}};
  const pb::Payload out = written(with_metric(TypeCode::dataset, table));
  const auto& set = out.metrics(0).dataset_value();
  EXPECT_EQ(set.num_of_columns(), 4u);
  EXPECT_EQ(set.columns_size(), 4);
  EXPECT_EQ(set.types_size(), 4);
  for (const std::uint32_t type : set.types()) EXPECT_TRUE(is_basic(type));
  ASSERT_EQ(set.rows_size(), 2);
  EXPECT_EQ(set.rows(0).elements_size(), 4);
  EXPECT_TRUE(set.rows(0).elements(0).has_int_value());
  EXPECT_TRUE(set.rows(0).elements(1).has_long_value());
  EXPECT_TRUE(set.rows(0).elements(2).has_double_value());
  EXPECT_TRUE(set.rows(0).elements(3).has_string_value());
  EXPECT_EQ(set.rows(1).elements(1).value_case(), pb::Payload::DataSet::Cell::VALUE_NOT_SET);
}

TEST(PayloadTemplate, a_definition_says_so_and_names_no_definition) {
  Template definition;
  definition.is_definition = true;
  definition.version = "1.2";
  definition.metrics = with_metric(TypeCode::int32, std::int64_t{1}).metrics;
  definition.parameters.push_back({"size", code_of(TypeCode::int32), std::int64_t{3}});
  const pb::Payload out = written(with_metric(TypeCode::template_, definition));
  const auto& made = out.metrics(0).template_value();
  EXPECT_TRUE(made.has_is_definition());
  EXPECT_TRUE(made.is_definition());
  EXPECT_FALSE(made.has_template_ref());
  EXPECT_EQ(made.version(), "1.2");
  EXPECT_EQ(made.metrics_size(), 1);
}

TEST(PayloadTemplate, an_instance_says_so_and_names_its_definition) {
  Template instance;
  instance.template_ref = "pump";
  const pb::Payload out = written(with_metric(TypeCode::template_, instance));
  const auto& made = out.metrics(0).template_value();
  EXPECT_TRUE(made.has_is_definition()) << "always present";
  EXPECT_FALSE(made.is_definition());
  EXPECT_EQ(made.template_ref(), "pump");
}

TEST(PayloadTemplate, parameters_have_name_basic_type_and_value) {
  Template definition;
  definition.is_definition = true;
  definition.parameters = {{"i", code_of(TypeCode::int32), std::int64_t{-3}},
                           {"l", code_of(TypeCode::uint64), std::uint64_t{3}},
                           {"f", code_of(TypeCode::float32), 1.5f},
                           {"d", code_of(TypeCode::float64), 2.5},
                           {"b", code_of(TypeCode::boolean), true},
                           {"s", code_of(TypeCode::string), std::string("x")}};
  const pb::Payload out = written(with_metric(TypeCode::template_, definition));
  const auto& made = out.metrics(0).template_value();
  ASSERT_EQ(made.parameters_size(), 6);
  for (const auto& parameter : made.parameters()) {
    EXPECT_FALSE(parameter.name().empty());
    EXPECT_TRUE(parameter.has_type());
    EXPECT_TRUE(is_basic(parameter.type()));
    EXPECT_NE(parameter.value_case(), pb::Payload::Template::Parameter::VALUE_NOT_SET);
  }
}

TEST(PayloadMetric, our_edge_sends_enumerated_types_in_births_and_none_in_data) {
  EdgeRig rig(EdgeRig::options());
  rig.with_device();
  rig.connect();
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  for (const Sent& sent : rig.sent) {
    const pb::Payload payload = reread(sent.message.payload);
    EXPECT_TRUE(payload.has_timestamp());
    const bool data = sent.topic.type == MessageType::ddata;
    for (const auto& metric : payload.metrics()) {
      EXPECT_TRUE(metric.has_timestamp()) << metric.name();
      EXPECT_EQ(metric.has_datatype(), !data) << metric.name();
      EXPECT_EQ(metric.has_name(), !data);
      if (!data) {
        EXPECT_TRUE(metric.datatype() >= 1 && metric.datatype() <= 34);
        EXPECT_TRUE(metric.is_null() != (metric.value_case() != pb::Payload::Metric::VALUE_NOT_SET))
            << metric.name() << ": a value, or null and no value";
      }
    }
  }
}

TEST(PayloadMetric, every_message_but_ndeath_is_numbered) {
  EdgeRig rig(EdgeRig::options());
  rig.with_device();
  rig.connect();
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  ASSERT_TRUE(rig.session.remove_device("motor", rig.now, rig.actions).has_value());
  rig.session.stop(rig.now, rig.actions);
  rig.carry_out();
  ASSERT_EQ(rig.sent.size(), 5u);
  for (const Sent& sent : rig.sent) {
    const pb::Payload payload = reread(sent.message.payload);
    EXPECT_EQ(payload.has_seq(), sent.topic.type != MessageType::ndeath);
    EXPECT_LE(payload.seq(), 255u);
  }
}

TEST(PayloadMetric, our_edge_never_sends_a_template) {
  // Templates are flattened at our first hop, so that no definition can be missing from an NBIRTH.
  EdgeRig rig(EdgeRig::options());
  rig.with_device();
  rig.connect();
  ASSERT_TRUE(rig.publish({1, 2}).has_value());
  for (const Sent& sent : rig.sent) {
    const pb::Payload payload = reread(sent.message.payload);
    for (const auto& metric : payload.metrics()) EXPECT_FALSE(metric.has_template_value());
  }
}

}  // namespace
}  // namespace millwright::sparkplug
