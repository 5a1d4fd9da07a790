// Whether a text is UTF-8 (RFC 3629), as Sparkplug's strings must be and our stores require.
#pragma once

#include <string_view>

namespace millwright::wire {

/// False for overlong forms, surrogates and everything above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace millwright::wire
