// Host session: births and deaths. A birth declares the schema, and its values are data.
#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/host_machine.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::DataType;
using ontology::MetricDefinition;

/// bdSeq as a number, whatever integer type its sender chose.
std::optional<std::uint64_t> bd_seq_of(const Payload& payload) {
  for (const Metric& metric : payload.metrics) {
    if (metric.name != bd_seq_metric || metric.is_null) continue;
    if (const auto* value = std::get_if<std::int64_t>(&metric.value))
      return static_cast<std::uint64_t>(*value);
    if (const auto* value = std::get_if<std::uint64_t>(&metric.value)) return *value;
  }
  return std::nullopt;
}

const std::string* text_property(const Metric& metric, std::string_view key) {
  for (const Property& property : metric.properties) {
    if (property.key == key) return std::get_if<std::string>(&property.value.value);
  }
  return nullptr;
}

DataType series_type(const Metric& metric) {
  const DataType type = data_type_of(metric.datatype);
  const std::string* ours = text_property(metric, type_property);
  if (type == DataType::bytes && ours != nullptr &&
      *ours == ontology::name_of(DataType::waveform)) {
    return DataType::waveform;
  }
  return type;
}

MetricDefinition definition_of(const Metric& metric) {
  MetricDefinition definition{metric.name, series_type(metric), {}};
  for (const std::string_view key : {unit_property, std::string_view("Engineering Units")}) {
    if (const std::string* unit = text_property(metric, key)) {
      definition.unit = *unit;
      break;
    }
  }
  return definition;
}

/// A payload that ends between two of its fields still reads, as a shorter one. An edge that
/// envelopes its samples does so for the whole of a session, and numbers its births.
bool is_cut_off(const HostNode& node, const Payload& birth, std::optional<std::uint64_t> bd_seq) {
  const bool enveloped = birth.uuid == envelope_uuid && !birth.body.empty();
  return node.status.online && node.enveloped && !enveloped &&
         (!birth.seq || bd_seq == node.bd_seq);
}

bool same_bindings(const std::vector<MetricBinding>& a, const std::vector<MetricBinding>& b) {
  return std::ranges::equal(a, b, [](const MetricBinding& x, const MetricBinding& y) {
    return x.name == y.name && x.alias == y.alias && x.datatype == y.datatype;
  });
}

}  // namespace

void HostSession::Machine::on_node_birth(NodeNumber number, ByteView bytes, const Now& now,
                                         HostActions& out) {
  Result<Payload> payload = decode(bytes);
  if (!payload) {
    problem(HostProblem::malformed_payload,
            fmt::format("NBIRTH of {}/{}: {}", at(number).status.group, at(number).status.edge,
                        payload.error().message()),
            out, number);
    return;
  }
  const std::optional<std::uint64_t> bd_seq = bd_seq_of(*payload);
  if (is_cut_off(at(number), *payload, bd_seq)) {
    problem(HostProblem::malformed_payload,
            fmt::format("NBIRTH of {}/{}: cut off: it lacks the envelope of its session",
                        at(number).status.group, at(number).status.edge),
            out, number);
    return;
  }
  if (at(number).status.online && bd_seq != at(number).bd_seq) {
    const bool back = bd_seq == at(number).previous_bd_seq && bd_seq;
    at(number).previous_bd_seq = at(number).bd_seq;
    node_offline(number, Death::replaced, now.utc, out);
    if (back) say_duplicate(number, "bdSeq goes back and forth", now, out);
  }
  // What waits behind a gap and was sent before belongs to the session before.
  pending_to_held(number, payload->timestamp_ms, out);
  HostNode& node = at(number);
  // Any first number is right. [tck-id-payloads-nbirth-seq]
  if (!payload->seq || *payload->seq > 255)
    problem(HostProblem::missing_sequence,
            fmt::format("NBIRTH of {}/{} without a number", node.status.group, node.status.edge),
            out, number);
  node.expected = static_cast<std::uint8_t>(payload->seq.value_or(0) + 1);
  node.synchronised = true;
  node.adopt_next = false;
  node.gap_deadline.reset();
  node.birth_sent_ms = payload->timestamp_ms;
  node.births_running = true;
  node.enveloped = payload->uuid == envelope_uuid && !payload->body.empty();
  node.rebirth_open = false;
  node.rebirth_tries = 0;
  node.rebirth_due.reset();
  node.bd_seq = bd_seq;
  node.status.bd_seq = bd_seq.value_or(0);
  node.status.online = true;
  node.status.changed_at = now.utc;
  ++node.status.births;
  node.aliases.clear();
  node.definitions.clear();
  for (const auto& [name, device] : node.devices) {
    at(device).trusted = false;
    at(device).born_again = false;
  }
  take_definitions(payload->metrics, node.definitions);
  const DeviceNumber self = node.self;
  const Declared declared = declare(number, self, *payload, out);
  if (declared != Declared::refused) {
    report_birth(self, *payload, now.utc, out);
    release_held(number, self, declared, now, out);
  }
  drain_pending(number, now, out);
}

