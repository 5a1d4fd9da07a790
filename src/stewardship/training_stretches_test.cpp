// Training of models that judge only while a machine runs: pumps that stop, fail and are repaired.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "base/format.hpp"
#include "catalog/commands.hpp"
#include "fabric/historian/historian_fixture.hpp"
#include "models/onnx.hpp"
#include "stewardship/training_job.hpp"

namespace millwright::stewardship {
namespace {

constexpr std::string_view declared = R"(
apiVersion: millwright/v1
kind: Site
metadata: {name: site-a}
spec: {title: Works A, timeZone: UTC, gateway: gateway-a, edges: [{name: edge-a1}]}
---
apiVersion: millwright/v1
kind: AssetType
metadata: {name: pump}
spec:
  title: Pump
  signals: [{name: vibration_rms, unit: mm/s}, {name: flow, unit: m3/h}, {name: state, datatype: string}]
---
apiVersion: millwright/v1
kind: Asset
metadata: {name: pumps}
spec: {title: "Pump {key}", each: {keys: 1..3, name: "pump-{key}"}, type: pump, site: site-a, area: hall, line: line-1}
---
apiVersion: millwright/v1
kind: Device
metadata: {name: pumps, labels: {machine: pump}}
spec:
  site: site-a
  edge: edge-a1
  asset: "pump-{key}"
  each: {keys: 1..3, name: "pump-{key}"}
  driver: {kind: plant, machine: pump, seed: 1}
  metrics: [{name: vibration_rms, unit: mm/s}, {name: flow, unit: m3/h}, {name: state, datatype: string}]
---
apiVersion: millwright/v1
kind: Model
metadata: {name: pump-anomaly}
spec:
  title: Departure
  tier: edge
  algorithm: pca
  assetType: pump
  inputs: [vibration_rms, flow]
  while: {signal: state, is: [running]}
  training: {labels: {machine: pump}, healthyScans: 10}
---
apiVersion: millwright/v1
kind: Model
metadata: {name: pump-life}
spec:
  title: Time to the next failure
  tier: gateway
  algorithm: gradient_boosting
  assetType: pump
  inputs: [vibration_rms, flow]
  features: {windows: [3], functions: [last, mean]}
  while: {signal: state, is: [running]}
  target: {kind: remaining_life, unit: min, clip: 30, becomes: [failed]}
  training: {labels: {machine: pump}, folds: 3, grid: {rounds: [20], depth: [3], eta: [0.3], minChildWeight: [1]}}
)";

class TrainingStretches : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "stretches-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    const catalog::SourceText source{"pumps.yaml", std::string(declared)};
    auto report = catalog::check({source}, {});
    ASSERT_TRUE(report.problems.empty()) << report.problems.front().text();
    for (auto& one : report.resources) resources_.push_back(std::move(one.resource));
    disk_ = std::move(*engine::open_posix_disk(root_));
    auto store = engine::open_duckdb_store({root_, 1, "512MB"});
    ASSERT_TRUE(store) << store.error().text();
    store_ = std::move(*store);
    h_ = std::make_unique<historian::TestHistorian>(*disk_, *store_, clock_);
  }
  void TearDown() override {
    h_.reset();
    store_.reset();
    std::filesystem::remove_all(root_);
  }
  /// A letter a minute: r(unning), f(ailed), s(topped). The state is told with each scan, or on
  /// change at the half minute before. While it does not run values are such that nobody could
  /// learn from them.
  void store(int pump, std::string_view letters, bool on_change = false) {
    const auto series = (*h_)->define({{"site-a", "edge-a1", fmt::format("pump-{}", pump)},
                                       {{"vibration_rms", ontology::DataType::float64, "mm/s"},
                                        {"flow", ontology::DataType::float64, "m3/h"},
                                        {"state", ontology::DataType::string, ""}}});
    ASSERT_TRUE(series);
    ontology::Batch batch;
    char before = ' ';
    int age = 0;
    for (std::size_t scan = 0; scan < letters.size(); ++scan) {
      const char letter = letters[scan];
      const bool is_new = letter != before;
      age = letter != 'r' ? 0 : is_new ? 1 : age + 1;
      before = letter;
      ontology::Row row;
      row.ts_us = 1'767'225'600'000'000 + static_cast<std::int64_t>(scan) * 60'000'000;
      row.set_f64(letter == 'r' ? 2 + 0.1 * age + 0.01 * ((pump + age) % 3) : 1e6);
      batch.rows.push_back(row);
      row.slot = 1;
      row.set_f64(letter == 'r' ? 90 - 0.5 * age + 0.1 * ((pump * age) % 5) : 0);
      batch.rows.push_back(row);
      if (on_change && !is_new) continue;
      if (on_change) row.ts_us -= 30'000'000;
      row.slot = 2;
      batch.set_payload(row, letter == 'r' ? "running" : letter == 'f' ? "failed" : "stopped");
      batch.rows.push_back(row);
    }
    ASSERT_TRUE((*h_)->append({*series, {}, &batch, &edge_, 7, next_, 0}));
    next_ += batch.size();
    ASSERT_TRUE((*h_)->commit());
  }
  Result<TrainedBundle> train(std::string_view model) {
    const auto spec = find_model_spec(model, resources_);
    if (!spec) return std::unexpected(spec.error());
    const auto trainer = models::make_xgboost_trainer();
    return train_model(*spec, resources_, [this](const std::string& sql) { return h_->sql(sql); },
                       {*trainer, models::for_each_on_threads(1),
                        [](const models::TreeEnsemble& trees, std::string_view name) {
                          return models::onnx_of(trees, name);
                        }},
                       {.version = 1, .as_of = {}, .trained_by = "millwright test"});
  }

  std::string root_;
  std::vector<catalog::Resource> resources_;
  historian::ManualClock clock_;
  std::unique_ptr<engine::Disk> disk_;
  std::unique_ptr<engine::SegmentStore> store_;
  std::unique_ptr<historian::TestHistorian> h_;
  historian::ProducerId edge_{"site-a", "edge-a1"};
  historian::Sequence next_ = 0;
};

