#include "fabric/pipeline/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "fabric/pipeline/exact_sum.hpp"

namespace millwright::pipeline {
namespace {

using ontology::Batch;
using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;
using ontology::Severity;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t second_us = 1'000'000;

ontology::DeviceSchema pump() {
  return {{"", "", "pump-1"},
          {{"flow", DataType::float64, "m3/h"},
           {"temperature", DataType::float64, "Cel"},
           {"starts", DataType::int64, "1"},
           {"state", DataType::string, ""}}};
}

Row sample(std::int64_t s, double value, Quality quality = {}, std::uint32_t slot = 0) {
  Row row;
  row.ts_us = s * second_us;
  row.slot = slot;
  row.quality = quality;
  row.set_f64(value);
  return row;
}
Row null_sample(std::int64_t s, Quality quality) {
  Row row = sample(s, 0, quality);
  row.is_null = true;
  row.bits = 0;
  return row;
}

std::unique_ptr<Pipeline> make(std::vector<StageSpec> stages, std::vector<std::string> raw = {}) {
  auto made = Pipeline::create({"p@1:abc", std::move(stages), std::move(raw)}, pump());
  EXPECT_TRUE(made.has_value()) << made.error().text();
  return made ? std::move(*made) : nullptr;
}

std::vector<Row> run(Pipeline& pipeline, std::vector<Row> rows, bool finish = false) {
  Batch in{std::move(rows), {}}, out;
  pipeline.process(in, out);
  auto all = out.rows;
  if (finish) {
    pipeline.finish(out);
    all.insert(all.end(), out.rows.begin(), out.rows.end());
  }
  return all;
}

std::vector<double> values(const std::vector<Row>& rows) {
  std::vector<double> out;
  for (const auto& row : rows) out.push_back(row.is_null ? std::nan("") : row.f64());
  return out;
}
std::vector<std::string> qualities(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(to_text(row.quality));
  return out;
}

TEST(Pipeline, WithoutStagesEverythingPasses) {
  auto pipeline = make({});
  EXPECT_FALSE(pipeline->holds_state());
  EXPECT_EQ(pipeline->output(), pump());
  Batch in, out;
  Row row = sample(1, 0, {}, 3);
  in.set_payload(row, "running");
  in.rows = {sample(1, 2.5), row};
  pipeline->process(in, out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out.payload(out.rows[1]), "running");
  EXPECT_EQ(out.rows[0].provenance, 1u);
  EXPECT_EQ(pipeline->recipes()[0].pipeline, "p@1:abc");
}

TEST(Scale, ChangesValueUnitAndType) {
  auto pipeline =
      make({ScaleSpec{{"temperature"}, 1.8, 32, "[degF]"}, ScaleSpec{{"starts"}, 0.5, 0, ""}});
  EXPECT_EQ(pipeline->output().metrics[1].unit, "[degF]");
  EXPECT_EQ(pipeline->output().metrics[2].datatype, DataType::float64);
  Row count = sample(1, 0, {}, 2);
  count.set_i64(7);
  const auto out =
      run(*pipeline, {sample(1, 100, {}, 1), count, sample(1, 5), sample(1, 1e308, {}, 1)});
  EXPECT_EQ(values({out[0], out[1], out[2]}), (std::vector<double>{212, 3.5, 5}));
  EXPECT_TRUE(out[3].is_null);
  EXPECT_EQ(out[3].quality, Quality::bad(Reason::out_of_range));
}

TEST(Median, ByHand) {
  auto pipeline = make({MedianSpec{{"flow"}, 3}});
  // 5 | 5,1 → 1 (the lower) | 5,1,4 → 4 | 1,4,100 → 4 | 4,100,6 → 6 | 100,6,7 → 7
  const auto out = run(*pipeline, {sample(1, 5), sample(2, 1), sample(3, 4), sample(4, 100),
                                   sample(5, 6), sample(6, 7)});
  EXPECT_EQ(values(out), (std::vector<double>{5, 1, 4, 4, 6, 7}));
}

TEST(Median, BadSamplesPassAndTakeNoPartUncertainOnesSpread) {
  auto pipeline = make({MedianSpec{{"flow"}, 3}});
  const auto unsure = Quality::uncertain(Reason::out_of_specification);
  const auto bad = Quality::bad(Reason::out_of_range);
  const auto out =
      run(*pipeline, {sample(1, 1), sample(2, 99, bad), sample(3, 2, unsure), sample(4, 3),
                      null_sample(5, Quality::bad(Reason::missing)), sample(6, 4), sample(7, 5)});
  EXPECT_THAT(qualities(out),
              ElementsAre("good", "bad:out_of_range", "uncertain:out_of_specification",
                          "uncertain:out_of_specification", "bad:missing",
                          "uncertain:out_of_specification", "good"));
  EXPECT_EQ(out[1].f64(), 99);
  EXPECT_EQ(out[5].f64(), 3);
}

TEST(Aggregate, WindowsByEventTime) {
  AggregateSpec spec{
      {"flow"},
      seconds(10),
      {Function::mean, Function::min, Function::max, Function::count, Function::stddev}};
  auto pipeline = make({spec});
  std::vector<std::string> names;
  for (const auto& metric : pipeline->output().metrics) names.push_back(metric.name);
  EXPECT_THAT(names, ElementsAre("temperature", "starts", "state", "flow/mean_10s", "flow/min_10s",
                                 "flow/max_10s", "flow/count_10s", "flow/stddev_10s"));
  // 2 4 4 4 5 5 7 9: mean 5, sum of squared deviations 32, s² = 32/7.
  const auto out =
      run(*pipeline, {sample(0, 2), sample(1, 4), sample(2, 4), sample(3, 4), sample(4, 5),
                      sample(5, 5), sample(6, 7), sample(9, 9), sample(10, 1)});
  ASSERT_EQ(out.size(), 5u) << "the window closes when event time reaches its end";
  EXPECT_EQ(out[0].f64(), 5);
  EXPECT_EQ(out[1].f64(), 2);
  EXPECT_EQ(out[2].f64(), 9);
  EXPECT_EQ(out[3].i64(), 8);
  EXPECT_EQ(out[4].f64(), std::sqrt(32.0 / 7.0));
  for (const auto& row : out) {
    EXPECT_EQ(row.ts_us, 0);
    EXPECT_EQ(row.quality, Quality::good());
  }
  EXPECT_EQ(pipeline->recipes()[out[4].provenance - 1].inputs,
            "flow; stddev over 10s of event time, lateness 0s");
}

TEST(Aggregate, IncompleteBadAndUncertainWindows) {
  AggregateSpec spec{{"flow"}, seconds(10), {Function::mean}};
  spec.count_expected = 2;
  auto pipeline = make({spec});
  const auto bad = Quality::bad(Reason::stuck);
  const auto out =
      run(*pipeline,
          {sample(5, 1), sample(6, 1),                                            // began within
           sample(10, 1), sample(11, 2),                                          // complete
           sample(20, 1),                                                         // one of two
           sample(30, 1), sample(31, 9, bad), sample(32, 3), sample(40, 9, bad),  // nothing else
           sample(60, 1), sample(61, 1, Quality::uncertain(Reason::stale)), sample(70, 1),
           sample(71, 1)},  // ended within
          true);
  EXPECT_THAT(qualities(out),
              ElementsAre("uncertain:incomplete_window", "good", "uncertain:incomplete_window",
                          "uncertain:bad_input", "bad:bad_input", "uncertain:stale",
                          "uncertain:incomplete_window"));
  EXPECT_EQ(out[3].f64(), 2);
  EXPECT_TRUE(out[4].is_null);
  EXPECT_EQ(out[5].ts_us, 60 * second_us) << "a window without samples gives nothing";
}

TEST(Aggregate, LateSamplesWithinTheLatenessCountOthersAreCounted) {
  AggregateSpec spec{{"flow"}, seconds(10), {Function::count}, seconds(5)};
  auto pipeline = make({spec});
  const auto out = run(*pipeline, {sample(0, 1), sample(12, 1), sample(3, 1), sample(15, 1),
                                   sample(4, 1), sample(25, 1)});
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].i64(), 2) << "second 3 came in time, second 4 after the close";
  EXPECT_EQ(out[1].i64(), 2);
  EXPECT_EQ(pipeline->counts().samples_late, 1u);
}

