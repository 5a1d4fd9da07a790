// The program `millwright`: every role but the edge, and the command line.
#include <span>

#include "engine/host.hpp"
#include "engine/process.hpp"
#include "engine/system_time.hpp"
#include "interfaces/cli.hpp"
#include "roles/demo_role.hpp"
#include "roles/gateway_role.hpp"
#include "roles/hub_role.hpp"
#include "roles/run_role.hpp"
#include "sim/sim_role.hpp"

namespace {

using millwright::Result;

Result<void> run_edge_program(const std::vector<std::string>& arguments) {
  auto program = millwright::engine::sibling_program("millwright-edge");
  if (!program) return millwright::pass(std::move(program));
  std::vector<std::string> command{*program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return millwright::engine::replace_program(command);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace millwright;
  auto terminal = interfaces::process_terminal();
  const auto http = interfaces::make_http_client();
  const auto clock = engine::make_real_clock();
  interfaces::RoleVerbs verbs;
  verbs.edge = run_edge_program;
  verbs.gateway = roles::run_gateway;
  verbs.hub = roles::run_hub;
  verbs.demo = roles::run_demo;
  verbs.run = roles::run_example;
  verbs.sim = sim::run_simulation;
  return interfaces::run_cli(std::span<const char* const>(argv, static_cast<std::size_t>(argc)),
                             verbs, {*http, *clock}, terminal);
}
