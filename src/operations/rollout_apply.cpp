// How each event changes a rollout. What does not follow from the state is refused as corrupt: the
// log and the code that wrote it disagree.
#include <algorithm>

#include "base/format.hpp"
#include "operations/event_body.hpp"
#include "operations/rollout_state.hpp"

namespace millwright::operations {
namespace {

using governance::Event;

std::unexpected<Error> does_not_follow(const Event& event, const Rollout& rollout) {
  return fail(Code::corrupt, fmt::format("{} of {} does not follow from '{}'", event.kind,
                                         event.subject, rollout.summary()));
}

std::optional<GateOutcome> outcome_named(std::string_view name) {
  for (const auto outcome : {GateOutcome::passed, GateOutcome::failed}) {
    if (name_of(outcome) == name) return outcome;
  }
  return std::nullopt;
}

}  // namespace

Result<void> Rollout::apply(const Event& event) {
  const std::string_view kind = event.kind;
  if (kind == "rollout.approved") return apply_approved(event);
  if (kind == "rollout.wave_started") return apply_wave_started(event);
  if (kind == "rollout.target") return apply_target(event);
  if (kind == "rollout.no_contact") return apply_no_contact(event);
  if (kind == "rollout.gate") return apply_gate(event);
  return apply_phase(event);
}

Result<void> Rollout::apply_approved(const Event& event) {
  BodyReader reader(event.body);
  const Digest digest = reader.digest("digest");
  ApprovalRecord approval{event.actor, reader.text("key"), event.at, reader.time("expires")};
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  if (phase_ != RolloutPhase::planned || digest != digest_) return does_not_follow(event, *this);
  approval_ = std::move(approval);
  enter(RolloutPhase::approved, event.at);
  return {};
}

Result<void> Rollout::apply_wave_started(const Event& event) {
  BodyReader reader(event.body);
  const std::string name = reader.text("wave");
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  const bool first = phase_ == RolloutPhase::approved;
  const auto wave = wave_from(first ? 0 : wave_ + 1);
  const bool follows = first || phase_ == RolloutPhase::passed;
  if (!follows || !wave || blueprint_->waves[*wave].rule.name != name) {
    return does_not_follow(event, *this);
  }
  wave_ = *wave;
  begun_ = true;
  enter(RolloutPhase::installing, event.at);
  return {};
}

void Rollout::set_state(Place place, TargetState state) {
  auto& record = records_[place.wave][place.member];
  --counts_[place.wave][static_cast<std::size_t>(record.state)];
  ++counts_[place.wave][static_cast<std::size_t>(state)];
  record.state = state;
}

Result<void> Rollout::apply_target(const Event& event) {
  BodyReader reader(event.body);
  const auto place = place_of(reader.text("target"));
  const auto from = target_state_named(reader.text("from"));
  const auto to = target_state_named(reader.text("to"));
  const Digest running = reader.digest("running");
  Instance instance{reader.text("process"), static_cast<std::uint64_t>(reader.integer("swaps"))};
  std::string reason = reader.text("reason");
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  const bool back = to == TargetState::restored;
  const bool follows = place && from && to && begun_ && place->wave <= wave_ &&
                       record(*place).state == *from && *to != TargetState::pending &&
                       (back ? phase_ == RolloutPhase::reverting : is_forward());
  if (!follows) return does_not_follow(event, *this);
  auto& record = records_[place->wave][place->member];
  if (!record.touched) {
    if (*to != TargetState::offered) return does_not_follow(event, *this);
    record.touched = true;
    record.before = std::move(instance);
    record.ran_it = running == blueprint_->release.digest;
    ++touched_;
  }
  record.reason = std::move(reason);
  set_state(*place, *to);
  return {};
}

Result<void> Rollout::apply_no_contact(const Event& event) {
  BodyReader reader(event.body);
  std::vector<Place> places;
  for (const auto& node : reader.list("targets")) {
    const auto place = place_of(node.text);
    if (!place || !begun_ || place->wave > wave_) return does_not_follow(event, *this);
    places.push_back(*place);
  }
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  if (!is_forward()) return does_not_follow(event, *this);
  for (const auto place : places) set_state(place, TargetState::no_contact);
  return {};
}

Result<void> Rollout::apply_gate(const Event& event) {
  BodyReader reader(event.body);
  const std::string gate = reader.text("gate");
  const std::string wave = reader.text("wave");
  const auto outcome = outcome_named(reader.text("outcome"));
  GateResult result{GateOutcome::waiting, reader.text("why"),
                    read_statistics(reader.list("statistics"))};
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  const bool installing = phase_ == RolloutPhase::installing;
  const bool soaking = phase_ == RolloutPhase::soaking;
  const bool fits = gate == "install"     ? installing
                    : gate == "behaviour" ? soaking
                    : gate == "standing"  ? (soaking || phase_ == RolloutPhase::passed) &&
                                               outcome == GateOutcome::failed
                                         : false;
  // Each gate decides once for each wave.
  if (!outcome || !fits || blueprint_->waves[wave_].rule.name != wave || is_gate_decided(gate)) {
    return does_not_follow(event, *this);
  }
  result.outcome = *outcome;
  if (*outcome == GateOutcome::failed) {
    revert_reason_ = fmt::format("{} gate of wave {}: {}", gate, wave, result.why);
    enter(RolloutPhase::reverting, event.at);
  } else {
    const bool soaks = installing && blueprint_->gates.behaviour == BehaviourGate::required;
    enter(soaks ? RolloutPhase::soaking : RolloutPhase::passed, event.at);
  }
  gates_.push_back({wave_, gate, std::move(result), event.at});
  return {};
}

Result<void> Rollout::apply_phase(const Event& event) {
  const std::string_view kind = event.kind;
  if (kind == "rollout.done" && phase_ == RolloutPhase::passed) {
    enter(RolloutPhase::done, event.at);
    return {};
  }
  if (kind == "rollout.reverting" && is_forward()) {
    BodyReader reader(event.body);
    std::string why = reader.text("why");
    if (!reader.ok()) return std::unexpected(reader.error(event.kind));
    revert_reason_ = fmt::format("{}: {}", event.actor, why);
    enter(RolloutPhase::reverting, event.at);
    return {};
  }
  if (kind == "rollout.reverted" && phase_ == RolloutPhase::reverting) {
    enter(RolloutPhase::reverted, event.at);
    return {};
  }
  const bool may_withdraw = phase_ == RolloutPhase::planned || phase_ == RolloutPhase::approved ||
                            phase_ == RolloutPhase::reverting;
  if (kind == "rollout.withdrawn" && may_withdraw) {
    enter(RolloutPhase::withdrawn, event.at);
    return {};
  }
  return does_not_follow(event, *this);
}

}  // namespace millwright::operations
