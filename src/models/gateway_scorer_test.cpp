#include "models/gateway_scorer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "models/gateway_scorer_rig.hpp"
#include "models/golden_rig.hpp"

namespace millwright::models {
namespace {

using gateway::DerivedScan;
using ontology::Quality;
using ontology::Reason;

double number(const DerivedScan& scan, std::string_view metric) {
  return row_named(scan, metric).f64();
}
std::string state_of(const DerivedScan& scan) {
  return std::string(scan.batch.payload(row_named(scan, "health/state")));
}
std::string model_of(const DerivedScan& scan) {
  return scan.form->recipes[row_named(scan, "rul").provenance - 1].model;
}
TEST(GatewayScorer, BeforeAModelEachScanHasOneVerdictThatSaysSo) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  ontology::Batch batch;
  for (int scan = 0; scan < 3; ++scan) add_scan(batch, {.number = scan});
  const auto out = rig.send(batch);
  ASSERT_EQ(out.size(), 3u);
  for (int scan = 0; scan < 3; ++scan) {
    const auto& derived = out[static_cast<std::size_t>(scan)];
    EXPECT_EQ(derived.form->device, "engine-1");
    EXPECT_EQ(derived.input_row, 3u * static_cast<unsigned>(scan) + 2);
    EXPECT_EQ(derived.batch.rows.front().ts_us, scan_at(scan).us);
    EXPECT_TRUE(says_nothing(derived, Reason::function_check));
  }
}

TEST(GatewayScorer, GivesRemainingLifeAndHealthOfEachScan) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  ASSERT_TRUE(rig.activate(trees_bundle()));
  DerivedScan last;
  for (int scan = 0; scan < 5; ++scan) {
    const auto out = rig.send({.number = scan});
    ASSERT_EQ(out.size(), 1u);
    last = out.front();
    EXPECT_EQ(row_named(last, "rul").quality,
              scan < 4 ? Quality::uncertain(Reason::incomplete_window) : Quality::good());
  }
  EXPECT_EQ(number(last, "rul"), 50);
  EXPECT_EQ(number(last, "rul/low"), 40);
  EXPECT_EQ(number(last, "rul/high"), 62);
  EXPECT_EQ(number(last, "health/confidence"), 1);
  EXPECT_EQ(state_of(last), "good");
  const double parts = number(last, "health/by/rul") + number(last, "health/by/anomaly") +
                       number(last, "health/by/sensors");
  EXPECT_NEAR(parts, 1 - number(last, "health"), 1e-12);
  EXPECT_TRUE(row_named(last, "health").quality.is_good());
  EXPECT_EQ(last.form->metrics[0].unit, "h");
  EXPECT_EQ(last.form->recipes[0].inputs,
            "site-a/edge-1/engine-1/T30, site-a/edge-1/engine-1/P30; last, slope of 5 scans; a bad "
            "value is carried from the last usable one");
  EXPECT_TRUE(last.form->recipes[1].inputs.starts_with(
      "engine-1/rul, site-a/edge-1/engine-1/anomaly/score, sensors; fused by "));
  // A time at which nothing was read is no scan.
  ontology::Batch aggregate;
  aggregate.rows.push_back(row_at(0, 4));
  EXPECT_TRUE(rig.send(aggregate).empty());
  ASSERT_EQ(rig.scorer->counters().size(), 1u);
  EXPECT_EQ(rig.scorer->counters()[0].scored, 5u);
  EXPECT_EQ(rig.scorer->counters()[0].flagged, 0u);
}

