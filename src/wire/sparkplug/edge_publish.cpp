// What an edge session publishes: births, data, device deaths. Its life: edge_session.cpp.
#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/edge_session.hpp"
#include "wire/sparkplug/payload.hpp"
#include "wire/sparkplug/scanner.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::Batch;
using ontology::Column;
using ontology::DataType;
using ontology::MetricDefinition;
using ontology::Quality;
using ontology::Row;

bool has_text(DataType type) {
  const Column column = ontology::column_of(type);
  return column == Column::text || column == Column::blob;
}

Row unknown_value() {
  Row row;
  row.is_null = true;
  row.quality = Quality::bad(ontology::Reason::missing);
  return row;
}

Value value_of(const Row& row, const std::string& text, DataType type) {
  switch (type) {
    case DataType::boolean:
      return row.i64() != 0;
    case DataType::float32:
      return static_cast<float>(row.f64());
    case DataType::float64:
      return row.f64();
    case DataType::string:
    case DataType::text:
    case DataType::uuid:
      return text;
    case DataType::bytes:
    case DataType::waveform: {
      const ByteView bytes = as_bytes(text);
      return Bytes(bytes.begin(), bytes.end());
    }
    case DataType::uint8:
    case DataType::uint16:
    case DataType::uint32:
    case DataType::uint64:
    case DataType::datetime:
      return row.bits;
    default:
      return row.i64();
  }
}

Property text_property(std::string_view key, std::string_view text) {
  return {std::string(key), {code_of(TypeCode::string), false, std::string(text)}};
}

/// As in DATA: what is uncertain for another reason than age must not pass for good.
Property quality_of(Quality quality) {
  const std::int64_t code = quality == Quality::uncertain(ontology::Reason::stale) ? 500 : 0;
  return {std::string(quality_property), {code_of(TypeCode::int32), false, code}};
}

/// A metric of a birth: name, alias, type, unit, and its value or null.
/// [tck-id-topics-dbirth-metrics, tck-id-operational-behavior-data-publish-dbirth-values]
Metric birth_metric(const MetricDefinition& definition, std::optional<std::uint64_t> alias,
                    const Row& row, const std::string& text, Timestamp now) {
  Metric metric;
  metric.name = definition.name;
  metric.alias = alias;
  metric.timestamp_ms = to_wire_ms(row.ts_us != 0 ? Timestamp{row.ts_us} : now);
  metric.datatype = code_of(code_for(definition.datatype));
  metric.is_null = row.is_null;
  if (!row.is_null) metric.value = value_of(row, text, definition.datatype);
  if (!definition.unit.empty())
    metric.properties.push_back(text_property(unit_property, definition.unit));
  if (definition.datatype == DataType::waveform)
    metric.properties.push_back(
        text_property(type_property, ontology::name_of(DataType::waveform)));
  if (!row.is_null && !row.quality.is_good()) metric.properties.push_back(quality_of(row.quality));
  return metric;
}

void remember(const Batch& batch, const std::vector<MetricDefinition>& metrics,
              std::vector<Row>& values, std::vector<std::string>& texts) {
  for (const Row& row : batch.rows) {
    values[row.slot] = row;
    if (!row.is_null && has_text(metrics[row.slot].datatype)) texts[row.slot] = batch.payload(row);
  }
}

Result<void> check_slots(const Batch& batch, std::size_t slots, std::string_view device) {
  const auto wrong =
      std::ranges::find_if(batch.rows, [&](const Row& r) { return r.slot >= slots; });
  if (wrong == batch.rows.end()) return {};
  return fail(Code::invalid_input, fmt::format("slot {} of device '{}', which has {} metrics",
                                               wrong->slot, device, slots));
}

std::unexpected<Error> no_such_device(std::string_view device) {
  return fail(Code::not_found, fmt::format("no device '{}' in this session", device));
}

}  // namespace

