#include "wire/sparkplug/command.hpp"

#include <string>
#include <utility>

#include "base/format.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::Column;
using ontology::DataType;

bool is_unsigned(DataType type) {
  return (type >= DataType::uint8 && type <= DataType::uint64) || type == DataType::datetime;
}

/// The value as a command has it; false when a command cannot carry it.
bool take_value(Value& value, CommandValue& out) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out = *integer;
  } else if (const auto* raw = std::get_if<std::uint64_t>(&value)) {
    out = static_cast<std::int64_t>(*raw);
  } else if (const auto* boolean = std::get_if<bool>(&value)) {
    out = std::int64_t{*boolean ? 1 : 0};
  } else if (const auto* single = std::get_if<float>(&value)) {
    out = double{*single};
  } else if (const auto* real = std::get_if<double>(&value)) {
    out = *real;
  } else if (auto* text = std::get_if<std::string>(&value)) {
    out = std::move(*text);
  } else if (auto* bytes = std::get_if<Bytes>(&value)) {
    out = std::move(*bytes);
  } else {
    return std::holds_alternative<std::monostate>(value);
  }
  return true;
}

Value integer_value(std::int64_t value, DataType type) {
  if (type == DataType::boolean) return value != 0;
  if (is_unsigned(type)) return static_cast<std::uint64_t>(value);
  return value;
}

}  // namespace

Result<CommandMetric> to_command(Metric& metric, const AliasTable& table) {
  const AliasTable::Entry* known = nullptr;
  if (!metric.name.empty())
    known = table.by_name(metric.name);
  else if (metric.alias)
    known = table.by_alias(*metric.alias);
  if (known == nullptr && metric.name.empty())
    return fail(Code::invalid_input, "a metric with neither a name nor an alias of the birth");
  CommandMetric command;
  command.name = known != nullptr ? table.metrics()[known->slot].name : std::move(metric.name);
  command.datatype = known != nullptr ? known->datatype : data_type_of(metric.datatype);
  if (known != nullptr) resolve_type(metric, code_of(code_for(known->datatype)));
  if (metric.is_null) return command;
  if (metric.is_mistyped || !take_value(metric.value, command.value)) {
    return fail(Code::invalid_input,
                fmt::format("'{}' has a value that does not fit its type", command.name));
  }
  return command;
}

Result<Metric> to_metric(const CommandMetric& command, Timestamp at) {
  Metric metric;
  metric.name = command.name;
  metric.timestamp_ms = to_wire_ms(at);
  metric.datatype = code_of(code_for(command.datatype));
  const Column column = ontology::column_of(command.datatype);
  bool fits = command.datatype != DataType::unknown && !command.name.empty();
  if (std::holds_alternative<std::monostate>(command.value)) {
    metric.is_null = true;
  } else if (const auto* integer = std::get_if<std::int64_t>(&command.value)) {
    fits = fits && column == Column::i64;
    metric.value = integer_value(*integer, command.datatype);
  } else if (const auto* real = std::get_if<double>(&command.value)) {
    fits = fits && column == Column::f64;
    if (command.datatype == DataType::float32)
      metric.value = static_cast<float>(*real);
    else
      metric.value = *real;
  } else if (const auto* text = std::get_if<std::string>(&command.value)) {
    fits = fits && column == Column::text;
    metric.value = *text;
  } else if (const auto* bytes = std::get_if<Bytes>(&command.value)) {
    fits = fits && column == Column::blob;
    metric.value = *bytes;
  }
  if (!fits) {
    return fail(Code::invalid_input,
                fmt::format("'{}' has a value that does not fit its type {}", command.name,
                            ontology::name_of(command.datatype)));
  }
  return metric;
}

Metric make_bd_seq_metric(std::uint8_t bd_seq, Timestamp at) {
  Metric metric;
  metric.name = bd_seq_metric;
  metric.timestamp_ms = to_wire_ms(at);
  metric.datatype = code_of(TypeCode::int64);
  metric.value = std::int64_t{bd_seq};
  return metric;
}

Metric make_rebirth_metric(bool value, Timestamp at) {
  Metric metric;
  metric.name = rebirth_metric;
  metric.timestamp_ms = to_wire_ms(at);
  metric.datatype = code_of(TypeCode::boolean);
  metric.value = value;
  return metric;
}

}  // namespace millwright::sparkplug
