// Reviews as JSON and as pages against tests/golden/review. MILLWRIGHT_UPDATE_GOLDEN=1 rewrites
// them.
#include "stewardship/review.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace millwright::stewardship {
namespace {

using catalog::Cadence;
using std::chrono::hours;

Timestamp at(std::string_view text) {
  return *parse_rfc3339(text);
}

void compare(const std::string& name, const std::string& content) {
  const auto path = std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / "tests/golden/review" / name;
  if (std::getenv("MILLWRIGHT_UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  std::ifstream in(path, std::ios::binary);
  const std::string golden(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(content, golden) << name;
}

void compare_both(const std::string& name, const ReviewInputs& inputs) {
  const auto document = review(inputs);
  compare(name + ".json", catalog::pretty_json(node_of(document)) + "\n");
  compare(name + ".html", html_of(document));
}

/// Recorded engines: a retrospective KPI, no money.
ReviewInputs recorded() {
  ReviewInputs in;
  in.use_case = "turbofan";
  in.spec.title = "Fewer unplanned engine removals";
  in.spec.outcome = "Engines are taken out when it is planned.";
  in.spec.owner = "emil";
  in.spec.first_review = at("2026-03-31T08:00:00Z");
  in.spec_digest = std::string(64, 'a');
  in.owner = "Emil Sato";
  in.sponsor = "Anna Berger";
  in.from = at("2026-01-01T00:00:00Z");
  in.until = at("2026-04-01T00:00:00Z");
  in.generated = at("2026-04-02T09:30:00Z");
  outcomes::KpiFrame frame;
  frame.name = "early-findings";
  frame.spec.title = "Engines near their end that have a finding";
  frame.spec.unit = "%";
  frame.spec.target = {false, 80, "%", at("2026-12-31T00:00:00Z")};
  catalog::FindingShare method;
  method.truth_unit = "h";
  method.among = {catalog::TruthComparison::at_most, 30};
  method.beside = catalog::TruthCondition{catalog::TruthComparison::above, 60};
  frame.spec.method = method;
  frame.as_of = in.until;
  frame.evidence = {"SELECT asset, max(finding) FROM findings GROUP BY asset -- a < b & c",
                    std::string(64, 'b')};
  std::vector<outcomes::AssetTruth> engines;
  for (int i = 0; i < 60; ++i) {
    engines.push_back({"test-" + std::to_string(i), i < 25 ? 10.0 : 90.0, i < 23 || i == 59});
  }
  in.kpis.push_back(outcomes::measure_finding_share(frame, engines));
  in.money = outcomes::money_not_measurable("no value per unit is declared");
  in.readiness = {"turbofan", in.until, {}};
  in.work = WorkStatistics{24, 24, 2, 20, 1, 1, 0, {"SELECT * FROM work_orders", "c0ffee"}};
  in.models.push_back({"turbofan-rul",
                       3,
                       std::string(64, 'd'),
                       "champion",
                       "gateway",
                       at("2026-01-02T00:00:00Z"),
                       std::string(64, 'e'),
                       13.4,
                       "h",
                       {20, 22, {"SELECT verdict FROM work_orders", "d00d"}},
                       {},
                       "anna",
                       2});
  in.approvals.push_back({"model/turbofan-rul@3", std::string(64, 'd'), "approve", "person/anna",
                          at("2026-01-03T10:00:00Z"), at("2027-01-03T10:00:00Z")});
  in.ledger = LedgerLine{275016, 275016, 0, 0, {"millwright ledger", "1ed6e5"}};
  in.incidents.emplace();
  in.incidents->push_back(
      {at("2026-02-01T03:00:00Z"), "Gateway <b> was off", "4 h without verdicts"});
  return in;
}

/// A simulated plant whose data are not all there.
ReviewInputs simulated() {
  auto in = recorded();
  in.use_case = "fewer-stops";
  in.spec.title = "Fewer unplanned stops";
  in.spec.outcome = "Machines are stopped when it is planned.";
  in.spec.simulated = true;
  in.kpis.clear();
  outcomes::KpiFrame frame;
  frame.name = "unplanned-stops";
  frame.spec.title = "Unplanned stops per running day";
  frame.spec.unit = "%";
  frame.spec.direction = catalog::Direction::down;
  frame.spec.target = {false, -30, "%", at("2027-06-30T00:00:00Z")};
  frame.spec.method = catalog::EventRate{true, "state", {"failed"}, {"state", {"running"}}};
  frame.simulated = true;
  frame.as_of = in.until;
  frame.evidence = {"SELECT count(*) FROM events", "0123"};
  const statistics::Count before{40, 365}, after{28, 365};
  in.kpis.push_back(outcomes::measure_rate_change(frame, before, after));
  in.money = outcomes::money_of(in.kpis[0], before, after,
                                catalog::ValuePerUnit{"unplanned-stops", 8000, "EUR", ""});
  frame.name = "repair-cost";
  frame.spec.title = "Cost of repairs per running day";
  frame.spec.unit = "{EUR}/d";
  frame.spec.method = catalog::CostRate{};
  outcomes::Need need;
  need.requirement = "state";
  need.signal = "state";
  need.asset = "pump-101";
  need.owner = "emil";
  in.readiness = outcomes::judge("fewer-stops", {need}, {}, in.until, nullptr);
  in.kpis.push_back(outcomes::not_measurable(frame, *in.readiness.not_measurable()));
  in.work.reset();
  in.models.clear();
  in.approvals.clear();
  in.ledger.reset();
  in.incidents.reset();
  return in;
}

TEST(Review, OfRecordedEngines) {
  compare_both("recorded", recorded());
}

TEST(Review, OfASimulatedPlant) {
  compare_both("simulated", simulated());
}

TEST(Review, SaysWhatItDoesNotKnow) {
  const auto page = html_of(review(simulated()));
  EXPECT_NE(page.find(">not measurable: signal state missing at asset pump-101, owner emil<"),
            std::string::npos);
  EXPECT_NE(page.find("no record of incidents was given"), std::string::npos);
  const auto recorded_page = html_of(review(recorded()));
  EXPECT_NE(recorded_page.find("not known: no value per unit is declared"), std::string::npos);
  EXPECT_NE(recorded_page.find("Gateway &lt;b&gt; was off"), std::string::npos);
  EXPECT_EQ(recorded_page.find("<b>"), std::string::npos);
}

/// Every estimate shows its interval, every number that is known its query.
TEST(Review, NumbersCarryIntervalQueryAndDigest) {
  for (const auto& inputs : {recorded(), simulated()}) {
    for (const auto& section : review(inputs).sections) {
      for (const auto& figure : section.figures) {
        if (figure.kind == Figure::Kind::unknown) {
          EXPECT_FALSE(figure.note.empty()) << figure.label;
          continue;
        }
        EXPECT_FALSE(figure.evidence.query.empty()) << figure.label;
        EXPECT_FALSE(figure.evidence.data_digest.empty()) << figure.label;
        if (figure.kind == Figure::Kind::estimate) {
          EXPECT_NE(figure.text().find('['), std::string::npos) << figure.label;
        }
        EXPECT_EQ(figure.simulated, inputs.spec.simulated) << figure.label;
      }
    }
  }
}

TEST(Review, TheNextOneFollowsTheCadence) {
  const auto first = at("2026-01-31T08:00:00Z");
  EXPECT_EQ(next_review(first, Cadence::monthly, at("2026-01-01T00:00:00Z")), first);
  EXPECT_EQ(to_rfc3339(next_review(first, Cadence::monthly, first)), "2026-02-28T08:00:00Z");
  EXPECT_EQ(to_rfc3339(next_review(first, Cadence::quarterly, at("2026-05-01T00:00:00Z"))),
            "2026-07-31T08:00:00Z");
  EXPECT_EQ(next_review(first, Cadence::weekly, first), first + hours(168));
  EXPECT_EQ(to_rfc3339(next_review(first, Cadence::yearly, at("2027-02-01T00:00:00Z"))),
            "2028-01-31T08:00:00Z");
}

}  // namespace
}  // namespace millwright::stewardship
