// Tier 2 hosting: what is acknowledged when, models put in force, revisions, bounds, a failing
// disk.
#include <algorithm>

#include "fabric/gateway/tier_two_rig.hpp"

namespace millwright::gateway {
namespace {

using std::chrono::milliseconds;
using Taken = TierTwo::Taken;

std::string digest_of(std::string_view bundle) {
  return sha256(as_bytes(bundle)).hex();
}

envelope::Acknowledgement clamped(TierTwoRig& rig, std::size_t edge = 0) {
  envelope::Acknowledgement out{rig.edges[edge].id, rig.edges[edge].incarnation, 1000, 1000};
  rig.tier->clamp(out);
  return out;
}

TEST(TierTwo, AnEdgeIsToldWhatIsUsedAndWhatIsDurablyUsed) {
  TierTwoRig rig(1);
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.offer(rig.edges[0], 0), Taken::taken);
  EXPECT_EQ(rig.offer(rig.edges[0], 1), Taken::taken);
  EXPECT_EQ(clamped(rig).received, 4u);
  EXPECT_EQ(clamped(rig).stored, 0u);
  EXPECT_EQ(rig.used, 0u);
  rig.scheduler.run_for(milliseconds(6));
  EXPECT_EQ(clamped(rig).stored, 4u);
  EXPECT_EQ(rig.used, 1u);
  EXPECT_EQ(clamped(rig, 1).received, 0u) << "of the other edge nothing came";
  EXPECT_EQ(rig.hub.rows.size(), 2u);
}

TEST(TierTwo, JudgesByItsOwnPosition) {
  TierTwoRig rig(1);
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.offer(rig.edges[0], 1), Taken::gap);
  EXPECT_EQ(rig.offer(rig.edges[0], 0), Taken::taken);
  EXPECT_EQ(rig.offer(rig.edges[0], 0), Taken::duplicate);
  EXPECT_EQ(rig.offer(rig.edges[0], 1), Taken::taken);
  EXPECT_EQ(rig.tier->status().scans_derived, 2u);
}

TEST(TierTwo, TrimsWhatItKnowsAndPassesOverLosses) {
  TierTwoRig rig(1);
  ASSERT_TRUE(rig.begin());
  RigEdge& edge = rig.edges[0];
  EXPECT_EQ(rig.offer(edge, 0), Taken::taken);
  envelope::Envelope both;
  both.incarnation = edge.incarnation;
  ontology::Batch batch = edge.scans[0];
  for (const auto& row : edge.scans[1].rows) batch.rows.push_back(row);
  batch.rows.back().is_null = true;  // its text lies in another arena
  envelope::extract(batch.rows, both);
  for (auto& row : batch.rows) row.ts_us = Timestamp{row.ts_us}.whole_ms() * 1000;
  EXPECT_EQ(rig.tier->offer(edge.id, edge.schema(), batch, both, sparkplug::DataClass::historical),
            Taken::taken);
  EXPECT_EQ(rig.tier->status().scans_derived, 2u);
  envelope::Envelope loss;
  loss.kind = envelope::Kind::loss;
  loss.incarnation = edge.incarnation;
  loss.first_sequence = 4;
  loss.count = 2;
  EXPECT_EQ(rig.tier->offer(edge.id, edge.schema(), {}, loss, sparkplug::DataClass::live),
            Taken::taken);
  EXPECT_EQ(rig.offer(edge, 3), Taken::taken);
  rig.scheduler.run_for(milliseconds(6));
  const auto row = rig.hub.rows.at({"edge-1.machine", RigEdge::time_of(3)});
  EXPECT_EQ(row.front().value, 1.0 + 2.0 + 4.0);
  EXPECT_EQ(row.front().watermark, 6u);
}

TEST(TierTwo, TheRecipeNamesModelProducerAndSource) {
  TierTwoRig rig(1);
  ASSERT_TRUE(rig.begin());
  (void)rig.offer(rig.edges[0], 0);
  rig.scheduler.run_for(milliseconds(6));
  const auto recipe = ontology::Recipe::parse(rig.hub.rows.begin()->second.front().recipe).value();
  EXPECT_EQ(recipe.producer, "site-a/gateway-a");
  EXPECT_EQ(recipe.model, "toy@1");
  EXPECT_EQ(recipe.inputs,
            "site-a/edge-1/machine/signal; sum of 5 scans; as site-a/edge-1 incarnation "
            "000000000000004d gave it, up to input/watermark");
}

