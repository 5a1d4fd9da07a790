#include "ontology/value.hpp"

#include <array>
#include <utility>

namespace millwright::ontology {
namespace {
constexpr std::array<std::pair<DataType, std::string_view>, 18> names{{
    {DataType::unknown, "unknown"},
    {DataType::int8, "int8"},
    {DataType::int16, "int16"},
    {DataType::int32, "int32"},
    {DataType::int64, "int64"},
    {DataType::uint8, "uint8"},
    {DataType::uint16, "uint16"},
    {DataType::uint32, "uint32"},
    {DataType::uint64, "uint64"},
    {DataType::float32, "float32"},
    {DataType::float64, "float64"},
    {DataType::boolean, "boolean"},
    {DataType::string, "string"},
    {DataType::datetime, "datetime"},
    {DataType::text, "text"},
    {DataType::uuid, "uuid"},
    {DataType::bytes, "bytes"},
    {DataType::waveform, "waveform"},
}};
}  // namespace

std::string_view name_of(DataType type) {
  for (const auto& [value, name] : names) {
    if (value == type) return name;
  }
  return "unknown";
}

std::optional<DataType> parse_data_type(std::string_view name) {
  for (const auto& [value, known] : names) {
    if (known == name && value != DataType::unknown) return value;
  }
  return std::nullopt;
}

}  // namespace millwright::ontology
