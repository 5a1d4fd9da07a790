// SHA-256 content addresses. The implementation is OpenSSL's (openssl_adapter.cpp).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <string>

#include "base/bytes.hpp"

namespace millwright {

/// A SHA-256 digest (FIPS 180-4), 32 bytes.
struct Digest {
  std::array<std::byte, 32> bytes{};

  auto operator<=>(const Digest&) const = default;
  std::string hex() const { return to_hex(bytes); }
};

/// SHA-256 of `content`.
Digest sha256(ByteView content);

}  // namespace millwright
