#include "wire/sparkplug/arrays.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace millwright::sparkplug {
namespace {

/// Width of an element as stored.
template <typename Stored>
Stored load(ByteView bytes, std::size_t index) {
  Stored value{};
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  if constexpr (std::endian::native == std::endian::big) {
    auto raw = std::bit_cast<std::array<std::byte, sizeof value>>(value);
    std::ranges::reverse(raw);
    value = std::bit_cast<Stored>(raw);
  }
  return value;
}

template <typename Stored, typename Element>
Value read_numbers(ByteView bytes) {
  if (bytes.size() % sizeof(Stored) != 0) return std::monostate{};
  std::vector<Element> out(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = load<Stored>(bytes, i);
  return out;
}

template <typename Stored, typename Element>
bool write_numbers(const Value& value, Bytes& out) {
  const auto* elements = std::get_if<std::vector<Element>>(&value);
  if (elements == nullptr) return false;
  ByteWriter writer(out);
  for (const Element element : *elements) {
    const auto stored = static_cast<Stored>(element);
    if constexpr (sizeof(Stored) == 1)
      writer.u8(std::bit_cast<std::uint8_t>(stored));
    else if constexpr (sizeof(Stored) == 2)
      writer.u16(std::bit_cast<std::uint16_t>(stored));
    else if constexpr (sizeof(Stored) == 4)
      writer.u32(std::bit_cast<std::uint32_t>(stored));
    else
      writer.u64(std::bit_cast<std::uint64_t>(stored));
  }
  return true;
}

// A 4-byte count, then the booleans from the highest bit of each byte.
Value read_booleans(ByteView bytes) {
  ByteReader reader(bytes);
  const std::size_t count = reader.u32();
  if (!reader.ok() || reader.left() != (count + 7) / 8) return std::monostate{};
  std::vector<bool> out(count);
  const ByteView bits = reader.raw(reader.left());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = ((static_cast<unsigned>(bits[i / 8]) >> (7 - i % 8)) & 1) != 0;
  }
  return out;
}

void write_booleans(const std::vector<bool>& elements, Bytes& out) {
  ByteWriter writer(out);
  writer.u32(static_cast<std::uint32_t>(elements.size()));
  unsigned byte = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (elements[i]) byte |= 0x80u >> (i % 8);
    if (i % 8 == 7 || i + 1 == elements.size()) {
      writer.u8(static_cast<std::uint8_t>(byte));
      byte = 0;
    }
  }
}

// Each string ends with NUL; a last one without it is accepted.
Value read_strings(ByteView bytes) {
  std::vector<std::string> out;
  std::string_view rest = as_text(bytes);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\0');
    out.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return out;
}

void write_strings(const std::vector<std::string>& elements, Bytes& out) {
  ByteWriter writer(out);
  for (const std::string& element : elements) {
    writer.raw(as_bytes(std::string_view(element).substr(0, element.find('\0'))));
    writer.u8(0);
  }
}

}  // namespace

Value read_array(std::uint32_t code, ByteView bytes) {
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::int8_array:
      return read_numbers<std::int8_t, std::int64_t>(bytes);
    case TypeCode::int16_array:
      return read_numbers<std::int16_t, std::int64_t>(bytes);
    case TypeCode::int32_array:
      return read_numbers<std::int32_t, std::int64_t>(bytes);
    case TypeCode::int64_array:
      return read_numbers<std::int64_t, std::int64_t>(bytes);
    case TypeCode::uint8_array:
      return read_numbers<std::uint8_t, std::uint64_t>(bytes);
    case TypeCode::uint16_array:
      return read_numbers<std::uint16_t, std::uint64_t>(bytes);
    case TypeCode::uint32_array:
      return read_numbers<std::uint32_t, std::uint64_t>(bytes);
    case TypeCode::uint64_array:
    case TypeCode::datetime_array:
      return read_numbers<std::uint64_t, std::uint64_t>(bytes);
    case TypeCode::float_array:
      return read_numbers<float, float>(bytes);
    case TypeCode::double_array:
      return read_numbers<double, double>(bytes);
    case TypeCode::boolean_array:
      return read_booleans(bytes);
    case TypeCode::string_array:
      return read_strings(bytes);
    default:
      return std::monostate{};
  }
}

bool write_array(std::uint32_t code, const Value& value, Bytes& out) {
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::int8_array:
      return write_numbers<std::int8_t, std::int64_t>(value, out);
    case TypeCode::int16_array:
      return write_numbers<std::int16_t, std::int64_t>(value, out);
    case TypeCode::int32_array:
      return write_numbers<std::int32_t, std::int64_t>(value, out);
    case TypeCode::int64_array:
      return write_numbers<std::int64_t, std::int64_t>(value, out);
    case TypeCode::uint8_array:
      return write_numbers<std::uint8_t, std::uint64_t>(value, out);
    case TypeCode::uint16_array:
      return write_numbers<std::uint16_t, std::uint64_t>(value, out);
    case TypeCode::uint32_array:
      return write_numbers<std::uint32_t, std::uint64_t>(value, out);
    case TypeCode::uint64_array:
    case TypeCode::datetime_array:
      return write_numbers<std::uint64_t, std::uint64_t>(value, out);
    case TypeCode::float_array:
      return write_numbers<float, float>(value, out);
    case TypeCode::double_array:
      return write_numbers<double, double>(value, out);
    case TypeCode::boolean_array:
      if (const auto* elements = std::get_if<std::vector<bool>>(&value)) {
        write_booleans(*elements, out);
        return true;
      }
      return false;
    case TypeCode::string_array:
      if (const auto* elements = std::get_if<std::vector<std::string>>(&value)) {
        write_strings(*elements, out);
        return true;
      }
      return false;
    default:
      return false;
  }
}

}  // namespace millwright::sparkplug
