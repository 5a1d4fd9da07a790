// Against published values: tables of distributions (NIST/SEMATECH e-Handbook 1.3.6.7), and
// intervals of the literature.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "statistics/interval.hpp"
#include "statistics/moments.hpp"
#include "statistics/quantile.hpp"

namespace millwright::statistics {
namespace {

TEST(Quantiles, AreThoseOfTheTables) {
  // NIST/SEMATECH e-Handbook of Statistical Methods, sections 1.3.6.7.1, .3, .4.
  EXPECT_NEAR(normal_quantile(0.975), 1.959964, 1e-6);
  EXPECT_NEAR(normal_quantile(0.99), 2.326348, 1e-6);
  EXPECT_NEAR(normal_probability(1.0), 0.841345, 1e-6);
  EXPECT_NEAR(chi_squared_quantile(0.95, 1), 3.841, 5e-4);
  EXPECT_NEAR(chi_squared_quantile(0.95, 10), 18.307, 5e-4);
  EXPECT_NEAR(chi_squared_quantile(0.999, 100), 149.449, 5e-4);
  EXPECT_NEAR(f_quantile(0.95, 1, 1), 161.448, 5e-4);
  EXPECT_NEAR(f_quantile(0.95, 5, 10), 3.326, 5e-4);
  EXPECT_NEAR(f_quantile(0.99, 10, 20), 3.368, 5e-4);
}

TEST(Quantiles, OfFTendToChiSquared) {
  EXPECT_NEAR(3 * f_quantile(0.99, 3, 1e8), chi_squared_quantile(0.99, 3), 1e-5);
}

struct Known {
  std::uint64_t successes, trials;
  double low, high;
};

TEST(BinomialInterval, IsThatOfClopperAndPearson) {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 5: exact, 95 %.
  const Known known[] = {{81, 263, 0.2527, 0.3676},
                         {15, 148, 0.0578, 0.1617},
                         {0, 20, 0.0000, 0.1684},
                         {1, 29, 0.0009, 0.1776}};
  for (const Known& row : known) {
    const auto interval = binomial_interval(row.successes, row.trials, 0.95);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, row.low, 5e-5) << row.successes << " of " << row.trials;
    EXPECT_NEAR(interval->high, row.high, 5e-5) << row.successes << " of " << row.trials;
  }
}

TEST(BinomialInterval, SaysHowManyItemsAClaimNeeds) {
  // "Better than 99.5 %" at one-sided 95 % needs 598 items without error, 947 with one, 1258 with
  // two; one item fewer does not do.
  const std::pair<std::uint64_t, std::uint64_t> claims[] = {{0, 598}, {1, 947}, {2, 1258}};
  for (const auto& [errors, items] : claims) {
    EXPECT_LT(binomial_interval(errors, items, 0.90)->high, 0.005) << errors;
    EXPECT_GE(binomial_interval(errors, items - 1, 0.90)->high, 0.005) << errors;
  }
}

TEST(BinomialInterval, IsWholeWithoutTrialsAndRefusesNonsense) {
  EXPECT_EQ(*binomial_interval(0, 0, 0.95), (Interval{0, 1}));
  EXPECT_EQ(binomial_interval(7, 7, 0.95)->high, 1);
  EXPECT_EQ(binomial_interval(3, 2, 0.95).error().code(), Code::invalid_input);
  EXPECT_EQ(binomial_interval(1, 2, 1.0).error().code(), Code::invalid_input);
  EXPECT_EQ(binomial_interval(1, 2, std::nan("")).error().code(), Code::invalid_input);
}

TEST(ConformalQuantile, TakesTheRankThatPromisesCoverage) {
  std::vector<double> scores;
  for (int i = 1; i <= 9; ++i) scores.push_back(i);
  EXPECT_EQ(conformal_quantile(scores, 0.9), 9);  // ⌈10 · 0.9⌉ = 9
  EXPECT_EQ(conformal_quantile(scores, 0.5), 5);
  scores.pop_back();
  EXPECT_TRUE(std::isinf(conformal_quantile(scores, 0.9)));  // ⌈9 · 0.9⌉ = 9 > 8
  EXPECT_TRUE(std::isinf(conformal_quantile({}, 0.5)));
}

TEST(ConformalQuantile, NeverFallsWithCoverage) {
  std::vector<double> scores;
  for (int i = 0; i < 200; ++i) scores.push_back(std::fmod(i * 0.618034, 1.0));
  double before = 0;
  for (double coverage = 0.01; coverage < 0.99; coverage += 0.01) {
    const double quantile = conformal_quantile(scores, coverage);
    EXPECT_GE(quantile, before);
    before = quantile;
  }
}

TEST(Moments, SurviveALargeOffset) {
  Moments moments;
  for (const double value : {4.0, 7.0, 13.0, 16.0}) moments.add(1e9 + value);
  EXPECT_DOUBLE_EQ(moments.mean(), 1e9 + 10);
  EXPECT_DOUBLE_EQ(moments.variance(), 30);
  EXPECT_EQ(Moments().deviation(), 0);
}

}  // namespace
}  // namespace millwright::statistics
