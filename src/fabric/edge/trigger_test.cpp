// When a trigger issues its command.
#include "fabric/edge/trigger.hpp"

#include <gtest/gtest.h>

namespace millwright::edge {
namespace {

using ontology::Quality;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Decision = Trigger::Decision;

TriggerSpec spec() {
  TriggerSpec out;
  out.name = "stop";
  out.device = "pump-1";
  out.metric = "anomaly/score";
  out.limit = 0.9;
  out.command = {"pump-1", "speed", 0, minutes(1)};
  out.per_hour_max = 2;
  return out;
}

Timestamp at(std::int64_t s) {
  return {s * 1'000'000};
}

TEST(Trigger, IssuesWhenTheLimitIsPassedAndAgainWhenTheLeaseIsOver) {
  Trigger trigger(spec());
  EXPECT_EQ(trigger.judge(0.9, {}, at(0), seconds(0)), Decision::none);
  EXPECT_EQ(trigger.judge(0.91, {}, at(1), seconds(1)), Decision::issue);
  EXPECT_EQ(trigger.judge(0.95, {}, at(30), seconds(30)), Decision::none);
  EXPECT_EQ(trigger.judge(0.95, {}, at(61), seconds(61)), Decision::issue);
}

TEST(Trigger, IsArmedAgainBelowTheLimit) {
  Trigger trigger(spec());
  EXPECT_EQ(trigger.judge(1, {}, at(1), seconds(1)), Decision::issue);
  EXPECT_EQ(trigger.judge(0, {}, at(2), seconds(2)), Decision::none);
  EXPECT_EQ(trigger.judge(1, {}, at(3), seconds(3)), Decision::issue);
}

TEST(Trigger, OnlyGoodVerdictsDecide) {
  Trigger trigger(spec());
  EXPECT_EQ(trigger.judge(1, Quality::uncertain(ontology::Reason::bad_input), at(1), seconds(1)),
            Decision::none);
  EXPECT_EQ(trigger.judge(std::nullopt, {}, at(1), seconds(1)), Decision::none);
  EXPECT_EQ(trigger.judge(1, {}, at(2), seconds(2)), Decision::issue);
  EXPECT_EQ(trigger.judge(0, Quality::bad(ontology::Reason::stuck), at(3), seconds(3)),
            Decision::none);
  EXPECT_EQ(trigger.judge(1, {}, at(4), seconds(4)), Decision::none) << "it was never below";
}

TEST(Trigger, IsRefusedBeyondItsRateOnceALease) {
  Trigger trigger(spec());
  EXPECT_EQ(trigger.judge(1, {}, at(0), seconds(0)), Decision::issue);
  EXPECT_EQ(trigger.judge(1, {}, at(60), seconds(60)), Decision::issue);
  EXPECT_EQ(trigger.judge(1, {}, at(120), seconds(120)), Decision::refuse);
  EXPECT_EQ(trigger.judge(1, {}, at(130), seconds(130)), Decision::none);
  EXPECT_EQ(trigger.judge(1, {}, at(180), seconds(180)), Decision::refuse);
  EXPECT_EQ(trigger.judge(1, {}, at(3600), hours(1)), Decision::issue)
      << "the first is an hour ago";
}

TEST(Trigger, WhatAnEarlierLifeDecidedIssuesNothing) {
  Trigger trigger(spec());
  trigger.pass_over(1, {}, at(10));
  EXPECT_EQ(trigger.judge(1, {}, at(20), seconds(0)), Decision::none);
  EXPECT_EQ(trigger.judge(1, {}, at(70), seconds(50)), Decision::issue);
}

TEST(Trigger, EveryComparison) {
  const auto issues = [](Comparison comparison, double value) {
    TriggerSpec one = spec();
    one.comparison = comparison;
    one.limit = 1;
    return Trigger(one).judge(value, {}, at(1), seconds(1)) == Decision::issue;
  };
  EXPECT_TRUE(issues(Comparison::at_least, 1) && !issues(Comparison::at_least, 0.9));
  EXPECT_TRUE(issues(Comparison::below, 0.9) && !issues(Comparison::below, 1));
  EXPECT_TRUE(issues(Comparison::at_most, 1) && !issues(Comparison::at_most, 1.1));
  EXPECT_TRUE(issues(Comparison::above, 1.1) && !issues(Comparison::above, 1));
  EXPECT_TRUE(issues(Comparison::is_true, 1) && !issues(Comparison::is_true, 0));
  for (const auto comparison : {Comparison::above, Comparison::is_true})
    EXPECT_EQ(parse_comparison(name_of(comparison)), comparison);
  EXPECT_EQ(parse_comparison("equals"), std::nullopt);
}

TEST(Trigger, ADeclarationWithoutLeaseNameOrRateIsRefused) {
  EXPECT_TRUE(Trigger::check(spec()).has_value());
  TriggerSpec wrong = spec();
  wrong.command.lease = {};
  EXPECT_FALSE(Trigger::check(wrong).has_value());
  wrong = spec();
  wrong.name = "Stop it";
  EXPECT_FALSE(Trigger::check(wrong).has_value());
  wrong = spec();
  wrong.per_hour_max = 0;
  EXPECT_FALSE(Trigger::check(wrong).has_value());
}

}  // namespace
}  // namespace millwright::edge
