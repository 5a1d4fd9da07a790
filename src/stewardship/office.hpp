// The hub's office: where what people and the hub decide about models, releases, rollouts, findings
// and work orders becomes a fact. A decision is an event; it is appended to the audit log, durable,
// and only then applied to the state, which is a fold of the log and nothing else. Not here: the
// samples (historian), who is connected (hub), HTTP (interfaces).
//
// Single-threaded, on the hub's executor. A call that returns a value has made its event durable. A
// log that fails ends the office: every later decision is refused (`unavailable`), reading goes on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "catalog/asset_spec.hpp"
#include "catalog/model_spec.hpp"
#include "catalog/outcome_spec.hpp"
#include "catalog/resource.hpp"
#include "engine/disk.hpp"
#include "governance/approval.hpp"
#include "governance/audit_log.hpp"
#include "models/bundle.hpp"
#include "models/registry.hpp"
#include "operations/artifact.hpp"
#include "operations/finding.hpp"
#include "operations/performance.hpp"
#include "operations/release.hpp"
#include "operations/rollouts.hpp"
#include "operations/work_order.hpp"

namespace millwright::stewardship {

struct OfficeOptions {
  std::string directory = "office";  ///< audit log, key of the log, artifacts
  std::string origin = "millwright/hub";
};

/// An approval as it stands in the log.
struct ApprovalFact {
  governance::Statement statement;
  governance::Signature signature;
  governance::EntryIndex entry = 0;
};

/// A version of a model as the office knows it.
struct ModelFact {
  std::string model;
  models::ModelVersion version;
  catalog::Node card;
  std::vector<std::string> aliases;
};

/// How the real remaining life, or another truth, of an asset became known afterwards.
struct Truth {
  std::string asset;
  std::string kind;  ///< `remaining_life`
  double value = 0;
  std::string unit;
  std::string source;
  Timestamp at;
};

class Office final : private operations::Verifier {
 public:
  /// Replays the log. `resources` are the declared objects in force (people, roles, models, use
  /// cases); the office keeps its own copy. All references outlive it.
  static Result<std::unique_ptr<Office>> open(OfficeOptions options, engine::Disk& disk,
                                              const Clock& clock, Random& random, Log& log,
                                              std::vector<catalog::Resource> resources);
  ~Office() override;

  // --- declared ----------------------------------------------------------------------------------
  const std::vector<catalog::Resource>& resources() const { return resources_; }
  std::vector<std::pair<std::string, catalog::UseCaseSpec>> use_cases() const;
  std::optional<catalog::KpiSpec> kpi(std::string_view name) const;
  std::optional<catalog::ModelSpec> model(std::string_view name) const;
  const catalog::PersonSpec* person(std::string_view name) const;
  const governance::RaciTable& raci() const { return *raci_; }
  std::vector<std::string> person_names() const;

  // --- state -------------------------------------------------------------------------------------
  governance::AuditLog& log() { return *audit_; }
  const models::Registry& registry() const { return registry_; }
  const operations::Releases& releases() const { return releases_; }
  const operations::Rollouts& rollouts() const { return *rollouts_; }
  const operations::Findings& findings() const { return findings_; }
  const operations::WorkOrders& work_orders() const { return work_orders_; }
  const std::vector<ApprovalFact>& approvals() const { return approvals_; }
  const std::map<std::string, Truth, std::less<>>& truths() const { return truths_; }
  /// Where the signed text of a registered release lies among the artifacts.
  std::optional<Digest> signed_release(const Digest& release) const;
  std::optional<ModelFact> model_fact(const Digest& bundle) const;
  std::map<std::string, operations::ModelPerformance> performance() const;

  // --- artifacts
  // -----------------------------------------------------------------------------------
  Result<Digest> put_artifact(ByteView content) { return artifacts_->put(content); }
  Result<Bytes> artifact(const Digest& digest) const { return artifacts_->get(digest); }

