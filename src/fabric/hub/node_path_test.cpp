// Edge, gateway with a scorer, and hub on a simulated network: derived values arrive as the
// gateway's own, the hub sees what each node attests to run, and releases find their node.
#include <gtest/gtest.h>

#include "engine/segment/simulated_segment_store.hpp"
#include "fabric/edge/edge_core.hpp"
#include "fabric/gateway/gateway_core.hpp"
#include "fabric/hub/hub_core.hpp"
#include "sim/broker.hpp"
#include "sim/disk.hpp"
#include "sim/scheduler.hpp"
#include "sim/world/toy_scorer.hpp"

namespace millwright::hub {
namespace {

using namespace std::chrono_literals;
using namespace ontology;

class KeptRelease final : public links::ReleaseListener {
 public:
  void on_release(ByteView bytes) override { releases.emplace_back(as_text(bytes)); }
  std::vector<std::string> releases;
};

/// Ten scans, one each 100 ms.
class TenScans final : public drivers::Driver {
 public:
  explicit TenScans(engine::Executor& executor) : executor_(executor) {
    devices_.push_back({{"", "", "pump-1"}, {{"flow", DataType::float64, "m3/h"}}});
  }
  const std::vector<DeviceSchema>& devices() const override { return devices_; }
  Result<void> start(drivers::Sink& sink, std::optional<drivers::Position>) override {
    sink_ = &sink;
    next();
    return {};
  }
  void resume() override {}
  void stop() override { sink_ = nullptr; }
  Result<void> command(const drivers::Command&) override { return fail(Code::refused, "no"); }
  drivers::DriverStatus status() const override { return {}; }

 private:
  void next() {
    executor_.post_after(100ms, [this] {
      if (sink_ == nullptr) return;
      Batch batch;
      batch.rows.emplace_back();
      batch.rows[0].ts_us = static_cast<std::int64_t>(++record_) * 100'000 + 77;
      batch.rows[0].set_f64(static_cast<double>(record_));
      (void)sink_->offer(0, batch, {batch.rows[0].ts_us, record_, 0, 1});
      if (record_ == 10) return sink_->ended();
      next();
    });
  }
  engine::Executor& executor_;
  std::vector<DeviceSchema> devices_;
  drivers::Sink* sink_ = nullptr;
  std::uint64_t record_ = 0;
};

class Path : public testing::Test {
 protected:
  struct Node {
    Node(Path& path, const std::string& name)
        : disk(SimSeed(name)),
          random(SimSeed(name)),
          executor(path.scheduler.make_executor(name)),
          connector(path.network.connector(name)),
          world{path.scheduler, random, *executor, disk, *connector, path.log} {}
    static std::uint64_t SimSeed(const std::string& name) { return name.size(); }
    sim::SimDisk disk;
    sim::SimRandom random;
    std::unique_ptr<sim::SimExecutor> executor;
    std::unique_ptr<engine::BrokerConnector> connector;
    engine::World world;
  };
  static engine::BrokerEndpoint endpoint(std::string host, std::string client) {
    engine::BrokerEndpoint out;
    out.host = std::move(host);
    out.port = 1883;
    out.client_id = std::move(client);
    return out;
  }
  static links::UplinkOptions uplink(std::string node, std::string host, std::string broker) {
    links::UplinkOptions out;
    out.session.group = "site-a";
    out.session.edge = node;
    out.session.primary_host = std::move(host);
    out.broker = endpoint(std::move(broker), std::move(node));
    return out;
  }
  void start(gateway::Scorer* scorer) {
    network.add_broker("hub-broker", 1883);
    network.add_broker("site-broker", 1883);
    historian = historian::Historian::open({}, hub_node.disk, store, scheduler, log,
                                           *hub_node.executor, *hub_node.executor)
                    .value();
    HubOptions hub_options;
    hub_options.link.session.host_id = "hub";
    hub_options.link.broker = endpoint("hub-broker", "hub");
    hub = HubCore::create(hub_node.world, hub_options, *historian).value();
    hub->start();
    gateway::GatewayOptions gateway_options;
    gateway_options.site = "site-a";
    gateway_options.gateway = "gateway-a";
    gateway_options.running = "release 7";
    gateway_options.site_link.session.host_id = "gateway-a";
    gateway_options.site_link.session.group = "site-a";
    gateway_options.site_link.broker = endpoint("site-broker", "gateway-host");
    gateway_options.uplink = uplink("gateway-a", "hub", "hub-broker");
    gateway = gateway::GatewayCore::create(gateway_node.world, gateway_options, scorer).value();
    gateway->listen(&gateway_releases);
    gateway->start();
    edge::EdgeOptions edge_options;
    edge_options.site = "site-a";
    edge_options.edge = "edge-1";
    edge_options.running = "release 6";
    edge_options.uplink = uplink("edge-1", "gateway-a", "site-broker");
    std::vector<edge::Source> sources;
    sources.push_back({"ten", std::make_unique<TenScans>(*edge_node.executor), {}, {}});
    edge = edge::EdgeCore::create(edge_node.world, edge_options, std::move(sources)).value();
    edge->listen(&edge_releases);
    edge->start();
  }
  std::string running(const std::string& node) {
    for (const auto& producer : hub->status().producers) {
      if (producer.id.edge == node) return producer.running;
    }
    return "not heard of";
  }
  /// Not inlined: g++ 14 would warn of a value that is only read when it is there.
  [[gnu::noinline]] static void keep(const Result<historian::Range>& range,
                                     std::vector<historian::StoredSample>& out) {
    ASSERT_TRUE(range.has_value());
    out = range->samples;
  }
  std::vector<historian::StoredSample> stored(std::string_view series) {
    std::vector<historian::StoredSample> out;
    for (const auto* definition : historian->find(series)) {
      historian::RangeQuery query;
      query.series = definition->number;
      query.all_revisions = true;
      historian->range(query, [&](Result<historian::Range> range) { keep(range, out); });
      scheduler.run_for(10ms);
    }
    return out;
  }

