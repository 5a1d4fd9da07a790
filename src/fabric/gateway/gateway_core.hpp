// The core of a gateway: primary host of its site's edges and one edge node towards the hub. What
// its edges send is forwarded with its envelope unchanged; what the hub acknowledges is passed
// down. It answers for nothing of theirs: edges keep their samples until the hub has them. With a
// scorer it is a producer too, of what tier 2 derives (tier_two.hpp); without one it stores
// nothing.
//
// Single-threaded on the world's executor. Bounds: per edge the relay's bytes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/world.hpp"
#include "fabric/custody/relay.hpp"
#include "fabric/gateway/tier_two.hpp"
#include "fabric/links/host_link.hpp"
#include "fabric/links/node_control.hpp"
#include "fabric/links/uplink.hpp"

namespace millwright::gateway {

struct GatewayOptions {
  std::string site;
  std::string gateway;
  links::HostLinkOptions site_link;
  links::UplinkOptions uplink;
  custody::RelayOptions relay;
  TierTwoOptions tier_two;  ///< used with a scorer; its `site` and `gateway` are those above
  std::string running;      ///< what this process attests to run; see set_running
  Duration acknowledge_interval = std::chrono::milliseconds(50);
  Duration telemetry_interval = std::chrono::seconds(1);
};

struct EdgeRelayStatus {
  std::string edge;
  bool online = false;
  bool acknowledged_custody = false;
  std::uint64_t bytes_held = 0;
  std::uint64_t messages = 0;
  std::uint64_t gaps = 0;
};

struct GatewayStatus {
  bool site_online = false;
  bool uplink_born = false;
  std::vector<EdgeRelayStatus> edges;
  std::optional<TierTwoStatus> tier_two;
};

class GatewayCore final : public links::HostListener,
                          public links::UplinkListener,
                          public custody::RelayLink,
                          public TierTwoLink {
 public:
  /// `scorer` (or none: then nothing is derived) outlives the core.
  static Result<std::unique_ptr<GatewayCore>> create(engine::World world, GatewayOptions options,
                                                     Scorer* scorer = nullptr);
  ~GatewayCore() override;

  void start();
  void stop();
  /// True when the goodbye of `stop` is out and the uplink closed.
  bool has_left() const { return uplink_->state() == sparkplug::EdgeState::stopped; }
  GatewayStatus status() const;
  /// Null without a scorer.
  TierTwo* tier_two() { return tier_two_.get(); }
  /// Who is handed releases; null: nobody, they are said and dropped. Outlives the core.
  void listen(links::ReleaseListener* listener) { release_listener_ = listener; }
  /// What this process attests to run from now on.
  void set_running(std::string running);

  void on_host_event(sparkplug::HostAction& event) override;
  void on_need_births() override;
  void on_born() override;
  void on_lost() override;
  void on_command(const std::string& device,
                  std::vector<sparkplug::CommandMetric>& metrics) override;
  Result<void> forward(const std::string& edge, const custody::RelayMessage& message) override;
  Result<void> declare_schema(const ontology::DeviceSchema& schema) override;
  Result<void> send_data(const std::string& device, const ontology::Batch& batch, ByteView envelope,
                         sparkplug::DataClass data_class) override;
  Result<void> send_loss(ByteView envelope) override;
  void on_used(const std::string& edge) override;

 private:
  struct Edge {
    EdgeRelayStatus status;
    sparkplug::NodeNumber node;
    std::unique_ptr<custody::Relay> relay;
    std::map<std::string, std::shared_ptr<const ontology::DeviceSchema>>
        declared;  ///< at the hub, by wire name
    std::set<std::string>
        departed;  ///< died here; told to the hub when nothing of the edge is held any more
    bool told_due = false;
  };

  GatewayCore(engine::World world, GatewayOptions options);
  Edge& edge_of(const ontology::DeviceAddress& address, sparkplug::NodeNumber node);
  void on_birth(sparkplug::HostAction& event);
  void on_data(sparkplug::HostAction& event);
  void on_device_died(sparkplug::DeviceNumber device);
  Result<void> declare(Edge& edge, const std::string& device,
                       const std::shared_ptr<const ontology::DeviceSchema>& schema,
                       ByteView birth_body);
  void forward_unnumbered(Edge& edge, const ontology::DeviceAddress& address,
                          const std::shared_ptr<const ontology::DeviceSchema>& schema,
                          const ontology::Batch& batch, sparkplug::DataClass data_class);
  /// Telemetry of an edge's node: known at the hub from its next birth on, and now.
  void forward_telemetry(Edge& edge, const ontology::DeviceAddress& address,
                         const std::shared_ptr<const ontology::DeviceSchema>& schema,
                         const ontology::Batch& batch);
  void on_node_command(sparkplug::CommandMetric& metric);
  void release_departed(Edge& edge);
  std::vector<ontology::MetricDefinition> node_metrics() const;
  void acknowledge_edges();
  void telemetry();
  std::string wire_name(const std::string& edge, std::string_view device) const {
    return edge + ":" + std::string(device);
  }

  engine::World world_;
  GatewayOptions options_;
  ontology::Incarnation incarnation_ = 0;
  std::unique_ptr<links::HostLink> site_;
  std::unique_ptr<links::Uplink> uplink_;
  std::map<std::string, Edge> edges_;
  std::unique_ptr<TierTwo> tier_two_;
  std::map<std::string, std::vector<ontology::MetricDefinition>> own_declared_;
  links::ReleaseListener* release_listener_ = nullptr;
  std::optional<engine::TimerId> tick_timer_, telemetry_timer_;
};

}  // namespace millwright::gateway
