// The edge role: one process beside the machines of one edge.
#pragma once

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::roles {

/// Runs until it is asked to stop, or, with `until_drained`, until the hub has everything.
Result<void> run_edge(const interfaces::EdgeRoleOptions& options, interfaces::Terminal& terminal);

}  // namespace millwright::roles
