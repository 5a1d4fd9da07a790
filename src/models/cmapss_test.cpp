// The proof on recorded data: trained on train_FD001 with everything chosen by cross-validation,
// then asked for the last cycle of the 100 test engines. Prints what it measured.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "base/format.hpp"
#include "models/cmapss_rig.hpp"
#include "models/training.hpp"

namespace millwright::models {
namespace {

constexpr double target_max = 125;

FeatureSpec spec() {
  return {.inputs = cmapss_signals(),
          .windows = {5, 15, 30},
          .functions = {WindowFunction::last, WindowFunction::mean, WindowFunction::slope,
                        WindowFunction::deviation},
          .add_age = true};
}

TEST(Cmapss, RemainingLifeIsAsGoodAsTheReference) {
  const auto records = cmapss_records("train_FD001");
  const auto test = cmapss_records("test_FD001");
  if (!records || !test)
    GTEST_SKIP() << "no C-MAPSS in " << cmapss_folder() << "; set MILLWRIGHT_DATA_DIR";
  auto matrix = matrix_of(spec(), *records);
  ASSERT_TRUE(matrix) << matrix.error().text();
  set_remaining_scans(*matrix, target_max);
  ASSERT_EQ(matrix->rows(), 20631U);

  TrainingOptions options;
  options.grid = default_grid(7);
  options.rounds = {100, 150, 200};
  const auto start = std::chrono::steady_clock::now();
  const auto model = train(*matrix, options, *make_xgboost_trainer(), for_each_on_threads(2));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(model) << model.error().text();
  for (const Candidate& row : model->candidates) {
    fmt::print("cv {:.3f} ± {:.3f} {}\n", row.rmse, row.deviation,
               catalog::canonical_json(row.parameters.node()));
  }
  fmt::print("{} rows, {} columns, trained in {:.1f} s: cv_rmse {:.3f}, bias {:.2f}, {}\n",
             matrix->rows(), matrix->columns, took.count(), model->cv_rmse, model->cv_bias,
             catalog::canonical_json(model->parameters.node()));

  // Only now the test engines.
  const std::vector<double> truths = cmapss_truth();
  ASSERT_EQ(truths.size(), test->size());
  double squares = 0;
  double score = 0;
  int inside = 0;
  double width = 0;
  for (std::size_t i = 0; i < test->size(); ++i) {
    const auto rows = matrix_of(spec(), std::span(*test).subspan(i, 1));
    ASSERT_TRUE(rows);
    const double predicted = predict_cut(model->trees, rows->row(rows->rows() - 1), target_max);
    const double truth = std::min(truths[i], target_max);
    squares += (predicted - truth) * (predicted - truth);
    const double late = predicted - truths[i];
    score += late < 0 ? std::exp(-late / 13) - 1 : std::exp(late / 10) - 1;
    const statistics::Interval interval = model->intervals.at(predicted);
    inside += interval.contains(truth) ? 1 : 0;
    width += interval.high - interval.low;
  }
  const double rmse = std::sqrt(squares / static_cast<double>(truths.size()));
  fmt::print(
      "test engines: RMSE {:.3f} (both clipped at 125), NASA score {:.0f} (not clipped), "
      "interval covers {} of 100, mean width {:.1f}\n",
      rmse, score, inside, width / static_cast<double>(truths.size()));
  EXPECT_LE(rmse, 14.0);
  EXPECT_GE(inside, 80);
}

}  // namespace
}  // namespace millwright::models
