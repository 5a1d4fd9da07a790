#include "wire/sparkplug/row_maker.hpp"

#include "wire/sparkplug/typing.hpp"
#include "wire/utf8.hpp"

namespace millwright::sparkplug {
namespace {

using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;

/// No event time has this value (see to_microseconds).
constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();

Quality quality_of(std::int64_t property) {
  switch (property) {
    case 192:
      return Quality::good();
    case 500:
      return Quality::uncertain(Reason::stale);
    case 0:
      return Quality::bad(Reason::foreign);
    default:
      return Quality::uncertain(Reason::foreign);
  }
}

}  // namespace

bool RowMaker::put_value(const FoundMetric& metric, DataType type, Row& row,
                         ontology::Batch& batch) {
  switch (type) {
    case DataType::float64:
    case DataType::float32: {
      const bool is_wide = metric.kind == ValueKind::float64;
      if (!is_wide && metric.kind != ValueKind::float32) return false;
      double value =
          is_wide
              ? std::bit_cast<double>(metric.bits)
              : static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(metric.bits)));
      if (is_wide && type == DataType::float32)
        value = static_cast<double>(static_cast<float>(value));
      row.set_f64(value);
      return true;
    }
    case DataType::boolean:
      row.bits = metric.bits;
      return metric.kind == ValueKind::boolean;
    case DataType::string:
    case DataType::text:
    case DataType::uuid:
      if (metric.kind != ValueKind::text || !wire::is_utf8(metric.content)) return false;
      batch.set_payload(row, metric.content);
      return true;
    case DataType::bytes:
    case DataType::waveform:
      if (metric.kind != ValueKind::bytes) return false;
      batch.set_payload(row, metric.content);
      return true;
    default:
      if (metric.kind != ValueKind::integer) return false;
      if (const auto bits = truncated(static_cast<std::uint32_t>(type), metric.bits)) {
        row.bits = *bits;
        return true;
      }
      return false;
  }
}

void RowMaker::add(const FoundMetric& metric, const AliasTable::Entry* entry) {
  const std::uint32_t position = out_.metric_count++;
  if (metric.is_historical) ++out_.historical;
  if (entry == nullptr) {
    UnknownMetric unknown{position, std::nullopt, metric.name};
    if (metric.has_alias) unknown.alias = metric.alias;
    out_.unknown.push_back(unknown);
    return;
  }
  Row& row = out_.batch.rows.emplace_back();
  row.slot = entry->slot;
  row.ts_us = metric.has_time ? to_microseconds(metric.time_ms).value_or(no_time) : no_time;
  if (row.ts_us == no_time) {
    any_without_time_ = true;
    row.provenance = metric.is_historical ? 1 : 0;  // kept there until `finish`
  }
  if (metric.is_null || metric.kind == ValueKind::none) {
    row.is_null = true;
    row.quality = metric.quality ? quality_of(*metric.quality) : Quality::bad(Reason::missing);
  } else if (put_value(metric, entry->datatype, row, out_.batch)) {
    if (metric.quality) row.quality = quality_of(*metric.quality);
  } else {
    row.is_null = true;
    row.bits = 0;
    row.quality = Quality::bad(Reason::unparsable);
    ++out_.mistyped;
  }
}

void RowMaker::finish(Timestamp arrival) {
  if (!any_without_time_) return;
  const auto payload_time = out_.header.timestamp_ms ? to_microseconds(*out_.header.timestamp_ms)
                                                     : std::optional<std::int64_t>();
  std::erase_if(out_.batch.rows, [&](Row& row) {
    if (row.ts_us != no_time) return false;
    const bool is_historical = row.provenance != 0;
    row.provenance = 0;
    if (payload_time) {
      row.ts_us = *payload_time;
      ++out_.payload_timed;
      return false;
    }
    if (is_historical) {
      ++out_.untimed;
      return true;
    }
    row.ts_us = arrival.us;
    row.quality = worse(row.quality, Quality::uncertain(Reason::clock_unsynchronised));
    ++out_.arrival_timed;
    return false;
  });
}

}  // namespace millwright::sparkplug
