#include "operations/rollout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "operations/operations_rig.hpp"
#include "sim/random.hpp"

namespace millwright::operations {
namespace {

RolloutPolicy rings() {
  RolloutPolicy policy;
  policy.waves = {{"lab", *Selector::parse("ring=lab"), 0},
                  {"canary", {}, 0.01},
                  {"tenth", {}, 0.1},
                  {"all", {}, 1}};
  return policy;
}

void shuffle(std::vector<Target>& targets, std::uint64_t seed) {
  sim::SimRandom random(seed);
  for (std::size_t i = targets.size(); i > 1; --i) {
    std::swap(targets[i - 1], targets[random.below(i)]);
  }
}

Blueprint planned(std::vector<Target> targets, const RolloutPolicy& policy,
                  const std::string& id = "r-17") {
  auto blueprint = plan(*Inventory::create(std::move(targets)), toy_release(2), policy, {id, 1});
  EXPECT_TRUE(blueprint) << blueprint.error().text();
  return std::move(*blueprint);
}

TEST(Rollout, BucketsAreTheGoldenVectorsOfTheSpecification) {
  EXPECT_EQ(bucket_of("r-17", "edge-000000"), 0x1b5612a7834e5b12u);
  EXPECT_EQ(bucket_of("r-17", "edge-000001"), 0x1949ce960127216bu);
  EXPECT_TRUE(is_below(bucket_of("r-17", "edge-000000"), 0.107));
  EXPECT_FALSE(is_below(bucket_of("r-17", "edge-000000"), 0.106));
  EXPECT_TRUE(is_below(~std::uint64_t{0}, 1));
  EXPECT_FALSE(is_below(0, 0));
}

TEST(Rollout, GoldenBlueprint) {
  RolloutPolicy policy;
  policy.waves = {{"lab", *Selector::parse("ring=lab"), 0}, {"half", {}, 0.5}};
  auto fleet = toy_fleet(6, 1, toy_release(1).id);
  fleet[5].running.reset();
  fleet[4].kind = TargetKind::edge;
  const Blueprint blueprint = planned(fleet, policy);
  const std::string old = toy_release(1).id.digest.hex();
  std::string expected = fmt::format(
      "millwright-blueprint/1\nrollout r-17\ngeneration 1\nrelease turbofan 2 {}\n"
      "gate attested_share_min 1\ngate failures_max 0\ngate in_flight_max 0\n"
      "gate polls_missed_max 3\ngate install_deadline_us 86400000000\ngate behaviour required\n"
      "gate scored_min 100\ngate soak_us 600000000\ngate behaviour_deadline_us 86400000000\n"
      "gate error_share_max 0\ngate invalid_share_max 0\ngate rate_difference_max 0.05\n"
      "gate rate_alpha 0.001\nwave lab selector ring=lab\nmember {} {}\nwave half share 0.5\n",
      toy_release(2).id.digest.hex(), target_name(0), old);
  std::size_t members = 1;
  for (const std::size_t i : {1u, 2u, 3u, 5u}) {
    if (!is_below(bucket_of("r-17", target_name(i)), 0.5)) continue;
    expected += fmt::format("member {} {}\n", target_name(i), i == 5 ? "-" : old);
    ++members;
  }
  expected += fmt::format("end {}\n", members);
  EXPECT_EQ(blueprint.canonical(), expected);
  EXPECT_EQ(*Blueprint::parse(expected), blueprint);
}

TEST(Rollout, ThePlanDoesNotDependOnTheOrderOfTheInventory) {
  auto fleet = toy_fleet(2000, 7, toy_release(1).id);
  const std::string text = planned(fleet, rings()).canonical();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    shuffle(fleet, seed);
    EXPECT_EQ(planned(fleet, rings()).canonical(), text);
  }
  EXPECT_NE(planned(fleet, rings(), "r-18").digest(), planned(fleet, rings()).digest());
}

/// The digest is that of a script of twenty lines in another language, written from the rules of
/// rollout.hpp: whoever doubts a blueprint can derive it again.
TEST(Rollout, ThePlanIsTheSameInAnotherProcess) {
  const auto fleet = toy_fleet(1000, 3, toy_release(1).id);
  EXPECT_EQ(planned(fleet, rings()).digest().hex(),
            "b56ec4175fd591528773cf644888de9a2c170fb9c5627ffa0546bb598c6554bc");
}

TEST(Rollout, GrowingARingNeverDropsAMember) {
  sim::SimRandom random(5);
  const auto fleet = toy_fleet(3000, 0, {});
  for (int round = 0; round < 50; ++round) {
    const std::string id = fmt::format("r-{}", round);
    std::set<std::string> before;
    double share = 0;
    while (share < 0.9) {
      share += 0.01 + random.unit() * 0.2;
      RolloutPolicy policy;
      policy.waves = {{"ring", {}, std::min(share, 1.0)}};
      std::set<std::string> members;
      const Blueprint blueprint = planned(fleet, policy, id);
      for (const auto& member : blueprint.waves[0].members) {
        members.insert(member.target);
      }
      EXPECT_TRUE(std::ranges::includes(members, before));
      before = std::move(members);
    }
  }
}

TEST(Rollout, BucketsAreEvenlySpread) {
  // Chi-square over 100 cells of 100,000 ids; the 0.999 quantile with 99 degrees of freedom is
  // 148.2.
  std::vector<double> cells(100);
  for (int i = 0; i < 100'000; ++i) {
    const auto bucket = bucket_of("r-17", fmt::format("edge-{:06}", i));
    ++cells[static_cast<std::size_t>(static_cast<double>(bucket) * 0x1p-64 * 100)];
  }
  double chi = 0;
  for (const double n : cells) chi += (n - 1000) * (n - 1000) / 1000;
  EXPECT_LT(chi, 148.2);
  int ring = 0;
  for (int i = 0; i < 100'000; ++i) {
    ring += is_below(bucket_of("r-17", fmt::format("edge-{:06}", i)), 0.01) ? 1 : 0;
  }
  EXPECT_EQ(ring, 1015) << "operations.md 1.4: 1 % of 100,000 devices";
}

TEST(Rollout, ProblemsOfThePolicyAreAllNamed) {
  RolloutPolicy policy;
  policy.waves = {
      {"a", {}, 0.5}, {"a", *Selector::parse("ring=lab"), 0}, {"b", {}, 0.2}, {"c", {}, 0}};
  policy.gates.rate_alpha = 7;
  const auto blueprint =
      plan(*Inventory::create(toy_fleet(4, 0, {})), toy_release(1), policy, {"r-1", 1});
  ASSERT_FALSE(blueprint);
  std::string text;
  for (const auto& problem : blueprint.error().problems()) text += problem.text() + "\n";
  EXPECT_EQ(blueprint.error().problems().size(), 6u) << text;
  RolloutPolicy nobody;
  nobody.waves = {{"lab", *Selector::parse("ring=lab"), 0}};
  EXPECT_FALSE(plan(*Inventory::create(toy_fleet(4, 0, {})), toy_release(1), nobody, {"r-1", 1}));
}

TEST(Rollout, CheckNamesWhatHasChangedSincePlanning) {
  auto fleet = toy_fleet(5, 1, toy_release(1).id);
  const Blueprint blueprint = planned(fleet, rings());
  EXPECT_TRUE(check(blueprint, *Inventory::create(fleet)).empty());
  fleet[0].labels.clear();
  fleet[1].running = toy_release(3).id;
  fleet[2].running.reset();
  fleet.pop_back();
  const auto problems = check(blueprint, *Inventory::create(fleet));
  std::vector<std::string> text;
  for (const auto& problem : problems) text.push_back(problem.what);
  std::ranges::sort(text);
  EXPECT_EQ(text, (std::vector<std::string>{"it no longer runs what it ran when this was planned",
                                            "older_release: it runs version 3",
                                            "the target is not in the inventory",
                                            "the wave's rule does not take it"}));
}

TEST(Rollout, SaysWhatACanaryCanDetect) {
  RolloutPolicy policy;
  policy.waves = {{"lab", *Selector::parse("ring=lab"), 0},
                  {"none", *Selector::parse("ring=nowhere"), 0},
                  {"all", {}, 1}};
  const auto lines = notes(planned(toy_fleet(73, 14, {}), policy));
  EXPECT_EQ(
      lines,
      (std::vector<std::string>{
          "wave lab, 14 targets: can only detect defects that hit more than 19.3 % of targets",
          "wave none, no target: skipped",
          "wave all, 59 targets: can only detect defects that hit more than 4.95 % of targets"}));
}

TEST(Rollout, EveryOtherSpellingOfABlueprintIsRefused) {
  const std::string text = planned(toy_fleet(5, 1, {}), rings()).canonical();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto read = Blueprint::parse(changed);
    if (read) {
      EXPECT_EQ(read->canonical(), changed);
    }
    EXPECT_FALSE(Blueprint::parse(text.substr(0, i)));
  }
  std::string later = text;
  later[text.find("blueprint/1") + 10] = '2';
  EXPECT_EQ(Blueprint::parse(later).error().code(), Code::unsupported_version);
}

TEST(Rollout, SelectorsHaveOneSpelling) {
  EXPECT_EQ(Selector::parse("ring=lab,kind=edge")->text(), "kind=edge,ring=lab");
  for (const std::string_view text : {"a", "=b", "a=", "a=b,", ",", "a=b,a=c", "a=b c"}) {
    EXPECT_FALSE(Selector::parse(text)) << text;
  }
  EXPECT_FALSE(Inventory::create({{"a", "s", {}, {}, {}, {}}, {"a", "s", {}, {}, {}, {}}}));
  EXPECT_FALSE(Inventory::create({{"A b", "s", {}, {}, {}, {}}}));
}

}  // namespace
}  // namespace millwright::operations
