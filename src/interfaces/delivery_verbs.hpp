// The verbs that bring models to where they run: model list, release create, release list, rollout
// plan|list|get|start|revert, approve rollout. What they mean is decided at the hub (office); here
// is what a person signs, and that it is what it says it is.
#pragma once

#include <string>
#include <vector>

#include "interfaces/hub_client.hpp"
#include "interfaces/text_table.hpp"

namespace millwright::interfaces {

struct ReleaseOptions {
  std::string name;
  std::vector<std::string> models;     ///< a bundle's file, or `name@N` as registered
  std::vector<std::string> pipelines;  ///< `NAME@N=FILE`
  std::vector<std::string> configs;    ///< `NAME@N=FILE`
  std::vector<std::string> targets;    ///< selectors of what it runs on; empty: everything
  IdentityOptions identity;
};

struct RolloutOptions {
  std::string id;
  std::string release;  ///< digest, `name` (the newest) or `name@N`
  std::string waves = "canary=10%,all";
  Duration soak = std::chrono::minutes(10);
  std::string behaviour = "required";  ///< or none
  std::uint64_t scored_min = 100;      ///< verdicts before the behaviour is judged
  std::string why;                     ///< of a revert
  IdentityOptions identity;
};

struct ApproveOptions {
  std::string rollout;
  Duration valid = std::chrono::hours(24);
  bool is_shown_only = false;  ///< sign nothing
  IdentityOptions identity;
};

class DeliveryVerbs {
 public:
  /// All outlive it.
  DeliveryVerbs(HubClient& hub, Terminal& terminal, const Clock& clock, OutputFormat output)
      : hub_(hub), terminal_(terminal), clock_(clock), output_(output) {}

  Result<void> list_models();
  Result<void> list_releases();
  /// Uploads what the hub has not, signs the manifest of the next version, registers it.
  Result<void> create_release(const ReleaseOptions& options);
  Result<void> list_rollouts();
  Result<void> get_rollout(const std::string& id);
  Result<void> plan_rollout(const RolloutOptions& options);
  Result<void> start_rollout(const RolloutOptions& options);
  Result<void> revert_rollout(const RolloutOptions& options);
  /// Shows what the digest of the rollout's blueprint binds, each part held against its own digest,
  /// and signs it. `corrupt` when something is not what its digest says.
  Result<void> approve_rollout(const ApproveOptions& options);

 private:
  Result<void> sign_with(const IdentityOptions& options);
  void show_rollouts(const std::vector<Json>& rollouts, const Json& document);
  Result<void> print_rollout(Result<Json> rollout);

  HubClient& hub_;
  Terminal& terminal_;
  const Clock& clock_;
  OutputFormat output_;
};

/// `canary=10%,lab[kind=edge,ring=lab],all` as the waves of a plan: a share of all targets with
/// those before it, a selector, or everything. `invalid_input`.
Result<Json> waves_of(const std::string& text);
/// The digest of a release by digest, name or name@N; `not_found` names the nearest.
Result<std::string> release_digest(const Json& releases, const std::string& text);

}  // namespace millwright::interfaces
