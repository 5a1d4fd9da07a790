// Files made from the declarations: JSON Schema for editors and the reference page. A test compares
// them with what is checked in.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/resource.hpp"

namespace millwright::catalog {

/// JSON Schema (draft 2020-12) of one kind.
std::string json_schema(Kind kind);
/// JSON Schema of any resource: one of all kinds.
std::string json_schema_of_all();
/// docs/reference/resources.md.
std::string reference_page();

struct GeneratedFile {
  std::string path;  ///< below the root of the source tree
  std::string content;
};
/// All of the above.
std::vector<GeneratedFile> generated_files();

}  // namespace millwright::catalog