TEST(TierTwo, AModelIsPutInForceBetweenTwoScansAndStaysOverARestart) {
  TierTwoRig rig(1);
  ASSERT_TRUE(rig.begin());
  (void)rig.offer(rig.edges[0], 0);
  EXPECT_EQ(rig.tier->activate("00", as_bytes("10")).error().code(), Code::invalid_input);
  EXPECT_EQ(rig.tier->activate(digest_of("ten"), as_bytes("ten")).error().code(),
            Code::invalid_input);
  ASSERT_TRUE(rig.tier->activate(digest_of("10"), as_bytes("10")).has_value());
  (void)rig.offer(rig.edges[0], 1);
  rig.scheduler.run_for(milliseconds(6));
  rig.disk.power_cut();
  rig.end();
  rig.disk.restart();
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.tier->status().active, std::vector<std::string>{digest_of("10")});
  EXPECT_EQ(rig.offer(rig.edges[0], 2), Taken::taken);
  rig.scheduler.run_for(milliseconds(6));
  const double expected[] = {1, 30, 60};
  for (std::size_t scan = 0; scan < 3; ++scan) {
    const auto& rows = rig.hub.rows.at({"edge-1.machine", RigEdge::time_of(scan)});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows.front().value, expected[scan]);
  }
  ASSERT_TRUE(rig.tier->activate(digest_of("3"), as_bytes("3")).has_value());
  const auto names = rig.disk.list("tier_two").value();
  EXPECT_FALSE(std::ranges::contains(names, "model." + digest_of("10")));
  EXPECT_TRUE(std::ranges::contains(names, "model." + digest_of("3")));
}

TEST(TierTwo, PowerLostWhileAModelIsPutInForceLeavesOneOfBoth) {
  std::uint64_t before = 0, after = 0;
  for (std::uint64_t operation = 1; operation < 40; ++operation) {
    SCOPED_TRACE(operation);
    TierTwoRig rig(operation);
    ASSERT_TRUE(rig.begin());
    for (std::size_t scan = 0; scan < 4; ++scan) (void)rig.offer(rig.edges[0], scan);
    rig.disk.power_cut_at(rig.disk.operations() + operation);
    (void)rig.tier->activate(digest_of("10"), as_bytes("10"));
    for (std::size_t scan = 4; scan < 8; ++scan) (void)rig.offer(rig.edges[0], scan);
    rig.scheduler.run_for(milliseconds(6));
    rig.acknowledge(rig.edges[0], 1000);
    if (rig.disk.powered()) rig.disk.power_cut();
    rig.end();
    rig.disk.restart();
    ASSERT_TRUE(rig.begin());
    (rig.tier->status().active.empty() ? before : after) += 1;
    if (rig.tier->status().active.empty()) {
      ASSERT_TRUE(rig.tier->activate(digest_of("10"), as_bytes("10")).has_value());
    }
    for (std::size_t scan = 0; scan < 8; ++scan) (void)rig.offer(rig.edges[0], scan);
    rig.scheduler.run_for(milliseconds(6));
    for (std::size_t scan = 0; scan < 8; ++scan) {
      const auto rows = rig.hub.rows.find({"edge-1.machine", RigEdge::time_of(scan)});
      ASSERT_TRUE(rows != rig.hub.rows.end()) << scan;
      double sum = 0;
      for (std::size_t i = scan < 5 ? 0 : scan - 4; i <= scan; ++i)
        sum += RigEdge::value_of("edge-1", i);
      const double value = rows->second.back().value;
      EXPECT_TRUE(value == sum || value == 10 * sum) << scan << ": " << value;
      if (scan >= 4) {
        EXPECT_EQ(value, 10 * sum) << scan;
        EXPECT_EQ(rows->second.size(), 1u) << scan;
      }
    }
  }
  EXPECT_GT(before, 0u);
  EXPECT_GT(after, 0u);
}

/// Ends a life in which a scan is derived and in the journal, and its frame is not written.
void die_before_the_frame(TierTwoRig& rig) {
  ASSERT_TRUE(rig.begin());
  for (std::size_t scan = 0; scan < 3; ++scan) (void)rig.offer(rig.edges[0], scan);
  rig.scheduler.run_for(milliseconds(6));
  rig.acknowledge(rig.edges[0], 1000);
  (void)rig.offer(rig.edges[0], 3);
  // append and sync of the journal, append of the frame
  rig.disk.fail_at(rig.disk.operations() + 3, Error(Code::exhausted, "the disk is full"));
  rig.scheduler.run_for(milliseconds(6));
  EXPECT_TRUE(rig.tier->status().failing);
  EXPECT_EQ(clamped(rig).stored, 6u);
  EXPECT_EQ(clamped(rig).received, 8u);
  EXPECT_EQ(rig.offer(rig.edges[0], 4), Taken::refused);
}

TEST(TierTwo, AnEqualScanIsDroppedAfterACrash) {
  TierTwoRig rig(1);
  die_before_the_frame(rig);
  rig.acknowledge_own();
  rig.end();
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.tier->status().scans_to_compare, 1u);
  EXPECT_EQ(rig.offer(rig.edges[0], 2), Taken::duplicate);
  EXPECT_EQ(rig.offer(rig.edges[0], 3), Taken::taken);
  rig.scheduler.run_for(milliseconds(6));
  EXPECT_EQ(rig.tier->status().scans_recomputed, 1u);
  EXPECT_EQ(rig.tier->status().scans_derived, 0u);
  EXPECT_EQ(rig.hub.rows.at({"edge-1.machine", RigEdge::time_of(3)}).size(), 1u);
}

