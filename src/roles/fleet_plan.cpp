#include "roles/fleet_plan.hpp"

#include "catalog/asset_spec.hpp"
#include "roles/resources.hpp"

namespace millwright::roles {

Result<std::vector<FleetSite>> plan_fleet(const std::vector<std::string>& paths) {
  auto resources = load_resources(paths);
  if (!resources) return pass(std::move(resources));
  std::vector<FleetSite> sites;
  for (const auto& resource : *resources) {
    if (resource.key.kind != catalog::Kind::site) continue;
    const auto spec = catalog::parse_site_spec(resource.spec);
    sites.push_back({resource.key.name, spec.gateway, spec.edges});
  }
  if (sites.empty()) {
    return fail(Code::invalid_input, "the resources declare no site",
                "add a document of kind Site");
  }
  return sites;
}

}  // namespace millwright::roles