void HostSession::Machine::on_node_death(NodeNumber number, ByteView bytes, const Now& now,
                                         HostActions& out) {
  const Result<Payload> payload = decode(bytes);
  if (!payload) {
    problem(HostProblem::malformed_payload,
            fmt::format("NDEATH of {}/{}: {}", at(number).status.group, at(number).status.edge,
                        payload.error().message()),
            out, number);
    return;
  }
  HostNode& node = at(number);
  if (!node.status.online) return;
  // Compared for equality only: the count may begin anew at any value.
  if (const std::optional<std::uint64_t> bd_seq = bd_seq_of(*payload); bd_seq != node.bd_seq) {
    problem(HostProblem::stale_death,
            fmt::format("NDEATH of {}/{} with bdSeq {} in the session of bdSeq {}",
                        node.status.group, node.status.edge,
                        bd_seq ? fmt::format("{}", *bd_seq) : "none", node.status.bd_seq),
            out, number);
    return;
  }
  pending_to_held(number, std::nullopt, out);
  node.previous_bd_seq.reset();
  node_offline(number, Death::declared, now.utc, out);
}

void HostSession::Machine::on_device_birth(NodeNumber number, const KeptMessage& head,
                                           ByteView bytes, const Now& now, HostActions& out) {
  const std::optional<DeviceNumber> device = add_device(number, head.device, out);
  if (!device) return;
  Result<Payload> payload = decode(bytes);
  if (!payload) {
    problem(HostProblem::malformed_payload,
            fmt::format("DBIRTH of {}: {}", at(*device).status.address.text(),
                        payload.error().message()),
            out, number, *device);
    return;
  }
  release_aliases(number, *device);
  const Declared declared = declare(number, *device, *payload, out);
  if (declared == Declared::refused) return;
  report_birth(*device, *payload, head.arrived, out);
  release_held(number, *device, declared, now, out);
}

void HostSession::Machine::on_device_death(NodeNumber number, const KeptMessage& head,
                                           const Now& now, HostActions& out) {
  const auto known = at(number).devices.find(head.device);
  if (known == at(number).devices.end()) return;
  const DeviceNumber device = known->second;
  release_aliases(number, device);
  at(device).trusted = false;
  at(device).born_again = true;  // told about, if only of its death
  // [tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline]
  device_offline(device, Death::declared, head.sent_ms ? from_wire_ms(*head.sent_ms) : now.utc,
                 out);
}

HostSession::Machine::Declared HostSession::Machine::declare(NodeNumber number, DeviceNumber device,
                                                             Payload& payload, HostActions& out) {
  HostDevice& entry = at(device);
  entry.ignored_aliases.clear();
  entry.ignored_names.clear();
  entry.template_names.clear();
  std::vector<Metric>& metrics = payload.metrics;
  if (entry.status.wire_name.empty()) {
    std::erase_if(metrics, [](const Metric& metric) {
      return metric.name == bd_seq_metric || metric.name == rebirth_metric;
    });
  }
  for (const Metric& metric : metrics) {
    if (metric.alias && std::holds_alternative<Template>(metric.value))
      entry.template_names.emplace(*metric.alias, metric.name);
  }
  if (!flatten(metrics, at(number).definitions, FlattenFor::birth,
               options_.metrics_per_device_max)) {
    problem(
        HostProblem::limit_reached,
        "more metrics than metrics_per_device_max in the birth of " + entry.status.address.text(),
        out, number, device);
  }
  strip_unsupported(device, metrics, out);

  std::vector<MetricBinding> bindings;
  auto schema = std::make_shared<ontology::DeviceSchema>();
  schema->address = entry.status.address;
  bindings.reserve(metrics.size());
  schema->metrics.reserve(metrics.size());
  for (const Metric& metric : metrics) {
    MetricDefinition& definition = schema->metrics.emplace_back(definition_of(metric));
    bindings.push_back({metric.name, metric.alias, definition.datatype});
  }
  if (!claim_aliases(number, device, bindings, out)) return Declared::refused;
  const bool same = entry.ever_born && same_bindings(entry.table.metrics(), bindings);
  Result<AliasTable> table = AliasTable::create(std::move(bindings));
  if (!table) {
    problem(HostProblem::alias_collision, table.error().message(), out, number, device);
    return Declared::refused;
  }
  entry.table = std::move(*table);
  if (!same || !entry.status.schema || *entry.status.schema != *schema)
    entry.status.schema = std::move(schema);
  entry.same_schema = same;
  // A first birth fits whatever was waiting for it.
  const bool fits = same || !entry.ever_born;
  entry.ever_born = entry.trusted = entry.born_again = entry.status.online = true;
  return fits ? Declared::same : Declared::changed;
}

