// All rollouts: who may plan, approve, start, revert and give up which, and which rollout a target
// answers to. A fold of `rollout.*` events over blueprints that lie in the artifact store.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operations/rollout_state.hpp"

namespace millwright::operations {

/// An approval whose signature the governance room has verified.
struct ApprovalRequest {
  std::string rollout;
  Digest digest;    ///< that was signed
  std::string by;   ///< `person/anna`
  std::string key;  ///< that signed
  Timestamp expires;
  std::string accountable;  ///< the one person who may approve releases, by RACI
};

/// Counts missed polls; says who has been silent for k of them. Not folded: after a restart it
/// begins at zero, and a silent target is named k polls later.
class ContactWatch {
 public:
  void heard(const std::string& target) { missed_.erase(target); }
  /// One poll interval has passed for `awaited`: those that have now missed `polls` of them.
  std::vector<std::string> poll(const std::vector<std::string>& awaited, std::uint32_t polls);

 private:
  std::unordered_map<std::string, std::uint32_t> missed_;
};

class Rollouts {
 public:
  /// `blueprints` gives a blueprint's text by digest, such as ArtifactStore::get: put it there
  /// before the planning event is appended.
  explicit Rollouts(ContentSource blueprints) : blueprints_(std::move(blueprints)) {}

  /// The generation of the next blueprint: above that of every order ever given.
  std::int64_t next_generation() const { return next_generation_; }

  /// Refused by rule: `problems` (of `check`, listed), `older_generation`; `already_exists` for a
  /// known id.
  Result<governance::Event> plan(const Blueprint& blueprint, const Inventory& inventory,
                                 const Release& release, std::string actor, Timestamp at) const;
  /// Refused by rule: `wrong_digest`, `author_may_not_approve` (of release or plan),
  /// `not_accountable`, `expired`; `conflict` when it is not waiting for approval.
  Result<governance::Event> approve(const ApprovalRequest& request, Timestamp at) const;
  /// Refused by rule: `unapproved`, `expired`, `approver_may_not_start`,
  /// `target_busy` (another rollout acts on one of its targets), `superseded` (a later rollout has
  /// begun on one), `problems` (of `check` against the inventory as it is now).
  Result<governance::Event> start(std::string_view rollout, const Inventory& inventory,
                                  std::string actor, Timestamp at) const;
  /// From the first wave to after the end. Refused by rule: `superseded`; `conflict` when nothing
  /// has begun or it goes back already.
  Result<governance::Event> revert(std::string_view rollout, std::string actor, std::string why,
                                   Timestamp at) const;
  /// Before it begins, or while it goes back: then it names the targets that were not reached.
  Result<governance::Event> withdraw(std::string_view rollout, std::string actor, std::string why,
                                     Timestamp at) const;

  /// Through the rollout that the target answers to.
  std::optional<governance::Event> on_report(const Report& report, Timestamp at) const;
  std::optional<Order> order_for(std::string_view target) const;
  /// Every unfulfilled order of every rollout.
  std::vector<Order> orders() const;
  /// Rollouts that act: give each to `step`.
  std::vector<std::string> active() const;

  const Rollout* find(std::string_view rollout) const;
  const std::map<std::string, Rollout, std::less<>>& all() const { return rollouts_; }
  const Rollout* of_target(std::string_view target) const;
  /// What the target ran when it was last heard of, by the log: for a hub that has not heard it
  /// since its own start. Empty: no rollout has begun on it, or it is between two sets.
  std::optional<Digest> last_running(std::string_view target) const;

  /// Takes events of other rooms too, without effect. `corrupt` for one that does not follow, or
  /// whose blueprint is missing or changed; then nothing has changed.
  Result<void> apply(const governance::Event& event);

 private:
  Result<const Rollout*> known(std::string_view rollout) const;
  Result<void> apply_planned(const governance::Event& event);
  /// Refuses unless every member that was touched, or shall be, answers to `rollout` or may.
  Result<void> check_targets(const Rollout& rollout) const;

  ContentSource blueprints_;
  std::map<std::string, Rollout, std::less<>> rollouts_;
  std::unordered_map<std::string, std::string> owners_;  ///< target: rollout that began on it last
  std::int64_t next_generation_ = 1;
};

}  // namespace millwright::operations
