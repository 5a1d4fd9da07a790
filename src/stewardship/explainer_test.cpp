// Use cases over a real store: readiness, KPIs with exact intervals, money, the review.
#include "stewardship/explainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "stewardship/kpi_facts.hpp"
#include "stewardship/office_rig.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Node;
using std::chrono::hours;
using testing::HasSubstr;

constexpr int engines = 25;
constexpr Timestamp begin{1'767'225'600'000'000};

std::string engine(int number) {
  return fmt::format("test-{:03}", number);
}

class ExplainerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "explainer-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    disk_ = std::move(*engine::open_posix_disk(root_));
    auto store = engine::open_duckdb_store({root_, 1, "512MB"});
    ASSERT_TRUE(store) << store.error().text();
    store_ = std::move(*store);
    h_ = std::make_unique<historian::TestHistorian>(*disk_, *store_, rig_.clock);
    ASSERT_TRUE(h_->is_open()) << h_->error()->text();
  }
  void TearDown() override {
    explainer_.reset();
    h_.reset();
    store_.reset();
    std::filesystem::remove_all(root_);
  }
  void explain() {
    explainer_ = std::make_unique<Explainer>(*rig_.office, **h_, rig_.clock, false);
  }
  /// Every engine's record: 31 scans and one more for each number. Without `left_out` of the
  /// first engine.
  void store_engines(const std::string& left_out = "") {
    historian::Sequence next = 0;
    for (int number = 1; number <= engines; ++number) {
      ontology::DeviceSchema schema{{"site-a", "edge-a1", engine(number)}, {}};
      for (std::size_t i = 0; i < engine_inputs().size(); ++i) {
        if (number == 1 && engine_inputs()[i] == left_out) continue;
        schema.metrics.push_back(
            {engine_inputs()[i], ontology::DataType::float64, engine_units()[i]});
      }
      const auto series = (*h_)->define(schema);
      ASSERT_TRUE(series) << series.error().text();
      ontology::Batch batch;
      for (int scan = 0; scan < 31 + number; ++scan) {
        for (std::uint32_t slot = 0; slot < schema.metrics.size(); ++slot) {
          ontology::Row row;
          row.ts_us = (begin + hours(scan)).us;
          row.slot = slot;
          row.set_f64(scan);
          batch.rows.push_back(row);
        }
      }
      ASSERT_TRUE((*h_)->append({*series, {}, &batch, &edge_, 7, next, 0}));
      next += batch.size();
    }
    ASSERT_TRUE((*h_)->commit());
  }
  /// Ten engines near their end, eight of them found; fifteen far from it, one found.
  void decide() {
    for (int number = 1; number <= engines; ++number) {
      const bool is_near = number <= 10;
      if ((is_near && number <= 8) || number == 11) {
        ASSERT_TRUE(rig_.find_at(engine(number), begin + hours(20)));
      }
      Truth truth;
      truth.asset = engine(number);
      truth.kind = "remaining_life";
      truth.value = is_near ? 1800 : 5400;  // minutes
      truth.unit = "min";
      truth.at = rig_.clock.now;
      ASSERT_TRUE(rig_.office->record_truth(truth, "person/ben"));
    }
    // After the end of its record, and by another rule: neither counts.
    ASSERT_TRUE(rig_.find_at(engine(9), begin + hours(1000)));
    ASSERT_TRUE(rig_.find_at(engine(10), begin + hours(20), "departure"));
  }
  Node use_case() {
    auto answer =
        h_->wait<Node>([&](Reply<Node> reply) { explainer_->use_cases(std::move(reply)); });
    EXPECT_TRUE(answer) << answer.error().text();
    if (!answer || answer->find("usecases")->items.empty()) return {};
    return answer->find("usecases")->items.front();
  }

  OfficeRig rig_;
  std::string root_;
  std::unique_ptr<engine::Disk> disk_;
  std::unique_ptr<engine::SegmentStore> store_;
  std::unique_ptr<historian::TestHistorian> h_;
  std::unique_ptr<Explainer> explainer_;
  historian::ProducerId edge_{"site-a", "edge-a1"};
};

