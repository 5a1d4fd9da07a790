// The whole path in one process over real brokers, for tests: edge → gateway → hub → historian.
// Sessions, custody and historian are the real ones; only the driver is a test's, and logs are
// kept.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/broker_process.hpp"
#include "engine/host.hpp"
#include "engine/segment/simulated_segment_store.hpp"
#include "fabric/edge/edge_core.hpp"
#include "fabric/gateway/gateway_core.hpp"
#include "fabric/hub/hub_core.hpp"
#include "roles/machine.hpp"

namespace millwright::roles {

/// Emits `scans` scans of two metrics as fast as they are taken; stops before scan `gate` until it
/// is opened.
class CountingDriver final : public drivers::Driver {
 public:
  static constexpr std::uint64_t scans = 300;

  explicit CountingDriver(engine::Executor& executor, std::uint64_t gate = scans + 2)
      : executor_(executor), gate_(gate) {
    ontology::DeviceSchema schema;
    schema.address.device = "pump-1";
    schema.metrics = {{"flow", ontology::DataType::float64, "m3/h"},
                      {"note", ontology::DataType::string, ""}};
    devices_.push_back(std::move(schema));
  }
  const std::vector<ontology::DeviceSchema>& devices() const override { return devices_; }
  Result<void> start(drivers::Sink& sink, std::optional<drivers::Position> after) override {
    sink_ = &sink;
    next_ = after ? after->record + 1 : 1;
    executor_.post([this] { emit(); });
    return {};
  }
  void resume() override {
    executor_.post([this] { emit(); });
  }
  void stop() override { sink_ = nullptr; }
  Result<void> command(const drivers::Command&) override { return {}; }
  drivers::DriverStatus status() const override { return {}; }
  void open_gate() {
    gate_ = scans + 2;
    emit();
  }

 private:
  void emit() {
    while (sink_ != nullptr && next_ <= scans && next_ < gate_) {
      ontology::Batch batch;
      ontology::Row row;
      row.ts_us = static_cast<std::int64_t>(next_) * 1'000'000 + 7;
      row.set_f64(static_cast<double>(next_) / 8);
      batch.rows.push_back(row);
      row.slot = 1;
      batch.set_payload(row, "scan " + std::to_string(next_));
      row.quality = ontology::Quality::uncertain(ontology::Reason::stale);
      batch.rows.push_back(row);
      if (sink_->offer(0, batch, {0, next_, 0, 1}) == drivers::Answer::not_now) return;
      ++next_;
    }
    if (sink_ != nullptr && next_ == scans + 1) {
      ++next_;
      sink_->ended();
    }
  }
  engine::Executor& executor_;
  std::vector<ontology::DeviceSchema> devices_;
  drivers::Sink* sink_ = nullptr;
  std::uint64_t next_ = 1;
  std::uint64_t gate_;
};

/// Keeps warnings and errors. Of one executor: read it there.
class KeptLog final : public Log {
 public:
  void write(Severity severity, std::string_view component, std::string_view message) override {
    if (severity < Severity::warning) return;
    lines.push_back(std::string(component) + ": " + std::string(message));
  }
  std::vector<std::string> lines;
};

/// A machine with a log that is kept. Destroy its cores on it first.
struct RigMachine {
  std::unique_ptr<Machine> machine;
  KeptLog log;

