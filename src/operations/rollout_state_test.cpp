#include "operations/rollout_state.hpp"

#include <gtest/gtest.h>

#include "operations/rollout_rig.hpp"

namespace millwright::operations {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

RolloutPolicy lab_then_all() {
  RolloutPolicy policy;
  policy.waves = {{"lab", *Selector::parse("ring=lab"), 0}, {"all", {}, 1}};
  return policy;
}

/// One lab target with a fault, two others without; a poll each minute until nothing moves.
struct World {
  ToyStore store;
  ToyHub hub{store};
  ContactWatch watch;
  Timestamp now = rig_start;
  Inventory fleet = *Inventory::create(toy_fleet(3, 1, toy_release(1).id));
  std::vector<ToyTarget> targets;
  Behaviour behaviour = healthy_behaviour();

  explicit World(Fault fault, const RolloutPolicy& policy = lab_then_all()) {
    for (std::size_t i = 0; i < 3; ++i) {
      targets.emplace_back(target_name(i), toy_release(1).id.digest, i == 0 ? fault : Fault::none);
      targets.back().set_bad(toy_release(2).id.digest);
    }
    hub.launch("r-1", fleet, policy, now);
  }
  const Rollout& rollout() const { return *hub.rollouts.find("r-1"); }
  void minute() {
    now = now + minutes(1);
    for (auto& target : targets) {
      if (target.is_silent()) continue;
      target.step();
      watch.heard(target.id());
      hub.contact(target, now);
      hub.settle(behaviour, now);
    }
    const auto awaited = rollout().unsettled(100);
    const auto silent = watch.poll(awaited, rollout().blueprint().gates.polls_missed_max);
    if (const auto event = rollout().no_contact(silent, now)) hub.commit(*event);
    hub.settle(behaviour, now);
  }
  void run(int count) {
    for (int i = 0; i < count; ++i) minute();
  }
  /// The states that a target went through.
  std::string chain(std::size_t target) const {
    std::string out;
    for (const auto& entry : hub.log) {
      const auto event = *governance::Event::parse(entry);
      if (event.kind == "rollout.no_contact") out += "no_contact ";
      if (event.kind != "rollout.target") continue;
      if (event.body.text_at("target") == target_name(target))
        out += event.body.text_at("to") + " ";
    }
    return out;
  }
  std::string gates() const {
    std::string out;
    for (const auto& gate : rollout().gates()) {
      out += fmt::format("{}/{} {}: {}\n", rollout().blueprint().waves[gate.wave].rule.name,
                         gate.gate, name_of(gate.result.outcome), gate.result.why);
    }
    return out;
  }
};

TEST(RolloutState, WhatGoesWrongWhereAndWhatFollows) {
  struct Row {
    Fault fault;
    std::string chain;
    std::string end;
    std::string gate;
  };
  const std::string reverted = "reverted lab pending:2 restored:1";
  const std::string done = "done all attested:3";
  const std::string behaves =
      "lab/behaviour passed: flags differ by 0 (limit 0.05, p 1, n 500 and 500)\n";
  const std::string passed =
      "lab/install passed: every target is settled: 1 of 1 attested, 0 failed, 0 unsettled\n" +
      behaves +
      "all/install passed: every target is settled: 2 of 2 attested, 0 failed, 0 unsettled\n"
      "all/behaviour passed: flags differ by 0 (limit 0.05, p 1, n 500 and 500)\n";
  const std::string failed =
      "lab/install failed: too many failures: 0 of 1 attested, 1 failed, 0 unsettled\n";
  const std::string late =
      "lab/install failed: too few at the deadline: 0 of 1 attested, 0 failed, 1 unsettled\n";
  const Row rows[] = {
      {Fault::none, "offered installed_unconfirmed attested ", done, passed},
      {Fault::fetch_errs, "offered failed restored ", reverted, failed},
      {Fault::fetch_hangs, "offered restored ", reverted, late},
      {Fault::trial_hangs, "offered installed_unconfirmed restored ", reverted, late},
      {Fault::trial_errs, "offered installed_unconfirmed rolled_back restored ", reverted, failed},
      {Fault::trial_dies, "offered installed_unconfirmed rolled_back restored ", reverted, failed},
      {Fault::dies_before_save, "offered installed_unconfirmed attested ", done, passed},
      {Fault::dies_after_save, "offered installed_unconfirmed attested ", done, passed},
      {Fault::lies, "offered installed_unconfirmed restored ", reverted, late},
      {Fault::vanishes, "offered no_contact ", "reverting lab pending:2 no_contact:1", late},
      {Fault::silent, "no_contact ", "reverted lab pending:2 no_contact:1", late},
      {Fault::falls_back_later, "offered installed_unconfirmed attested rolled_back restored ",
       reverted,
       "lab/install passed: every target is settled: 1 of 1 attested, 0 failed, 0 unsettled\n"
       "lab/standing failed: targets fell back after the install gate\n"},
  };
  for (const auto& row : rows) {
    auto policy = lab_then_all();
    policy.gates.install_deadline = hours(1);
    World world(row.fault, policy);
    world.run(90);
    EXPECT_EQ(world.chain(0), row.chain) << static_cast<int>(row.fault);
    EXPECT_EQ(world.rollout().summary(), row.end) << static_cast<int>(row.fault);
    EXPECT_EQ(world.gates(), row.gate) << static_cast<int>(row.fault);
    const auto& expected = row.end == done ? toy_release(2).id.digest : toy_release(1).id.digest;
    EXPECT_EQ(world.targets[0].running(), expected) << static_cast<int>(row.fault);
  }
}

TEST(RolloutState, AModelThatPredictsNonsenseIsStoppedAndRevertedWithTheStatistic) {
  World world(Fault::none);
  world.behaviour = {500, 0, 500, 0, 480, 500, 5};
  world.run(30);
  EXPECT_EQ(world.rollout().summary(), "reverted lab pending:2 restored:1");
  EXPECT_EQ(world.targets[0].running(), toy_release(1).id.digest);
  const auto& gate = world.rollout().gates().back();
  EXPECT_EQ(gate.gate, "behaviour");
  ASSERT_EQ(gate.result.statistics.size(), 4u);
  EXPECT_EQ(gate.result.statistics[2].name, "rate_difference");
  EXPECT_DOUBLE_EQ(gate.result.statistics[2].value, 0.95);
  EXPECT_EQ(gate.result.statistics[2].limit, 0.05);
  EXPECT_FALSE(gate.result.statistics[2].holds);
  EXPECT_TRUE(world.rollout().revert_reason().starts_with("behaviour gate of wave lab: rate_diff"));
}

TEST(RolloutState, SilenceOfTheModelNeverPasses) {
  World world(Fault::none);
  world.behaviour = {};
  world.run(24 * 60 - 10);
  EXPECT_EQ(world.rollout().phase(), RolloutPhase::soaking);
  world.run(20);
  EXPECT_EQ(world.rollout().summary(), "reverted lab pending:2 restored:1");
}

TEST(RolloutState, EachGateIsDecidedOnceAndASecondDecisionIsCorrupt) {
  World world(Fault::none);
  world.run(60);
  int gates = 0;
  ToyStore store = world.store;
  Rollouts again(store.source());
  for (const auto& entry : world.hub.log) {
    const auto event = *governance::Event::parse(entry);
    ASSERT_TRUE(again.apply(event));
    if (event.kind != "rollout.gate") continue;
    ++gates;
    const std::string before = again.find("r-1")->summary();
    const auto twice = again.apply(event);
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code(), Code::corrupt);
    EXPECT_EQ(again.find("r-1")->summary(), before);
  }
  EXPECT_EQ(gates, 4);
}

