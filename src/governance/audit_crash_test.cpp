// Power lost at every operation of the disk in turn: the log always opens, holds every entry that
// it acknowledged, in order and unchanged, and verifies.
#include <gtest/gtest.h>

#include "governance/audit_rig.hpp"

namespace millwright::governance {
namespace {

class CrashWorld {
 public:
  explicit CrashWorld(std::uint64_t seed) : disk_(seed) {}
  sim::SimDisk& disk() { return disk_; }
  std::uint64_t acknowledged() const { return acknowledged_; }

  void live(int commits = 8) {
    ++lives_;
    auto log = AuditLog::open(disk_, test_key(), test_options());
    if (!log) return;
    for (int commit = 0; commit < commits && disk_.powered(); ++commit) {
      EntryIndex next = (*log)->size();
      for (int i = 0; i <= commit % 4; ++i) {
        const auto index = (*log)->append(test_event(next));
        if (!index) return;
        EXPECT_EQ(*index, next++);
      }
      const auto head = (*log)->commit();
      if (!head) return;
      acknowledged_ = head->size;
      remembered_ = (*log)->checkpoint();
    }
  }

  void check() {
    {
      auto log = AuditLog::open(disk_, test_key(), test_options());
      ASSERT_TRUE(log) << log.error().text();
      ASSERT_GE((*log)->size(), acknowledged_) << "an acknowledged entry is gone";
      ASSERT_LE((*log)->size(), acknowledged_ + 4 * lives_)
          << "more than what one commit of each life had staged";
      std::uint64_t seen = 0;
      ASSERT_TRUE((*log)->replay(0, [&](EntryIndex index, const Event& event) -> Result<void> {
        EXPECT_EQ(event.canonical(), test_event(index).canonical());
        ++seen;
        return {};
      }));
      EXPECT_EQ(seen, (*log)->size());
    }
    expect_sound();
    live(3);
    expect_sound();
  }

 private:
  void expect_sound() {
    const auto verification = verify_audit(disk_, test_verify(remembered_));
    ASSERT_TRUE(verification) << verification.error().text();
    EXPECT_TRUE(verification->sound()) << verification->defect->text();
  }

  sim::SimDisk disk_;
  std::uint64_t acknowledged_ = 0, lives_ = 0;
  std::optional<std::string> remembered_;
};

TEST(AuditCrash, PowerLostAtEveryOperationLosesNothingAcknowledged) {
  CrashWorld calm(1);
  calm.live();
  const std::uint64_t operations = calm.disk().operations();
  ASSERT_GT(operations, 50u);
  ASSERT_EQ(calm.acknowledged(), 20u);
  calm.check();
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (std::uint64_t operation = 1; operation <= operations; ++operation) {
      SCOPED_TRACE(fmt::format("seed {}, power lost at operation {}", seed, operation));
      CrashWorld world(seed * 1000 + operation);
      world.disk().power_cut_at(operation);
      world.live();
      if (world.disk().powered()) world.disk().power_cut();
      world.disk().restart();
      world.check();
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
  }
}

TEST(AuditCrash, PowerLostAgainWhileOpening) {
  for (std::uint64_t first = 1; first <= 60; ++first) {
    for (std::uint64_t second = 1; second <= 12; ++second) {
      SCOPED_TRACE(fmt::format("power lost at {} and {} operations later", first, second));
      CrashWorld world(first * 100 + second);
      world.disk().power_cut_at(first);
      world.live();
      if (world.disk().powered()) world.disk().power_cut();
      world.disk().restart();
      world.disk().power_cut_at(world.disk().operations() + second);
      world.live();
      if (world.disk().powered()) world.disk().power_cut();
      world.disk().restart();
      world.check();
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
  }
}

TEST(AuditCrash, AFailingOperationIsAnErrorAndNothingIsLost) {
  CrashWorld calm(1);
  calm.live();
  const std::uint64_t operations = calm.disk().operations();
  for (std::uint64_t operation = 1; operation <= operations; ++operation) {
    for (const bool power_goes_too : {false, true}) {
      SCOPED_TRACE(fmt::format("operation {} fails, {}", operation, power_goes_too));
      CrashWorld world(operation);
      world.disk().fail_at(operation, Error(Code::exhausted, "the disk is full"));
      world.live();
      if (power_goes_too) {
        world.disk().power_cut();
        world.disk().restart();
      }
      world.check();
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
  }
}

TEST(AuditCrash, ASkippedSyncIsFound) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed) {
    CrashWorld world(seed);
    world.disk().lie_about_sync(true);
    world.live();
    world.disk().power_cut();
    world.disk().restart();
    world.disk().lie_about_sync(false);
    auto log = AuditLog::open(world.disk(), test_key(), test_options());
    found = !log || (*log)->size() < world.acknowledged();
  }
  EXPECT_TRUE(found) << "the check above would not notice a log that does not sync";
}

}  // namespace
}  // namespace millwright::governance
