#include "outcomes/readiness.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/commands.hpp"

namespace millwright::outcomes {
namespace {

using std::chrono::hours;

std::vector<catalog::Resource> turbofan() {
  const auto sources = catalog::read_sources({MILLWRIGHT_SOURCE_DIR "/examples/turbofan"});
  const auto report = catalog::check(*sources, {});
  std::vector<catalog::Resource> out;
  for (const auto& declared : report.resources) out.push_back(declared.resource);
  return out;
}

constexpr Timestamp now{1'767'225'600'000'000};

/// A signal that meets everything: 24 good samples in a day.
SignalFacts sound() {
  SignalFacts out;
  out.from = now - hours(24);
  out.until = now;
  out.last = now;
  out.count = 24;
  out.good = 24;
  out.gap_max = hours(1);
  return out;
}

Need need() {
  Need out;
  out.requirement = "gas-path";
  out.asset = "test-007";
  out.signal = "T50";
  out.owner = "clara";
  out.rate = hours(1);
  out.window = hours(24);
  out.completeness = 0.95;
  out.quality = 0.95;
  out.places.push_back({{"site-a", "edge-a1", "test-007"}, "T50", {}, {}});
  return out;
}

Readiness judged(const Need& wanted, const std::optional<SignalFacts>& facts,
                 const Readiness* before = nullptr, Timestamp as_of = now) {
  return judge("turbofan", {wanted}, {facts}, as_of, before);
}

TEST(Readiness, NeedsAreThoseOfTheSelectedAssets) {
  const auto needs = needs_of(turbofan(), "turbofan");
  ASSERT_TRUE(needs.has_value());
  ASSERT_EQ(needs->size(), 1400u) << "100 engines, 14 signals";
  const auto& first = needs->front();
  EXPECT_EQ(first.requirement, "gas-path");
  EXPECT_EQ(first.asset, "test-001");
  EXPECT_EQ(first.signal, "T24");
  EXPECT_EQ(first.owner, "clara");
  ASSERT_EQ(first.places.size(), 1u);
  EXPECT_EQ(first.places[0].metric, "T24");
  EXPECT_EQ(needs_of(turbofan(), "turbofans").error().code(), Code::not_found);
}

TEST(Readiness, ARemovedSignalIsMissingByName) {
  auto resources = turbofan();
  for (auto& resource : resources) {
    if (resource.key.text() != "Device/recorders-a1") continue;
    for (auto& member : resource.spec.members) {
      if (member.key != "metrics") continue;
      std::erase_if(member.value.items,
                    [](const auto& metric) { return metric.text_at("name") == "T50"; });
    }
  }
  auto needs = *needs_of(resources, "turbofan");
  const std::vector<std::optional<SignalFacts>> facts(needs.size(), sound());
  const auto readiness = judge("turbofan", std::move(needs), facts, now, nullptr);
  EXPECT_FALSE(readiness.met());
  EXPECT_EQ(readiness.unmet().size(), 25u);
  EXPECT_EQ(*readiness.not_measurable(),
            "not measurable: signal T50 missing at asset test-001, owner clara (and 24 more)");
}

TEST(Readiness, EachShortfallHasItsName) {
  EXPECT_TRUE(judged(need(), sound()).met());
  EXPECT_FALSE(judged(need(), sound()).not_measurable().has_value());

  const auto missing = judged(need(), std::nullopt);
  EXPECT_EQ(missing.standings[0].shortfall, Shortfall::missing);
  EXPECT_EQ(*missing.not_measurable(),
            "not measurable: signal T50 missing at asset test-007, owner clara");

  auto facts = sound();
  facts.last = now - hours(3);
  const auto silent = judged(need(), facts);
  EXPECT_EQ(silent.standings[0].why, "silent for 3h");
  EXPECT_EQ(silent.standings[0].since, now - hours(2)) << "when the next one was due";

  facts = sound();
  facts.count = 12;
  facts.good = 12;
  facts.gap_max = hours(13);
  EXPECT_EQ(judged(need(), facts).standings[0].why,
            "incomplete: 50 % of 24 samples in 1d, 95 % needed, longest gap 13h");

  facts = sound();
  facts.good = 18;
  EXPECT_EQ(judged(need(), facts).standings[0].why, "poor: 75 % of 24 samples good, 95 % needed");

  auto calibrated = need();
  calibrated.calibration = true;
  EXPECT_EQ(judged(calibrated, sound()).standings[0].shortfall, Shortfall::uncalibrated);
  facts = sound();
  facts.calibration_known = true;
  EXPECT_TRUE(judged(calibrated, facts).met());
}

TEST(Readiness, SinceWhenIsKept) {
  auto poor = sound();
  poor.good = 1;
  const auto first = judged(need(), poor);
  EXPECT_EQ(first.standings[0].since, now);
  const auto second = judged(need(), poor, &first, now + hours(5));
  EXPECT_EQ(second.standings[0].since, now) << "unmet since it was first seen";
  const auto third = judged(need(), sound(), &second, now + hours(6));
  EXPECT_EQ(third.standings[0].since, now + hours(6)) << "met again since";
  const auto json = catalog::canonical_json(second.node());
  EXPECT_EQ(json,
            "{\"met_count\":0,\"state\":\"unmet\",\"unmet\":[{\"asset\":\"test-007\",\"owner\":"
            "\"clara\",\"requirement\":\"gas-path\",\"shortfall\":\"poor\",\"signal\":\"T50\","
            "\"since\":\"2026-01-01T00:00:00Z\",\"why\":\"poor: 4.167 % of 24 samples good, 95 % "
            "needed\"}]}");
}

TEST(Readiness, ACalibrationIsKnownWhileItIsInForce) {
  catalog::Resource signal;
  signal.key = {catalog::Kind::signal, "test-007.t50"};
  auto parsed = catalog::parse_yaml(
      {"x",
       "asset: test-007\nquantity: T50\ncalibration: {certificate: C1, calibrated: "
       "\"2025-06-01T00:00:00Z\", validUntil: \"2026-06-01T00:00:00Z\"}\n"});
  signal.spec = parsed.documents.front();
  EXPECT_TRUE(calibration_known({signal}, "test-007", "T50", now));
  EXPECT_FALSE(calibration_known({signal}, "test-007", "T50", now + hours(24 * 365)));
  EXPECT_FALSE(calibration_known({signal}, "test-008", "T50", now));
}

}  // namespace
}  // namespace millwright::outcomes
