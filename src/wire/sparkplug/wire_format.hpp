// Protobuf's wire format, read: tags, varints, fixed numbers, blocks, skipping. Accepts and refuses
// exactly what protobuf's own parser does; internal to the codec and the scanner.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"

namespace millwright::sparkplug::wire_format {

enum class Kind : std::uint32_t {
  varint = 0,
  fixed64 = 1,
  block = 2,
  group = 3,
  end = 4,
  fixed32 = 5
};

constexpr std::uint32_t tag_of(std::uint32_t field, Kind kind) {
  return (field << 3) | static_cast<std::uint32_t>(kind);
}
constexpr std::uint32_t varint_tag(std::uint32_t field) {
  return tag_of(field, Kind::varint);
}
constexpr std::uint32_t block_tag(std::uint32_t field) {
  return tag_of(field, Kind::block);
}
constexpr std::uint32_t fixed32_tag(std::uint32_t field) {
  return tag_of(field, Kind::fixed32);
}
constexpr std::uint32_t fixed64_tag(std::uint32_t field) {
  return tag_of(field, Kind::fixed64);
}

/// After the first failure every read gives zero, `at_end` is true and `ok` false.
class Reader {
 public:
  explicit Reader(ByteView bytes) : at_(bytes.data()), end_(at_ + bytes.size()), failed_at_(at_) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  /// Set when skipping met groups nested deeper than allowed.
  bool too_deep() const { return too_deep_; }
  /// Where reading stands, or stood when it failed.
  const std::byte* position() const { return ok_ ? at_ : failed_at_; }

  /// A tag; 0 is none and means failure.
  std::uint32_t tag() {
    if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) {
      const auto value = static_cast<std::uint32_t>(*at_);
      if (value < 8) return fail();
      ++at_;
      return value;
    }
    return long_tag();
  }
  std::uint64_t varint() {
    if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) [[likely]] {
      return static_cast<std::uint64_t>(*at_++);
    }
    return long_varint();
  }
  std::uint32_t fixed32() { return fixed<std::uint32_t>(); }
  std::uint64_t fixed64() { return fixed<std::uint64_t>(); }
  float float32() { return std::bit_cast<float>(fixed32()); }
  double float64() { return std::bit_cast<double>(fixed64()); }
  ByteView block() {
    const std::size_t size = length();
    if (size > left()) {
      fail();
      return {};
    }
    const ByteView out(at_, size);
    at_ += size;
    return out;
  }
  /// Passes over the field whose tag was just read; groups at most `depth_left` deep.
  void skip(std::uint32_t tag, std::size_t depth_left);
  std::uint32_t fail() {
    if (ok_) failed_at_ = at_;
    ok_ = false;
    at_ = end_;
    return 0;
  }

 private:
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::size_t length() {
    if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) [[likely]] {
      return static_cast<std::size_t>(*at_++);
    }
    return long_length();
  }
  template <typename T>
  T fixed() {
    if (left() < sizeof(T)) return fail();
    T value{};
    std::memcpy(&value, at_, sizeof value);
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    at_ += sizeof value;
    return value;
  }
  std::uint32_t long_tag();
  std::uint64_t long_varint();
  std::size_t long_length();

  const std::byte* at_;
  const std::byte* end_;
  const std::byte* failed_at_;
  bool ok_ = true;
  bool too_deep_ = false;
};

}  // namespace millwright::sparkplug::wire_format
