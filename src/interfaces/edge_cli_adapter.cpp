// The command line of millwright-edge, by CLI11.
#include <CLI/CLI.hpp>
#include <ostream>

#include "interfaces/cli_parts.hpp"
#include "interfaces/edge_cli.hpp"

namespace millwright::interfaces {

namespace {

constexpr const char* description =
    "Reads devices, runs their pipelines, keeps every sample on disk until the hub has it";

void declare(CLI::App& app, EdgeRoleOptions& options, std::string& password_file) {
  prepare(app, MILLWRIGHT_VERSION);
  add_edge_options(app, options, password_file);
  app.footer(
      "Example:\n"
      "  millwright-edge --site site-a --edge edge-1 --data edge-1 -f plant/ --primary-host hub");
}

}  // namespace

int run_edge_cli(std::span<const char* const> arguments, const EdgeVerb& edge, Terminal& terminal) {
  EdgeRoleOptions options;
  std::string password_file;
  CLI::App app(description, "millwright-edge");
  declare(app, options, password_file);
  if (const auto ended = read_arguments(app, arguments, terminal)) return *ended;
  const auto password =
      take_password(terminal, password_file, "MILLWRIGHT_BROKER_PASSWORD", options.broker);
  return finish(password ? edge(options, terminal) : password, app.get_name(), terminal);
}

std::string edge_cli_reference() {
  EdgeRoleOptions options;
  std::string password_file;
  CLI::App app(description, "millwright-edge");
  declare(app, options, password_file);
  return reference_of(app, "millwright-edge", 2);
}

}  // namespace millwright::interfaces
