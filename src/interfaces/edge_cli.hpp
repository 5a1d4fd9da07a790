// The command line of the small program millwright-edge: the edge role and nothing else.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::interfaces {

using EdgeVerb = std::function<Result<void>(const EdgeRoleOptions&, Terminal&)>;

/// Parses the options of an edge and runs `edge`; exit status as run_cli (cli.hpp).
int run_edge_cli(std::span<const char* const> arguments, const EdgeVerb& edge, Terminal& terminal);

/// Reference text of its options, for docs/reference/cli.md.
std::string edge_cli_reference();

}  // namespace millwright::interfaces
