// The technicians of the simulated plant, for `demo`. A finding moves nothing by itself: somebody
// has to go to the machine. Where a work order was closed as `confirmed`, by whomever, the crew
// does the planned work before the machine fails; at the sites that are given to it, it also
// inspects and gives the verdicts itself. What it finds there is the plant's truth, which nobody
// else is told.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "catalog/resource.hpp"
#include "fabric/drivers/plant.hpp"
#include "interfaces/hub_client.hpp"
#include "roles/local_fleet.hpp"

namespace millwright::roles {

struct CrewOptions {
  std::set<std::string> sites;                   ///< whose work orders the crew closes itself
  Duration patience = std::chrono::seconds(20);  ///< from a work order to the inspection
};

class PlantCrew {
 public:
  /// Of the `plant` sources that `resources` declare.
  static Result<PlantCrew> create(const std::vector<catalog::Resource>& resources,
                                  const std::vector<FleetSite>& sites, CrewOptions options);

  /// One round through the work orders. `signer` signs as the technician. Gives a line for each
  /// thing done.
  Result<std::vector<std::string>> round(interfaces::HubClient& signer, LocalFleet& fleet,
                                         Timestamp now);

  /// What an inspection finds: `confirmed`, `other_fault` (a sensor), or `none_found`.
  std::string inspect(const std::string& asset, Timestamp finding) const;

 private:
  struct Machine {
    std::string site, edge, device;
    std::size_t plant = 0;
    std::uint32_t number = 0;  ///< of the plant's assets
  };
  /// A failure whose damage shows at `time`, and which has not come yet.
  bool is_wearing(const Machine& machine, Timestamp time) const;
  Result<std::string> close(interfaces::HubClient& signer, const std::string& order,
                            const std::string& asset, Timestamp finding);

  CrewOptions options_;
  std::vector<drivers::Plant> plants_;
  std::map<std::string, Machine> machines_;  ///< by asset
  std::set<std::string> done_;               ///< work orders that need nothing more
};

}  // namespace millwright::roles
