// From one metric of a DATA message, however it was read, to a row of the batch: the rules that the
// scanner and the general path share. Internal to them.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "ontology/batch.hpp"
#include "wire/sparkplug/scanner.hpp"

namespace millwright::sparkplug {

enum class ValueKind : std::uint8_t {
  none,
  integer,
  float32,
  float64,
  boolean,
  text,
  bytes,
  other
};

/// A metric as found. `bits` holds an integer, the pattern of a float or double, or 0 and 1.
struct FoundMetric {
  std::uint64_t alias = 0;
  std::uint64_t time_ms = 0;
  std::uint64_t bits = 0;
  std::string_view name;
  std::string_view content;             ///< of text and bytes
  std::optional<std::int64_t> quality;  ///< the standard property's number
  ValueKind kind = ValueKind::none;
  bool has_alias = false;
  bool has_time = false;
  bool is_null = false;
  bool is_historical = false;
};

/// Event time from milliseconds; none when microseconds could not hold it.
inline std::optional<std::int64_t> to_microseconds(std::uint64_t ms) {
  // One less, so that the envelope's microseconds can be added.
  constexpr std::int64_t ms_max = std::numeric_limits<std::int64_t>::max() / 1000 - 1;
  const auto value = static_cast<std::int64_t>(ms);
  if (value > ms_max || value < -ms_max) return std::nullopt;
  return value * 1000;
}

/// Adds rows to a message that was cleared.
class RowMaker {
 public:
  RowMaker(const AliasTable& table, DataMessage& out) : table_(table), out_(out) {}

  /// What the births know under the metric's alias or name. When it gives both they must agree.
  const AliasTable::Entry* find(const FoundMetric& metric) const {
    const AliasTable::Entry* entry = nullptr;
    if (metric.has_alias) entry = table_.by_alias(metric.alias);
    if (metric.name.empty()) return entry;
    if (entry == nullptr) return table_.by_name(metric.name);
    return table_.metrics()[entry->slot].name == metric.name ? entry : nullptr;
  }
  /// `entry` is null for a metric that the births do not know.
  void add(const FoundMetric& metric, const AliasTable::Entry* entry);
  /// Gives the rows without time of their own the payload's, else that of arrival.
  void finish(Timestamp arrival);

 private:
  static bool put_value(const FoundMetric& metric, ontology::DataType type, ontology::Row& row,
                        ontology::Batch& batch);

  const AliasTable& table_;
  DataMessage& out_;
  bool any_without_time_ = false;
};

}  // namespace millwright::sparkplug
