// Host session: its connection, STATE, commands and timers. Edge nodes: host_order.cpp and
// host_content.cpp.
#include "wire/sparkplug/host_session.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/command.hpp"
#include "wire/sparkplug/host_machine.hpp"
#include "wire/sparkplug/host_state.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {
namespace {

/// Two hosts that fight over one STATE topic shall not do so faster than this.
constexpr Duration repair_pause = std::chrono::seconds(1);

HostAction& append(HostActions& out, HostActionKind kind) {
  HostAction& action = out.append();
  action.kind = kind;
  return action;
}

void subscribe(HostActions& out, std::string filter) {
  HostAction& action = append(out, HostActionKind::subscribe);
  action.message.topic = std::move(filter);
  action.message.qos = Qos::at_least_once;
}

void make_state(const std::string& topic, bool online, std::int64_t timestamp_ms,
                Message& message) {
  const std::string text = format_host_state({.online = online, .timestamp_ms = timestamp_ms});
  const ByteView bytes = as_bytes(text);
  message.topic = topic;
  message.payload.assign(bytes.begin(), bytes.end());
  message.qos = Qos::at_least_once;
  message.retain = Retain::yes;
}

}  // namespace

std::string_view name_of(HostActionKind kind) {
  constexpr std::array<std::string_view, 13> names{
      "connect",    "subscribe",         "publish", "disconnect",  "online",
      "node_born",  "device_born",       "data",    "device_died", "node_died",
      "node_stale", "rebirth_requested", "problem"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Death death) {
  constexpr std::array<std::string_view, 4> names{"declared", "replaced", "forgotten", "silent"};
  return names[static_cast<std::size_t>(death)];
}

std::string_view name_of(HostProblem problem) {
  constexpr std::array<std::string_view, host_problem_count> names{
      "malformed_topic",  "malformed_payload",  "missing_sequence", "sequence_gap",
      "late_message",     "reorder_overflow",   "unknown_node",     "unknown_device",
      "unknown_alias",    "held_overflow",      "held_ambiguous",   "alias_collision",
      "duplicate_metric", "unsupported_metric", "wrong_value",      "stale_death",
      "duplicate_edge",   "foreign_state",      "limit_reached",    "rebirth_ignored"};
  return names[static_cast<std::size_t>(problem)];
}

void HostAction::reset() {
  message.reset();
  node = {};
  device = {};
  schema.reset();
  batch.clear();
  body.clear();
  data_class = DataClass::live;
  sent_at = arrived_at = at = {};
  death = Death::declared;
  bd_seq = 0;
  text.clear();
}

HostSession::Machine::Machine(HostOptions options)
    : options_(std::move(options)),
      state_topic_(format_topic({.type = MessageType::state, .edge = options_.host_id})) {}

void HostSession::Machine::problem(HostProblem what, std::string text, HostActions& out,
                                   std::optional<NodeNumber> node,
                                   std::optional<DeviceNumber> device) {
  ++counts_[static_cast<std::size_t>(what)];
  HostAction& action = append(out, HostActionKind::problem);
  action.problem = what;
  if (node) action.node = *node;
  if (device) action.device = *device;
  action.text = std::move(text);
}

void HostSession::Machine::attempt(const Now& now, HostActions& out) {
  // Will and birth of one connection carry the time of its CONNECT.
  // [tck-id-host-topic-phid-death-payload-timestamp-connect, -phid-birth-payload-timestamp]
  state_timestamp_ms_ = now.utc.whole_ms();
  make_state(state_topic_, false, state_timestamp_ms_,
             append(out, HostActionKind::connect).message);
  link_ = Link::connecting;
  wake_.reset();
}

void HostSession::Machine::start(const Now& now, HostActions& out) {
  stopping_ = false;
  if (link_ == Link::stopped || link_ == Link::backing_off) attempt(now, out);
}

void HostSession::Machine::stop(const Now& now, HostActions& out) {
  stopping_ = true;
  if (link_ == Link::stopped || link_ == Link::leaving) return;
  wake_.reset();
  repair_due_.reset();
  if (link_ == Link::backing_off) {
    link_ = Link::stopped;
    return;
  }
  if (link_ == Link::online) {
    // [tck-id-host-topic-phid-death-payload-timestamp-disconnect-clean]
    make_state(state_topic_, false, std::max(now.utc.whole_ms(), state_timestamp_ms_),
               append(out, HostActionKind::publish).message);
  }
  append(out, HostActionKind::disconnect);
  link_ = Link::leaving;
}

void HostSession::Machine::publish_state(HostActions& out) {
  make_state(state_topic_, true, state_timestamp_ms_, append(out, HostActionKind::publish).message);
}

void HostSession::Machine::on_connected(const Now& now, HostActions& out) {
  if (link_ != Link::connecting) return;
  link_ = Link::online;
  failures_ = 0;
  // Own STATE first, then the data, then the birth. [tck-id-host-topic-phid-birth-sub-required]
  subscribe(out, state_topic_);
  const std::string group = options_.group.empty() ? "+" : options_.group;
  for (const MessageType type : {MessageType::nbirth, MessageType::ndeath, MessageType::ndata,
                                 MessageType::dbirth, MessageType::ddeath, MessageType::ddata}) {
    subscribe(out, format_topic({.type = type, .group = group, .edge = "+", .device = "+"}));
  }
  publish_state(out);
  append(out, HostActionKind::online);
  if (!std::exchange(was_online_, true)) return;
  // Births may have been missed: known tables are not trusted until they are told again. Requests
  // are spread so that a returning host does not wake everybody at once.
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    const NodeNumber number(i);
    HostNode& node = at(number);
    distrust(number);
    node.synchronised = false;
    node.gap_deadline.reset();
    for (const KeptMessage& message : node.pending) forget(node, message);
    node.pending.clear();
    if (!node.status.online) continue;
    node.rebirth_open = true;
    node.asked_at = now.monotonic;
    node.rebirth_tries = 0;
    node.rebirth_cause = "this host was away";
    const std::int64_t spread = options_.rebirth_spread.count();
    node.rebirth_due = now.monotonic + Duration(spread * (i + 1) / static_cast<int>(nodes_.size()));
    arm(number);
  }
}