  engine::World world() {
    auto world = machine->world();
    return {world.clock, world.random, world.executor, world.disk, world.brokers, log};
  }
  /// The first line that holds `part`, or nothing.
  std::string said(const std::string& part) {
    std::string out;
    machine->run([&] {
      for (const auto& line : log.lines) {
        if (out.empty() && line.contains(part)) out = line;
      }
    });
    return out;
  }
  std::size_t times_said(const std::string& part) {
    std::size_t count = 0;
    machine->run([&] {
      for (const auto& line : log.lines) count += line.contains(part) ? 1 : 0;
    });
    return count;
  }
};

struct RigEdge : RigMachine {
  std::unique_ptr<edge::EdgeCore> core;
  CountingDriver* driver = nullptr;  ///< of an edge that counts
  ~RigEdge() {
    machine->run([&] { core.reset(); });
  }
  edge::EdgeStatus status() {
    edge::EdgeStatus out;
    machine->run([&] { out = core->status(); });
    return out;
  }
  void open_gate() {
    machine->run([&] { driver->open_gate(); });
  }
};

struct RigGateway : RigMachine {
  std::unique_ptr<gateway::GatewayCore> core;
  ~RigGateway() {
    machine->run([&] { core.reset(); });
  }
};

struct RigHub : RigMachine {
  engine::SimulatedSegmentStore store;
  std::unique_ptr<historian::Historian> historian;
  std::unique_ptr<hub::HubCore> core;
  ~RigHub() {
    machine->run([&] {
      core.reset();
      historian.reset();
    });
  }
  std::vector<historian::LedgerLine> ledger() {
    std::vector<historian::LedgerLine> out;
    machine->run([&] { out = historian->ledger(); });
    return out;
  }
  /// Of one edge, or of all.
  std::uint64_t stored(const std::string& edge = {}) {
    std::uint64_t sum = 0;
    for (const auto& line : ledger()) {
      if (edge.empty() || line.producer.edge == edge) sum += line.stored;
    }
    return sum;
  }
  std::uint64_t lost(const std::string& edge) {
    std::uint64_t sum = 0;
    for (const auto& line : ledger()) {
      if (line.producer.edge == edge) sum += line.lost;
    }
    return sum;
  }
};

class PathRig : public testing::Test {
 protected:
  static constexpr std::uint64_t scans = CountingDriver::scans;

  void SetUp() override {
    root_ = engine::make_temporary_directory("millwright-path").value();
    engine::BrokerProcessOptions options;
    options.directory = root_ + "/site-broker";
    options.accounts = site_accounts();
    site_broker_ = engine::start_mosquitto(options).value();
    options.directory = root_ + "/hub-broker";
    options.accounts.clear();
    hub_broker_ = engine::start_mosquitto(options).value();
  }
  void TearDown() override {
    site_broker_.reset();
    hub_broker_.reset();
    engine::remove_tree(root_);
  }
  /// Of the site's broker; none: everybody may connect.
  virtual std::vector<engine::BrokerAccount> site_accounts() { return {}; }

  std::unique_ptr<Machine> machine(const std::string& name) {
    return Machine::create(name, root_ + "/" + name, Severity::warning).value();
  }
  bool wait_for(const std::function<bool()>& done, int rounds = 600) {
    const auto stop = engine::make_stop_signal();
    for (int i = 0; i < rounds; ++i) {
      if (done()) return true;
      if (stop->wait(std::chrono::milliseconds(50))) return false;
    }
    return false;
  }

  /// What the hub has of a series, all revisions; nothing when it does not know the series.
  std::vector<historian::StoredSample> samples_of(RigHub& hub, const std::string& series) {
    std::optional<Result<historian::Range>> got;
    hub.machine->run([&] {
      const auto found = hub.historian->find(series);
      if (found.size() != 1) {
        got = historian::Range{};
        return;
      }
      historian::RangeQuery query;
      query.series = found[0]->number;
      query.all_revisions = true;
      hub.historian->range(query, [&](auto r) { got = std::move(r); });
    });
    wait_for([&] {
      bool has = false;
      hub.machine->run([&] { has = got.has_value(); });
      return has;
    });
    EXPECT_TRUE(got && *got) << series;
    return got && *got ? (*got)->samples : std::vector<historian::StoredSample>{};
  }

