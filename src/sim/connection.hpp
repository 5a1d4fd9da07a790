// One TCP connection between a simulated client and a simulated broker. Internal to the broker
// model.
#pragma once

#include "sim/broker.hpp"

namespace millwright::sim {

/// Both ends keep it alive; either may have closed its own end. Packets of a direction keep their
/// order whatever the latency is.
class SimConnection : public std::enable_shared_from_this<SimConnection> {
 public:
  using Packet = std::move_only_function<void(SimBroker&)>;

  SimConnection(SimNetwork& network, std::uint64_t number, engine::BrokerEndpoint endpoint,
                engine::ConnectRequest request, Link& link, SimBroker* broker,
                engine::BrokerListener& listener, SimExecutor& executor)
      : network_(network),
        number_(number),
        endpoint_(std::move(endpoint)),
        request_(std::move(request)),
        link_(link),
        broker_(broker),
        listener_(&listener),
        executor_(&executor) {}

  std::uint64_t number() const { return number_; }
  const engine::BrokerEndpoint& endpoint() const { return endpoint_; }
  const engine::ConnectRequest& request() const { return request_; }
  const Link& link() const { return link_; }
  bool connected() const { return accepted_ && client_open_; }

  // The client's end.
  void start();
  Result<void> send(Packet packet);
  void say_goodbye();
  /// The client's process died or dropped the client: the kernel closes the socket.
  void abandon();

  // The broker's end.
  void accept();
  void refuse(Error reason);
  void broker_closes(Error reason);
  /// False when the queue is full and the message was dropped.
  bool push(engine::BrokerMessage message);

  /// The link changed: what was held goes on, or the keep-alive starts to run out.
  void on_link_changed();

 private:
  Duration arrival(Duration& last);
  void send_up(Packet packet);
  void send_down(engine::BrokerMessage message);
  void close_client(Error reason);
  void close_client_now(const Error& reason);
  bool blocked_down() const { return link_.partitioned || link_.reader_stalled; }

  SimNetwork& network_;
  std::uint64_t number_;
  engine::BrokerEndpoint endpoint_;
  engine::ConnectRequest request_;
  Link& link_;
  SimBroker* broker_;
  engine::BrokerListener* listener_;
  SimExecutor* executor_;
  bool accepted_ = false;     ///< the client has seen CONNACK
  bool client_open_ = true;   ///< the client still listens
  bool broker_open_ = false;  ///< the broker has a session
  bool broker_gone_ = false;  ///< the broker closed its end while nothing could pass
  Error gone_reason_{Code::unavailable, "connection closed"};
  Duration last_up_{0};
  Duration last_down_{0};
  std::deque<Packet> held_up_;
  std::deque<engine::BrokerMessage> held_down_;
  std::size_t in_transit_ = 0;
  std::uint64_t partition_number_ = 0;
};

}  // namespace millwright::sim