TEST(Aggregate, TheOrderOfArrivalChangesNoBit) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(1e6, 1);
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back(sample(i, normal(random) * (i % 7 ? 1 : 1e-9)));
  AggregateSpec spec{{"flow"}, seconds(100), {Function::mean, Function::stddev}, seconds(200)};
  auto in_order = make({spec});
  const auto expected = run(*in_order, rows, true);
  auto shuffled = rows;
  for (std::size_t from = 0; from < shuffled.size(); from += 100) {
    std::shuffle(shuffled.begin() + static_cast<std::ptrdiff_t>(from),
                 shuffled.begin() + static_cast<std::ptrdiff_t>(from) + 100, random);
  }
  auto other = make({spec});
  EXPECT_EQ(run(*other, shuffled, true), expected);
}

TEST(ExactSum, KeepsWhatDoublesLose) {
  ExactSum sum;
  for (const double value : {1e100, 1.0, -1e100, 1e-300, 3.0}) sum.add(value);
  EXPECT_EQ(sum.rounded(), 4.0);
  sum.clear();
  // Half-way cases: Python, math.fsum([1e16, 1, 1e-16]) == 1.0000000000000002e16.
  for (const double value : {1e16, 1.0, 1e-16}) sum.add(value);
  EXPECT_EQ(sum.rounded(), 10000000000000002.0);
  EXPECT_EQ(ExactSum{}.rounded(), 0);
}