TEST(GatewayScorer, AModelReplacedBetweenMessagesGivesEachScanOneVerdict) {
  ScorerRig rig({.reference_scans = 4});
  rig.scorer->on_schema(engine_schema());
  const Bundle first = trees_bundle(3);
  const Bundle second = trees_bundle(4, 20);
  ASSERT_TRUE(rig.activate(first));
  std::vector<std::string> by_model;
  std::set<std::int64_t> times;
  for (int scan = 0; scan < 20; ++scan) {
    if (scan == 10) {
      ASSERT_TRUE(rig.activate(second));
      EXPECT_EQ(rig.scorer->active(), (std::vector{bundle_digest(encode(first)).hex(),
                                                   bundle_digest(encode(second)).hex()}));
    }
    const auto out = rig.send({.number = scan});
    ASSERT_EQ(out.size(), 1u);
    EXPECT_TRUE(times.insert(out[0].batch.rows[0].ts_us).second);
    by_model.push_back(model_of(out[0]));
    EXPECT_EQ(row_named(out[0], "rul").quality.is_good(), scan >= 4) << "windows go over";
    EXPECT_EQ(number(out[0], "rul"), scan < 10 ? 50 : 10);
  }
  EXPECT_EQ(std::ranges::count(by_model, by_model.front()), 10);
  EXPECT_EQ(std::ranges::count(by_model, by_model.back()), 10);
  const auto counters = rig.scorer->counters();
  ASSERT_EQ(counters.size(), 1u);
  EXPECT_EQ(counters[0].scored, 10u);
  EXPECT_EQ(counters[0].flagged, 10u) << "10 h is below a fifth of 125 h";
  EXPECT_EQ(counters[0].reference_scored, 4u);
  EXPECT_EQ(counters[0].reference_flagged, 0u);
  EXPECT_EQ(rig.scorer->active(), std::vector{bundle_digest(encode(second)).hex()});
}

TEST(GatewayScorer, GoesBackToTheVersionBefore) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  const Bundle second = [] {
    Bundle bundle = trees_bundle(4);
    bundle.features.functions = {WindowFunction::last, WindowFunction::mean};
    return bundle;
  }();
  ASSERT_TRUE(rig.activate(trees_bundle(3)));
  for (int scan = 0; scan < 6; ++scan) (void)rig.send({.number = scan});
  ASSERT_TRUE(rig.activate(second));
  EXPECT_EQ(row_named(rig.send({.number = 6})[0], "rul").quality,
            Quality::uncertain(Reason::incomplete_window))
      << "its features are others: its window begins";
  ASSERT_TRUE(rig.activate(trees_bundle(3)));
  const auto out = rig.send({.number = 7});
  EXPECT_TRUE(row_named(out[0], "rul").quality.is_good());
  EXPECT_TRUE(model_of(out[0]).starts_with("remaining-life@3:"));
}

TEST(GatewayScorer, GoesOnAfterARestartAsIfNothingHadBeen) {
  const auto story = [](ScorerRig& rig, int from, int to) {
    std::string text;
    for (int scan = from; scan < to; ++scan) {
      EngineScan one{.number = scan, .p30 = 553.0 + (scan % 3), .anomaly = 0.05 * scan};
      if (scan == 4) one.p30_quality = Quality::bad(Reason::failure);
      if (scan == 9) one.number = 6, one.p30 = 549;  // corrected
      if (scan == 13) one.number = 11, one.p30 = 1;  // late: 11 is left out below
      if (scan == 11) continue;
      if (scan == 8) {
        EXPECT_TRUE(rig.activate(trees_bundle(4, 20)));
      }
      text += text_of(rig.send(one));
    }
    return text;
  };
  const auto begin = [](ScorerRig& rig) { rig.scorer->on_schema(engine_schema()); };
  std::map<std::string, Bytes> bundles;
  for (const Bundle& bundle : {trees_bundle(3), trees_bundle(4, 20)}) {
    const Bytes bytes = encode(bundle);
    bundles[bundle_digest(bytes).hex()] = bytes;
  }
  ScorerRig whole({.reference_scans = 5});
  begin(whole);
  ASSERT_TRUE(whole.activate(trees_bundle(3)));
  const std::string expected = story(whole, 0, 20);
  Bytes end;
  whole.scorer->save(end);
  for (int cut = 0; cut < 20; ++cut) {
    SCOPED_TRACE(cut);
    ScorerRig before({.reference_scans = 5});
    begin(before);
    ASSERT_TRUE(before.activate(trees_bundle(3)));
    std::string text = story(before, 0, cut);
    Bytes state;
    before.scorer->save(state);
    ScorerRig after({.reference_scans = 5});
    for (const auto& digest : before.scorer->active()) {
      ASSERT_TRUE(after.scorer->activate(digest, bundles.at(digest)));
    }
    begin(after);
    ASSERT_TRUE(after.scorer->load(state));
    text += story(after, cut, 20);
    EXPECT_EQ(text, expected);
    Bytes end_after;
    after.scorer->save(end_after);
    EXPECT_EQ(end_after, end);
    EXPECT_EQ(after.scorer->counters(), whole.scorer->counters());
  }
}

