// What every record source must do, run on the same content as CSV, as packed CSV and as Parquet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fabric/drivers/replay.hpp"
#include "fabric/drivers/testing.hpp"

namespace millwright::drivers {
namespace {

using ontology::Quality;
using ontology::Reason;
using ::testing::HasSubstr;

/// The same 5,000 rows in each format.
std::string test_data() {
  return MILLWRIGHT_SOURCE_DIR "/src/fabric/drivers/testdata";
}

class RecordSources : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<engine::Disk> disk = engine::open_posix_disk(test_data()).value();
  Formats formats{open_gzip, open_parquet, open_time_zone};

  std::unique_ptr<RecordSource> open() {
    FileSpec spec;
    spec.path = GetParam();
    auto source = open_records(*disk, spec, formats);
    EXPECT_TRUE(source.has_value()) << source.error().text();
    return source ? std::move(*source) : nullptr;
  }
};

std::string text_of(const Cell& cell) {
  switch (cell.kind) {
    case CellKind::text:
      return std::string(cell.text);
    case CellKind::integer:
      return std::to_string(cell.integer);
    default:
      return {};
  }
}

TEST_P(RecordSources, GiveTheSameRecords) {
  auto source = open();
  EXPECT_EQ(source->columns(), (std::vector<std::string>{"unit", "time", "flow", "state", "on"}));
  Record record;
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    ASSERT_EQ(source->next(record).value(), ReadOutcome::record);
    ASSERT_EQ(record.number, i);
    ASSERT_EQ(record.cells.size(), 5u);
    ASSERT_EQ(text_of(record.cells[0]), std::to_string(i % 7));
    EXPECT_EQ(record.cells[2].kind == CellKind::empty, i % 100 == 0);
  }
  EXPECT_EQ(source->next(record).value(), ReadOutcome::end);
  EXPECT_EQ(source->next(record).value(), ReadOutcome::end);
}

TEST_P(RecordSources, GoOnAfterAnyRecord) {
  auto source = open();
  Record record;
  for (const std::uint64_t number : {1u, 2047u, 2048u, 4999u, 0u, 300u}) {
    std::uint64_t offset = 0;
    ASSERT_TRUE(source->skip_to(0, 0).has_value());
    for (std::uint64_t i = 0; i < number; ++i) {
      ASSERT_TRUE(source->next(record).has_value());
      offset = record.offset_after;
    }
    for (const std::uint64_t hint : {std::uint64_t{0}, offset}) {
      auto other = open();
      ASSERT_TRUE(other->skip_to(number, hint).has_value());
      ASSERT_EQ(other->next(record).value(), ReadOutcome::record);
      EXPECT_EQ(record.number, number + 1);
      EXPECT_EQ(text_of(record.cells[0]), std::to_string((number + 1) % 7));
    }
  }
}

TEST_P(RecordSources, FingerprintsAreStable) {
  EXPECT_EQ(open()->fingerprint(), open()->fingerprint());
  EXPECT_NE(open()->fingerprint(), 0u);
}

/// Batches of a replay, without positions: those know their file.
std::vector<std::pair<std::uint32_t, ontology::Batch>> play(engine::Disk& disk,
                                                            const Formats& formats,
                                                            const char* file) {
  ReplaySpec spec;
  spec.file.path = file;
  spec.time = {TimeKind::rfc3339, "time", "Europe/Berlin", {}, {}, {}};
  spec.metrics = {{"flow", "flow", ontology::DataType::float64, "m3/h"},
                  {"state", "state", ontology::DataType::string, ""},
                  {"on", "on", ontology::DataType::boolean, ""}};
  spec.key_column = "unit";
  spec.keys = {{"3", "pump-3"}, {"5", "pump-5"}};
  testing::ManualExecutor executor;
  testing::KeepingLog log;
  auto driver = make_replay(spec, formats, {executor, executor, disk, log});
  EXPECT_TRUE(driver.has_value()) << driver.error().text();
  testing::KeepingSink sink;
  if (driver) {
    EXPECT_TRUE((*driver)->start(sink, {}).has_value());
    executor.run_all();
    EXPECT_EQ((*driver)->status().samples_unparsable, 0u);
    EXPECT_EQ((*driver)->status().records_broken, 0u);
  }
  EXPECT_TRUE(sink.over) << sink.error;
  std::vector<std::pair<std::uint32_t, ontology::Batch>> out;
  for (auto& taken : sink.taken) out.emplace_back(taken.device, std::move(taken.batch));
  return out;
}

