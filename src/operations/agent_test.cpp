#include "operations/agent.hpp"

#include <gtest/gtest.h>

#include "operations/operations_rig.hpp"
#include "sim/disk.hpp"

namespace millwright::operations {
namespace {

const Digest old_set = sha256(as_bytes("old"));
const Digest new_set = sha256(as_bytes("new"));
const Digest third_set = sha256(as_bytes("third"));

AgentState fresh() {
  AgentState state("gw", old_set);
  state.begin_life("life-1");
  return state;
}

TEST(Agent, InstallsActivatesAttests) {
  AgentState state = fresh();
  EXPECT_EQ(state.stage(), ReportStage::idle);
  EXPECT_TRUE(*state.take({"gw", 5, new_set}));
  EXPECT_FALSE(*state.take({"gw", 5, new_set})) << "idempotent";
  EXPECT_EQ(state.wanted(), new_set);
  EXPECT_FALSE(state.activate()) << "not installed";
  EXPECT_TRUE(state.on_installed());
  EXPECT_FALSE(state.on_installed());
  EXPECT_EQ(state.running(), old_set);
  EXPECT_TRUE(state.activate());
  EXPECT_EQ(state.running(), new_set);
  EXPECT_EQ(state.previous(), old_set);
  EXPECT_TRUE(state.confirm());
  const Report report = state.report();
  EXPECT_EQ(report.stage, ReportStage::confirmed);
  EXPECT_EQ(report.generation, 5);
  EXPECT_EQ(report.instance, (Instance{"life-1", 1}));
}

TEST(Agent, RefusesWhatIsOlderOrContradicts) {
  AgentState state = fresh();
  ASSERT_TRUE(state.take({"gw", 5, new_set}));
  const AgentState before = state;
  EXPECT_EQ(rule_of(state.take({"gw", 4, third_set}).error()), "older_generation");
  EXPECT_EQ(rule_of(state.take({"gw", 5, third_set}).error()), "generation_reused");
  EXPECT_EQ(rule_of(state.take({"other", 6, third_set}).error()), "another_target");
  EXPECT_EQ(state, before);
}

TEST(Agent, ANewerOrderReplacesOneUnderWay) {
  AgentState state = fresh();
  ASSERT_TRUE(state.take({"gw", 5, new_set}));
  ASSERT_TRUE(state.on_installed());
  ASSERT_TRUE(*state.take({"gw", 6, old_set}));
  EXPECT_EQ(state.stage(), ReportStage::confirmed) << "it never ran anything else";
  EXPECT_FALSE(state.wanted());
}

TEST(Agent, ASetThatKillsItsProgramFallsBackAfterThreeLives) {
  AgentState state = fresh();
  ASSERT_TRUE(state.take({"gw", 5, new_set}));
  state.on_installed();
  state.activate();
  for (int life = 2; life <= 3; ++life) {
    state.begin_life(fmt::format("life-{}", life));
    EXPECT_EQ(state.running(), new_set);
  }
  state.begin_life("life-4");
  EXPECT_EQ(state.running(), old_set);
  EXPECT_EQ(state.stage(), ReportStage::rolled_back);
  EXPECT_EQ(state.report().reason, "it did not confirm in 3 lives");
  EXPECT_FALSE(*state.take({"gw", 5, new_set})) << "the same order is not tried again";
}

TEST(Agent, WhatNeverProvedItselfIsNothingToFallBackTo) {
  AgentState state = fresh();
  ASSERT_TRUE(state.take({"gw", 5, new_set}));
  state.on_installed();
  state.activate();
  ASSERT_TRUE(state.take({"gw", 7, third_set}));
  state.on_installed();
  state.activate();
  ASSERT_TRUE(state.fall_back("no verdicts"));
  EXPECT_EQ(state.running(), old_set);
}

TEST(Agent, SavedBytesAreCheckedWhole) {
  AgentState state = fresh();
  ASSERT_TRUE(state.take({"gw", 5, new_set}));
  const Bytes bytes = state.save();
  EXPECT_EQ(*AgentState::load(bytes), state);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= std::byte{1};
    EXPECT_FALSE(AgentState::load(changed)) << i;
    EXPECT_FALSE(AgentState::load(ByteView(bytes).first(i)));
  }
  Bytes later = bytes;
  later[7] = std::byte{2};
  EXPECT_EQ(AgentState::load(later).error().code(), Code::unsupported_version);
}

/// One life on a disk: continues whatever is under way, saves before it acts. False: the power
/// went, or the disk failed.
bool live(sim::SimDisk& disk, int life, const Digest& bad) {
  auto bytes = engine::read_whole(disk, "agent");
  AgentState state("gw", old_set);
  if (bytes) {
    auto loaded = AgentState::load(*bytes);
    EXPECT_TRUE(loaded) << "torn state";
    if (!loaded) return false;
    state = std::move(*loaded);
  } else if (bytes.error().code() != Code::not_found) {
    return false;
  }
  const auto save = [&] { return engine::replace_whole(disk, "agent", state.save()).has_value(); };
  const auto runs_a_whole_set = [&] {
    EXPECT_TRUE(state.running() == old_set || state.running() == new_set);
  };
  state.begin_life(fmt::format("life-{}", life));
  if (!save()) return false;
  runs_a_whole_set();
  const auto taken = state.take({"gw", 1, new_set});
  if (taken && *taken && !save()) return false;
  if (state.on_installed() && !save()) return false;
  if (state.activate() && !save()) return false;
  runs_a_whole_set();
  if (!state.is_on_trial()) return true;
  state.running() == bad ? state.fall_back("bad") : state.confirm();
  return save();
}

TEST(Agent, PowerLostAtEveryOperationLeavesTheOldSetOrTheNew) {
  for (const bool is_bad : {false, true}) {
    const Digest bad = is_bad ? new_set : third_set;
    int cuts = 0;
    for (std::uint64_t at = 1; at < 60; ++at) {
      sim::SimDisk disk(at);
      disk.power_cut_at(at);
      int life = 1;
      while (!live(disk, life, bad) && life < 10) {
        ++cuts;
        ++life;
        disk.restart();
      }
      const auto state = AgentState::load(*engine::read_whole(disk, "agent"));
      ASSERT_TRUE(state);
      EXPECT_EQ(state->running(), is_bad ? old_set : new_set) << at;
      EXPECT_EQ(state->stage(), is_bad ? ReportStage::rolled_back : ReportStage::confirmed);
    }
    EXPECT_GT(cuts, 20) << "the faults must strike";
  }
}

}  // namespace
}  // namespace millwright::operations