void HostSession::Machine::on_closed(const Now& now, std::uint64_t random, HostActions&) {
  if (link_ == Link::stopped || link_ == Link::backing_off) return;
  repair_due_.reset();
  if (stopping_) {
    link_ = Link::stopped;
    return;
  }
  link_ = Link::backing_off;
  wake_ =
      now.monotonic + back_off(failures_++, options_.reconnect_min, options_.reconnect_max, random);
}

void HostSession::Machine::on_own_state(ByteView payload, const Now& now, HostActions& out) {
  const std::optional<HostState> state = parse_host_state(payload);
  if (state && state->online && state->timestamp_ms >= state_timestamp_ms_) {
    if (state->timestamp_ms != state_timestamp_ms_)
      problem(HostProblem::foreign_state, "another host writes this host's STATE", out);
    return;
  }
  // An older Will of our own comes back right after connecting: repaired, but nobody's fault.
  if (!state || state->timestamp_ms > state_timestamp_ms_)
    problem(HostProblem::foreign_state, "this host's STATE was overwritten", out);
  // [tck-id-message-flow-hid-sparkplug-state-message-delivered]
  if (last_repair_ && now.monotonic - *last_repair_ < repair_pause) {
    repair_due_ = *last_repair_ + repair_pause;
    return;
  }
  last_repair_ = now.monotonic;
  publish_state(out);
}

