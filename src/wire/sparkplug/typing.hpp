// Scalars and their declared types: truncation to the width, and the coercions that lose nothing.
// Internal to the codec and the scanner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "wire/sparkplug/payload.hpp"

namespace millwright::sparkplug {

constexpr bool is_signed(std::uint32_t code) {
  return code >= code_of(TypeCode::int8) && code <= code_of(TypeCode::int64);
}

/// The bits of an integer of that type, sign-extended to 64 when it is signed; none when the type
/// is no integer.
std::optional<std::uint64_t> truncated(std::uint32_t code, std::uint64_t bits);

/// Brings a scalar to the kind and width that `code` wants. False when it is of another kind; it is
/// unchanged then.
template <typename Variant>
bool resolve_scalar(std::uint32_t code, Variant& value) {
  std::optional<std::uint64_t> bits;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) bits = *number;
  if (const auto* number = std::get_if<std::int64_t>(&value))
    bits = static_cast<std::uint64_t>(*number);
  if (bits) {
    bits = truncated(code, *bits);
    if (!bits) return false;
    if (is_signed(code))
      value = static_cast<std::int64_t>(*bits);
    else
      value = *bits;
    return true;
  }
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::float32:
      if (const auto* number = std::get_if<double>(&value)) value = static_cast<float>(*number);
      return std::holds_alternative<float>(value);
    case TypeCode::float64:
      if (const auto* number = std::get_if<float>(&value)) value = static_cast<double>(*number);
      return std::holds_alternative<double>(value);
    case TypeCode::boolean:
      return std::holds_alternative<bool>(value);
    case TypeCode::string:
    case TypeCode::text:
    case TypeCode::uuid:
      return std::holds_alternative<std::string>(value);
    default:
      return false;
  }
}

}  // namespace millwright::sparkplug