TEST(RolloutState, AllEndingAtOnceStillMeetsTheGate) {
  // hawkBit #3110: the last actions end together, and the next group was started anyway.
  World world(Fault::fetch_errs);
  world.run(2);
  for (const auto& entry : world.hub.log) {
    EXPECT_EQ(entry.find("\"wave\":\"all\""), std::string::npos) << entry;
  }
}

TEST(RolloutState, AtMostSoManyAreInFlight) {
  auto policy = lab_then_all();
  policy.waves = {{"all", {}, 1}};
  policy.gates.in_flight_max = 1;
  World world(Fault::none, policy);
  for (int i = 0; i < 40; ++i) {
    world.minute();
    const auto counts = world.rollout().counts(0);
    EXPECT_LE(counts[static_cast<std::size_t>(TargetState::offered)] +
                  counts[static_cast<std::size_t>(TargetState::installed_unconfirmed)],
              1u);
  }
  EXPECT_EQ(world.rollout().summary(), "done all attested:3");
}

TEST(Rollouts, RefusalsNameTheirRule) {
  World world(Fault::none);
  auto& hub = world.hub;
  auto& rollouts = hub.rollouts;
  const auto blueprint =
      *plan(world.fleet, toy_release(2), lab_then_all(), {"r-2", rollouts.next_generation()});
  world.store.put(blueprint.canonical());
  auto stale = blueprint;
  stale.generation = 1;
  const auto rule = [](const auto& result) {
    return result ? std::string("accepted") : std::string(rule_of(result.error()));
  };
  const auto planning = [&](const Blueprint& b, const Inventory& fleet) {
    return rollouts.plan(b, fleet, toy_release(2), "person/paul", world.now);
  };
  EXPECT_EQ(rule(planning(stale, world.fleet)), "older_generation");
  EXPECT_EQ(rule(planning(blueprint, *Inventory::create(toy_fleet(2, 1, toy_release(1).id)))),
            "problems");
  hub.commit(*planning(blueprint, world.fleet));
  const auto starting = [&](const std::string& actor, Timestamp at) {
    return rollouts.start("r-2", world.fleet, actor, at);
  };
  EXPECT_EQ(rule(starting("system/hub", world.now)), "unapproved");
  ApprovalRequest request{"r-2",    blueprint.digest(),    "person/anna",
                          "anna-1", world.now + hours(10), "person/anna"};
  const auto approving = [&](auto change) {
    auto changed = request;
    change(changed);
    return rule(rollouts.approve(changed, world.now));
  };
  EXPECT_EQ(approving([](auto& r) { r.digest = no_release; }), "wrong_digest");
  EXPECT_EQ(approving([](auto& r) { r.by = r.accountable = "person/theo"; }),
            "author_may_not_approve");
  EXPECT_EQ(approving([](auto& r) { r.by = r.accountable = "person/paul"; }),
            "author_may_not_approve");
  EXPECT_EQ(approving([](auto& r) { r.by = "person/otto"; }), "not_accountable");
  EXPECT_EQ(approving([&](auto& r) { r.expires = world.now; }), "expired");
  hub.commit(*rollouts.approve(request, world.now));
  EXPECT_EQ(rollouts.approve(request, world.now).error().code(), Code::conflict);
  EXPECT_EQ(rule(starting("person/anna", world.now)), "approver_may_not_start");
  EXPECT_EQ(rule(starting("system/hub", world.now + hours(10))), "expired");
  EXPECT_EQ(rule(starting("system/hub", world.now)), "target_busy");
  world.run(60);
  ASSERT_EQ(world.rollout().phase(), RolloutPhase::done);
  EXPECT_EQ(rule(starting("system/hub", world.now)), "accepted") << "by a stale inventory";
  const auto fleet = *Inventory::create(toy_fleet(3, 1, toy_release(2).id));
  EXPECT_EQ(rule(rollouts.start("r-2", fleet, "system/hub", world.now)), "problems");
  hub.commit(*starting("system/hub", world.now));
  EXPECT_EQ(rule(rollouts.revert("r-1", "person/paul", "second thoughts", world.now)),
            "superseded");
}

