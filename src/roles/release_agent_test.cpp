#include "roles/release_agent.hpp"

#include <gtest/gtest.h>

#include "roles/release_rig.hpp"

namespace millwright::roles {
namespace {

using operations::no_release;
using operations::ReportStage;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(ReleaseAgent, FetchesChecksActivatesAndConfirmsOnVerdicts) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.report().stage, ReportStage::idle);
  EXPECT_EQ(rig.report().running, no_release);
  const auto first = rig.hub.release(1, "one");
  rig.order(5, first);
  EXPECT_EQ(rig.in_force["rul"], "one");
  EXPECT_EQ(rig.report().stage, ReportStage::trial);
  rig.judge(19);
  EXPECT_EQ(rig.report().stage, ReportStage::trial);
  rig.judge(1);
  EXPECT_EQ(rig.report().stage, ReportStage::confirmed);
  EXPECT_EQ(rig.report().running, first.release);
  EXPECT_EQ(rig.report().instance.swaps, 1u);
  const auto& said = rig.said.back();
  EXPECT_EQ(said.report.generation, 5);
  ASSERT_EQ(said.counters.size(), 1u);
  EXPECT_EQ(said.counters[0].model, "rul@1:one");
  const auto fetched = rig.hub.fetched;
  rig.order(5, first);
  EXPECT_EQ(rig.hub.fetched, fetched) << "known";
  // Its next life runs the same, without the hub.
  rig.hub.away = true;
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.in_force["rul"], "one");
  EXPECT_EQ(rig.report().stage, ReportStage::confirmed);
  EXPECT_EQ(rig.report().instance.swaps, 0u);
}

TEST(ReleaseAgent, ReportsEachRefusalByItsRule) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  rig.order(3, rig.hub.release(4, "four"));
  rig.judge(20);
  ASSERT_EQ(rig.report().stage, ReportStage::confirmed);
  std::int64_t generation = 10;
  const auto expect_failed = [&](const RigHub::Ordered& what, std::string_view rule) {
    rig.order(++generation, what);
    EXPECT_EQ(rig.report().stage, ReportStage::failed) << rule;
    EXPECT_TRUE(rig.report().reason.starts_with(std::string(rule) + ":")) << rig.report().reason;
    EXPECT_EQ(rig.said.back().report.reason, rig.report().reason);
    EXPECT_EQ(rig.in_force["rul"], "four");
  };
  const auto manifest = rig.hub.manifest(5, "five");
  const operations::SignedRelease bare{manifest.canonical(), {}};
  const Digest digest = sha256(as_bytes(bare.manifest));
  expect_failed({digest, rig.hub.put(bytes_of(bare.encode()))}, "unsigned");
  const RigHub::Ordered foreign = [&] {
    const auto key = operations::KeySigner("stranger", rig.key);
    const auto text = operations::sign_release(manifest, key)->encode();
    return RigHub::Ordered{digest, rig.hub.put(bytes_of(text))};
  }();
  expect_failed(foreign, "unknown_key");
  const RigHub::Ordered forged = [&] {
    auto release = *operations::sign_release(manifest, rig.hub.signer);
    release.signatures[0].signature[7] ^= std::byte{1};
    return RigHub::Ordered{digest, rig.hub.put(bytes_of(release.encode()))};
  }();
  expect_failed(forged, "bad_signature");
  expect_failed({digest, rig.hub.put(bytes_of("rubbish"))}, "unreadable_release");
  expect_failed({digest, sha256(as_bytes("nowhere"))}, "missing_artifact");
  expect_failed({sha256(as_bytes("other")), rig.hub.release(manifest).signed_release},
                "another_release");
  expect_failed(rig.hub.release(rig.hub.manifest(5, "five", "kind=edge")), "incompatible_target");
  expect_failed(rig.hub.release(3, "three"), "older_release");
  expect_failed(rig.hub.release(4, "again"), "older_release");
  auto changed = rig.hub.release(6, "six");
  rig.hub.content[sha256(as_bytes("six"))] = bytes_of("sox");
  expect_failed(changed, "changed_byte");
  auto cut = rig.hub.manifest(7, "seven");
  cut.artifacts[0].size = 4;
  expect_failed(rig.hub.release(cut), "changed_byte");
  auto lost = rig.hub.release(8, "eight");
  rig.hub.content.erase(sha256(as_bytes("eight")));
  expect_failed(lost, "missing_artifact");
}

