// Life of an edge session: connection, primary host, commands. Births and data: edge_publish.cpp.
#include "wire/sparkplug/edge_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/command.hpp"
#include "wire/sparkplug/host_state.hpp"
#include "wire/sparkplug/payload.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {
namespace {

EdgeAction& append(EdgeActions& out, EdgeActionKind kind) {
  EdgeAction& action = out.append();
  action.kind = kind;
  return action;
}

void refuse(EdgeActions& out, std::string text) {
  append(out, EdgeActionKind::refused).text = std::move(text);
}

void subscribe(EdgeActions& out, std::string filter) {
  EdgeAction& action = append(out, EdgeActionKind::subscribe);
  action.message.topic = std::move(filter);
  action.message.qos = Qos::at_least_once;
}

}  // namespace

std::string_view name_of(EdgeActionKind kind) {
  constexpr std::array<std::string_view, 10> names{
      "persist_bd_seq", "connect", "subscribe", "publish",    "disconnect",
      "need_births",    "born",    "command",   "host_state", "refused"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(EdgeState state) {
  constexpr std::array<std::string_view, 7> names{
      "stopped", "backing_off", "connecting", "waiting_for_host", "waiting_for_births",
      "born",    "leaving"};
  return names[static_cast<std::size_t>(state)];
}

void EdgeAction::reset() {
  message.reset();
  bd_seq = 0;
  server = 0;
  host_online = false;
  device.clear();
  metrics.clear();
  text.clear();
}

Duration back_off(std::uint32_t failures, Duration least, Duration most, std::uint64_t random) {
  Duration delay = least;
  for (std::uint32_t i = 0; i < failures && delay < most; ++i) delay *= 2;
  delay = std::min(delay, most);
  const auto half = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count() / 2, 1));
  return delay / 2 + Duration(static_cast<std::int64_t>(random % half));
}

Result<EdgeSession> EdgeSession::create(EdgeOptions options,
                                        std::optional<std::uint8_t> last_bd_seq) {
  for (const std::string* id : {&options.group, &options.edge}) {
    if (!is_valid_id(*id)) {
      return fail(Code::invalid_input, fmt::format("'{}' cannot be a Sparkplug group or edge", *id),
                  "use UTF-8 without '+', '/', '#'");
    }
  }
  if (!options.primary_host.empty() && !is_valid_id(options.primary_host)) {
    return fail(Code::invalid_input,
                fmt::format("'{}' cannot be a Sparkplug host id", options.primary_host),
                "use UTF-8 without '+', '/', '#'");
  }
  options.servers = std::max<std::uint32_t>(options.servers, 1);
  return EdgeSession(std::move(options), last_bd_seq);
}

EdgeSession::EdgeSession(EdgeOptions options, std::optional<std::uint8_t> last_bd_seq)
    : options_(std::move(options)), sent_bd_seq_(last_bd_seq), persisted_bd_seq_(last_bd_seq) {
  devices_[""].data_topic = topic(MessageType::ndata);
}

std::string EdgeSession::topic(MessageType type, std::string_view device) const {
  return format_topic(
      {.type = type, .group = options_.group, .edge = options_.edge, .device = device});
}

void EdgeSession::make_node_death(const Now& now, Message& message) const {
  Payload payload;
  payload.timestamp_ms = to_wire_ms(now.utc);
  payload.metrics.push_back(make_bd_seq_metric(bd_seq_, now.utc));
  message.topic = topic(MessageType::ndeath);
  message.qos = Qos::at_least_once;
  encode(payload, message.payload);
}

