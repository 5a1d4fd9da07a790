#include "governance/base64.hpp"

#include <cstdint>

namespace millwright::governance {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8) |
              (at + i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0u);
    }
    const std::size_t digits = std::min<std::size_t>(bytes.size() - at, 3) + 1;
    for (std::size_t i = 0; i < 4; ++i) {
      out += i < digits ? alphabet[(group >> (18 - 6 * i)) & 63] : '=';
    }
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  Bytes out;
  out.reserve(digits * 3 / 4);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text.substr(0, digits)) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = (group << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::byte>(group >> bits));
      group &= (1u << bits) - 1;
    }
  }
  if (group != 0 || to_base64(out).size() != text.size()) return std::nullopt;
  return out;
}

}  // namespace millwright::governance