  sim::Scheduler scheduler;
  sim::SimNetwork network{scheduler, 1};
  SilentLog log;
  Node hub_node{*this, "hub"}, gateway_node{*this, "gateway"}, edge_node{*this, "edge"};
  engine::SimulatedSegmentStore store;
  KeptRelease gateway_releases, edge_releases;
  std::unique_ptr<historian::Historian> historian;
  std::unique_ptr<HubCore> hub;
  std::unique_ptr<gateway::GatewayCore> gateway;
  std::unique_ptr<edge::EdgeCore> edge;
};

TEST_F(Path, DerivedValuesAreTheGatewaysOwn) {
  sim::ToyScorer scorer("flow");
  start(&scorer);
  scheduler.run_for(30s);
  const auto rows = stored("site-a/gateway-a/edge-1.pump-1/sum5");
  ASSERT_EQ(rows.size(), 10u);
  EXPECT_EQ(std::get<double>(rows[9].value), 6 + 7 + 8 + 9 + 10);
  EXPECT_EQ(rows[9].ts.us, 1'000'077) << "the event time of the scan, to the microsecond";
  const auto marks = stored("site-a/gateway-a/edge-1.pump-1/input/watermark");
  ASSERT_EQ(marks.size(), 10u);
  EXPECT_EQ(std::get<std::int64_t>(marks[9].value), 9);
  EXPECT_EQ(marks[9].sequence, rows[9].sequence) << "of the same message";
  EXPECT_EQ(stored("site-a/edge-1/pump-1/flow").size(), 10u);
  EXPECT_TRUE(edge->status().drained);
  EXPECT_TRUE(gateway->status().tier_two->drained);
  const auto recipe = Recipe::parse(historian->provenance(rows[9].provenance).value()).value();
  EXPECT_EQ(recipe.model, "toy@1");
  for (const auto& line : historian->ledger()) EXPECT_EQ(line.unexplained(), 0u);
}

TEST_F(Path, WithoutAScorerAGatewayStoresNothing) {
  start(nullptr);
  scheduler.run_for(30s);
  EXPECT_EQ(stored("site-a/edge-1/pump-1/flow").size(), 10u);
  EXPECT_TRUE(edge->status().drained);
  EXPECT_FALSE(gateway->status().tier_two.has_value());
  EXPECT_EQ(gateway_node.disk.list("").value(), std::vector<std::string>{"bdseq"});
}

TEST_F(Path, TheHubSeesWhatEachNodeRuns) {
  start(nullptr);
  scheduler.run_for(10s);
  EXPECT_EQ(running("gateway-a"), "release 7");
  EXPECT_EQ(running("edge-1"), "release 6");
  edge->set_running("release 8");
  gateway->set_running("release 9");
  scheduler.run_for(1s);
  EXPECT_EQ(running("edge-1"), "release 8");
  EXPECT_EQ(running("gateway-a"), "release 9");
  // A hub that starts anew hears it in the births.
  network.broker("hub-broker", 1883).crash();
  network.broker("hub-broker", 1883).restart();
  hub.reset();
  HubOptions options;
  options.link.session.host_id = "hub";
  options.link.broker = endpoint("hub-broker", "hub");
  hub = HubCore::create(hub_node.world, options, *historian).value();
  hub->start();
  scheduler.run_for(60s);
  EXPECT_EQ(running("edge-1"), "release 8");
  EXPECT_EQ(running("gateway-a"), "release 9");
}

TEST_F(Path, AReleaseFindsItsNode) {
  start(nullptr);
  scheduler.run_for(10s);
  const auto release = [](std::string_view text) {
    const ByteView bytes = as_bytes(text);
    return std::vector<sparkplug::CommandMetric>{
        {std::string(links::release_metric), DataType::bytes, Bytes(bytes.begin(), bytes.end())}};
  };
  ASSERT_TRUE(hub->command({"site-a", "edge-1"}, release("for the edge")).has_value());
  ASSERT_TRUE(hub->command({"site-a", "gateway-a"}, release("for the gateway")).has_value());
  EXPECT_EQ(hub->command({"site-a", "edge-9"}, release("nobody")).error().code(), Code::not_found);
  scheduler.run_for(1s);
  EXPECT_EQ(edge_releases.releases, std::vector<std::string>{"for the edge"});
  EXPECT_EQ(gateway_releases.releases, std::vector<std::string>{"for the gateway"});
}

}  // namespace
}  // namespace millwright::hub
