// An edge node's connection to its host: the Sparkplug edge session, a broker client and the
// durable bdSeq, carried out on one executor. What is published and when is the caller's business
// (custody/sender.hpp, gateway).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "engine/world.hpp"
#include "wire/sparkplug/edge_session.hpp"

namespace millwright::links {

/// Told on the executor, never from inside a call of the uplink's own methods that the listener
/// made.
class UplinkListener {
 public:
  virtual ~UplinkListener() = default;
  /// Births are about to be sent: set the birth bodies now.
  virtual void on_need_births() = 0;
  virtual void on_born() = 0;
  virtual void on_lost() = 0;
  /// `device` is empty for the node itself.
  virtual void on_command(const std::string& device,
                          std::vector<sparkplug::CommandMetric>& metrics) = 0;
};

struct UplinkOptions {
  sparkplug::EdgeOptions session;
  engine::BrokerEndpoint broker;
  std::string bd_seq_path = "bdseq";
};

class Uplink final : public engine::BrokerListener {
 public:
  /// Reads the stored bdSeq. `listener` outlives the uplink.
  static Result<std::unique_ptr<Uplink>> create(engine::World world, UplinkOptions options,
                                                UplinkListener& listener);
  ~Uplink() override;

  void start();
  /// Publishes the deaths and disconnects.
  void stop();

  bool is_born() const { return session_.is_born(); }
  sparkplug::EdgeState state() const { return session_.state(); }
  sparkplug::EdgeSession& session() { return session_; }

  Result<void> set_device(std::string_view device,
                          const std::vector<ontology::MetricDefinition>& metrics,
                          const sparkplug::BirthContent& birth);
  /// Last values for the next birth, without publishing.
  Result<void> set_values(std::string_view device, const ontology::Batch& batch) {
    return session_.set_values(device, batch);
  }
  Result<void> remove_device(std::string_view device);
  void set_birth_body(std::string_view device, ByteView body);
  /// A text metric of the node itself: in its births from now on, and said at once when born.
  void say_of_node(std::uint32_t slot, std::string_view text);
  /// `unavailable` when not born, `exhausted` when the connection takes no more now; then nothing
  /// was sent.
  Result<void> publish(std::string_view device, const ontology::Batch& batch, ByteView body,
                       sparkplug::DataClass data_class);

  void on_connected() override;
  void on_closed(const Error& reason) override;
  void on_message(engine::BrokerMessage message) override;

 private:
  Uplink(engine::World world, UplinkOptions options, UplinkListener& listener,
         sparkplug::EdgeSession session, std::optional<std::uint8_t> bd_seq);
  sparkplug::Now now() const;
  /// Carries out the actions of the last call; `exhausted` or `unavailable` when a publish was
  /// refused.
  Result<void> carry_out(sparkplug::EdgeActions& actions);
  bool persist(std::uint8_t bd_seq);
  /// Carries out, sends births where they are due, tells the listener, arms the timer.
  Result<void> after_event(sparkplug::EdgeActions& actions);
  void arm_timer();

  engine::World world_;
  UplinkOptions options_;
  UplinkListener& listener_;
  sparkplug::EdgeSession session_;
  std::unique_ptr<engine::BrokerClient> client_;
  std::string closed_because_;  ///< as said last; empty after a connection
  sparkplug::EdgeActions publish_actions_;
  std::optional<engine::TimerId> timer_;
};

}  // namespace millwright::links
