// An edge node by others, straight to the hub and behind a gateway: what it says is stored once,
// as it said it, whatever is born again on the way.
#include <gtest/gtest.h>

#include "base/format.hpp"
#include "roles/foreign_rig.hpp"
#include "roles/path_rig.hpp"

namespace millwright::roles {
namespace {

enum class Where : std::uint8_t { at_hub, behind_gateway };

class ForeignEdgePath : public PathRig, public testing::WithParamInterface<Where> {
 protected:
  void SetUp() override {
    PathRig::SetUp();
    hub_ = start_hub();
    gateway_ = start_gateway();
    const bool at_hub = GetParam() == Where::at_hub;
    client_ = std::make_unique<ForeignClient>(
        machine("foreign"), (at_hub ? *hub_broker_ : *site_broker_).endpoint("foreign"),
        "spBv1.0/site-a/NCMD/press-9");
    ASSERT_TRUE(wait_for([&] { return client_->is_listening() && is_ready(); }));
  }
  void TearDown() override {
    client_.reset();
    gateway_.reset();
    hub_.reset();
    PathRig::TearDown();
  }
  gateway::GatewayStatus gateway_status() {
    gateway::GatewayStatus status;
    gateway_->machine->run([&] { status = gateway_->core->status(); });
    return status;
  }
  bool is_ready() {
    bool online = false;
    hub_->machine->run([&] { online = hub_->core->status().online; });
    const auto status = gateway_status();
    return online && status.site_online && status.uplink_born;
  }
  bool hub_knows(std::string_view edge) {
    bool online = false;
    hub_->machine->run([&] {
      for (const auto& producer : hub_->core->status().producers)
        online = online || (producer.id.edge == edge && producer.online);
    });
    return online;
  }
  std::uint64_t duplicates() {
    std::uint64_t sum = 0;
    for (const auto& line : hub_->ledger()) sum += line.duplicates;
    return sum;
  }
  /// `time in seconds: value [quality]` of each stored sample.
  std::vector<std::string> stored(const std::string& metric, const std::string& device = "motor") {
    std::vector<std::string> out;
    for (const auto& sample : samples_of(*hub_, "site-a/press-9/" + device + "/" + metric)) {
      std::string text =
          std::to_string((sample.ts.us / 1000 - ForeignEdge::first_ms) / 1000) + ": ";
      if (const auto* number = std::get_if<double>(&sample.value))
        text += fmt::format("{}", *number);
      else if (const auto* mode = std::get_if<std::string>(&sample.value))
        text += *mode;
      else
        text += "null";
      if (!sample.quality.is_good()) text += " " + ontology::to_text(sample.quality);
      out.push_back(std::move(text));
    }
    return out;
  }
  using Texts = std::vector<std::string>;
  std::unique_ptr<RigHub> hub_;
  std::unique_ptr<RigGateway> gateway_;
  std::unique_ptr<ForeignClient> client_;
};
INSTANTIATE_TEST_SUITE_P(Where, ForeignEdgePath,
                         testing::Values(Where::at_hub, Where::behind_gateway),
                         [](const auto& suite) {
                           return suite.param == Where::at_hub ? "AtHub" : "BehindGateway";
                         });

TEST_P(ForeignEdgePath, ItsBirthValuesAreStoredAndNoNullBesideThem) {
  ForeignEdge edge(*client_);
  edge.be_born(1.5, "idle", 0);
  edge.run_at(2.5, 1);
  client_->publish(edge.data_topic(), edge.speed_at(0, 2, 1, 0));
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") >= 4; }));
  EXPECT_EQ(stored("speed"), (Texts{"0: 1.5", "1: 2.5", "2: 0 bad:foreign"}));
  EXPECT_EQ(stored("mode"), Texts{"0: idle"});
  EXPECT_EQ(hub_->stored("press-9"), 4u);
}

TEST_P(ForeignEdgePath, ARebirthRepeatsNothingAndSaysWhatIsNew) {
  ForeignEdge edge(*client_);
  edge.be_born(1.5, "idle", 0);
  edge.run_at(2.5, 1);
  edge.be_born(2.5, "idle", 1);
  edge.be_born(3.5, "running", 2);
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") >= 5; }));
  EXPECT_EQ(stored("speed"), (Texts{"0: 1.5", "1: 2.5", "2: 3.5"}));
  EXPECT_EQ(stored("mode"), (Texts{"0: idle", "1: idle", "2: running"}));
}

class ForeignEdgeBehindGateway : public ForeignEdgePath {};
INSTANTIATE_TEST_SUITE_P(Where, ForeignEdgeBehindGateway, testing::Values(Where::behind_gateway));

TEST_P(ForeignEdgeBehindGateway, AHubThatComesBackStoresNoValueTwice) {
  ForeignEdge edge(*client_);
  edge.be_born(1.5, "idle", 0);
  edge.run_at(2.5, 1);
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") == 3; }));
  hub_.reset();
  hub_ = start_hub();
  ASSERT_TRUE(wait_for([&] { return hub_knows("press-9") && duplicates() >= 2; }))
      << "its births come again, with the values that are here";
  ASSERT_TRUE(wait_for([&] { return is_ready(); }));
  edge.run_at(3.5, 2);
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") >= 4; }));
  EXPECT_EQ(stored("speed"), (Texts{"0: 1.5", "1: 2.5", "2: 3.5"}));
  EXPECT_EQ(stored("mode"), Texts{"0: idle"});
}

TEST_P(ForeignEdgeBehindGateway, TheLastValueOfAnOutageComesWithTheBirth) {
  // By its name this device is born before `_node`, which says that the edge is foreign.
  ForeignEdge edge(*client_, "Motor");
  edge.be_born(1.5, "idle", 0);
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") == 2; }));
  hub_.reset();
  ASSERT_TRUE(wait_for([&] { return !gateway_status().uplink_born; }));
  edge.run_at(2.5, 1);
  edge.run_at(3.5, 2);
  ASSERT_TRUE(wait_for([&] { return gateway_status().edges.at(0).messages == 2; }));
  hub_ = start_hub();
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") >= 3; }));
  EXPECT_EQ(stored("speed", "Motor"), (Texts{"0: 1.5", "2: 3.5"}));
  EXPECT_EQ(stored("mode", "Motor"), Texts{"0: idle"});
}

}  // namespace
}  // namespace millwright::roles
