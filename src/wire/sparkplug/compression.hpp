// Deflated bytes (RFC 1950 to 1952), as compressed payloads hold them. The implementation is zlib's
// (zlib_adapter.cpp).
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/sparkplug/payload.hpp"

namespace millwright::sparkplug {

/// The uuid of a payload whose body is a deflated payload (Tahu).
inline constexpr std::string_view compressed_uuid = "SPBV1.0_COMPRESSED";

/// Inflates a zlib or gzip stream, told apart by its head. `invalid_input` when it is neither or
/// ends early, `exhausted` beyond `size_max` bytes.
Result<Bytes> inflate(ByteView bytes, std::size_t size_max);
/// Appends the stream; `none` copies.
void deflate(ByteView bytes, Compression compression, Bytes& out);

}  // namespace millwright::sparkplug
