// Stage `score`: scans, missing and bad inputs, no model, replacement between batches, snapshots.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fabric/pipeline/pipeline.hpp"
#include "fabric/pipeline/score_rig.hpp"

namespace millwright::pipeline {
namespace {

using ontology::Batch;
using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;
using ::testing::HasSubstr;

ontology::DeviceSchema pump() {
  return {{"", "", "pump-1"},
          {{"flow", DataType::float64, "m3/h"},
           {"starts", DataType::int64, "1"},
           {"state", DataType::string, ""}}};
}

Row sample(std::int64_t ts, std::uint32_t slot, double value, Quality quality = {}) {
  Row row;
  row.ts_us = ts;
  row.slot = slot;
  row.quality = quality;
  slot == 1 ? row.set_i64(static_cast<std::int64_t>(value)) : row.set_f64(value);
  return row;
}

ScoreSpec score(StageModelFactory factory = {}) {
  ScoreSpec spec;
  spec.model = "pump-anomaly";
  spec.metrics = {"starts", "flow"};
  spec.factory = std::move(factory);
  return spec;
}

std::unique_ptr<Pipeline> make(std::vector<StageSpec> stages) {
  auto made = Pipeline::create({"p@1:abc", std::move(stages), {}}, pump());
  EXPECT_TRUE(made.has_value()) << made.error().text();
  return made ? std::move(*made) : nullptr;
}

std::vector<Row> run(Pipeline& pipeline, std::vector<Row> rows) {
  Batch out;
  pipeline.process({std::move(rows), {}}, out);
  return out.rows;
}

void put_in_force(Pipeline& pipeline, const StageModelFactory& factory) {
  auto models = pipeline.make_models("pump-anomaly", factory);
  ASSERT_TRUE(models.has_value()) << models.error().text();
  pipeline.activate("pump-anomaly", std::move(*models));
}

TEST(Score, EachScanHasAVerdictAtItsTime) {
  auto pipeline = make({score(toy_model("pump-anomaly@1:aa"))});
  EXPECT_EQ(pipeline->output().metrics.size(), 3u + 4u);
  EXPECT_EQ(pipeline->output().metrics[5].name, "anomaly/score");
  EXPECT_EQ(pipeline->output().metrics[6].datatype, DataType::boolean);
  const auto rows =
      run(*pipeline, {sample(1, 0, 0.5), sample(1, 1, 2), sample(2, 1, 4), sample(2, 0, 20)});
  ASSERT_EQ(rows.size(), 4u + 8u);
  EXPECT_EQ(rows[2].ts_us, 1);
  EXPECT_EQ(rows[2].slot, 3u);
  EXPECT_EQ(rows[2].f64(), 2.5) << "the sum of the inputs";
  EXPECT_EQ(rows[3].f64(), 2) << "the first input is the one named first";
  EXPECT_EQ(rows[4].f64(), 1) << "scans so far";
  EXPECT_EQ(rows[5].i64(), 0);
  EXPECT_EQ(rows[8].ts_us, 2);
  EXPECT_EQ(rows[8].f64(), 24);
  EXPECT_EQ(rows[11].i64(), 1);
  const auto& recipe = pipeline->recipes()[rows[8].provenance - 1];
  EXPECT_EQ(recipe.model, "pump-anomaly@1:aa");
  EXPECT_EQ(recipe.pipeline, "p@1:abc");
  EXPECT_EQ(recipe.inputs, "starts, flow; each scan scored by pump-anomaly");
  EXPECT_EQ(pipeline->recipes()[rows[0].provenance - 1].model, "");
}

TEST(Score, ABatchWithoutInputsHasNoVerdict) {
  auto pipeline = make({score(toy_model("m@1:aa"))});
  Row text;
  text.slot = 2;
  text.is_null = true;
  EXPECT_EQ(run(*pipeline, {text}).size(), 1u);
  EXPECT_EQ(run(*pipeline, {}).size(), 0u);
}

TEST(Score, TheModelSeesWhatIsBadOrMissing) {
  auto pipeline = make({score(toy_model("m@1:aa"))});
  auto rows = run(*pipeline, {sample(1, 0, 3, Quality::bad(Reason::stuck)), sample(1, 1, 2)});
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[2].quality, Quality::uncertain(Reason::bad_input));
  EXPECT_EQ(rows[2].f64(), 2);
  rows = run(*pipeline, {sample(2, 1, 2)});
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_TRUE(rows[1].is_null);
  EXPECT_EQ(rows[1].quality, Quality::bad(Reason::missing));
}

TEST(Score, WithoutAModelItsAbsenceIsSeen) {
  auto pipeline = make({score()});
  EXPECT_FALSE(pipeline->holds_state());
  const auto rows = run(*pipeline, {sample(1, 0, 3), sample(1, 1, 2)});
  ASSERT_EQ(rows.size(), 6u);
  for (std::size_t i = 2; i < 6; ++i) {
    EXPECT_TRUE(rows[i].is_null);
    EXPECT_EQ(rows[i].quality, Quality::bad(Reason::function_check));
  }
  EXPECT_EQ(pipeline->active_models(), std::vector<std::string>{""});
}

TEST(Score, AVersionIsReplacedBetweenTwoBatches) {
  auto pipeline = make({score()});
  (void)run(*pipeline, {sample(1, 0, 3)});
  put_in_force(*pipeline, toy_model("m@1:aa"));
  auto rows = run(*pipeline, {sample(2, 0, 3), sample(2, 1, 1)});
  EXPECT_EQ(pipeline->recipes()[rows[2].provenance - 1].model, "m@1:aa");
  const auto first = rows[2].provenance;
  put_in_force(*pipeline, toy_model("m@2:bb", 10));
  rows = run(*pipeline, {sample(3, 0, 3), sample(3, 1, 1)});
  EXPECT_EQ(pipeline->recipes()[rows[2].provenance - 1].model, "m@2:bb");
  EXPECT_NE(rows[2].provenance, first);
  EXPECT_EQ(rows[2].f64(), 40);
  EXPECT_EQ(rows[4].f64(), 1) << "its state begins anew";
  EXPECT_EQ(pipeline->recipes()[first - 1].model, "m@1:aa") << "numbers keep their meaning";
}

TEST(Score, AModelThatDoesNotFitIsRefusedAndNothingChanges) {
  auto pipeline = make({score(toy_model("m@1:aa"))});
  auto refused = pipeline->make_models("pump-anomaly", toy_model("m@2:bb", 1, 3));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr("wants 3 inputs"));
  EXPECT_EQ(pipeline->active_models(), std::vector<std::string>{"m@1:aa"});
  EXPECT_FALSE(pipeline->scores_with("other"));
  EXPECT_FALSE(Pipeline::create({"p", {score(toy_model("m@2:bb", 1, 3))}, {}}, pump()).has_value());
}

