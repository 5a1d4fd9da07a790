// Data types and the value columns they are stored in (DESIGN D10).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millwright::ontology {

/// Type of a series, fixed for its life. Numbers are stored and equal Sparkplug B's codes
/// (specification 3.0, 6.4.16) where it has one.
enum class DataType : std::uint8_t {
  unknown = 0,
  int8 = 1,
  int16 = 2,
  int32 = 3,
  int64 = 4,
  uint8 = 5,
  uint16 = 6,
  uint32 = 7,
  uint64 = 8,
  float32 = 9,
  float64 = 10,
  boolean = 11,
  string = 12,
  datetime = 13,  ///< int64 milliseconds UTC, as on the wire
  text = 14,
  uuid = 15,
  bytes = 17,
  waveform = 200,  ///< one value of many points: start, step, encoding; stored as a blob
};

/// The column that holds a type's values; the other three are null in its rows.
enum class Column : std::uint8_t { f64, i64, text, blob };

constexpr Column column_of(DataType type) {
  switch (type) {
    case DataType::float32:
    case DataType::float64:
      return Column::f64;
    case DataType::string:
    case DataType::text:
    case DataType::uuid:
      return Column::text;
    case DataType::bytes:
    case DataType::waveform:
      return Column::blob;
    default:
      return Column::i64;  // booleans as 0 and 1; uint64 by its bit pattern
  }
}

std::string_view name_of(DataType type);
std::optional<DataType> parse_data_type(std::string_view name);

}  // namespace millwright::ontology