TEST(ReleaseAgent, RefusesOrdersThatAreNotForItNow) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  const auto first = rig.hub.release(1, "one");
  rig.order(5, first);
  rig.judge(20);
  rig.order(4, rig.hub.release(2, "two"));
  EXPECT_TRUE(rig.refused().starts_with("older_generation:"));
  EXPECT_TRUE(rig.said.back().refused.starts_with("older_generation:"));
  rig.order(5, rig.hub.release(2, "two"));
  EXPECT_TRUE(rig.refused().starts_with("generation_reused:"));
  rig.agent->on_release(as_bytes("{}"));
  EXPECT_TRUE(rig.refused().starts_with("unreadable_order:"));
  const operations::ReleaseOrder other{.order = {"site-a/gw-2", 9, first.release},
                                       .signed_release = first.signed_release};
  rig.agent->on_release(as_bytes(other.encode()));
  EXPECT_TRUE(rig.refused().starts_with("another_target:"));
  EXPECT_EQ(rig.report().stage, ReportStage::confirmed);
  EXPECT_EQ(rig.report().running, first.release);
  rig.order(9, rig.hub.release(2, "two"));
  EXPECT_TRUE(rig.refused().empty());
}

TEST(ReleaseAgent, GoesBackOnlyByARevertUnderANewerGeneration) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  const auto first = rig.hub.release(1, "one");
  const auto second = rig.hub.release(2, "two");
  const auto third = rig.hub.release(3, "three");
  rig.order(1, first);
  rig.judge(20);
  rig.order(2, second);
  rig.judge(20);
  rig.order(3, third);
  rig.judge(20);
  ASSERT_EQ(rig.in_force["rul"], "three");
  rig.order(4, first);
  EXPECT_TRUE(rig.report().reason.starts_with("older_release:"));
  rig.order(4, first, true);
  EXPECT_EQ(rig.in_force["rul"], "three") << "generation 4 was decided";
  rig.order(5, first, true);
  rig.judge(20);
  EXPECT_EQ(rig.in_force["rul"], "one");
  EXPECT_EQ(rig.report().stage, ReportStage::confirmed);
  rig.order(6, third);
  rig.judge(20);
  EXPECT_EQ(rig.in_force["rul"], "three");
  rig.order(7, first);
  rig.judge(20);
  EXPECT_EQ(rig.in_force["rul"], "one") << "the set before may be ordered by itself";
  rig.order(8, {no_release, {}});
  EXPECT_TRUE(rig.in_force.empty()) << "the bootstrap set has no models";
  EXPECT_EQ(rig.report().running, no_release);
  rig.scheduler.run_for(seconds(2));
  EXPECT_EQ(rig.report().stage, ReportStage::confirmed);
}

TEST(ReleaseAgent, FallsBackWhenTheNewSetDoesNotWork) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  rig.order(1, rig.hub.release(1, "one"));
  rig.judge(20);
  // It does not fit.
  rig.unfit.insert("two");
  rig.order(2, rig.hub.release(2, "two"));
  EXPECT_EQ(rig.report().stage, ReportStage::rolled_back);
  EXPECT_EQ(rig.in_force["rul"], "one");
  EXPECT_TRUE(rig.report().reason.contains("does not fit"));
  // It predicts what is no number.
  rig.order(3, rig.hub.release(3, "three"));
  EXPECT_EQ(rig.in_force["rul"], "three");
  rig.counters["rul"].invalid = 1;
  rig.judge(30);
  EXPECT_EQ(rig.report().stage, ReportStage::rolled_back);
  EXPECT_TRUE(rig.report().reason.starts_with("unhealthy:"));
  EXPECT_EQ(rig.in_force["rul"], "one");
  // It says nothing.
  rig.order(4, rig.hub.release(4, "four"));
  rig.scheduler.run_for(minutes(9));
  EXPECT_EQ(rig.report().stage, ReportStage::trial);
  rig.scheduler.run_for(minutes(2));
  EXPECT_EQ(rig.report().stage, ReportStage::rolled_back);
  EXPECT_EQ(rig.in_force["rul"], "one");
  // It takes its program down.
  rig.order(5, rig.hub.release(5, "five"));
  for (int life = 0; life < 3; ++life) ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.report().stage, ReportStage::rolled_back);
  EXPECT_EQ(rig.in_force["rul"], "one");
}

TEST(ReleaseAgent, ANewSetIsComparedWithTheOneBeforeInEachLife) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  rig.order(1, rig.hub.release(1, "one"));
  rig.judge(20);
  EXPECT_EQ(rig.compared["rul"], "") << "the bootstrap set has no models";
  rig.order(2, rig.hub.release(2, "two"));
  EXPECT_EQ(rig.compared["rul"], "one");
  rig.hub.away = true;
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.in_force["rul"], "two");
  EXPECT_EQ(rig.compared["rul"], "one");
  rig.counters["rul"].invalid = 1;
  rig.judge(1);
  EXPECT_EQ(rig.in_force["rul"], "one");
  EXPECT_EQ(rig.compared["rul"], "") << "what fell back stands alone";
}