TEST(GatewayScorer, ALateScanRevisesWhatFollowsAsIfItHadComeInTime) {
  const auto p30 = [](int scan) { return 560.0 - scan * scan; };
  ScorerRig in_time;
  ScorerRig late;
  for (ScorerRig* rig : {&in_time, &late}) {
    rig->scorer->on_schema(engine_schema());
    ASSERT_TRUE(rig->activate(trees_bundle()));
  }
  std::map<std::int64_t, std::string> expected;
  for (int scan = 0; scan < 9; ++scan) {
    for (auto& one : in_time.send({.number = scan, .p30 = p30(scan), .anomaly = 0.1 * scan})) {
      const auto at = one.batch.rows[0].ts_us;
      expected[at] = text_of({one});
    }
  }
  for (int scan = 0; scan < 9; ++scan) {
    if (scan != 5) (void)late.send({.number = scan, .p30 = p30(scan), .anomaly = 0.1 * scan});
  }
  const auto out = late.send({.number = 5, .p30 = p30(5), .anomaly = 0.5});
  ASSERT_EQ(out.size(), 4u);
  for (const auto& one : out) EXPECT_EQ(text_of({one}), expected[one.batch.rows[0].ts_us]);
  EXPECT_TRUE(late.send({.number = 5, .p30 = p30(5), .anomaly = 0.5}).empty()) << "known";
  EXPECT_EQ(late.send({.number = 5, .p30 = p30(5), .anomaly = 0.9}).size(), 4u)
      << "the edge judges it otherwise now";
  for (int scan = 9; scan < 40; ++scan) (void)late.send({.number = scan});
  const auto old = late.send({.number = -3});
  ASSERT_EQ(old.size(), 1u);
  EXPECT_TRUE(says_nothing(old[0], Reason::incomplete_window));
  EXPECT_EQ(late.scorer->scans_too_late(), 1u);
}

TEST(GatewayScorer, OneDeadSensorLowersConfidenceNotHealth) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  ASSERT_TRUE(rig.activate(trees_bundle()));
  DerivedScan before;
  for (int scan = 0; scan < 8; ++scan) before = rig.send({.number = scan})[0];
  DerivedScan dead;
  for (int scan = 8; scan < 30; ++scan) {
    dead = rig.send({.number = scan, .p30 = 9e9, .p30_quality = Quality::bad(Reason::failure)})[0];
  }
  EXPECT_EQ(row_named(dead, "rul").quality, Quality::uncertain(Reason::bad_input));
  EXPECT_EQ(row_named(dead, "health").quality, Quality::uncertain(Reason::bad_input));
  EXPECT_NEAR(number(dead, "health"), number(before, "health"), 0.2);
  EXPECT_LT(number(dead, "health/confidence"), number(before, "health/confidence"));
  EXPECT_GT(number(dead, "health/confidence"), 0.5);
  EXPECT_EQ(state_of(dead), "good");
  // Nothing usable at all.
  ontology::Batch nothing;
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    nothing.rows.push_back(row_at(30, slot));
    nothing.rows.back().quality = Quality::bad(Reason::no_communication);
    nothing.rows.back().is_null = true;
  }
  const auto out = rig.send(nothing);
  EXPECT_EQ(row_named(out[0], "rul").quality, Quality::bad(Reason::bad_input));
  EXPECT_TRUE(row_named(out[0], "rul").is_null);
  EXPECT_FALSE(row_named(out[0], "health").quality.is_good());
}

