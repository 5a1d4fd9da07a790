// Text formatting for every folder: fmt's format strings, checked at compile time.
#pragma once

#include <fmt/format.h>

namespace millwright {
using fmt::format;
}