void HostSession::Machine::on_message(std::string_view topic_text, ByteView payload, const Now& now,
                                      HostActions& out) {
  if (link_ != Link::online) return;
  if (const auto route = routes_.find(topic_text); route != routes_.end()) {
    on_data(route->second.node, route->second.device, payload, now, out);
    return;
  }
  if (topic_text == state_topic_) {
    on_own_state(payload, now, out);
    return;
  }
  const std::optional<Topic> topic = parse_topic(topic_text);
  if (!topic) {
    problem(HostProblem::malformed_topic,
            fmt::format("not a Sparkplug topic: '{}'", topic_text.substr(0, 256)), out);
    return;
  }
  const bool from_edge = topic->type != MessageType::state && topic->type != MessageType::ncmd &&
                         topic->type != MessageType::dcmd;
  if (!from_edge || (!options_.group.empty() && topic->group != options_.group)) return;
  on_node_message(*topic, payload, now, out);
}

Result<void> HostSession::Machine::command(NodeNumber number, std::string_view device,
                                           std::span<const CommandMetric> metrics, const Now& now,
                                           HostActions& out) {
  if (link_ != Link::online) return fail(Code::unavailable, "this host is not connected");
  const HostNode& node = at(number);
  Payload payload;  // no seq [tck-id-payloads-ncmd-seq, tck-id-payloads-dcmd-seq]
  payload.timestamp_ms = to_wire_ms(now.utc);
  for (const CommandMetric& metric : metrics) {
    Result<Metric> made = to_metric(metric, now.utc);
    if (!made) return millwright::pass(std::move(made), "command to " + node.status.edge);
    payload.metrics.push_back(std::move(*made));
  }
  Message& message = append(out, HostActionKind::publish).message;
  message.topic = format_topic({.type = device.empty() ? MessageType::ncmd : MessageType::dcmd,
                                .group = node.status.group,
                                .edge = node.status.edge,
                                .device = device});
  encode(payload, message.payload);
  return {};
}

void HostSession::Machine::arm(NodeNumber number) {
  HostNode& node = at(number);
  std::optional<Duration> due = node.gap_deadline;
  const auto consider = [&due](std::optional<Duration> other) {
    if (other && (!due || *other < *due)) due = other;
  };
  if (node.rebirth_open) consider(node.rebirth_due);
  if (options_.stale_after > Duration(0) && node.status.online && !node.said_stale)
    consider(node.last_heard + options_.stale_after);
  if (due == node.timer) return;
  if (node.timer) timers_.erase({*node.timer, number.value()});
  if (due) timers_.insert({*due, number.value()});
  node.timer = due;
}

void HostSession::Machine::run_timers(const Now& now, HostActions& out) {
  while (!timers_.empty() && timers_.begin()->first <= now.monotonic) {
    const NodeNumber number(timers_.begin()->second);
    timers_.erase(timers_.begin());
    HostNode& node = at(number);
    node.timer.reset();
    if (node.gap_deadline && *node.gap_deadline <= now.monotonic)
      give_up_gap(number, HostProblem::sequence_gap, now, out);
    if (node.rebirth_open && node.rebirth_due && *node.rebirth_due <= now.monotonic)
      send_rebirth(number, now, out);
    const Duration silence = now.monotonic - node.last_heard;
    if (options_.stale_after > Duration(0) && node.status.online && !node.said_stale &&
        silence >= options_.stale_after) {
      node.said_stale = true;
      HostAction& action = append(out, HostActionKind::node_stale);
      action.node = number;
      action.at = now.utc;
    }
    arm(number);
  }
}

void HostSession::Machine::on_tick(const Now& now, HostActions& out) {
  if (link_ == Link::backing_off && wake_ && *wake_ <= now.monotonic) {
    attempt(now, out);
    return;
  }
  if (link_ != Link::online) return;
  if (repair_due_ && *repair_due_ <= now.monotonic) {
    repair_due_.reset();
    last_repair_ = now.monotonic;
    publish_state(out);
  }
  run_timers(now, out);
}