void EdgeSession::attempt(const Now& now, EdgeActions& out) {
  // An attempt that reached no broker does not use up its number; the first ever is 0.
  // [tck-id-topics-nbirth-bdseq-increment]
  bd_seq_ = sent_bd_seq_ ? static_cast<std::uint8_t>(*sent_bd_seq_ + 1) : std::uint8_t{0};
  if (persisted_bd_seq_ != bd_seq_) {
    append(out, EdgeActionKind::persist_bd_seq).bd_seq = bd_seq_;
    persisted_bd_seq_ = bd_seq_;
  }
  if (std::exchange(walk_, false)) server_ = (server_ + 1) % options_.servers;
  EdgeAction& connect = append(out, EdgeActionKind::connect);
  connect.server = server_;
  connect.bd_seq = bd_seq_;
  make_node_death(now, connect.message);
  state_ = EdgeState::connecting;
  wake_.reset();
}

void EdgeSession::start(const Now& now, EdgeActions& out) {
  stopping_ = false;
  if (state_ == EdgeState::stopped || state_ == EdgeState::backing_off) attempt(now, out);
}

void EdgeSession::leave(const Now& now, EdgeActions& out) {
  // A DISCONNECT discards the Will, so the death is published first.
  // [tck-id-operational-behavior-edge-node-intentional-disconnect-ndeath]
  if (std::exchange(births_sent_, 0u) > 0) {
    make_node_death(now, append(out, EdgeActionKind::publish).message);
  }
  append(out, EdgeActionKind::disconnect);
  state_ = EdgeState::leaving;
  wake_.reset();
  rebirth_due_.reset();
}

void EdgeSession::stop(const Now& now, EdgeActions& out) {
  stopping_ = true;
  if (state_ == EdgeState::stopped || state_ == EdgeState::leaving) return;
  if (state_ == EdgeState::backing_off) {
    state_ = EdgeState::stopped;
    wake_.reset();
    return;
  }
  leave(now, out);
}

void EdgeSession::on_connected(const Now& now, EdgeActions& out) {
  if (state_ != EdgeState::connecting) return;
  sent_bd_seq_ = bd_seq_;
  host_timestamp_ms_.reset();
  // [tck-id-message-flow-edge-node-ncmd-subscribe, tck-id-message-flow-device-dcmd-subscribe]
  subscribe(out, command_filter(MessageType::ncmd, options_.group, options_.edge));
  subscribe(out, command_filter(MessageType::dcmd, options_.group, options_.edge));
  if (options_.primary_host.empty()) {
    begin_births(now, out);
    return;
  }
  subscribe(out, format_topic({.type = MessageType::state, .edge = options_.primary_host}));
  state_ = EdgeState::waiting_for_host;
  if (options_.servers > 1) wake_ = now.monotonic + options_.host_wait_max;
}

void EdgeSession::on_closed(const Now& now, std::uint64_t random, EdgeActions& out) {
  if (state_ == EdgeState::stopped || state_ == EdgeState::backing_off) return;
  const bool reached = state_ != EdgeState::connecting;
  births_sent_ = 0;
  rebirth_due_.reset();
  if (std::exchange(host_online_, false)) append(out, EdgeActionKind::host_state);
  if (stopping_) {
    state_ = EdgeState::stopped;
    wake_.reset();
    return;
  }
  if (!reached) {
    walk_ = true;
    persisted_bd_seq_.reset();  // the attempt may have ended because it could not be stored
  }
  state_ = EdgeState::backing_off;
  wake_ =
      now.monotonic + back_off(failures_++, options_.reconnect_min, options_.reconnect_max, random);
}

void EdgeSession::on_tick(const Now& now, EdgeActions& out) {
  if (wake_ && *wake_ <= now.monotonic) {
    wake_.reset();
    if (state_ == EdgeState::backing_off) {
      attempt(now, out);
    } else if (state_ == EdgeState::waiting_for_host) {
      walk_ = true;
      leave(now, out);
    } else if (state_ == EdgeState::waiting_for_births) {
      begin_births(now, out);
    }
  }
  if (rebirth_due_ && *rebirth_due_ <= now.monotonic) {
    rebirth_due_.reset();
    if (state_ == EdgeState::born) begin_births(now, out);
  }
}

std::optional<Duration> EdgeSession::next_tick() const {
  if (wake_ && rebirth_due_) return std::min(*wake_, *rebirth_due_);
  return wake_ ? wake_ : rebirth_due_;
}

