// What every segment store must give the historian: the same suite on DuckDB and on its simulated
// twin.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "engine/segment/simulated_segment_store.hpp"
#include "fabric/historian/historian_fixture.hpp"
#include "sim/disk.hpp"

namespace millwright::historian {
namespace {

enum class StoreKind { duckdb, simulated };

class Conformance : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    if (GetParam() == StoreKind::duckdb) {
      std::string pattern = testing::TempDir() + "historian-XXXXXX";
      ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
      root_ = pattern;
      auto disk = engine::open_posix_disk(root_);
      ASSERT_TRUE(disk) << disk.error().text();
      disk_ = std::move(*disk);
    } else {
      disk_ = std::make_unique<sim::SimDisk>(1);
    }
    start();
  }
  void TearDown() override {
    historian_.reset();
    store_.reset();
    if (!root_.empty()) std::filesystem::remove_all(root_);
  }
  void start(Options options = {}) {
    historian_.reset();
    if (GetParam() == StoreKind::duckdb) {
      auto store = engine::open_duckdb_store({root_, 1, "512MB"});
      ASSERT_TRUE(store) << store.error().text();
      store_ = std::move(*store);
    } else {
      store_ = std::make_unique<engine::SimulatedSegmentStore>();
    }
    historian_ = std::make_unique<TestHistorian>(*disk_, *store_, clock_, std::move(options));
    ASSERT_TRUE(historian_->is_open()) << historian_->error()->text();
    ASSERT_TRUE(producer_.define(**historian_));
  }
  Historian& h() { return **historian_; }
  void put(Sequence first, std::uint64_t rows) {
    auto appended = producer_.append(h(), first, rows);
    ASSERT_TRUE(appended) << appended.error().text();
    clock_.now.us += 20'000;
    auto committed = h().commit();
    ASSERT_TRUE(committed) << committed.error().text();
  }
  std::vector<StoredSample> samples(SeriesNumber series, RangeQuery query = {}) {
    query.series = series;
    auto range = historian_->range(query);
    EXPECT_TRUE(range) << range.error().text();
    return range ? std::move(range->samples) : std::vector<StoredSample>{};
  }
  /// Appends one corrected or late value of the pressure as its own message.
  void put_pressure(std::int64_t ts, double value) {
    ontology::Batch batch;
    ontology::Row row;
    row.ts_us = ts;
    row.set_f64(value);
    batch.rows.push_back(row);
    const Sequence next = h().position(producer_.id, producer_.incarnation).next;
    ASSERT_TRUE(
        h().append({producer_.series, {}, &batch, &producer_.id, producer_.incarnation, next, 0}));
    clock_.now.us += 20'000;
    ASSERT_TRUE(h().commit());
  }
  void expect_producer_rows(Sequence rows) {
    for (std::uint32_t slot = 0; slot < 4; ++slot) {
      const auto found = samples(producer_.series[slot]);
      Sequence sequence = slot;
      for (const StoredSample& sample : found) {
        const auto expected = producer_.batch(sequence, 1);
        const auto& row = expected.rows.front();
        EXPECT_EQ(sample.ts.us, row.ts_us);
        EXPECT_EQ(sample.quality, row.quality);
        EXPECT_EQ(sample.sequence + sample.index, sequence);
        if (row.is_null) {
          EXPECT_EQ(sample.value, Value());
        } else if (slot == 0) {
          EXPECT_EQ(sample.value, Value(row.f64()));
        } else if (slot == 1) {
          EXPECT_EQ(sample.value, Value(row.i64()));
        } else if (slot == 2) {
          EXPECT_EQ(sample.value, Value(std::string(expected.payload(row))));
        } else {
          const auto bytes = as_bytes(expected.payload(row));
          EXPECT_EQ(sample.value, Value(Bytes(bytes.begin(), bytes.end())));
        }
        sequence += 4;
      }
      EXPECT_EQ(found.size(), (rows + 3 - slot) / 4);
    }
  }

  std::string root_;
  std::unique_ptr<engine::Disk> disk_;
  std::unique_ptr<engine::SegmentStore> store_;
  ManualClock clock_;
  std::unique_ptr<TestHistorian> historian_;
  TestProducer producer_;
};

TEST_P(Conformance, EveryTypeIsReadBackHotSealedAndAfterReopening) {
  put(0, 100);
  expect_producer_rows(100);
  put(100, 57);
  ASSERT_TRUE(historian_->seal());
  EXPECT_EQ(h().stats().rows_hot, 0u);
  expect_producer_rows(157);
  put(157, 3);
  expect_producer_rows(160);
  start();
  expect_producer_rows(160);
  EXPECT_EQ(h().position(producer_.id, producer_.incarnation), (Position{160, 160}));
  EXPECT_TRUE(h().damages().empty());
}