TEST(ExactSum, VarianceFarFromZero) {
  // NIST Statistical Reference Datasets, univariate: NumAcc3 (1001 values 1000000.1 to .3):
  // sample mean 1000000.2, standard deviation 0.1. NumAcc4: 10000000.2 and 0.1.
  for (const double base : {1'000'000.0, 10'000'000.0}) {
    ExactSum sum, squares;
    const auto add = [&](double value) {
      sum.add(value);
      squares.add_product(value, value);
    };
    add(base + 0.2);
    for (int i = 0; i < 500; ++i) {
      add(base + 0.1);
      add(base + 0.3);
    }
    EXPECT_DOUBLE_EQ(sum.rounded() / 1001, base + 0.2);
    EXPECT_NEAR(std::sqrt(sample_variance(sum, squares, 1001)), 0.1, 2e-9)
        << "what is left is the distance of the inputs from their decimals";
  }
  // Against Welford's recurrence in long double.
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(299.85, 0.079);
  ExactSum sum, squares;
  long double mean = 0, m2 = 0;
  for (int i = 1; i <= 10'000; ++i) {
    const double value = normal(random);
    sum.add(value);
    squares.add_product(value, value);
    const long double delta = value - mean;
    mean += delta / i;
    m2 += delta * (value - mean);
  }
  EXPECT_NEAR(sample_variance(sum, squares, 10'000), static_cast<double>(m2 / 9'999), 1e-15);
}

TEST(Deadband, PassesChangesQualityAndAfterSilence) {
  DeadbandSpec spec{{"flow"}, 1, 10, seconds(100)};
  auto pipeline = make({spec});
  const auto out =
      run(*pipeline, {sample(0, 5), sample(1, 6), sample(2, 6.01), sample(3, 100), sample(4, 109),
                      sample(5, 111), sample(6, 111, Quality::uncertain(Reason::stale)),
                      sample(7, 111, Quality::uncertain(Reason::stale)),
                      sample(105, 111, Quality::uncertain(Reason::stale)),
                      sample(106, 111, Quality::uncertain(Reason::stale)),
                      null_sample(107, Quality::bad(Reason::missing)),
                      null_sample(108, Quality::bad(Reason::missing)), sample(50, 3)});
  std::vector<std::int64_t> times;
  for (const auto& row : out) times.push_back(row.ts_us / second_us);
  EXPECT_THAT(times, ElementsAre(0, 2, 3, 5, 6, 106, 107, 50))
      << "|6−5| ≤ 1; |109−100| ≤ 10 %; late ones pass";
  EXPECT_EQ(pipeline->counts().samples_in_deadband, 5u);
}

