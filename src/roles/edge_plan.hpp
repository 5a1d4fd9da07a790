// From what the catalog declares for an edge to the drivers and pipelines that carry it out.
#pragma once

#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "catalog/edge_setup.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"
#include "fabric/drivers/pace.hpp"
#include "fabric/drivers/plant.hpp"
#include "fabric/drivers/records.hpp"
#include "fabric/edge/edge_core.hpp"

namespace millwright::roles {

/// What drivers need of the world; outlives the sources.
struct DriverWorld {
  const Clock& clock;
  engine::Executor& executor;
  engine::Disk& files;
  Log& log;
  drivers::Formats formats;
};

/// The pipeline of one device, with the limits that its signals declare. Empty stages: nothing to
/// do.
pipeline::PipelineSpec plan_pipeline(const catalog::PipelineSetup& setup,
                                     const catalog::DeviceSetup& device);

/// The simulated machines behind an edge, as its drivers play them.
std::vector<drivers::PlantSpec> plan_plants(const catalog::EdgeSetup& setup);

/// Opens every source of an edge. `pace`, where given, replaces the pace that the resources
/// declare.
Result<std::vector<edge::Source>> plan_sources(const catalog::EdgeSetup& setup,
                                               const DriverWorld& world,
                                               const std::optional<drivers::Pace>& pace);

}  // namespace millwright::roles
