// Host session: the content of DATA messages, read by the births of their devices.
#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/host_machine.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {

std::optional<ScanOutcome> HostSession::Machine::read(DeviceNumber device, ByteView payload,
                                                      Timestamp arrived, Payload& general,
                                                      HostActions& out) {
  const HostDevice& entry = at(device);
  const auto malformed = [&](const Error& error) {
    problem(HostProblem::malformed_payload,
            fmt::format("data of {}: {}", entry.status.address.text(), error.message()), out,
            entry.status.node, device);
    return std::nullopt;
  };
  const Result<ScanOutcome> outcome = scan(payload, entry.table, arrived, data_);
  if (!outcome) return malformed(outcome.error());
  // Live and historical metrics in one message are taken apart by the general way.
  const bool mixed = data_.historical != 0 && data_.historical != data_.metric_count;
  if (*outcome == ScanOutcome::complete && !mixed) return ScanOutcome::complete;
  Result<Payload> decoded = decode(payload);
  if (!decoded) return malformed(decoded.error());
  general = std::move(*decoded);
  return ScanOutcome::general;
}

void HostSession::Machine::finish(DeviceNumber device, ScanOutcome outcome, Payload& general,
                                  const KeptMessage& head, ByteView payload, UnknownMetrics unknown,
                                  const Now& now, HostActions& out) {
  HostDevice& entry = at(device);
  if (!entry.trusted) {
    const NodeNumber number = entry.status.node;
    if (!at(number).rebirth_open) {
      problem(HostProblem::unknown_device,
              fmt::format("data of {} before its birth", entry.status.address.text()), out, number,
              device);
    }
    hold(number, head, payload, out);
    ask_rebirth(number, name_of(HostProblem::unknown_device), now, out);
    return;
  }
  if (outcome == ScanOutcome::general) {
    finish_general(device, general, head, payload, unknown, now, out);
    return;
  }
  if (!data_.unknown.empty() && !settle_unknown(device, head, payload, unknown, now, out)) return;
  const bool historical = data_.historical != 0;
  append_data(device, historical ? DataClass::historical : DataClass::live, head.arrived, out);
}

void HostSession::Machine::finish_general(DeviceNumber device, Payload& general,
                                          const KeptMessage& head, ByteView payload,
                                          UnknownMetrics unknown, const Now& now,
                                          HostActions& out) {
  HostDevice& entry = at(device);
  for (Metric& metric : general.metrics) {
    if (!metric.name.empty() || !metric.alias) continue;
    const auto name = entry.template_names.find(*metric.alias);
    if (name != entry.template_names.end()) metric.name = name->second;
  }
  if (!flatten(general.metrics, at(entry.status.node).definitions, FlattenFor::data,
               options_.metrics_per_device_max)) {
    problem(HostProblem::limit_reached,
            "more metrics than metrics_per_device_max in data of " + entry.status.address.text(),
            out, entry.status.node, device);
  }
  std::vector<Metric> metrics = std::move(general.metrics);
  const auto live = std::ranges::stable_partition(metrics, std::identity{}, &Metric::is_historical);
  const auto historical_count = static_cast<std::size_t>(live.begin() - metrics.begin());
  const std::size_t live_count = metrics.size() - historical_count;
  for (const DataClass part : {DataClass::historical, DataClass::live}) {
    const bool historical = part == DataClass::historical;
    const std::size_t count = historical ? historical_count : live_count;
    if (count == 0 && (historical || historical_count != 0)) continue;
    const auto first =
        metrics.begin() + (historical ? 0 : static_cast<std::ptrdiff_t>(historical_count));
    general.metrics.assign(std::make_move_iterator(first),
                           std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count)));
    collect(general, entry.table, head.arrived, data_);
    if (!data_.unknown.empty() && !settle_unknown(device, head, payload, unknown, now, out)) return;
    append_data(device, part, head.arrived, out);
  }
}

/// False when the message shall not be delivered now: it is held, or it cannot be read whole.
bool HostSession::Machine::settle_unknown(DeviceNumber device, const KeptMessage& head,
                                          ByteView payload, UnknownMetrics unknown, const Now& now,
                                          HostActions& out) {
  HostDevice& entry = at(device);
  const NodeNumber number = entry.status.node;
  std::uint32_t undeclared = 0;
  std::string first;
  for (const UnknownMetric& metric : data_.unknown) {
    const bool ignored = metric.alias ? entry.ignored_aliases.contains(*metric.alias)
                                      : entry.ignored_names.contains(metric.name);
    if (ignored) {
      ++counts_[static_cast<std::size_t>(HostProblem::unsupported_metric)];
      continue;
    }
    if (undeclared++ == 0)
      first = metric.alias ? fmt::format("alias {}", *metric.alias)
                           : fmt::format("name '{}'", metric.name.substr(0, 256));
    if (unknown == UnknownMetrics::ignore) {
      if (metric.alias)
        entry.ignored_aliases.insert(*metric.alias);
      else
        entry.ignored_names.emplace(metric.name);
    }
  }
  if (undeclared == 0) return data_.header.uuid != envelope_uuid;
  problem(HostProblem::unknown_alias,
          fmt::format("{} in data of {} is not in its birth ({} of its metrics)", first,
                      entry.status.address.text(), undeclared),
          out, number, device);
  if (unknown == UnknownMetrics::ask) {
    entry.trusted = false;
    hold(number, head, payload, out);
    ask_rebirth(number, name_of(HostProblem::unknown_alias), now, out);
    return false;
  }
  // An envelope counts the metrics of its message: without all of them it cannot be used.
  return data_.header.uuid != envelope_uuid;
}

void HostSession::Machine::append_data(DeviceNumber device, DataClass data_class, Timestamp arrived,
                                       HostActions& out) {
  const HostDevice& entry = at(device);
  if (data_.mistyped > 0 || data_.untimed > 0) {
    problem(HostProblem::wrong_value,
            fmt::format("{} values of {} do not fit their type or have no time",
                        data_.mistyped + data_.untimed, entry.status.address.text()),
            out, entry.status.node, device);
  }
  HostAction& event = out.append();
  event.kind = HostActionKind::data;
  event.node = entry.status.node;
  event.device = device;
  event.data_class = data_class;
  std::swap(event.batch, data_.batch);
  if (data_.header.uuid == envelope_uuid)
    event.body.assign(data_.header.body.begin(), data_.header.body.end());
  event.arrived_at = arrived;
  event.sent_at = data_.header.timestamp_ms ? from_wire_ms(*data_.header.timestamp_ms) : arrived;
}

void HostSession::Machine::release_held(NodeNumber number, DeviceNumber device, Declared declared,
                                        const Now& now, HostActions& out) {
  HostNode& node = at(number);
  const std::string& name = at(device).status.wire_name;
  std::vector<KeptMessage> mine;
  std::erase_if(node.held, [&](KeptMessage& message) {
    if (message.device != name) return false;
    forget(node, message);
    mine.push_back(std::move(message));
    return true;
  });
  if (mine.empty()) return;
  if (declared == Declared::changed) {
    problem(HostProblem::held_ambiguous,
            fmt::format("{} messages of {} from before its schema changed", mine.size(),
                        at(device).status.address.text()),
            out, number, device);
    return;
  }
  for (const KeptMessage& message : mine) {
    Payload general;
    const std::optional<ScanOutcome> outcome =
        read(device, message.payload, message.arrived, general, out);
    if (outcome)
      finish(device, *outcome, general, message, message.payload, UnknownMetrics::ignore, now, out);
  }
}

}  // namespace millwright::sparkplug
