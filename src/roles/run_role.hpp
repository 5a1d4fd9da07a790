// `millwright run`: a declared example with recorded data, played through a local fleet, with an
// account at the end.
#pragma once

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::roles {

/// An error when the account does not close: something unexplained, something double, or not
/// complete.
Result<void> run_example(const interfaces::RunOptions& options, interfaces::Terminal& terminal);

}  // namespace millwright::roles
