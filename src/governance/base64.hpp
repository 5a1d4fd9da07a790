// Base64 (RFC 4648, section 4), strict: one text for the same bytes, so that no bit of a key or of
// a signature can change unseen.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace millwright::governance {

std::string to_base64(ByteView bytes);
/// Nothing unless `text` is exactly what `to_base64` makes of some bytes (padding, zero spare
/// bits).
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace millwright::governance
