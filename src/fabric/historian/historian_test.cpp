// The rules of the historian that need no particular store: order of sequences, dictionaries,
// ledger, SQL's views.
#include "fabric/historian/historian.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "engine/segment/simulated_segment_store.hpp"
#include "fabric/historian/historian_fixture.hpp"
#include "fabric/historian/sealing.hpp"
#include "fabric/historian/series_table.hpp"
#include "sim/disk.hpp"

namespace millwright::historian {
namespace {

class HistorianRules : public testing::Test {
 protected:
  HistorianRules() : h_(disk_, store_, clock_) {}
  void SetUp() override { ASSERT_TRUE(producer_.define(*h_)); }

  sim::SimDisk disk_{1};
  engine::SimulatedSegmentStore store_;
  ManualClock clock_;
  TestHistorian h_;
  TestProducer producer_;
};

TEST_F(HistorianRules, SequencesAreTakenInOrderOnly) {
  ASSERT_TRUE(producer_.append(*h_, 0, 10));
  const auto gap = producer_.append(*h_, 11, 5);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code(), Code::conflict);
  const auto overlap = producer_.append(*h_, 9, 5);
  EXPECT_EQ(overlap.error().code(), Code::conflict);
  EXPECT_EQ(h_->position(producer_.id, 7), (Position{10, 0})) << "staged is not durable";
  EXPECT_FALSE(h_->last(producer_.series[0])) << "staged is not visible";
  const auto committed = h_->commit();
  ASSERT_TRUE(committed);
  EXPECT_EQ(committed->rows, 10u);
  ASSERT_EQ(committed->positions.size(), 1u);
  EXPECT_EQ(committed->positions[0], (CommittedPosition{producer_.id, 7, 10}));
  EXPECT_TRUE(h_->last(producer_.series[0]));
  EXPECT_TRUE(h_->commit()->positions.empty());
}

TEST_F(HistorianRules, BadRowsAreRefusedWholeBeforeAnythingIsStaged) {
  ontology::Batch batch = producer_.batch(0, 4);
  batch.rows[3].slot = 9;
  EXPECT_FALSE(h_->append({producer_.series, {}, &batch, &producer_.id, 7, 0, 0}));
  batch = producer_.batch(0, 4);
  batch.rows[2].provenance = 1;
  EXPECT_FALSE(h_->append({producer_.series, {}, &batch, &producer_.id, 7, 0, 0}));
  EXPECT_FALSE(h_->has_staged());
  const std::vector<ProvenanceNumber> provenance{0, h_->intern(R"({"pipeline":"p@1"})")};
  EXPECT_TRUE(h_->append({producer_.series, provenance, &batch, &producer_.id, 7, 0, 0}));
  EXPECT_EQ(h_->provenance(provenance[1]), R"({"pipeline":"p@1"})");
}

TEST_F(HistorianRules, RevisionsAreStrictlyIncreasingKnowledgeTime) {
  ASSERT_TRUE(producer_.append(*h_, 0, 1));
  const Revision first = h_->commit()->revision;
  EXPECT_EQ(arrival_of(first), clock_.now);
  ASSERT_TRUE(producer_.append(*h_, 1, 1));
  EXPECT_EQ(h_->commit()->revision, first + 1) << "the same millisecond";
  clock_.now.us -= 5'000'000;
  ASSERT_TRUE(producer_.append(*h_, 2, 1));
  EXPECT_EQ(h_->commit()->revision, first + 2) << "a clock that went back";
}

TEST_F(HistorianRules, SeriesAreNeighboursAndATypeChangeIsANewSeries) {
  const auto again = h_->define(producer_.schema());
  EXPECT_EQ(*again, producer_.series) << "idempotent";
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(producer_.series[i].value(), producer_.series[i - 1].value() + 1);
  }
  auto changed = producer_.schema();
  changed.metrics[1].datatype = ontology::DataType::float64;
  const auto numbers = h_->define(changed);
  EXPECT_EQ((*numbers)[0], producer_.series[0]);
  EXPECT_EQ((*numbers)[1].value(), producer_.series[3].value() + 1) << "same scan group";
  EXPECT_EQ(h_->definition((*numbers)[1])->metric.datatype, ontology::DataType::float64);
  EXPECT_EQ(h_->definition(producer_.series[1])->metric.datatype, ontology::DataType::int64);
  EXPECT_EQ(h_->find("*/count").size(), 2u);
  ASSERT_TRUE(h_->commit());
  TestHistorian reopened(disk_, store_, clock_);
  EXPECT_EQ(*reopened->define(changed), *numbers) << "numbers are never given twice";
}