void EdgeSession::on_message(std::string_view topic_text, ByteView payload, const Now& now,
                             EdgeActions& out) {
  const std::optional<Topic> topic = parse_topic(topic_text);
  if (!topic) {
    refuse(out, fmt::format("not a Sparkplug topic: '{}'", topic_text.substr(0, 256)));
    return;
  }
  if (state_ != EdgeState::waiting_for_host && state_ != EdgeState::waiting_for_births &&
      state_ != EdgeState::born) {
    return;  // what an ended connection had still delivered
  }
  if (topic->type == MessageType::state) {
    // [tck-id-message-flow-edge-node-birth-publish-phid-wait-id]
    if (topic->edge == options_.primary_host) on_host_state(payload, now, out);
  } else if (topic->group == options_.group && topic->edge == options_.edge &&
             (topic->type == MessageType::ncmd || topic->type == MessageType::dcmd)) {
    on_command(*topic, payload, now, out);
  }
}

void EdgeSession::on_host_state(ByteView payload, const Now& now, EdgeActions& out) {
  const std::optional<HostState> host = parse_host_state(payload);
  if (!host) {
    refuse(out, fmt::format("STATE of '{}' is not readable", options_.primary_host));
    return;
  }
  // [tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp]
  if (host_timestamp_ms_ && host->timestamp_ms < *host_timestamp_ms_) return;
  host_timestamp_ms_ = host->timestamp_ms;
  if (host->online != std::exchange(host_online_, host->online)) {
    append(out, EdgeActionKind::host_state).host_online = host->online;
  }
  if (host->online) {
    if (state_ == EdgeState::waiting_for_host) begin_births(now, out);
    return;
  }
  // NDEATH and disconnect, then the next server; on the only server wait where we are, unless there
  // is a session to end. [tck-id-operational-behavior-edge-node-termination-host-offline]
  if (state_ == EdgeState::waiting_for_host && options_.servers == 1) return;
  walk_ = true;
  leave(now, out);
}

void EdgeSession::on_command(const Topic& topic, ByteView bytes, const Now& now, EdgeActions& out) {
  const auto device = devices_.find(topic.device);
  if (device == devices_.end()) {
    refuse(out, fmt::format("command for the unknown device '{}'", topic.device));
    return;
  }
  Result<Payload> payload = decode(bytes);
  if (!payload) {
    refuse(out, fmt::format("command for '{}': {}", topic.device, payload.error().message()));
    return;
  }
  bool rebirth = false;
  std::vector<CommandMetric> metrics;
  for (Metric& metric : payload->metrics) {
    if (topic.device.empty() && metric.name == rebirth_metric) {
      const bool* value = std::get_if<bool>(&metric.value);
      rebirth = rebirth || (value != nullptr && *value && !metric.is_null);
      continue;
    }
    Result<CommandMetric> command = to_command(metric, device->second.table);
    if (command)
      metrics.push_back(std::move(*command));
    else
      refuse(out, fmt::format("command for '{}': {}", topic.device, command.error().message()));
  }
  if (!metrics.empty()) {
    EdgeAction& action = append(out, EdgeActionKind::command);
    action.device = topic.device;
    action.metrics = std::move(metrics);
  }
  if (rebirth) request_rebirth(now, out);
}

void EdgeSession::request_rebirth(const Now& now, EdgeActions& out) {
  if (state_ != EdgeState::born) return;  // births are on their way
  const Duration due = last_births_.value_or(Duration::min() / 2) + options_.rebirth_debounce;
  if (due <= now.monotonic)
    begin_births(now, out);
  else
    rebirth_due_ = due;
}

void EdgeSession::begin_births(const Now&, EdgeActions& out) {
  // From here on publish_data refuses. [tck-id-operational-behavior-data-commands-rebirth-action-1]
  state_ = EdgeState::waiting_for_births;
  wake_.reset();
  rebirth_due_.reset();
  append(out, EdgeActionKind::need_births);
}

}  // namespace millwright::sparkplug
