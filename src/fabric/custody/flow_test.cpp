// Custody end to end without any wire: journal → sender → lossy link → relay → lossy link → a hub
// that stores in order. Messages and acknowledgements vanish, the relay forgets everything,
// sessions break: the hub must end with every accepted sample exactly once, in order, and the
// journal must never let go of what the hub has not stored.
#include <gtest/gtest.h>

#include <deque>

#include "fabric/custody/relay.hpp"
#include "fabric/custody/sender.hpp"
#include "sim/disk.hpp"
#include "sim/random.hpp"

namespace millwright::custody {
namespace {

using namespace ontology;

DeviceSchema pump() {
  return {{"site-a", "edge-1", "pump-1"}, {{"flow", DataType::float64, "m3/h"}}};
}

/// What the hub stores: envelope positions in order, staged until committed.
struct Hub {
  Sequence staged = 0, durable = 0;
  std::vector<double> values;
  void take(const RelayMessage& message) {
    const auto judgement = judge(staged, message.range.first, message.range.count);
    if (judgement.kind != Judgement::Kind::accept) return;
    for (std::size_t i = judgement.skip; i < message.batch.size(); ++i)
      values.push_back(message.batch.rows[i].f64());
    staged = message.range.end();
  }
  void commit() { durable = staged; }
  void fail_commit() {
    values.resize(durable);
    staged = durable;
  }
};

class World final : public SenderLink, public RelayLink {
 public:
  explicit World(std::uint64_t seed) : random(seed), disk(seed) {
    journal =
        Journal::open(disk, random, log, {"journal", 2000, 1 << 20, FullRule::refuse}).value();
    sender = std::make_unique<Sender>(*journal, *this, "edge-1",
                                      SenderOptions{2000, 12, ms(50), ms(400)});
    relay = std::make_unique<Relay>("edge-1", *this, RelayOptions{1500, ms(50), ms(400)});
  }
  static Duration ms(int n) { return std::chrono::milliseconds(n); }
  bool chance(unsigned percent) { return random.next() % 100 < percent; }

  Result<void> declare_schema(const DeviceSchema&) override { return {}; }
  Result<void> send_data(const std::string&, const Batch& batch, ByteView envelope,
                         sparkplug::DataClass) override {
    if (chance(3)) return fail(Code::exhausted, "full");
    if (chance(loss)) return {};
    to_relay.push_back({batch, Bytes(envelope.begin(), envelope.end())});
    return {};
  }
  Result<void> send_loss(ByteView) override { return {}; }
  Result<void> forward(const std::string&, const RelayMessage& message) override {
    if (chance(3)) return fail(Code::exhausted, "full");
    if (!chance(loss)) to_hub.push_back(message);
    return {};
  }

  void edge_session() {
    const auto birth = envelope::decode(sender->birth_envelope()).value();
    relay->on_birth(birth);
    sender->on_born(now);
  }
  void relay_dies() {
    to_hub.clear();
    to_relay.clear();
    relay = std::make_unique<Relay>("edge-1", *this, RelayOptions{1500, ms(50), ms(400)});
    edge_session();
    relay->on_uplink_born(now);
  }
  void produce() {
    if (produced >= goal || journal->is_full()) return;
    Batch batch;
    for (std::uint64_t i = 0; i < 1 + random.next() % 4 && produced < goal; ++i) {
      Row row;
      row.ts_us = static_cast<std::int64_t>(produced) * 1000;
      row.set_f64(static_cast<double>(produced++));
      batch.rows.push_back(row);
    }
    ASSERT_TRUE(journal->append(pump(), batch, "plant", std::to_string(produced)).has_value());
    ASSERT_TRUE(journal->sync().has_value());
    sender->pump(now);
  }
  void deliver() {
    for (auto& [batch, bytes] : std::exchange(to_relay, {})) {
      const auto envelope = envelope::decode(bytes).value();
      RelayMessage message{{envelope.incarnation, envelope.first_sequence, envelope.count},
                           nullptr,
                           batch,
                           bytes,
                           {}};
      relay->take(std::move(message), envelope, now);
    }
    for (const auto& message : std::exchange(to_hub, {})) hub.take(message);
    if (chance(40)) chance(5) ? hub.fail_commit() : hub.commit();
    if (!chance(loss))
      relay->on_acknowledgement({"edge-1", journal->incarnation(), hub.durable, hub.durable}, now);
    for (const auto& acknowledgement : relay->acknowledgements()) {
      if (!chance(loss)) sender->on_acknowledgement(acknowledgement, now);
    }
    check();
  }
  void check() {
    const auto cursor = journal->first_unreleased();
    ASSERT_LE(cursor.sequence, hub.durable) << "released before it was stored";
  }
  void step() {
    now += ms(10);
    produce();
    deliver();
    relay->on_tick(now);
    sender->on_tick(now);
    if (chance(faults)) relay_dies();
    if (chance(faults)) {
      sender->on_lost();
      edge_session();
    }
    if (chance(faults)) {
      relay->on_uplink_lost();
      relay->on_uplink_born(now);
    }
  }