const std::string unseen = std::string(20, 'r') + "ff";
std::string life(int scans, char end) {
  return std::string(static_cast<std::size_t>(scans), 'r') + std::string(2, end);
}

TEST_F(TrainingStretches, HealthyIsTheBeginningOfEachLifeThatWasSeen) {
  for (int pump = 1; pump <= 2; ++pump)
    store(pump, unseen + life(25, 's') + life(30, 'f'), pump == 2);
  auto trained = train("pump-anomaly");
  ASSERT_TRUE(trained) << trained.error().text();
  const auto& bundle = trained->bundle;
  EXPECT_EQ(bundle.training.metrics.at("healthy_rows"), 2 * 2 * 10);
  EXPECT_EQ(bundle.training.metrics.at("stretches"), 4);
  EXPECT_EQ(bundle.training.metrics.at("stretches_left_out"), 2);
  EXPECT_EQ(bundle.training.rows, 2u * (25 + 30));
  EXPECT_EQ(bundle.training.groups, 2u);
  EXPECT_LT(bundle.pca->mean[0], 3.2F) << "ages 1 to 10";
  EXPECT_EQ(bundle.features.scope, (ontology::StateScope{"state", {"running"}}));
  EXPECT_EQ(bundle.limits,
            "Learnt from 2 devices with machine=pump; what they did not show, the model does not "
            "know. It judges only while state is running, and saw 4 such stretches; 2 more were "
            "left out: the beginning of 2 was not seen.");
  EXPECT_EQ(trained->silent, std::vector<std::string>{"site-a/edge-a1/pump-3"});
  const auto again = models::decode_bundle(trained->bytes);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->features, bundle.features);
}

TEST_F(TrainingStretches, ALifeEndsWhereTheMachineFailedAndNoFoldSplitsADevice) {
  for (int pump = 1; pump <= 3; ++pump)
    store(pump, unseen + life(25, 's') + life(30 + pump, 'f') + std::string(9, 'r'), pump != 1);
  auto trained = train("pump-life");
  ASSERT_TRUE(trained) << trained.error().text();
  const auto& bundle = trained->bundle;
  // The first stretch ended in a failure too; how old it was does not matter to these features.
  EXPECT_EQ(bundle.training.metrics.at("stretches"), 6);
  EXPECT_EQ(bundle.training.metrics.at("stretches_left_out"), 6);
  EXPECT_EQ(bundle.training.rows, 3u * 20 + 31 + 32 + 33);
  EXPECT_EQ(bundle.training.groups, 3u);
  EXPECT_EQ(bundle.target_max, 30);
  EXPECT_TRUE(bundle.limits.ends_with("6 more were left out: 6 did not end in failed."))
      << bundle.limits;
  // Near the end of a life it says so: the time goes to the last running scan before the failure.
  models::FeatureWindow window(bundle.features);
  float early = 0;
  float late = 0;
  for (int age = 1; age <= 31; ++age) {
    const double values[] = {2 + 0.1 * age, 90 - 0.5 * age};
    const auto row = window.push({.at = {age}, .values = values, .quality = {}});
    const float said = bundle.trees->predict(row->rows.at(0).values);
    if (age == 2) early = said;
    if (age == 31) late = said;
  }
  EXPECT_GT(early, 10);
  EXPECT_LT(late, 8);
}

TEST_F(TrainingStretches, NothingToLearnFromIsSaidWithItsReason) {
  store(1, unseen + life(25, 's') + std::string(9, 'r'));
  store(2, std::string(20, 's'));
  auto spec = *find_model_spec("pump-anomaly", resources_);
  store(3, std::string(5, 'r'));
  spec.features.age = true;
  spec.algorithm = catalog::Algorithm::gradient_boosting;
  spec.target = catalog::RemainingLife{"min", {}, {"failed"}};
  const auto trainer = models::make_xgboost_trainer();
  const auto trained =
      train_model(spec, resources_, [this](const std::string& sql) { return h_->sql(sql); },
                  {*trainer, models::for_each_on_threads(1), {}}, {});
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().text(),
            "model 'pump-anomaly' has no stretch while state is running to learn from: of 4 that "
            "the 3 devices with machine=pump have, the beginning of 2 was not seen and 2 did not "
            "end in failed (not_found)\n"
            "  remedy: let the machines go on until whole stretches are stored, or change while, "
            "target.becomes or training.labels of the Model");
}

TEST_F(TrainingStretches, ADeviceWithoutTheStateIsNamed) {
  auto spec = *find_model_spec("pump-anomaly", resources_);
  spec.scope->signal = "stat";
  const auto source = training_source(spec, resources_);
  ASSERT_FALSE(source);
  ASSERT_EQ(source.error().problems().size(), 3u);
  EXPECT_EQ(
      source.error().problems()[0].text(),
      "site-a/edge-a1/pump-1: the state 'stat' is not there as a text; expected a metric of "
      "datatype string; did you mean 'state'?; bind a metric to this signal, or train on other "
      "devices");
}

}  // namespace
}  // namespace millwright::stewardship
