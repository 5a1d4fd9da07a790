// The part of the command line that is about decisions: keys, training, releases, rollouts,
// approvals, work, evidence. CLI11 is behind it (cli_decisions_adapter.cpp).
#pragma once

#include <memory>

#include "interfaces/cli.hpp"
#include "interfaces/cli_parts.hpp"

namespace millwright::interfaces {

class DecisionCommands {
 public:
  /// Null where only the declarations are wanted; else both outlive it.
  DecisionCommands(CliPorts* ports, Terminal* terminal);
  ~DecisionCommands();
  DecisionCommands(const DecisionCommands&) = delete;
  DecisionCommands& operator=(const DecisionCommands&) = delete;

  /// Adds its verbs. They fill this object, which outlives their run.
  void declare(CLI::App& app, VerbTable& verbs);

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace millwright::interfaces
