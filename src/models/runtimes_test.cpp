// Three runtimes on the same trees and monitors: ours, XGBoost's own, ONNX Runtime. They agree when
// |a − b| ≤ 1e-5 · max(1, |a|) and leaf indices are equal.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "models/onnx.hpp"
#include "models/random_rig.hpp"
#include "models/tree_training.hpp"

namespace millwright::models {
namespace {

constexpr std::size_t columns = 12;

std::vector<std::size_t> first_rows(std::size_t count) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

bool agree(float a, float b) {
  const double left = static_cast<double>(a);
  return std::abs(left - static_cast<double>(b)) <= 1e-5 * std::max(1.0, std::abs(left));
}

TreeParameters parameters(Objective objective = Objective::squared_error) {
  return {.objective = objective, .rounds = 60, .depth = 6, .eta = 0.2, .min_child_weight = 2};
}

struct Trained {
  FeatureMatrix matrix;
  Bytes model;
  TreeEnsemble trees;
};

Trained train_some(Objective objective) {
  Trained out{.matrix = random_matrix(3000, columns, 5), .model = {}, .trees = {}};
  if (objective == Objective::logistic) {
    for (float& target : out.matrix.target) target = target > 60 ? 1 : 0;
  }
  const auto rows = first_rows(2000);
  out.model = xgboost_train(out.matrix, rows, parameters(objective), 1).value();
  out.trees = trees_of_xgboost(out.model).value();
  return out;
}

/// Rows that training has not seen, with values on thresholds and far outside among them.
std::vector<float> fresh_rows(const TreeEnsemble& trees) {
  std::vector<float> values = random_matrix(2000, columns, 99).values;
  std::size_t at = 0;
  for (const TreeNode& node : trees.nodes) {
    if (node.leaf || at + columns > values.size() / 2) continue;
    values[at + node.feature] = node.value;
    at += columns;
  }
  values.back() = 1e30F;
  values.front() = -1e30F;
  return values;
}

class Runtimes : public ::testing::TestWithParam<Objective> {};

TEST_P(Runtimes, AgreeOnTrees) {
  const Trained trained = train_some(GetParam());
  ASSERT_EQ(trained.trees.trees(), 60U);
  std::vector<float> values = fresh_rows(trained.trees);
  const auto onnx = open_onnx_runtime();
  ASSERT_TRUE(onnx) << onnx.error().text();
  const Bytes exported = onnx_of(trained.trees, "trees");
  EXPECT_EQ(onnx_of(trained.trees, "trees"), exported);
  auto runner = (*onnx)->load(exported);
  ASSERT_TRUE(runner) << runner.error().text();
  EXPECT_EQ((*runner)->columns(), columns);
  const auto answers = (*runner)->run(values, columns);
  ASSERT_TRUE(answers) << answers.error().text();
  const auto foreign = xgboost_predict(trained.model, values, columns);
  ASSERT_TRUE(foreign) << foreign.error().text();
  const std::size_t rows = values.size() / columns;
  ASSERT_EQ(foreign->leaves.size(), rows * trained.trees.trees());
  ASSERT_EQ(answers->at(0).size(), rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = std::span<const float>(values).subspan(i * columns, columns);
    const float ours = trained.trees.predict(row);
    EXPECT_TRUE(agree(ours, foreign->values[i])) << ours << " " << foreign->values[i];
    EXPECT_TRUE(agree(ours, answers->at(0)[i])) << ours << " " << answers->at(0)[i];
    for (std::size_t t = 0; t < trained.trees.trees(); ++t) {
      ASSERT_EQ(trained.trees.leaf(t, row), foreign->leaves[i * trained.trees.trees() + t]);
    }
  }
}

TEST_P(Runtimes, AgreeOnMissingValues) {
  const Trained trained = train_some(GetParam());
  std::vector<float> values = fresh_rows(trained.trees);
  for (std::size_t i = 0; i < values.size(); i += 5) {
    values[i] = std::numeric_limits<float>::quiet_NaN();
  }
  const auto foreign = xgboost_predict(trained.model, values, columns);
  ASSERT_TRUE(foreign);
  const auto peer = xgboost_runner(trained.model);
  ASSERT_TRUE(peer) << peer.error().text();
  EXPECT_EQ((*peer)->run(values, columns).value().at(0), foreign->values);
  EXPECT_EQ((*peer)->run(values, columns + 1).error().code(), Code::invalid_input);
  EXPECT_FALSE(xgboost_runner(as_bytes("no model")));
  const auto onnx = open_onnx_runtime();
  const auto answers =
      onnx.value()->load(onnx_of(trained.trees, "trees")).value()->run(values, columns);
  for (std::size_t i = 0; i < foreign->values.size(); ++i) {
    const auto row = std::span<const float>(values).subspan(i * columns, columns);
    EXPECT_TRUE(agree(trained.trees.predict(row), foreign->values[i]));
    EXPECT_TRUE(agree(trained.trees.predict(row), answers->at(0)[i]));
  }
}

INSTANTIATE_TEST_SUITE_P(Objectives, Runtimes,
                         ::testing::Values(Objective::squared_error, Objective::logistic),
                         [](const auto& one) {
                           return one.param == Objective::logistic ? "logistic" : "number";
                         });

TEST(Xgboost, LearnsTheSameBytesAgain) {
  const FeatureMatrix matrix = random_matrix(3000, columns, 5);
  const auto rows = first_rows(3000);
  const Bytes once = xgboost_train(matrix, rows, parameters(), 1).value();
  // Something else in between must not matter.
  TreeParameters other = parameters();
  other.seed = 77;
  other.rounds = 3;
  EXPECT_NE(xgboost_train(matrix, rows, other, 1).value(), once);
  EXPECT_EQ(xgboost_train(matrix, rows, parameters(), 1).value(), once);
  const Bytes two = xgboost_train(matrix, rows, parameters(), 2).value();
  const bool same = trees_of_xgboost(two).value() == trees_of_xgboost(once).value();
  RecordProperty("two_threads_give_the_same_trees", same ? "yes" : "no");
}

TEST(Xgboost, RefusesWhatCannotBeTrained) {
  FeatureMatrix matrix = random_matrix(50, 3, 1);
  const auto rows = first_rows(50);
  TreeParameters wrong = parameters();
  wrong.depth = 0;
  wrong.eta = 2;
  const auto refused = make_xgboost_trainer()->train(matrix, rows, wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(),
            "the training cannot start (invalid_input)\n"
            "  depth: 0; expected 1 to 12\n"
            "  eta: 2; expected above 0, at most 1");
  matrix.target[7] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(make_xgboost_trainer()->train(matrix, rows, parameters()).error().code(),
            Code::invalid_input);
  EXPECT_EQ(trees_of_xgboost(as_bytes("{}")).error().code(), Code::corrupt);
  EXPECT_EQ(trees_of_xgboost(as_bytes("not json")).error().code(), Code::corrupt);
}

TEST(OnnxRuntimePort, AgreesOnAMonitor) {
  const FeatureMatrix matrix = random_matrix(500, 8, 3);
  const PcaMonitor monitor =
      fit_pca(matrix, first_rows(500), {.variance_share = 0.7, .alpha = 0.01}).value();
  ASSERT_LT(monitor.components, 8U);
  const auto onnx = open_onnx_runtime();
  const auto runner = onnx.value()->load(onnx_of(monitor, "monitor"));
  ASSERT_TRUE(runner) << runner.error().text();
  const auto answers = (*runner)->run(matrix.values, 8);
  ASSERT_TRUE(answers);
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    const PcaScore ours = monitor.score(matrix.row(i));
    EXPECT_TRUE(agree(static_cast<float>(ours.t2), answers->at(0)[i]));
    EXPECT_TRUE(agree(static_cast<float>(ours.spe), answers->at(1)[i]));
  }
}

TEST(OnnxRuntimePort, RefusesDamagedModelsAndWrongShapes) {
  const auto onnx = open_onnx_runtime();
  Bytes model = onnx_of(train_some(Objective::squared_error).trees, "trees");
  const auto garbage = onnx.value()->load(as_bytes("this is no model"));
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().code(), Code::corrupt);
  EXPECT_FALSE(onnx.value()->load({}));
  EXPECT_FALSE(onnx.value()->load(ByteView(model).first(model.size() / 2)));
  const auto runner = onnx.value()->load(model);
  EXPECT_EQ((*runner)->run(std::vector<float>(24), 8).error().code(), Code::invalid_input);
  EXPECT_EQ((*runner)->run(std::vector<float>(13), columns).error().code(), Code::invalid_input);
  EXPECT_TRUE((*runner)->run({}, columns)->at(0).empty());
}

TEST(OnnxRuntimePort, LeavesStandardErrorAsItWas) {
  const FeatureMatrix matrix = random_matrix(100, 3, 3);
  const Bytes model = onnx_of(
      fit_pca(matrix, first_rows(100), {.variance_share = 0.5, .alpha = 0.01}).value(), "monitor");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int kept = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  const auto runtime = open_onnx_runtime();
  const bool opened = runtime && (*runtime)->load(model);
  (void)!write(STDERR_FILENO, "!", 1);
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(ends[1]);
  char got[256];
  const ssize_t size = read(ends[0], got, sizeof got);
  close(ends[0]);
  EXPECT_TRUE(opened);
  EXPECT_EQ(size, 1);
}

}  // namespace
}  // namespace millwright::models
