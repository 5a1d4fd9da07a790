// What happens in the demo beside its data: the history of the simulated plant arrives, models
// learn from it, are released, approved and rolled out by the declared (simulated) persons, and the
// simulated technicians go to the machines. Each step is one that the command line has, too.
#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"
#include "interfaces/hub_client.hpp"
#include "interfaces/process.hpp"
#include "roles/decision_run.hpp"
#include "roles/local_fleet.hpp"
#include "roles/plant_crew.hpp"

namespace millwright::roles {

class DemoDecision {
 public:
  /// All outlive it.
  DemoDecision(DecisionRun& run, PlantCrew crew, LocalFleet& fleet, interfaces::HttpClient& http,
               const Clock& clock, interfaces::Terminal& terminal);

  /// Takes the next step whose time has come; returns soon, except while models are trained. What
  /// goes wrong is said, once, and ends the steps of the decision; the plant plays on.
  void advance();

 private:
  enum class Phase : std::uint8_t { history, gateways, edges, at_work, ended };
  Result<void> step();
  Result<bool> has_history();
  Result<void> roll_out_once(const std::string& kind);
  Result<void> decide();
  Result<void> watch();
  void say(const std::string& line);

  DecisionRun& run_;
  PlantCrew crew_;
  LocalFleet& fleet_;
  interfaces::HttpClient& http_;
  const Clock& clock_;
  interfaces::Terminal& terminal_;
  interfaces::HubClient reader_;
  interfaces::HubClient technician_;
  Phase phase_ = Phase::history;
  Duration begun_;
  Duration looked_{0};
  bool is_signed_ = false, has_finding_ = false;
};

}  // namespace millwright::roles
