#include "fabric/links/host_link.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/format.hpp"

namespace millwright::links {

using sparkplug::HostAction;
using sparkplug::HostActionKind;
using sparkplug::HostActions;

namespace {

engine::Qos to_engine(sparkplug::Qos qos) {
  return qos == sparkplug::Qos::at_least_once ? engine::Qos::at_least_once
                                              : engine::Qos::at_most_once;
}

engine::BrokerMessage to_broker(sparkplug::Message& message) {
  return {message.topic, std::move(message.payload), to_engine(message.qos),
          message.retain == sparkplug::Retain::yes};
}

/// What the person who runs the sender can do.
std::string_view remedy_of(sparkplug::HostProblem problem) {
  using enum sparkplug::HostProblem;
  switch (problem) {
    case malformed_topic:
    case malformed_payload:
      return "dropped; find the client that publishes there: it does not speak Sparkplug B, or its "
             "messages are cut off on the way";
    case unknown_node:
    case unknown_device:
    case unknown_alias:
      return "its births are asked for; if it stays, correct the sender, which declares too little";
    case alias_collision:
    case duplicate_metric:
    case unsupported_metric:
    case wrong_value:
      return "correct the births and types of the sender";
    case duplicate_edge:
      return "give each sender its own edge node id";
    case foreign_state:
      return "give each host application its own host id";
    case missing_sequence:
      return "correct the sender: every message but NDEATH carries a number";
    case limit_reached:
      return "raise the bound, or find the sender that exceeds it";
    default:
      return "handled; if it stays, check the sender and its connection";
  }
}

/// A flood of rubbish floods no log.
Severity severity_of(std::uint64_t count) {
  return std::has_single_bit(count) ? Severity::warning : Severity::debug;
}

}  // namespace

void report_refused(Log& log, std::string_view component, std::uint64_t count,
                    std::string_view code, const ontology::DeviceAddress& place,
                    std::string_view what) {
  log.write(severity_of(count), component,
            fmt::format("{}: {}: {}; dropped, the edge sends again what is missing; find "
                        "who else publishes under its name",
                        code, place.text(), what));
}

Result<std::unique_ptr<HostLink>> HostLink::create(engine::World world, HostLinkOptions options,
                                                   HostListener& listener) {
  auto session = sparkplug::HostSession::create(options.session);
  if (!session) return pass(std::move(session));
  return std::unique_ptr<HostLink>(
      new HostLink(world, std::move(options), listener, std::move(*session)));
}

HostLink::HostLink(engine::World world, HostLinkOptions options, HostListener& listener,
                   sparkplug::HostSession session)
    : world_(world),
      options_(std::move(options)),
      listener_(listener),
      session_(std::move(session)) {
  client_ = world_.brokers.create(options_.broker, *this, world_.executor);
}

HostLink::~HostLink() {
  if (timer_) world_.executor.cancel(*timer_);
}

sparkplug::Now HostLink::now() const {
  return {world_.clock.utc_now(), world_.clock.monotonic_now()};
}

void HostLink::carry_out(HostActions& actions) {
  for (HostAction& action : actions) {
    switch (action.kind) {
      case HostActionKind::connect:
        client_->connect({to_broker(action.message)});
        break;
      case HostActionKind::subscribe:
        if (auto done = client_->subscribe(action.message.topic, to_engine(action.message.qos));
            !done) {
          world_.log.warning("host", done.error().text());
        }
        break;
      case HostActionKind::publish:
        // STATE, rebirth requests and acknowledgements: each is repeated by its own rule when it is
        // lost.
        if (auto done = client_->publish(to_broker(action.message)); !done)
          world_.log.debug("host", done.error().text());
        break;
      case HostActionKind::disconnect:
        client_->disconnect();
        break;
      default:
        listener_.on_host_event(action);
        break;
    }
  }
  arm_timer();
}

void HostLink::arm_timer() {
  const auto at = session_.next_tick();
  if (timer_ && at == timer_at_) return;
  if (timer_) world_.executor.cancel(*timer_);
  timer_.reset();
  timer_at_ = at;
  if (!at) return;
  const Duration delay = std::max(Duration(0), *at - world_.clock.monotonic_now());
  timer_ = world_.executor.post_after(delay, [this] {
    timer_.reset();
    HostActions actions;
    session_.on_tick(now(), actions);
    carry_out(actions);
  });
}

void HostLink::start() {
  HostActions actions;
  session_.start(now(), actions);
  carry_out(actions);
}

void HostLink::stop() {
  HostActions actions;
  session_.stop(now(), actions);
  carry_out(actions);
}

void HostLink::acknowledge(sparkplug::NodeNumber node,
                           std::span<const envelope::Acknowledgement> acknowledgements) {
  sparkplug::CommandMetric metric;
  metric.name = acknowledge_metric;
  metric.datatype = ontology::DataType::bytes;
  Bytes encoded;
  envelope::encode(acknowledgements, encoded);
  metric.value = std::move(encoded);
  HostActions actions;
  if (auto done = session_.command(node, std::span(&metric, 1), now(), actions); !done) return;
  carry_out(actions);
}

void HostLink::request_rebirth(sparkplug::NodeNumber node, std::string_view cause) {
  HostActions actions;
  if (auto done = session_.request_rebirth(node, cause, now(), actions); !done) return;
  carry_out(actions);
}

void HostLink::report(std::string_view component, const HostAction& problem) const {
  world_.log.write(severity_of(session_.count(problem.problem)), component,
                   fmt::format("{}: {}; {}", sparkplug::name_of(problem.problem), problem.text,
                               remedy_of(problem.problem)));
}

std::vector<std::pair<std::string, std::uint64_t>> HostLink::problems() const {
  std::vector<std::pair<std::string, std::uint64_t>> found;
  for (std::size_t i = 0; i < sparkplug::host_problem_count; ++i) {
    const auto problem = static_cast<sparkplug::HostProblem>(i);
    if (const auto count = session_.count(problem); count > 0)
      found.emplace_back(sparkplug::name_of(problem), count);
  }
  return found;
}

Result<void> HostLink::command(sparkplug::DeviceNumber device,
                               std::span<const sparkplug::CommandMetric> metrics) {
  HostActions actions;
  if (auto done = session_.command(device, metrics, now(), actions); !done) return done;
  carry_out(actions);
  return {};
}

void HostLink::on_connected() {
  HostActions actions;
  session_.on_connected(now(), actions);
  carry_out(actions);
}

void HostLink::on_closed(const Error& reason) {
  world_.log.debug("host", "connection closed: " + reason.text());
  HostActions actions;
  session_.on_closed(now(), world_.random.next(), actions);
  carry_out(actions);
}

void HostLink::on_message(engine::BrokerMessage message) {
  message_actions_.clear();
  session_.on_message(message.topic, message.payload, now(), message_actions_);
  carry_out(message_actions_);
}

}  // namespace millwright::links
