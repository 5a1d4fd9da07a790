// Good input: the examples, the edge setup that follows from them, the commands.
#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/commands.hpp"
#include "catalog/edge_setup.hpp"
#include "catalog/generate.hpp"

namespace millwright::catalog {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp utc_now() const override { return Timestamp{1'767'225'600'000'000}; }
  Duration monotonic_now() const override { return Duration(0); }
};

class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return state_ += 0x9E3779B97F4A7C15ull; }

 private:
  std::uint64_t state_ = 7;
};

class CatalogTest : public testing::Test {
 protected:
  static std::vector<SourceText> example(const std::string& name) {
    auto sources = read_sources({std::string(MILLWRIGHT_SOURCE_DIR "/examples/") + name});
    EXPECT_TRUE(sources.has_value()) << sources.error().text();
    return sources ? *sources : std::vector<SourceText>{};
  }
  void must_apply(const std::vector<SourceText>& sources) {
    const auto applied = apply(*store_, sources);
    ASSERT_TRUE(applied.has_value()) << applied.error().text();
  }
  std::vector<Resource> all() { return *store_->list(std::nullopt); }

  FixedClock clock_;
  CountingRandom random_;
  std::unique_ptr<Store> store_ = make_memory_store(clock_, random_);
};

constexpr std::string_view site_text =
    "apiVersion: millwright/v1\nkind: Site\nmetadata: {name: site-a}\nspec:\n  title: A\n"
    "  timeZone: UTC\n  edges: [{name: edge-a1}]\n";

TEST_F(CatalogTest, TurbofanIsTheWholeTestFleet) {
  must_apply(example("turbofan"));
  std::vector<std::string> engines;
  for (const auto& [site, edge] : {std::pair{"site-a", "edge-a1"},
                                   {"site-a", "edge-a2"},
                                   {"site-b", "edge-b1"},
                                   {"site-b", "edge-b2"}}) {
    const auto setup = edge_setup(all(), site, edge, {{"data", "/recordings"}});
    ASSERT_TRUE(setup.has_value()) << setup.error().text();
    ASSERT_EQ(setup->sources.size(), 1u);
    const auto& replay = std::get<ReplayDriver>(setup->sources[0].driver);
    EXPECT_EQ(replay.file.path, "/recordings/test_FD001.txt.gz");
    EXPECT_EQ(replay.file.delimiter, Delimiter::blanks);
    EXPECT_EQ(replay.key_column, "1");
    EXPECT_EQ(replay.time.kind, TimeKind::cycle);
    EXPECT_EQ(replay.time.step, std::chrono::hours(1));
    EXPECT_EQ(setup->sources[0].devices.size(), 25u);
    for (const auto& device : setup->sources[0].devices) {
      engines.push_back(device.id);
      EXPECT_EQ(device.asset, device.id);
      ASSERT_EQ(device.metrics.size(), 21u);
      EXPECT_EQ(device.metrics[0].spec.source, "6");
      EXPECT_EQ(device.metrics[20].spec.name, "W32");
      EXPECT_EQ(device.metrics[20].spec.source, "26");
      EXPECT_FALSE(device.metrics[20].raw_kept);
      EXPECT_EQ(device.stages.size(), 21u) << "one flag stage for each declared range";
    }
  }
  ASSERT_EQ(engines.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(engines));
  EXPECT_EQ(engines.front(), "test-001");
  EXPECT_EQ(engines.back(), "test-100");
  const auto bindings = signal_bindings(all());
  EXPECT_EQ(bindings.size(), 4200u) << "100 test engines and 100 training engines, 21 signals each";
  EXPECT_EQ(bindings[0].path, "turbofan-works/site-a/test-field/cells-1/test-001/T2");
  EXPECT_EQ(bindings.back().path, "turbofan-works/archive/archive/training/train-100/W32");
  const auto import = edge_setup(all(), "archive", "import", {{"data", "/recordings"}});
  ASSERT_TRUE(import.has_value()) << import.error().text();
  ASSERT_EQ(import->sources.size(), 1u);
  EXPECT_EQ(import->sources[0].devices.size(), 100u);
}

TEST_F(CatalogTest, DemoApplies) {
  must_apply(example("demo"));
  const auto setup = edge_setup(all(), "site-b", "edge-b2", {});
  ASSERT_TRUE(setup.has_value()) << setup.error().text();
  ASSERT_EQ(setup->sources.size(), 2u);
  const auto& motor = setup->sources[0].devices.front();
  EXPECT_EQ(motor.id, "motor-451");
  EXPECT_EQ(std::get<PlantDriver>(setup->sources[0].driver).machine, PlantMachine::motor);
  ASSERT_TRUE(motor.pipeline.has_value());
  const auto& aggregate = std::get<AggregateStage>(motor.stages.back().parameters);
  EXPECT_EQ(aggregate.count_expected, 60u) << "by the period of the signal";
  EXPECT_TRUE(setup->pipelines[*motor.pipeline].identity.starts_with("prepare-b2@1:"));
}

