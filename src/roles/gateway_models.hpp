// What artifacts of a release are to a gateway: rul bundles of its tier 2. PCA bundles are for the
// edges of the same release and are passed over; artifacts that are no models are refused.
#pragma once

#include "fabric/gateway/gateway_core.hpp"
#include "models/gateway_scorer.hpp"
#include "roles/release_agent.hpp"

namespace millwright::roles {

/// Everything but `fetch`. `core` (with a scorer) and `scorer` outlive them.
AgentPorts gateway_ports(gateway::GatewayCore& core, models::GatewayScorer& scorer);

}  // namespace millwright::roles