  // --- decisions. `actor` is `person/NAME` or `system/hub`
  // -----------------------------------------
  /// Registers an encoded bundle as the next version of its model and makes it the challenger.
  /// Refused when the model is not declared or its features do not match the declaration.
  Result<ModelFact> add_model(ByteView bundle, const std::string& actor);
  Result<operations::Release> register_release(const operations::SignedRelease& release,
                                               const std::string& actor);
  Result<const operations::Rollout*> plan_rollout(const std::string& rollout, const Digest& release,
                                                  const operations::RolloutPolicy& policy,
                                                  const operations::Inventory& inventory,
                                                  const std::string& actor);
  /// The one signature that lets a rollout begin: over the digest of its blueprint, by the person
  /// who is accountable. Refusals name the rule.
  Result<void> approve(const governance::Statement& statement,
                       const governance::Signature& signature);
  Result<void> start_rollout(const std::string& rollout, const operations::Inventory& inventory,
                             const std::string& actor);
  Result<void> revert_rollout(const std::string& rollout, const std::string& actor,
                              const std::string& why);
  /// What a target said of itself. Gives true when it changed a rollout.
  Result<bool> on_report(const operations::Report& report);
  /// Targets that a rollout waits for and that have said nothing for too many polls.
  Result<bool> on_silence(const std::string& rollout, const std::vector<std::string>& silent);
  /// Takes every step that follows from the state: gates, next waves, ends. `behaviour` counts what
  /// the models of a rollout said.
  using BehaviourOf = std::function<operations::Behaviour(const operations::Rollout&)>;
  Result<bool> step_rollouts(const BehaviourOf& behaviour);

  /// Opens a finding and its work order. `already_exists` for an episode that is known.
  Result<const operations::Finding*> open_finding(const operations::FindingKey& key,
                                                  const operations::EpisodeChange& change,
                                                  std::string reason, std::string query,
                                                  std::string title, std::string severity);
  Result<void> clear_finding(const operations::FindingKey& key,
                             const operations::EpisodeChange& change);
  Result<const operations::WorkOrder*> verdict(const operations::VerdictRequest& request);
  Result<void> record_truth(const Truth& truth, const std::string& actor);
  /// Sign-ins and other facts that change no state here.
  Result<void> note(std::string kind, std::string subject, std::string actor, catalog::Node body);

 private:
  Office(OfficeOptions options, engine::Disk& disk, const Clock& clock, Log& log,
         std::vector<catalog::Resource> resources);
  Result<void> read_resources();
  Result<void> open_log(Random& random);
  Result<void> record(const governance::Event& event);
  Result<void> record_all(const std::vector<governance::Event>& events);
  Result<void> apply(governance::EntryIndex index, const governance::Event& event);
  Result<void> apply_model(const governance::Event& event);
  Result<void> apply_approval(governance::EntryIndex index, const governance::Event& event);
  Result<void> apply_truth(const governance::Event& event);
  /// What the end of a rollout means for the aliases of its models.
  std::vector<governance::Event> promotions(const operations::Rollout& rollout) const;
  /// Who is responsible may, and who is accountable: `refused` by the rule's name.
  Result<void> may_carry_out(const std::string& actor, std::string object,
                             std::string decision) const;
  governance::Event event(std::string kind, std::string subject, const std::string& actor) const;
  operations::SignatureState verify(std::string_view key, ByteView message,
                                    ByteView signature) const override;

  OfficeOptions options_;
  engine::Disk& disk_;
  const Clock& clock_;
  Log& log_;
  std::vector<catalog::Resource> resources_;
  std::map<std::string, catalog::PersonSpec, std::less<>> people_;
  std::optional<governance::RaciTable> raci_;
  std::unique_ptr<governance::AuditLog> audit_;
  std::optional<operations::ArtifactStore> artifacts_;

  models::Registry registry_;
  operations::Releases releases_;
  std::optional<operations::Rollouts> rollouts_;
  operations::Findings findings_;
  operations::WorkOrders work_orders_;
  std::vector<ApprovalFact> approvals_;
  std::map<std::string, Truth, std::less<>> truths_;
  std::map<Digest, Digest> signed_;
};

}  // namespace millwright::stewardship
