// What can only be said of several resources together, or of several parts of one: references,
// duplicates, units against the asset's type, order of bounds, cycles. Reports every problem.
#pragma once

#include <vector>

#include "catalog/validate.hpp"

namespace millwright::catalog {

/// Checks `resources` as the whole catalog. What follows from a problem that `validate` told
/// already is left out.
std::vector<Problem> cross_check(const std::vector<Declared>& resources);

}  // namespace millwright::catalog
