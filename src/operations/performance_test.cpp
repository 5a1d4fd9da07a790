#include "operations/performance.hpp"

#include <gtest/gtest.h>

#include "operations/exact_counts.hpp"
#include "operations/work_order_rig.hpp"

namespace millwright::operations {
namespace {

Timestamp day(int number) {
  return {number * 86'400'000'000ll};
}

/// Clopper and Pearson by bisection: a check of what the hub binds, not its replacement.
ShareBounds exact(std::uint64_t hits, std::uint64_t n) {
  const auto solve = [](auto&& is_above) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 60; ++i) {
      const double middle = (low + high) / 2;
      (is_above(middle) ? high : low) = middle;
    }
    return low;
  };
  ShareBounds bounds;
  if (hits > 0) {
    bounds.low = solve([&](double p) { return 1 - binomial_at_most(hits - 1, n, p) > 0.025; });
  }
  if (hits < n) bounds.high = solve([&](double p) { return binomial_at_most(hits, n, p) < 0.025; });
  return bounds;
}

std::map<std::string, ModelPerformance> of(const WorkBench& bench,
                                           const std::vector<KnownFailure>& failures) {
  const WarningWindow window{std::chrono::hours(24 * 10), std::chrono::hours(24)};
  return performance(bench.findings, bench.orders, {"life@1:ab"}, failures, window, exact);
}

TEST(Performance, NothingLookedAtIsNotMeasurable) {
  WorkBench bench;
  const auto before = of(bench, {}).at("life@1:ab");
  EXPECT_FALSE(before.precision);
  EXPECT_FALSE(before.recall);
  const auto finding = bench.finding("a", day(1));
  EXPECT_EQ(of(bench, {}).at("life@1:ab").open, 1u);
  bench.verdict(finding, Outcome::could_not_inspect);
  const auto after = of(bench, {}).at("life@1:ab");
  EXPECT_FALSE(after.precision);
  EXPECT_EQ(after.unknown, 1u);
  EXPECT_EQ(after.open, 0u);
}

TEST(Performance, CountsByTheDefinitions) {
  WorkBench bench;
  int number = 0;
  const auto judged = [&](Outcome outcome, int times) {
    for (int i = 0; i < times; ++i) {
      bench.verdict(bench.finding("a" + std::to_string(number++), day(20)), outcome);
    }
  };
  judged(Outcome::confirmed, 8);
  judged(Outcome::none_found, 1);
  judged(Outcome::other_fault, 1);
  judged(Outcome::could_not_inspect, 3);
  // a10 was warned of, but nobody could inspect it; b failed without a word; a0 is confirmed.
  const auto sums = of(bench, {{"a10", day(25)}, {"b", day(25)}, {"a0", day(25)}}).at("life@1:ab");
  ASSERT_TRUE(sums.precision && sums.recall);
  EXPECT_EQ(sums.precision->hits, 8u);
  EXPECT_EQ(sums.precision->n, 10u);
  // R: binom.test(8, 10)$conf.int.
  EXPECT_NEAR(sums.precision->low, 0.4439045, 1e-6);
  EXPECT_NEAR(sums.precision->high, 0.9747893, 1e-6);
  EXPECT_EQ(sums.recall->hits, 9u) << "8 confirmed, and the failure of a10";
  EXPECT_EQ(sums.recall->n, 10u);
  EXPECT_EQ(sums.unknown, 3u);
  EXPECT_EQ(sums.other_fault, 1u);
  EXPECT_EQ(sums.failures_warned, 2u);
  EXPECT_EQ(sums.failures_missed, 1u);
}

TEST(Performance, TheWarningWindow) {
  struct Row {
    std::string name;
    int failure_day;
    bool cleared;
    std::uint64_t warned;
  };
  const Row rows[] = {
      {"in time", 25, true, 1},
      {"at the horizon", 30, true, 1},
      {"too old and cleared", 31, true, 0},
      {"old but still open", 60, false, 1},
      {"too late to act on", 20, true, 0},
      {"before the finding", 19, false, 0},
  };
  for (const auto& row : rows) {
    WorkBench bench;
    bench.finding("a", day(20));
    if (row.cleared) bench.clear("a", day(21));
    const auto sums = of(bench, {{"a", day(row.failure_day)}}).at("life@1:ab");
    EXPECT_EQ(sums.failures_warned, row.warned) << row.name;
    EXPECT_EQ(sums.failures_missed, 1 - row.warned) << row.name;
  }
}

TEST(Performance, AVerdictChangesPrecisionOfEachModelInTheWorkOrder) {
  WorkBench bench;
  const auto first = bench.finding("a", day(20));
  bench.finding("a", day(20), "life@2:cd");
  bench.verdict(first, Outcome::none_found);
  const auto all = of(bench, {});
  EXPECT_EQ(all.at("life@1:ab").precision->value, 0);
  EXPECT_EQ(all.at("life@2:cd").precision->n, 1u);
  EXPECT_NEAR(all.at("life@2:cd").precision->high, 0.975, 1e-9);
}

}  // namespace
}  // namespace millwright::operations