/// Takes out what cannot be a series, and repeated names; remembers both, so that their data are
/// counted and not asked for again.
void HostSession::Machine::strip_unsupported(DeviceNumber device, std::vector<Metric>& metrics,
                                             HostActions& out) {
  HostDevice& entry = at(device);
  const NodeNumber number = entry.status.node;
  std::unordered_set<std::string_view> names;
  std::vector<bool> unusable(metrics.size());
  const auto ignore = [&](std::size_t i, HostProblem what, std::string text) {
    unusable[i] = true;
    if (metrics[i].alias) entry.ignored_aliases.insert(*metrics[i].alias);
    problem(what, entry.status.address.text() + ": " + text, out, number, device);
  };
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Metric& metric = metrics[i];
    if (metric.name.empty()) {
      ignore(i, HostProblem::malformed_payload, "a metric without a name in a birth");
    } else if (series_type(metric) == DataType::unknown) {
      ignore(i, HostProblem::unsupported_metric,
             fmt::format("metric '{}' of datatype {}", metric.name, metric.datatype));
      entry.ignored_names.insert(metric.name);
    } else if (!names.insert(metric.name).second) {
      ignore(i, HostProblem::duplicate_metric, fmt::format("metric '{}' twice", metric.name));
    }
  }
  std::size_t position = 0;
  std::erase_if(metrics, [&](const Metric&) { return unusable[position++]; });
}

bool HostSession::Machine::claim_aliases(NodeNumber number, DeviceNumber device,
                                         const std::vector<MetricBinding>& metrics,
                                         HostActions& out) {
  HostNode& node = at(number);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (!metrics[i].alias) continue;
    const auto [claim, fresh] = node.aliases.emplace(*metrics[i].alias, device);
    if (fresh) continue;
    problem(HostProblem::alias_collision,
            fmt::format("alias {} of '{}' belongs to {} already", *metrics[i].alias,
                        metrics[i].name, at(claim->second).status.address.text()),
            out, number, device);
    for (std::size_t taken = 0; taken < i; ++taken) {
      if (metrics[taken].alias) node.aliases.erase(*metrics[taken].alias);
    }
    at(device).trusted = false;
    return false;
  }
  return true;
}

void HostSession::Machine::release_aliases(NodeNumber number, DeviceNumber device) {
  HostNode& node = at(number);
  for (const MetricBinding& metric : at(device).table.metrics()) {
    if (!metric.alias) continue;
    const auto claim = node.aliases.find(*metric.alias);
    if (claim != node.aliases.end() && claim->second == device) node.aliases.erase(claim);
  }
}

void HostSession::Machine::report_birth(DeviceNumber device, const Payload& payload,
                                        Timestamp arrived, HostActions& out) {
  HostDevice& entry = at(device);
  const HostNode& node = at(entry.status.node);
  collect(payload, entry.table, arrived, data_);
  if (data_.mistyped > 0 || data_.untimed > 0) {
    problem(HostProblem::wrong_value,
            fmt::format("{} values of the birth of {} do not fit their type",
                        data_.mistyped + data_.untimed, entry.status.address.text()),
            out, entry.status.node, device);
  }
  HostAction& event = out.append();
  event.kind =
      entry.status.wire_name.empty() ? HostActionKind::node_born : HostActionKind::device_born;
  event.node = entry.status.node;
  event.device = device;
  event.schema = entry.status.schema;
  std::swap(event.batch, data_.batch);
  if (payload.uuid == envelope_uuid) event.body = payload.body;
  event.bd_seq = static_cast<std::uint8_t>(node.status.bd_seq);
  event.arrived_at = arrived;
  event.sent_at = payload.timestamp_ms ? from_wire_ms(*payload.timestamp_ms) : arrived;
  event.at = event.sent_at;
}

void HostSession::Machine::device_offline(DeviceNumber device, Death death, Timestamp when,
                                          HostActions& out) {
  HostDevice& entry = at(device);
  if (!std::exchange(entry.status.online, false)) return;
  HostAction& event = out.append();
  event.kind = HostActionKind::device_died;
  event.node = entry.status.node;
  event.device = device;
  event.death = death;
  event.at = when;
}

void HostSession::Machine::node_offline(NodeNumber number, Death death, Timestamp when,
                                        HostActions& out) {
  HostNode& node = at(number);
  distrust(number);
  node.synchronised = false;
  node.births_running = false;
  node.rebirth_open = false;
  node.rebirth_tries = 0;
  node.rebirth_due.reset();
  node.gap_deadline.reset();
  node.status.online = false;
  node.status.changed_at = when;
  for (const auto& [name, device] : node.devices) device_offline(device, death, when, out);
  device_offline(node.self, death, when, out);
  HostAction& event = out.append();
  event.kind = HostActionKind::node_died;
  event.node = number;
  event.death = death;
  event.at = when;
}

/// Births follow the NBIRTH directly, so the first data message ends them: what was not born again
/// by then is gone. [tck-id-payloads-dbirth-order]
void HostSession::Machine::forget_unborn(NodeNumber number, const Now& now, HostActions& out) {
  HostNode& node = at(number);
  node.births_running = false;
  for (const auto& [name, device] : node.devices) {
    if (!at(device).born_again) device_offline(device, Death::forgotten, now.utc, out);
  }
}

}  // namespace millwright::sparkplug
