// Rows from a decoded payload: the general path beside the scanner.
#include "wire/sparkplug/row_maker.hpp"

namespace millwright::sparkplug {
namespace {

struct ValueReader {
  FoundMetric& out;

  void operator()(std::monostate) const { out.kind = ValueKind::none; }
  void operator()(std::int64_t value) const {
    set(ValueKind::integer, static_cast<std::uint64_t>(value));
  }
  void operator()(std::uint64_t value) const { set(ValueKind::integer, value); }
  void operator()(float value) const {
    set(ValueKind::float32, std::bit_cast<std::uint32_t>(value));
  }
  void operator()(double value) const {
    set(ValueKind::float64, std::bit_cast<std::uint64_t>(value));
  }
  void operator()(bool value) const { set(ValueKind::boolean, value ? 1 : 0); }
  void operator()(const std::string& value) const {
    out.kind = ValueKind::text;
    out.content = value;
  }
  void operator()(const Bytes& value) const {
    out.kind = ValueKind::bytes;
    out.content = as_text(value);
  }
  template <typename Other>
  void operator()(const Other&) const {
    out.kind = ValueKind::other;
  }

 private:
  void set(ValueKind kind, std::uint64_t bits) const {
    out.kind = kind;
    out.bits = bits;
  }
};

std::optional<std::int64_t> quality_property(const Metric& metric) {
  for (const Property& property : metric.properties) {
    if (property.key != "Quality") continue;
    if (const auto* number = std::get_if<std::int64_t>(&property.value.value)) return *number;
    if (const auto* number = std::get_if<std::uint64_t>(&property.value.value))
      return static_cast<std::int64_t>(*number);
  }
  return std::nullopt;
}

}  // namespace

void collect(const Payload& payload, const AliasTable& table, Timestamp arrival, DataMessage& out) {
  out.clear();
  out.header = {payload.timestamp_ms, payload.seq, payload.uuid, payload.body};
  RowMaker maker(table, out);
  for (const Metric& metric : payload.metrics) {
    FoundMetric found;
    found.name = metric.name;
    found.has_alias = metric.alias.has_value();
    found.alias = metric.alias.value_or(0);
    found.has_time = metric.timestamp_ms.has_value();
    found.time_ms = metric.timestamp_ms.value_or(0);
    found.is_null = metric.is_null;
    found.is_historical = metric.is_historical;
    found.quality = quality_property(metric);
    std::visit(ValueReader{found}, metric.value);
    maker.add(found, maker.find(found));
  }
  maker.finish(arrival);
}

}  // namespace millwright::sparkplug
