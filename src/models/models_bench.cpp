// What one row costs: features, PCA score, trees by our runtime beside ONNX Runtime and XGBoost,
// fused health of one asset.
#include <benchmark/benchmark.h>

#include <numeric>

#include "models/fusion.hpp"
#include "models/onnx.hpp"
#include "models/random_rig.hpp"
#include "models/tree_training.hpp"

namespace millwright::models {
namespace {

constexpr std::size_t inputs = 21;  // as many as C-MAPSS has
constexpr std::size_t batch = 64;

std::vector<std::size_t> all_rows(const FeatureMatrix& matrix) {
  std::vector<std::size_t> rows(matrix.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

struct Forest {
  FeatureMatrix matrix = random_matrix(20000, 32, 1);
  Bytes model = xgboost_train(matrix, all_rows(matrix), {.rounds = 100, .depth = 6}, 2).value();
  TreeEnsemble trees = trees_of_xgboost(model).value();
};

const Forest& forest() {
  static const Forest made;
  return made;
}

void BM_FeatureWindowPush(benchmark::State& state) {
  FeatureSpec spec{.inputs = {},
                   .windows = {5, 15, 30},
                   .functions = {WindowFunction::last, WindowFunction::mean, WindowFunction::slope,
                                 WindowFunction::deviation},
                   .add_age = true};
  for (std::size_t i = 0; i < inputs; ++i) spec.inputs.push_back("s" + std::to_string(i));
  FeatureWindow window(spec);
  std::vector<double> values(inputs);
  std::int64_t at = 0;
  for (auto _ : state) {
    for (double& value : values) value += 0.5;
    benchmark::DoNotOptimize(window.push({.at = {++at}, .values = values, .quality = {}}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FeatureWindowPush);

void BM_PcaScore(benchmark::State& state) {
  const FeatureMatrix matrix = random_matrix(500, inputs, 3);
  const PcaMonitor monitor =
      fit_pca(matrix, all_rows(matrix), {.variance_share = 0.5, .alpha = 0.001}).value();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(monitor.score(matrix.row(++i % matrix.rows())));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PcaScore);

void BM_TreesOurs(benchmark::State& state) {
  const Forest& made = forest();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(made.trees.predict(made.matrix.row(++i % made.matrix.rows())));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_TreesOurs);

void BM_TreesOnnxRuntime(benchmark::State& state) {
  const Forest& made = forest();
  const auto rows = static_cast<std::size_t>(state.range(0));
  const auto runtime = open_onnx_runtime().value();
  const auto runner = runtime->load(onnx_of(made.trees, "trees")).value();
  std::size_t i = 0;
  for (auto _ : state) {
    const auto values = std::span(made.matrix.values).subspan((i++ * rows % 10000) * 32, rows * 32);
    benchmark::DoNotOptimize(runner->run(values, 32));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_TreesOnnxRuntime)->Arg(1)->Arg(batch);

/// In place, the model loaded once, one thread.
void BM_TreesXgboost(benchmark::State& state) {
  const Forest& made = forest();
  const auto rows = static_cast<std::size_t>(state.range(0));
  const auto runner = xgboost_runner(made.model).value();
  std::size_t i = 0;
  for (auto _ : state) {
    const auto values = std::span(made.matrix.values).subspan((i++ * rows % 10000) * 32, rows * 32);
    benchmark::DoNotOptimize(runner->run(values, 32));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_TreesXgboost)->Arg(1)->Arg(batch);

void BM_FusionUpdate(benchmark::State& state) {
  FusionSpec spec;
  for (const char* name : {"rul", "anomaly", "trend", "sensors"}) {
    spec.inputs.push_back(
        {.name = name, .weight = 0.8, .calibration = {{{0, 0}, {0.5, 0.2}, {1, 1}}}});
  }
  Fusion fusion(spec);
  Reading readings[4];
  Timestamp at{};
  double value = 0;
  for (auto _ : state) {
    at = at + std::chrono::seconds(1);
    value = value > 1 ? 0 : value + 0.001;
    for (Reading& reading : readings) reading.value = value;
    benchmark::DoNotOptimize(fusion.update(at, readings));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FusionUpdate);

}  // namespace
}  // namespace millwright::models
