#include "roles/resources.hpp"

#include "catalog/commands.hpp"

namespace millwright::roles {

Result<std::vector<catalog::Resource>> load_resources(const std::vector<std::string>& paths) {
  auto sources = catalog::read_sources(paths);
  if (!sources) return pass(std::move(sources));
  auto report = catalog::check(*sources, {});
  if (auto sound = catalog::as_result(report); !sound) return pass(std::move(sound));
  std::vector<catalog::Resource> resources;
  for (auto& declared : report.resources) resources.push_back(std::move(declared.resource));
  return resources;
}

}  // namespace millwright::roles
