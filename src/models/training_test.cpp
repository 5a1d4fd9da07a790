#include "models/training.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "models/random_rig.hpp"

namespace millwright::models {
namespace {

TrainingOptions small_options() {
  TrainingOptions options;
  for (const std::uint32_t depth : {2U, 4U}) {
    options.grid.push_back(
        {.rounds = 40, .depth = depth, .eta = 0.2, .min_child_weight = 5, .seed = 3});
  }
  options.rounds = {20, 40};
  return options;
}

Result<TrainedModel> train_small(const ForEach& for_each, const ReportProgress& report = {}) {
  return train(random_matrix(2000, 6, 11), small_options(), *make_xgboost_trainer(), for_each,
               report);
}

TEST(Training, GivesTheSameBytesOnAnyNumberOfThreads) {
  const auto one = train_small(for_each_in_order());
  ASSERT_TRUE(one) << one.error().text();
  for (const std::size_t threads : {1U, 2U, 5U}) {
    const auto many = train_small(for_each_on_threads(threads));
    ASSERT_TRUE(many);
    EXPECT_EQ(encode(many->trees), encode(one->trees)) << threads;
    EXPECT_EQ(many->cv_rmse, one->cv_rmse);
    EXPECT_EQ(many->intervals, one->intervals);
    EXPECT_EQ(many->out_of_fold, one->out_of_fold);
  }
}

TEST(Training, TriesTheWholeGridAndTakesTheBest) {
  std::vector<TrainingProgress> steps;
  const auto model = train_small(for_each_in_order(),
                                 [&](const TrainingProgress& step) { steps.push_back(step); });
  ASSERT_TRUE(model);
  ASSERT_EQ(model->candidates.size(), 4U);
  double best = model->candidates[0].rmse;
  for (const Candidate& row : model->candidates) best = std::min(best, row.rmse);
  EXPECT_EQ(model->cv_rmse, best);
  EXPECT_EQ(model->trees.trees(), model->parameters.rounds);
  EXPECT_LT(model->cv_rmse, 18);  // the target's own deviation is about 24
  EXPECT_EQ(model->groups, 20U);
  EXPECT_EQ(model->data, random_matrix(2000, 6, 11).digest());
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps.back().done, steps.back().total);
  EXPECT_EQ(steps.back().total, 11U);
  for (std::size_t i = 1; i < steps.size(); ++i) EXPECT_GT(steps[i].done, steps[i - 1].done);
}

TEST(Training, SplitsByGroupNeverByRow) {
  const FeatureMatrix matrix = random_matrix(2000, 6, 11);
  const auto folds = folds_of(matrix, 5, 1);
  std::map<std::uint32_t, std::set<std::uint32_t>> of_group;
  std::map<std::uint32_t, int> groups_in;
  for (std::size_t i = 0; i < folds.size(); ++i) of_group[matrix.group[i]].insert(folds[i]);
  for (const auto& [group, its] : of_group) {
    EXPECT_EQ(its.size(), 1U) << group;
    ++groups_in[*its.begin()];
  }
  for (const auto& [fold, count] : groups_in) EXPECT_EQ(count, 4) << fold;
  EXPECT_NE(folds_of(matrix, 5, 2), folds);
}

TEST(Training, RefusesWithEveryProblem) {
  TrainingOptions options = small_options();
  options.folds = 1;
  options.coverage = 1;
  options.grid[1].depth = 40;
  const auto refused =
      train(random_matrix(100, 3, 1), options, *make_xgboost_trainer(), for_each_in_order());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(),
            "the training cannot start (invalid_input)\n"
            "  folds: 1; expected at least 2\n"
            "  coverage: 1; expected between 0 and 1\n"
            "  grid[1].depth: 40; expected 1 to 12");
  options = small_options();
  options.folds = 21;
  EXPECT_EQ(train(random_matrix(100, 3, 1), options, *make_xgboost_trainer(), for_each_in_order())
                .error()
                .code(),
            Code::invalid_input);
}

struct Pairs {
  std::vector<double> predictions;
  std::vector<double> truths;
};

/// Errors that grow with the prediction.
Pairs pairs(std::size_t count, std::uint64_t seed) {
  TestNumbers numbers(seed);
  Pairs out;
  for (std::size_t i = 0; i < count; ++i) {
    const double prediction = 100 * numbers.share();
    out.predictions.push_back(prediction);
    out.truths.push_back(
        std::clamp(prediction + numbers.normal() * (1 + prediction / 5), 0.0, 125.0));
  }
  return out;
}

TEST(IntervalTable, CoversWhatItPromisesAndNoMore) {
  const Pairs seen = pairs(4000, 1);
  const Pairs fresh = pairs(20000, 2);
  double width_before = 0;
  for (const double coverage : {0.5, 0.8, 0.9, 0.95}) {
    const auto table =
        fit_intervals(seen.predictions, seen.truths,
                      {.coverage = coverage, .bins = 8, .low_end = 0, .high_end = 125});
    ASSERT_TRUE(table);
    double inside = 0;
    double width = 0;
    for (std::size_t i = 0; i < fresh.predictions.size(); ++i) {
      const statistics::Interval interval = table->at(fresh.predictions[i]);
      inside += interval.contains(fresh.truths[i]) ? 1 : 0;
      width += interval.high - interval.low;
    }
    EXPECT_NEAR(inside / 20000, coverage, 0.02);
    EXPECT_GT(width, width_before);  // more coverage, wider intervals
    width_before = width;
    // Small predictions are surer than large ones.
    EXPECT_LT(table->below.front() + table->above.front(), table->below[6] + table->above[6]);
  }
}

TEST(IntervalTable, NeverPromisesFromTooLittle) {
  const Pairs few = pairs(30, 1);
  EXPECT_EQ(fit_intervals(few.predictions, few.truths, {.coverage = 0.9}).error().code(),
            Code::invalid_input);
  // All predictions alike are one bin, not eight.
  const std::vector<double> same(2000, 7.0);
  const auto table = fit_intervals(same, pairs(2000, 3).truths,
                                   {.coverage = 0.9, .bins = 8, .low_end = 0, .high_end = 125});
  ASSERT_TRUE(table);
  EXPECT_LE(table->edges.size(), 1U);
  EXPECT_EQ(IntervalTable::parse(table->node()).value(), *table);
}

}  // namespace
}  // namespace millwright::models
