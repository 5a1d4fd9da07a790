#include "models/edge_score.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "fabric/pipeline/pipeline.hpp"
#include "models/bundle_rig.hpp"

namespace millwright::models {
namespace {

using ontology::DataType;
using ontology::MetricDefinition;
using ontology::Quality;
using ontology::Reason;
using pipeline::ModelValue;

const std::vector<MetricDefinition> metrics = {{"P30", DataType::float64, "[psi]"},
                                               {"T30", DataType::float64, "K"}};

/// A monitor over the mean of three scans.
Bundle windowed() {
  Bundle out = pca_bundle();
  out.features.windows = {3};
  out.features.functions = {WindowFunction::mean};
  return out;
}

std::unique_ptr<pipeline::StageModel> bound(const Bundle& bundle) {
  auto model = edge_score_factory(encode(bundle)).value()().value();
  const auto outputs = pipeline::anomaly_outputs();
  EXPECT_TRUE(model->bind(metrics, outputs).has_value());
  return model;
}

Timestamp at(int scan) {
  return {1'790'000'000'000'000 + scan * 1'000'000LL};
}
ModelValue good(double value) {
  return {value, true, Quality::good()};
}
std::vector<ModelValue> verdict(pipeline::StageModel& model, int scan, ModelValue p30,
                                ModelValue t30) {
  std::vector<ModelValue> out(4);
  model.score(at(scan), std::vector{p30, t30}, out);
  return out;
}
/// Kelvin of degrees Rankine.
double kelvin(double rankine) {
  return rankine * 5 / 9;
}

TEST(EdgeScore, GivesTheMonitorsNumbersInAnyOrderAndUnitOfInputs) {
  const Bundle bundle = pca_bundle();
  auto model = bound(bundle);
  const std::vector<float> row = {1590, 555};
  const PcaScore expected = bundle.pca->score(row);
  const auto out = verdict(*model, 0, good(555), good(kelvin(1590)));
  EXPECT_NEAR(out[0].value, expected.t2, 1e-3);
  EXPECT_NEAR(out[1].value, expected.spe, 1e-3);
  EXPECT_NEAR(out[2].value, expected.score, 1e-4);
  EXPECT_EQ(out[3].value, expected.flag ? 1 : 0);
  for (const ModelValue& value : out) {
    EXPECT_TRUE(value.has_value);
    EXPECT_TRUE(value.quality.is_good());
  }
  EXPECT_EQ(model->id(), "turbofan-monitor@1:" + bundle_digest(encode(bundle)).hex());
}

TEST(EdgeScore, CarriesABadInputAndSaysSo) {
  auto model = bound(pca_bundle());
  EXPECT_EQ(verdict(*model, 0, {}, good(kelvin(1580)))[0].quality, Quality::bad(Reason::bad_input))
      << "P30 never had a value";
  const auto before = verdict(*model, 1, good(553), good(kelvin(1580)));
  const ModelValue dead{9e9, true, Quality::bad(Reason::failure)};
  const auto carried = verdict(*model, 2, dead, good(kelvin(1580)));
  EXPECT_EQ(carried[2].value, before[2].value);
  EXPECT_EQ(carried[2].quality, Quality::uncertain(Reason::bad_input));
  const auto nothing = verdict(*model, 3, dead, {});
  EXPECT_FALSE(nothing[2].has_value);
  EXPECT_EQ(nothing[2].quality, Quality::bad(Reason::bad_input));
  EXPECT_TRUE(verdict(*model, 4, good(553), good(kelvin(1580)))[2].quality.is_good());
}

TEST(EdgeScore, IsUncertainUntilItsWindowIsFullAndJudgesLateScansInTheirPlace) {
  auto model = bound(windowed());
  EXPECT_EQ(verdict(*model, 0, good(553), good(kelvin(1580)))[0].quality,
            Quality::uncertain(Reason::incomplete_window));
  EXPECT_FALSE(verdict(*model, 2, good(556), good(kelvin(1580)))[0].quality.is_good());
  const auto late = verdict(*model, 1, good(550), good(kelvin(1580)));
  EXPECT_TRUE(late[0].has_value);
  EXPECT_EQ(late[0].quality, Quality::uncertain(Reason::incomplete_window));
  const auto full = verdict(*model, 3, good(553), good(kelvin(1580)));
  EXPECT_TRUE(full[0].quality.is_good());
  for (int scan = 4; scan < 12; ++scan) {
    (void)verdict(*model, scan, good(553), good(kelvin(1580)));
  }
  const auto again = verdict(*model, 11, good(553), good(kelvin(1580)));
  EXPECT_TRUE(again[0].has_value) << "the newest, repeated, has the same verdict";
  const auto old = verdict(*model, 0, good(553), good(kelvin(1580)));
  EXPECT_FALSE(old[0].has_value);
  EXPECT_EQ(old[0].quality, Quality::bad(Reason::incomplete_window));
}

TEST(EdgeScore, GoesOnFromASavedState) {
  auto first = bound(windowed());
  (void)verdict(*first, 0, good(553), good(kelvin(1580)));
  (void)verdict(*first, 1, good(557), good(kelvin(1570)));
  Bytes state;
  ByteWriter writer(state);
  first->save(writer);
  auto second = bound(windowed());
  ByteReader reader(state);
  ASSERT_TRUE(second->load(reader));
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(verdict(*second, 2, good(551), good(kelvin(1560))),
            verdict(*first, 2, good(551), good(kelvin(1560))));
  for (std::size_t size = 0; size < state.size(); ++size) {
    ByteReader cut(ByteView(state).first(size));
    EXPECT_FALSE(second->load(cut)) << size;
  }
}

TEST(EdgeScore, JudgesOnlyForTheScopeThatItWasTrainedIn) {
  Bundle bundle = windowed();
  bundle.features.scope = {.signal = "state", .is = {"running"}};
  pipeline::PipelineSpec spec;
  spec.stages = {pipeline::ScoreSpec{.model = "turbofan-monitor", .metrics = {"P30", "T30"}}};
  std::vector<MetricDefinition> with_state = metrics;
  with_state.push_back({"state", DataType::string, ""});
  const auto factory = edge_score_factory(encode(bundle)).value();
  auto always = pipeline::Pipeline::create(spec, {{"s", "e", "d"}, with_state}).value();
  const auto refused = always->make_models("turbofan-monitor", factory);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::refused);
  std::get<pipeline::ScoreSpec>(spec.stages[0]).scope = bundle.features.scope;
  auto line = pipeline::Pipeline::create(spec, {{"s", "e", "d"}, with_state}).value();
  EXPECT_FALSE(
      line->make_models("turbofan-monitor", edge_score_factory(encode(windowed())).value()));
  line->activate("turbofan-monitor", line->make_models("turbofan-monitor", factory).value());
  const auto flag = [&](int scan, std::string_view state) {
    ontology::Batch in;
    ontology::Batch out;
    for (std::uint32_t slot = 0; slot < 3; ++slot) {
      ontology::Row row;
      row.ts_us = at(scan).us;
      row.slot = slot;
      slot < 2 ? row.set_f64(slot == 0 ? 553 : kelvin(1580)) : in.set_payload(row, state);
      in.rows.push_back(row);
    }
    line->process(in, out);
    EXPECT_EQ(out.size(), 7u);
    return out.rows.back().quality;
  };
  for (int scan = 0; scan < 4; ++scan) {
    EXPECT_EQ(flag(scan, "running"),
              scan < 2 ? Quality::uncertain(Reason::incomplete_window) : Quality::good());
  }
  EXPECT_EQ(flag(4, "repair"), Quality::bad(Reason::out_of_specification));
  for (int scan = 5; scan < 9; ++scan) {
    EXPECT_EQ(flag(scan, "running"),
              scan < 7 ? Quality::uncertain(Reason::incomplete_window) : Quality::good());
  }
  // A late row of state between two scans that were judged: the window holds what came after it.
  EXPECT_EQ(flag(6, "stopped"), Quality::bad(Reason::out_of_specification));
  EXPECT_EQ(flag(9, "running"), Quality::good()) << "7, 8, 9";
  EXPECT_EQ(flag(8, "failed"), Quality::bad(Reason::out_of_specification));
  EXPECT_EQ(flag(10, "running"), Quality::uncertain(Reason::incomplete_window)) << "9, 10";
}

TEST(EdgeScore, TheVersionBeforeJudgesTheFirstScansBesideIt) {
  const auto model_of = [](const std::shared_ptr<ModelCounters>& counters, ByteView before) {
    Bundle bundle = windowed();
    bundle.version = 2;
    bundle.pca->mean[1] = 5530;
    auto model = edge_score_factory(encode(bundle), counters, before).value()().value();
    EXPECT_TRUE(model->bind(metrics, pipeline::anomaly_outputs()).has_value());
    return model;
  };
  auto counters = std::make_shared<ModelCounters>();
  auto first = model_of(counters, encode(windowed()));
  auto second = model_of(counters, encode(windowed()));
  for (int scan = 0; scan < 10; ++scan) {
    (void)verdict(*first, scan, good(553), good(kelvin(1580)));
    (void)verdict(*second, scan, good(scan == 5 ? 600 : 553), good(kelvin(1580)));
  }
  EXPECT_EQ(counters->scored, 20u);
  EXPECT_EQ(counters->flagged, 20u) << "it predicts nonsense";
  EXPECT_EQ(counters->reference_scored, 20u);
  EXPECT_EQ(counters->reference_flagged, 3u) << "while the leap is in its window of three";
  (void)verdict(*first, 9, good(553), good(kelvin(1580)));
  EXPECT_EQ(counters->reference_scored, 20u) << "each scan once";
  (void)verdict(*first, 10, {}, {});
  EXPECT_EQ(counters->reference_scored, 20u) << "nothing to judge";
  for (int scan = 11; scan < 1100; ++scan)
    (void)verdict(*first, scan, good(553), good(kelvin(1580)));
  EXPECT_EQ(counters->reference_scored, edge_reference_scans);
  EXPECT_GT(counters->scored, edge_reference_scans);
  // One that does not fit is left out.
  Bundle other = pca_bundle();
  other.features.inputs = {"T30", "P3O"};
  for (const Bytes& before : {encode(rul_bundle()), Bytes(), encode(other)}) {
    counters = std::make_shared<ModelCounters>();
    (void)verdict(*model_of(counters, before), 0, good(553), good(kelvin(1580)));
    EXPECT_EQ(counters->scored, 1u);
    EXPECT_EQ(counters->reference_scored, 0u);
  }
}

TEST(EdgeScore, ListsEverythingThatDoesNotFit) {
  auto model = edge_score_factory(encode(pca_bundle())).value()().value();
  const std::vector<MetricDefinition> inputs = {{"T3O", DataType::float64, "[degR]"},
                                                {"P30", DataType::string, ""}};
  const std::vector<MetricDefinition> outputs = {{"anomaly/t3", DataType::float64, "1"}};
  const auto done = model->bind(inputs, outputs);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::invalid_input);
  EXPECT_EQ(done.error().problems().size(), 3u);
  EXPECT_EQ(edge_score_factory(encode(rul_bundle())).error().code(), Code::invalid_input);
  EXPECT_EQ(edge_score_factory(as_bytes("nothing")).error().code(), Code::corrupt);
}

TEST(EdgeScore, JudgesInAPipelineAndLeavesItAgain) {
  pipeline::PipelineSpec spec;
  spec.stages = {pipeline::ScoreSpec{.model = "turbofan-monitor", .metrics = {"P30", "T30"}}};
  auto line = pipeline::Pipeline::create(spec, {{"s", "e", "d"}, metrics}).value();
  ontology::Batch in;
  ontology::Batch out;
  for (std::uint32_t slot = 0; slot < 2; ++slot) {
    ontology::Row row;
    row.ts_us = at(0).us;
    row.slot = slot;
    row.set_f64(slot == 0 ? 553 : kelvin(1580));
    in.rows.push_back(row);
  }
  const auto put = [&](const pipeline::StageModelFactory& factory) {
    auto models = line->make_models("turbofan-monitor", factory);
    ASSERT_TRUE(models.has_value());
    line->activate("turbofan-monitor", std::move(*models));
  };
  const auto flag = [&] {
    line->process(in, out);
    EXPECT_EQ(out.size(), 6u);
    return out.rows.back();
  };
  EXPECT_EQ(flag().quality, Quality::bad(Reason::function_check));
  put(edge_score_factory(encode(pca_bundle())).value());
  EXPECT_FALSE(flag().is_null);
  put(withdrawn_model());
  EXPECT_EQ(flag().quality, Quality::bad(Reason::function_check));
}

}  // namespace
}  // namespace millwright::models