TEST(ReleaseAgent, TheFirstSetFallsBackToNothing) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  rig.order(1, rig.hub.release(1, "one"));
  EXPECT_EQ(rig.in_force["rul"], "one");
  rig.counters["rul"].errors = 1;
  rig.judge(1);
  EXPECT_EQ(rig.report().running, no_release);
  EXPECT_TRUE(rig.in_force.empty());
}

TEST(ReleaseAgent, AsksAgainWhenTheHubIsAwayAndTakesANewerOrderMeanwhile) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  rig.hub.away = true;
  rig.order(1, rig.hub.release(1, "one"));
  EXPECT_EQ(rig.report().stage, ReportStage::installing);
  rig.scheduler.run_for(minutes(30));
  EXPECT_EQ(rig.report().stage, ReportStage::installing);
  EXPECT_LT(rig.hub.fetched, 20u) << "later and later";
  // Also over a restart: the order is kept.
  ASSERT_TRUE(rig.begin());
  rig.order(2, rig.hub.release(2, "two"));
  rig.hub.away = false;
  rig.scheduler.run_for(seconds(5));
  EXPECT_EQ(rig.in_force["rul"], "two");
  ASSERT_TRUE(rig.begin());
  rig.judge(20);
  EXPECT_EQ(rig.report().stage, ReportStage::confirmed);
}

TEST(ReleaseAgent, KeepsTheContentOfThreeSetsAtMost) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  for (int version = 1; version <= 6; ++version) {
    rig.order(version, rig.hub.release(version, "model " + std::to_string(version)));
    rig.judge(20);
    ASSERT_EQ(rig.report().stage, ReportStage::confirmed);
  }
  auto store = operations::ArtifactStore::open(rig.disk, "release/artifacts").value();
  for (int version = 1; version <= 6; ++version) {
    const Digest digest = sha256(as_bytes("model " + std::to_string(version)));
    EXPECT_EQ(store.has(digest).value(), version >= 5) << version;
  }
}

TEST(ReleaseAgent, ADamagedSetIsNotSaidToRunAndIsFetchedAgain) {
  ReleaseRig rig;
  ASSERT_TRUE(rig.begin());
  const auto first = rig.hub.release(1, "one");
  rig.order(1, first);
  rig.judge(20);
  rig.end();
  const std::string hex = sha256(as_bytes("one")).hex();
  ASSERT_TRUE(rig.disk.flip("release/artifacts/" + hex.substr(0, 2) + "/" + hex, 1, std::byte{1}));
  rig.hub.away = true;
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.report().running, no_release);
  EXPECT_TRUE(rig.report().reason.contains("changed_byte"));
  rig.hub.away = false;
  rig.scheduler.run_for(minutes(1));
  EXPECT_EQ(rig.in_force["rul"], "one");
  EXPECT_EQ(rig.report().running, first.release);
}

TEST(ReleaseAgent, PowerLostAtEachWriteLeavesTheOldSetOrTheNew) {
  for (const bool is_bad : {false, true}) {
    std::set<std::string> found;
    for (std::uint64_t at = 1; at < 90; ++at) {
      SCOPED_TRACE(at);
      ReleaseRig rig(at);
      ASSERT_TRUE(rig.begin());
      rig.order(1, rig.hub.release(1, "one"));
      rig.judge(20);
      ASSERT_EQ(rig.report().stage, ReportStage::confirmed);
      const auto second = rig.hub.release(2, "two");
      rig.disk.power_cut_at(rig.disk.operations() + at);
      const auto live = [&] {
        rig.order(2, second);
        if (is_bad && rig.in_force["rul"] == "two") rig.counters["rul"].errors = 1;
        rig.judge(20);
        rig.scheduler.run_for(seconds(3));
      };
      live();
      rig.end();
      if (rig.disk.powered()) rig.disk.power_cut();
      rig.disk.restart();
      ASSERT_TRUE(rig.begin());
      const std::string running = rig.in_force["rul"];
      EXPECT_TRUE(running == "one" || running == "two") << "neither: '" << running << "'";
      found.insert(running);
      EXPECT_EQ(rig.report().running == second.release, running == "two");
      live();
      EXPECT_EQ(rig.in_force["rul"], is_bad ? "one" : "two");
      EXPECT_EQ(rig.report().stage, is_bad ? ReportStage::rolled_back : ReportStage::confirmed);
    }
    EXPECT_EQ(found.size(), 2u) << "some cut came before, some after";
  }
}

}  // namespace
}  // namespace millwright::roles
