// Whole worlds from seeds: the clean build keeps every invariant, each planted bug is found, and a
// seed gives the same trace again.
#include <gtest/gtest.h>

#include "engine/system_time.hpp"
#include "sim/world/run.hpp"

namespace millwright::sim {
namespace {

/// Ten edges, one hour, twenty signals each every five seconds (compressed from a minute, so that
/// the hour holds as many messages as half a day).
RunOptions small_world(std::uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  options.period = std::chrono::seconds(5);
  return options;
}

Report run_world(const RunOptions& options) {
  const auto clock = engine::make_real_clock();
  auto report = run(options, *clock);
  EXPECT_TRUE(report.has_value()) << report.error().text();
  return std::move(*report);
}

TEST(World, StoresEverythingWithoutFaults) {
  RunOptions options = small_world(1);
  options.faults = false;
  const Report report = run_world(options);
  EXPECT_EQ(report.violations_total, 0u) << to_text(report);
  EXPECT_EQ(report.samples_sent, 10u * 20 * 720);
  EXPECT_EQ(report.samples_stored, report.samples_sent);
}

TEST(World, TheSameSeedGivesTheSameTrace) {
  const Report first = run_world(small_world(3));
  EXPECT_EQ(first.trace_hash, run_world(small_world(3)).trace_hash);
  EXPECT_NE(first.trace_hash, run_world(small_world(4)).trace_hash);
  RunOptions one_event_less = small_world(3);
  one_event_less.signals = 19;
  EXPECT_NE(first.trace_hash, run_world(one_event_less).trace_hash);
}

/// Two hundred seeds, in parts that can run beside one another.
class CleanWorlds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(CleanWorlds, KeepEveryInvariant) {
  for (std::uint64_t seed = GetParam(); seed < GetParam() + 25; ++seed) {
    const Report report = run_world(small_world(seed));
    ASSERT_EQ(report.violations_total, 0u) << to_text(report);
    ASSERT_EQ(report.samples_unexplained, 0u) << to_text(report);
    ASSERT_EQ(report.samples_double, 0u) << to_text(report);
    ASSERT_EQ(report.samples_sent, 10u * 20 * 720);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, CleanWorlds, testing::Range<std::uint64_t>(0, 200, 25));

/// A check that never fails proves nothing: each known defect must be found on seeds on which the
/// clean build above finds none.
class PlantedBugs : public testing::TestWithParam<PlantedBug> {};

TEST_P(PlantedBugs, AreFoundWithinFiftySeeds) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RunOptions options = small_world(seed);
    options.bug = GetParam();
    const Report report = run_world(options);
    if (report.violations_total == 0) continue;
    RecordProperty("found_with_seed", std::to_string(seed));
    RecordProperty("invariant", report.violations.front().invariant);
    return;
  }
  FAIL() << name_of(GetParam()) << " was not found";
}
INSTANTIATE_TEST_SUITE_P(
    Bugs, PlantedBugs,
    testing::Values(PlantedBug::acknowledge_before_write, PlantedBug::skipped_fsync,
                    PlantedBug::no_deduplication, PlantedBug::reused_incarnation,
                    PlantedBug::stale_alias_map, PlantedBug::seal_without_snapshot,
                    PlantedBug::forgetful_scorer),
    [](const auto& parameter) { return std::string(name_of(parameter.param)); });

}  // namespace
}  // namespace millwright::sim
