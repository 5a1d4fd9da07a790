#include "sim/broker.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "sim/connection.hpp"

namespace millwright::sim {

std::string_view name_of(NetworkEvent event) {
  switch (event) {
    case NetworkEvent::connected:
      return "connected";
    case NetworkEvent::closed:
      return "closed";
    case NetworkEvent::will:
      return "will";
    case NetworkEvent::published:
      return "published";
    case NetworkEvent::delivered:
      return "delivered";
    case NetworkEvent::dropped:
      return "dropped";
  }
  return "unknown";
}

/// A client of one life of a process.
class SimClient final : public engine::BrokerClient {
 public:
  SimClient(SimNetwork& network, std::string process, engine::BrokerEndpoint endpoint,
            engine::BrokerListener& listener, SimExecutor& executor)
      : network_(network),
        process_(std::move(process)),
        endpoint_(std::move(endpoint)),
        listener_(listener),
        executor_(executor) {
    executor_.on_kill([held = std::weak_ptr(state_)] {
      if (const auto state = held.lock(); state && *state)
        std::exchange(*state, nullptr)->abandon();
    });
  }
  ~SimClient() override { drop(); }

  void connect(engine::ConnectRequest request) override {
    drop();
    if (!executor_.alive()) return;
    Link& link = network_.link(process_, endpoint_.host, endpoint_.port);
    *state_ = std::make_shared<SimConnection>(
        network_, network_.next_connection_++, endpoint_, std::move(request), link,
        network_.find(endpoint_.host, endpoint_.port), listener_, executor_);
    network_.connections_.emplace((*state_)->number(), *state_);
    (*state_)->start();
  }

  Result<void> publish(const engine::BrokerMessage& message) override {
    if (!open()) return fail(Code::unavailable, "not connected to the broker");
    return (*state_)->send(
        [message, from = (*state_)->endpoint(), network = &network_](SimBroker& broker) mutable {
          network->publish_from(broker, from, std::move(message));
        });
  }

  Result<void> subscribe(const std::string& filter, engine::Qos qos) override {
    if (!is_valid_filter(filter)) {
      return fail(Code::invalid_input, fmt::format("'{}' is not a topic filter", filter));
    }
    if (!open()) return fail(Code::unavailable, "not connected to the broker");
    return (*state_)->send(
        [filter, qos, number = (*state_)->number(), network = &network_](SimBroker& broker) {
          network->subscribe_from(broker, number, filter, qos);
        });
  }

  void disconnect() override {
    if (*state_) (*state_)->say_goodbye();
  }

 private:
  bool open() const { return *state_ && executor_.alive() && (*state_)->connected(); }
  void drop() {
    if (*state_) std::exchange(*state_, nullptr)->abandon();
  }

  SimNetwork& network_;
  std::string process_;
  engine::BrokerEndpoint endpoint_;
  engine::BrokerListener& listener_;
  SimExecutor& executor_;
  std::shared_ptr<std::shared_ptr<SimConnection>> state_ =
      std::make_shared<std::shared_ptr<SimConnection>>();
};

class SimConnector final : public engine::BrokerConnector {
 public:
  SimConnector(SimNetwork& network, std::string process)
      : network_(network), process_(std::move(process)) {}

  std::unique_ptr<engine::BrokerClient> create(engine::BrokerEndpoint endpoint,
                                               engine::BrokerListener& listener,
                                               engine::Executor& executor) override {
    auto* simulated = dynamic_cast<SimExecutor*>(&executor);
    MILLWRIGHT_ASSERT(simulated != nullptr);
    return std::make_unique<SimClient>(network_, process_, std::move(endpoint), listener,
                                       *simulated);
  }

