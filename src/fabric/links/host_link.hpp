// A host application's connection to a broker: the Sparkplug host session and a broker client,
// carried out on one executor. Births, data and deaths go to the listener in order; the envelope
// inside is custody's business.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "engine/world.hpp"
#include "wire/envelope/envelope.hpp"
#include "wire/sparkplug/host_session.hpp"

namespace millwright::links {

class HostListener {
 public:
  virtual ~HostListener() = default;
  /// node_born, device_born, data, device_died, node_died, node_stale, problem, online. The
  /// action's buffers may be moved out.
  virtual void on_host_event(sparkplug::HostAction& event) = 0;
};

struct HostLinkOptions {
  sparkplug::HostOptions session;
  engine::BrokerEndpoint broker;
};

/// Says that a message of a producer that numbers its samples was dropped: `code`, place, what is
/// wrong. As `HostLink::report`, the 1st, 2nd, 4th, 8th … `count` is a warning.
void report_refused(Log& log, std::string_view component, std::uint64_t count,
                    std::string_view code, const ontology::DeviceAddress& place,
                    std::string_view what);

/// Name of the command metric that carries acknowledgements down (DESIGN D6).
inline constexpr std::string_view acknowledge_metric = "Millwright/Acknowledge";

class HostLink final : public engine::BrokerListener {
 public:
  static Result<std::unique_ptr<HostLink>> create(engine::World world, HostLinkOptions options,
                                                  HostListener& listener);
  ~HostLink() override;

  void start();
  void stop();
  bool is_online() const { return session_.is_online(); }
  const sparkplug::HostSession& session() const { return session_; }

  /// Tells a node how far its samples, and those of producers behind it, got. Lost acknowledgements
  /// are harmless.
  void acknowledge(sparkplug::NodeNumber node,
                   std::span<const envelope::Acknowledgement> acknowledgements);
  void request_rebirth(sparkplug::NodeNumber node, std::string_view cause);
  /// Says what is wrong with what somebody else sent, and what helps. The 1st, 2nd, 4th, 8th … of
  /// a kind is a warning, the others are for debugging: a flood of rubbish floods no log.
  void report(std::string_view component, const sparkplug::HostAction& problem) const;
  /// What was wrong with what others sent, by name, with how often.
  std::vector<std::pair<std::string, std::uint64_t>> problems() const;
  Result<void> command(sparkplug::DeviceNumber device,
                       std::span<const sparkplug::CommandMetric> metrics);

  void on_connected() override;
  void on_closed(const Error& reason) override;
  void on_message(engine::BrokerMessage message) override;

 private:
  HostLink(engine::World world, HostLinkOptions options, HostListener& listener,
           sparkplug::HostSession session);
  sparkplug::Now now() const;
  void carry_out(sparkplug::HostActions& actions);
  void arm_timer();

  engine::World world_;
  HostLinkOptions options_;
  HostListener& listener_;
  sparkplug::HostSession session_;
  std::unique_ptr<engine::BrokerClient> client_;
  sparkplug::HostActions message_actions_;
  std::optional<engine::TimerId> timer_;
  std::optional<Duration> timer_at_;
};

}  // namespace millwright::links
