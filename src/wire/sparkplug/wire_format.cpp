#include "wire/sparkplug/wire_format.hpp"

#include <algorithm>

namespace millwright::sparkplug::wire_format {

std::uint32_t Reader::long_tag() {
  const std::byte* at = at_;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 5 && at != end_; ++i) {
    const auto byte = static_cast<std::uint32_t>(*at++);
    value |= (byte & 0x7F) << (7 * i);
    if (byte >= 0x80) continue;
    if (value < 8) return fail();
    at_ = at;
    return value;
  }
  return fail();
}

std::uint64_t Reader::long_varint() {
  const std::byte* at = at_;
  const std::size_t longest = std::min<std::size_t>(left(), 10);
  std::uint64_t value = 0;
  for (unsigned i = 0; i < longest; ++i) {
    const auto byte = static_cast<std::uint64_t>(*at++);
    value |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      at_ = at;
      return value;
    }
  }
  return fail();
}

std::size_t Reader::long_length() {
  const std::byte* at = at_;
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 5 && at != end_; ++i) {
    const auto byte = static_cast<std::uint64_t>(*at++);
    value |= (byte & 0x7F) << (7 * i);
    if (byte >= 0x80) continue;
    at_ = at;
    return static_cast<std::size_t>(value);
  }
  return fail();
}

void Reader::skip(std::uint32_t tag, std::size_t depth_left) {
  switch (static_cast<Kind>(tag & 7)) {
    case Kind::varint:
      varint();
      return;
    case Kind::fixed64:
      fixed64();
      return;
    case Kind::block:
      block();
      return;
    case Kind::fixed32:
      fixed32();
      return;
    case Kind::group:
      if (depth_left == 0) {
        too_deep_ = true;
        fail();
        return;
      }
      while (ok_) {
        const std::uint32_t inner = this->tag();
        if (inner == tag_of(tag >> 3, Kind::end)) return;
        if (inner != 0) skip(inner, depth_left - 1);
      }
      return;
    case Kind::end:
      break;
  }
  fail();
}

}  // namespace millwright::sparkplug::wire_format
