// The target's side of a rollout: which set runs, which one is next, and what to say about it. No
// I/O: the caller fetches, checks and activates, and saves the state durably where it is told to.
#pragma once

#include <optional>
#include <string>

#include "operations/rollout_state.hpp"

namespace millwright::operations {

/// State of one target. The caller saves `save()` durably (engine::replace_whole) after every call
/// that returns true or a value, *before* it acts on it. A crash before the save repeats the step;
/// a crash after it continues: at every point exactly one set is current, the old or the new, and
/// the previous set is kept (its content must stay in the store).
class AgentState {
 public:
  /// Lives of a new set that may end before it confirms, then it falls back: a set that crashes its
  /// program at start cannot hold the target.
  static constexpr std::uint32_t trials_max = 3;

  /// A target that never took an order. `running`: what it runs by its bootstrap.
  AgentState(std::string target, Digest running);

  /// Bytes with a version and a checksum.
  Bytes save() const;
  /// `corrupt`, `unsupported_version`. Call `begin_life` next.
  static Result<AgentState> load(ByteView bytes);

  /// A new life of the program: `process` names it and is never used again. A set on trial that has
  /// used up its lives falls back here. Save before running the set.
  void begin_life(std::string process);

  /// Takes an order. False: known already, nothing to do or save. Refused by rule:
  /// `older_generation`, `generation_reused` (the same generation for another release),
  /// `another_target`. An order for the set that runs already, and has proved itself, is confirmed
  /// at once.
  Result<bool> take(const Order& order);
  /// What to fetch and check next; empty when there is nothing to install.
  std::optional<Digest> wanted() const;
  /// The wanted set lies in the store and its digests were checked. False: not expected (ignored).
  bool on_installed();
  /// Could not be installed: the old set stays. False: not expected.
  bool on_failed(std::string reason);
  /// Exchanges the sets: the wanted one is current, on trial. Save, then run `running()`.
  bool activate();
  /// The set on trial works (its models gave verdicts). False: none is on trial.
  bool confirm();
  /// The set on trial does not work: the previous one is current again. Save, then run `running()`.
  bool fall_back(std::string reason);

  /// The current set has not confirmed yet.
  bool is_on_trial() const { return !is_proven_; }
  const Digest& running() const { return running_; }
  /// Kept for falling back; the caller must not remove it nor `running()` nor `wanted()`.
  const Digest& previous() const { return previous_; }
  ReportStage stage() const { return stage_; }
  /// What the hub shall be told, at each contact.
  Report report() const;

  bool operator==(const AgentState&) const = default;

 private:
  AgentState() = default;

  std::string target_;
  Digest running_;
  Digest previous_;
  std::int64_t generation_ = 0;
  Digest ordered_;
  ReportStage stage_ = ReportStage::idle;
  bool is_proven_ = true;  ///< the current set has confirmed
  std::uint32_t trials_ = 0;
  std::uint64_t swaps_ = 0;
  std::string process_;
  std::string reason_;
};

}  // namespace millwright::operations
