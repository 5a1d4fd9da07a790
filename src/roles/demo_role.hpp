// `millwright demo`: a plant on this machine, with the simulated fleet as its input.
#pragma once

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::roles {

/// Without `once`: until Ctrl-C; stops everything that it started. With `once`: plays `plant_time`,
/// then gives the account; an error when it does not close.
Result<void> run_demo(const interfaces::DemoOptions& options, interfaces::Terminal& terminal);

}  // namespace millwright::roles
