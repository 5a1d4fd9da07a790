// The program `millwright-edge`: the edge role and nothing else, for small machines.
#include <span>

#include "interfaces/edge_cli.hpp"
#include "roles/edge_role.hpp"

int main(int argc, char** argv) {
  using namespace millwright;
  auto terminal = interfaces::process_terminal();
  return interfaces::run_edge_cli(
      std::span<const char* const>(argv, static_cast<std::size_t>(argc)), roles::run_edge,
      terminal);
}