TEST_F(ExplainerTest, RecordsThatEndedAreJudgedAtTheirEnd) {
  store_engines();
  explain();
  const auto shown = use_case();
  EXPECT_EQ(shown.text_at("name"), "turbofan");
  EXPECT_EQ(shown.find("readiness")->text_at("state"), "met");
  EXPECT_EQ(shown.find("readiness")->integer_at("met_count", 0), engines * 14);
  const auto& kpi = shown.find("kpis")->items.at(0);
  EXPECT_EQ(kpi.text_at("state"), "not_yet");
  EXPECT_EQ(kpi.text_at("reason"), "the true remaining life of 25 of 25 assets is not known yet");
  EXPECT_EQ(shown.find("money")->text_at("reason"), "no value per unit is declared");
}

TEST_F(ExplainerTest, ASignalThatIsMissingMakesTheKpiNotMeasurable) {
  store_engines("T50");
  decide();
  explain();
  const auto shown = use_case();
  EXPECT_EQ(shown.find("readiness")->text_at("state"), "unmet");
  const auto& unmet = shown.find("readiness")->find("unmet")->items.at(0);
  EXPECT_EQ(unmet.text_at("signal"), "T50");
  const std::string since = unmet.text_at("since");
  EXPECT_FALSE(since.empty());
  const auto& kpi = shown.find("kpis")->items.at(0);
  EXPECT_EQ(kpi.text_at("state"), "not_measurable");
  EXPECT_EQ(kpi.text_at("reason"),
            "not measurable: signal T50 missing at asset test-001, owner clara");
  EXPECT_TRUE(kpi.boolean_at("retrospective", false));
  rig_.clock.now = rig_.clock.now + hours(1);
  EXPECT_EQ(use_case().find("readiness")->find("unmet")->items.at(0).text_at("since"), since);
}

TEST_F(ExplainerTest, SharesHaveExactIntervalsAndTheirEvents) {
  store_engines();
  decide();
  explain();
  const auto shown = use_case();
  const auto& kpi = shown.find("kpis")->items.at(0);
  ASSERT_EQ(kpi.text_at("state"), "measured") << kpi.text_at("reason");
  EXPECT_EQ(kpi.number_at("value", 0), 80);
  EXPECT_EQ(kpi.integer_at("n", 0), 10);
  // Clopper and Pearson, 8 of 10.
  EXPECT_NEAR(kpi.number_at("low", 0), 44.39045, 1e-4);
  EXPECT_NEAR(kpi.number_at("high", 0), 97.47893, 1e-4);
  const auto& beside = kpi.find("beside")->items.at(0);
  EXPECT_EQ(beside.integer_at("count", 0), 1);
  EXPECT_EQ(beside.integer_at("n", 0), 15);
  EXPECT_THAT(kpi.text_at("query"), HasSubstr("millwright get findings"));
  const std::string digest = kpi.text_at("data_digest");
  EXPECT_EQ(digest.size(), 64u);
  rig_.clock.now = rig_.clock.now + hours(1);
  EXPECT_EQ(use_case().find("kpis")->items.at(0).text_at("data_digest"), digest);
  ASSERT_TRUE(rig_.find_at(engine(12), begin + hours(21)));
  rig_.clock.now = rig_.clock.now + hours(1);
  EXPECT_NE(use_case().find("kpis")->items.at(0).text_at("data_digest"), digest);
}

