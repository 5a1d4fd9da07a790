#include "operations/exact_counts.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::operations {
namespace {

TEST(ExactCounts, TeaTastingOfFisher) {
  // Fisher, The Design of Experiments (1935): 3 of 4 cups right, p = 34/70 two-sided.
  EXPECT_NEAR(fisher_two_sided({3, 4, 1, 4}), 34.0 / 70.0, 1e-12);
  EXPECT_NEAR(fisher_two_sided({4, 4, 0, 4}), 2.0 / 70.0, 1e-12);
}

TEST(ExactCounts, AgreesWithReferenceTables) {
  // The same sums in whole numbers (Python, math.comb).
  EXPECT_NEAR(fisher_two_sided({1, 12, 9, 12}), 0.002759456185, 1e-11);
  EXPECT_NEAR(fisher_two_sided({8, 9, 2, 7}), 0.03496503497, 1e-10);
  EXPECT_NEAR(fisher_two_sided({0, 900, 90, 900}) / 1.552386731e-28, 1, 1e-6);
  EXPECT_EQ(fisher_two_sided({0, 0, 3, 7}), 1);
  EXPECT_NEAR(fisher_two_sided({0, 50, 0, 70}), 1, 1e-12);
}

TEST(ExactCounts, IsTheSameWhenTheGroupsChangePlaces) {
  for (std::uint64_t a = 0; a <= 12; ++a) {
    for (std::uint64_t b = 0; b <= 9; ++b) {
      EXPECT_NEAR(fisher_two_sided({a, 12, b, 9}), fisher_two_sided({b, 9, a, 12}), 1e-12);
    }
  }
}

TEST(ExactCounts, CanarySizesOfTheSpecification) {
  const std::pair<std::uint64_t, double> rows[] = {
      {299, 0.01}, {149, 0.02}, {59, 0.05}, {29, 0.10}, {14, 0.20}};
  for (const auto& [n, share] : rows) {
    EXPECT_LE(detectable_share(n, 0), share);
    EXPECT_GT(detectable_share(n - 1, 0), share) << n << " is the smallest that shows " << share;
    EXPECT_NEAR(detectable_share(n, 0), 1 - std::pow(0.05, 1.0 / static_cast<double>(n)), 1e-9);
  }
  EXPECT_EQ(detectable_share(3, 3), 1);
  EXPECT_GT(detectable_share(100, 2), detectable_share(100, 1));
}

}  // namespace
}  // namespace millwright::operations