TEST_P(Conformance, LastValueIsVisibleAtOnceAndSurvives) {
  EXPECT_FALSE(h().last(producer_.series[0]));
  put(0, 41);
  ASSERT_TRUE(h().last(producer_.series[0]));
  EXPECT_EQ(h().last(producer_.series[0])->sample.value, Value(5.0));
  ASSERT_TRUE(historian_->seal());
  start();
  EXPECT_EQ(h().last(producer_.series[0])->sample.value, Value(5.0));
  EXPECT_EQ(h().last("site-a/*").size(), 4u);
  EXPECT_EQ(h().last("*/pump/pressure").size(), 1u);
  EXPECT_EQ(h().last("site-b/*").size(), 0u);
  ASSERT_TRUE(disk_->remove("historian/last-values"));
  start();
  EXPECT_EQ(h().last(producer_.series[0])->sample.value, Value(5.0))
      << "without the checkpoint they come from the segments";
}

TEST_P(Conformance, LateAndCorrectedDataAreRevisions) {
  put(0, 40);
  const Revision before = h().revision();
  ASSERT_TRUE(historian_->seal());
  put_pressure(producer_.time_of(8), 99.5);             // a correction
  put_pressure(producer_.time_of(8) + 500'000, 77.25);  // a late sample
  for (int round = 0; round < 3; ++round) {
    const auto now = samples(producer_.series[0]);
    ASSERT_EQ(now.size(), 11u);
    EXPECT_EQ(now[2].value, Value(99.5));
    EXPECT_EQ(now[3].value, Value(77.25));
    RangeQuery all;
    all.all_revisions = true;
    EXPECT_EQ(samples(producer_.series[0], all).size(), 12u);
    RangeQuery then;
    then.as_of = before;
    const auto known = samples(producer_.series[0], then);
    ASSERT_EQ(known.size(), 10u);
    EXPECT_EQ(known[2].value, Value(1.0));
    EXPECT_EQ(h().last(producer_.series[0])->sample.value, Value(4.5)) << "late data is not last";
    if (round == 0) {
      ASSERT_TRUE(historian_->seal());
    }
    if (round == 1) {
      ASSERT_TRUE(historian_->compact(clock_.now));
    }
  }
  EXPECT_EQ(h().stats().segments, 1u);
}

TEST_P(Conformance, RangeLimitsAndBounds) {
  put(0, 400);
  ASSERT_TRUE(historian_->seal());
  put(400, 400);
  RangeQuery query{producer_.series[0], {producer_.time_of(80)}, {producer_.time_of(440)}};
  auto found = historian_->range(query);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->samples.size(), 91u);
  EXPECT_FALSE(found->truncated);
  query.limit = 10;
  found = historian_->range(query);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->samples.size(), 10u);
  EXPECT_EQ(found->samples.front().ts.us, producer_.time_of(80));
  EXPECT_TRUE(found->truncated);
}

TEST_P(Conformance, DownsampleCountsWhatIsBad) {
  put(0, 400);
  ASSERT_TRUE(historian_->seal());
  put(400, 400);
  const DownsampleQuery query{producer_.series[0],
                              {producer_.start_us},
                              {producer_.start_us + 200'000'000},
                              std::chrono::seconds(60),
                              {}};
  auto buckets = historian_->wait<std::vector<Bucket>>(
      [&](Reply<std::vector<Bucket>> reply) { h().downsample(query, std::move(reply)); });
  ASSERT_TRUE(buckets);
  ASSERT_EQ(buckets->size(), 4u);
  std::uint64_t bad = 0, count = 0;
  double sum = 0, highest = 0;
  for (Sequence s = 0; s < 240; s += 4) {
    ++count;
    if (s % 11 == 3 || s % 13 == 5) {
      ++bad;
      continue;
    }
    sum += static_cast<double>(s) / 8;
    highest = static_cast<double>(s) / 8;
  }
  EXPECT_EQ(buckets->front().count, count);
  EXPECT_EQ(buckets->front().count_bad, bad);
  EXPECT_DOUBLE_EQ(buckets->front().mean, sum / static_cast<double>(count - bad));
  EXPECT_EQ(buckets->front().maximum, highest);
  EXPECT_EQ(buckets->back().count, 20u);
}

