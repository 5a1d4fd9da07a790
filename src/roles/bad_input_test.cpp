// Wrong passwords and broken files beside a healthy neighbour.
#include <gtest/gtest.h>

#include "fabric/drivers/replay.hpp"
#include "roles/bad_input_rig.hpp"

namespace millwright::roles {
namespace {

class BadPassword : public BadInputRig {
 protected:
  std::vector<engine::BrokerAccount> site_accounts() override {
    std::vector<engine::BrokerAccount> out;
    for (const std::string user : {"gateway-a", "edge-1", "edge-2"})
      out.push_back({user, "password-of-" + user, {"spBv1.0/#"}, {}});
    return out;
  }
};

TEST_F(BadPassword, AnEdgeWithAWrongPasswordKeepsItsSamples) {
  start_neighbour();
  {
    RigEdge refused;
    auto options = edge_options("edge-2");
    options.uplink.broker.password = "wrong";
    ASSERT_TRUE(try_edge(refused, options, counting()));
    ASSERT_TRUE(wait_for([&] {
      return refused.status().samples_waiting == samples && !refused.said("refused").empty();
    }));
    compare("wrong_password", refused.said("refused"));
    EXPECT_FALSE(wait_for([&] { return refused.times_said("refused") > 1; }, 10)) << "said once";
  }
  EXPECT_EQ(hub_->stored("edge-2"), 0u);
  other_ = start_edge("edge-2");
  ASSERT_TRUE(wait_for([&] { return other_->status().drained; }));
  EXPECT_EQ(hub_->stored("edge-2"), samples);
  finish_neighbour();
}

class BadFile : public BadInputRig {
 protected:
  static drivers::ReplaySpec spec() {
    drivers::ReplaySpec spec;
    spec.file.path = "fleet.csv";
    spec.time.column = "time";
    spec.key_column = "pump";
    spec.keys = {{"A", "pump-a"}, {"B", "pump-b"}};
    spec.metrics = {{"flow", "flow", ontology::DataType::float64, "m3/h"}};
    return spec;
  }
  /// Twenty rows of two pumps; `zone` stands behind each time; row 7 lacks a cell, row 9 has no
  /// time.
  static std::string rows(const std::string& zone) {
    std::string out = "time,pump,flow\n";
    for (int i = 0; i < 20; ++i) {
      const std::string time =
          "2026-03-01T10:" + std::to_string(10 + i) + ":00" + (i == 8 ? " o'clock" : zone);
      const std::string pump = i % 2 == 0 ? "A" : "B";
      out +=
          i == 6 ? time + "," + pump + "\n" : time + "," + pump + "," + std::to_string(i) + ".5\n";
    }
    return out;
  }
  static Result<std::unique_ptr<drivers::Driver>> replay(RigEdge& edge) {
    const auto world = edge.world();
    return drivers::make_replay(spec(), {}, {world.clock, world.executor, world.disk, world.log});
  }
  std::uint64_t stored_of(const std::string& series) { return samples_of(*hub_, series).size(); }
};

TEST_F(BadFile, LocalTimesWithoutAZoneAreAnErrorOfTheConfiguration) {
  start_neighbour();
  RigEdge edge;
  edge.machine = machine("edge-2");
  write_file(root_ + "/edge-2/fleet.csv", rows(""));
  edge.machine->run([&] {
    const auto driver = replay(edge);
    ASSERT_FALSE(driver);
    EXPECT_EQ(driver.error().code(), Code::invalid_input);
    compare("csv_time_zone", driver.error().text());
  });
  finish_neighbour();
}

TEST_F(BadFile, ABrokenRowIsCountedAndTheOtherDeviceIsWhole) {
  start_neighbour();
  other_ = std::make_unique<RigEdge>();
  ASSERT_TRUE(try_edge(*other_, edge_options("edge-2"), [&](RigEdge& edge) {
    write_file(root_ + "/edge-2/fleet.csv", rows("+01:00"));
    std::vector<edge::Source> sources;
    sources.push_back({"fleet", replay(edge).value(), {}});
    return sources;
  }));
  ASSERT_TRUE(wait_for([&] { return other_->status().drained; }));
  const auto status = other_->status();
  EXPECT_EQ(status.sources.at(0).records_broken, 2u);
  EXPECT_EQ(stored_of("site-a/edge-2/pump-a/flow"), 8u);
  EXPECT_EQ(stored_of("site-a/edge-2/pump-b/flow"), 10u);
  std::string said;
  other_->machine->run([&] {
    for (const auto& line : other_->log.lines) said += (said.empty() ? "" : "\n") + line;
  });
  compare("csv_broken_row", said);
  finish_neighbour();
}

}  // namespace
}  // namespace millwright::roles
