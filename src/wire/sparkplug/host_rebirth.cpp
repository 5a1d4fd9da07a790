// Host session: trust in what births declared, and requests for new ones. One request is open per
// edge node; causes are named; repeats back off. (Known pains: rebirth firestorms.)
#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/host_machine.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {

void HostSession::Machine::distrust(NodeNumber number) {
  HostNode& node = at(number);
  at(node.self).trusted = false;
  for (const auto& [name, device] : node.devices) at(device).trusted = false;
}

Result<void> HostSession::Machine::request_rebirth(NodeNumber number, std::string_view cause,
                                                   const Now& now, HostActions& out) {
  if (link_ != Link::online) return fail(Code::unavailable, "this host is not connected");
  ask_rebirth(number, cause, now, out);
  return {};
}

void HostSession::Machine::ask_rebirth(NodeNumber number, std::string_view cause, const Now& now,
                                       HostActions& out) {
  HostNode& node = at(number);
  if (std::exchange(node.rebirth_open, true)) return;
  node.asked_at = now.monotonic;
  node.rebirth_cause = cause;
  node.rebirth_due = now.monotonic;
  if (node.last_request)
    node.rebirth_due = std::max(now.monotonic, *node.last_request + options_.rebirth_retry_min);
  if (*node.rebirth_due <= now.monotonic) send_rebirth(number, now, out);
  arm(number);
}

void HostSession::Machine::send_rebirth(NodeNumber number, const Now& now, HostActions& out) {
  HostNode& node = at(number);
  if (node.rebirth_tries >= options_.rebirth_tries_max) {
    if (node.last_heard < node.asked_at) {  // it is gone, and its death was missed
      if (node.status.online) node_offline(number, Death::silent, now.utc, out);
      node.rebirth_open = false;
      return;
    }
    if (!node.enveloped) give_up_rebirth(number, now, out);
    if (!node.rebirth_open) return;
  }
  node.last_request = now.monotonic;
  Duration pause = options_.rebirth_retry_min;
  for (std::uint32_t i = 0; i < node.rebirth_tries && pause < options_.rebirth_retry_max; ++i)
    pause *= 2;
  node.rebirth_due = now.monotonic + std::min(pause, options_.rebirth_retry_max);
  ++node.rebirth_tries;
  ++node.status.rebirth_requests;

  Payload payload;  // [tck-id-operational-behavior-data-commands-ncmd-rebirth-…]
  payload.timestamp_ms = to_wire_ms(now.utc);
  payload.metrics.push_back(make_rebirth_metric(true, now.utc));
  HostAction& publish = out.append();
  publish.kind = HostActionKind::publish;
  publish.message.topic = format_topic(
      {.type = MessageType::ncmd, .group = node.status.group, .edge = node.status.edge});
  encode(payload, publish.message.payload);
  HostAction& event = out.append();
  event.kind = HostActionKind::rebirth_requested;
  event.node = number;
  event.text = node.rebirth_cause;
}

/// An edge that cannot rebirth would never be read again: its last births are taken as still true.
/// Never for an edge that sends envelopes: it answers, and it resends what was not acknowledged.
void HostSession::Machine::give_up_rebirth(NodeNumber number, const Now& now, HostActions& out) {
  HostNode& node = at(number);
  std::vector<DeviceNumber> known;
  if (at(node.self).ever_born) known.push_back(node.self);
  for (const auto& [name, device] : node.devices) {
    if (at(device).ever_born && at(device).status.online) known.push_back(device);
  }
  if (known.empty() || !node.status.online) return;
  problem(HostProblem::rebirth_ignored,
          fmt::format("{}/{} did not answer {} requests for births", node.status.group,
                      node.status.edge, node.rebirth_tries),
          out, number);
  node.rebirth_open = false;
  node.rebirth_tries = 0;
  node.rebirth_due.reset();
  if (!node.synchronised) {
    node.synchronised = true;
    node.adopt_next = true;
  }
  for (const DeviceNumber device : known) {
    at(device).trusted = true;
    release_held(number, device, Declared::same, now, out);
  }
}

}  // namespace millwright::sparkplug
