// The target's side of a rollout in a process (operations/agent.hpp is its state): takes orders,
// fetches and checks what they name, keeps it on disk, puts it in force, watches it, falls back
// when it does not work, and says what runs.
//
// A set is a manifest with its artifacts, all in the store under their digests (the digest of a
// release is that of its manifest's text). Its signature, its keys, its targets and its versions
// are checked before it is stored; what runs is read from the store, which checks digests at each
// read.
//
// Lives on the core's executor; fetching, checking and storing happen on the worker's. Bounded: one
// order at a time, the artifacts of three sets on disk. What the hub cannot give now is asked for
// again, later and later; what a rule forbids is reported and not tried again.
//
// Refused by rule, beside those of operations/{agent,release}.hpp: `unreadable_order`,
// `unreadable_release`, `another_release` (the signed text is not the one ordered),
// `incompatible_target`, `older_release` (the version must be above the one of the same name that
// runs, unless the order is a revert or names the set before), `missing_artifact`, `changed_byte`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"
#include "fabric/links/node_control.hpp"
#include "models/model_counters.hpp"
#include "operations/agent.hpp"
#include "operations/artifact.hpp"
#include "operations/order_text.hpp"
#include "operations/release.hpp"
#include "roles/release_fetch.hpp"

namespace millwright::roles {

/// The rest is called on the core's executor.
struct AgentPorts {
  Fetch fetch;
  /// Puts an artifact in force; again for one that is in force already: nothing changes. What is
  /// not for this target is passed over. `before` is the content of that name in the set before
  /// (empty: none), which a model is compared with.
  std::function<Result<void>(const operations::Artifact&, ByteView, ByteView before)> activate;
  /// An artifact of a set that ran before is in force no more. May never have been.
  std::function<Result<void>(const operations::Artifact&)> withdraw;
  /// Of the models in force, which also decide about a set on trial.
  std::function<std::vector<models::ModelCounters>()> counters;
  /// What the node attests from now on (EdgeCore, GatewayCore::set_running).
  std::function<void(std::string)> set_running;
};

struct AgentOptions {
  std::string directory = "release";
  operations::Target target;
  /// A set on trial has proved itself with so many predictions and no error or invalid one, or when
  /// none of its models is in force here.
  std::uint64_t verdicts_min = 20;
  Duration trial_max = std::chrono::minutes(10);  ///< then it has not
  Duration look_interval = std::chrono::seconds(1);
  Duration counters_interval = std::chrono::seconds(10);  ///< between reports of counters alone
  Duration retry_min = std::chrono::seconds(2);
  Duration retry_max = std::chrono::minutes(5);
};

/// Outlives the agent; the worker is destroyed before the core's executor.
struct AgentWorld {
  const Clock& clock;
  Random& random;
  engine::Executor& executor;
  engine::Executor& worker;
  engine::Disk& disk;  ///< used from both executors, on different files
  Log& log;
};

class ReleaseAgent final : public links::ReleaseListener {
 public:
  /// Reads the state. `unsupported_version`: by a newer program. A damaged state is said and set
  /// aside: the target begins with its bootstrap set and asks the hub.
  static Result<std::unique_ptr<ReleaseAgent>> open(
      AgentWorld world, AgentOptions options, std::shared_ptr<const operations::Verifier> verifier,
      AgentPorts ports);
  ~ReleaseAgent() override;

  /// Begins a life: puts the running set in force, and goes on with what is under way. To be called
  /// once, before input flows.
  Result<void> start();
  void on_release(ByteView bytes) override;
  operations::TargetReport report() const;

 private:
  ReleaseAgent(AgentWorld world, AgentOptions options,
               std::shared_ptr<const operations::Verifier> verifier, AgentPorts ports);

  Result<void> read_state();
  void refuse_order(const Error& error);
  /// Changes the state durably. False: the disk refused, nothing changed, and it is tried again.
  bool step(const std::function<void(operations::AgentState&)>& change);
  /// Moves what is towards what is wanted; harmless at any time.
  void pursue();
  void pursue_order();
  void fetch();
  void on_fetched(const operations::ReleaseOrder& order, const Result<void>& done, bool may_retry);
  bool pursue_set();
  void on_set_failed(const Error& error);
  Result<void> run_set(const Digest& set);
  Result<operations::Manifest> manifest_of(const Digest& set) const;
  Bytes content_before(const operations::Artifact& artifact, const Digest& set) const;
  void withdraw_others();
  void withdraw(const operations::Artifact& artifact);
  void judge_trial();
  void clear_store();
  void publish();
  void arm(Duration delay);

  AgentWorld world_;
  AgentOptions options_;
  AgentPorts ports_;
  std::shared_ptr<const operations::Verifier> verifier_;
  std::optional<operations::ArtifactStore> store_;  ///< of the core's executor
  operations::AgentState state_;
  std::optional<operations::ReleaseOrder> order_;  ///< the newest taken
  std::optional<Digest> in_force_;                 ///< the whole of this set
  std::map<std::pair<operations::ArtifactKind, std::string>, operations::Artifact> activated_;
  std::string refused_;
  std::string problem_;  ///< why the running set is not in force
  bool fetching_ = false;
  std::optional<Duration> fetch_not_before_;
  Duration retry_after_;
  bool store_is_clear_ = false;
  // Of the set on trial.
  std::optional<Duration> trial_since_;
  std::map<std::string, models::ModelCounters> at_trial_;
  std::string published_;
  std::string published_stage_;
  Duration counters_at_{};
  std::optional<engine::TimerId> timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  ///< tasks of the worker look whether
};

}  // namespace millwright::roles