TEST(Rollouts, APersonRevertsAFinishedRolloutAndTheLogSaysWhoAndWhy) {
  World world(Fault::none);
  world.run(60);
  ASSERT_EQ(world.rollout().summary(), "done all attested:3");
  world.hub.commit(*world.hub.rollouts.revert("r-1", "person/paul", "smells wrong", world.now));
  world.run(10);
  EXPECT_EQ(world.rollout().summary(), "reverted all restored:3");
  EXPECT_EQ(world.rollout().revert_reason(), "person/paul: smells wrong");
  for (const auto& target : world.targets) {
    EXPECT_EQ(target.running(), toy_release(1).id.digest);
  }
  EXPECT_EQ(world.hub.rollouts.next_generation(), 3);
}

TEST(Rollouts, TheLogSaysWhatATargetRanWhenItWasLastHeardOf) {
  const Digest old = toy_release(1).id.digest, next = toy_release(2).id.digest;
  const auto after_restart = [](World& world, std::size_t target) {
    world.hub.restart();
    return world.hub.rollouts.last_running(target_name(target));
  };
  World good(Fault::none);
  EXPECT_EQ(after_restart(good, 1), old) << "its wave has not begun";
  good.minute();
  EXPECT_EQ(after_restart(good, 0), std::nullopt) << "the order is with it";
  good.run(60);
  EXPECT_EQ(after_restart(good, 0), next);
  EXPECT_EQ(after_restart(good, 2), next);
  EXPECT_EQ(good.hub.rollouts.last_running("nobody"), std::nullopt);
  good.hub.commit(*good.hub.rollouts.revert("r-1", "person/paul", "smells wrong", good.now));
  EXPECT_EQ(after_restart(good, 0), std::nullopt) << "on its way back";
  good.run(10);
  EXPECT_EQ(after_restart(good, 0), old);
  World bad(Fault::trial_errs);
  bad.run(60);
  ASSERT_EQ(bad.rollout().phase(), RolloutPhase::reverted);
  EXPECT_EQ(after_restart(bad, 0), old);
  EXPECT_EQ(after_restart(bad, 1), old);
}

TEST(Rollouts, AnUnreachableRevertCanBeGivenUpByName) {
  auto policy = lab_then_all();
  policy.gates.install_deadline = hours(1);
  World world(Fault::vanishes, policy);
  world.run(90);
  const auto event =
      *world.hub.rollouts.withdraw("r-1", "person/paul", "replaced by hand", world.now);
  EXPECT_EQ(event.body.find("not_restored")->items.at(0).text, target_name(0));
  world.hub.commit(event);
  EXPECT_TRUE(world.hub.rollouts.orders().empty());
  EXPECT_TRUE(world.hub.rollouts.active().empty());
  EXPECT_EQ(world.hub.rollouts.last_running(target_name(0)), std::nullopt) << "nobody knows";
}

TEST(Rollouts, AMissingBlueprintIsCorrupt) {
  World world(Fault::none);
  ToyStore empty;
  Rollouts rollouts(empty.source());
  EXPECT_FALSE(rollouts.apply(*governance::Event::parse(world.hub.log[0])));
  EXPECT_FALSE(rollouts.apply(*governance::Event::parse(world.hub.log[1])));
}

}  // namespace
}  // namespace millwright::operations
