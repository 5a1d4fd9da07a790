// The hub role: primary host, historian, API.
#pragma once

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::roles {

/// Runs until it is asked to stop. Writes the address of its API to `status.json` (`url`) and to
/// standard output.
Result<void> run_hub(const interfaces::HubRoleOptions& options, interfaces::Terminal& terminal);

}  // namespace millwright::roles
