// The broker port: one MQTT client connection. A broker is a loss point: QoS 0 may vanish, also in
// order's middle never, at the end always.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/executor.hpp"

namespace millwright::engine {

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1 };

struct BrokerMessage {
  std::string topic;
  Bytes payload;
  Qos qos = Qos::at_most_once;
  bool retained = false;
};

/// The connection's own settings, fixed for its life.
struct BrokerEndpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  std::string client_id;
  std::string user;  ///< empty: no authentication
  std::string password;
  Duration keep_alive = std::chrono::seconds(10);
};

/// What a CONNECT carries; sessions are always clean (Sparkplug 3.0,
/// tck-id-principles-persistence-clean-session-311).
struct ConnectRequest {
  std::optional<BrokerMessage> will;
};

/// Told on the executor that the client was made with, in order.
class BrokerListener {
 public:
  virtual ~BrokerListener() = default;
  virtual void on_connected() = 0;
  /// Also after a CONNECT that failed or was refused. The client stays usable: `connect` may be
  /// called again.
  virtual void on_closed(const Error& reason) = 0;
  virtual void on_message(BrokerMessage message) = 0;
};

class BrokerClient {
 public:
  virtual ~BrokerClient() = default;
  /// Starts connecting; the listener hears the outcome.
  virtual void connect(ConnectRequest request) = 0;
  /// Hands a message to the connection. `unavailable`: not connected. `exhausted`: the outgoing
  /// bound is reached; nothing was sent.
  virtual Result<void> publish(const BrokerMessage& message) = 0;
  virtual Result<void> subscribe(const std::string& filter, Qos qos) = 0;
  /// Ends the connection without its Will; the listener hears on_closed.
  virtual void disconnect() = 0;
};

class BrokerConnector {
 public:
  virtual ~BrokerConnector() = default;
  /// `listener` must outlive the client. Destroying the client drops the connection as a crash
  /// would (the Will is sent).
  virtual std::unique_ptr<BrokerClient> create(BrokerEndpoint endpoint, BrokerListener& listener,
                                               Executor& executor) = 0;
};

/// libmosquitto behind the port (mosquitto_adapter.cpp).
std::unique_ptr<BrokerConnector> make_mosquitto_connector();

}  // namespace millwright::engine
