// The verbs over declared resources: check, apply, get, describe, delete, diff.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "catalog/resource.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::interfaces {

struct CatalogOptions {
  std::string store = "catalog.db";  ///< SQLite database
  std::vector<std::string> files;    ///< files, directories, `-`
  std::string kind;
  std::string name;
  OutputFormat output = OutputFormat::table;
};

/// `clock` and `random` stamp what is stored.
struct CatalogPorts {
  const Clock& clock;
  Random& random;
};

/// The declared objects: those of the files, sound as a whole; without files those of the catalog.
Result<std::vector<catalog::Resource>> declared_resources(const CatalogOptions& options,
                                                          CatalogPorts ports);
/// invalid_input with every problem. Checks against the store too, when that exists.
Result<void> check_resources(const CatalogOptions& options, CatalogPorts ports, Terminal& terminal);
Result<void> apply_resources(const CatalogOptions& options, CatalogPorts ports, Terminal& terminal);
Result<void> get_resources(const CatalogOptions& options, CatalogPorts ports, Terminal& terminal);
Result<void> describe_resource(const CatalogOptions& options, CatalogPorts ports,
                               Terminal& terminal);
Result<void> delete_resources(const CatalogOptions& options, CatalogPorts ports,
                              Terminal& terminal);
Result<void> diff_resources(const CatalogOptions& options, CatalogPorts ports, Terminal& terminal);

}  // namespace millwright::interfaces
