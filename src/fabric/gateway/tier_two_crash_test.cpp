// Power lost, or an operation failing, at every operation of the disk in turn: after the restart
// and what edges send again, each scan has exactly one derived row at the hub, of the value that an
// undisturbed run gives.
#include "fabric/gateway/tier_two_rig.hpp"

namespace millwright::gateway {
namespace {

std::uint64_t calm_operations() {
  TierTwoRig calm(1);
  calm.live();
  calm.expect_complete();
  EXPECT_EQ(calm.log.lines, std::vector<std::string>{});
  return calm.disk.operations();
}

void go_on(TierTwoRig& rig) {
  if (rig.disk.powered()) rig.disk.power_cut();
  rig.end();
  rig.disk.restart();
}

TEST(TierTwoCrash, PowerLostAtEveryOperation) {
  const std::uint64_t operations = calm_operations();
  ASSERT_GT(operations, 100u);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (std::uint64_t operation = 1; operation <= operations; ++operation) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", power lost at operation " +
                   std::to_string(operation));
      TierTwoRig rig(seed);
      rig.disk.power_cut_at(operation);
      rig.live(1 + seed);
      go_on(rig);
      rig.live(1 + seed);
      rig.expect_complete();
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(TierTwoCrash, PowerLostAgainWhileRecovering) {
  const std::uint64_t operations = calm_operations();
  for (std::uint64_t first = 5; first <= operations; first += 7) {
    for (std::uint64_t second = 1; second <= 14; ++second) {
      SCOPED_TRACE("power lost at " + std::to_string(first) + " and " + std::to_string(second) +
                   " operations later");
      TierTwoRig rig(first * 100 + second);
      rig.disk.power_cut_at(first);
      rig.live(3);
      go_on(rig);
      rig.disk.power_cut_at(rig.disk.operations() + second);
      rig.live(3);
      go_on(rig);
      rig.live(3);
      rig.expect_complete();
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(TierTwoCrash, TheProcessKilledAtEveryScan) {
  for (std::size_t killed = 1; killed < TierTwoRig::scan_count; ++killed) {
    for (const int wait_ms : {0, 3, 6}) {
      SCOPED_TRACE("killed after scan " + std::to_string(killed) + ", " + std::to_string(wait_ms) +
                   " ms");
      TierTwoRig rig(killed);
      ASSERT_TRUE(rig.begin());
      for (std::size_t scan = 0; scan < killed; ++scan) {
        for (RigEdge& edge : rig.edges) EXPECT_EQ(rig.offer(edge, scan), TierTwo::Taken::taken);
        if (scan % 4 == 3) rig.scheduler.run_for(std::chrono::milliseconds(10));
      }
      rig.scheduler.run_for(std::chrono::milliseconds(wait_ms));
      for (RigEdge& edge : rig.edges) rig.acknowledge(edge, 1000);
      rig.end();  // nothing of the disk is lost
      rig.live();
      rig.expect_complete();
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(TierTwoCrash, AFailingOperationMakesEdgesWaitAndNothingElse) {
  const std::uint64_t operations = calm_operations();
  for (std::uint64_t operation = 1; operation <= operations; ++operation) {
    SCOPED_TRACE("operation " + std::to_string(operation) + " fails");
    TierTwoRig rig(operation);
    rig.disk.fail_at(operation, Error(Code::exhausted, "the disk is full"));
    rig.live();
    EXPECT_LE(rig.log.count("nothing is acknowledged"), 1u);
    if (!rig.tier) rig.live();  // it could not open
    go_on(rig);
    rig.live();
    rig.expect_complete();
    if (testing::Test::HasFailure()) return;
  }
}

/// A check that never fails proves nothing.
TEST(TierTwoCrash, ASkippedSyncIsFound) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed) {
    TierTwoRig rig(seed);
    rig.disk.lie_about_sync(true);
    rig.live(2, 12);
    go_on(rig);
    rig.disk.lie_about_sync(false);
    if (!rig.begin()) {
      found = true;
      break;
    }
    found = rig.tier->status().positions_jumped > 0;
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace millwright::gateway
