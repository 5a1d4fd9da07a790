// Batches: runs of samples of one device. Rows are flat (32 bytes); texts and blobs lie in one
// arena.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "ontology/quality.hpp"
#include "ontology/value.hpp"

namespace millwright::ontology {

/// One sample inside a batch. What `bits` means follows from the datatype of the metric at `slot`;
/// `is_null` rows have no value.
struct Row {
  std::int64_t ts_us = 0;  ///< event time, microseconds UTC
  std::uint64_t bits = 0;  ///< double or int64 by bit pattern; for text and blob: offset (32) |
                           ///< length (32) in the arena
  std::uint32_t slot = 0;  ///< index of the metric in the device's schema
  std::uint32_t provenance =
      0;  ///< number in the dictionary of whoever hands the batch over; 0 = none known
  Quality quality;
  bool is_null = false;

  double f64() const {
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  std::int64_t i64() const { return static_cast<std::int64_t>(bits); }
  void set_f64(double value) { std::memcpy(&bits, &value, sizeof value); }
  void set_i64(std::int64_t value) { bits = static_cast<std::uint64_t>(value); }
  bool operator==(const Row&) const = default;
};
static_assert(sizeof(Row) == 32);

/// Samples of one device in the order in which they were made.
struct Batch {
  std::vector<Row> rows;
  std::string arena;

  bool empty() const { return rows.empty(); }
  std::size_t size() const { return rows.size(); }
  /// Text or blob of a row; empty when the row points outside the arena.
  std::string_view payload(const Row& row) const {
    const auto offset = static_cast<std::size_t>(row.bits >> 32),
               length = static_cast<std::size_t>(row.bits & 0xFFFFFFFF);
    if (offset > arena.size() || length > arena.size() - offset) return {};
    return std::string_view(arena).substr(offset, length);
  }
  void set_payload(Row& row, std::string_view content) {
    row.bits = (static_cast<std::uint64_t>(arena.size()) << 32) |
               static_cast<std::uint32_t>(content.size());
    arena.append(content);
  }
  void clear() {
    rows.clear();
    arena.clear();
  }
  bool operator==(const Batch&) const = default;
};

}  // namespace millwright::ontology