  sim::SimRandom random;
  sim::SimDisk disk;
  SilentLog log;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Sender> sender;
  std::unique_ptr<Relay> relay;
  Hub hub;
  std::deque<std::pair<Batch, Bytes>> to_relay;
  std::deque<RelayMessage> to_hub;
  Duration now{0};
  std::uint64_t produced = 0, goal = 400;
  unsigned loss = 15, faults = 1;
};

TEST(CustodyFlow, EveryAcceptedSampleOnceAndInOrderUnderLossAndRestarts) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    World world(seed);
    world.edge_session();
    world.relay->on_uplink_born(world.now);
    for (int i = 0; i < 1500; ++i) world.step();
    world.faults = 0;
    world.loss = 0;
    for (int i = 0; i < 600; ++i) world.step();
    ASSERT_EQ(world.hub.values.size(), world.goal) << "seed " << seed;
    for (std::size_t i = 0; i < world.hub.values.size(); ++i) {
      ASSERT_EQ(world.hub.values[i], static_cast<double>(i)) << "seed " << seed;
    }
    EXPECT_EQ(world.journal->depth_samples(), 0u) << "seed " << seed;
    EXPECT_TRUE(world.sender->is_drained()) << "seed " << seed;
    EXPECT_EQ(world.relay->bytes_held(), 0u) << "seed " << seed;
  }
}

TEST(CustodyFlow, WithoutLossNothingIsSentTwice) {
  World world(5);
  world.loss = 0;
  world.faults = 0;
  world.edge_session();
  world.relay->on_uplink_born(world.now);
  for (int i = 0; i < 1500; ++i) {
    world.now += World::ms(10);
    world.produce();
    for (auto& [batch, bytes] : std::exchange(world.to_relay, {})) {
      const auto envelope = envelope::decode(bytes).value();
      RelayMessage message{{envelope.incarnation, envelope.first_sequence, envelope.count},
                           nullptr,
                           batch,
                           bytes,
                           {}};
      world.relay->take(std::move(message), envelope, world.now);
    }
    for (const auto& message : std::exchange(world.to_hub, {})) world.hub.take(message);
    world.hub.commit();
    world.relay->on_acknowledgement(
        {"edge-1", world.journal->incarnation(), world.hub.durable, world.hub.durable}, world.now);
    for (const auto& acknowledgement : world.relay->acknowledgements())
      world.sender->on_acknowledgement(acknowledgement, world.now);
    world.relay->on_tick(world.now);
    world.sender->on_tick(world.now);
  }
  EXPECT_EQ(world.hub.values.size(), world.goal);
  EXPECT_EQ(world.sender->samples_resent(), 0u);
}

TEST(Judge, TakesInOrderTrimsOverlapRefusesGaps) {
  EXPECT_EQ(judge(10, 10, 5).kind, Judgement::Kind::accept);
  EXPECT_EQ(judge(10, 8, 5).skip, 2u);
  EXPECT_EQ(judge(10, 5, 5).kind, Judgement::Kind::duplicate);
  EXPECT_EQ(judge(10, 11, 5).kind, Judgement::Kind::gap);
}

}  // namespace
}  // namespace millwright::custody
