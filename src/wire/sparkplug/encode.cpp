// Types to payload bytes.
#include "wire/sparkplug/arrays.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/compression.hpp"
#include "wire/sparkplug/typing.hpp"
#include "wire/sparkplug/wire_writer.hpp"

namespace millwright::sparkplug {
namespace {

using wire_format::Writer;

constexpr std::uint64_t int_value_max = 0xFFFFFFFF;

/// True when an integer of that type goes to `int_value`; UInt32 does not, see codec.hpp.
bool is_narrow(std::uint32_t code, std::uint64_t bits) {
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::int8:
    case TypeCode::int16:
    case TypeCode::int32:
    case TypeCode::uint8:
    case TypeCode::uint16:
      return true;
    case TypeCode::unknown:
      return bits <= int_value_max;
    default:
      return false;
  }
}

/// A scalar whose kinds have consecutive field numbers from `first`. Writes nothing for other
/// kinds.
template <typename Variant>
void write_scalar(Writer& out, std::uint32_t first, std::uint32_t code, const Variant& value) {
  std::optional<std::uint64_t> bits;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) bits = *number;
  if (const auto* number = std::get_if<std::int64_t>(&value))
    bits = static_cast<std::uint64_t>(*number);
  if (bits) {
    bits = truncated(code, *bits).value_or(*bits);
    if (is_narrow(code, *bits))
      out.varint(first, *bits & int_value_max);
    else
      out.varint(first + 1, *bits);
  } else if (const auto* narrow = std::get_if<float>(&value)) {
    if (code == code_of(TypeCode::float64))
      out.float64(first + 3, static_cast<double>(*narrow));
    else
      out.float32(first + 2, *narrow);
  } else if (const auto* wide = std::get_if<double>(&value)) {
    if (code == code_of(TypeCode::float32))
      out.float32(first + 2, static_cast<float>(*wide));
    else
      out.float64(first + 3, *wide);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    out.boolean(first + 4, *truth);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out.text(first + 5, *text);
  }
}

void write_property_set(Writer& out, const PropertySet& set);

void write_property_value(Writer& out, const PropertyValue& value) {
  if (value.type != 0) out.varint(1, value.type);
  if (value.is_null) {
    out.boolean(2, true);
    return;
  }
  if (const auto* set = std::get_if<PropertySet>(&value.value)) {
    out.message(9, [&] { write_property_set(out, *set); });
  } else if (const auto* list = std::get_if<PropertySetList>(&value.value)) {
    out.message(10, [&] {
      for (const PropertySet& item : *list) out.message(1, [&] { write_property_set(out, item); });
    });
  } else {
    write_scalar(out, 3, value.type, value.value);
  }
}

void write_property_set(Writer& out, const PropertySet& set) {
  for (const Property& property : set) out.text(1, property.key);
  for (const Property& property : set)
    out.message(2, [&] { write_property_value(out, property.value); });
}

void write_metadata(Writer& out, const MetaData& data) {
  if (data.is_multi_part) out.boolean(1, *data.is_multi_part);
  out.optional_text(2, data.content_type);
  if (data.size) out.varint(3, *data.size);
  if (data.seq) out.varint(4, *data.seq);
  out.optional_text(5, data.file_name);
  out.optional_text(6, data.file_type);
  out.optional_text(7, data.md5);
  out.optional_text(8, data.description);
}

void write_dataset(Writer& out, const DataSet& set) {
  out.varint(1, set.column_count);
  for (const std::string& column : set.columns) out.text(2, column);
  for (const std::uint32_t type : set.types) out.varint(3, type);
  for (const auto& row : set.rows) {
    out.message(4, [&] {
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::uint32_t type = i < set.types.size() ? set.types[i] : 0;
        out.message(1, [&] { write_scalar(out, 1, type, row[i]); });
      }
    });
  }
}

void write_metric(Writer& out, const Metric& metric, const EncodeOptions& options);

void write_template(Writer& out, const Template& value) {
  out.optional_text(1, value.version);
  // Members keep their types: a receiver of DATA cannot know them by alias.
  for (const Metric& metric : value.metrics)
    out.message(2, [&] { write_metric(out, metric, EncodeOptions{}); });
  for (const Parameter& parameter : value.parameters) {
    out.message(3, [&] {
      out.text(1, parameter.name);
      if (parameter.type != 0) out.varint(2, parameter.type);
      write_scalar(out, 3, parameter.type, parameter.value);
    });
  }
  out.optional_text(4, value.template_ref);
  out.boolean(5, value.is_definition);  // tck-id-payloads-template-is-definition: always
}

void write_value(Writer& out, const Metric& metric) {
  if (const auto* bytes = std::get_if<Bytes>(&metric.value)) {
    out.block(16, *bytes);
  } else if (const auto* set = std::get_if<DataSet>(&metric.value)) {
    out.message(17, [&] { write_dataset(out, *set); });
  } else if (const auto* instance = std::get_if<Template>(&metric.value)) {
    out.message(18, [&] { write_template(out, *instance); });
  } else if (Bytes array; write_array(metric.datatype, metric.value, array)) {
    out.block(16, array);
  } else {
    write_scalar(out, 10, metric.datatype, metric.value);
  }
}

void write_metric(Writer& out, const Metric& metric, const EncodeOptions& options) {
  out.optional_text(1, metric.name);
  if (metric.alias) out.varint(2, *metric.alias);
  if (metric.timestamp_ms) out.varint(3, *metric.timestamp_ms);
  if (metric.datatype != 0 && options.datatypes) out.varint(4, metric.datatype);
  if (metric.is_historical) out.boolean(5, true);
  if (metric.is_transient) out.boolean(6, true);
  if (metric.is_null) out.boolean(7, true);
  if (metric.metadata) out.message(8, [&] { write_metadata(out, *metric.metadata); });
  if (!metric.properties.empty())
    out.message(9, [&] { write_property_set(out, metric.properties); });
  if (!metric.is_null) write_value(out, metric);
}

}  // namespace

void encode(const Payload& payload, Bytes& out, const EncodeOptions& options) {
  Writer writer(out);
  if (payload.timestamp_ms) writer.varint(1, *payload.timestamp_ms);
  for (const Metric& metric : payload.metrics)
    writer.message(2, [&] { write_metric(writer, metric, options); });
  if (payload.seq) writer.varint(3, *payload.seq);
  writer.optional_text(4, payload.uuid);
  if (!payload.body.empty()) writer.block(5, payload.body);
}

void encode_compressed(const Payload& payload, Compression compression, Bytes& out) {
  Bytes inner;
  encode(payload, inner);
  if (compression == Compression::none) {
    out.insert(out.end(), inner.begin(), inner.end());
    return;
  }
  Payload outer;
  outer.timestamp_ms = payload.timestamp_ms;
  outer.seq = payload.seq;
  outer.uuid = compressed_uuid;
  deflate(inner, compression, outer.body);
  Metric algorithm;
  algorithm.name = "algorithm";
  algorithm.datatype = code_of(TypeCode::string);
  algorithm.value = std::string(compression == Compression::gzip ? "GZIP" : "DEFLATE");
  outer.metrics.push_back(std::move(algorithm));
  encode(outer, out);
}

}  // namespace millwright::sparkplug
