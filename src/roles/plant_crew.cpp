#include "roles/plant_crew.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "catalog/edge_setup.hpp"
#include "roles/edge_plan.hpp"

namespace millwright::roles {
namespace {

using interfaces::Json;

constexpr std::string_view service_output = "service";
/// A sensor that recovered a moment ago still shows what was wrong.
constexpr Duration fault_memory = std::chrono::seconds(30);

}  // namespace

Result<PlantCrew> PlantCrew::create(const std::vector<catalog::Resource>& resources,
                                    const std::vector<FleetSite>& sites, CrewOptions options) {
  PlantCrew crew;
  crew.options_ = std::move(options);
  for (const FleetSite& site : sites) {
    for (const std::string& edge : site.edges) {
      auto setup = catalog::edge_setup(resources, site.site, edge, {});
      if (!setup) return pass(std::move(setup), "edge " + edge);
      auto plants = plan_plants(*setup);
      auto spec = plants.begin();
      for (const auto& source : setup->sources) {
        if (!std::holds_alternative<catalog::PlantDriver>(source.driver)) continue;
        auto plant = drivers::Plant::create(std::move(*spec++));
        if (!plant) return pass(std::move(plant), "source " + source.resource);
        for (std::uint32_t i = 0; i < source.devices.size(); ++i) {
          const auto& device = source.devices[i];
          crew.machines_[device.asset] = {site.site, edge, device.id, crew.plants_.size(), i};
        }
        crew.plants_.push_back(std::move(*plant));
      }
    }
  }
  return crew;
}

bool PlantCrew::is_wearing(const Machine& machine, Timestamp time) const {
  const drivers::Plant& plant = plants_[machine.plant];
  const Duration ahead = plant.spec().life_mean + plant.spec().repair_mean;
  const auto failures = plant.failures(machine.number, time, time + ahead);
  return !failures.empty() && failures.front().onset <= time;
}

std::string PlantCrew::inspect(const std::string& asset, Timestamp finding) const {
  const Machine& machine = machines_.at(asset);
  if (is_wearing(machine, finding)) return "confirmed";
  const auto faults = plants_[machine.plant].sensor_faults(machine.number, finding - fault_memory,
                                                           finding + fault_memory);
  return faults.empty() ? "none_found" : "other_fault";
}

Result<std::string> PlantCrew::close(interfaces::HubClient& signer, const std::string& order,
                                     const std::string& asset, Timestamp finding) {
  const std::string outcome = inspect(asset, finding);
  Json body = Json::object({{"outcome", outcome}, {"note", "simulated technician"}});
  if (outcome == "other_fault") body.set("fault", "sensor");
  auto closed = signer.post("/api/v1/workorders/" + order + "/verdict", body);
  // Somebody else was faster.
  if (!closed && closed.error().code() == Code::conflict) return std::string();
  if (!closed) return pass(std::move(closed), "verdict on " + order);
  return fmt::format("{} at {} inspected: {}", order, asset, outcome);
}

Result<std::vector<std::string>> PlantCrew::round(interfaces::HubClient& signer, LocalFleet& fleet,
                                                  Timestamp now) {
  auto orders = signer.get("/api/v1/workorders");
  if (!orders) return pass(std::move(orders));
  std::vector<std::string> lines;
  for (const Json& order : (*orders)["work_orders"].items()) {
    const std::string& id = order["id"].string();
    const std::string& asset = order["asset"].string();
    const auto machine = machines_.find(asset);
    if (done_.contains(id) || machine == machines_.end()) continue;
    if (order["state"].string() == "open") {
      const auto created = parse_rfc3339(order["created"].string());
      const auto found = parse_rfc3339(order["finding"]["at"].string());
      if (!options_.sites.contains(machine->second.site) || !created || !found ||
          now - *created < options_.patience)
        continue;
      auto line = close(signer, id, asset, *found);
      if (!line) return pass(std::move(line));
      if (!line->empty()) lines.push_back(std::move(*line));
      continue;  // the work, if any, is the next round's
    }
    done_.insert(id);
    if (order["verdict"]["outcome"].string() != "confirmed") continue;
    if (!is_wearing(machine->second, now)) continue;  // it has failed meanwhile, or is new again
    auto ordered = fleet.command(machine->second.site, machine->second.edge, machine->second.device,
                                 std::string(service_output), 1);
    if (!ordered) return pass(std::move(ordered), "service of " + asset);
    lines.push_back(fmt::format("{} is serviced before it fails ({})", asset, id));
  }
  return lines;
}

}  // namespace millwright::roles
