// The whole path in one process over a real broker: edge → gateway → hub → historian.
#include <gtest/gtest.h>

#include "roles/path_rig.hpp"

namespace millwright::roles {
namespace {

class Path : public PathRig {
 protected:
  /// Everything of the edge is at the hub, once, with value, time to the microsecond, quality and
  /// provenance.
  void expect_complete(RigHub& hub) {
    std::vector<historian::StoredSample> flow, note;
    std::string recipe;
    std::optional<Result<historian::Range>> got[2];
    hub.machine->run([&] {
      for (int i = 0; i < 2; ++i) {
        const auto found =
            hub.historian->find(i == 0 ? "site-a/edge-1/pump-1/flow" : "site-a/edge-1/pump-1/note");
        ASSERT_EQ(found.size(), 1u);
        historian::RangeQuery query;
        query.series = found[0]->number;
        query.all_revisions = true;
        hub.historian->range(query, [&got, i](auto r) { got[i] = std::move(r); });
      }
    });
    hub.machine->run([] {});
    ASSERT_TRUE(wait_for([&] {
      bool both = false;
      hub.machine->run([&] { both = got[0] && got[1]; });
      return both;
    }));
    flow = (*got[0])->samples;
    note = (*got[1])->samples;
    ASSERT_EQ(flow.size(), scans);
    ASSERT_EQ(note.size(), scans);
    for (std::uint64_t i = 0; i < scans; ++i) {
      ASSERT_EQ(flow[i].ts.us, static_cast<std::int64_t>(i + 1) * 1'000'000 + 7);
      ASSERT_EQ(std::get<double>(flow[i].value), static_cast<double>(i + 1) / 8);
      ASSERT_TRUE(flow[i].quality.is_good());
      ASSERT_EQ(std::get<std::string>(note[i].value), "scan " + std::to_string(i + 1));
      ASSERT_EQ(note[i].quality, ontology::Quality::uncertain(ontology::Reason::stale));
      ASSERT_NE(flow[i].provenance, 0u);
    }
    hub.machine->run([&] { recipe = hub.historian->provenance(flow[0].provenance).value_or(""); });
    EXPECT_NE(recipe.find("site-a/edge-1"), std::string::npos);
  }
};

TEST_F(Path, EverySampleArrivesOnceWithItsQualityTimeAndProvenance) {
  auto hub = start_hub();
  auto gateway = start_gateway();
  auto edge = start_edge();
  ASSERT_TRUE(wait_for([&] { return edge->status().drained; }))
      << edge->status().samples_waiting << " still waiting";
  EXPECT_EQ(hub->stored(), 2 * scans);
  expect_complete(*hub);
  for (const auto& line : hub->ledger()) EXPECT_EQ(line.unexplained(), 0u);
}

TEST_F(Path, TheEdgeKeepsEverythingUntilTheHubIsThere) {
  auto gateway = start_gateway();
  auto edge = start_edge();
  ASSERT_TRUE(wait_for([&] { return edge->status().samples_waiting == 2 * scans; }));
  EXPECT_FALSE(wait_for([&] { return edge->status().samples_waiting < 2 * scans; }, 10))
      << "a gateway answers for nothing";
  gateway.reset();
  edge.reset();
  auto hub = start_hub();
  gateway = start_gateway();
  edge = start_edge();
  ASSERT_TRUE(wait_for([&] { return edge->status().drained; }));
  EXPECT_EQ(hub->stored(), 2 * scans);
  expect_complete(*hub);
}

TEST_F(Path, AHubThatDiesAndComesBackHasEverySampleOnce) {
  auto hub = start_hub();
  auto gateway = start_gateway();
  auto edge = start_edge();
  ASSERT_TRUE(wait_for([&] { return hub->stored() > 0; }));
  hub.reset();
  hub = start_hub();
  ASSERT_TRUE(wait_for([&] { return edge->status().drained; }));
  EXPECT_EQ(hub->stored(), 2 * scans);
  expect_complete(*hub);
}

}  // namespace
}  // namespace millwright::roles
