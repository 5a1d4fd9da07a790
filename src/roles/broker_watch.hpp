// Watches what a mosquitto says of itself: messages that it dropped for want of room. A broker
// loses QoS 0 silently; here it is at least counted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/broker.hpp"

namespace millwright::roles {

/// Lives on the executor that it is given; read from there.
class BrokerWatch final : public engine::BrokerListener {
 public:
  BrokerWatch(engine::BrokerConnector& connector, engine::BrokerEndpoint endpoint,
              engine::Executor& executor);
  ~BrokerWatch() override;

  /// Over all lives of the broker that were seen.
  std::uint64_t dropped() const { return dropped_before_ + dropped_; }

  /// As somebody with a tool at a machine: `unavailable` while the broker is away, and lost where
  /// the account may not write.
  Result<void> publish(const engine::BrokerMessage& message) { return client_->publish(message); }

  void on_connected() override;
  void on_closed(const Error& reason) override;
  void on_message(engine::BrokerMessage message) override;

 private:
  engine::Executor& executor_;
  std::unique_ptr<engine::BrokerClient> client_;
  std::optional<engine::TimerId> timer_;
  std::uint64_t dropped_before_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace millwright::roles
