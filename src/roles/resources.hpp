// Declared resources as a role reads them from files: checked as a whole, every problem at once.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "catalog/resource.hpp"

namespace millwright::roles {

/// Files, or folders of YAML files.
Result<std::vector<catalog::Resource>> load_resources(const std::vector<std::string>& paths);

}  // namespace millwright::roles
