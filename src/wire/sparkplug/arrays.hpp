// Array values as bytes (specification 3.0, 6.4.17, with the corrected examples: everything little
// endian). Internal to the codec.
#pragma once

#include "base/bytes.hpp"
#include "wire/sparkplug/payload.hpp"

namespace millwright::sparkplug {

constexpr bool is_array(std::uint32_t code) {
  return code >= code_of(TypeCode::int8_array) && code <= code_of(TypeCode::datetime_array);
}
/// The array of that type, or std::monostate when the bytes are no such array.
Value read_array(std::uint32_t code, ByteView bytes);
/// Appends the elements as the type wants them (integers truncated to its width, strings up to
/// their first NUL); false when the value is no such array.
bool write_array(std::uint32_t code, const Value& value, Bytes& out);

}  // namespace millwright::sparkplug
