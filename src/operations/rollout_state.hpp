// Carrying out a blueprint: the state of each target and of the whole, folded from events. Decides
// and applies; the hub appends each event durably, applies it, and then acts or replies. Nothing
// is remembered between two calls that is not in an event.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "governance/event.hpp"
#include "operations/rollout.hpp"

namespace millwright::operations {

enum class RolloutPhase : std::uint8_t {
  planned,
  approved,
  installing,  ///< a wave runs; its install gate has not decided
  soaking,     ///< the install gate passed; the behaviour gate has not decided
  passed,      ///< both gates of the wave passed; the next wave, or the end, follows
  done,
  reverting,  ///< what was touched goes back
  reverted,
  withdrawn,  ///< given up by a person before it began, or while reverting
};
std::string_view name_of(RolloutPhase phase);

enum class TargetState : std::uint8_t {
  pending,                ///< of a wave that has not begun, or not heard since
  offered,                ///< the order may be with it: touched from here on
  installed_unconfirmed,  ///< it says it has installed: proves nothing
  attested,               ///< runs the release in a new life or after a hot swap
  failed,
  rolled_back,  ///< fell back to what it ran before; counts as failed
  no_contact,   ///< missed too many polls
  restored,     ///< runs its previous release again, under the revert's generation
};
inline constexpr std::size_t target_states = 8;
std::string_view name_of(TargetState state);
std::optional<TargetState> target_state_named(std::string_view name);

/// What a target shall run. Idempotent; a target refuses a generation below the newest it knows.
struct Order {
  std::string target;
  std::int64_t generation = 0;
  Digest release;  ///< `no_release`: back to its bootstrap state
  bool operator==(const Order&) const = default;
};

/// How far a target says it is with the order of `Report::generation`.
enum class ReportStage : std::uint8_t {
  idle,         ///< holds no order
  installing,   ///< fetching or checking
  installed,    ///< ready to activate
  trial,        ///< activated, not yet confirmed by its own health check
  confirmed,    ///< activated and healthy
  failed,       ///< could not install; runs what it ran before
  rolled_back,  ///< activated, unhealthy, back to what it ran before
};
std::string_view name_of(ReportStage stage);
std::optional<ReportStage> report_stage_named(std::string_view name);

/// One life of a target's software, and how often it has exchanged its set within that life.
struct Instance {
  std::string process;  ///< boot or process id; new for each life
  std::uint64_t swaps = 0;
  bool operator==(const Instance&) const = default;
};

/// What a target says at a contact.
struct Report {
  std::string target;
  std::int64_t generation = 0;  ///< of the newest order that it holds; 0: none
  ReportStage stage = ReportStage::idle;
  Digest running;
  Instance instance;
  std::string reason;  ///< of a failure
};

struct TargetRecord {
  TargetState state = TargetState::pending;
  bool touched = false;  ///< an order was offered
  bool ran_it = false;   ///< ran the release already when it was offered
  Instance before;       ///< when it was offered
  std::string reason;
  bool operator==(const TargetRecord&) const = default;
};

/// A gate that has decided.
struct GateRecord {
  std::size_t wave = 0;
  std::string gate;  ///< `install`, `behaviour`, `standing` (failures after the install gate)
  GateResult result;
  Timestamp at;
};

struct ApprovalRecord {
  std::string by;
  std::string key;
  Timestamp at;
  Timestamp expires;
};

using StateCounts = std::array<std::uint64_t, target_states>;

/// One rollout. Made by Rollouts from its planning event; changes only by `apply`.
class Rollout {
 public:
  /// `authors` (of the release, of the plan) may not approve it.
  Rollout(Blueprint blueprint, Digest digest, std::vector<std::string> authors);

