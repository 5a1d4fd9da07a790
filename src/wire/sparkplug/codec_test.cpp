// The general codec against the specification's examples, the decisions about its contradictions,
// and protobuf.
#include "wire/sparkplug/codec.hpp"

#include <gtest/gtest.h>
#include <proto/sparkplug_b.pb.h>

#include <initializer_list>
#include <limits>

#include "wire/sparkplug/arrays.hpp"
#include "wire/sparkplug/compression.hpp"
#include "wire/sparkplug/protobuf.hpp"

namespace millwright::sparkplug {
namespace {

Bytes bytes_of(std::initializer_list<unsigned> values) {
  Bytes out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

Metric metric_of(TypeCode type, Value value) {
  Metric metric;
  metric.name = "m";
  metric.datatype = code_of(type);
  metric.value = std::move(value);
  return metric;
}

Bytes encoded(const Payload& payload) {
  Bytes out;
  encode(payload, out);
  return out;
}

Payload with(Metric metric) {
  Payload payload;
  payload.timestamp_ms = 1'700'000'000'000;
  payload.seq = 7;
  payload.metrics.push_back(std::move(metric));
  return payload;
}

/// Encodes, decodes, and asks protobuf for both directions.
Metric round_trip(const Metric& metric) {
  const Bytes bytes = encoded(with(metric));
  const auto decoded = decode(bytes);
  EXPECT_TRUE(decoded.has_value());
  EXPECT_EQ(oracle::decode(bytes), *decoded);
  EXPECT_EQ(oracle::rewrite(bytes), bytes);
  return decoded->metrics.at(0);
}

oracle::Payload::Metric seen_by_protobuf(const Metric& metric) {
  const Bytes bytes = encoded(with(metric));
  oracle::Payload message;
  EXPECT_TRUE(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return message.metrics(0);
}

struct ScalarCase {
  TypeCode type;
  Value value;
};

TEST(Codec, EveryScalarTypeRoundTripsAtItsBounds) {
  const std::vector<ScalarCase> cases{
      {TypeCode::int8, std::int64_t{-128}},
      {TypeCode::int8, std::int64_t{127}},
      {TypeCode::int16, std::int64_t{-32768}},
      {TypeCode::int16, std::int64_t{32767}},
      {TypeCode::int32, std::int64_t{std::numeric_limits<std::int32_t>::min()}},
      {TypeCode::int32, std::int64_t{std::numeric_limits<std::int32_t>::max()}},
      {TypeCode::int64, std::numeric_limits<std::int64_t>::min()},
      {TypeCode::int64, std::numeric_limits<std::int64_t>::max()},
      {TypeCode::uint8, std::uint64_t{255}},
      {TypeCode::uint16, std::uint64_t{65535}},
      {TypeCode::uint32, std::uint64_t{4294967295}},
      {TypeCode::uint64, std::numeric_limits<std::uint64_t>::max()},
      {TypeCode::float32, -1.5f},
      {TypeCode::float64, 1e300},
      {TypeCode::boolean, true},
      {TypeCode::boolean, false},
      {TypeCode::string, std::string("grün")},
      {TypeCode::string, std::string()},
      {TypeCode::datetime, std::uint64_t{1'700'000'000'123}},
      {TypeCode::text, std::string(300, 'x')},
      {TypeCode::uuid, std::string("8ef3c1c8-6b1e-4c0a-b6b5-0f3f3a2f7f11")},
      {TypeCode::bytes, bytes_of({0, 1, 255})},
      {TypeCode::file, bytes_of({0x7F, 0x45})},
  };
  for (const auto& [type, value] : cases) {
    const Metric metric = metric_of(type, value);
    EXPECT_EQ(round_trip(metric), metric) << "type " << code_of(type);
  }
}

TEST(Codec, NegativeNarrowIntegersAreSignExtendedWhenWritten) {
  EXPECT_EQ(seen_by_protobuf(metric_of(TypeCode::int8, std::int64_t{-5})).int_value(), 0xFFFFFFFBu);
  EXPECT_EQ(seen_by_protobuf(metric_of(TypeCode::int16, std::int64_t{-5})).int_value(),
            0xFFFFFFFBu);
  EXPECT_EQ(seen_by_protobuf(metric_of(TypeCode::int64, std::int64_t{-5})).long_value(),
            0xFFFFFFFFFFFFFFFBu);
}

TEST(Codec, NegativeNarrowIntegersAreReadFromBothForms) {
  for (const std::uint64_t wire : {0xFBull, 0xFFFFFFFBull}) {
    Metric metric;
    metric.value = wire;  // without type: as raw bits
    Metric decoded = decode(encoded(with(metric)))->metrics[0];
    resolve_type(decoded, code_of(TypeCode::int8));
    EXPECT_EQ(decoded.value, Value(std::int64_t{-5})) << wire;
  }
}

TEST(Codec, UInt32IsWrittenAsLongAndReadFromBothFields) {
  const auto seen = seen_by_protobuf(metric_of(TypeCode::uint32, std::uint64_t{4294967295}));
  EXPECT_TRUE(seen.has_long_value());
  // int_value 5 under datatype 7
  const Bytes narrow = bytes_of({0x12, 4, 0x20, 7, 0x50, 5});
  EXPECT_EQ(decode(narrow)->metrics[0].value, Value(std::uint64_t{5}));
}

TEST(Codec, NullCarriesNoValueAndAValueBesideItIsIgnored) {
  Metric metric = metric_of(TypeCode::int32, std::int64_t{5});
  metric.is_null = true;
  const auto seen = seen_by_protobuf(metric);
  EXPECT_TRUE(seen.is_null());
  EXPECT_EQ(seen.value_case(), oracle::Payload::Metric::VALUE_NOT_SET);
  const Bytes both = bytes_of({0x12, 6, 0x20, 3, 0x38, 1, 0x50, 5});
  EXPECT_EQ(decode(both)->metrics[0].value, Value());
}

TEST(Codec, ValuesOfAnotherKindThanTheirTypeAreMarkedAndKept) {
  Metric metric;
  metric.value = std::string("text");
  metric.datatype = code_of(TypeCode::int32);
  const Metric decoded = round_trip(metric);
  EXPECT_TRUE(decoded.is_mistyped);
  EXPECT_EQ(decoded.value, metric.value);
}

// Specification 3.0, 6.4.16, with the bytes as corrected in branch master-3.x.
TEST(Codec, ArraysAreTheBytesOfTheSpecification) {
  struct Case {
    TypeCode type;
    Value value;
    Bytes wire;
  };
  const std::vector<Case> cases{
      {TypeCode::int8_array, std::vector<std::int64_t>{-23, 123}, bytes_of({0xE9, 0x7B})},
      {TypeCode::int16_array, std::vector<std::int64_t>{-30000, 30000},
       bytes_of({0xD0, 0x8A, 0x30, 0x75})},
      {TypeCode::int32_array, std::vector<std::int64_t>{-1, 315338746},
       bytes_of({0xFF, 0xFF, 0xFF, 0xFF, 0xFA, 0xAF, 0xCB, 0x12})},
      {TypeCode::int64_array, std::vector<std::int64_t>{-4270929666821191986, -3601064768563266876},
       bytes_of({0xCE, 0x06, 0x72, 0xAC, 0x18, 0x9C, 0xBA, 0xC4, 0xC4, 0xBA, 0x9C, 0x18, 0xAC, 0x72,
                 0x06, 0xCE})},
      {TypeCode::uint8_array, std::vector<std::uint64_t>{23, 250}, bytes_of({0x17, 0xFA})},
      {TypeCode::uint16_array, std::vector<std::uint64_t>{30, 52360},
       bytes_of({0x1E, 0x00, 0x88, 0xCC})},
      {TypeCode::uint32_array, std::vector<std::uint64_t>{52, 3293969225},
       bytes_of({0x34, 0x00, 0x00, 0x00, 0x49, 0xFB, 0x55, 0xC4})},
      {TypeCode::uint64_array, std::vector<std::uint64_t>{52, 16444743074749521625ull},
       bytes_of({0x34, 0, 0, 0, 0, 0, 0, 0, 0xD9, 0x9E, 0x02, 0xD1, 0xB2, 0x76, 0x37, 0xE4})},
      {TypeCode::float_array, std::vector<float>{1.23f, 89.341f},
       bytes_of({0xA4, 0x70, 0x9D, 0x3F, 0x98, 0xAE, 0xB2, 0x42})},
      {TypeCode::double_array, std::vector<double>{12.354213, 1022.9123213},
       bytes_of({0xD7, 0xA2, 0x05, 0x68, 0x5B, 0xB5, 0x28, 0x40, 0x8E, 0x17, 0x1C, 0x6F, 0x4C, 0xF7,
                 0x8F, 0x40})},
      {TypeCode::boolean_array,
       std::vector<bool>{false, false, true, true, false, true, false, false, true, true, false,
                         true},
       bytes_of({0x0C, 0x00, 0x00, 0x00, 0x34, 0xD0})},
      {TypeCode::string_array, std::vector<std::string>{"ABC", "hello"},
       bytes_of({0x41, 0x42, 0x43, 0x00, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x00})},
      {TypeCode::datetime_array, std::vector<std::uint64_t>{1256102875335, 1656107875000},
       bytes_of(
           {0xC7, 0xD0, 0x90, 0x75, 0x24, 0x01, 0, 0, 0xB8, 0xBA, 0xB8, 0x97, 0x81, 0x01, 0, 0})},
  };
  for (const auto& [type, value, wire] : cases) {
    Bytes out;
    EXPECT_TRUE(write_array(code_of(type), value, out));
    EXPECT_EQ(to_hex(out), to_hex(wire)) << "type " << code_of(type);
    EXPECT_EQ(read_array(code_of(type), wire), value) << "type " << code_of(type);
    EXPECT_EQ(round_trip(metric_of(type, value)).value, value);
  }
}

TEST(Codec, ArraysOfWrongLengthStayBytesAndAreMarked) {
  for (const TypeCode type :
       {TypeCode::int16_array, TypeCode::double_array, TypeCode::boolean_array}) {
    Metric metric = metric_of(type, bytes_of({1, 2, 3}));
    resolve_type(metric, metric.datatype);
    EXPECT_TRUE(metric.is_mistyped);
    EXPECT_EQ(metric.value, Value(bytes_of({1, 2, 3})));
  }
}

Payload rich_payload() {
  DataSet set;
  set.column_count = 3;
  set.columns = {"count", "name", "ok"};
  set.types = {code_of(TypeCode::int32), code_of(TypeCode::string), code_of(TypeCode::boolean)};
  set.rows = {{std::int64_t{-1}, std::string("a"), true}, {std::monostate{}, std::string(), false}};

  Template inner;
  inner.template_ref = "axis";
  inner.metrics = {metric_of(TypeCode::float64, 1.25), metric_of(TypeCode::dataset, set)};
  Template outer;
  outer.version = "2";
  outer.is_definition = true;
  outer.metrics = {metric_of(TypeCode::template_, inner)};
  outer.parameters = {{"ratio", code_of(TypeCode::float32), 0.5f},
                      {"teeth", code_of(TypeCode::int16), std::int64_t{-12}},
                      {"none", code_of(TypeCode::uint64), {}}};

  Metric full = metric_of(TypeCode::file, bytes_of({1, 2, 3}));
  full.alias = 0;
  full.timestamp_ms = 1;
  full.is_historical = full.is_transient = true;
  MetaData& data = full.metadata.make();
  data.is_multi_part = false;
  data.size = 3;
  data.seq = 0;
  data.content_type = "application/octet-stream";
  data.file_name = "f";
  data.file_type = "bin";
  data.md5 = "d41d";
  data.description = "a file";
  const PropertySet nested{{"low", {code_of(TypeCode::float64), false, -10.0}}};
  full.properties = {
      {"Quality", {code_of(TypeCode::int32), false, std::int64_t{192}}},
      {"absent", {code_of(TypeCode::string), true, {}}},
      {"range", {code_of(TypeCode::property_set), false, nested}},
      {"ranges",
       {code_of(TypeCode::property_set_list), false, PropertySetList{nested, {}, nested}}}};

  Payload payload;
  payload.timestamp_ms = 1'700'000'000'000;
  payload.seq = 255;
  payload.uuid = "mw/1";
  payload.body = bytes_of({9, 8, 7});
  payload.metrics = {metric_of(TypeCode::dataset, set), metric_of(TypeCode::template_, outer),
                     full};
  return payload;
}

TEST(Codec, EverythingNestedRoundTripsAndProtobufAgrees) {
  const Payload payload = rich_payload();
  const Bytes bytes = encoded(payload);
  EXPECT_EQ(decode(bytes), payload);
  EXPECT_EQ(oracle::decode(bytes), payload);
  EXPECT_EQ(oracle::rewrite(bytes), bytes);
}

TEST(Codec, EveryCutIsRefusedOrReadAsProtobufReadsIt) {
  const Bytes bytes = encoded(rich_payload());
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const ByteView cut = ByteView(bytes).first(size);
    const auto ours = decode(cut);
    const auto theirs = oracle::decode(cut);
    ASSERT_EQ(ours.has_value(), theirs.has_value()) << size;
    if (ours) {
      EXPECT_EQ(*ours, *theirs) << size;
    } else {
      EXPECT_EQ(ours.error().code(), Code::invalid_input);
      ++refused;
    }
  }
  EXPECT_GT(refused, bytes.size() / 2);
}

TEST(Codec, ErrorsNameTheOffset) {
  // A metric of 3 bytes whose alias is a varint without end.
  const Bytes bytes = bytes_of({0x12, 3, 0x10, 0x80, 0x80});
  EXPECT_EQ(decode(bytes).error().message(), "byte 3 of 5 is not Sparkplug B");
}

TEST(Codec, UnknownFieldsAndExtensionsAreSkipped) {
  Bytes bytes = bytes_of({0x12, 6, 0x9A, 0x01, 1, 0, 0x50, 5});  // extension 19, then int_value
  const Bytes group = bytes_of({0x33, 0x08, 1, 0x34});           // field 6 as a group
  bytes.insert(bytes.end(), group.begin(), group.end());
  EXPECT_EQ(decode(bytes)->metrics.at(0).value, Value(std::uint64_t{5}));
  EXPECT_EQ(oracle::decode(bytes), *decode(bytes));
}

TEST(Codec, PropertiesWithoutPartnerAreDropped) {
  // keys a, b; one value
  const Bytes bytes =
      bytes_of({0x12, 14, 0x4A, 12, 0x0A, 1, 'a', 0x0A, 1, 'b', 0x12, 4, 0x08, 3, 0x18, 7});
  const auto decoded = decode(bytes);
  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->metrics[0].properties.size(), 1u);
  EXPECT_EQ(decoded->metrics[0].properties[0].key, "a");
  EXPECT_EQ(decoded->metrics[0].properties[0].value.value,
            decltype(PropertyValue::value)(std::int64_t{7}));
}

TEST(Codec, DepthAndItemsAreBounded) {
  Payload deep;
  Metric metric = metric_of(TypeCode::boolean, true);
  for (int i = 0; i < 20; ++i) {
    Template wrap;
    wrap.metrics.push_back(metric);
    metric = metric_of(TypeCode::template_, wrap);
  }
  EXPECT_EQ(decode(encoded(with(metric))).error().code(), Code::exhausted);

  DecodeLimits few;
  few.items_max = 2;
  Payload three;
  three.metrics.resize(3);
  EXPECT_EQ(decode(encoded(three), few).error().code(), Code::exhausted);
  few.items_max = 3;
  EXPECT_TRUE(decode(encoded(three), few).has_value());
}

TEST(Codec, DatatypesCanBeLeftOutWhileTheyStillChooseTheField) {
  Bytes bytes;
  encode(with(metric_of(TypeCode::int16, std::int64_t{-2})), bytes, {.datatypes = false});
  Metric decoded = decode(bytes)->metrics[0];
  EXPECT_EQ(decoded.datatype, 0u);
  EXPECT_EQ(decoded.value, Value(std::uint64_t{0xFFFFFFFE}));
  resolve_type(decoded, code_of(TypeCode::int16));
  EXPECT_EQ(decoded.value, Value(std::int64_t{-2}));
}

TEST(Codec, CompressedPayloadsAreReadTransparently) {
  const Payload payload = rich_payload();
  for (const Compression compression :
       {Compression::none, Compression::deflate, Compression::gzip}) {
    Bytes bytes;
    encode_compressed(payload, compression, bytes);
    EXPECT_EQ(decode(bytes), payload);
  }
}

TEST(Codec, OuterTimeAndSeqServeOnlyWhereTheInnerPayloadHasNone) {
  Payload inner;
  inner.seq = 3;
  Payload outer;
  outer.timestamp_ms = 11;
  outer.seq = 200;
  outer.uuid = compressed_uuid;
  deflate(encoded(inner), Compression::gzip, outer.body);
  const auto decoded = decode(encoded(outer));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->seq, 3u);
  EXPECT_EQ(decoded->timestamp_ms, 11u);
}

TEST(Codec, InflationIsBoundedAndDamageIsNamed) {
  Payload payload;
  payload.body.resize(1 << 20);
  Bytes bytes;
  encode_compressed(payload, Compression::deflate, bytes);
  ASSERT_LT(bytes.size(), 4096u);
  const std::size_t inner_size = encoded(payload).size();
  EXPECT_TRUE(decode(bytes, {.inflated_max = inner_size}).has_value());
  EXPECT_EQ(decode(bytes, {.inflated_max = inner_size - 1}).error().code(), Code::exhausted);

  Payload damaged;
  damaged.uuid = compressed_uuid;
  damaged.body = bytes_of({1, 2, 3});
  EXPECT_EQ(decode(encoded(damaged)).error().code(), Code::invalid_input);
  Payload cut = *oracle::decode(bytes);
  cut.body.resize(cut.body.size() / 2);
  EXPECT_EQ(decode(encoded(cut)).error().code(), Code::invalid_input);
}

TEST(Codec, ACompressedPayloadInACompressedPayloadIsRefused) {
  Bytes once;
  encode_compressed(rich_payload(), Compression::gzip, once);
  Payload twice;
  twice.uuid = compressed_uuid;
  deflate(once, Compression::gzip, twice.body);
  EXPECT_EQ(decode(encoded(twice)).error().code(), Code::invalid_input);
}

}  // namespace
}  // namespace millwright::sparkplug
