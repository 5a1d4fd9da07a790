#include "vectors.hpp"

#include <limits>

namespace millwright::interop {
namespace {

using namespace sparkplug;

constexpr std::uint64_t time_ms = 1'700'000'000'123;

Payload payload_of(std::vector<Metric> metrics) {
  Payload payload;
  payload.timestamp_ms = time_ms;
  payload.seq = 255;
  payload.metrics = std::move(metrics);
  return payload;
}

Metric metric_of(std::string name, TypeCode type, Value value) {
  Metric metric;
  metric.name = std::move(name);
  metric.timestamp_ms = time_ms;
  metric.datatype = code_of(type);
  metric.value = std::move(value);
  return metric;
}

Bytes some_bytes() {
  return {std::byte{0}, std::byte{1}, std::byte{0xFF}};
}

Payload scalars() {
  using std::int64_t;
  using std::uint64_t;
  return payload_of({
      metric_of("int8", TypeCode::int8, int64_t{-128}),
      metric_of("int16", TypeCode::int16, int64_t{-5}),
      metric_of("int32", TypeCode::int32, int64_t{std::numeric_limits<std::int32_t>::min()}),
      metric_of("int64", TypeCode::int64, std::numeric_limits<int64_t>::min()),
      metric_of("int64 small", TypeCode::int64, int64_t{-5}),
      metric_of("uint8", TypeCode::uint8, uint64_t{255}),
      metric_of("uint16", TypeCode::uint16, uint64_t{65535}),
      metric_of("uint32", TypeCode::uint32, uint64_t{4294967295}),
      metric_of("uint64", TypeCode::uint64, std::numeric_limits<uint64_t>::max()),
      metric_of("float", TypeCode::float32, -1.5f),
      metric_of("double", TypeCode::float64, 1e300),
      metric_of("true", TypeCode::boolean, true),
      metric_of("false", TypeCode::boolean, false),
      metric_of("string", TypeCode::string, std::string("grün")),
      metric_of("empty", TypeCode::string, std::string()),
      metric_of("datetime", TypeCode::datetime, uint64_t{time_ms}),
      metric_of("text", TypeCode::text, std::string(300, 'x')),
      metric_of("uuid", TypeCode::uuid, std::string("8ef3c1c8-6b1e-4c0a-b6b5-0f3f3a2f7f11")),
      metric_of("bytes", TypeCode::bytes, some_bytes()),
      metric_of("file", TypeCode::file, some_bytes()),
  });
}

Payload flags() {
  Metric null = metric_of("null", TypeCode::int32, {});
  null.is_null = true;
  Metric late = metric_of("late", TypeCode::float64, 0.5);
  late.is_historical = true;
  Metric transient = metric_of("transient", TypeCode::boolean, true);
  transient.is_transient = true;
  Metric aliased = metric_of("aliased", TypeCode::int32, std::int64_t{7});
  aliased.alias = (1ull << 63) + 1;
  return payload_of({null, late, transient, aliased});
}

Payload properties() {
  const PropertySet range{{"low", {code_of(TypeCode::float64), false, -10.5}},
                          {"high", {code_of(TypeCode::float64), false, 99.5}}};
  Metric metric = metric_of("m", TypeCode::float64, 1.25);
  metric.properties = {
      {"Quality", {code_of(TypeCode::int32), false, std::int64_t{192}}},
      {"engUnit", {code_of(TypeCode::string), false, std::string("Cel")}},
      {"offset", {code_of(TypeCode::int64), false, std::int64_t{-1}}},
      {"absent", {code_of(TypeCode::string), true, {}}},
      {"range", {code_of(TypeCode::property_set), false, range}},
      {"ranges", {code_of(TypeCode::property_set_list), false, PropertySetList{range, range}}}};
  return payload_of({metric});
}

Payload metadata() {
  Metric metric = metric_of("f", TypeCode::file, some_bytes());
  MetaData& data = metric.metadata.make();
  data.is_multi_part = true;
  data.content_type = "application/octet-stream";
  data.size = 3;
  data.seq = 0;
  data.file_name = "f.bin";
  data.file_type = "bin";
  data.md5 = "d41d8cd98f00b204e9800998ecf8427e";
  data.description = "a part";
  return payload_of({metric});
}

DataSet dataset_of(std::vector<TypeCode> types, std::vector<std::vector<Scalar>> rows) {
  DataSet set;
  set.column_count = types.size();
  for (std::size_t i = 0; i < types.size(); ++i) {
    set.columns.push_back("c" + std::to_string(i));
    set.types.push_back(code_of(types[i]));
  }
  set.rows = std::move(rows);
  return set;
}

Payload dataset() {
  const std::vector<TypeCode> types{TypeCode::int64,   TypeCode::uint32,  TypeCode::float32,
                                    TypeCode::float64, TypeCode::boolean, TypeCode::string};
  return payload_of({metric_of(
      "table", TypeCode::dataset,
      dataset_of(types,
                 {{std::int64_t{5}, std::uint64_t{6}, 0.5f, -0.25, true, std::string("a")},
                  {std::int64_t{1ll << 60}, std::uint64_t{0}, 1.5f, 1e9, false, std::string()}}))});
}

Payload templates() {
  Template definition;
  definition.version = "1";
  definition.is_definition = true;
  definition.metrics = {metric_of("speed", TypeCode::float64, 0.0),
                        metric_of("count", TypeCode::int32, std::int64_t{-3})};
  definition.parameters = {{"ratio", code_of(TypeCode::float64), 2.5},
                           {"label", code_of(TypeCode::string), std::string("axis")},
                           {"live", code_of(TypeCode::boolean), true}};
  Template instance;
  instance.template_ref = "Axis";
  instance.metrics = {metric_of("speed", TypeCode::float64, 12.5)};
  instance.parameters = {{"ratio", code_of(TypeCode::float64), 3.5}};
  Template outer;
  outer.template_ref = "Machine";
  outer.metrics = {metric_of("x", TypeCode::template_, instance)};
  return payload_of({metric_of("Axis", TypeCode::template_, definition),
                     metric_of("machine", TypeCode::template_, outer)});
}

Payload wrapper() {
  Payload payload;
  payload.timestamp_ms = time_ms;
  payload.seq = 0;
  payload.uuid = "mw/1";
  payload.body = some_bytes();
  payload.metrics = {metric_of("m", TypeCode::boolean, true)};
  return payload;
}

// Each of the following meets a named defect of the peer.

Payload arrays() {
  return payload_of(
      {metric_of("ints", TypeCode::int32_array, std::vector<std::int64_t>{-1, 2}),
       metric_of("texts", TypeCode::string_array, std::vector<std::string>{"a", "b"})});
}

Payload template_with_int32_parameter() {
  Template value;
  value.template_ref = "T";
  value.parameters = {{"teeth", code_of(TypeCode::int32), std::int64_t{-12}}};
  return payload_of({metric_of("t", TypeCode::template_, value)});
}

Metric data_by_alias() {
  Metric metric = metric_of("", TypeCode::int32, std::int64_t{-5});
  metric.alias = 12;
  return metric;
}

}  // namespace

std::vector<Vector> vectors() {
  const auto single_cell = [](TypeCode type, Scalar cell) {
    return payload_of(
        {metric_of("table", TypeCode::dataset, dataset_of({type}, {{std::move(cell)}}))});
  };
  return {
      {"scalars", scalars()},
      {"flags", flags()},
      {"properties", properties()},
      {"metadata", metadata()},
      {"dataset", dataset()},
      {"templates", templates()},
      {"wrapper", wrapper()},
      {"data with datatype", payload_of({data_by_alias()})},
      {"defect: data without datatype", payload_of({data_by_alias()}), false},
      {"defect: arrays", arrays()},
      {"defect: dataset with int32", single_cell(TypeCode::int32, std::int64_t{-1})},
      {"defect: dataset with uint64", single_cell(TypeCode::uint64, std::uint64_t{1})},
      {"defect: dataset with null", single_cell(TypeCode::float64, {})},
      {"defect: template with int32 parameter", template_with_int32_parameter()},
  };
}

}  // namespace millwright::interop
