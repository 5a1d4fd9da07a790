// Inside of `describe`: what follows from use cases, KPIs, roles, models and persons.
#pragma once

#include <string>
#include <string_view>

#include "catalog/index.hpp"

namespace millwright::catalog {

std::string heading(std::string_view title);
/// Each line two spaces to the right.
std::string indented(const std::string& text);
/// Empty for kinds that others describe.
std::string outcome_parts(const Index& index, const Resource& resource);

}  // namespace millwright::catalog