TEST_F(ExplainerTest, TheReviewHasItsNumbers) {
  store_engines();
  decide();
  rig_.add(life_bundle());
  rig_.roll_out("first", rig_.release(1, life_bundle()).id.digest);
  explain();
  const auto reviewed = h_->wait<Review>(
      [&](Reply<Review> reply) { explainer_->review("turbofan", std::move(reply)); });
  ASSERT_TRUE(reviewed) << reviewed.error().text();
  EXPECT_EQ(reviewed->owner, "Emil Sato");
  EXPECT_TRUE(reviewed->retrospective);
  const std::string page = html_of(*reviewed);
  EXPECT_THAT(page, HasSubstr("44.39"));
  EXPECT_THAT(page, HasSubstr("Anna Berger"));
  EXPECT_THAT(page, HasSubstr("turbofan-rul"));
  const auto unknown = h_->wait<Review>(
      [&](Reply<Review> reply) { explainer_->review("turbofans", std::move(reply)); });
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().remedy(), "did you mean 'turbofan'?");
}

/// A pump that runs, fails and is repaired; a silence of a day; a model that comes on day 10.
TEST_F(ExplainerTest, RatesAreCountedFromStates) {
  const auto series = *(*h_)->define({{"site-a", "edge-a1", "pump"},
                                      {{"state", ontology::DataType::string, ""},
                                       {"cost", ontology::DataType::float64, "{EUR}"},
                                       {"anomaly/score", ontology::DataType::float64, "1"}}});
  ontology::Batch batch;
  const auto add = [&](int hour, std::uint32_t slot) -> ontology::Row& {
    ontology::Row row;
    row.ts_us = (begin + hours(hour)).us;
    row.slot = slot;
    batch.rows.push_back(row);
    return batch.rows.back();
  };
  for (int hour = 0; hour < 20 * 24; ++hour) {
    if (hour >= 48 && hour < 72) continue;  // silence on the third day
    const bool is_failed =
        (hour >= 96 && hour < 108) || (hour >= 192 && hour < 204) || (hour >= 360 && hour < 372);
    auto& row = add(hour, 0);
    batch.set_payload(row, is_failed ? "failed" : "running");
    add(hour, 1).set_f64(hour == 96 || hour == 360 ? 500 : 0);
    if (hour >= 240) add(hour, 2).set_f64(0.2);
  }
  ASSERT_TRUE((*h_)->append({series, {}, &batch, &edge_, 7, 0, 0}));
  ASSERT_TRUE((*h_)->commit());

  RateSeries read;
  read.events = read.exposure = {{"pump", {series[0]}}};
  read.amounts = {{"pump", {series[1]}}};
  read.verdicts = {{"pump", {series[2]}}};
  read.hold_max = hours(1);
  const auto answer = h_->sql(read.statement());
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_LT(answer->rows.size(), 30u) << "runs of equal states are told by their ends";
  const auto samples = read.samples_of(*answer);
  ASSERT_TRUE(samples.contains("pump"));
  EXPECT_EQ(samples.at("pump").intervention, begin + hours(240));
  EXPECT_EQ(samples.at("pump").amounts.size(), 2u);

  outcomes::KpiFrame frame;
  frame.name = "stops";
  frame.spec.unit = "%";
  frame.spec.target = {false, -30, "%", {}};
  catalog::EventRate method;
  method.change = true;
  method.signal = "state";
  method.becomes = {"failed"};
  method.exposure = {"state", {"running"}};
  frame.spec.method = method;
  frame.as_of = begin + hours(480);
  const auto measured = measure_rate_of(frame, {}, samples);
  EXPECT_EQ(measured.before.events, 2u);
  EXPECT_EQ(measured.after.events, 1u);
  // Ten days less two failures of half a day and the silent day, whose last sample holds an hour.
  EXPECT_NEAR(measured.before.exposure, 10 - 1 - 1 + 0.0, 1e-9);
  EXPECT_NEAR(measured.after.exposure, 10 - 0.5, 1e-9);
  ASSERT_EQ(measured.value.state, outcomes::KpiState::measured) << measured.value.reason;
  EXPECT_FALSE(measured.value.series.empty());
  EXPECT_EQ(measured.value.series.back().value, measured.value.value);
}

}  // namespace
}  // namespace millwright::stewardship
