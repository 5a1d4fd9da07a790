// A whole plant on one machine: brokers, hub, gateways and edges as processes of their own on free
// loopback ports, each with an account and a data directory. For `demo`, `run` and tests. Whoever
// owns it stops all that it started.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "engine/broker_process.hpp"
#include "engine/executor.hpp"
#include "engine/process.hpp"
#include "fabric/drivers/pace.hpp"
#include "roles/broker_watch.hpp"
#include "roles/status_file.hpp"

namespace millwright::roles {

struct FleetSite {
  std::string site;
  std::string gateway;  ///< empty: its edges speak to the hub themselves
  std::vector<std::string> edges;
};

struct FleetOptions {
  std::string directory;  ///< data directories and logs go below it
  std::vector<FleetSite> sites;
  std::vector<std::string> resources;  ///< files or directories, for every edge
  std::map<std::string, std::string> variables;
  std::optional<drivers::Pace> pace;
  std::uint16_t http_port = 0;
  bool simulated = false;
  bool has_office = false;  ///< the hub gets the resources too
  std::string trust_file;   ///< keys that may sign releases; empty: no releases
  /// `site/edge` of edges that `start` leaves for `start_deferred`; their sources wait for models.
  std::vector<std::string> deferred = {};
  Severity log_level = Severity::warning;
  Duration ready_within = std::chrono::seconds(20);
};

/// One edge as its status file last said.
struct FleetEdge {
  std::string site;
  std::string edge;
  Status status;
};

class LocalFleet {
 public:
  /// Call it from a thread that outlives the fleet.
  static Result<std::unique_ptr<LocalFleet>> start(FleetOptions options, const Clock& clock,
                                                   Random& random, Log& log);
  ~LocalFleet();

  /// Starts the edges that were left out, once.
  Result<void> start_deferred();
  /// What gateways say of values of their own.
  struct Derived {
    std::uint64_t samples_accepted = 0;
    bool drained = true;
  };
  Derived derived() const;
  const std::string& hub_url() const { return hub_url_; }
  /// Members that `kill` and `stall` know: `hub`, gateways, edges, `broker`, `broker-<site>`.
  std::vector<std::string> members() const;
  /// kill -9.
  Result<void> kill(const std::string& member);
  /// Starts a killed member again, on its port and data directory.
  Result<void> restart(const std::string& member);
  /// SIGSTOP and SIGCONT: alive, connected, reading nothing.
  Result<void> stall(const std::string& member);
  Result<void> resume(const std::string& member);

  /// A Sparkplug command to a device of an edge behind a gateway, as somebody with a tool at the
  /// machine gives it; only where the plant is simulated. Not acknowledged, as in Sparkplug.
  Result<void> command(const std::string& site, const std::string& edge, const std::string& device,
                       const std::string& metric, double value);

  /// Members write what they say of themselves four times a second, each when it likes: what all of
  /// them say together holds when it has held for so long.
  static constexpr Duration settled_after = std::chrono::seconds(1);
  std::vector<FleetEdge> edges() const;
  /// Members that have ended although nobody killed them, with how.
  std::vector<std::string> fallen();
  /// Starts again what has ended; gives the names.
  std::vector<std::string> revive();
  /// Messages that brokers dropped for want of room, as they say themselves; restarts of a broker
  /// are added up.
  std::uint64_t broker_dropped() const;
  std::vector<std::pair<std::string, int>> pids() const;
  /// Terminates in order: edges, gateways, hub, brokers.
  void stop();

 private:
  struct Member {
    std::string name;
    std::vector<std::string> arguments;
    std::string directory;
    std::unique_ptr<engine::Process> process;
    bool killed = false;
  };
  struct Broker {
    std::string name;
    std::unique_ptr<engine::BrokerProcess> process;
    std::unique_ptr<BrokerWatch> watch;
  };
  LocalFleet(FleetOptions options, const Clock& clock, Random& random, Log& log);
  Result<void> start_brokers();
  Result<void> start_broker(const std::string& name, std::vector<engine::BrokerAccount> accounts);
  Result<void> start_hub();
  Result<void> add_gateway(const FleetSite& site);
  Result<void> add_edge(const FleetSite& site, const std::string& edge);
  bool is_deferred(const FleetSite& site, const std::string& edge) const;
  void add_release_arguments(std::vector<std::string>& arguments) const;
  Result<void> launch(Member& member);
  Result<std::string> password_file(const std::string& user);
  Result<void> wait_for_hub();
  std::string broker_of(const FleetSite& site) const;
  Member* find(const std::string& name);
  Broker* find_broker(const std::string& name);
  std::string directory_of(const std::string& member) const {
    return options_.directory + "/" + member;
  }
  void add_broker_arguments(std::vector<std::string>& arguments, const std::string& prefix,
                            const std::string& broker, const std::string& user);

  FleetOptions options_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  std::unique_ptr<engine::ProcessStarter> starter_;
  std::unique_ptr<engine::Executor> watch_executor_;
  std::unique_ptr<engine::BrokerConnector> connector_;
  std::map<std::string, std::string> passwords_;
  std::vector<Broker> brokers_;
  std::vector<Member> members_;  ///< hub, gateways, edges: in the order of start
  std::string hub_url_;
  bool deferred_started_ = false;
};

}  // namespace millwright::roles