TEST_P(Conformance, ValueInForceAtATime) {
  put(0, 40);
  ASSERT_TRUE(historian_->seal());
  put(40, 40);
  const auto at = [&](std::int64_t us, std::optional<Revision> as_of = {}) {
    auto found = historian_->wait<std::optional<StoredSample>>(
        [&](Reply<std::optional<StoredSample>> reply) {
          h().at(producer_.series[0], {us}, as_of, std::move(reply));
        });
    EXPECT_TRUE(found);
    return found.value_or(std::nullopt);
  };
  EXPECT_FALSE(at(producer_.start_us - 1));
  EXPECT_EQ(at(producer_.time_of(20) + 999'999)->value, Value(2.5));
  EXPECT_EQ(at(producer_.time_of(60))->value, Value(7.5));
  EXPECT_EQ(at(INT64_MAX)->value, Value(9.5));
  EXPECT_FALSE(at(INT64_MAX, Revision{1}));
}

TEST_P(Conformance, ReadersKeepTheirSnapshotWhileASealMovesRows) {
  put(0, 80);
  bool sealed = false;
  std::vector<std::size_t> sizes;
  const auto ask = [&] {
    h().range({producer_.series[0]}, [&](Result<Range> range) {
      ASSERT_TRUE(range) << range.error().text();
      sizes.push_back(range->samples.size());
    });
  };
  ask();
  h().seal([&](Result<void> done) {
    ASSERT_TRUE(done) << done.error().text();
    sealed = true;
    ask();
  });
  ask();  // asked while the seal is under way
  put(80, 40);
  ask();
  historian_->drain();
  EXPECT_TRUE(sealed);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{20, 20, 30, 30}));
  expect_producer_rows(120);
}

TEST_P(Conformance, CompactionKeepsEveryRowAndRevision) {
  for (Sequence first = 0; first < 200; first += 40) {
    put(first, 40);
    ASSERT_TRUE(historian_->seal());
  }
  EXPECT_EQ(h().stats().segments, 5u);
  const std::uint64_t rows = h().stats().rows_sealed;
  ASSERT_TRUE(historian_->compact(clock_.now));
  EXPECT_EQ(h().stats().segments, 1u);
  EXPECT_EQ(h().stats().rows_sealed, rows);
  expect_producer_rows(200);
  start();
  expect_producer_rows(200);
  auto audit = historian_->audit();
  ASSERT_TRUE(audit);
  ASSERT_EQ(audit->size(), 1u);
  EXPECT_EQ(audit->front().rows, 200u);
  EXPECT_EQ(audit->front().rows_double, 0u);
  EXPECT_EQ(audit->front().rows_missing, 0u);
}

TEST_P(Conformance, SegmentsArePartitionedBySiteAndDay) {
  producer_.step_us = 3'600'000'000;
  put(0, 4 * 48);
  TestProducer other;
  other.id = {"site-b", "edge-9"};
  ASSERT_TRUE(other.define(h()));
  ASSERT_TRUE(other.append(h(), 0, 8));
  ASSERT_TRUE(h().commit());
  ASSERT_TRUE(historian_->seal());
  EXPECT_EQ(h().stats().segments, 3u);
  auto days = disk_->list("historian/segments/site-a");
  ASSERT_TRUE(days);
  EXPECT_EQ(*days, (std::vector<std::string>{"2026-01-05", "2026-01-06"}));
  expect_producer_rows(4 * 48);
}

TEST_P(Conformance, ADamagedSegmentIsNamedAndOtherDaysGoOn) {
  producer_.step_us = 3'600'000'000;
  put(0, 4 * 48);
  ASSERT_TRUE(historian_->seal());
  const std::string folder = "historian/segments/site-a/2026-01-05/";
  auto names = disk_->list(folder.substr(0, folder.size() - 1));
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 1u);
  auto content = engine::read_whole(*disk_, folder + names->front());
  ASSERT_TRUE(content);
  (*content)[content->size() / 2] ^= std::byte{1};
  ASSERT_TRUE(engine::replace_whole(*disk_, folder + names->front(), *content));
  start();
  auto broken = historian_->range({producer_.series[0]});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), Code::corrupt);
  EXPECT_NE(broken.error().text().find(folder + names->front()), std::string::npos);
  EXPECT_NE(broken.error().text().find("backup"), std::string::npos);
  RangeQuery second_day{producer_.series[0], {producer_.start_us + 86'400'000'000}};
  EXPECT_EQ(samples(producer_.series[0], second_day).size(), 24u);
  auto damages = historian_->wait<std::vector<Damage>>(
      [&](Reply<std::vector<Damage>> reply) { h().verify(std::move(reply)); });
  ASSERT_TRUE(damages);
  ASSERT_EQ(damages->size(), 1u);
  EXPECT_EQ(damages->front().place.file, folder + names->front());
}

INSTANTIATE_TEST_SUITE_P(Stores, Conformance,
                         testing::Values(StoreKind::duckdb, StoreKind::simulated),
                         [](const auto& param) {
                           return param.param == StoreKind::duckdb ? "DuckDb" : "Simulated";
                         });

}  // namespace
}  // namespace millwright::historian
