// The whole path in one process over a real broker: edge → gateway → hub → historian. Sessions,
// custody and historian are the real ones; only the driver is a test's.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/broker_process.hpp"
#include "engine/host.hpp"
#include "engine/segment/simulated_segment_store.hpp"
#include "fabric/edge/edge_core.hpp"
#include "fabric/gateway/gateway_core.hpp"
#include "fabric/hub/hub_core.hpp"
#include "roles/machine.hpp"

namespace millwright::roles {
namespace {

constexpr std::uint64_t scans = 300;

/// Emits `scans` scans of two metrics as fast as they are taken.
class CountingDriver final : public drivers::Driver {
 public:
  explicit CountingDriver(engine::Executor& executor) : executor_(executor) {
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

 private:
  void emit() {
    while (sink_ != nullptr && next_ <= scans) {
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
};

class Path : public testing::Test {
 protected:
  void SetUp() override {
    root_ = engine::make_temporary_directory("millwright-path").value();
    engine::BrokerProcessOptions options;
    options.directory = root_ + "/site-broker";
    site_broker_ = engine::start_mosquitto(options).value();
    options.directory = root_ + "/hub-broker";
    hub_broker_ = engine::start_mosquitto(options).value();
  }
  void TearDown() override {
    site_broker_.reset();
    hub_broker_.reset();
    engine::remove_tree(root_);
  }
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

  struct Edge {
    std::unique_ptr<Machine> machine;
    std::unique_ptr<edge::EdgeCore> core;
    ~Edge() {
      machine->run([&] { core.reset(); });
    }
    edge::EdgeStatus status() {
      edge::EdgeStatus out;
      machine->run([&] { out = core->status(); });
      return out;
    }
  };
  std::unique_ptr<Edge> start_edge() {
    auto out = std::make_unique<Edge>();
    out->machine = machine("edge");
    edge::EdgeOptions options;
    options.site = "site-a";
    options.edge = "edge-1";
    options.uplink.session.group = "site-a";
    options.uplink.session.edge = "edge-1";
    options.uplink.session.primary_host = "gateway-a";
    options.uplink.session.reconnect_min = std::chrono::milliseconds(50);
    options.uplink.broker = site_broker_->endpoint("edge-1");
    out->machine->run([&] {
      std::vector<edge::Source> sources;
      sources.push_back(
          {"counting", std::make_unique<CountingDriver>(out->machine->executor()), {}});
      out->core =
          edge::EdgeCore::create(out->machine->world(), options, std::move(sources)).value();
      out->core->start();
    });
    return out;
  }

  struct Gateway {
    std::unique_ptr<Machine> machine;
    std::unique_ptr<gateway::GatewayCore> core;
    ~Gateway() {
      machine->run([&] { core.reset(); });
    }
  };
  std::unique_ptr<Gateway> start_gateway() {
    auto out = std::make_unique<Gateway>();
    out->machine = machine("gateway");
    gateway::GatewayOptions options;
    options.site = "site-a";
    options.gateway = "gateway-a";
    options.site_link.session.host_id = "gateway-a";
    options.site_link.session.group = "site-a";
    options.site_link.broker = site_broker_->endpoint("gateway-a.host");
    options.uplink.session.group = "site-a";
    options.uplink.session.edge = "gateway-a";
    options.uplink.session.primary_host = "hub";
    options.uplink.session.reconnect_min = std::chrono::milliseconds(50);
    options.uplink.broker = hub_broker_->endpoint("gateway-a");
    out->machine->run([&] {
      out->core = gateway::GatewayCore::create(out->machine->world(), options).value();
      out->core->start();
    });
    return out;
  }

  struct Hub {
    std::unique_ptr<Machine> machine;
    engine::SimulatedSegmentStore store;
    std::unique_ptr<historian::Historian> historian;
    std::unique_ptr<hub::HubCore> core;
    ~Hub() {
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
    std::uint64_t stored() {
      std::uint64_t sum = 0;
      for (const auto& line : ledger()) sum += line.stored;
      return sum;
    }
  };
  std::unique_ptr<Hub> start_hub() {
    auto out = std::make_unique<Hub>();
    out->machine = machine("hub");
    hub::HubOptions options;
    options.link.session.host_id = "hub";
    options.link.broker = hub_broker_->endpoint("hub");
    out->machine->run([&] {
      out->historian = historian::Historian::open(
                           {}, out->machine->disk(), out->store, out->machine->clock(),
                           out->machine->log(), out->machine->executor(), out->machine->executor())
                           .value();
      out->core = hub::HubCore::create(out->machine->world(), options, *out->historian).value();
      out->core->start();
    });
    return out;
  }

  /// Everything of the edge is at the hub, once, with value, time to the microsecond, quality and
  /// provenance.
  void expect_complete(Hub& hub) {
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

  std::string root_;
  std::unique_ptr<engine::BrokerProcess> site_broker_, hub_broker_;
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
