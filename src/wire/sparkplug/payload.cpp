#include "wire/sparkplug/payload.hpp"

#include "wire/sparkplug/arrays.hpp"
#include "wire/sparkplug/typing.hpp"

namespace millwright::sparkplug {

bool Template::operator==(const Template&) const = default;
bool PropertyValue::operator==(const PropertyValue&) const = default;

ontology::DataType data_type_of(std::uint32_t code) {
  const bool has_series = (code >= code_of(TypeCode::int8) && code <= code_of(TypeCode::uuid)) ||
                          code == code_of(TypeCode::bytes);
  // The numbers of ontology::DataType are Sparkplug's.
  return has_series ? static_cast<ontology::DataType>(code) : ontology::DataType::unknown;
}

TypeCode code_for(ontology::DataType type) {
  return type == ontology::DataType::waveform
             ? TypeCode::bytes
             : static_cast<TypeCode>(static_cast<std::uint32_t>(type));
}

std::optional<std::uint64_t> truncated(std::uint32_t code, std::uint64_t bits) {
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::int8:
      return static_cast<std::uint64_t>(static_cast<std::int8_t>(bits));
    case TypeCode::int16:
      return static_cast<std::uint64_t>(static_cast<std::int16_t>(bits));
    case TypeCode::int32:
      return static_cast<std::uint64_t>(static_cast<std::int32_t>(bits));
    case TypeCode::uint8:
      return bits & 0xFF;
    case TypeCode::uint16:
      return bits & 0xFFFF;
    case TypeCode::uint32:
      return bits & 0xFFFFFFFF;
    case TypeCode::int64:
    case TypeCode::uint64:
    case TypeCode::datetime:
      return bits;
    default:
      return std::nullopt;
  }
}

namespace {

bool has_kind(std::uint32_t code, const Value& value) {
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::bytes:
    case TypeCode::file:
      return std::holds_alternative<Bytes>(value);
    case TypeCode::dataset:
      return std::holds_alternative<DataSet>(value);
    case TypeCode::template_:
      return std::holds_alternative<Template>(value);
    default:
      return false;
  }
}

}  // namespace

void resolve_type(Metric& metric, std::uint32_t datatype) {
  metric.datatype = datatype;
  metric.is_mistyped = false;
  if (datatype == 0 || std::holds_alternative<std::monostate>(metric.value)) return;
  if (is_array(datatype)) {
    if (const auto* bytes = std::get_if<Bytes>(&metric.value)) {
      Value array = read_array(datatype, *bytes);
      metric.is_mistyped = std::holds_alternative<std::monostate>(array);
      if (!metric.is_mistyped) metric.value = std::move(array);
    } else {
      Bytes ignored;
      metric.is_mistyped = !write_array(datatype, metric.value, ignored);
    }
    return;
  }
  metric.is_mistyped = !resolve_scalar(datatype, metric.value) && !has_kind(datatype, metric.value);
}

}  // namespace millwright::sparkplug