Result<EdgeSession::Device> EdgeSession::make_device(std::string_view name,
                                                     std::vector<MetricDefinition> metrics) {
  Device device;
  std::vector<MetricBinding> bindings;
  bindings.reserve(metrics.size());
  std::uint64_t alias = next_alias_;
  for (const MetricDefinition& metric : metrics) {
    const bool reserved =
        name.empty() && (metric.name == bd_seq_metric || metric.name == rebirth_metric);
    if (metric.name.empty() || reserved || code_for(metric.datatype) == TypeCode::unknown) {
      return fail(Code::invalid_input,
                  fmt::format("metric '{}' of device '{}': {}", metric.name, name,
                              reserved ? "the session itself reports it" : "no name or no type"));
    }
    MetricBinding& binding = bindings.emplace_back();
    binding.name = metric.name;
    binding.datatype = metric.datatype;
    // Hosts look for node controls by name. [tck-id-…-rebirth-name-aliases, for all of them]
    if (!name.empty() || !metric.name.starts_with(node_control_prefix)) binding.alias = alias++;
  }
  Result<AliasTable> table = AliasTable::create(std::move(bindings));
  if (!table) return pass(std::move(table), fmt::format("schema of device '{}'", name));
  next_alias_ = alias;  // unique over the node and all devices [tck-id-payloads-alias-uniqueness]
  device.table = std::move(*table);
  device.values.assign(metrics.size(), unknown_value());
  device.texts.resize(metrics.size());
  device.metrics = std::move(metrics);
  device.data_topic = topic(name.empty() ? MessageType::ndata : MessageType::ddata, name);
  return device;
}

Result<void> EdgeSession::set_device(std::string_view name, std::vector<MetricDefinition> metrics,
                                     const BirthContent& birth, const Now& now, EdgeActions& out) {
  if (!name.empty() && !is_valid_id(name)) {
    return fail(Code::invalid_input, fmt::format("'{}' cannot be a Sparkplug device id", name),
                "use UTF-8 without '+', '/', '#'");
  }
  if (birth.values != nullptr) {
    if (Result<void> slots = check_slots(*birth.values, metrics.size(), name); !slots) return slots;
  }
  const auto fill = [&birth](Device& device) {
    device.birth_body.assign(birth.body.begin(), birth.body.end());
    if (birth.values != nullptr)
      remember(*birth.values, device.metrics, device.values, device.texts);
  };
  auto known = devices_.find(name);
  if (known != devices_.end() && known->second.metrics == metrics) {
    fill(known->second);
    return {};
  }
  Result<Device> device = make_device(name, std::move(metrics));
  if (!device) return pass(std::move(device));
  fill(*device);
  const bool existed = known != devices_.end();
  if (existed)
    known->second = std::move(*device);
  else
    known = devices_.emplace(std::string(name), std::move(*device)).first;
  if (state_ != EdgeState::born) return {};
  if (name.empty()) {
    begin_births(now, out);
    return {};
  }
  if (existed) publish_device_death(name, now, out);
  publish_birth(known->first, known->second, now, out);
  return {};
}

Result<void> EdgeSession::remove_device(std::string_view name, const Now& now, EdgeActions& out) {
  const auto known = devices_.find(name);
  if (known == devices_.end()) return no_such_device(name);
  if (name.empty()) return fail(Code::refused, "the node itself cannot be removed");
  if (state_ == EdgeState::born) publish_device_death(name, now, out);
  devices_.erase(known);
  return {};
}

Result<void> EdgeSession::set_values(std::string_view name, const Batch& batch) {
  const auto known = devices_.find(name);
  if (known == devices_.end()) return no_such_device(name);
  Device& device = known->second;
  if (Result<void> slots = check_slots(batch, device.metrics.size(), name); !slots) return slots;
  remember(batch, device.metrics, device.values, device.texts);
  return {};
}

void EdgeSession::remove_known(std::string_view name, Batch& batch) const {
  const auto found = devices_.find(name);
  if (found == devices_.end()) return;
  const Device& device = found->second;
  std::erase_if(batch.rows, [&](const Row& row) {
    if (row.slot >= device.values.size()) return false;
    const Row& last = device.values[row.slot];
    if (row.ts_us != last.ts_us || row.quality != last.quality || row.is_null != last.is_null)
      return false;
    if (row.is_null) return true;
    return has_text(device.metrics[row.slot].datatype)
               ? batch.payload(row) == device.texts[row.slot]
               : row.bits == last.bits;
  });
}

Result<void> EdgeSession::set_birth_body(std::string_view name, ByteView body) {
  const auto known = devices_.find(name);
  if (known == devices_.end()) return no_such_device(name);
  known->second.birth_body.assign(body.begin(), body.end());
  return {};
}

