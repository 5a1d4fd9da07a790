// The verb that trains: train MODEL. What training is stands in stewardship/training_job.hpp; here
// it is fed from a hub, told to the person who waits, written and registered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interfaces/hub_client.hpp"
#include "interfaces/role_options.hpp"
#include "stewardship/training_job.hpp"

namespace millwright::interfaces {

struct TrainOptions {
  std::string model;
  std::uint64_t as_of = 0;    ///< revision; 0: the newest
  std::uint32_t threads = 0;  ///< 0: one a fold
  std::string file;           ///< of the bundle; empty: MODEL-N.mwm, or none when it is registered
  bool is_registered = false;
  IdentityOptions identity;
  OutputFormat output = OutputFormat::table;
};

struct TrainPorts {
  HubClient& hub;
  const Clock& clock;
  stewardship::TrainingPorts training;
  std::string program;  ///< and version, for the card
};

/// `resources` are the declared objects: the Model, its training devices, their signals.
Result<void> train(const TrainOptions& options, const std::vector<catalog::Resource>& resources,
                   TrainPorts ports, Terminal& terminal);

/// SQL through a hub's API.
stewardship::QueryFn query_of(HubClient& hub);
/// The next version of a model at a hub; 1 for a hub without an office.
Result<std::uint32_t> next_version(HubClient& hub, const std::string& model);
/// `train turbofan-rul: 5 of 21 steps, cross-validation, about 35 s left`.
std::string progress_line(const std::string& model, const models::TrainingProgress& progress,
                          Duration elapsed);

}  // namespace millwright::interfaces
