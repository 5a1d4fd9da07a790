// What one verdict of tier 2 costs, and what share of a core 1,000 assets a second take: as many
// inputs and features as the turbofan has, trees by our runtime and by ONNX Runtime.
#include <benchmark/benchmark.h>

#include <numeric>

#include "base/format.hpp"
#include "models/gateway_scorer.hpp"
#include "models/onnx.hpp"
#include "models/random_rig.hpp"
#include "models/tree_training.hpp"

namespace millwright::models {
namespace {

constexpr std::size_t inputs = 14;
constexpr std::size_t assets = 1000;

FeatureSpec features() {
  FeatureSpec spec{.inputs = {},
                   .windows = {5, 15, 30},
                   .functions = {WindowFunction::last, WindowFunction::mean, WindowFunction::slope,
                                 WindowFunction::deviation},
                   .add_age = true};
  for (std::size_t i = 0; i < inputs; ++i) spec.inputs.push_back(fmt::format("s{}", i));
  return spec;
}

Bundle trained() {
  Bundle out;
  out.name = "remaining-life";
  out.kind = ModelKind::rul;
  out.features = features();
  out.units.assign(inputs, "1");
  out.target = "remaining life";
  out.target_unit = "h";
  out.target_max = 125;
  out.training.parameters = catalog::Node::make_map();
  const FeatureMatrix matrix = random_matrix(20000, out.features.width(), 1);
  std::vector<std::size_t> rows(matrix.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const Bytes model = xgboost_train(matrix, rows, {.rounds = 400, .depth = 6}, 2).value();
  out.trees = trees_of_xgboost(model).value();
  out.onnx = onnx_of(*out.trees, "remaining-life");
  out.intervals = IntervalTable{.coverage = 0.9,
                                .low_end = 0,
                                .high_end = 125,
                                .edges = {60},
                                .below = {5, 9},
                                .above = {5, 9}};
  return out;
}

const Bundle& bundle() {
  static const Bundle made = trained();
  return made;
}

ontology::DeviceSchema schema_of(std::size_t asset) {
  ontology::DeviceSchema schema{{"site-a", "edge-1", fmt::format("engine-{:04}", asset)}, {}};
  for (std::size_t i = 0; i < inputs; ++i) {
    schema.metrics.push_back({fmt::format("s{}", i), ontology::DataType::float64, "1"});
  }
  schema.metrics.push_back({"anomaly/score", ontology::DataType::float64, "1"});
  return schema;
}

/// One second of 1,000 assets an iteration.
void verdicts(benchmark::State& state, OnnxRuntime* runtime) {
  SilentLog log;
  auto scorer = GatewayScorer::create({.reference_scans = 0}, runtime, log).value();
  std::vector<ontology::DeviceSchema> schemas;
  for (std::size_t asset = 0; asset < assets; ++asset) {
    schemas.push_back(schema_of(asset));
    scorer->on_schema(schemas.back());
  }
  const Bytes bytes = encode(bundle());
  if (!scorer->activate(bundle_digest(bytes).hex(), bytes)) return state.SkipWithError("refused");
  ontology::Batch batch;
  for (std::uint32_t slot = 0; slot <= inputs; ++slot) {
    batch.rows.emplace_back();
    batch.rows.back().slot = slot;
  }
  TestNumbers numbers(1);
  std::vector<gateway::DerivedScan> out;
  std::int64_t second = 0;
  const auto play = [&] {
    ++second;
    for (const auto& schema : schemas) {
      for (auto& row : batch.rows) {
        row.ts_us = second * 1'000'000;
        row.set_f64(row.slot == inputs ? 0.1 : 10 * numbers.share());
      }
      out.clear();
      scorer->process({schema, batch, {1, 0, batch.size()}, sparkplug::DataClass::live}, out);
      benchmark::DoNotOptimize(out);
    }
  };
  for (int i = 0; i < 60; ++i) play();  // windows are full
  for (auto _ : state) play();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(assets));
  // Seconds of work a second of plant, that is, the share of one core.
  state.counters["core_share"] =
      benchmark::Counter(static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_GatewayThousandAssetsOurTrees(benchmark::State& state) {
  verdicts(state, nullptr);
}
BENCHMARK(BM_GatewayThousandAssetsOurTrees)->Unit(benchmark::kMillisecond);

void BM_GatewayThousandAssetsOnnxRuntime(benchmark::State& state) {
  const auto runtime = open_onnx_runtime().value();
  verdicts(state, runtime.get());
}
BENCHMARK(BM_GatewayThousandAssetsOnnxRuntime)->Unit(benchmark::kMillisecond);

/// The model alone, one row a call.
void BM_GatewayModelOnly(benchmark::State& state) {
  const auto runtime = open_onnx_runtime().value();
  SilentLog log;
  const Bytes bytes = encode(bundle());
  auto model =
      ServedModel::load("digest", bytes, state.range(0) != 0 ? runtime.get() : nullptr, log)
          .value();
  FeatureRow row;
  row.values.assign(features().width(), 1.0F);
  std::vector<RulAnswer> out;
  for (auto _ : state) {
    model->answer({&row, 1}, out);
    benchmark::DoNotOptimize(out);
  }
  state.SetLabel(state.range(0) != 0 ? "ONNX Runtime" : "our trees");
}
BENCHMARK(BM_GatewayModelOnly)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace millwright::models
