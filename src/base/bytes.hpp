// Bytes: a bounds-checked reader and a writer, little endian, with the varints that our formats and
// protobuf use.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millwright {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string to_hex(ByteView bytes);

/// Appends to a buffer that it does not own.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(&out) {}

  void u8(std::uint8_t value) { out_->push_back(static_cast<std::byte>(value)); }
  void u16(std::uint16_t value) { fixed(value); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void i64(std::int64_t value) { fixed(static_cast<std::uint64_t>(value)); }
  void f64(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
  /// Unsigned LEB128, as protobuf's varint.
  void varint(std::uint64_t value);
  /// Zigzag, then varint.
  void signed_varint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void raw(ByteView bytes) { out_->insert(out_->end(), bytes.begin(), bytes.end()); }
  /// Length as varint, then the bytes.
  void block(ByteView bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  void text(std::string_view value) { block(as_bytes(value)); }
  std::size_t size() const { return out_->size(); }

 private:
  template <typename T>
  void fixed(T value) {
    std::byte raw_bytes[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i)
      raw_bytes[i] = static_cast<std::byte>(value >> (8 * i));
    raw(raw_bytes);
  }
  Bytes* out_;
};

/// Reads a view. After the first read past the end every read gives zero and `ok()` is false.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t position() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  void invalidate() { ok_ = false, at_ = bytes_.size(); }

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(fixed<std::uint64_t>()); }
  double f64() { return std::bit_cast<double>(fixed<std::uint64_t>()); }
  std::uint64_t varint();
  std::int64_t signed_varint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  ByteView raw(std::uint64_t size) {
    if (size > left()) {
      invalidate();
      return {};
    }
    const ByteView out = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return out;
  }
  ByteView block() { return raw(varint()); }
  std::string_view text() { return as_text(block()); }
  /// A count that cannot exceed what is left when each item takes at least `item_size_min` bytes.
  std::uint64_t count(std::size_t item_size_min) {
    const std::uint64_t value = varint();
    if (item_size_min == 0 || value > left() / item_size_min) {
      if (value != 0) invalidate();
      return 0;
    }
    return value;
  }

 private:
  template <typename T>
  T fixed() {
    if (left() < sizeof(T)) {
      invalidate();
      return 0;
    }
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes_[at_ + i]) << (8 * i)));
    }
    at_ += sizeof(T);
    return value;
  }
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4). `seed` is a previous result when the bytes come in
/// pieces.
std::uint32_t crc32c(ByteView bytes, std::uint32_t seed = 0);

}  // namespace millwright
