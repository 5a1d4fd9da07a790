#include "models/fusion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "models/random_rig.hpp"

namespace millwright::models {
namespace {

using ontology::Quality;
using ontology::Reason;
using std::chrono::minutes;
using std::chrono::seconds;

/// Remaining life in hours (less is worse), an anomaly score, a vibration trend.
FusionSpec three_inputs() {
  FusionSpec spec;
  spec.inputs = {
      {.name = "rul", .weight = 0.9, .calibration = {{{0, 1}, {50, 0.5}, {125, 0}}}},
      {.name = "anomaly", .weight = 0.7, .calibration = {{{0.4, 0}, {0.6, 0.8}, {1, 1}}}},
      {.name = "trend", .weight = 0.5, .calibration = {{{0, 0}, {10, 1}}}},
  };
  return spec;
}

Reading good(double value) {
  return {.value = value, .quality = Quality::good()};
}
Timestamp at(Duration passed) {
  return Timestamp{1'790'000'000'000'000} + passed;
}
/// Health of a fresh asset, without a past.
Health fresh(double rul, double anomaly, double trend) {
  Fusion fusion(three_inputs());
  const Reading readings[] = {good(rul), good(anomaly), good(trend)};
  return fusion.update(at(seconds(0)), readings).value();
}

void expect_parts_add_up(const Health& health) {
  double sum = 0;
  for (const Contribution& part : health.by) {
    EXPECT_GE(part.part, 0);
    sum += part.part;
  }
  EXPECT_NEAR(sum, 1 - health.health, 1e-12);
}

TEST(Fusion, IsANoisyOr) {
  const Health health = fresh(50, 0.6, 5);
  EXPECT_NEAR(health.health, (1 - 0.9 * 0.5) * (1 - 0.7 * 0.8) * (1 - 0.5 * 0.5), 1e-12);
  EXPECT_EQ(health.confidence, 1);
  EXPECT_EQ(health.state, HealthState::bad);
  EXPECT_EQ(health.by[1].trouble, 0.8);
  expect_parts_add_up(health);
  EXPECT_EQ(fresh(125, 0, 0).health, 1);
  EXPECT_EQ(fresh(125, 0, 0).state, HealthState::good);
}

TEST(Fusion, IsMonotoneInEachInputAtAnyTime) {
  TestNumbers numbers(1);
  for (int world = 0; world < 300; ++world) {
    Fusion better(three_inputs());
    Fusion worse(three_inputs());
    const auto which = static_cast<std::size_t>(world % 3);
    Duration passed{0};
    for (int step = 0; step < 20; ++step) {
      passed += seconds(1 + static_cast<int>(200 * numbers.share()));
      Reading readings[] = {good(125 * numbers.share()), good(numbers.share()),
                            good(10 * numbers.share())};
      const Health a = better.update(at(passed), readings).value();
      const double by = numbers.share();
      *readings[which].value += which == 0 ? -40 * by : by;
      const Health b = worse.update(at(passed), readings).value();
      EXPECT_LE(b.health, a.health + 1e-12);
      expect_parts_add_up(a);
      expect_parts_add_up(b);
    }
  }
}

TEST(Fusion, OneDeadSensorDoesNotDestroyIt) {
  Fusion fusion(three_inputs());
  const Reading whole[] = {good(110), good(0.1), good(1)};
  const Health before = fusion.update(at(seconds(0)), whole).value();
  EXPECT_EQ(before.state, HealthState::good);
  const Reading dead[] = {
      good(110), good(0.1), {.value = 9e9, .quality = Quality::bad(Reason::failure)}};
  const Health at_once = fusion.update(at(seconds(1)), dead).value();
  EXPECT_LT(at_once.confidence, before.confidence);
  EXPECT_NEAR(at_once.health, before.health, 0.01);
  EXPECT_EQ(at_once.by[2].quality, Quality::bad(Reason::failure));
  const Health later = fusion.update(at(minutes(60)), dead).value();
  EXPECT_NEAR(later.confidence, (0.9 + 0.7) / 2.1, 1e-12);
  EXPECT_EQ(later.state, HealthState::good);
  EXPECT_GT(later.health, 0.7);
  expect_parts_add_up(later);
  // The others still tell trouble.
  const Reading trouble[] = {good(10), good(0.9), {.value = {}, .quality = Quality::good()}};
  const Health told = fusion.update(at(minutes(70)), trouble).value();
  EXPECT_EQ(told.state, HealthState::bad);
  EXPECT_EQ(told.by[2].quality, Quality::bad(Reason::missing));
}

TEST(Fusion, WhatIsUnknownIsNotCalledGood) {
  Fusion fusion(three_inputs());
  const Reading nothing[3] = {};
  const Health health = fusion.update(at(seconds(0)), nothing).value();
  EXPECT_EQ(health.confidence, 0);
  EXPECT_EQ(health.state, HealthState::unknown);
  EXPECT_LT(health.health, 1);
  const Reading nan[] = {good(std::numeric_limits<double>::quiet_NaN()), good(0), good(0)};
  EXPECT_LT(fusion.update(at(seconds(1)), nan)->confidence, 0.6);
}

TEST(Fusion, RisesFastRecoversSlowlyAndDoesNotFlutter) {
  Fusion fusion(three_inputs());
  const Reading fine[] = {good(125), good(0), good(0)};
  const Reading poor[] = {good(60), good(0.55), good(2)};
  ASSERT_EQ(fusion.update(at(seconds(0)), fine)->state, HealthState::good);
  const Health worse = fusion.update(at(seconds(120)), poor).value();
  EXPECT_NE(worse.state, HealthState::good);
  const Health soon = fusion.update(at(seconds(240)), fine).value();
  EXPECT_LT(soon.health, 0.75);
  EXPECT_NE(soon.state, HealthState::good);
  EXPECT_EQ(fusion.update(at(minutes(120)), fine)->state, HealthState::good);

  // Between the two bounds the state is what it was.
  FusionSpec steady = three_inputs();
  steady.rise = steady.recovery = Duration{0};
  Fusion flutter(steady);
  auto state_at = [&, n = 0](double rul) mutable {
    const Reading readings[] = {good(rul), good(0), good(0)};
    return flutter.update(at(seconds(++n)), readings)->state;
  };
  EXPECT_EQ(state_at(100), HealthState::good);  // health 0.85
  EXPECT_EQ(state_at(85), HealthState::good);   // 0.76: not yet below 0.7
  EXPECT_EQ(state_at(70), HealthState::watch);  // 0.67
  EXPECT_EQ(state_at(85), HealthState::watch);  // 0.76: not yet above 0.8
  EXPECT_EQ(state_at(100), HealthState::good);
}

TEST(Fusion, GoesOnFromASavedState) {
  Fusion first(three_inputs());
  const Reading readings[] = {good(60), good(0.55), good(2)};
  ASSERT_TRUE(first.update(at(seconds(0)), readings));
  const Bytes state = first.save();
  Fusion second(three_inputs());
  ASSERT_TRUE(second.load(state));
  EXPECT_EQ(second.save(), state);
  const Reading next[] = {good(100), {.value = {}, .quality = {}}, good(0)};
  const Health a = first.update(at(seconds(30)), next).value();
  const Health b = second.update(at(seconds(30)), next).value();
  EXPECT_EQ(a.health, b.health);
  EXPECT_EQ(a.confidence, b.confidence);

  FusionSpec other = three_inputs();
  other.prior = 0.5;
  EXPECT_EQ(Fusion(other).load(state).error().code(), Code::conflict);
  Bytes damaged = state;
  damaged[50] ^= std::byte{1};
  EXPECT_EQ(second.load(damaged).error().code(), Code::corrupt);
  damaged[0] = std::byte{2};
  EXPECT_EQ(second.load(damaged).error().code(), Code::unsupported_version);
  EXPECT_EQ(first.update(at(seconds(29)), next).error().code(), Code::invalid_input);
}

TEST(FusionSpec, TellsEveryProblem) {
  FusionSpec spec = three_inputs();
  spec.inputs[0].weight = 1;
  spec.inputs[1].name = "rul";
  spec.inputs[2].calibration.points = {{0, 0}, {5, 1}, {9, 0.5}};
  spec.recovery = seconds(1);
  spec.bad_below = 0.9;
  std::string text;
  for (const Problem& problem : spec.problems()) text += problem.place.path + " ";
  EXPECT_EQ(text, "inputs[0].weight inputs[1].name inputs[2].calibration recovery bad_below ");
}

TEST(Calibration, IsMonotoneAndRight) {
  TestNumbers numbers(4);
  std::vector<double> readings;
  std::vector<std::uint8_t> trouble;
  for (int i = 0; i < 20000; ++i) {
    readings.push_back(100 * numbers.share());
    trouble.push_back(numbers.share() < 1 - readings.back() / 100 ? 1 : 0);
  }
  const auto fitted = fit_calibration(readings, trouble, Direction::falling);
  ASSERT_TRUE(fitted);
  FusionSpec spec = three_inputs();
  spec.inputs[0].calibration = *fitted;
  EXPECT_TRUE(spec.problems().empty());
  for (const double reading : {10.0, 30.0, 50.0, 70.0, 90.0}) {
    EXPECT_NEAR(fitted->at(reading), 1 - reading / 100, 0.06);
  }
  EXPECT_EQ(fit_calibration({}, {}, Direction::rising).error().code(), Code::invalid_input);
}

}  // namespace
}  // namespace millwright::models
