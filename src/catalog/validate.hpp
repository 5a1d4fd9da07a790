// Documents into resources: checks each against its declaration and reports every problem. What
// needs more than one resource is checked by cross_check.hpp.
#pragma once

#include <string>
#include <vector>

#include "catalog/document.hpp"
#include "catalog/resource.hpp"

namespace millwright::catalog {

/// A resource as a file declares it. What is wrong in one that is not sound is not said twice.
struct Declared {
  Resource resource;
  bool sound = true;
  std::vector<std::string> problem_paths;  ///< of the problems that `validate` found
};

struct Loaded {
  std::vector<Declared> resources;
  std::vector<Problem> problems;
};

/// Reads and checks all documents of `sources`.
Loaded load(const std::vector<SourceText>& sources);

/// Checks one document; adds to `problems`. False when not even its kind and name can be told.
bool validate(const Node& document, const std::string& file, std::vector<Problem>& problems,
              Declared& out);

/// `a, b or c`.
std::string one_of(const std::vector<std::string_view>& names);

}  // namespace millwright::catalog