  edge::EdgeOptions edge_options(const std::string& name) {
    edge::EdgeOptions options;
    options.site = "site-a";
    options.edge = name;
    options.uplink.session.group = "site-a";
    options.uplink.session.edge = name;
    options.uplink.session.primary_host = "gateway-a";
    options.uplink.session.reconnect_min = std::chrono::milliseconds(50);
    options.uplink.broker =
        site_broker_->endpoint(name, site_accounts().empty() ? std::string() : name);
    return options;
  }
  using MakeSources = std::function<std::vector<edge::Source>(RigEdge&)>;
  /// Makes an edge and starts it; on an error `core` stays empty. `disk`: instead of the machine's.
  Result<void> try_edge(RigEdge& out, edge::EdgeOptions options, const MakeSources& sources,
                        engine::Disk* disk = nullptr) {
    out.machine = machine(options.edge);
    Result<void> outcome;
    out.machine->run([&] {
      const auto world = out.world();
      const engine::World used{world.clock,    world.random,
                               world.executor, disk != nullptr ? *disk : world.disk,
                               world.brokers,  world.log};
      auto made = edge::EdgeCore::create(used, std::move(options), sources(out));
      if (!made) {
        outcome = pass(std::move(made));
        return;
      }
      out.core = std::move(*made);
      out.core->start();
    });
    return outcome;
  }
  static MakeSources counting(std::uint64_t gate = scans + 2) {
    return [gate](RigEdge& edge) {
      auto driver = std::make_unique<CountingDriver>(edge.machine->executor(), gate);
      edge.driver = driver.get();
      std::vector<edge::Source> sources;
      sources.push_back({"counting", std::move(driver), {}});
      return sources;
    };
  }
  std::unique_ptr<RigEdge> start_edge(const std::string& name = "edge-1",
                                      std::uint64_t gate = scans + 2) {
    auto out = std::make_unique<RigEdge>();
    if (auto done = try_edge(*out, edge_options(name), counting(gate)); !done)
      ADD_FAILURE() << done.error().text();
    return out;
  }

  std::unique_ptr<RigGateway> start_gateway() {
    auto out = std::make_unique<RigGateway>();
    out->machine = machine("gateway");
    gateway::GatewayOptions options;
    options.site = "site-a";
    options.gateway = "gateway-a";
    options.site_link.session.host_id = "gateway-a";
    options.site_link.session.group = "site-a";
    options.site_link.broker = site_broker_->endpoint(
        "gateway-a.host", site_accounts().empty() ? std::string() : "gateway-a");
    options.uplink.session.group = "site-a";
    options.uplink.session.edge = "gateway-a";
    options.uplink.session.primary_host = "hub";
    options.uplink.session.reconnect_min = std::chrono::milliseconds(50);
    options.uplink.broker = hub_broker_->endpoint("gateway-a");
    out->machine->run([&] {
      out->core = gateway::GatewayCore::create(out->world(), options).value();
      out->core->start();
    });
    return out;
  }

  Result<void> try_hub(RigHub& out) {
    out.machine = machine("hub");
    hub::HubOptions options;
    options.link.session.host_id = "hub";
    options.link.broker = hub_broker_->endpoint("hub");
    Result<void> outcome;
    out.machine->run([&] {
      auto opened =
          historian::Historian::open({}, out.machine->disk(), out.store, out.machine->clock(),
                                     out.log, out.machine->executor(), out.machine->executor());
      if (!opened) {
        outcome = pass(std::move(opened));
        return;
      }
      out.historian = std::move(*opened);
      out.core = hub::HubCore::create(out.world(), options, *out.historian).value();
      out.core->start();
    });
    return outcome;
  }
  std::unique_ptr<RigHub> start_hub() {
    auto out = std::make_unique<RigHub>();
    if (auto done = try_hub(*out); !done) ADD_FAILURE() << done.error().text();
    return out;
  }

  std::string root_;
  std::unique_ptr<engine::BrokerProcess> site_broker_, hub_broker_;
};

}  // namespace millwright::roles
