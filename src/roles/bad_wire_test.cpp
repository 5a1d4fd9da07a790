// Rubbish on the wire, by an MQTT client that is none of ours: on the hub's broker and on that of a
// site, under a name of its own and under that of the healthy neighbour.
#include <gtest/gtest.h>

#include <algorithm>

#include "roles/bad_input_rig.hpp"
#include "roles/foreign_rig.hpp"

namespace millwright::roles {
namespace {

enum class Where : std::uint8_t { hub, gateway };

class BadWire : public BadInputRig, public testing::WithParamInterface<Where> {
 protected:
  static bool at_hub() { return GetParam() == Where::hub; }
  /// The intruder comes first: it hears the births of all others.
  void SetUp() override {
    BadInputRig::SetUp();
    intruder_ = std::make_unique<ForeignClient>(
        machine("intruder"), (at_hub() ? *hub_broker_ : *site_broker_).endpoint("intruder"),
        "spBv1.0/site-a/#");
    ASSERT_TRUE(wait_for([&] { return intruder_->is_listening(); }));
    start_neighbour();
  }
  void TearDown() override {
    intruder_.reset();
    BadInputRig::TearDown();
  }
  RigMachine& host() { return at_hub() ? static_cast<RigMachine&>(*hub_) : *gateway_; }
  /// How often the host at this broker met a problem.
  std::uint64_t count(std::string_view problem) {
    std::vector<std::pair<std::string, std::uint64_t>> problems;
    host().machine->run([&] {
      problems = at_hub() ? hub_->core->status().problems : gateway_->core->status().problems;
    });
    for (const auto& [name, count] : problems) {
      if (name == problem) return count;
    }
    return 0;
  }
  void expect_said(const std::string& problem, const std::string& golden) {
    ASSERT_TRUE(wait_for([&] { return !host().said(problem).empty(); })) << problem;
    compare(golden + (at_hub() ? "_hub" : "_gateway"), host().said(problem));
    RigMachine& other = at_hub() ? static_cast<RigMachine&>(*gateway_) : *hub_;
    other.machine->run([&] { EXPECT_TRUE(other.log.lines.empty()) << other.log.lines.front(); });
  }
  /// The neighbour's node and device as this broker names them.
  static std::string node() { return at_hub() ? "gateway-a" : "edge-1"; }
  static std::string device() { return at_hub() ? "gateway-a/edge-1:pump-1" : "edge-1/pump-1"; }
  static std::string topic(const std::string& type, const std::string& who) {
    return "spBv1.0/site-a/" + type + "/" + who;
  }
  /// The neighbour's account is whole, and nothing stands beside it.
  void expect_untouched() {
    finish_neighbour();
    for (const auto& line : hub_->ledger()) {
      if (line.producer.edge != "edge-1") continue;
      EXPECT_EQ(line.custody, historian::Custody::acknowledged);
      EXPECT_EQ(line.stored, samples);
    }
    EXPECT_EQ(samples_of(*hub_, "site-a/edge-1/pump-1/flow").size(), scans);
    EXPECT_EQ(samples_of(*hub_, "site-a/edge-1/pump-1/note").size(), scans);
  }
  /// Its first byte begins no field of a payload.
  static Bytes rubbish() {
    Bytes bytes(64);
    std::uint32_t state = 0x9E3779B9;
    for (auto& byte : bytes)
      byte = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
    bytes[0] = std::byte{0xFF};
    return bytes;
  }

  std::unique_ptr<ForeignClient> intruder_;
};
INSTANTIATE_TEST_SUITE_P(Where, BadWire, testing::Values(Where::hub, Where::gateway),
                         [](const auto& suite) {
                           return suite.param == Where::hub ? "AtHub" : "AtGateway";
                         });

TEST_P(BadWire, RandomBytesAreNamedAndDropped) {
  intruder_->publish(topic("DDATA", "stranger/motor"), rubbish());
  expect_said("malformed_payload", "wire_random_bytes");
  for (const std::string type : {"NBIRTH", "NDATA", "NDEATH"}) {
    for (const std::string& who : {std::string("stranger"), node()})
      intruder_->publish(topic(type, who), rubbish());
  }
  for (const std::string type : {"DBIRTH", "DDATA", "DDEATH"}) {
    for (const std::string& who : {std::string("stranger/motor"), device()})
      intruder_->publish(topic(type, who), rubbish());
  }
  ASSERT_TRUE(wait_for([&] { return count("malformed_payload") == 13; }));
  EXPECT_EQ(host().times_said("malformed_payload"), 4u) << "the 1st, 2nd, 4th and 8th";
  expect_untouched();
}

TEST_P(BadWire, ATruncatedPayloadIsNamedAndTheWholeOneIsTakenAfterIt) {
  ForeignEdge press(*intruder_);
  press.be_born(1.5, "idle", 0);
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") == 2; }));
  const Bytes whole = press.speed_at(2.5, 1);
  intruder_->publish(press.data_topic(), {whole.begin(), whole.begin() + 12});
  expect_said("malformed_payload", "wire_truncated");
  EXPECT_EQ(hub_->stored("press-9"), 2u);
  intruder_->publish(press.data_topic(), whole);
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") == 3; }));
  expect_untouched();
}

TEST_P(BadWire, AnUnknownAliasIsNamedAndItsBirthsAreAskedFor) {
  ForeignEdge press(*intruder_);
  press.be_born(1.5, "idle", 0);
  ASSERT_TRUE(wait_for([&] { return hub_->stored("press-9") == 2; }));
  intruder_->publish(press.data_topic(), press.speed_at(2.5, 1, 99));
  expect_said("unknown_alias", "wire_unknown_alias");
  ASSERT_TRUE(wait_for([&] { return !intruder_->heard("NCMD/press-9").empty(); }));
  EXPECT_EQ(hub_->stored("press-9"), 2u);
  expect_untouched();
}

// A message that ends early between two of its fields still reads, as a shorter one: without its
// number, without its envelope.
TEST_P(BadWire, EveryBeginningOfTheNeighboursOwnMessagesChangesNothingOfIt) {
  std::vector<engine::BrokerMessage> whole;
  for (const auto& [type, who] :
       {std::pair{"NBIRTH", node()}, {"DBIRTH", device()}, {"DDATA", device()}}) {
    const auto heard = intruder_->heard(topic(type, who));
    ASSERT_FALSE(heard.empty()) << type;
    whole.push_back(heard.back());
  }
  std::size_t published = 0;
  for (const auto& message : whole) {
    for (std::size_t size = 1; size < message.payload.size(); ++size) {
      Bytes part(message.payload.begin(),
                 message.payload.begin() + static_cast<std::ptrdiff_t>(size));
      intruder_->publish(message.topic, part);
      // A broker's queue is bounded: not further ahead than it can carry.
      if (++published % 100 != 0) continue;
      ASSERT_TRUE(wait_for([&] {
        const auto heard = intruder_->heard(message.topic);
        return std::ranges::any_of(heard, [&](const auto& m) { return m.payload == part; });
      }));
    }
  }
  EXPECT_GT(count("malformed_payload"), 0u);
  expect_untouched();
}

TEST_P(BadWire, AnUnknownAliasUnderTheNeighboursNameChangesNothingOfIt) {
  ForeignEdge press(*intruder_);
  constexpr int later = 300'000'000;  // seconds: not before the neighbour's births
  for (int i = 0; i < 3; ++i)
    intruder_->publish(topic("DDATA", device()), press.speed_at(2.5, later, 99));
  expect_untouched();
}

}  // namespace
}  // namespace millwright::roles
