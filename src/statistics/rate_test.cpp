// Against R 4 (poisson.test) and the definition.
#include "statistics/rate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace millwright::statistics {
namespace {

TEST(Rates, RatesAsInR) {
  const auto rate = rate_interval(10, 1, 0.95);
  EXPECT_NEAR(rate.low, 4.795389, 1e-6);
  EXPECT_NEAR(rate.high, 18.390356, 1e-6);
  EXPECT_EQ(rate_interval(0, 2, 0.95).low, 0);
  EXPECT_NEAR(rate_interval(0, 2, 0.95).high, 3.688879 / 2, 1e-6);
}

TEST(Rates, RatiosAsInR) {
  // The example of poisson.test: breast cancer of women examined by fluoroscopy (Dobson 1991).
  const auto ratio = rate_ratio({21, 3011}, {11, 800}, 0.95);
  EXPECT_NEAR(ratio.value, 1.971488, 1e-6);
  EXPECT_NEAR(ratio.interval.low, 0.8584264, 1e-6);
  EXPECT_NEAR(ratio.interval.high, 4.2772659, 1e-6);
  const auto no_event_before = rate_ratio({0, 1}, {3, 1}, 0.95);
  EXPECT_TRUE(std::isinf(no_event_before.interval.high));
  EXPECT_GT(no_event_before.interval.low, 0);
  EXPECT_EQ(rate_ratio({3, 1}, {0, 1}, 0.95).interval.low, 0);
  EXPECT_TRUE(std::isnan(rate_ratio({0, 1}, {0, 1}, 0.95).value));
}

/// Coverage of the ratio's interval, by summation over both counts.
TEST(Rates, RatiosCover) {
  const double before = 6, after = 4;
  double covered = 0, all = 0;
  for (std::uint64_t b = 0; b < 40; ++b) {
    for (std::uint64_t a = 0; a < 40; ++a) {
      const double weight = std::exp(static_cast<double>(b) * std::log(before) - before -
                                     std::lgamma(static_cast<double>(b) + 1) +
                                     static_cast<double>(a) * std::log(after) - after -
                                     std::lgamma(static_cast<double>(a) + 1));
      const auto interval = rate_ratio({b, 1}, {a, 1}, 0.95).interval;
      all += weight;
      if (interval.low <= after / before && after / before <= interval.high) covered += weight;
    }
  }
  EXPECT_NEAR(all, 1, 1e-9);
  EXPECT_GE(covered, 0.95);
}

TEST(Power, OfAComparisonOfStops) {
  // 40 stops in the year before: -30 % is seen in one further year with 30 % power; 80 % needs
  // about 150 (simulated, two-sided 5 %; the exact test is a little more careful).
  EXPECT_NEAR(power({40, 1, 1, 0.7, 0.95}), 0.30, 0.05);
  EXPECT_NEAR(power({150, 1, 1, 0.7, 0.95}), 0.80, 0.05);
  EXPECT_LE(power({40, 1, 1, 1, 0.95}), 0.05) << "never more than the level without an effect";
  EXPECT_GT(power({40, 1, 4, 0.7, 0.95}), power({40, 1, 1, 0.7, 0.95}));
  EXPECT_EQ(power({0, 1, 1, 0.7, 0.95}), 0);
  EXPECT_GT(power({20000, 1, 1, 0.9, 0.95}), 0.999);
}

TEST(Ratios, OfSumsOverUnits) {
  const std::array units{Amount{10, 2}, Amount{14, 2}, Amount{12, 2}};
  const auto ratio = ratio_of_sums(units, 0.95);
  EXPECT_DOUBLE_EQ(ratio.value, 6);
  // Equal exposures: the mean of 5, 7, 6 with t of 2 degrees of freedom, 4.302653.
  EXPECT_NEAR(ratio.interval.high - 6, 4.302653 / std::sqrt(3.0), 1e-5);
  EXPECT_TRUE(std::isinf(ratio_of_sums(std::span(units).first(1), 0.95).interval.high));
}

}  // namespace
}  // namespace millwright::statistics
