// Text formatting for every folder, through base: `fmt::format("{} of {}", a, b)`, checked at
// compile time.
#pragma once

#include <fmt/format.h>  // IWYU pragma: export
#include <fmt/ranges.h>  // IWYU pragma: export
