// A verdict walked back: exactly the rows of its window, its model and who approved it, and what
// does not fit.
#include "stewardship/lineage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/segment/simulated_segment_store.hpp"
#include "stewardship/explainer.hpp"
#include "stewardship/plant_rig.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Node;
using testing::HasSubstr;

TEST(RecipeText, InputsOfAGateway) {
  const auto parsed = parse_inputs(
      "site-a/e/d/T30, site-a/e/d/P30; last, mean of 5, 15 scans; age; as site-a/e incarnation "
      "00000000000000ff gave it, up to input/watermark");
  EXPECT_EQ(parsed.names, (std::vector<std::string>{"site-a/e/d/T30", "site-a/e/d/P30"}));
  EXPECT_EQ(parsed.source, "site-a/e");
  EXPECT_EQ(parsed.incarnation, 255u);
  EXPECT_EQ(longest_window_in(parsed.rule), 15u);
}

TEST(RecipeText, InputsOfAnEdgeAndOfNothing) {
  const auto parsed = parse_inputs("T30; each scan scored by m");
  EXPECT_EQ(parsed.names, std::vector<std::string>{"T30"});
  EXPECT_TRUE(parsed.source.empty());
  EXPECT_FALSE(longest_window_in(parsed.rule));
  EXPECT_TRUE(parse_inputs("").names.empty());
  EXPECT_TRUE(parse_inputs("a; x incarnation zz").source.empty());
  EXPECT_FALSE(parse_versioned("name"));
  EXPECT_EQ(parse_versioned("m@3:ab")->digest, "ab");
}

/// The example, where models judge only while `scope` holds.
std::vector<catalog::Resource> turbofan_while(const std::optional<ontology::StateScope>& scope) {
  auto out = turbofan();
  for (auto& resource : out) {
    if (!scope || resource.key.kind != catalog::Kind::model) continue;
    Node states = Node::make_list();
    for (const auto& state : scope->is) states.items.push_back(Node::make_text(state));
    Node condition = Node::make_map();
    condition.add("signal", Node::make_text(scope->signal)).add("is", std::move(states));
    resource.spec.add("while", std::move(condition));
  }
  return out;
}

class LineageTest : public testing::Test {
 protected:
  explicit LineageTest(const std::optional<ontology::StateScope>& scope = {})
      : rig_(turbofan_while(scope)), h_(disk_, store_, rig_.clock), plant_(rig_, h_, scope) {}
  void SetUp() override {
    rig_.add(plant_.life);
    rig_.add(plant_.anomaly);
    rig_.roll_out("first", rig_.release(1, plant_.life).id.digest);
    explainer_ = std::make_unique<Explainer>(*rig_.office, *h_, rig_.clock, false);
  }
  void store(int from, int to) {
    for (int scan = from; scan < to; ++scan) plant_.scan(scan);
  }
  Result<Node> lineage(const std::string& series, std::optional<int> scan = {},
                       std::optional<std::uint64_t> revision = {}) {
    ValuePlace place;
    place.series = series;
    if (scan) place.at = PlantRig::time_of(*scan);
    place.revision = revision;
    return h_.wait<Node>([&](Reply<Node> reply) { explainer_->lineage(place, std::move(reply)); });
  }
  static std::string problems(const Node& node) {
    std::string out;
    for (const auto& item : node.find("problems")->items) out += item.text + "\n";
    return out;
  }
  static std::set<std::string> times(const Node& node) {
    std::set<std::string> out;
    for (const auto& row : node.find("sources")->items) out.insert(row.text_at("ts"));
    return out;
  }

  OfficeRig rig_;
  sim::SimDisk disk_{5};
  engine::SimulatedSegmentStore store_;
  historian::TestHistorian h_;
  PlantRig plant_;
  std::unique_ptr<Explainer> explainer_;
};

constexpr const char* rul = "site-a/gateway-a/test-001/rul";

