// A model of an MQTT broker and of the links to it: retained messages, wills, clean sessions,
// takeover of client ids, QoS 0 dropped under pressure, order per publisher. The conformance suite
// runs it beside a real mosquitto.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/broker.hpp"
#include "sim/random.hpp"
#include "sim/scheduler.hpp"
#include "sim/topics.hpp"

namespace millwright::sim {

/// State of the way between one process and one broker, changed by faults at any time.
struct Link {
  Duration latency = std::chrono::milliseconds(1);
  Duration jitter{0};           ///< added per packet, uniform; order is kept
  bool partitioned = false;     ///< set by SimNetwork::partition
  bool reader_stalled = false;  ///< set by SimNetwork::stall_reader
  double drop = 0;              ///< share of QoS 0 messages to the process that the broker drops
};

struct SimAccount {
  std::string password;
  std::vector<std::string> read_write;
};

struct SimBrokerOptions {
  /// Messages that wait for one client before more are dropped (mosquitto: max_queued_messages).
  std::size_t queued_messages_max = 1000;
  /// By user name; empty: everybody may connect and use every topic.
  std::map<std::string, SimAccount> accounts;
};

struct BrokerCounts {
  std::uint64_t connects = 0;
  std::uint64_t wills = 0;
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;  ///< for want of room in a queue
  std::uint64_t lost = 0;     ///< by the `drop` fault, or with a connection
};

/// What observers (the trace) hear of.
enum class NetworkEvent : std::uint8_t { connected, closed, will, published, delivered, dropped };
std::string_view name_of(NetworkEvent event);

class SimBroker;
class SimConnection;

/// Brokers by host and port, the links to them, and connectors for processes. Everything in it runs
/// on the scheduler; it outlives the processes.
class SimNetwork {
 public:
  /// `subject` is a client id, `message` null except for messages.
  using Observer = std::function<void(NetworkEvent, std::string_view subject,
                                      const engine::BrokerMessage* message)>;

  SimNetwork(Scheduler& scheduler, std::uint64_t seed);
  ~SimNetwork();
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  SimBroker& add_broker(std::string host, std::uint16_t port, SimBrokerOptions options = {});
  SimBroker& broker(std::string_view host, std::uint16_t port);
  /// Its clients need a SimExecutor, whose death closes their connections.
  std::unique_ptr<engine::BrokerConnector> connector(std::string process);

  /// The link of a process to a broker; made on first use. Stays where it is.
  Link& link(std::string_view process, std::string_view host, std::uint16_t port);
  /// Nothing passes; TCP keeps what was sent until the keep-alive ends the connection.
  void partition(std::string_view process, std::string_view host, std::uint16_t port, bool on);
  /// The process reads nothing, but its connection lives (a slow reader).
  void stall_reader(std::string_view process, std::string_view host, std::uint16_t port, bool on);

  void observe(Observer observer) { observer_ = std::move(observer); }

 private:
  friend class SimBroker;
  friend class SimConnection;
  friend class SimClient;
  friend class SimConnector;
  struct Address {
    std::string host;
    std::uint16_t port;
    auto operator<=>(const Address&) const = default;
  };
  SimBroker* find(const std::string& host, std::uint16_t port);
  void tell(NetworkEvent event, std::string_view subject, const engine::BrokerMessage* message);
  void changed(const Link& link);
  static void publish_from(SimBroker& broker, const engine::BrokerEndpoint& from,
                           engine::BrokerMessage message);
  static void subscribe_from(SimBroker& broker, std::uint64_t session, const std::string& filter,
                             engine::Qos qos);

  Scheduler& scheduler_;
  SimRandom random_;
  std::map<Address, std::unique_ptr<SimBroker>> brokers_;
  std::map<std::pair<std::string, Address>, Link> links_;
  /// Open connections by number, so that faults reach them in a fixed order.
  std::map<std::uint64_t, std::weak_ptr<SimConnection>> connections_;
  std::uint64_t next_connection_ = 1;
  Observer observer_;
};

class SimBroker {
 public:
  SimBroker(SimNetwork& network, SimBrokerOptions options)
      : network_(network), options_(std::move(options)) {}

  /// Ends the broker as kill -9 does: connections break, retained messages and queues are gone.
  void crash();
  void restart() { running_ = true; }
  bool running() const { return running_; }
  const BrokerCounts& counts() const { return counts_; }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  friend class SimNetwork;
  friend class SimConnection;
  struct Session {
    std::shared_ptr<SimConnection> connection;
    std::vector<std::string> filters;
  };

  bool admits(const engine::BrokerEndpoint& endpoint) const;
  bool may_use(const engine::BrokerEndpoint& endpoint, std::string_view topic) const;
  void open(const std::shared_ptr<SimConnection>& connection);
  void subscribe(std::uint64_t session, const std::string& filter, engine::Qos qos);
  void publish(const engine::BrokerEndpoint& from, engine::BrokerMessage message);
  /// Ends a session; with its Will unless the client said goodbye.
  void close(std::uint64_t session, bool with_will);
  void deliver(std::uint64_t session, const engine::BrokerMessage& message, engine::Qos qos,
               bool retained);

  SimNetwork& network_;
  SimBrokerOptions options_;
  bool running_ = true;
  std::map<std::uint64_t, Session> sessions_;
  std::map<std::string, std::uint64_t> by_client_id_;
  std::map<std::string, engine::BrokerMessage> retained_;
  SubscriptionTree subscriptions_;
  BrokerCounts counts_;
};

}  // namespace millwright::sim
