// The scanner and its encoder: the rules of a DATA message, and that scanner and general codec
// agree.
#include "wire/sparkplug/scanner.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millwright::sparkplug {
namespace {

using ontology::Batch;
using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;

constexpr Timestamp arrival{1'800'000'000'000'000};
constexpr std::uint64_t payload_ms = 1'700'000'000'000;

AliasTable table_of(std::vector<DataType> types, std::uint64_t first_alias = 100) {
  std::vector<MetricBinding> metrics;
  for (std::size_t i = 0; i < types.size(); ++i)
    metrics.push_back({"m" + std::to_string(i), first_alias + i, types[i]});
  return AliasTable::create(std::move(metrics)).value();
}

Metric data(std::uint64_t alias, Value value) {
  Metric metric;
  metric.alias = alias;
  metric.timestamp_ms = payload_ms + 5;
  metric.value = std::move(value);
  return metric;
}

Bytes message(std::vector<Metric> metrics, std::optional<std::uint64_t> time = payload_ms) {
  Payload payload;
  payload.timestamp_ms = time;
  payload.seq = 3;
  payload.metrics = std::move(metrics);
  Bytes out;
  encode(payload, out, {.datatypes = false});
  return out;
}

/// Scans, and checks that the general path says the same.
DataMessage read(const Bytes& bytes, const AliasTable& table,
                 ScanOutcome expected = ScanOutcome::complete) {
  DataMessage scanned;
  EXPECT_EQ(scan(bytes, table, arrival, scanned), expected);
  static Payload payload;  // the views of what is returned point there
  payload = decode(bytes).value();
  DataMessage collected;
  collect(payload, table, arrival, collected);
  if (expected == ScanOutcome::general) return collected;
  EXPECT_EQ(scanned.batch, collected.batch);
  EXPECT_EQ(scanned.header.seq, collected.header.seq);
  EXPECT_EQ(scanned.header.uuid, collected.header.uuid);
  EXPECT_EQ(scanned.metric_count, collected.metric_count);
  EXPECT_EQ(scanned.unknown.size(), collected.unknown.size());
  EXPECT_EQ(scanned.mistyped, collected.mistyped);
  return scanned;
}

TEST(AliasTables, FindConsecutiveAndScatteredAliasesAndNames) {
  const AliasTable dense = table_of({DataType::int8, DataType::int16}, 7);
  EXPECT_EQ(dense.by_alias(8)->slot, 1u);
  EXPECT_EQ(dense.by_alias(6), nullptr);
  EXPECT_EQ(dense.by_alias(9), nullptr);
  const auto sparse = AliasTable::create({{"b", 1ull << 60, DataType::string},
                                          {"a", 3, DataType::boolean},
                                          {"c", std::nullopt, DataType::float64}});
  EXPECT_EQ(sparse->by_alias(1ull << 60)->slot, 0u);
  EXPECT_EQ(sparse->by_alias(3)->slot, 1u);
  EXPECT_EQ(sparse->by_alias(4), nullptr);
  EXPECT_EQ(sparse->by_alias(0), nullptr) << "a metric without alias has no alias 0";
  EXPECT_EQ(sparse->by_name("c")->slot, 2u);
  EXPECT_EQ(sparse->by_name("d"), nullptr);
  EXPECT_EQ(AliasTable().by_alias(0), nullptr);
}

TEST(AliasTables, CollisionsAreNamed) {
  const auto alias = AliasTable::create({{"a", 1, DataType::int8}, {"b", 1, DataType::int8}});
  EXPECT_EQ(alias.error().code(), Code::conflict);
  EXPECT_EQ(alias.error().message(), "metrics 'a' and 'b' share alias 1");
  const auto name = AliasTable::create({{"a", 1, DataType::int8}, {"a", 2, DataType::int8}});
  EXPECT_EQ(name.error().message(), "two metrics are called 'a'");
}

TEST(Scanner, TypesComeFromTheBirthAndAreTruncatedToTheirWidth) {
  const AliasTable table = table_of({DataType::int8, DataType::int8, DataType::int32,
                                     DataType::int64, DataType::uint16, DataType::uint32});
  const auto out = read(
      message({data(100, std::uint64_t{0xFB}), data(101, std::uint64_t{0xFFFFFFFB}),
               data(102, std::uint64_t{0xFFFFFFF4}), data(103, std::uint64_t{0xFFFFFFFFFFFFFFFB}),
               data(104, std::uint64_t{0x1FFFF}), data(105, std::uint64_t{7})}),
      table);
  ASSERT_EQ(out.batch.size(), 6u);
  const std::vector<std::int64_t> expected{-5, -5, -12, -5, 0xFFFF, 7};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(out.batch.rows[i].i64(), expected[i]) << i;
    EXPECT_EQ(out.batch.rows[i].slot, i);
    EXPECT_EQ(out.batch.rows[i].ts_us, static_cast<std::int64_t>(payload_ms + 5) * 1000);
    EXPECT_TRUE(out.batch.rows[i].quality.is_good());
  }
  EXPECT_EQ(out.header.seq, 3u);
}

TEST(Scanner, ReadsEveryColumn) {
  const AliasTable table =
      table_of({DataType::float32, DataType::float64, DataType::boolean, DataType::string,
                DataType::bytes, DataType::datetime, DataType::float64});
  const Bytes blob{std::byte{0}, std::byte{0xFF}};
  const auto out = read(
      message({data(100, 1.5f), data(101, -2.25), data(102, true), data(103, std::string("läuft")),
               data(104, blob), data(105, std::uint64_t{payload_ms}), data(106, 0.5f)}),
      table);
  ASSERT_EQ(out.batch.size(), 7u);
  const auto& rows = out.batch.rows;
  EXPECT_EQ(rows[0].f64(), 1.5);
  EXPECT_EQ(rows[1].f64(), -2.25);
  EXPECT_EQ(rows[2].i64(), 1);
  EXPECT_EQ(out.batch.payload(rows[3]), "läuft");
  EXPECT_EQ(out.batch.payload(rows[4]), as_text(blob));
  EXPECT_EQ(rows[5].i64(), static_cast<std::int64_t>(payload_ms));
  EXPECT_EQ(rows[6].f64(), 0.5) << "a float under a double loses nothing";
}

TEST(Scanner, UnknownAliasesAreReportedAndTheRestIsRead) {
  const AliasTable table = table_of({DataType::int32});
  const auto out = read(message({data(99, std::uint64_t{1}), data(100, std::uint64_t{2})}), table);
  ASSERT_EQ(out.unknown.size(), 1u);
  EXPECT_EQ(out.unknown[0].alias, 99u);
  EXPECT_EQ(out.unknown[0].position, 0u);
  EXPECT_EQ(out.metric_count, 2u);
  ASSERT_EQ(out.batch.size(), 1u);
  EXPECT_EQ(out.batch.rows[0].i64(), 2);
}

TEST(Scanner, NamesServeWithoutAliasAndMustNotContradictOne) {
  const AliasTable table = table_of({DataType::int32, DataType::int32});
  Metric by_name = data(0, std::uint64_t{1});
  by_name.alias.reset();
  by_name.name = "m1";
  Metric stale_alias = data(55, std::uint64_t{2});
  stale_alias.name = "m0";
  Metric contradiction = data(100, std::uint64_t{3});
  contradiction.name = "m1";
  Metric nameless = data(0, std::uint64_t{4});
  nameless.alias.reset();
  const auto out = read(message({by_name, stale_alias, contradiction, nameless}), table);
  ASSERT_EQ(out.batch.size(), 2u);
  EXPECT_EQ(out.batch.rows[0].slot, 1u);
  EXPECT_EQ(out.batch.rows[1].slot, 0u);
  ASSERT_EQ(out.unknown.size(), 2u);
  EXPECT_EQ(out.unknown[0].name, "m1");
  EXPECT_FALSE(out.unknown[1].alias.has_value());
}

TEST(Scanner, ValuesOfAnotherKindAreUnparsable) {
  const AliasTable table =
      table_of({DataType::int32, DataType::string, DataType::boolean, DataType::string});
  const auto out = read(message({data(100, std::string("12")), data(101, 1.0),
                                 data(102, std::uint64_t{1}), data(103, std::string("\xC3\x28"))}),
                        table);
  EXPECT_EQ(out.mistyped, 4u);
  for (const Row& row : out.batch.rows) {
    EXPECT_TRUE(row.is_null);
    EXPECT_EQ(row.quality, Quality::bad(Reason::unparsable));
  }
}

TEST(Scanner, NullsAreMissingUnlessTheQualityPropertySpeaks) {
  const AliasTable table = table_of(std::vector<DataType>(6, DataType::int32));
  const auto with_quality = [](std::uint64_t alias, std::int64_t quality, bool is_null) {
    Metric metric = data(alias, std::uint64_t{1});
    metric.is_null = is_null;
    metric.properties = {{"Quality", {code_of(TypeCode::int32), false, quality}}};
    return metric;
  };
  Metric null = data(100, {});
  null.is_null = true;
  const auto out =
      read(message({null, data(101, {}), with_quality(102, 192, true), with_quality(103, 0, false),
                    with_quality(104, 500, false), with_quality(105, 64, false)}),
           table);
  const std::vector<Quality> expected{Quality::bad(Reason::missing),
                                      Quality::bad(Reason::missing),
                                      Quality::good(),
                                      Quality::bad(Reason::foreign),
                                      Quality::uncertain(Reason::stale),
                                      Quality::uncertain(Reason::foreign)};
  ASSERT_EQ(out.batch.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(out.batch.rows[i].quality, expected[i]) << i;
    EXPECT_EQ(out.batch.rows[i].is_null, i < 3) << i;
  }
}

TEST(Scanner, TimeIsTheMetricsElseThePayloadsElseTheMarkedArrival) {
  const AliasTable table = table_of(std::vector<DataType>(3, DataType::int32));
  Metric none = data(100, std::uint64_t{1});
  none.timestamp_ms.reset();
  Metric absurd = data(101, std::uint64_t{1});
  absurd.timestamp_ms = 1ull << 62;
  const auto timed = read(message({none, absurd, data(102, std::uint64_t{1})}), table);
  EXPECT_EQ(timed.payload_timed, 2u);
  EXPECT_EQ(timed.batch.rows[0].ts_us, static_cast<std::int64_t>(payload_ms) * 1000);
  EXPECT_EQ(timed.batch.rows[2].ts_us, static_cast<std::int64_t>(payload_ms + 5) * 1000);

  Metric late = none;
  late.is_historical = true;
  const auto untimed = read(message({none, late}, std::nullopt), table);
  EXPECT_EQ(untimed.arrival_timed, 1u);
  EXPECT_EQ(untimed.untimed, 1u) << "history is never given the time of arrival";
  EXPECT_EQ(untimed.historical, 1u);
  ASSERT_EQ(untimed.batch.size(), 1u);
  EXPECT_EQ(untimed.batch.rows[0].ts_us, arrival.us);
  EXPECT_EQ(untimed.batch.rows[0].quality, Quality::uncertain(Reason::clock_unsynchronised));
  EXPECT_EQ(untimed.batch.rows[0].provenance, 0u);
}

TEST(Scanner, HandsOverWhatItDoesNotRead) {
  const AliasTable table = table_of({DataType::int32, DataType::unknown});
  Metric set = data(100, DataSet{});
  Metric instance = data(100, Template{});
  Metric described = data(100, std::uint64_t{1});
  described.metadata.make().description = "x";
  Metric other_property = data(100, std::uint64_t{1});
  other_property.properties = {{"engUnit", {code_of(TypeCode::string), false, std::string("Cel")}}};
  for (const Metric& metric :
       {set, instance, described, other_property, data(101, std::uint64_t{1})})
    EXPECT_EQ(read(message({metric}), table, ScanOutcome::general).batch.size(), 1u);
  Payload plain, decoded;
  plain.metrics = {data(100, std::uint64_t{8})};
  Bytes compressed;
  encode_compressed(plain, Compression::gzip, compressed);
  DataMessage out;
  EXPECT_EQ(read_data(compressed, table, arrival, out, decoded), ScanOutcome::general);
  ASSERT_EQ(out.batch.size(), 1u);
  EXPECT_EQ(out.batch.rows[0].i64(), 8);
  compressed.resize(compressed.size() / 2);
  EXPECT_EQ(read_data(compressed, table, arrival, out, decoded).error().code(),
            Code::invalid_input);
  EXPECT_TRUE(out.batch.empty());
}

TEST(Scanner, AMessageThatNamesAnotherTypeThanTheBirthIsConverted) {
  const AliasTable table = table_of({DataType::int64});
  Metric narrow = data(100, std::int64_t{-5});
  narrow.datatype = code_of(TypeCode::int32);
  Payload payload;
  payload.metrics = {narrow};
  Bytes bytes;
  encode(payload, bytes);
  const auto out = read(bytes, table, ScanOutcome::general);
  EXPECT_EQ(out.batch.rows[0].i64(), -5);
}

Batch all_columns(const AliasTable& table) {
  Batch batch;
  const auto add = [&](std::uint32_t slot) -> Row& {
    Row& row = batch.rows.emplace_back();
    row.slot = slot;
    row.ts_us = static_cast<std::int64_t>(payload_ms) * 1000 + slot * 1000;
    return row;
  };
  for (std::uint32_t slot = 0; slot < table.metrics().size(); ++slot) {
    const DataType type = table.metrics()[slot].datatype;
    Row& row = add(slot);
    if (column_of(type) == ontology::Column::f64)
      row.set_f64(-0.5);
    else if (column_of(type) == ontology::Column::i64)
      row.set_i64(type == DataType::boolean ? 1 : 100);
    else
      batch.set_payload(row, std::string(200, 'a'));
    Row& null = add(slot);
    null.is_null = true;
    null.quality = Quality::bad(Reason::missing);
  }
  return batch;
}

TEST(DataEncoder, WritesWhatTheScannerReads) {
  std::vector<DataType> types;
  for (int code = 1; code <= 17; ++code) {
    if (data_type_of(static_cast<std::uint32_t>(code)) != DataType::unknown)
      types.push_back(static_cast<DataType>(code));
  }
  types.push_back(DataType::waveform);
  const AliasTable table = table_of(types);
  const Batch batch = all_columns(table);
  const std::string body = "envelope";
  for (const DataOptions& options :
       {DataOptions{}, DataOptions{.historical = true}, DataOptions{.datatype_in_data = true},
        DataOptions{.quality_property = true}}) {
    Bytes bytes{std::byte{0x55}};  // appends
    encode_data({payload_ms, 9, "mw/1", as_bytes(body)}, batch.rows, batch, table, options, bytes);
    bytes.erase(bytes.begin());
    const auto out = read(bytes, table);
    EXPECT_EQ(out.historical, options.historical ? batch.size() : 0);
    EXPECT_EQ(out.header.uuid, "mw/1");
    EXPECT_EQ(as_text(out.header.body), body);
    if (options.quality_property) {
      EXPECT_EQ(out.batch.rows[1].quality, Quality::bad(Reason::foreign));
    } else {
      EXPECT_EQ(out.batch, batch);
    }
    EXPECT_EQ(decode(bytes)->metrics[0].datatype, options.datatype_in_data ? 1u : 0u);
  }
}

TEST(DataEncoder, NamesMetricsWithoutAliasAndFloorsTimesBeforeTheEpoch) {
  const std::string name(130, 'n');
  const AliasTable table = AliasTable::create({{name, std::nullopt, DataType::float64}}).value();
  Batch batch;
  Row& row = batch.rows.emplace_back();
  row.ts_us = -1;
  row.set_f64(std::numeric_limits<double>::infinity());
  Bytes bytes;
  encode_data({}, batch.rows, batch, table, {}, bytes);
  const auto out = read(bytes, table);
  ASSERT_EQ(out.batch.size(), 1u);
  EXPECT_EQ(out.batch.rows[0].ts_us, -1000);
  EXPECT_TRUE(std::isinf(out.batch.rows[0].f64()));
}

TEST(DataEncoder, QualityPropertyIsTheStandardOne) {
  const AliasTable table = table_of({DataType::int32});
  Batch batch;
  for (const Quality quality :
       {Quality::good(), Quality::uncertain(Reason::stale),
        Quality::uncertain(Reason::out_of_range), Quality::bad(Reason::stuck)})
    batch.rows.emplace_back().quality = quality;
  Bytes bytes;
  encode_data({}, batch.rows, batch, table, {.quality_property = true}, bytes);
  const auto payload = decode(bytes);
  ASSERT_TRUE(payload.has_value());
  EXPECT_TRUE(payload->metrics[0].properties.empty()) << "by exception";
  const std::vector<std::int64_t> expected{192, 500, 0, 0};
  for (std::size_t i = 1; i < expected.size(); ++i) {
    ASSERT_EQ(payload->metrics[i].properties.size(), 1u);
    const Property& property = payload->metrics[i].properties[0];
    EXPECT_EQ(property.key, "Quality");
    EXPECT_EQ(property.value.type, code_of(TypeCode::int32));
    EXPECT_EQ(property.value.value, decltype(PropertyValue::value)(expected[i]));
  }
}

}  // namespace
}  // namespace millwright::sparkplug
