// Templates (UDTs) to plain metrics: an instance `pump` with member `speed` becomes `pump/speed`,
// at any depth (DESIGN D1: templates are flattened at our first hop). Types that a definition
// declares are given to members that do not say theirs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wire/sparkplug/payload.hpp"

namespace millwright::sparkplug {

/// Template definitions of an NBIRTH by metric name.
using TemplateDefinitions = std::map<std::string, Template, std::less<>>;

enum class FlattenFor : std::uint8_t {
  birth,  ///< members and parameters that an instance leaves out are added from its definition
  data,   ///< only what the message holds
};

inline constexpr int template_depth_max = 16;

/// Moves the definitions (`is_definition`) out of `metrics` into `definitions`.
void take_definitions(std::vector<Metric>& metrics, TemplateDefinitions& definitions);

/// Replaces every template instance by its members, in place and in order, at most `metrics_max`
/// metrics in all. False when a bound was met; then what is beyond it is missing.
bool flatten(std::vector<Metric>& metrics, const TemplateDefinitions& definitions,
             FlattenFor purpose, std::size_t metrics_max);

}  // namespace millwright::sparkplug
