// Recorded data sets, where they are present: counts and checksums that were taken from the files
// by other means.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "fabric/drivers/replay.hpp"
#include "fabric/drivers/testing.hpp"

namespace millwright::drivers {
namespace {

using testing::KeepingSink;

/// Where recorded data sets lie: $MILLWRIGHT_DATA_DIR, else what the build was configured with.
std::string data_directory() {
  const char* set = std::getenv("MILLWRIGHT_DATA_DIR");
  return set != nullptr ? set : MILLWRIGHT_DATA_DIR;
}

ReplaySpec turbofan(const std::string& file) {
  ReplaySpec spec;
  spec.file.path = file;
  spec.file.delimiter = Delimiter::blanks;
  spec.file.header = false;
  spec.time = {TimeKind::cycle,      "2", {}, {}, parse_rfc3339("2026-01-01T00:00:00Z").value(),
               std::chrono::hours(1)};
  for (int i = 1; i <= 21; ++i) {
    spec.metrics.push_back(
        {std::to_string(i + 5), "s" + std::to_string(i), ontology::DataType::float64, "1"});
  }
  spec.key_column = "1";
  spec.keys = expand_keys("test-{key:03}", 1, 100).value();
  return spec;
}

class Turbofan : public ::testing::Test {
 protected:
  void SetUp() override {
    disk = engine::open_posix_disk(data_directory()).value();
    if (!disk->exists(file).value_or(false)) {
      GTEST_SKIP() << "no " << file << " in " << data_directory()
                   << "; set MILLWRIGHT_DATA_DIR to run this test";
    }
  }
  const std::string file = "cmapss/test_FD001.txt.gz";
  std::unique_ptr<engine::Disk> disk;
  testing::ManualExecutor executor;
  testing::KeepingLog log;
  Formats formats{open_gzip, {}, {}};

  std::unique_ptr<Driver> make(const ReplaySpec& spec) {
    return make_replay(spec, formats, {executor, executor, *disk, log}).value();
  }
};

TEST_F(Turbofan, TheTestFleetIsComplete) {
  auto driver = make(turbofan(file));
  KeepingSink sink;
  ASSERT_TRUE(driver->start(sink, {}).has_value());
  executor.run_all();
  EXPECT_EQ(driver->devices().size(), 100u);
  EXPECT_EQ(sink.taken.size(), 13'096u);
  EXPECT_EQ(driver->status().samples, 275'016u);
  EXPECT_EQ(driver->status().samples_unparsable, 0u);
  EXPECT_EQ(driver->status().records_broken, 0u);
  std::map<std::uint32_t, std::size_t> rows;
  std::size_t good = 0;
  double sum = 0;
  for (const auto& [device, batch, position] : sink.taken) {
    ++rows[device];
    for (const auto& row : batch.rows) {
      good += row.quality.is_good() ? 1 : 0;
      if (row.slot == 1) sum += row.f64();
    }
  }
  EXPECT_EQ(rows.size(), 100u);
  EXPECT_EQ(rows[0], 31u);
  EXPECT_EQ(rows[48], 303u) << "the longest: engine 49";
  EXPECT_EQ(good, 275'016u);
  // zcat test_FD001.txt.gz | awk '{s += $7} END {printf "%.2f", s}'
  EXPECT_NEAR(sum, 8413853.75, 0.005);
}

TEST_F(Turbofan, FourEdgesShareTheFleetInStep) {
  std::uint64_t samples = 0;
  for (std::uint64_t edge = 0; edge < 4; ++edge) {
    auto spec = turbofan(file);
    spec.keys = expand_keys("test-{key:03}", edge * 25 + 1, edge * 25 + 25).value();
    spec.pace = Pace::within(std::chrono::minutes(3));
    auto driver = make(spec);
    KeepingSink sink;
    const auto begin = executor.monotonic_now();
    ASSERT_TRUE(driver->start(sink, {}).has_value());
    executor.run_until(begin + std::chrono::seconds(90));
    const auto half = driver->status().event_time.value();
    EXPECT_EQ(to_rfc3339(half), "2026-01-07T08:00:00Z") << "cycle 152 of 1 to 303 on every edge";
    executor.run_all();
    EXPECT_LE(executor.monotonic_now() - begin, std::chrono::minutes(3));
    samples += driver->status().samples;
  }
  EXPECT_EQ(samples, 275'016u);
}

TEST_F(Turbofan, TheTrainingFleetIsImported) {
  auto spec = turbofan("cmapss/train_FD001.txt.gz");
  spec.keys = expand_keys("train-{key:03}", 1, 100).value();
  const auto counts = import_records(spec, formats, *disk, {},
                                     [](std::uint32_t, const ontology::Batch&,
                                        const Position&) -> Result<void> { return {}; })
                          .value();
  EXPECT_EQ(counts.samples, 20'631u * 21u);
  EXPECT_EQ(counts.records_broken, 0u);
}

}  // namespace
}  // namespace millwright::drivers