TEST(Score, EveryProblemOfADeclarationIsSaid) {
  ScoreSpec spec;
  spec.metrics = {"flwo"};
  spec.outputs = {{"flow", DataType::float64, ""}, {"label", DataType::string, ""}};
  const auto made = Pipeline::create({"p", {spec}, {}}, pump());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().problems().size(), 4u) << made.error().text();
}

TEST(Score, StateIsBoundToTheVersion) {
  auto pipeline = make({score(toy_model("m@1:aa"))});
  EXPECT_TRUE(pipeline->holds_state());
  (void)run(*pipeline, {sample(1, 0, 3), sample(1, 1, 1)});
  (void)run(*pipeline, {sample(2, 0, 3), sample(2, 1, 1)});
  Bytes snapshot;
  pipeline->snapshot(snapshot);
  auto same = make({score(toy_model("m@1:aa"))});
  ASSERT_TRUE(same->restore(snapshot).has_value());
  EXPECT_EQ(run(*same, {sample(3, 0, 3), sample(3, 1, 1)})[4].f64(), 3);
  auto other = make({score(toy_model("m@2:bb"))});
  ASSERT_TRUE(other->restore(snapshot).has_value());
  EXPECT_EQ(run(*other, {sample(3, 0, 3), sample(3, 1, 1)})[4].f64(), 1);
  snapshot.back() ^= std::byte{0xFF};
  snapshot.pop_back();
  EXPECT_EQ(same->restore(snapshot).error().code(), Code::corrupt);
}

TEST(Score, LaterStagesWorkOnVerdictsAndKeepTheirModel) {
  AggregateSpec mean;
  mean.metrics = {"anomaly/t2"};
  mean.window = std::chrono::seconds(1);
  auto pipeline = make({score(toy_model("m@1:aa")), mean});
  (void)run(*pipeline, {sample(1, 0, 3), sample(1, 1, 1)});
  const auto rows = run(*pipeline, {sample(2'000'000, 0, 3), sample(2'000'000, 1, 1)});
  bool found = false;
  for (const Row& row : rows) {
    if (pipeline->output().metrics[row.slot].name != "anomaly/t2/mean_1s") continue;
    found = true;
    EXPECT_EQ(row.f64(), 4);
    EXPECT_EQ(pipeline->recipes()[row.provenance - 1].model, "m@1:aa");
  }
  EXPECT_TRUE(found);
}

ScoreSpec while_running(StageModelFactory factory = {}) {
  ScoreSpec spec = score(std::move(factory));
  spec.scope = {.signal = "state", .is = {"running"}};
  return spec;
}