TEST(Flag, MarksRangeRateAndStuckAndDropsNothing) {
  FlagSpec spec;
  spec.metrics = {"flow"};
  spec.low = 0;
  spec.high = 100;
  spec.rate_max = 10;
  spec.stuck_after = seconds(3);
  auto pipeline = make({spec});
  const auto out =
      run(*pipeline, {sample(0, 50), sample(1, 58), sample(2, 90), sample(3, 59), sample(4, 101),
                      sample(5, 60), sample(6, 60), sample(7, 60), sample(8, 60), sample(9, 61),
                      sample(10, 200, Quality::bad(Reason::failure))});
  EXPECT_THAT(qualities(out),
              ElementsAre("good", "good", "uncertain:rate_exceeded", "good", "bad:out_of_range",
                          "good", "good", "good", "bad:stuck", "good", "bad:failure"));
  EXPECT_EQ(out[4].f64(), 101);
  EXPECT_EQ(pipeline->counts().samples_flagged, 4u);
}

TEST(Pipeline, RawKeptMetricsLeaveUntouchedBeforeFilters) {
  auto pipeline = make(
      {ScaleSpec{{"flow"}, 2, 0, "l/s"}, MedianSpec{{"flow"}, 3}, DeadbandSpec{{"flow"}, 5, 0, {}}},
      {"flow", "temperature"});
  ASSERT_EQ(pipeline->output().metrics.size(), 5u) << "temperature is not changed by any stage";
  EXPECT_EQ(pipeline->output().metrics[4],
            (ontology::MetricDefinition{"flow/raw", DataType::float64, "m3/h"}));
  const auto out = run(*pipeline, {sample(1, 10), sample(2, 10), sample(3, 10)});
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[0].slot, 4u);
  EXPECT_EQ(out[0].f64(), 10);
  EXPECT_EQ(out[1].slot, 0u);
  EXPECT_EQ(out[1].f64(), 20);
  EXPECT_EQ(pipeline->recipes()[out[1].provenance - 1].inputs,
            "flow; scale gain 2 offset 0; median of 3");
}

TEST(Pipeline, EveryProblemAtOnce) {
  AggregateSpec aggregate{{"flow"}, seconds(0), {}};
  FlagSpec flag;
  flag.low = 2;
  flag.high = 1;
  const auto made = Pipeline::create({"p",
                                      {ScaleSpec{{"flwo"}, 0, 0, ""}, MedianSpec{{"state"}, 4},
                                       aggregate, DeadbandSpec{{}, -1, 0, {}}, flag},
                                      {"flow2"}},
                                     pump());
  ASSERT_FALSE(made.has_value());
  for (const char* part : {"stages[0].metrics: there is no metric 'flwo'", "flow", "stages[0].gain",
                           "stages[1].metrics: metric 'state' is of type string",
                           "stages[1].window", "stages[2].window", "stages[2].functions",
                           "stages[3].absolute", "stages[4].low", "raw_kept[0]"}) {
    EXPECT_THAT(made.error().text(), HasSubstr(part));
  }
}

TEST(Pipeline, WhatAnAggregateTookInIsGoneForLaterStages) {
  AggregateSpec aggregate{{"flow"}, seconds(60), {Function::mean}};
  const auto made = Pipeline::create({"p", {aggregate, MedianSpec{{"flow"}, 3}}, {}}, pump());
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().text(), HasSubstr("keep its input"));
  EXPECT_TRUE(Pipeline::create({"p", {aggregate, MedianSpec{{"flow/mean_1m"}, 3}}, {}}, pump())
                  .has_value());
}

