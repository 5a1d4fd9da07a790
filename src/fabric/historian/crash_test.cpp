// Power lost at every operation of the disk, in turn, through ingest, seal, compaction and
// reopening: the historian always opens, holds every sample that it acknowledged, and none twice.
#include <gtest/gtest.h>

#include <map>

#include "engine/segment/simulated_segment_store.hpp"
#include "fabric/historian/historian_fixture.hpp"
#include "sim/disk.hpp"

namespace millwright::historian {
namespace {

/// What a producer was told to be durable.
using Acknowledged = std::map<std::pair<ProducerId, Incarnation>, Sequence>;

class CrashWorld {
 public:
  explicit CrashWorld(std::uint64_t seed) : disk_(seed) {
    second_.id.edge = "edge-2";
    second_.incarnation = 9;
  }
  sim::SimDisk& disk() { return disk_; }

  /// The whole story: several commits, a seal, more commits, a second seal, a compaction. Stops
  /// when the power goes.
  void live() {
    TestHistorian historian(disk_, store_, clock_);
    if (!historian.is_open()) return;
    for (int round = 0; round < 3 && disk_.powered(); ++round) {
      for (int commit = 0; commit < 3 && disk_.powered(); ++commit) send(historian);
      (void)historian.seal();
      historian.drain();
    }
    (void)historian.compact(clock_.now);
    historian.drain();
    send(historian);
    send(historian);
  }

  /// After the power is back: opens, sends on from where the historian stands, and checks all.
  void check() {
    TestHistorian historian(disk_, store_, clock_);
    ASSERT_TRUE(historian.is_open()) << historian.error()->text();
    for (const auto& [key, stored] : acknowledged_) {
      EXPECT_GE(historian->position(key.first, key.second).durable, stored) << "custody was broken";
    }
    EXPECT_TRUE(historian->damages().empty()) << historian->damages().front().what;
    send(historian);
    historian.drain();
    expect_sound(historian);
    ASSERT_TRUE(historian.seal());
    historian.drain();
    expect_sound(historian);
  }
  const Acknowledged& acknowledged() const { return acknowledged_; }

 private:
  void send(TestHistorian& historian) {
    clock_.now.us += 20'000;
    for (TestProducer* producer : {&first_, &second_}) {
      if (!producer->define(*historian)) return;
      const Sequence next = historian->position(producer->id, producer->incarnation).next;
      if (!producer->append(*historian, next, 5)) return;
      if (producer == &second_ && next % 10 == 5) {
        ontology::LossEntry loss{{producer->incarnation, next + 5, 5},
                                 ontology::LossCause::buffer_full,
                                 {1},
                                 {2},
                                 "buffer: 1 MiB"};
        if (!historian->declare(producer->id, loss)) return;
      }
    }
    const auto committed = historian->commit();
    if (!committed) return;
    for (const auto& position : committed->positions) {
      acknowledged_[{position.producer, position.incarnation}] = position.stored;
    }
  }

  void expect_sound(TestHistorian& historian) {
    for (const LedgerLine& line : historian->ledger()) {
      EXPECT_EQ(line.unexplained(), 0u) << line.producer.text();
      for (const auto& loss : line.losses) {
        EXPECT_EQ(loss.cause, ontology::LossCause::buffer_full) << loss.policy;
      }
    }
    auto audit = historian.audit();
    ASSERT_TRUE(audit) << audit.error().text();
    for (const AuditLine& line : *audit) {
      EXPECT_EQ(line.rows_double, 0u) << line.producer.text();
      EXPECT_EQ(line.rows_missing, 0u) << line.producer.text();
    }
    for (const std::string_view pattern : {"site-a/edge-1/*", "site-a/edge-2/*"}) {
      EXPECT_EQ(historian->last(pattern).size(), 4u) << "names of series survive";
    }
    expect_values(historian);
  }
  void expect_values(TestHistorian& historian) {
    RangeQuery query{first_.series[0]};
    query.all_revisions = true;
    auto range = historian.range(query);
    ASSERT_TRUE(range) << range.error().text();
    for (const StoredSample& sample : range->samples) {
      const Sequence sequence = sample.sequence + sample.index;
      const Value expected =
          sequence % 13 == 5 ? Value() : Value(static_cast<double>(sequence) / 8);
      ASSERT_EQ(sample.value, expected);
    }
  }

  sim::SimDisk disk_;
  engine::SimulatedSegmentStore store_;
  ManualClock clock_;
  TestProducer first_, second_;
  Acknowledged acknowledged_;
};

TEST(HistorianCrash, PowerLostAtEveryOperationLosesNothingAcknowledged) {
  std::uint64_t operations = 0;
  {
    CrashWorld calm(1);
    calm.live();
    operations = calm.disk().operations();
    ASSERT_GT(operations, 100u);
    ASSERT_EQ(calm.acknowledged().size(), 2u);
    calm.check();
  }
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (std::uint64_t operation = 1; operation <= operations; ++operation) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", power lost at operation " +
                   std::to_string(operation));
      CrashWorld world(seed);
      world.disk().power_cut_at(operation);
      world.live();
      if (world.disk().powered()) world.disk().power_cut();
      world.disk().restart();
      world.check();
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
  }
}

TEST(HistorianCrash, PowerLostAgainWhileOpening) {
  for (std::uint64_t first = 20; first <= 120; first += 10) {
    for (std::uint64_t second = 1; second <= 16; ++second) {
      SCOPED_TRACE("power lost at " + std::to_string(first) + " and " + std::to_string(second) +
                   " operations later");
      CrashWorld world(first * 100 + second);
      world.disk().power_cut_at(first);
      world.live();
      if (world.disk().powered()) world.disk().power_cut();
      world.disk().restart();
      world.disk().power_cut_at(world.disk().operations() + second);
      world.live();
      if (world.disk().powered()) world.disk().power_cut();
      world.disk().restart();
      world.check();
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
  }
}

TEST(HistorianCrash, AFailingOperationIsAnErrorAndNothingIsLost) {
  CrashWorld calm(1);
  calm.live();
  const std::uint64_t operations = calm.disk().operations();
  for (std::uint64_t operation = 1; operation <= operations; ++operation) {
    SCOPED_TRACE("operation " + std::to_string(operation) + " fails");
    CrashWorld world(operation);
    world.disk().fail_at(operation, Error(Code::exhausted, "the disk is full"));
    world.live();
    world.disk().power_cut();
    world.disk().restart();
    world.check();
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

TEST(HistorianCrash, ASkippedSyncIsFound) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed) {
    CrashWorld world(seed);
    world.disk().lie_about_sync(true);
    world.live();
    world.disk().power_cut();
    world.disk().restart();
    world.disk().lie_about_sync(false);
    engine::SimulatedSegmentStore store;
    ManualClock clock;
    TestHistorian historian(world.disk(), store, clock);
    if (!historian.is_open()) {
      found = true;
      break;
    }
    for (const auto& [key, stored] : world.acknowledged()) {
      found = found || historian->position(key.first, key.second).durable < stored;
    }
  }
  EXPECT_TRUE(found) << "the check above would not notice a historian that does not sync";
}

}  // namespace
}  // namespace millwright::historian
