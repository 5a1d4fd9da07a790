// A hub and 200 targets from a seed: hub and targets die at any step, some targets have faults, the
// release may be bad everywhere. What must hold, at every step: never more targets touched than the
// waves begun have members, each target runs the old set or the new, the hub's state is what its
// log says.
#include <gtest/gtest.h>

#include "operations/rollout_rig.hpp"
#include "sim/random.hpp"

namespace millwright::operations {
namespace {

constexpr std::size_t targets_count = 200;
constexpr std::size_t lab_count = 5;

enum class Build : std::uint8_t { good, bad_everywhere, nonsense };

class SimWorld {
 public:
  SimWorld(std::uint64_t seed, Build build)
      : random_(sim::SimRandom::stream(seed, "rollout")), build_(build) {
    RolloutPolicy policy;
    policy.waves = {{"lab", *Selector::parse("ring=lab"), 0}, {"canary", {}, 0.1}, {"all", {}, 1}};
    policy.gates.attested_share_min = 0.8;
    policy.gates.failures_max = 4;
    policy.gates.install_deadline = std::chrono::hours(2);
    const auto fleet = *Inventory::create(toy_fleet(targets_count, lab_count, toy_release(1).id));
    for (std::size_t i = 0; i < targets_count; ++i) {
      targets_.emplace_back(target_name(i), old_, fault_of(i));
      targets_.back().set_bad(new_);
    }
    hub_.launch("r-1", fleet, policy, now_);
  }

  void run() {
    for (int minute = 0; minute < 400 && !is_over(); ++minute) {
      now_ = now_ + std::chrono::minutes(1);
      for (std::size_t contacts = 0; contacts < targets_count; ++contacts) {
        visit(targets_[random_.below(targets_count)]);
        check();
        if (::testing::Test::HasFailure()) return;
      }
      miss_polls();
    }
  }
  const Rollout& rollout() const { return *hub_.rollouts.find("r-1"); }
  std::uint64_t wave_members(std::size_t wave) const {
    return rollout().blueprint().waves[wave].members.size();
  }
  std::size_t running_new() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        targets_, [&](const ToyTarget& target) { return target.running() == new_; }));
  }
  int hub_deaths() const { return hub_deaths_; }
  bool is_over() const {
    return rollout().phase() == RolloutPhase::done || rollout().phase() == RolloutPhase::reverted;
  }

 private:
  Fault fault_of(std::size_t number) {
    if (build_ == Build::bad_everywhere) {
      constexpr Fault kinds[] = {Fault::trial_errs, Fault::trial_dies, Fault::fetch_errs};
      return kinds[random_.below(3)];
    }
    // Lab targets are looked after; of the others one in two hundred has a fault of any kind.
    if (number < lab_count || !random_.chance(0.005)) return Fault::none;
    return static_cast<Fault>(1 + random_.below(11));
  }
  void visit(ToyTarget& target) {
    if (random_.chance(0.02)) target.restart();
    if (target.is_silent()) return;
    target.step();
    if (random_.chance(0.02)) target.restart();
    if (random_.chance(0.1)) return;  // the message is lost
    watch_.heard(target.id());
    if (const auto event = hub_.rollouts.on_report(target.report(), now_)) commit(*event);
    if (random_.chance(0.1)) return;  // the answer is lost
    if (const auto order = hub_.rollouts.order_for(target.id())) target.take(*order);
    settle();
  }
  void settle() {
    Behaviour behaviour = healthy_behaviour();
    if (build_ == Build::nonsense) behaviour.flagged = 490;
    while (!is_over()) {
      const auto event = rollout().step(behaviour, now_);
      if (!event) return;
      commit(*event);
    }
  }
  /// The hub may die before it appends, or after it and before it applies.
  void commit(const governance::Event& event) {
    const auto fate = random_.below(100);
    if (fate == 0) {
      ++hub_deaths_;
      watch_ = {};
      return hub_.restart();
    }
    hub_deaths_ += fate == 1 ? 1 : 0;
    hub_.commit(event, fate == 1);
  }
  void miss_polls() {
    const auto awaited = rollout().unsettled(targets_count);
    const auto silent = watch_.poll(awaited, 30);
    if (const auto event = rollout().no_contact(silent, now_)) commit(*event);
    settle();
  }
  void check() {
    std::uint64_t allowed = 0;
    for (std::size_t w = 0; rollout().has_begun() && w <= rollout().wave(); ++w) {
      allowed += wave_members(w);
    }
    EXPECT_LE(rollout().touched(), allowed);
    if (!random_.chance(0.02)) return;
    std::size_t with_new = 0;
    for (const auto& target : targets_) {
      EXPECT_TRUE(target.running() == old_ || target.running() == new_);
      with_new += target.running() == new_ ? 1 : 0;
    }
    EXPECT_LE(with_new, rollout().touched());
    if (!random_.chance(0.02)) return;
    const std::string before = rollout().summary();
    hub_.restart();
    EXPECT_EQ(rollout().summary(), before);
  }

  sim::SimRandom random_;
  Build build_;
  Digest old_ = toy_release(1).id.digest;
  Digest new_ = toy_release(2).id.digest;
  ToyStore store_;
  ToyHub hub_{store_};
  ContactWatch watch_;
  Timestamp now_ = rig_start;
  std::vector<ToyTarget> targets_;
  int hub_deaths_ = 0;
};

TEST(RolloutSim, ABuildThatFailsEverywhereTouchesTheFirstWaveOnly) {
  int deaths = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimWorld world(seed, Build::bad_everywhere);
    world.run();
    EXPECT_LE(world.rollout().touched(), lab_count) << "seed " << seed;
    EXPECT_EQ(world.rollout().phase(), RolloutPhase::reverted)
        << "seed " << seed << " " << world.rollout().summary();
    EXPECT_EQ(world.running_new(), 0u) << "seed " << seed;
    deaths += world.hub_deaths();
    if (HasFailure()) return;
  }
  EXPECT_GT(deaths, 50) << "the hub must die now and then";
}

TEST(RolloutSim, AModelThatPredictsNonsenseTouchesTheFirstWaveOnly) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimWorld world(seed, Build::nonsense);
    world.run();
    EXPECT_LE(world.rollout().touched(), lab_count) << "seed " << seed;
    EXPECT_EQ(world.rollout().phase(), RolloutPhase::reverted) << "seed " << seed;
    EXPECT_EQ(world.running_new(), 0u) << "seed " << seed;
    if (HasFailure()) return;
  }
}

TEST(RolloutSim, AGoodBuildArrivesInSpiteOfDeathsAndOddTargets) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimWorld world(seed, Build::good);
    world.run();
    EXPECT_EQ(world.rollout().phase(), RolloutPhase::done)
        << "seed " << seed << " " << world.rollout().summary();
    EXPECT_GE(world.running_new(), targets_count * 8 / 10) << "seed " << seed;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace millwright::operations