/// A pipeline of every stage, and a long untidy input.
std::vector<StageSpec> every_stage() {
  FlagSpec flag;
  flag.low = -3;
  flag.high = 3;
  flag.rate_max = 4;
  flag.stuck_after = seconds(4);
  AggregateSpec aggregate{{"flow", "temperature"},
                          seconds(7),
                          {Function::mean, Function::stddev, Function::count},
                          seconds(3)};
  aggregate.keep_input = true;
  return {flag, ScaleSpec{{"temperature"}, 2, 1, "K"}, MedianSpec{{"flow"}, 5}, aggregate,
          DeadbandSpec{{}, 0.3, 5, seconds(30)}};
}

std::vector<Row> untidy_input(std::mt19937_64& random, int count) {
  std::normal_distribution<double> normal(0, 1.5);
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::int64_t>(i / 2) - static_cast<std::int64_t>(random() % 6);
    Row row = sample(at, std::round(normal(random) * 4) / 4, {}, random() % 2);
    if (random() % 11 == 0) row.quality = Quality::uncertain(Reason::stale);
    if (random() % 13 == 0) {
      row = null_sample(at, Quality::bad(Reason::missing));
    }
    rows.push_back(row);
  }
  return rows;
}

TEST(Pipeline, AnySplitOfTheInputGivesTheSameOutput) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    const auto rows = untidy_input(random, 400);
    auto whole = make(every_stage(), {"flow"});
    const auto expected = run(*whole, rows, true);
    EXPECT_GT(expected.size(), 400u);
    auto split = make(every_stage(), {"flow"});
    std::vector<Row> got;
    Batch in, out;
    for (std::size_t at = 0; at < rows.size();) {
      const auto count = std::min<std::size_t>(random() % 20, rows.size() - at);
      in.rows.assign(rows.begin() + static_cast<std::ptrdiff_t>(at),
                     rows.begin() + static_cast<std::ptrdiff_t>(at + count));
      at += count;
      split->process(in, out);
      got.insert(got.end(), out.rows.begin(), out.rows.end());
    }
    split->finish(out);
    got.insert(got.end(), out.rows.begin(), out.rows.end());
    ASSERT_EQ(got, expected);
  }
}

TEST(Pipeline, GoesOnFromASnapshotAsIfNothingHadHappened) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 50; ++round) {
    const auto rows = untidy_input(random, 300);
    const auto cut = static_cast<std::ptrdiff_t>(random() % rows.size());
    auto whole = make(every_stage(), {"flow"});
    const auto expected = run(*whole, rows, true);
    auto before = make(every_stage(), {"flow"});
    auto got = run(*before, {rows.begin(), rows.begin() + cut});
    Bytes snapshot;
    before->snapshot(snapshot);
    auto after = make(every_stage(), {"flow"});
    ASSERT_TRUE(after->restore(snapshot).has_value());
    const auto rest = run(*after, {rows.begin() + cut, rows.end()}, true);
    got.insert(got.end(), rest.begin(), rest.end());
    ASSERT_EQ(got, expected);
  }
}

TEST(Pipeline, SnapshotsOfOthersAndDamagedOnesAreRefused) {
  std::mt19937_64 random(13);
  auto pipeline = make(every_stage());
  run(*pipeline, untidy_input(random, 100));
  Bytes snapshot;
  pipeline->snapshot(snapshot);
  auto stages = every_stage();
  std::get<MedianSpec>(stages[2]).window = 7;
  EXPECT_EQ(make(stages)->restore(snapshot).error().code(), Code::conflict);
  for (std::size_t size = 0; size < snapshot.size(); ++size) {
    auto other = make(every_stage());
    const auto restored = other->restore(ByteView(snapshot).first(size));
    ASSERT_FALSE(restored.has_value()) << size;
    EXPECT_EQ(restored.error().code(), Code::corrupt);
  }
  snapshot[0] = std::byte{2};
  EXPECT_EQ(pipeline->restore(snapshot).error().code(), Code::unsupported_version);
}

}  // namespace
}  // namespace millwright::pipeline
