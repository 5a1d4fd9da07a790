// The version of this program, as `--version`, the API and recipes say it.
#pragma once

#include <string_view>

namespace millwright::roles {
inline constexpr std::string_view version = MILLWRIGHT_VERSION;
}