/// Scans of flow and starts, with a state where one is told; its row stands before the inputs when
/// it comes first.
struct Told {
  std::int64_t ts = 0;
  std::string state = {};
  bool scan = true;
  bool first = false;
};
std::vector<Row> run(Pipeline& pipeline, const std::vector<Told>& told) {
  Batch in;
  for (const Told& one : told) {
    const auto state = [&] {
      if (one.state.empty()) return;
      Row row;
      row.ts_us = one.ts;
      row.slot = 2;
      in.set_payload(row, one.state);
      in.rows.push_back(row);
    };
    if (one.first) state();
    if (one.scan) {
      in.rows.push_back(sample(one.ts, 0, 3));
      in.rows.push_back(sample(one.ts, 1, 1));
    }
    if (!one.first) state();
  }
  Batch out;
  pipeline.process(in, out);
  return out.rows;
}
/// `time:scans so far` of each verdict, or what it says instead.
std::string verdicts(const std::vector<Row>& rows) {
  std::string out;
  for (const Row& row : rows) {
    if (row.slot != 5) continue;
    out += fmt::format("{}{}:{}", out.empty() ? "" : " ", row.ts_us,
                       row.is_null ? to_text(row.quality) : fmt::format("{}", row.f64()));
  }
  return out;
}

TEST(ScoreScope, OutsideNothingIsSaidAndTheModelBeginsAnewBehindIt) {
  auto pipeline = make({while_running(toy_model("m@1:aa"))});
  EXPECT_EQ(verdicts(run(*pipeline, {{.ts = 1},
                                     {.ts = 2, .state = "running"},
                                     {.ts = 3},
                                     {.ts = 4, .state = "failed"},
                                     {.ts = 5},
                                     {.ts = 6, .state = "running", .first = true},
                                     {.ts = 7},
                                     {.ts = 8, .state = "repair", .first = true}})),
            "1:bad:out_of_specification 2:1 3:2 4:bad:out_of_specification "
            "5:bad:out_of_specification 6:1 7:2 8:bad:out_of_specification");
  // A state between two scans ends the stretch too.
  EXPECT_EQ(verdicts(run(*pipeline, {{.ts = 10, .state = "running"},
                                     {.ts = 11, .state = "stopped", .scan = false},
                                     {.ts = 12, .state = "running", .scan = false},
                                     {.ts = 13}})),
            "10:1 13:1");
  EXPECT_EQ(pipeline->recipes()[run(*pipeline, {{.ts = 14}})[2].provenance - 1].inputs,
            "starts, flow; each scan scored by pump-anomaly while state is running");
}

TEST(ScoreScope, BadStatesAreUnknownAndAnAbsentModelIsSaidFirst) {
  auto pipeline = make({while_running()});
  EXPECT_EQ(verdicts(run(*pipeline, {{.ts = 1, .state = "failed"}, {.ts = 2, .state = "running"}})),
            "1:bad:function_check 2:bad:function_check");
  put_in_force(*pipeline, toy_model("m@1:aa"));
  EXPECT_EQ(verdicts(run(*pipeline, {{.ts = 3}})), "3:1") << "the state is known already";
  Row bad;
  bad.ts_us = 4;
  bad.slot = 2;
  bad.is_null = true;
  bad.quality = Quality::bad(Reason::no_communication);
  EXPECT_EQ(verdicts(run(*pipeline, {bad, sample(4, 0, 3), sample(4, 1, 1)})),
            "4:bad:out_of_specification");
}

TEST(ScoreScope, ItsStateGoesOverARestart) {
  const std::vector<Told> whole = {{.ts = 1, .state = "running"}, {.ts = 2},
                                   {.ts = 3, .state = "failed"},  {.ts = 4},
                                   {.ts = 5, .state = "running"}, {.ts = 6}};
  auto one = make({while_running(toy_model("m@1:aa"))});
  const std::string expected = verdicts(run(*one, whole));
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto middle = whole.begin() + static_cast<std::ptrdiff_t>(cut);
    auto before = make({while_running(toy_model("m@1:aa"))});
    std::string text = verdicts(run(*before, std::vector<Told>(whole.begin(), middle)));
    Bytes snapshot;
    before->snapshot(snapshot);
    auto after = make({while_running(toy_model("m@1:aa"))});
    ASSERT_TRUE(after->restore(snapshot).has_value()) << cut;
    const std::string rest = verdicts(run(*after, std::vector<Told>(middle, whole.end())));
    text += (text.empty() || rest.empty() ? "" : " ") + rest;
    EXPECT_EQ(text, expected) << cut;
  }
  Bytes snapshot;
  one->snapshot(snapshot);
  EXPECT_EQ(make({score(toy_model("m@1:aa"))})->restore(snapshot).error().code(), Code::conflict)
      << "without a scope it is another pipeline";
}

TEST(ScoreScope, AScopeThatCannotBeAskedIsAProblem) {
  ScoreSpec spec = while_running();
  spec.scope->signal = "flow";
  auto made = Pipeline::create({"p", {spec}, {}}, pump());
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().text(), HasSubstr("metric 'flow' is of type float64, not a text"));
  spec.scope->signal = "stat";
  made = Pipeline::create({"p", {spec}, {}}, pump());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().problems().front().nearest, "state");
}

}  // namespace
}  // namespace millwright::pipeline