void EdgeSession::publish_birth(const std::string& name, const Device& device, const Now& now,
                                EdgeActions& out) {
  Payload payload;
  payload.timestamp_ms = to_wire_ms(now.utc);
  payload.seq = take_seq();
  if (!device.birth_body.empty()) {
    payload.uuid = envelope_uuid;
    payload.body = device.birth_body;
  }
  payload.metrics.reserve(device.metrics.size() + 2);
  if (name.empty()) {
    payload.metrics.push_back(make_bd_seq_metric(bd_seq_, now.utc));
    payload.metrics.push_back(make_rebirth_metric(false, now.utc));
  }
  for (std::size_t slot = 0; slot < device.metrics.size(); ++slot) {
    payload.metrics.push_back(birth_metric(device.metrics[slot], device.table.metrics()[slot].alias,
                                           device.values[slot], device.texts[slot], now.utc));
  }
  EdgeAction& action = out.append();
  action.kind = EdgeActionKind::publish;
  action.message.topic = topic(name.empty() ? MessageType::nbirth : MessageType::dbirth, name);
  encode(payload, action.message.payload);
  returnable_ = 0;
}

void EdgeSession::publish_device_death(std::string_view name, const Now& now, EdgeActions& out) {
  Payload payload;
  payload.timestamp_ms = to_wire_ms(now.utc);
  payload.seq = take_seq();
  EdgeAction& action = out.append();
  action.kind = EdgeActionKind::publish;
  action.message.topic = topic(MessageType::ddeath, name);
  encode(payload, action.message.payload);
  returnable_ = 0;
}

Result<void> EdgeSession::send_births(const Now& now, EdgeActions& out) {
  if (state_ != EdgeState::waiting_for_births)
    return fail(Code::refused, "births are sent only when the session asked for them");
  seq_ = 0;
  since_birth_ = 0;
  for (const auto& [name, device] : devices_) publish_birth(name, device, now, out);
  ++births_sent_;
  state_ = EdgeState::born;
  failures_ = 0;
  last_births_ = now.monotonic;
  wake_.reset();
  out.append().kind = EdgeActionKind::born;
  return {};
}

Result<void> EdgeSession::publish_data(std::string_view name, const Batch& batch, ByteView body,
                                       DataClass data_class, const Now& now, EdgeActions& out) {
  if (state_ != EdgeState::born)
    return fail(Code::unavailable, "the edge node is not born", "publish again after its births");
  const auto known = devices_.find(name);
  if (known == devices_.end()) return no_such_device(name);
  Device& device = known->second;
  if (Result<void> slots = check_slots(batch, device.metrics.size(), name); !slots) return slots;
  DataHeader header;
  header.timestamp_ms = to_wire_ms(now.utc);
  header.seq = take_seq();
  header.body = body;
  if (!body.empty()) header.uuid = envelope_uuid;
  DataOptions options;
  options.historical = data_class == DataClass::historical;
  options.datatype_in_data = options_.datatype_in_data == DatatypeInData::yes;
  // Without an envelope nothing else would carry the quality.
  options.quality_property = options_.quality_in_data == QualityInData::yes || body.empty();
  EdgeAction& action = out.append();
  action.kind = EdgeActionKind::publish;
  action.message.topic = device.data_topic;
  encode_data(header, batch.rows, batch, device.table, options, action.message.payload);
  ++returnable_;
  if (data_class == DataClass::live) remember(batch, device.metrics, device.values, device.texts);
  return {};
}

void EdgeSession::on_publish_refused(std::uint32_t messages, const Now& now, EdgeActions&) {
  if (state_ != EdgeState::born || messages == 0) return;
  // An NBIRTH that did not go out needs no NDEATH.
  if (messages >= since_birth_ && births_sent_ > 0) --births_sent_;
  since_birth_ -= std::min<std::uint64_t>(messages, since_birth_);
  if (messages <= returnable_) {
    returnable_ -= messages;
    seq_ = static_cast<std::uint8_t>(seq_ - messages);
    return;
  }
  state_ = EdgeState::waiting_for_births;
  rebirth_due_.reset();
  wake_ = now.monotonic + options_.reconnect_min;
}

}  // namespace millwright::sparkplug