 private:
  SimNetwork& network_;
  std::string process_;
};

SimNetwork::SimNetwork(Scheduler& scheduler, std::uint64_t seed)
    : scheduler_(scheduler), random_(seed) {}
SimNetwork::~SimNetwork() = default;

SimBroker& SimNetwork::add_broker(std::string host, std::uint16_t port, SimBrokerOptions options) {
  auto& place = brokers_[Address{std::move(host), port}];
  MILLWRIGHT_ASSERT(place == nullptr);
  place = std::make_unique<SimBroker>(*this, std::move(options));
  return *place;
}

SimBroker* SimNetwork::find(const std::string& host, std::uint16_t port) {
  const auto found = brokers_.find(Address{host, port});
  return found == brokers_.end() ? nullptr : found->second.get();
}

SimBroker& SimNetwork::broker(std::string_view host, std::uint16_t port) {
  SimBroker* found = find(std::string(host), port);
  MILLWRIGHT_ASSERT(found != nullptr);
  return *found;
}

std::unique_ptr<engine::BrokerConnector> SimNetwork::connector(std::string process) {
  return std::make_unique<SimConnector>(*this, std::move(process));
}

Link& SimNetwork::link(std::string_view process, std::string_view host, std::uint16_t port) {
  return links_[{std::string(process), Address{std::string(host), port}}];
}

void SimNetwork::changed(const Link& link) {
  std::erase_if(connections_, [](const auto& entry) { return entry.second.expired(); });
  const auto connections = connections_;
  for (const auto& [number, weak] : connections) {
    if (const auto connection = weak.lock(); connection && &connection->link() == &link) {
      connection->on_link_changed();
    }
  }
}

void SimNetwork::partition(std::string_view process, std::string_view host, std::uint16_t port,
                           bool on) {
  Link& changed_link = link(process, host, port);
  if (std::exchange(changed_link.partitioned, on) != on) changed(changed_link);
}

void SimNetwork::stall_reader(std::string_view process, std::string_view host, std::uint16_t port,
                              bool on) {
  Link& changed_link = link(process, host, port);
  const bool was = std::exchange(changed_link.reader_stalled, on);
  if (was && !on && !changed_link.partitioned) changed(changed_link);
}

void SimNetwork::tell(NetworkEvent event, std::string_view subject,
                      const engine::BrokerMessage* message) {
  if (observer_) observer_(event, subject, message);
}

void SimNetwork::publish_from(SimBroker& broker, const engine::BrokerEndpoint& from,
                              engine::BrokerMessage message) {
  broker.publish(from, std::move(message));
}

void SimNetwork::subscribe_from(SimBroker& broker, std::uint64_t session, const std::string& filter,
                                engine::Qos qos) {
  broker.subscribe(session, filter, qos);
}

bool SimBroker::admits(const engine::BrokerEndpoint& endpoint) const {
  if (options_.accounts.empty()) return true;
  const auto account = options_.accounts.find(endpoint.user);
  return account != options_.accounts.end() && account->second.password == endpoint.password;
}

bool SimBroker::may_use(const engine::BrokerEndpoint& endpoint, std::string_view topic) const {
  if (options_.accounts.empty()) return true;
  const auto account = options_.accounts.find(endpoint.user);
  return account != options_.accounts.end() &&
         std::ranges::any_of(account->second.read_write,
                             [&](const auto& filter) { return topic_matches(filter, topic); });
}

void SimBroker::open(const std::shared_ptr<SimConnection>& connection) {
  const auto& endpoint = connection->endpoint();
  if (!admits(endpoint)) {
    return connection->refuse(Error(Code::refused,
                                    fmt::format("broker {}:{} refused client '{}': not authorised",
                                                endpoint.host, endpoint.port, endpoint.client_id),
                                    "check user and password against the broker's accounts"));
  }
  ++counts_.connects;
  // MQTT 3.1.1, 3.1.4: a second client of the same id disconnects the first, whose Will is sent.
  if (const auto old = by_client_id_.find(endpoint.client_id); old != by_client_id_.end()) {
    const auto taken = sessions_.at(old->second).connection;
    close(taken->number(), true);
    taken->broker_closes(Error(Code::unavailable, "another client took over this client id"));
  }
  sessions_.emplace(connection->number(), Session{connection, {}});
  by_client_id_[endpoint.client_id] = connection->number();
  connection->accept();
}

void SimBroker::subscribe(std::uint64_t session, const std::string& filter, engine::Qos qos) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  subscriptions_.add(filter, session, qos);
  found->second.filters.push_back(filter);
  for (const auto& [topic, message] : retained_) {
    if (topic_matches(filter, topic)) deliver(session, message, qos, true);
  }
}

void SimBroker::publish(const engine::BrokerEndpoint& from, engine::BrokerMessage message) {
  ++counts_.published;
  network_.tell(NetworkEvent::published, from.client_id, &message);
  if (!may_use(from, message.topic)) return;  // MQTT 3.1.1 has no way to say no
  if (message.retained) {
    if (message.payload.empty()) {
      retained_.erase(message.topic);
    } else {
      retained_.insert_or_assign(message.topic, message);
    }
  }
  for (const auto& match : subscriptions_.match(message.topic)) {
    deliver(match.subscriber, message, match.qos, false);
  }
}

void SimBroker::deliver(std::uint64_t session, const engine::BrokerMessage& message,
                        engine::Qos qos, bool retained) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  SimConnection& connection = *found->second.connection;
  if (!may_use(connection.endpoint(), message.topic)) return;
  engine::BrokerMessage copy = message;
  copy.qos = std::min(message.qos, qos);
  copy.retained = retained;
  if (copy.qos == engine::Qos::at_most_once && connection.link().drop > 0 &&
      network_.random_.chance(connection.link().drop)) {
    ++counts_.lost;
    network_.tell(NetworkEvent::dropped, connection.endpoint().client_id, &copy);
    return;
  }
  if (!connection.push(std::move(copy))) {
    ++counts_.dropped;
    network_.tell(NetworkEvent::dropped, connection.endpoint().client_id, &message);
  }
}

void SimBroker::close(std::uint64_t session, bool with_will) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  const auto connection = found->second.connection;
  for (const auto& filter : found->second.filters) subscriptions_.remove(filter, session);
  sessions_.erase(found);
  if (const auto named = by_client_id_.find(connection->endpoint().client_id);
      named != by_client_id_.end() && named->second == session) {
    by_client_id_.erase(named);
  }
  if (with_will && connection->request().will) {
    ++counts_.wills;
    network_.tell(NetworkEvent::will, connection->endpoint().client_id,
                  &*connection->request().will);
    publish(connection->endpoint(), *connection->request().will);
  }
}

void SimBroker::crash() {
  if (!running_) return;
  running_ = false;
  const auto sessions = std::exchange(sessions_, {});
  by_client_id_.clear();
  retained_.clear();
  subscriptions_ = {};
  for (const auto& [number, session] : sessions) {
    session.connection->broker_closes(Error(Code::unavailable, "the broker closed the connection"));
  }
}

}  // namespace millwright::sim
