// The verb `millwright sim` (world/sim_role.cpp).
#pragma once

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::sim {

/// Runs the worlds of options.seeds seeds one after another and prints their reports: a JSON object
/// (an array for several seeds) or a few lines each. A world of at most 100 edge-hours is scanned
/// every 5 s instead of every 60 s and says so (`period_s`). `internal`: an invariant was violated.
Result<void> run_simulation(const interfaces::SimOptions& options, interfaces::Terminal& terminal);

}  // namespace millwright::sim
