#include "wire/sparkplug/protobuf.hpp"

#include <proto/sparkplug_b.pb.h>

#include <algorithm>

#include "wire/sparkplug/typing.hpp"

namespace millwright::oracle {
namespace {

using sparkplug::Metric;
using sparkplug::Property;
using sparkplug::PropertySet;
using sparkplug::PropertySetList;
using sparkplug::PropertyValue;
using sparkplug::Scalar;

/// The scalar kinds, which every message with a value has under the same names.
template <typename Message, typename Variant>
void read_scalar(const Message& in, Variant& out) {
  switch (in.value_case()) {
    case Message::kIntValue:
      out = std::uint64_t{in.int_value()};
      break;
    case Message::kLongValue:
      out = std::uint64_t{in.long_value()};
      break;
    case Message::kFloatValue:
      out = in.float_value();
      break;
    case Message::kDoubleValue:
      out = in.double_value();
      break;
    case Message::kBooleanValue:
      out = in.boolean_value();
      break;
    case Message::kStringValue:
      out = in.string_value();
      break;
    default:
      break;
  }
}

Metric to_metric(const Payload::Metric& in);
PropertySet to_property_set(const Payload::PropertySet& in);

PropertyValue to_property_value(const Payload::PropertyValue& in) {
  PropertyValue out;
  out.type = in.type();
  out.is_null = in.is_null();
  if (out.is_null) return out;
  if (in.has_propertyset_value()) {
    out.value = to_property_set(in.propertyset_value());
  } else if (in.has_propertysets_value()) {
    PropertySetList list;
    for (const auto& set : in.propertysets_value().propertyset())
      list.push_back(to_property_set(set));
    out.value = std::move(list);
  } else {
    read_scalar(in, out.value);
    sparkplug::resolve_scalar(out.type, out.value);
  }
  return out;
}

PropertySet to_property_set(const Payload::PropertySet& in) {
  PropertySet out;
  for (int i = 0; i < std::min(in.keys_size(), in.values_size()); ++i)
    out.push_back(Property{in.keys(i), to_property_value(in.values(i))});
  return out;
}

sparkplug::DataSet to_dataset(const Payload::DataSet& in) {
  sparkplug::DataSet out;
  out.column_count = in.num_of_columns();
  out.columns.assign(in.columns().begin(), in.columns().end());
  out.types.assign(in.types().begin(), in.types().end());
  for (const auto& row : in.rows()) {
    auto& cells = out.rows.emplace_back();
    for (const auto& cell : row.elements()) {
      Scalar& value = cells.emplace_back();
      read_scalar(cell, value);
      if (cells.size() <= out.types.size())
        sparkplug::resolve_scalar(out.types[cells.size() - 1], value);
    }
  }
  return out;
}

sparkplug::Template to_template(const Payload::Template& in) {
  sparkplug::Template out;
  out.version = in.version();
  out.template_ref = in.template_ref();
  out.is_definition = in.is_definition();
  for (const auto& metric : in.metrics()) out.metrics.push_back(to_metric(metric));
  for (const auto& parameter : in.parameters()) {
    auto& made = out.parameters.emplace_back();
    made.name = parameter.name();
    made.type = parameter.type();
    read_scalar(parameter, made.value);
    sparkplug::resolve_scalar(made.type, made.value);
  }
  return out;
}

sparkplug::MetaData to_metadata(const Payload::MetaData& in) {
  sparkplug::MetaData out;
  if (in.has_is_multi_part()) out.is_multi_part = in.is_multi_part();
  out.content_type = in.content_type();
  if (in.has_size()) out.size = in.size();
  if (in.has_seq()) out.seq = in.seq();
  out.file_name = in.file_name();
  out.file_type = in.file_type();
  out.md5 = in.md5();
  out.description = in.description();
  return out;
}

Bytes to_bytes(const std::string& text) {
  const ByteView view = as_bytes(text);
  return Bytes(view.begin(), view.end());
}

Metric to_metric(const Payload::Metric& in) {
  Metric out;
  out.name = in.name();
  if (in.has_alias()) out.alias = in.alias();
  if (in.has_timestamp()) out.timestamp_ms = in.timestamp();
  out.is_historical = in.is_historical();
  out.is_transient = in.is_transient();
  out.is_null = in.is_null();
  if (in.has_metadata()) out.metadata.make() = to_metadata(in.metadata());
  out.properties = to_property_set(in.properties());
  if (!out.is_null) {
    if (in.has_bytes_value())
      out.value = to_bytes(in.bytes_value());
    else if (in.has_dataset_value())
      out.value = to_dataset(in.dataset_value());
    else if (in.has_template_value())
      out.value = to_template(in.template_value());
    else
      read_scalar(in, out.value);
  }
  sparkplug::resolve_type(out, in.datatype());
  return out;
}

bool parse(ByteView bytes, Payload& out) {
  return out.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

sparkplug::Payload to_payload(const Payload& message) {
  sparkplug::Payload out;
  if (message.has_timestamp()) out.timestamp_ms = message.timestamp();
  if (message.has_seq()) out.seq = message.seq();
  out.uuid = message.uuid();
  out.body = to_bytes(message.body());
  for (const auto& metric : message.metrics()) out.metrics.push_back(to_metric(metric));
  return out;
}

}  // namespace

std::optional<sparkplug::Payload> decode(ByteView bytes) {
  Payload message;
  if (!parse(bytes, message)) return std::nullopt;
  return to_payload(message);
}

std::optional<Bytes> rewrite(ByteView bytes) {
  Payload message;
  if (!parse(bytes, message)) return std::nullopt;
  return to_bytes(message.SerializeAsString());
}

}  // namespace millwright::oracle
