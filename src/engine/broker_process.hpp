// A mosquitto broker of our own, for demo, tests and interop runs: on a free loopback port, with a
// generated configuration, accounts and access rules; it leaves nothing running behind.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/broker.hpp"
#include "engine/process.hpp"

namespace millwright::engine {

/// One broker account and the topic filters it may publish and subscribe to (DESIGN D13: one
/// account per gateway and edge, limited to `spBv1.0/<site>/#`).
struct BrokerAccount {
  std::string user;
  std::string password;
  std::vector<std::string> read_write;
  std::vector<std::string> read_only;
};

struct BrokerProcessOptions {
  /// Existing or new directory for configuration, password and access files, and `mosquitto.log`.
  std::string directory;
  /// 0: a free loopback port is chosen.
  std::uint16_t port = 0;
  /// Empty: everybody may connect, without a password.
  std::vector<BrokerAccount> accounts;
  /// Messages queued for one client beyond those in flight before the broker drops (QoS 0 too).
  std::uint32_t queued_messages_max = 1000;
  /// Bytes likewise; 0: no bound.
  std::uint64_t queued_bytes_max = 0;
  Duration ready_within = std::chrono::seconds(10);
};

/// A running broker. Destroying it terminates the broker and waits for its end.
class BrokerProcess {
 public:
  virtual ~BrokerProcess() = default;
  virtual std::uint16_t port() const = 0;
  virtual int pid() const = 0;
  virtual Process& process() = 0;
  virtual std::string log_path() const = 0;
  /// Host and port filled in; user and password too when `user` names an account.
  virtual BrokerEndpoint endpoint(std::string client_id, std::string_view user = {}) const = 0;
  /// Starts it again on the same port after it ended (killed by a test, for instance).
  virtual Result<void> restart() = 0;
};

/// Returns when the broker accepts connections (mosquitto_process_adapter.cpp). Call it from a
/// thread that lives as long as the broker.
Result<std::unique_ptr<BrokerProcess>> start_mosquitto(BrokerProcessOptions options);

/// 128 random bits as text that fits into passwords, URLs and file names.
std::string make_password(Random& random);

}  // namespace millwright::engine