TEST(GatewayScorer, ANotANumberFromOnnxIsCaughtAndCounted) {
  const auto runtime = open_onnx_runtime().value();
  ScorerRig rig({}, runtime.get());
  rig.scorer->on_schema(engine_schema());
  Bundle bundle = trees_bundle();
  TreeEnsemble broken = *bundle.trees;
  broken.nodes[1].value = std::numeric_limits<float>::quiet_NaN();
  broken.nodes[2].value = 1e6F;
  bundle.onnx = onnx_of(broken, "broken");
  ASSERT_TRUE(rig.activate(bundle));
  EXPECT_EQ(rig.scorer->fallbacks(), 0u);
  const auto none = rig.send({.number = 0});
  EXPECT_TRUE(row_named(none[0], "rul").is_null);
  EXPECT_EQ(row_named(none[0], "rul").quality, Quality::bad(Reason::out_of_range));
  EXPECT_EQ(row_named(none[0], "health").quality, Quality::uncertain(Reason::bad_input));
  const auto far = rig.send({.number = 1, .p30 = 600});
  EXPECT_EQ(row_named(far[0], "rul").quality, Quality::bad(Reason::out_of_range));
  const auto counters = rig.scorer->counters()[0];
  EXPECT_EQ(counters.invalid, 2u);
  EXPECT_EQ(counters.scored, 0u);
  // The same from a sound ONNX and from our trees.
  Bundle sound = trees_bundle(4);
  sound.onnx = onnx_of(*sound.trees, "sound");
  ScorerRig with({}, runtime.get());
  ScorerRig without;
  for (ScorerRig* one : {&with, &without}) {
    one->scorer->on_schema(engine_schema());
    ASSERT_TRUE(one->activate(sound));
  }
  EXPECT_EQ(with.scorer->fallbacks(), 0u);
  EXPECT_EQ(without.scorer->fallbacks(), 1u);
  ASSERT_EQ(without.log.lines.size(), 1u);
  EXPECT_EQ(text_of(with.send({.number = 0})), text_of(without.send({.number = 0})));
}

class FailingRuntime final : public OnnxRuntime {
 public:
  class Failing final : public Runner {
   public:
    std::size_t columns() const override { return 0; }
    Result<std::vector<std::vector<float>>> run(std::span<const float>, std::size_t) override {
      return fail(Code::internal, "out of order");
    }
  };
  Result<std::unique_ptr<Runner>> load(ByteView) override { return std::make_unique<Failing>(); }
};

TEST(GatewayScorer, ARuntimeThatFailsIsCountedAndTheScanHasItsVerdict) {
  FailingRuntime runtime;
  ScorerRig rig({}, &runtime);
  rig.scorer->on_schema(engine_schema());
  Bundle bundle = trees_bundle();
  bundle.onnx = Bytes(3);
  ASSERT_TRUE(rig.activate(bundle));
  for (int scan = 0; scan < 3; ++scan) {
    const auto out = rig.send({.number = scan});
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(row_named(out[0], "rul").quality, Quality::bad(Reason::failure));
  }
  EXPECT_EQ(rig.scorer->counters()[0].errors, 3u);
  EXPECT_EQ(rig.log.lines.size(), 1u);
}

TEST(GatewayScorer, ABundleThatDoesNotFitIsRefusedWithEveryProblem) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  ASSERT_TRUE(rig.activate(trees_bundle()));
  Bundle other = trees_bundle(4);
  other.features.inputs = {"T3O", "P30"};
  other.units = {"[degR]", "s"};
  const auto done = rig.activate(other);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::refused);
  ASSERT_EQ(done.error().problems().size(), 2u);
  EXPECT_EQ(done.error().problems()[0].place.path, "site-a/edge-1/engine-1/T3O");
  EXPECT_EQ(done.error().problems()[0].nearest, "T30");
  EXPECT_EQ(rig.activate(pca_bundle()).error().code(), Code::invalid_input);
  EXPECT_TRUE(model_of(rig.send({.number = 0})[0]).starts_with("remaining-life@3:"));
  Bundle broken = trees_bundle(5);
  broken.onnx = Bytes(5, std::byte{1});
  const auto runtime = open_onnx_runtime().value();
  ScorerRig with({}, runtime.get());
  with.scorer->on_schema(engine_schema());
  ASSERT_TRUE(with.activate(trees_bundle(4)));
  const auto refused = with.activate(broken);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::corrupt);
  std::string text = refused.error().text() + "\n";
  const auto id = text.find("remaining-life@5:") + std::string_view("remaining-life@5:").size();
  text.replace(id, 64, "DIGEST");  // of the trees, which another XGBoost may grow otherwise
  EXPECT_EQ(text, golden("corrupt_onnx.txt", text));
  EXPECT_TRUE(model_of(with.send({.number = 0})[0]).starts_with("remaining-life@4:"))
      << "the one in force stays";
}