TEST_P(RecordSources, GiveTheSameReplay) {
  const auto batches = play(*disk, formats, GetParam());
  EXPECT_EQ(batches.size(), 1428u);
  EXPECT_EQ(batches, play(*disk, formats, "rows.csv"));
  // 1 March 2024, 00:00:03 in Berlin.
  EXPECT_EQ(to_rfc3339({batches[0].second.rows[0].ts_us}), "2024-02-29T23:00:03Z");
}

INSTANTIATE_TEST_SUITE_P(Formats, RecordSources,
                         ::testing::Values("rows.csv", "rows.csv.gz", "rows.parquet"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(Parquet, ADamagedFileIsAnError) {
  auto disk = engine::open_posix_disk(test_data()).value();
  FileSpec spec;
  spec.path = "rows.csv";
  spec.format = Format::parquet;
  Formats formats{open_gzip, open_parquet, {}};
  const auto opened = open_records(*disk, spec, formats);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), Code::corrupt);
}

TEST(TimeZones, LocalTimesFollowTheZone) {
  const auto zone = open_time_zone("Europe/Berlin").value();
  const auto local = [](const char* text) { return parse_rfc3339(text).value().us; };
  const auto winter = zone->to_utc(local("2024-01-15T12:00:00Z"));
  EXPECT_EQ(to_rfc3339(winter.time), "2024-01-15T11:00:00Z");
  EXPECT_EQ(winter.certainty, TimeZone::Certainty::unique);
  EXPECT_EQ(to_rfc3339(zone->to_utc(local("2024-07-15T12:00:00Z")).time), "2024-07-15T10:00:00Z");
  const auto twice = zone->to_utc(local("2024-10-27T02:30:00Z"));
  EXPECT_EQ(twice.certainty, TimeZone::Certainty::ambiguous);
  EXPECT_EQ(to_rfc3339(twice.time), "2024-10-27T00:30:00Z") << "the earlier of the two";
  EXPECT_EQ(zone->to_utc(local("2024-03-31T02:30:00Z")).certainty,
            TimeZone::Certainty::nonexistent);
  EXPECT_THAT(open_time_zone("Mars/Olympus").error().text(), HasSubstr("Europe/Berlin"));
}

TEST(TimeZones, AnHourThatComesTwiceIsUncertainOneThatNeverComesIsReported) {
  testing::MemoryDisk disk;
  disk.put("a.csv",
           "time,flow\n2024-10-27 02:30:00,1\n2024-10-27 03:30:00,2\n2024-03-31 02:30:00,3\n");
  ReplaySpec spec;
  spec.file.path = "a.csv";
  spec.time = {TimeKind::rfc3339, "time", "Europe/Berlin", {}, {}, {}};
  spec.metrics = {{"flow", "flow", ontology::DataType::float64, "m3/h"}};
  spec.keys = {{"", "pump"}};
  testing::ManualExecutor executor;
  testing::KeepingLog log;
  auto driver =
      make_replay(spec, {{}, {}, open_time_zone}, {executor, executor, disk, log}).value();
  testing::KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  executor.run_all();
  ASSERT_EQ(sink.taken.size(), 2u);
  EXPECT_EQ(sink.taken[0].batch.rows[0].quality, Quality::uncertain(Reason::clock_unsynchronised));
  EXPECT_EQ(sink.taken[1].batch.rows[0].quality, Quality::good());
  EXPECT_THAT(driver->status().last_problem,
              HasSubstr("a.csv:4: column 'time': '2024-03-31 02:30:00' does not"));
}

}  // namespace
}  // namespace millwright::drivers
