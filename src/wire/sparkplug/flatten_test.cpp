// Templates to plain metrics: nested, partial, by definition, bounded.
#include "wire/sparkplug/flatten.hpp"

#include <gtest/gtest.h>

namespace millwright::sparkplug {
namespace {

Metric scalar(std::string name, TypeCode type, Value value) {
  Metric metric;
  metric.name = std::move(name);
  metric.datatype = code_of(type);
  metric.value = std::move(value);
  return metric;
}

Metric of_template(std::string name, Template value) {
  return scalar(std::move(name), TypeCode::template_, std::move(value));
}

TemplateDefinitions pump_definitions() {
  Template bearing;
  bearing.is_definition = true;
  bearing.metrics.push_back(scalar("temperature", TypeCode::int16, std::int64_t{0}));
  Template nested;
  nested.template_ref = "bearing";
  Template pump;
  pump.is_definition = true;
  pump.metrics.push_back(scalar("speed", TypeCode::float64, 0.0));
  pump.metrics.push_back(of_template("front", nested));
  pump.parameters.push_back({"serial", code_of(TypeCode::string), std::string("none")});
  std::vector<Metric> metrics{of_template("pump", pump), of_template("bearing", bearing),
                              scalar("plain", TypeCode::boolean, true)};
  TemplateDefinitions definitions;
  take_definitions(metrics, definitions);
  EXPECT_EQ(metrics.size(), 1u);
  return definitions;
}

TEST(Flatten, an_instance_becomes_its_members_at_any_depth) {
  Template front;
  front.template_ref = "bearing";
  front.metrics.push_back(scalar("temperature", TypeCode::unknown, std::int64_t{41}));
  Template pump;
  pump.template_ref = "pump";
  pump.metrics.push_back(scalar("speed", TypeCode::unknown, 1450.0));
  pump.metrics.push_back(of_template("front", front));
  std::vector<Metric> metrics{of_template("p1", pump), scalar("x", TypeCode::boolean, true)};
  metrics[0].timestamp_ms = 7;
  ASSERT_TRUE(flatten(metrics, pump_definitions(), FlattenFor::data, 100));
  ASSERT_EQ(metrics.size(), 3u);
  EXPECT_EQ(metrics[0].name, "p1/speed");
  EXPECT_EQ(metrics[0].datatype, code_of(TypeCode::float64)) << "from the definition";
  EXPECT_EQ(metrics[0].timestamp_ms, 7u);
  EXPECT_EQ(metrics[1].name, "p1/front/temperature");
  EXPECT_EQ(metrics[1].datatype, code_of(TypeCode::int16));
  EXPECT_EQ(metrics[1].value, Value(std::int64_t{41}));
  EXPECT_EQ(metrics[2].name, "x");
}

TEST(Flatten, a_birth_declares_what_its_instance_leaves_out) {
  Template pump;
  pump.template_ref = "pump";
  pump.metrics.push_back(scalar("speed", TypeCode::float64, 1.0));
  std::vector<Metric> metrics{of_template("p1", pump)};
  ASSERT_TRUE(flatten(metrics, pump_definitions(), FlattenFor::birth, 100));
  ASSERT_EQ(metrics.size(), 3u);
  EXPECT_EQ(metrics[1].name, "p1/front/temperature");
  EXPECT_TRUE(metrics[1].is_null);
  EXPECT_EQ(metrics[2].name, "p1/parameters/serial");
  EXPECT_EQ(metrics[2].value, Value(std::string("none"))) << "the default";
}

TEST(Flatten, a_definition_that_holds_itself_ends_at_the_bound) {
  Template loop;
  loop.template_ref = "loop";
  Template definition;
  definition.is_definition = true;
  definition.metrics.push_back(of_template("a", loop));
  definition.metrics.push_back(of_template("b", loop));
  TemplateDefinitions definitions{{"loop", definition}};
  std::vector<Metric> metrics{of_template("x", loop)};
  EXPECT_FALSE(flatten(metrics, definitions, FlattenFor::birth, 100));
}

TEST(Flatten, stops_at_the_bound_on_metrics) {
  std::vector<Metric> metrics(5, scalar("m", TypeCode::boolean, true));
  EXPECT_FALSE(flatten(metrics, {}, FlattenFor::data, 3));
  EXPECT_EQ(metrics.size(), 3u);
}

}  // namespace
}  // namespace millwright::sparkplug