TEST_F(CatalogTest, DeclaredLimitsComeInTheUnitOfTheMetric) {
  must_apply({{"a.yaml", std::string(site_text) + R"(---
apiVersion: millwright/v1
kind: AssetType
metadata: {name: oven}
spec:
  title: Oven
  signals: [{name: t, unit: Cel, range: {low: 0, high: 100}, maxRate: 5, stuckAfter: 1m, rawKept: true}]
---
apiVersion: millwright/v1
kind: Asset
metadata: {name: oven-1}
spec: {title: Oven, type: oven, site: site-a, area: hall, line: one}
---
apiVersion: millwright/v1
kind: Signal
metadata: {name: oven-1.t}
spec:
  asset: oven-1
  quantity: t
  range: {high: 200}
  sources:
    - {device: old, metric: temperature, until: "2026-01-01T00:00:00Z"}
    - {device: new, metric: temperature, from: "2026-01-01T00:00:00Z"}
---
apiVersion: millwright/v1
kind: Device
metadata: {name: old}
spec:
  site: site-a
  edge: edge-a1
  driver: {kind: plant, machine: pump, seed: 1}
  metrics: [{name: temperature, unit: Cel}]
---
apiVersion: millwright/v1
kind: Device
metadata: {name: new, labels: {kind: thermometer}}
spec:
  site: site-a
  edge: edge-a1
  driver: {kind: plant, machine: pump, seed: 1, pace: {total: 3m}}
  metrics: [{name: temperature, unit: "1", source: bearing_temperature}]
---
apiVersion: millwright/v1
kind: Pipeline
metadata: {name: p}
spec:
  site: site-a
  edge: edge-a1
  selector: {kind: thermometer}
  stages: [{kind: scale, gain: 0.1, unit: "[degF]"}, {kind: flag, stuckAfter: 2m}]
)"}});
  const auto setup = edge_setup(all(), "site-a", "edge-a1", {});
  ASSERT_TRUE(setup.has_value()) << setup.error().text();
  ASSERT_EQ(setup->sources.size(), 2u);
  const auto& renewed = setup->sources[0].devices[0];
  EXPECT_EQ(renewed.id, "new");
  EXPECT_EQ(std::get<PlantDriver>(setup->sources[0].driver).pace.kind, PaceKind::total);
  EXPECT_TRUE(renewed.metrics[0].raw_kept);
  EXPECT_EQ(renewed.metrics[0].limits.high, 200.0) << "the Signal overrides the type";
  EXPECT_EQ(renewed.metrics[0].limits.low, 0.0) << "and keeps what it does not say";
  ASSERT_EQ(renewed.stages.size(), 2u);
  const auto& flag = std::get<FlagStage>(renewed.stages[1].parameters);
  EXPECT_NEAR(*flag.limits.low, 32, 1e-9);
  EXPECT_NEAR(*flag.limits.high, 392, 1e-9);
  EXPECT_NEAR(*flag.limits.rate_max, 9, 1e-9);
  EXPECT_EQ(*flag.limits.stuck_after, std::chrono::minutes(2));
  EXPECT_FALSE(setup->sources[1].devices[0].pipeline.has_value()) << "not selected";
  const auto bindings = signal_bindings(all());
  ASSERT_EQ(bindings.size(), 2u);
  EXPECT_EQ(bindings[0].address.device, "old");
  EXPECT_EQ(bindings[0].until, bindings[1].from);
}

TEST_F(CatalogTest, UnknownEdgesAndVariablesAreNamed) {
  must_apply(example("turbofan"));
  EXPECT_EQ(edge_setup(all(), "site-a", "edge-b1", {}).error().code(), Code::not_found);
  EXPECT_EQ(edge_setup(all(), "site-c", "edge-b1", {}).error().code(), Code::not_found);
  const auto no_data = edge_setup(all(), "site-a", "edge-a1", {});
  EXPECT_EQ(no_data.error().code(), Code::invalid_input);
  EXPECT_NE(no_data.error().remedy().find("--data"), std::string::npos);
}

TEST_F(CatalogTest, ApplyIsIdempotentAndRefusesAsAWhole) {
  must_apply(example("turbofan"));
  const auto change = *store_->change();
  const auto again = apply(*store_, example("turbofan"));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->change, change);
  EXPECT_TRUE(std::ranges::all_of(again->effects,
                                  [](const auto& e) { return e.effect == Effect::unchanged; }));
  auto broken = example("demo");
  broken.push_back({"bad.yaml", "kind: Nothing\n"});
  EXPECT_FALSE(apply(*store_, broken).has_value());
  EXPECT_EQ(*store_->change(), change);
}

TEST_F(CatalogTest, DeletingWhatOthersNeedIsRefusedWithTheirNames) {
  must_apply(example("turbofan"));
  const auto refused = remove(*store_, {{Kind::asset_type, "turbofan"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::refused);
  EXPECT_EQ(refused.error().problems().size(), 8u) << refused.error().text();
  EXPECT_EQ(refused.error().problems()[0].place.path, "Asset/engines-a1: spec.type");
  EXPECT_TRUE(remove(*store_, {{Kind::pipeline, "judge-a1"}}).has_value());
  EXPECT_EQ(remove(*store_, {{Kind::pipeline, "judge-a1"}}).error().code(), Code::not_found);
  const auto keys = keys_of(example("turbofan"));
  ASSERT_TRUE(keys.has_value());
  auto rest = *keys;
  std::erase(rest, ResourceKey{Kind::pipeline, "judge-a1"});
  const auto removed = remove(*store_, rest);
  ASSERT_TRUE(removed.has_value()) << removed.error().text();
  EXPECT_TRUE(all().empty());
}

TEST_F(CatalogTest, WhatGetPrintsCanBeAppliedElsewhere) {
  must_apply(example("demo"));
  const auto yaml = get(*store_, "", "", Output::yaml);
  ASSERT_TRUE(yaml.has_value());
  // `status` is the store's: without it the documents are declarations again.
  std::string declarations;
  for (const auto& resource : all()) {
    Resource bare = resource;
    bare.uid.clear();
    declarations += "---\n" + to_yaml(document_of(bare));
  }
  const auto again = apply(*store_, {{"round.yaml", declarations}});
  ASSERT_TRUE(again.has_value()) << again.error().text();
  EXPECT_TRUE(std::ranges::all_of(again->effects,
                                  [](const auto& e) { return e.effect == Effect::unchanged; }));
  const auto json = get(*store_, "pumps", "", Output::json);
  EXPECT_EQ(json.error().remedy().find("Pump"), std::string::npos);
}

TEST_F(CatalogTest, GetDescribeAndDiffForPeople) {
  must_apply(example("turbofan"));
  const auto table = *get(*store_, "devices", "", Output::table);
  EXPECT_NE(
      table.find("Device  recorders-a1        1           2026-01-01T00:00:00Z  site-a/edge-a1, "
                 "replay, 21 metrics × 25"),
      std::string::npos)
      << table;
  EXPECT_EQ(get(*store_, "devices", "recorders-a", Output::table).error().code(), Code::not_found);
  const auto json = *get(*store_, "site", "site-a", Output::json);
  EXPECT_NE(json.find("\"generation\": 1"), std::string::npos) << json;

  const auto engine = *describe(*store_, "asset", "test-030");
  EXPECT_NE(engine.find("Makes:       test-030"), std::string::npos) << engine;
  EXPECT_NE(engine.find("site-a/edge-a2/test-030/T24"), std::string::npos) << engine;
  EXPECT_NE(engine.find("Referred to by:\n  Device/recorders-a2\n"), std::string::npos) << engine;
  EXPECT_EQ(describe(*store_, "asset", "test-101").error().remedy(), "did you mean 'test-001'?");

  EXPECT_EQ(*diff(*store_, example("turbofan")), "");
  auto changed = example("turbofan");
  for (auto& source : changed) {
    const auto at = source.text.find("high: 540}");
    if (at != std::string::npos) source.text.replace(at, 9, "high: 550");
  }
  const auto text = *diff(*store_, changed);
  EXPECT_NE(text.find("--- catalog AssetType/turbofan\n"), std::string::npos) << text;
  EXPECT_NE(text.find("-        high: 540\n+        high: 550\n"), std::string::npos) << text;
}

TEST_F(CatalogTest, StoredResourcesTakePartInTheCheck) {
  must_apply({{"a.yaml", std::string(site_text)}});
  const std::string asset =
      "apiVersion: millwright/v1\nkind: Asset\nmetadata: {name: x}\nspec: {title: X, type: t, "
      "site: site-a, area: a, line: l}\n";
  const auto report = check({{"b.yaml", asset}}, all());
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].text().substr(0, 25), "b.yaml:4:24: spec.type: n");
}

TEST(Keys, RangesAndTemplates) {
  EXPECT_EQ(parse_keys("1..3,x, 7").value(), (std::vector<std::string>{"1", "2", "3", "x", "7"}));
  EXPECT_FALSE(parse_keys("3..1").has_value());
  EXPECT_FALSE(parse_keys("1..1000000000000").has_value());
  EXPECT_FALSE(parse_keys("1,1").has_value());
  EXPECT_FALSE(parse_keys("").has_value());
  EXPECT_EQ(fill_key("test-{key:03}", "7"), "test-007");
  EXPECT_EQ(fill_key("{key}-{key:02}", "100"), "100-100");
  EXPECT_EQ(fill_key("{key:3}{key", "1"), "{key:3}{key");
  EXPECT_EQ(fill_key("{key:099999999999}", "1"), "{key:099999999999}");
}

}  // namespace
}  // namespace millwright::catalog
