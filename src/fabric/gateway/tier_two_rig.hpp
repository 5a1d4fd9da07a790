// Tier 2 between edges that keep what is not acknowledged and a hub that takes what comes in
// sequence, on a simulated disk whose power may go at any operation.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "fabric/gateway/tier_two.hpp"
#include "sim/broker.hpp"
#include "sim/disk.hpp"
#include "sim/scheduler.hpp"
#include "sim/world/toy_scorer.hpp"

namespace millwright::gateway {

/// Keeps warnings and errors.
class RigLog final : public Log {
 public:
  void write(Severity severity, std::string_view, std::string_view message) override {
    if (severity >= Severity::warning) lines.emplace_back(message);
  }
  std::size_t count(std::string_view part) const {
    std::size_t out = 0;
    for (const auto& line : lines) out += line.contains(part) ? 1 : 0;
    return out;
  }
  std::vector<std::string> lines;
};

/// An edge with one device and its whole story; it lets go of what it is told.
struct RigEdge {
  std::string id;
  ontology::Incarnation incarnation = 0;
  std::vector<ontology::Batch> scans;  ///< two rows each
  ontology::Sequence released = 0;

  static constexpr std::uint64_t rows = 2;
  ontology::DeviceSchema schema() const {
    return {
        {"site-a", id, "machine"},
        {{"signal", ontology::DataType::float64, "1"}, {"state", ontology::DataType::string, ""}}};
  }
  static double value_of(const std::string& id, std::size_t scan) {
    return static_cast<double>((scan + 1) * (id.back() - '0'));
  }
  static std::int64_t time_of(std::size_t scan) {
    return 1'000'000'000'123 + static_cast<std::int64_t>(scan) * 1'000'000;
  }
  RigEdge(std::string name, ontology::Incarnation life, std::size_t count)
      : id(std::move(name)), incarnation(life) {
    for (std::size_t i = 0; i < count; ++i) {
      ontology::Batch batch;
      for (std::uint32_t slot = 0; slot < rows; ++slot) {
        ontology::Row row;
        row.ts_us = time_of(i);
        row.slot = slot;
        if (slot == 0)
          row.set_f64(value_of(id, i));
        else
          batch.set_payload(row, "on");
        batch.rows.push_back(row);
      }
      scans.push_back(std::move(batch));
    }
  }
  envelope::Envelope birth() const {
    envelope::Envelope out;
    out.kind = envelope::Kind::birth;
    out.producer = id;
    out.incarnation = incarnation;
    out.first_sequence = released;
    return out;
  }
};

/// What the hub has: rows by device and time, in the order of their commits.
struct RigHub {
  struct Derived {
    double value = 0;
    ontology::Sequence watermark = 0;
    std::string recipe;
  };
  std::map<ontology::Incarnation, ontology::Sequence> positions;
  std::map<std::uint32_t, std::string> recipes;
  std::map<std::pair<std::string, std::int64_t>, std::vector<Derived>> rows;
};

class TierTwoRig : public TierTwoLink {
 public:
  explicit TierTwoRig(std::uint64_t seed) : disk(seed), random(seed) {
    for (const char* id : {"edge-1", "edge-2"}) edges.emplace_back(id, 77, scan_count);
    options.site = "site-a";
    options.gateway = "gateway-a";
    options.journal.file_bytes = 1500;
    options.journal.bound_bytes = 20'000;
    options.log_bytes_max = 900;
  }
  ~TierTwoRig() override { end(); }
  static constexpr std::size_t scan_count = 40;