TEST_F(LineageTest, OfARemainingLifeIsExactlyItsWindow) {
  store(0, 40);
  const auto found = lineage(rul, 35);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(problems(*found), "");
  EXPECT_TRUE(found->boolean_at("complete", false));
  ASSERT_EQ(found->find("sources")->items.size(), 30u * 14);
  const auto when = times(*found);
  EXPECT_EQ(when.size(), 30u);
  EXPECT_EQ(*when.begin(), to_rfc3339(PlantRig::time_of(6)));
  EXPECT_EQ(*when.rbegin(), to_rfc3339(PlantRig::time_of(35)));
  const auto& row = found->find("sources")->items[1];
  EXPECT_EQ(row.text_at("series"), "site-a/edge-a1/test-001/T30");
  EXPECT_EQ(row.number_at("value", 0), PlantRig::value_of(6, 1));
  const auto* model = found->find("model");
  EXPECT_EQ(model->text_at("name"), "turbofan-rul");
  EXPECT_EQ(model->text_at("data_hash"), some_training().data.hex());
  EXPECT_EQ(model->text_at("trained_by"), "millwright 0.3.0");
  EXPECT_EQ(model->text_at("approver"), "Anna Berger");
  EXPECT_EQ(model->find("approval")->text_at("by"), "anna");
  EXPECT_EQ(model->find("rollout")->text_at("id"), "first");
  EXPECT_EQ(model->find("release")->integer_at("version", 0), 1);
  EXPECT_EQ(found->text_at("calibration"), "none known");
  EXPECT_TRUE(found->find("recomputed")->boolean_at("agrees", false));
  EXPECT_EQ(found->text_at("input_digest").size(), 64u);
  EXPECT_EQ(lineage(rul, 35)->text_at("input_digest"), found->text_at("input_digest"));
  EXPECT_NE(lineage(rul, 36)->text_at("input_digest"), found->text_at("input_digest"));
}

TEST_F(LineageTest, TheFirstScansHaveAShorterWindow) {
  store(0, 40);
  const auto found = lineage(rul, 3);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(problems(*found), "");
  EXPECT_EQ(times(*found).size(), 4u);
}

TEST_F(LineageTest, OfAHealthGoesThroughTheLifeAndTheAnomaly) {
  store(0, 40);
  const auto found = lineage("site-a/gateway-a/test-001/health");
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(problems(*found), "");
  EXPECT_EQ(found->find("sources")->items.size(), 30u * 14);
  ASSERT_EQ(found->find("through")->items.size(), 2u);
  EXPECT_EQ(found->find("through")->items[0].text_at("series"), rul);
  EXPECT_EQ(found->find("through")->items[1].text_at("series"),
            "site-a/edge-a1/test-001/anomaly/score");
  EXPECT_EQ(found->find("recomputed")->text_at("metric"), "rul");
}

TEST_F(LineageTest, OfATierOneVerdict) {
  store(0, 40);
  const auto found = lineage("site-a/edge-a1/test-001/anomaly/t2", 20);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->find("sources")->items.size(), 5u * 14);
  EXPECT_TRUE(found->find("recomputed")->boolean_at("agrees", false));
  EXPECT_TRUE(found->find("pipeline")->boolean_at("declared_now", false));
  EXPECT_THAT(problems(*found), HasSubstr("no registered release holds model turbofan-anomaly@1"))
      << "it was never released";
}

TEST_F(LineageTest, ALaterCorrectionIsNotWhatTheModelHad) {
  store(0, 40);
  const auto before = lineage(rul, 35);
  plant_.correct(33, 0, 100);
  const auto after = lineage(rul, 35);
  ASSERT_TRUE(after) << after.error().text();
  EXPECT_EQ(problems(*after), "");
  EXPECT_EQ(after->text_at("input_digest"), before->text_at("input_digest"));
}

TEST_F(LineageTest, AnAlteredRowIsNamed) {
  store(0, 37);
  plant_.scan(37, {{0, 400}});  // T24: the models saw another value than the one that is stored
  store(38, 40);
  const auto found = lineage(rul, 39);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_FALSE(found->boolean_at("complete", true));
  EXPECT_THAT(problems(*found),
              HasSubstr("rul recomputed from its source rows is 50, stored is 20"));
  EXPECT_THAT(problems(*found), HasSubstr("the source row site-a/edge-a1/test-001/T24 at " +
                                          to_rfc3339(PlantRig::time_of(37))));
  const auto t2 = lineage("site-a/edge-a1/test-001/anomaly/t2", 38);
  EXPECT_THAT(problems(*t2), HasSubstr("the source row site-a/edge-a1/test-001/T24 at " +
                                       to_rfc3339(PlantRig::time_of(37))));
  EXPECT_EQ(problems(*lineage(rul, 36)), "") << "what came before it is sound";
}

TEST_F(LineageTest, OfAMeasuredValue) {
  store(0, 3);
  const auto found = lineage("site-a/edge-a1/test-001/T24", 1);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(problems(*found), "");
  EXPECT_TRUE(found->find("sources")->items.empty());
  EXPECT_EQ(found->find("value")->text_at("asset"), "test-001");
  EXPECT_EQ(found->find("value")->text_at("signal"), "T24");
  EXPECT_EQ(found->find("recipe")->text_at("producer"), "site-a/edge-a1");
  EXPECT_EQ(found->find("model")->type, Node::Type::null);
  EXPECT_EQ(found->text_at("calibration"), "none known");
}

