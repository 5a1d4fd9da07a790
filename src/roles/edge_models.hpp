// What artifacts of a release are to an edge: PCA bundles that its pipelines score with. Bundles of
// other kinds, and those that no pipeline names, are for other targets of the same release and are
// passed over; artifacts that are no models are refused.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "fabric/edge/edge_core.hpp"
#include "models/model_counters.hpp"
#include "roles/release_agent.hpp"

namespace millwright::roles {

/// Owned by the role, on the core's executor.
class EdgeModels {
 public:
  EdgeModels(edge::EdgeCore& core, Log& log) : core_(&core), log_(&log) {}

  /// Everything but `fetch`. `this` outlives them.
  AgentPorts ports();

 private:
  struct InForce {
    Digest digest;
    std::shared_ptr<models::ModelCounters> counters;
  };
  Result<void> activate(const operations::Artifact& artifact, ByteView bytes, ByteView before);
  Result<void> withdraw(const operations::Artifact& artifact);

  edge::EdgeCore* core_;
  Log* log_;
  std::map<std::string, InForce> in_force_;  ///< by name
};

/// Refused by rule: `unsupported_kind`.
Result<void> check_is_model(const operations::Artifact& artifact);

}  // namespace millwright::roles
