// The sites, gateways and edges that a set of resources declares, as a local fleet wants them.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "roles/local_fleet.hpp"

namespace millwright::roles {

/// Reads and checks the resources at `paths`; sites in the order of their names.
Result<std::vector<FleetSite>> plan_fleet(const std::vector<std::string>& paths);

}  // namespace millwright::roles
