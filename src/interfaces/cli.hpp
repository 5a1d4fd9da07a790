// The command line `millwright VERB …`. Verbs that talk to a hub or to the catalog are complete
// here; verbs that start roles are handed in. CLI11 is behind it (cli_adapter.cpp).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "interfaces/http.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::interfaces {

/// What the verbs of roles do. An error becomes a message on stderr and the exit status of its
/// code. A verb without a function is not offered.
struct RoleVerbs {
  /// `millwright edge ARGS…`: runs the small program millwright-edge beside this one with these
  /// arguments (DESIGN 3).
  std::function<Result<void>(const std::vector<std::string>&)> edge;
  std::function<Result<void>(const GatewayRoleOptions&, Terminal&)> gateway;
  std::function<Result<void>(const HubRoleOptions&, Terminal&)> hub;
  std::function<Result<void>(const DemoOptions&, Terminal&)> demo;
  std::function<Result<void>(const RunOptions&, Terminal&)> run;
  std::function<Result<void>(const SimOptions&, Terminal&)> sim;
};

/// Ports that the verbs implemented here use.
struct CliPorts {
  HttpClient& http;
  const Clock& clock;
};

/// Runs one command; `arguments` includes the program's name. Gives the exit status: 0; 2 for
/// arguments that cannot be used; else that of the error's code (base/result.hpp).
int run_cli(std::span<const char* const> arguments, const RoleVerbs& roles, CliPorts ports,
            Terminal& terminal);

/// docs/reference/cli.md: every verb and option, from the same declarations as the help.
std::string cli_reference();

}  // namespace millwright::interfaces
