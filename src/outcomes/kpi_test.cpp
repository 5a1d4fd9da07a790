#include "outcomes/kpi.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::outcomes {
namespace {

using catalog::Direction;
using statistics::Amount;
using statistics::Count;

const Evidence evidence{"SELECT 1", "00ff"};

KpiFrame share_frame() {
  KpiFrame frame;
  frame.name = "early-findings";
  frame.spec.title = "Engines near their end that have a finding";
  frame.spec.unit = "%";
  frame.spec.direction = Direction::up;
  frame.spec.target = {false, 80, "%", Timestamp{}};
  frame.spec.method = catalog::FindingShare{};
  frame.as_of = Timestamp{1'767'225'600'000'000};
  frame.evidence = evidence;
  return frame;
}

KpiFrame change_frame() {
  KpiFrame frame;
  frame.name = "unplanned-stops";
  frame.spec.title = "Unplanned stops per running day";
  frame.spec.unit = "%";
  frame.spec.direction = Direction::down;
  frame.spec.target = {false, -30, "%", Timestamp{}};
  frame.spec.baseline = catalog::KpiBaseline{true, 0, "", ""};
  frame.spec.method = catalog::EventRate{true, "state", {"failed"}, {"state", {"running"}}};
  frame.simulated = true;
  frame.evidence = evidence;
  return frame;
}

TEST(KpiValue, ShareOfEnginesWithAFinding) {
  std::vector<AssetTruth> engines;
  for (int i = 0; i < 100; ++i) {
    const double truth = i < 25 ? 7 + i : i < 60 ? 35 : 61 + i;
    engines.push_back({"test-" + std::to_string(i), truth, i < 23 || i == 99});
  }
  auto frame = share_frame();
  catalog::FindingShare method;
  method.truth_unit = "h";
  method.among = {catalog::TruthComparison::at_most, 31};
  method.beside = catalog::TruthCondition{catalog::TruthComparison::above, 60};
  frame.spec.method = method;
  const auto near = count_share(engines, method.among);
  EXPECT_EQ(near.assets, 25u);
  EXPECT_EQ(near.with_finding, 23u);
  const auto kpi = measure_finding_share(frame, engines);
  EXPECT_EQ(kpi.state, KpiState::measured);
  EXPECT_DOUBLE_EQ(kpi.value, 92);
  EXPECT_NEAR(kpi.interval.low, 73.97, 0.01);  // R: binom.test(23, 25)
  EXPECT_NEAR(kpi.interval.high, 99.02, 0.01);
  EXPECT_TRUE(kpi.retrospective);
  EXPECT_EQ(kpi.target_state(), TargetState::open);
  ASSERT_EQ(kpi.beside.size(), 1u);
  EXPECT_EQ(kpi.beside[0].n, 40u);
  EXPECT_EQ(kpi.beside[0].title, "Share with a finding among those above 60 h");
  EXPECT_DOUBLE_EQ(kpi.beside[0].value, 2.5);
  const auto json = catalog::canonical_json(kpi.node());
  EXPECT_NE(json.find("\"query\":\"SELECT 1\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"data_digest\":\"00ff\""), std::string::npos);
  EXPECT_NE(json.find("\"target\":80"), std::string::npos);
  EXPECT_EQ(measure_share(share_frame(), {}, std::nullopt).state, KpiState::not_yet);
}

TEST(KpiValue, ChangeOfARateIsJudgedByItsInterval) {
  const auto open = measure_rate_change(change_frame(), {40, 365}, {28, 365});
  EXPECT_NEAR(open.value, -30, 1e-9);
  EXPECT_LT(open.interval.low, -30);
  EXPECT_GT(open.interval.high, 0) << "30 % fewer of 40 may be chance";
  EXPECT_EQ(open.target_state(), TargetState::open);
  ASSERT_TRUE(open.power.has_value());
  EXPECT_NEAR(*open.power, 0.30, 0.05);
  EXPECT_EQ(open.beside.size(), 2u);
  EXPECT_TRUE(open.simulated);
  EXPECT_EQ(measure_rate_change(change_frame(), {400, 365}, {100, 365}).target_state(),
            TargetState::reached);
  EXPECT_EQ(measure_rate_change(change_frame(), {400, 365}, {400, 365}).target_state(),
            TargetState::missed);
}

TEST(KpiValue, WhatCannotBeMeasuredSaysWhy) {
  EXPECT_EQ(measure_rate_change(change_frame(), {0, 10}, {2, 10}).reason,
            "no event in the baseline period");
  EXPECT_EQ(measure_rate_change(change_frame(), {4, 10}, {0, 0}).state, KpiState::not_yet);
  const auto kpi = not_measurable(change_frame(), "signal state missing at asset pump-1");
  EXPECT_EQ(kpi.target_state(), TargetState::unknown);
  const auto json = catalog::pretty_json(kpi.node());
  EXPECT_NE(json.find("\"value\": null"), std::string::npos) << json;
  EXPECT_NE(json.find("\"state\": \"not_measurable\""), std::string::npos);
}

TEST(KpiValue, RatesAndCosts) {
  auto frame = change_frame();
  frame.spec.unit = "/h";
  frame.spec.method = catalog::EventRate{};
  frame.spec.target = {true, -50, "%", Timestamp{}};
  frame.spec.baseline = catalog::KpiBaseline{false, 48, "/d", ""};
  const auto rate = measure_rate(frame, {24, 1});
  EXPECT_NEAR(rate.value, 1, 1e-12);
  EXPECT_NEAR(*rate.baseline, 2, 1e-12);
  EXPECT_EQ(rate.target_state(), TargetState::open) << "target 1 per hour, by the baseline";
  frame.spec.unit = "{EUR}/d";
  frame.spec.method = catalog::CostRate{};
  const auto cost = measure_cost_rate(frame, {{100, 10}, {140, 10}, {120, 10}, {5, 0}});
  EXPECT_EQ(cost.n, 3u);
  EXPECT_DOUBLE_EQ(cost.value, 12);
  EXPECT_EQ(measure_cost_rate(frame, {{100, 10}}).state, KpiState::not_yet);
  EXPECT_EQ(measure_cost_rate(frame, {{0, 10}, {0, 10}}).state, KpiState::not_yet)
      << "nothing seen is no interval of nothing";
}

TEST(Money, OfStopsAvoided) {
  const Count before{40, 100}, after{10, 50};
  const auto change = measure_rate_change(change_frame(), before, after);
  const auto money = money_of(change, before, after, catalog::ValuePerUnit{"x", 5000, "EUR", ""});
  EXPECT_EQ(money.state, KpiState::measured);
  EXPECT_NEAR(money.value, (20 - 10) * 5000.0, 1e-6);
  EXPECT_LT(money.interval.low, money.value);
  EXPECT_LE(money.interval.high, 20 * 5000.0);
  EXPECT_EQ(money_of(change, before, after, std::nullopt).reason, "no value per unit is declared");
  EXPECT_EQ(money_of(not_yet(change_frame(), "later"), before, after,
                     catalog::ValuePerUnit{"x", 1, "EUR", ""})
                .reason,
            "later");
}

}  // namespace
}  // namespace millwright::outcomes
