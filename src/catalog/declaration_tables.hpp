// Inside of the declarations: the table of each kind, by what the kinds are about.
#pragma once

#include <span>

#include "catalog/declaration.hpp"

namespace millwright::catalog::tables {

// declaration_assets.cpp
std::span<const Field> site();
std::span<const Field> asset_type();
std::span<const Field> asset();
std::span<const Field> signal();
std::span<const Field> person();
// declaration_devices.cpp
std::span<const Field> device();
std::span<const Field> pipeline();
// declaration_outcomes.cpp
std::span<const Field> use_case();
std::span<const Field> kpi();
std::span<const Field> role();
std::span<const Field> model();

}  // namespace millwright::catalog::tables