TEST(TierTwo, ADifferentScanIsARevisionAfterACrash) {
  TierTwoRig rig(1);
  die_before_the_frame(rig);
  rig.end();
  ASSERT_TRUE(rig.begin());
  ASSERT_TRUE(rig.tier->activate(digest_of("10"), as_bytes("10")).has_value());
  EXPECT_EQ(rig.offer(rig.edges[0], 3), Taken::taken);
  rig.scheduler.run_for(milliseconds(6));
  EXPECT_EQ(rig.tier->status().scans_revised, 1u);
  EXPECT_EQ(rig.tier->status().scans_to_compare, 0u);
  const auto& rows = rig.hub.rows.at({"edge-1.machine", RigEdge::time_of(3)});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].value, 10);
  EXPECT_EQ(rows[1].value, 100);
}

TEST(TierTwo, AFailingDiskIsSaidOnceAndItsRecoveryToo) {
  TierTwoRig rig(1);
  die_before_the_frame(rig);
  const auto operations = rig.disk.operations();
  for (std::uint64_t i = 1; i <= 20; ++i)
    rig.disk.fail_at(operations + i, Error(Code::exhausted, "the disk is full"));
  rig.scheduler.run_for(std::chrono::seconds(10));
  EXPECT_EQ(rig.log.count("nothing is acknowledged"), 1u);
  rig.scheduler.run_for(std::chrono::seconds(30));
  EXPECT_FALSE(rig.tier->status().failing);
  EXPECT_EQ(clamped(rig).stored, 8u);
  EXPECT_EQ(rig.offer(rig.edges[0], 4), Taken::taken);
}

TEST(TierTwo, ABirthBeyondItsPositionIsSaid) {
  TierTwoRig rig(1);
  rig.edges[0].released = 8;
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.tier->status().positions_jumped, 1u);
  EXPECT_EQ(rig.log.count("goes on at 8"), 1u);
  EXPECT_EQ(rig.offer(rig.edges[0], 4), Taken::taken);
  rig.scheduler.run_for(milliseconds(6));
  EXPECT_EQ(clamped(rig).stored, 10u);
}

TEST(TierTwo, AFullJournalMakesEdgesWaitForTheHub) {
  TierTwoRig rig(1);
  rig.options.journal.file_bytes = 800;
  rig.options.journal.bound_bytes = 2200;
  ASSERT_TRUE(rig.begin());
  rig.hub_away = true;
  std::size_t scan = 0;
  while (scan < TierTwoRig::scan_count && rig.offer(rig.edges[0], scan) == Taken::taken) {
    rig.scheduler.run_for(milliseconds(6));
    ++scan;
  }
  ASSERT_LT(scan, TierTwoRig::scan_count);
  EXPECT_GT(rig.tier->status().inputs_refused, 0u);
  EXPECT_EQ(rig.log.lines, std::vector<std::string>{});
  rig.hub_away = false;
  rig.scheduler.run_for(milliseconds(200));
  rig.acknowledge_own();
  rig.scheduler.run_for(std::chrono::seconds(2));
  EXPECT_EQ(rig.offer(rig.edges[0], scan), Taken::taken);
}

TEST(TierTwo, ADamagedCheckpointIsSetAsideAndSaid) {
  TierTwoRig rig(1);
  rig.live();
  rig.end();
  ASSERT_TRUE(rig.disk.flip("tier_two/checkpoint", 20, std::byte{0xFF}).has_value());
  ASSERT_TRUE(rig.begin());
  EXPECT_EQ(rig.log.count("set aside as .unreadable"), 1u);
  EXPECT_EQ(rig.tier->status().positions_jumped, 2u);
  EXPECT_TRUE(rig.disk.exists("tier_two/checkpoint.unreadable").value());
}

TEST(TierTwo, ANextLifeOfAnEdgesJournalFollowsOnTheOneBefore) {
  TierTwoRig rig(1);
  ASSERT_TRUE(rig.begin());
  (void)rig.offer(rig.edges[0], 0);
  rig.edges[0].incarnation = 78;
  EXPECT_EQ(rig.offer(rig.edges[0], 1), Taken::gap) << "a life begins at zero";
  EXPECT_EQ(rig.offer(rig.edges[0], 0), Taken::taken);
  rig.scheduler.run_for(milliseconds(6));
  EXPECT_EQ(clamped(rig).stored, 2u);
  rig.edges[0].incarnation = 77;
  EXPECT_EQ(clamped(rig).stored, 2u);
  rig.edges[0].incarnation = 78;
  rig.tier->on_birth("edge-1", rig.edges[0].birth());
  rig.edges[0].incarnation = 77;
  EXPECT_EQ(clamped(rig).stored, 0u) << "forgotten: it does not come again";
}

}  // namespace
}  // namespace millwright::gateway
