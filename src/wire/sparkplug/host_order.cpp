// Host session: the order of an edge node's messages. One count over all messages of the node, a
// bounded buffer behind a gap, a timer for the gap.
// [tck-id-operational-behavior-host-reordering-…]
#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/host_machine.hpp"

namespace millwright::sparkplug {
namespace {

/// Messages of a second sender in a row, while the first goes on, that prove it.
constexpr std::uint32_t duplicate_proof = 4;
constexpr Duration duplicate_pause = std::chrono::seconds(60);

std::optional<std::uint8_t> valid_seq(std::optional<std::uint64_t> seq) {
  return seq && *seq <= 255 ? std::optional(static_cast<std::uint8_t>(*seq)) : std::nullopt;
}

}  // namespace

std::optional<NodeNumber> HostSession::Machine::add_node(std::string_view group,
                                                         std::string_view edge, HostActions& out) {
  (key_.assign(group) += '/') += edge;
  if (const auto known = node_numbers_.find(key_); known != node_numbers_.end())
    return known->second;
  if (nodes_.size() >= options_.nodes_max) {
    problem(HostProblem::limit_reached, "more edge nodes than nodes_max: " + key_, out);
    return std::nullopt;
  }
  const NodeNumber number(static_cast<std::uint32_t>(nodes_.size()));
  HostNode& node = nodes_.emplace_back();
  node.status.group = group;
  node.status.edge = edge;
  node_numbers_.emplace(key_, number);
  node.self = *add_device(number, {}, out);
  return number;
}

std::optional<DeviceNumber> HostSession::Machine::add_device(NodeNumber number,
                                                             std::string_view name,
                                                             HostActions& out) {
  HostNode& node = at(number);
  if (const auto known = node.devices.find(name); known != node.devices.end()) return known->second;
  if (node.devices.size() >= options_.devices_per_node_max) {
    problem(HostProblem::limit_reached,
            fmt::format("more devices than devices_per_node_max at {}/{}", node.status.group,
                        node.status.edge),
            out, number);
    return std::nullopt;
  }
  const DeviceNumber device(static_cast<std::uint32_t>(devices_.size()));
  DeviceStatus& status = devices_.emplace_back().status;
  status.node = number;
  status.wire_name = name;
  status.address = normalise(node.status.group, node.status.edge, name);
  if (!name.empty()) node.devices.emplace(std::string(name), device);
  const MessageType type = name.empty() ? MessageType::ndata : MessageType::ddata;
  routes_.emplace(
      format_topic(
          {.type = type, .group = node.status.group, .edge = node.status.edge, .device = name}),
      Route{number, device});
  return device;
}

void HostSession::Machine::on_node_message(const Topic& topic, ByteView payload, const Now& now,
                                           HostActions& out) {
  const std::optional<NodeNumber> number = add_node(topic.group, topic.edge, out);
  if (!number) return;
  HostNode& node = at(*number);
  if (topic.type == MessageType::ndata || topic.type == MessageType::ddata) {
    const std::optional<DeviceNumber> device =
        topic.device.empty() ? node.self : add_device(*number, topic.device, out);
    if (device) on_data(*number, *device, payload, now, out);
    return;
  }
  node.last_heard = now.monotonic;
  node.said_stale = false;
  ++node.status.messages;
  if (topic.type == MessageType::nbirth)
    on_node_birth(*number, payload, now, out);
  else if (topic.type == MessageType::ndeath)
    on_node_death(*number, payload, now, out);
  else
    on_device_message(*number, topic, payload, now, out);
  arm(*number);
}

void HostSession::Machine::on_device_message(NodeNumber number, const Topic& topic,
                                             ByteView payload, const Now& now, HostActions& out) {
  if (!at(number).synchronised) {
    if (!at(number).rebirth_open)
      problem(HostProblem::unknown_node,
              fmt::format("{} of {}/{}/{} before its NBIRTH", name_of(topic.type), topic.group,
                          topic.edge, topic.device),
              out, number);
    ask_rebirth(number, name_of(HostProblem::unknown_node), now, out);
    return;
  }
  const Result<Payload> decoded = decode(payload);
  if (!decoded) {
    problem(HostProblem::malformed_payload,
            fmt::format("{} of {}/{}/{}: {}", name_of(topic.type), topic.group, topic.edge,
                        topic.device, decoded.error().message()),
            out, number);
    return;
  }
  KeptMessage head;
  head.type = topic.type;
  head.device = topic.device;
  head.sent_ms = decoded->timestamp_ms;
  head.arrived = now.utc;
  const std::optional<std::uint8_t> seq = valid_seq(decoded->seq);
  if (!seq) {
    problem(HostProblem::missing_sequence,
            fmt::format("{} of {}/{}", name_of(topic.type), topic.edge, topic.device), out, number);
  } else {
    head.seq = *seq;
    const Order order = in_order(number, head, payload, now, out);
    if (order == Order::overflow)
      overtake(number, head, now, out);
    else if (order != Order::now)
      return;
  }
  head.payload.assign(payload.begin(), payload.end());
  take_turn(number, head, now, out);
  drain_pending(number, now, out);
}

void HostSession::Machine::on_data(NodeNumber number, DeviceNumber device, ByteView payload,
                                   const Now& now, HostActions& out) {
  HostNode& node = at(number);
  node.last_heard = now.monotonic;
  node.said_stale = false;
  ++node.status.messages;
  KeptMessage& head = head_;
  head.type = device == node.self ? MessageType::ndata : MessageType::ddata;
  head.sent_ms.reset();
  head.device = at(device).status.wire_name;
  head.arrived = now.utc;
  if (!node.synchronised) {
    if (!node.rebirth_open)
      problem(HostProblem::unknown_node,
              fmt::format("data of {} before its NBIRTH", at(device).status.address.text()), out,
              number, device);
    hold(number, head, payload, out);
    ask_rebirth(number, name_of(HostProblem::unknown_node), now, out);
    return;
  }
  Payload general;
  std::optional<ScanOutcome> outcome = read(device, payload, now.utc, general, out);
  if (!outcome) return;
  const bool is_general = *outcome == ScanOutcome::general;
  head.sent_ms = is_general ? general.timestamp_ms : data_.header.timestamp_ms;
  const std::optional<std::uint8_t> seq = valid_seq(is_general ? general.seq : data_.header.seq);
  Order order = Order::now;
  if (!seq) {
    problem(HostProblem::missing_sequence, "data without a number", out, number, device);
  } else {
    head.seq = *seq;
    order = in_order(number, head, payload, now, out);
  }
  if (order == Order::later) return;
  if (order == Order::overflow) {
    // `head` is this machine's own room, which the messages that waited do not use.
    overtake(number, head, now, out);
    outcome = read(device, payload, now.utc, general, out);
    if (!outcome) return;
    order = Order::now;
  }
  if (order == Order::late && !(at(device).trusted && at(device).same_schema)) {
    problem(HostProblem::held_ambiguous, "late data of a schema that changed since", out, number,
            device);
    return;
  }
  if (order == Order::now && node.births_running) forget_unborn(number, now, out);
  finish(device, *outcome, general, head, payload, UnknownMetrics::ask, now, out);
  if (!at(number).pending.empty()) drain_pending(number, now, out);
}

HostSession::Machine::Order HostSession::Machine::in_order(NodeNumber number,
                                                           const KeptMessage& head,
                                                           ByteView payload, const Now& now,
                                                           HostActions& out) {
  HostNode& node = at(number);
  if (std::exchange(node.adopt_next, false)) node.expected = head.seq;
  if (head.seq == node.expected) {
    ++node.expected;
    if (node.other_next) ++node.main_run;
    return Order::now;
  }
  // Sent before the last NBIRTH: a message of the session before, overtaken by it.
  if (head.sent_ms && node.birth_sent_ms && *head.sent_ms < *node.birth_sent_ms) {
    problem(HostProblem::late_message, "sent before the last NBIRTH", out, number);
    return Order::late;
  }
  watch_for_duplicate(number, head.seq, now, out);
  const auto distance = static_cast<std::uint8_t>(head.seq - node.expected);
  if (distance >= 128) {
    // Behind: late, or a session whose NBIRTH was lost. Only a birth can tell.
    problem(HostProblem::late_message,
            fmt::format("number {} where {} was due", head.seq, node.expected), out, number);
    distrust(number);
    ask_rebirth(number, name_of(HostProblem::late_message), now, out);
    return is_device_type(head.type) && head.type != MessageType::ddata ? Order::later : Order::now;
  }
  if (!node.gap_deadline) node.gap_deadline = now.monotonic + options_.reorder_timeout;
  if (keep(node, node.pending, options_.reorder_messages_max, head, payload)) {
    arm(number);
    return Order::later;
  }
  return Order::overflow;
}

void HostSession::Machine::overtake(NodeNumber number, const KeptMessage& head, const Now& now,
                                    HostActions& out) {
  give_up_gap(number, HostProblem::reorder_overflow, now, out);
  at(number).expected = static_cast<std::uint8_t>(head.seq + 1);
}

void HostSession::Machine::drain_pending(NodeNumber number, const Now& now, HostActions& out) {
  bool progress = false;
  while (true) {
    HostNode& node = at(number);
    const auto next = std::ranges::find(node.pending, node.expected, &KeptMessage::seq);
    if (next == node.pending.end()) break;
    const KeptMessage message = std::move(*next);
    node.pending.erase(next);
    forget(node, message);
    ++node.expected;
    progress = true;
    take_turn(number, message, now, out);
  }
  HostNode& node = at(number);
  if (node.pending.empty())
    node.gap_deadline.reset();
  else if (progress || !node.gap_deadline)
    node.gap_deadline = now.monotonic + options_.reorder_timeout;
  arm(number);
}

void HostSession::Machine::give_up_gap(NodeNumber number, HostProblem cause, const Now& now,
                                       HostActions& out) {
  HostNode& node = at(number);
  node.gap_deadline.reset();
  const std::uint8_t expected = node.expected;
  std::vector<KeptMessage> waiting = std::exchange(node.pending, {});
  std::ranges::stable_sort(waiting, {}, [expected](const KeptMessage& m) {
    return static_cast<std::uint8_t>(m.seq - expected);
  });
  problem(cause,
          fmt::format("number {} never came; {} messages behind it", expected, waiting.size()), out,
          number);
  // A birth may have been among what was lost: what follows waits for a new one.
  distrust(number);
  ask_rebirth(number, name_of(cause), now, out);
  for (const KeptMessage& message : waiting) {
    forget(at(number), message);
    at(number).expected = static_cast<std::uint8_t>(message.seq + 1);
    take_turn(number, message, now, out);
  }
}

void HostSession::Machine::take_turn(NodeNumber number, const KeptMessage& message, const Now& now,
                                     HostActions& out) {
  if (message.type == MessageType::dbirth) {
    on_device_birth(number, message, message.payload, now, out);
    return;
  }
  if (message.type == MessageType::ddeath) {
    on_device_death(number, message, now, out);
    return;
  }
  const std::optional<DeviceNumber> device =
      message.device.empty() ? at(number).self : add_device(number, message.device, out);
  if (!device) return;
  Payload general;
  const std::optional<ScanOutcome> outcome =
      read(*device, message.payload, message.arrived, general, out);
  if (outcome)
    finish(*device, *outcome, general, message, message.payload, UnknownMetrics::ask, now, out);
}

void HostSession::Machine::pending_to_held(NodeNumber number,
                                           std::optional<std::uint64_t> sent_before_ms,
                                           HostActions& out) {
  std::vector<KeptMessage> waiting = std::exchange(at(number).pending, {});
  for (KeptMessage& message : waiting) {
    const bool newer = sent_before_ms && message.sent_ms && *message.sent_ms >= *sent_before_ms;
    if (newer) {
      at(number).pending.push_back(std::move(message));
      continue;
    }
    forget(at(number), message);
    if (message.type == MessageType::ddata || message.type == MessageType::ndata)
      hold(number, message, message.payload, out);
  }
}

bool HostSession::Machine::keep(HostNode& node, std::vector<KeptMessage>& where,
                                std::uint32_t messages_max, const KeptMessage& head,
                                ByteView payload) {
  const std::size_t size = payload.size() + sizeof(KeptMessage) + head.device.size();
  if (where.size() >= messages_max || node.kept_bytes + size > options_.held_bytes_max ||
      kept_total_ + size > options_.held_bytes_total_max) {
    return false;
  }
  KeptMessage& kept = where.emplace_back();
  kept.type = head.type;
  kept.device = head.device;
  kept.seq = head.seq;
  kept.sent_ms = head.sent_ms;
  kept.arrived = head.arrived;
  kept.payload.assign(payload.begin(), payload.end());
  node.kept_bytes += size;
  kept_total_ += size;
  return true;
}

void HostSession::Machine::forget(HostNode& node, const KeptMessage& message) {
  const std::size_t size = message.payload.size() + sizeof(KeptMessage) + message.device.size();
  node.kept_bytes -= size;
  kept_total_ -= size;
}

void HostSession::Machine::hold(NodeNumber number, const KeptMessage& head, ByteView payload,
                                HostActions& out) {
  HostNode& node = at(number);
  while (!keep(node, node.held, options_.held_messages_max, head, payload)) {
    if (node.held.empty()) {
      problem(HostProblem::held_overflow, "a message waiting for a birth was dropped", out, number);
      return;
    }
    forget(node, node.held.front());
    node.held.erase(node.held.begin());
    problem(HostProblem::held_overflow, "the oldest message waiting for a birth was dropped", out,
            number);
  }
}

void HostSession::Machine::watch_for_duplicate(NodeNumber number, std::uint8_t seq, const Now& now,
                                               HostActions& out) {
  HostNode& node = at(number);
  if (node.other_next == seq) {
    ++node.other_run;
  } else {
    node.other_run = 1;
    node.main_run = 0;
  }
  node.other_next = static_cast<std::uint8_t>(seq + 1);
  if (node.other_run >= duplicate_proof && node.main_run >= duplicate_proof)
    say_duplicate(number, "two streams of numbers interleave", now, out);
}

void HostSession::Machine::say_duplicate(NodeNumber number, std::string_view how, const Now& now,
                                         HostActions& out) {
  HostNode& node = at(number);
  node.other_next.reset();
  node.other_run = node.main_run = 0;
  if (node.duplicate_said && now.monotonic - *node.duplicate_said < duplicate_pause) return;
  node.duplicate_said = now.monotonic;
  problem(HostProblem::duplicate_edge,
          fmt::format("two senders use the edge node id {}/{}: {}", node.status.group,
                      node.status.edge, how),
          out, number);
}

}  // namespace millwright::sparkplug
