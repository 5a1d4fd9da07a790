// The real cores on simulated machines: edges, gateways and the hub.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/segment_store.hpp"
#include "fabric/edge/edge_core.hpp"
#include "fabric/gateway/gateway_core.hpp"
#include "fabric/historian/historian.hpp"
#include "fabric/hub/hub_core.hpp"
#include "sim/world/machine.hpp"
#include "sim/world/source.hpp"
#include "sim/world/toy_scorer.hpp"

namespace millwright::sim {

inline constexpr std::string_view hub_id = "hub";

class EdgeMachine final : public Machine {
 public:
  /// `host`: the id of its primary host, hub or gateway, at `broker`.
  EdgeMachine(Surroundings& surroundings, std::string site, std::string edge, std::string host,
              std::string broker, SourceTruth truth);
  ~EdgeMachine() override { crash(Duration(-1)); }

  const std::string& site() const { return site_; }
  const std::string& edge() const { return edge_; }
  const SourceTruth& truth() const { return truth_; }
  /// Null while the process is down.
  edge::EdgeCore* core() { return core_.get(); }

 private:
  Result<void> build(engine::World world) override;
  void tear_down() override { core_.reset(); }

  std::string site_;
  std::string edge_;
  std::string host_;
  SourceTruth truth_;
  std::unique_ptr<edge::EdgeCore> core_;
};

class GatewayMachine final : public Machine {
 public:
  GatewayMachine(Surroundings& surroundings, std::string site, std::string gateway,
                 std::string site_broker, std::string hub_broker);
  ~GatewayMachine() override { crash(Duration(-1)); }
  const std::string& site() const { return site_; }
  const std::string& gateway() const { return gateway_; }
  /// Null while the process is down.
  gateway::GatewayCore* core() { return core_.get(); }

 private:
  Result<void> build(engine::World world) override;
  void tear_down() override {
    core_.reset();
    scorer_.reset();
  }
  std::unique_ptr<engine::BrokerConnector> make_connector() override;

  std::string site_;
  std::string gateway_;
  std::unique_ptr<ToyScorer> scorer_;
  std::unique_ptr<gateway::GatewayCore> core_;
};

class HubMachine final : public Machine {
 public:
  /// Told of rows that the historian has committed, also of those that it replays when it opens.
  using Observer = std::function<void(const engine::SampleColumns& rows)>;

  HubMachine(Surroundings& surroundings, std::string broker, Observer observer);
  ~HubMachine() override { crash(Duration(-1)); }
  hub::HubCore* core() { return core_.get(); }
  historian::Historian* historian() { return historian_.get(); }
  std::uint32_t lives() const { return lives_; }

 private:
  Result<void> build(engine::World world) override;
  void tear_down() override;
  void on_killed() override;
  std::unique_ptr<engine::BrokerConnector> make_connector() override;

  Observer observer_;
  std::unique_ptr<SimExecutor> lane_;
  std::unique_ptr<engine::SegmentStore> store_;
  std::unique_ptr<historian::Historian> historian_;
  std::unique_ptr<hub::HubCore> core_;
};

}  // namespace millwright::sim
