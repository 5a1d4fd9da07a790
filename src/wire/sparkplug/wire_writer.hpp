// Protobuf's wire format, written: fields, and messages whose length is known only when they end.
// Internal to the codec.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "wire/sparkplug/wire_format.hpp"

namespace millwright::sparkplug::wire_format {

class Writer {
 public:
  explicit Writer(Bytes& out) : out_(&out), bytes_(out) {}

  void varint(std::uint32_t field, std::uint64_t value) {
    bytes_.varint(varint_tag(field));
    bytes_.varint(value);
  }
  void boolean(std::uint32_t field, bool value) { varint(field, value ? 1 : 0); }
  void float32(std::uint32_t field, float value) {
    bytes_.varint(fixed32_tag(field));
    bytes_.u32(std::bit_cast<std::uint32_t>(value));
  }
  void float64(std::uint32_t field, double value) {
    bytes_.varint(fixed64_tag(field));
    bytes_.f64(value);
  }
  void block(std::uint32_t field, ByteView value) {
    bytes_.varint(block_tag(field));
    bytes_.block(value);
  }
  void text(std::uint32_t field, std::string_view value) { block(field, as_bytes(value)); }
  /// Writes nothing for an empty text.
  void optional_text(std::uint32_t field, std::string_view value) {
    if (!value.empty()) text(field, value);
  }
  /// A nested message: `write` appends its fields. Its length is put in afterwards; one byte is
  /// kept for it, which is enough for most.
  template <typename Write>
  void message(std::uint32_t field, Write write) {
    bytes_.varint(block_tag(field));
    bytes_.u8(0);
    const std::size_t start = out_->size();
    write();
    put_length(start);
  }

 private:
  void put_length(std::size_t start) {
    std::size_t length = out_->size() - start;
    std::byte digits[10];
    std::size_t count = 0;
    for (; length >= 0x80; length >>= 7) digits[count++] = static_cast<std::byte>(length | 0x80);
    digits[count++] = static_cast<std::byte>(length);
    (*out_)[start - 1] = digits[0];
    if (count > 1) {
      out_->insert(out_->begin() + static_cast<std::ptrdiff_t>(start), digits + 1, digits + count);
    }
  }

  Bytes* out_;
  ByteWriter bytes_;
};

}  // namespace millwright::sparkplug::wire_format
