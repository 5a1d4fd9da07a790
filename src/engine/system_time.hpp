// The machine's own clock and randomness behind the ports of base/time.hpp. For composition roots.
#pragma once

#include <memory>

#include "base/time.hpp"

namespace millwright::engine {

/// UTC and monotonic time of the machine.
std::unique_ptr<Clock> make_real_clock();
/// The kernel's random numbers (getrandom), for ids and incarnations.
std::unique_ptr<Random> make_real_random();

}  // namespace millwright::engine