TEST_F(HistorianRules, SeveralReadingsGiveWhatEachGives) {
  ASSERT_TRUE(producer_.append(*h_, 0, 40));
  ASSERT_TRUE(h_->commit());
  std::vector<RangeQuery> queries;
  for (const std::size_t i : {3u, 0u, 1u, 0u}) queries.push_back({.series = producer_.series[i]});
  const auto whole = h_.range(queries[0]);
  ASSERT_GT(whole->samples.size(), 3u);
  queries[1].from = whole->samples[1].ts;  // another pass
  queries[2].limit = 2;
  queries.push_back({.series = SeriesNumber(987'654)});
  const auto together = h_.ranges(queries);
  ASSERT_TRUE(together);
  ASSERT_EQ(together->size(), queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto alone = h_.range(queries[i]);
    ASSERT_TRUE(alone);
    EXPECT_EQ((*together)[i].truncated, alone->truncated) << i;
    ASSERT_EQ((*together)[i].samples.size(), alone->samples.size()) << i;
    for (std::size_t row = 0; row < alone->samples.size(); ++row) {
      EXPECT_EQ((*together)[i].samples[row].ts, alone->samples[row].ts);
      EXPECT_EQ((*together)[i].samples[row].value, alone->samples[row].value);
    }
  }
  EXPECT_TRUE((*together)[2].truncated);
  EXPECT_TRUE(together->back().samples.empty());
}

TEST_F(HistorianRules, TheLedgerExplainsEveryDifference) {
  ASSERT_TRUE(producer_.append(*h_, 0, 10));
  const LossEntry loss{{7, 10, 5}, ontology::LossCause::buffer_full, {1}, {2}, "buffer: 1 MiB"};
  ASSERT_TRUE(h_->declare(producer_.id, loss));
  const LossEntry more{{7, 15, 5}, ontology::LossCause::buffer_full, {3}, {4}, "buffer: 1 MiB"};
  ASSERT_TRUE(h_->declare(producer_.id, more));
  EXPECT_FALSE(h_->declare(producer_.id, more)) << "declared already";
  ASSERT_TRUE(producer_.append(*h_, 20, 4));
  h_->count_duplicates(producer_.id, 7, 3);
  ASSERT_TRUE(h_->commit());
  for (int life = 0; life < 3; ++life) {
    TestHistorian h(disk_, store_, clock_);
    const auto lines = h->ledger(producer_.id);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].sent, 24u);
    EXPECT_EQ(lines[0].stored, 14u);
    EXPECT_EQ(lines[0].lost, 10u);
    EXPECT_EQ(lines[0].unexplained(), 0u);
    EXPECT_EQ(lines[0].duplicates, 3u);
    ASSERT_EQ(lines[0].losses.size(), 1u) << "neighbours of one cause are one entry";
    EXPECT_EQ(lines[0].losses[0].range, (ontology::SequenceRange{7, 10, 10}));
    EXPECT_EQ(lines[0].losses[0].to, Timestamp{4});
    if (life == 0) {
      ASSERT_TRUE(h.seal());
    }
    h.drain();
  }
}

TEST_F(HistorianRules, TickSealsWhenDue) {
  ASSERT_TRUE(producer_.append(*h_, 0, 10));
  ASSERT_TRUE(h_->commit());
  h_->tick();
  h_.drain();
  EXPECT_EQ(h_->stats().segments, 0u);
  clock_.now.us += 301'000'000;
  h_->tick();
  EXPECT_TRUE(h_->stats().sealing);
  h_.drain();
  EXPECT_EQ(h_->stats().segments, 1u);
  EXPECT_EQ(h_->stats().rows_hot, 0u);
  EXPECT_EQ(disk_.list("historian/log")->size(), 1u) << "the sealed generation is gone";
}

/// The current view must not depend on the order in which samples of different times arrive.
TEST(HistorianProperty, ShuffledLateAndRepeatedInputGivesTheSameCurrentView) {
  const auto view_of = [](std::uint32_t seed) {
    std::mt19937 random(seed);
    sim::SimDisk disk(seed);
    engine::SimulatedSegmentStore store;
    ManualClock clock;
    TestHistorian h(disk, store, clock);
    TestProducer producer;
    EXPECT_TRUE(producer.define(*h));
    // Messages of four samples; the same message may arrive twice from another incarnation.
    std::vector<Sequence> messages;
    for (Sequence m = 0; m < 60; ++m) messages.push_back(m * 4);
    if (seed != 0) {
      std::ranges::shuffle(messages, random);
      messages.insert(messages.end(), messages.begin(), messages.begin() + 10);
    }
    Sequence next = 0;
    for (const Sequence message : messages) {
      const ontology::Batch batch = producer.batch(message, 4);
      EXPECT_TRUE(h->append({producer.series, {}, &batch, &producer.id, 7, next, 0}));
      next += 4;
      if (random() % 3 == 0) {
        clock.now.us += 10'000;
        EXPECT_TRUE(h->commit());
      }
      if (random() % 12 == 0) {
        EXPECT_TRUE(h.seal());
      }
      if (random() % 40 == 0) {
        EXPECT_TRUE(h.compact(clock.now));
      }
    }
    EXPECT_TRUE(h->commit());
    std::vector<std::tuple<std::int64_t, std::uint16_t, Value>> view;
    for (const SeriesNumber series : producer.series) {
      auto range = h.range({series});
      EXPECT_TRUE(range);
      for (auto& s : range->samples) view.emplace_back(s.ts.us, s.quality.code, std::move(s.value));
      EXPECT_EQ(h->last(series)->sample.value, std::get<2>(view.back()));
    }
    return view;
  };
  const auto expected = view_of(0);
  EXPECT_EQ(expected.size(), 240u);
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    EXPECT_EQ(view_of(seed), expected) << "seed " << seed;
  }
}

TEST(HistorianText, GlobsMatchWholeText) {
  EXPECT_TRUE(glob_matches("site-a/*", "site-a/edge/dev/metric"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*/p?mp/*", "s/e/pump/x"));
  EXPECT_FALSE(glob_matches("site-a/*", "site-b/x"));
  EXPECT_FALSE(glob_matches("a", "ab"));
  EXPECT_TRUE(glob_matches("*a*b*c", "xxaxxbxbxc"));
}

TEST(HistorianText, DaysBeforeTheEpochToo) {
  EXPECT_EQ(day_of(0), 0);
  EXPECT_EQ(day_of(-1), -1);
  EXPECT_EQ(day_of(-86'400'000'000), -1);
  EXPECT_EQ(day_of(-86'400'000'001), -2);
  EXPECT_EQ(day_text(-1), "1969-12-31");
}

}  // namespace
}  // namespace millwright::historian