  const std::string& id() const { return blueprint_->rollout; }
  const Blueprint& blueprint() const { return *blueprint_; }
  const Digest& digest() const { return digest_; }
  const std::vector<std::string>& authors() const { return authors_; }
  RolloutPhase phase() const { return phase_; }
  /// The wave that runs or ran last; meaningless before the first began.
  std::size_t wave() const { return wave_; }
  bool has_begun() const { return begun_; }
  /// True while the rollout itself acts: targets of it are closed to others.
  bool is_active() const;
  Timestamp phase_since() const { return since_; }
  const std::optional<ApprovalRecord>& approval() const { return approval_; }
  const std::vector<GateRecord>& gates() const { return gates_; }
  const std::string& revert_reason() const { return revert_reason_; }
  const TargetRecord* find(std::string_view target) const;
  /// What the target ran when it was last heard of; empty while an order is open, or for others.
  std::optional<Digest> last_running(std::string_view target) const;
  /// Targets of a wave by state, in the order of TargetState.
  StateCounts counts(std::size_t wave) const { return counts_[wave]; }
  /// Targets that may have seen the release.
  std::uint64_t touched() const { return touched_; }
  /// Members of the waves begun whose state hinders the end: not attested while it runs, not
  /// restored while it reverts. By name, at most `limit`.
  std::vector<std::string> unsettled(std::size_t limit) const;

  /// The event that a contact gives rise to, if any.
  std::optional<governance::Event> on_report(const Report& report, Timestamp at) const;
  /// The next step that follows from the state, if any: a gate's decision, the next wave, the end.
  /// Call it after each event applied, at start and from time to time, until it gives none.
  std::optional<governance::Event> step(const Behaviour& behaviour, Timestamp at) const;
  /// The targets of `silent` that the rollout waits for, as one event; at most 1,000 each.
  std::optional<governance::Event> no_contact(const std::vector<std::string>& silent,
                                              Timestamp at) const;
  std::optional<Order> order_for(std::string_view target) const;
  /// Every order that is not yet fulfilled, in the order of the blueprint.
  std::vector<Order> orders() const;

  /// Refuses, as `corrupt`, what does not follow from the state; then nothing has changed.
  Result<void> apply(const governance::Event& event);

  /// The next wave from `from` on that has members.
  std::optional<std::size_t> wave_from(std::size_t from) const;

  /// One line: phase, wave, counts, for tests and logs.
  std::string summary() const;

 private:
  struct Place {
    std::size_t wave = 0;
    std::size_t member = 0;
  };
  const Member& member(Place place) const {
    return blueprint_->waves[place.wave].members[place.member];
  }
  const TargetRecord& record(Place place) const { return records_[place.wave][place.member]; }
  std::optional<Place> place_of(std::string_view target) const;
  bool is_forward() const;
  std::optional<Order> order_at(Place place) const;
  std::optional<TargetState> next_state(Place place, const Report& report) const;
  std::optional<TargetState> next_offered(Place place, const Report& report) const;
  bool may_offer() const;
  std::uint64_t failures() const;
  governance::Event gate_event(std::string_view gate, const GateResult& result, Timestamp at) const;
  bool is_gate_decided(std::string_view gate) const;
  void enter(RolloutPhase phase, Timestamp at) { phase_ = phase, since_ = at; }
  void set_state(Place place, TargetState state);
  std::uint64_t in_flight() const;
  Result<void> apply_approved(const governance::Event& event);
  Result<void> apply_wave_started(const governance::Event& event);
  Result<void> apply_target(const governance::Event& event);
  Result<void> apply_no_contact(const governance::Event& event);
  Result<void> apply_gate(const governance::Event& event);
  Result<void> apply_phase(const governance::Event& event);

  std::shared_ptr<const Blueprint> blueprint_;
  Digest digest_;
  std::vector<std::string> authors_;
  RolloutPhase phase_ = RolloutPhase::planned;
  std::size_t wave_ = 0;
  bool begun_ = false;
  Timestamp since_;
  std::optional<ApprovalRecord> approval_;
  std::vector<GateRecord> gates_;
  std::string revert_reason_;
  std::unordered_map<std::string_view, Place> places_;
  std::vector<std::vector<TargetRecord>> records_;
  std::vector<StateCounts> counts_;
  std::uint64_t touched_ = 0;
};

/// An event of a rollout by the hub itself, with an empty body.
governance::Event rollout_event(std::string_view rollout, std::string_view verb, Timestamp at);

}  // namespace millwright::operations