std::optional<Duration> HostSession::Machine::next_tick() const {
  if (link_ == Link::backing_off) return wake_;
  if (link_ != Link::online) return std::nullopt;
  std::optional<Duration> due = repair_due_;
  if (!timers_.empty() && (!due || timers_.begin()->first < *due)) due = timers_.begin()->first;
  return due;
}

// The facade. ----------------------------------------------------------------------------------

Result<HostSession> HostSession::create(HostOptions options) {
  if (!is_valid_id(options.host_id) || (!options.group.empty() && !is_valid_id(options.group))) {
    return fail(Code::invalid_input,
                fmt::format("'{}' (group '{}') cannot be a Sparkplug host id and group",
                            options.host_id, options.group),
                "use UTF-8 without '+', '/', '#'");
  }
  return HostSession(std::make_unique<Machine>(std::move(options)));
}
HostSession::HostSession(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
HostSession::HostSession(HostSession&&) noexcept = default;
HostSession& HostSession::operator=(HostSession&&) noexcept = default;
HostSession::~HostSession() = default;

void HostSession::start(const Now& now, HostActions& out) {
  machine_->start(now, out);
}
void HostSession::stop(const Now& now, HostActions& out) {
  machine_->stop(now, out);
}
void HostSession::on_connected(const Now& now, HostActions& out) {
  machine_->on_connected(now, out);
}
void HostSession::on_closed(const Now& now, std::uint64_t random, HostActions& out) {
  machine_->on_closed(now, random, out);
}
void HostSession::on_message(std::string_view topic, ByteView payload, const Now& now,
                             HostActions& out) {
  machine_->on_message(topic, payload, now, out);
}
void HostSession::on_tick(const Now& now, HostActions& out) {
  machine_->on_tick(now, out);
}
std::optional<Duration> HostSession::next_tick() const {
  return machine_->next_tick();
}

Result<void> HostSession::command(NodeNumber node, std::span<const CommandMetric> metrics,
                                  const Now& now, HostActions& out) {
  if (node.value() >= machine_->nodes_.size()) return fail(Code::not_found, "no such edge node");
  return machine_->command(node, {}, metrics, now, out);
}
Result<void> HostSession::command(DeviceNumber device, std::span<const CommandMetric> metrics,
                                  const Now& now, HostActions& out) {
  if (device.value() >= machine_->devices_.size()) return fail(Code::not_found, "no such device");
  const DeviceStatus& status = machine_->devices_[device.value()].status;
  return machine_->command(status.node, status.wire_name, metrics, now, out);
}
Result<void> HostSession::request_rebirth(NodeNumber node, std::string_view cause, const Now& now,
                                          HostActions& out) {
  if (node.value() >= machine_->nodes_.size()) return fail(Code::not_found, "no such edge node");
  return machine_->request_rebirth(node, cause, now, out);
}

bool HostSession::is_online() const {
  return machine_->link_ == Machine::Link::online;
}
std::size_t HostSession::node_count() const {
  return machine_->nodes_.size();
}
std::size_t HostSession::device_count() const {
  return machine_->devices_.size();
}
const NodeStatus& HostSession::node(NodeNumber number) const {
  return machine_->nodes_[number.value()].status;
}
const DeviceStatus& HostSession::device(DeviceNumber number) const {
  return machine_->devices_[number.value()].status;
}
std::optional<NodeNumber> HostSession::find_node(std::string_view group,
                                                 std::string_view edge) const {
  const auto found = machine_->node_numbers_.find(fmt::format("{}/{}", group, edge));
  return found == machine_->node_numbers_.end() ? std::nullopt : std::optional(found->second);
}
std::uint64_t HostSession::count(HostProblem problem) const {
  return machine_->counts_[static_cast<std::size_t>(problem)];
}
const HostOptions& HostSession::options() const {
  return machine_->options_;
}

}  // namespace millwright::sparkplug