  /// Begins a life; false: it could not open.
  bool begin() {
    ++life;
    executor = scheduler.make_executor("gateway " + std::to_string(life));
    connector = network.connector("gateway");
    scorer = std::make_unique<sim::ToyScorer>("signal");
    auto opened = TierTwo::open({scheduler, random, *executor, disk, *connector, log}, options,
                                *scorer, *this);
    if (!opened) return false;
    tier = std::move(*opened);
    hub_birth();
    for (const RigEdge& edge : edges) tier->on_birth(edge.id, edge.birth());
    return true;
  }
  void end() {
    if (executor) executor->kill();
    tier.reset();
    scorer.reset();
    connector.reset();
    executor.reset();
  }
  void hub_birth() {
    const auto birth = envelope::decode(tier->birth_envelope()).value();
    ASSERT_LE(birth.first_sequence, hub.positions[birth.incarnation]) << "released too early";
    for (const auto& definition : birth.definitions)
      hub.recipes[definition.number] = definition.recipe;
    tier->on_born();
  }
  TierTwo::Taken offer(RigEdge& edge, std::size_t scan) {
    envelope::Envelope envelope;
    envelope.incarnation = edge.incarnation;
    envelope.first_sequence = scan * RigEdge::rows;
    envelope::extract(edge.scans[scan].rows, envelope);
    ontology::Batch wire = edge.scans[scan];
    for (auto& row : wire.rows) row.ts_us = Timestamp{row.ts_us}.whole_ms() * 1000;
    return tier->offer(edge.id, edge.schema(), wire, envelope, sparkplug::DataClass::live);
  }
  /// The hub has everything of the edge that is sent; what tier 2 lets through is released.
  void acknowledge(RigEdge& edge, ontology::Sequence stored) {
    envelope::Acknowledgement told{edge.id, edge.incarnation, stored, stored};
    tier->clamp(told);
    ASSERT_LE(told.stored, told.received);
    edge.released = std::max(edge.released, told.stored);
  }
  void acknowledge_own() {
    for (const auto& [incarnation, next] : std::map(hub.positions))
      tier->on_acknowledgement({options.gateway, incarnation, next, next});
  }
  /// Sends every scan from where each edge stands, until all are released. Stops when the power
  /// goes. `company`: so many scans between two looks at the clock.
  void live(std::size_t company = 2, std::size_t scans = scan_count) {
    if (!disk.powered() || !begin()) return;
    for (int turn = 0; turn < 200 && disk.powered(); ++turn) {
      bool more = false;
      for (RigEdge& edge : edges) {
        const std::size_t from = edge.released / RigEdge::rows;
        const std::size_t to = std::min(from + company, scans);
        for (std::size_t scan = from; scan < to && disk.powered(); ++scan) (void)offer(edge, scan);
        more = more || from < scans;
      }
      if (!disk.powered()) return;
      scheduler.run_for(std::chrono::milliseconds(turn % 3 == 0 ? 2000 : 6));
      if (!disk.powered()) return;
      if (turn % 3 == 1) acknowledge_own();
      for (RigEdge& edge : edges) acknowledge(edge, scans * RigEdge::rows);
      if (!more) break;
    }
    tier->stop();
    if (disk.powered()) acknowledge_own();
  }
  /// Every scan has one row at the hub, of the right value.
  void expect_complete(std::size_t scans = scan_count) {
    for (const RigEdge& edge : edges) {
      EXPECT_EQ(edge.released, scans * RigEdge::rows) << edge.id;
      double sum = 0;
      for (std::size_t scan = 0; scan < scans; ++scan) {
        sum += RigEdge::value_of(edge.id, scan);
        if (scan >= 5) sum -= RigEdge::value_of(edge.id, scan - 5);
        const auto rows = hub.rows.find({edge.id + ".machine", RigEdge::time_of(scan)});
        ASSERT_TRUE(rows != hub.rows.end()) << edge.id << " scan " << scan;
        ASSERT_EQ(rows->second.size(), 1u) << edge.id << " scan " << scan;
        EXPECT_EQ(rows->second.front().value, sum) << edge.id << " scan " << scan;
        EXPECT_EQ(rows->second.front().watermark, scan * RigEdge::rows);
      }
    }
    EXPECT_EQ(hub.rows.size(), 2 * scans);
  }

  Result<void> declare_schema(const ontology::DeviceSchema& schema) override {
    schemas[schema.address.device] = schema;
    return {};
  }
  Result<void> send_data(const std::string& device, const ontology::Batch& batch, ByteView bytes,
                         sparkplug::DataClass) override {
    if (hub_away) return fail(Code::unavailable, "the hub is away");
    const auto envelope = envelope::decode(bytes).value();
    auto& next = hub.positions[envelope.incarnation];
    for (const auto& definition : envelope.definitions)
      hub.recipes[definition.number] = definition.recipe;
    const auto judgement = custody::judge(next, envelope.first_sequence, envelope.count);
    if (judgement.kind != custody::Judgement::Kind::accept) return {};
    EXPECT_EQ(judgement.skip, 0u);
    next = envelope.first_sequence + envelope.count;
    const auto& metrics = schemas.at(device).metrics;
    RigHub::Derived row;
    for (const auto& one : batch.rows) {
      if (metrics.at(one.slot).name == watermark_metric)
        row.watermark = one.bits;
      else
        row.value = one.f64(), row.recipe = hub.recipes.at(one.provenance);
    }
    hub.rows[{device, batch.rows.front().ts_us}].push_back(row);
    return {};
  }
  Result<void> send_loss(ByteView bytes) override {
    // A released file whose removal failed comes back with a hole behind it: known to the hub.
    const auto envelope = envelope::decode(bytes).value();
    EXPECT_LE(envelope.first_sequence + envelope.count, hub.positions[envelope.incarnation])
        << "a derived value was lost";
    return {};
  }
  void on_used(const std::string&) override { ++used; }

  sim::Scheduler scheduler;
  sim::SimNetwork network{scheduler, 1};
  sim::SimDisk disk;
  sim::SimRandom random;
  RigLog log;
  TierTwoOptions options;
  std::vector<RigEdge> edges;
  RigHub hub;
  std::map<std::string, ontology::DeviceSchema> schemas;
  bool hub_away = false;
  std::uint64_t used = 0;
  int life = 0;
  std::unique_ptr<sim::SimExecutor> executor;
  std::unique_ptr<engine::BrokerConnector> connector;
  std::unique_ptr<sim::ToyScorer> scorer;
  std::unique_ptr<TierTwo> tier;
};

}  // namespace millwright::gateway