TEST(GatewayScorer, AWithdrawnModelJudgesNoMore) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  ASSERT_TRUE(rig.activate(trees_bundle()));
  (void)rig.send({.number = 0});
  const Bytes order = withdrawal_of("remaining-life");
  ASSERT_TRUE(rig.scorer->activate(sha256(order).hex(), order));
  EXPECT_TRUE(rig.scorer->active().empty());
  EXPECT_TRUE(says_nothing(rig.send({.number = 1})[0], Reason::function_check));
  ASSERT_TRUE(rig.activate(trees_bundle()));
  EXPECT_FALSE(row_named(rig.send({.number = 2})[0], "rul").is_null);
}

TEST(GatewayScorer, DevicesAndAssetsAreAsOptionsSay) {
  GatewayScorerOptions options;
  options.devices["edge-1/engine-1"] = {.asset = "turbine-7", .model = "remaining-life"};
  ScorerRig rig(std::move(options));
  for (const char* device : {"engine-1", "engine-2"}) {
    rig.scorer->on_schema(engine_schema("edge-1", device));
  }
  ASSERT_TRUE(rig.activate(trees_bundle()));
  EXPECT_EQ(rig.send({.number = 0})[0].form->device, "turbine-7");
  EXPECT_TRUE(rig.send({.number = 0}, engine_schema("edge-1", "engine-2")).empty());
  // Without options: two devices of one name stay apart.
  ScorerRig free;
  for (const char* edge : {"edge-2", "edge-1"}) free.scorer->on_schema(engine_schema(edge));
  EXPECT_EQ(free.send({.number = 0}, engine_schema("edge-2"))[0].form->device, "engine-1");
  EXPECT_EQ(free.send({.number = 0}, engine_schema("edge-1"))[0].form->device, "edge-1.engine-1");
  Bytes state;
  free.scorer->save(state);
  ScorerRig again;
  for (const char* edge : {"edge-1", "edge-2"}) again.scorer->on_schema(engine_schema(edge));
  ASSERT_TRUE(again.scorer->load(state));
  EXPECT_EQ(again.send({.number = 1}, engine_schema("edge-2"))[0].form->device, "engine-1");
  EXPECT_EQ(again.send({.number = 1}, engine_schema("edge-1"))[0].form->device, "edge-1.engine-1");
}

TEST(GatewayScorer, ADamagedStateIsToldAndLeavesItAsNew) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  ASSERT_TRUE(rig.activate(trees_bundle()));
  Bytes fresh;
  rig.scorer->save(fresh);
  for (int scan = 0; scan < 7; ++scan) (void)rig.send({.number = scan});
  Bytes state;
  rig.scorer->save(state);
  for (std::size_t i = 0; i < state.size(); ++i) {
    Bytes changed = state;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(rig.scorer->load(changed)) << i;
    EXPECT_FALSE(rig.scorer->load(ByteView(state).first(i))) << i;
  }
  Bytes later = state;
  later[0] = std::byte{9};
  EXPECT_EQ(rig.scorer->load(later).error().code(), Code::unsupported_version);
}

TEST(GatewayScorer, AStateOfFormatOneIsRead) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  ASSERT_TRUE(rig.activate(trees_bundle()));
  for (int scan = 0; scan < 7; ++scan) (void)rig.send({.number = scan});
  // Format 1 had neither the states beside a window nor the last texts.
  Bytes state;
  rig.scorer->save(state);
  Bytes old(state.begin(), state.end() - 4);
  old[0] = std::byte{1};
  ASSERT_EQ(old.back(), std::byte{0}) << "no texts";
  old.pop_back();
  const Bytes window = [] {
    FeatureWindow one(trees_bundle().features);
    for (int scan = 0; scan < 7; ++scan) {
      const double values[] = {1580, 553};
      EXPECT_TRUE(one.push({.at = scan_at(scan), .values = values, .quality = {}}));
    }
    return one.save();
  }();
  const auto found = std::ranges::search(old, window);
  ASSERT_FALSE(found.empty());
  ASSERT_EQ(*found.end(), std::byte{0}) << "no states";
  old.erase(found.end());
  ByteWriter(old).u32(crc32c(old));
  ScorerRig after;
  after.scorer->on_schema(engine_schema());
  ASSERT_TRUE(after.activate(trees_bundle()));
  const auto loaded = after.scorer->load(old);
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_EQ(text_of(after.send({.number = 7})), text_of(rig.send({.number = 7})));
}

}  // namespace
}  // namespace millwright::models
