#include "operations/gate.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::operations {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Gate, InstallTable) {
  struct Row {
    std::string name;
    InstallCounts counts;
    Duration elapsed;
    double share_min;
    std::uint64_t failures_max;
    std::string expected;
  };
  const Row rows[] = {
      {"nothing yet",
       {4, 0, 0, 0, 4},
       minutes(1),
       1,
       0,
       "waiting waiting: 0 of 4 attested, 0 failed, 4 unsettled"},
      {"all there",
       {4, 4, 0, 0, 0},
       minutes(1),
       1,
       0,
       "passed every target is settled: 4 of 4 attested, 0 failed, 0 unsettled"},
      {"one failed",
       {4, 1, 1, 1, 2},
       minutes(1),
       0.5,
       0,
       "failed too many failures: 1 of 4 attested, 1 failed, 2 unsettled"},
      {"one may fail",
       {4, 3, 1, 1, 0},
       minutes(1),
       0.75,
       1,
       "passed every target is settled: 3 of 4 attested, 1 failed, 0 unsettled"},
      {"an earlier wave failed",
       {4, 4, 0, 1, 0},
       minutes(1),
       1,
       0,
       "failed too many failures: 4 of 4 attested, 1 failed, 0 unsettled"},
      {"all ended at once",
       {4, 0, 4, 4, 0},
       minutes(1),
       1,
       9,
       "failed too few attested: 0 of 4 attested, 4 failed, 0 unsettled"},
      {"cannot be reached",
       {4, 0, 2, 2, 2},
       minutes(1),
       0.75,
       9,
       "failed too few can attest: 0 of 4 attested, 2 failed, 2 unsettled"},
      {"silent at the deadline",
       {4, 0, 0, 0, 4},
       hours(24),
       0.75,
       0,
       "failed too few at the deadline: 0 of 4 attested, 0 failed, 4 unsettled"},
      {"one silent is allowed",
       {4, 3, 0, 0, 1},
       hours(24),
       0.75,
       0,
       "passed enough at the deadline: 3 of 4 attested, 0 failed, 1 unsettled"},
      {"nobody",
       {0, 0, 0, 0, 0},
       hours(24),
       0.75,
       0,
       "failed too few attested: 0 of 0 attested, 0 failed, 0 unsettled"},
  };
  for (const auto& row : rows) {
    GateLimits limits;
    limits.attested_share_min = row.share_min;
    limits.failures_max = row.failures_max;
    const auto result = install_gate(row.counts, limits, row.elapsed);
    EXPECT_EQ(std::string(name_of(result.outcome)) + " " + result.why, row.expected) << row.name;
  }
}

TEST(Gate, BehaviourTable) {
  struct Row {
    std::string name;
    Behaviour counts;
    Duration elapsed;
    std::string expected;
  };
  const Row rows[] = {
      {"silence",
       {},
       minutes(30),
       "waiting too few verdicts: scored 0 (limit 100), reference_scored 0 (limit 100)"},
      {"silence at the deadline",
       {},
       hours(24),
       "failed undecided at the deadline: scored 0 (limit 100), reference_scored 0 (limit 100)"},
      {"no reference",
       {500, 0, 500, 0, 5, 0, 0},
       hours(24),
       "failed undecided at the deadline: reference_scored 0 (limit 100)"},
      {"soaks",
       {500, 0, 500, 0, 5, 500, 5},
       minutes(1),
       "waiting soaks for 10m on the hub's clock"},
      {"alike",
       {500, 0, 500, 0, 5, 500, 6},
       minutes(10),
       "passed flags differ by 0.002 (limit 0.05, p 1, n 500 and 500)"},
      {"errors stop at once",
       {100, 3, 97, 0, 5, 100, 5},
       minutes(1),
       "failed error_share 0.03 (limit 0)"},
      {"nonsense numbers",
       {100, 0, 100, 40, 5, 100, 5},
       minutes(1),
       "failed invalid_share 0.4 (limit 0)"},
      {"flags everything",
       {500, 0, 500, 0, 500, 500, 5},
       minutes(10),
       "failed rate_difference 0.99 (limit 0.05), rate_p 1.98542e-288 (limit 0.001)"},
      {"flags nothing",
       {900, 0, 900, 0, 0, 900, 90},
       minutes(10),
       "failed rate_difference 0.1 (limit 0.05), rate_p 1.55239e-28 (limit 0.001)"},
      {"too few to tell",
       {100, 0, 100, 0, 9, 100, 2},
       minutes(10),
       "waiting not yet decided: rate_difference 0.07 (limit 0.05)"},
      {"too few to tell in time",
       {100, 0, 100, 0, 9, 100, 2},
       hours(24),
       "failed undecided at the deadline: rate_difference 0.07 (limit 0.05)"},
      {"a lie",
       {10, 20, 500, 0, 5, 500, 5},
       minutes(10),
       "failed the counts contradict each other"},
  };
  for (const auto& row : rows) {
    const auto result = behaviour_gate(row.counts, GateLimits{}, row.elapsed);
    EXPECT_EQ(std::string(name_of(result.outcome)) + " " + result.why, row.expected) << row.name;
  }
}

TEST(Gate, LimitsOutOfRangeAreAllNamed) {
  GateLimits limits;
  limits.attested_share_min = 0;
  limits.rate_alpha = 2;
  limits.error_share_max = std::nan("");
  limits.polls_missed_max = 0;
  EXPECT_TRUE(problems_of(GateLimits{}).empty());
  EXPECT_EQ(problems_of(limits).size(), 4u);
}

}  // namespace
}  // namespace millwright::operations