TEST_F(LineageTest, BySeriesNumberAndRevision) {
  store(0, 3);
  plant_.correct(1, 0, 700);
  const auto number = std::to_string(plant_.edge_series[0].value());
  const auto newest = lineage(number, 1);
  ASSERT_TRUE(newest) << newest.error().text();
  EXPECT_EQ(newest->find("value")->number_at("value", 0), 700);
  EXPECT_EQ(newest->find("value")->integer_at("revisions", 0), 2);
  const auto last =
      h_.range({plant_.edge_series[0], PlantRig::time_of(1), PlantRig::time_of(1), 10, {}, true});
  const auto older = lineage(number, 1, last->samples.front().revision);
  ASSERT_TRUE(older) << older.error().text();
  EXPECT_FALSE(older->find("value")->boolean_at("current", true));
  EXPECT_EQ(lineage(number, 1, 5).error().code(), Code::not_found);
  EXPECT_EQ(lineage(number, 9).error().code(), Code::not_found);
  EXPECT_EQ(lineage("site-a/edge-a1/test-001/T99").error().code(), Code::not_found);
}

class ScopedLineageTest : public LineageTest {
 protected:
  ScopedLineageTest() : LineageTest(ontology::StateScope{"state", {"running"}}) {}
  /// Runs until 29, where values are low; fails at 30, runs again from 32 on, where they are high.
  /// The state is told with every scan, or when it changes.
  void store_lives(int to, bool with_every_scan) {
    std::string before;
    for (int scan = 0; scan < to; ++scan) {
      const std::string state = scan == 30 || scan == 31 ? "failed" : "running";
      plant_.scan(scan, {}, with_every_scan || state != before ? state : "");
      before = state;
    }
  }
  void expect_that_it_begins_at(int first, int scan) {
    SCOPED_TRACE(scan);
    const auto found = lineage(rul, scan);
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(problems(*found), "");
    const auto when = times(*found);
    EXPECT_EQ(when.size(), static_cast<std::size_t>(scan - first + 1));
    EXPECT_EQ(*when.begin(), to_rfc3339(PlantRig::time_of(first)));
    EXPECT_EQ(found->find("sources")->items.size(), when.size() * 14);
    EXPECT_TRUE(found->find("recomputed")->boolean_at("agrees", false));
  }
};

TEST_F(ScopedLineageTest, AWindowDoesNotReachAcrossARestart) {
  store_lives(80, true);
  // Over the scans before too, the mean would be low and the life 50.
  EXPECT_EQ(lineage(rul, 33)->find("recomputed")->number_at("value", 0), 20);
  expect_that_it_begins_at(32, 33);
  expect_that_it_begins_at(0, 28);
  expect_that_it_begins_at(50, 79);
  const auto t2 = lineage("site-a/edge-a1/test-001/anomaly/t2", 34);
  EXPECT_EQ(times(*t2).size(), 3u);
  EXPECT_TRUE(t2->find("recomputed")->boolean_at("agrees", false));
}

TEST_F(ScopedLineageTest, NorWhereTheStateIsToldOnChange) {
  store_lives(80, false);
  expect_that_it_begins_at(32, 33);
  expect_that_it_begins_at(32, 61);
  expect_that_it_begins_at(50, 79);
  const auto t2 = lineage("site-a/edge-a1/test-001/anomaly/t2", 34);
  EXPECT_EQ(times(*t2).size(), 3u);
  EXPECT_EQ(lineage("site-a/edge-a1/test-001/anomaly/t2", 70)->find("sources")->items.size(),
            5u * 14);
}

TEST_F(ScopedLineageTest, OutsideItSaysWhyThereIsNoVerdict) {
  store_lives(36, true);
  const auto found = lineage(rul, 31);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(problems(*found), "at " + to_rfc3339(PlantRig::time_of(31)) +
                                  " the model does not judge: it does while state is running\n");
  EXPECT_TRUE(found->find("sources")->items.empty());
}

TEST_F(ScopedLineageTest, AModelOfAnotherScopeIsNotTheDeclaredOne) {
  models::Bundle other = plant_.life;
  other.version = 2;
  other.features.scope.reset();
  const auto refused = rig_.office->add_model(models::encode(other), "person/ben");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(),
              HasSubstr("features.while: the model judges at all times; expected while state is "
                        "running"));
}

}  // namespace
}  // namespace millwright::stewardship
