#include "sim/connection.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::sim {
namespace {

/// Packets that a client may have under way before its own queue is full.
constexpr std::size_t outgoing_max = 10'000;
/// Beside the broker's queue: what the sockets of both ends hold for a reader that stalls.
constexpr std::size_t socket_messages = 100;

}  // namespace

Duration SimConnection::arrival(Duration& last) {
  Duration delay = link_.latency;
  if (link_.jitter.count() > 0) delay += network_.random_.between(Duration(0), link_.jitter);
  last = std::max(last, network_.scheduler_.monotonic_now() + delay);
  return last;
}

void SimConnection::start() {
  if (broker_ == nullptr || !broker_->running()) {
    if (!link_.partitioned) {
      return close_client(Error(Code::unavailable,
                                fmt::format("no broker at {}:{}", endpoint_.host, endpoint_.port),
                                "check that the broker runs and listens there"));
    }
  }
  send_up([self = shared_from_this()](SimBroker& broker) { broker.open(self); });
  if (link_.partitioned) on_link_changed();
}

Result<void> SimConnection::send(Packet packet) {
  if (!connected()) return fail(Code::unavailable, "not connected to the broker");
  if (held_up_.size() >= outgoing_max) {
    return fail(Code::exhausted, "the broker does not take messages fast enough");
  }
  send_up(std::move(packet));
  return {};
}

void SimConnection::send_up(Packet packet) {
  if (link_.partitioned) {
    held_up_.push_back(std::move(packet));
    return;
  }
  network_.scheduler_.at(arrival(last_up_),
                         [self = shared_from_this(), packet = std::move(packet)]() mutable {
                           SimBroker* broker = self->broker_;
                           if (broker == nullptr || !broker->running()) {
                             // Nobody listens there: the packet is answered by a reset.
                             self->close_client(Error(Code::unavailable, "connection reset"));
                           } else if (!self->broker_gone_) {
                             packet(*broker);
                           }
                         });
}

void SimConnection::say_goodbye() {
  send_up([self = shared_from_this()](SimBroker& broker) {
    self->broker_open_ = false;
    broker.close(self->number_, false);
  });
  close_client(Error(Code::unavailable, "disconnected as asked"));
}

void SimConnection::abandon() {
  client_open_ = false;
  // The FIN or RST comes after what was sent before; through a partition it never comes, and the
  // keep-alive ends the session.
  send_up([self = shared_from_this()](SimBroker& broker) {
    self->broker_open_ = false;
    broker.close(self->number_, true);
  });
}

void SimConnection::accept() {
  broker_open_ = true;
  if (!client_open_) return;
  executor_->post_after(
      arrival(last_down_) - network_.scheduler_.monotonic_now(), [self = shared_from_this()] {
        if (!self->client_open_) return;
        self->accepted_ = true;
        self->network_.tell(NetworkEvent::connected, self->endpoint_.client_id, nullptr);
        self->listener_->on_connected();
      });
  if (link_.partitioned) on_link_changed();
}

void SimConnection::refuse(Error reason) {
  broker_gone_ = true;
  close_client(std::move(reason));
}

void SimConnection::broker_closes(Error reason) {
  broker_open_ = false;
  broker_gone_ = true;
  held_down_.clear();
  if (link_.partitioned) {
    gone_reason_ = std::move(reason);  // heard of when something passes again
    return;
  }
  close_client(std::move(reason));
}

bool SimConnection::push(engine::BrokerMessage message) {
  if (!client_open_) return true;  // written to a socket that nobody reads any more
  const std::size_t waiting = held_down_.size() + in_transit_;
  if (waiting >= broker_->options_.queued_messages_max + socket_messages) return false;
  if (blocked_down()) {
    held_down_.push_back(std::move(message));
  } else {
    send_down(std::move(message));
  }
  return true;
}

void SimConnection::send_down(engine::BrokerMessage message) {
  ++in_transit_;
  const Duration delay = arrival(last_down_) - network_.scheduler_.monotonic_now();
  executor_->post_after(delay, [self = shared_from_this(), sent = std::move(message)]() mutable {
    --self->in_transit_;
    if (!self->client_open_) return;
    self->network_.tell(NetworkEvent::delivered, self->endpoint_.client_id, &sent);
    ++self->broker_->counts_.delivered;
    self->listener_->on_message(std::move(sent));
  });
}

void SimConnection::close_client(Error reason) {
  if (!client_open_) return;  // its executor may be gone too
  const Duration delay = arrival(last_down_) - network_.scheduler_.monotonic_now();
  executor_->post_after(delay, [self = shared_from_this(), reason = std::move(reason)] {
    self->close_client_now(reason);
  });
}

void SimConnection::close_client_now(const Error& reason) {
  if (!client_open_) return;
  client_open_ = false;
  accepted_ = false;
  network_.tell(NetworkEvent::closed, endpoint_.client_id, nullptr);
  listener_->on_closed(reason);
}

void SimConnection::on_link_changed() {
  if (link_.partitioned) {
    const std::uint64_t number = ++partition_number_;
    const auto still = [self = shared_from_this(), number] {
      return self->link_.partitioned && self->partition_number_ == number;
    };
    // The client misses the answer to its ping after at most two keep-alives; the broker waits one
    // and a half (MQTT 3.1.1, 3.1.2.10).
    if (client_open_) {
      executor_->post_after(endpoint_.keep_alive * 7 / 4, [self = shared_from_this(), still] {
        if (still()) self->close_client_now(Error(Code::timeout, "the broker does not answer"));
      });
    }
    network_.scheduler_.after(endpoint_.keep_alive * 3 / 2, [self = shared_from_this(), still] {
      if (!still() || !self->broker_open_) return;
      self->broker_open_ = false;
      self->broker_gone_ = true;
      self->held_down_.clear();
      self->held_up_.clear();
      self->broker_->close(self->number_, true);
    });
    return;
  }
  ++partition_number_;
  if (broker_gone_) {
    held_up_.clear();
    if (client_open_) close_client(gone_reason_);
    return;
  }
  auto up = std::exchange(held_up_, {});
  for (auto& packet : up) send_up(std::move(packet));
  if (blocked_down()) return;
  auto down = std::exchange(held_down_, {});
  if (!client_open_) return;
  for (auto& message : down) send_down(std::move(message));
}

}  // namespace millwright::sim
