// The gateway role: primary host of one site, edge node of the hub.
#pragma once

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::roles {

/// Runs until it is asked to stop.
Result<void> run_gateway(const interfaces::GatewayRoleOptions& options,
                         interfaces::Terminal& terminal);

}  // namespace millwright::roles
