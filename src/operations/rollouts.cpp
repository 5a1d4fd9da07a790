#include "operations/rollouts.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "operations/event_body.hpp"

namespace millwright::operations {
namespace {

using catalog::Node;
using governance::Event;

std::string id_of(const Event& event) {
  constexpr std::string_view prefix = "rollout/";
  return event.subject.starts_with(prefix) ? event.subject.substr(prefix.size()) : std::string();
}

Event by(std::string actor, Event event) {
  event.actor = std::move(actor);
  return event;
}

std::unexpected<Error> refuse_problems(std::string_view rollout, std::vector<Problem> problems) {
  return std::unexpected(
      Error(Code::refused,
            fmt::format("problems: the blueprint of '{}' cannot be carried out", rollout))
          .with_problems(std::move(problems)));
}

}  // namespace

std::vector<std::string> ContactWatch::poll(const std::vector<std::string>& awaited,
                                            std::uint32_t polls) {
  std::vector<std::string> silent;
  for (const auto& target : awaited) {
    if (++missed_[target] >= polls) silent.push_back(target);
  }
  return silent;
}

Result<const Rollout*> Rollouts::known(std::string_view rollout) const {
  const auto* found = find(rollout);
  if (found == nullptr) {
    return fail(Code::not_found, fmt::format("there is no rollout '{}'", rollout));
  }
  return found;
}

Result<Event> Rollouts::plan(const Blueprint& blueprint, const Inventory& inventory,
                             const Release& release, std::string actor, Timestamp at) const {
  if (find(blueprint.rollout) != nullptr) {
    return fail(Code::already_exists, fmt::format("rollout '{}' exists", blueprint.rollout),
                "use a new name: it decides which targets go first");
  }
  if (blueprint.generation != next_generation_) {
    return refuse("older_generation",
                  fmt::format("the blueprint has generation {}, the next one is {}",
                              blueprint.generation, next_generation_),
                  "plan again");
  }
  auto problems = check(blueprint, inventory);
  if (blueprint.release != release.id) {
    problems.push_back({{}, "the blueprint is for another release", "", "", "plan again"});
  }
  if (!problems.empty()) {
    return refuse_problems(blueprint.rollout, std::move(problems));
  }
  Event event = by(std::move(actor), rollout_event(blueprint.rollout, "planned", at));
  event.body.add("author", Node::make_text(release.manifest.author));
  event.body.add("digest", Node::make_text(blueprint.digest().hex()));
  event.body.add("generation", Node::make_integer(blueprint.generation));
  event.body.add("members", Node::make_integer(static_cast<std::int64_t>(blueprint.members())));
  auto lines = Node::make_list();
  for (const auto& line : notes(blueprint)) lines.items.push_back(Node::make_text(line));
  event.body.add("notes", std::move(lines));
  event.body.add("release", Node::make_text(fmt::format("{}@{}:{}", blueprint.release.name,
                                                        blueprint.release.version,
                                                        blueprint.release.digest.hex())));
  return event;
}

Result<Event> Rollouts::approve(const ApprovalRequest& request, Timestamp at) const {
  auto rollout = known(request.rollout);
  if (!rollout) return pass(std::move(rollout));
  if ((*rollout)->phase() != RolloutPhase::planned) {
    return fail(Code::conflict, fmt::format("rollout '{}' is {}, not waiting for an approval",
                                            request.rollout, name_of((*rollout)->phase())));
  }
  if (request.digest != (*rollout)->digest()) {
    return refuse("wrong_digest",
                  fmt::format("the approval is for {}, the blueprint is {}", request.digest.hex(),
                              (*rollout)->digest().hex()),
                  "look at the blueprint again and sign its digest");
  }
  if (std::ranges::find((*rollout)->authors(), request.by) != (*rollout)->authors().end()) {
    return refuse("author_may_not_approve",
                  fmt::format("{} made this release or its plan", request.by),
                  fmt::format("{} must approve", request.accountable));
  }
  if (request.by != request.accountable) {
    return refuse("not_accountable", fmt::format("{} is not accountable for releases", request.by),
                  fmt::format("{} must approve", request.accountable));
  }
  if (request.expires <= at) {
    return refuse("expired", fmt::format("the approval expired at {}", to_rfc3339(request.expires)),
                  "sign a new one");
  }
  Event event = by(request.by, rollout_event(request.rollout, "approved", at));
  event.body.add("digest", Node::make_text(request.digest.hex()));
  event.body.add("expires", time_node(request.expires));
  event.body.add("key", Node::make_text(request.key));
  return event;
}

Result<void> Rollouts::check_targets(const Rollout& rollout) const {
  for (const auto& wave : rollout.blueprint().waves) {
    for (const auto& member : wave.members) {
      const Rollout* owner = of_target(member.target);
      if (owner == nullptr || owner == &rollout) continue;
      if (owner->blueprint().generation > rollout.blueprint().generation) {
        return refuse(
            "superseded",
            fmt::format("rollout '{}' came later on target {}", owner->id(), member.target),
            "plan a new rollout");
      }
      if (!rollout.has_begun() && owner->is_active()) {
        return refuse("target_busy",
                      fmt::format("rollout '{}' ({}) acts on target {}", owner->id(),
                                  name_of(owner->phase()), member.target),
                      "wait for its end, or withdraw it");
      }
    }
  }
  return {};
}

Result<Event> Rollouts::start(std::string_view rollout, const Inventory& inventory,
                              std::string actor, Timestamp at) const {
  auto found = known(rollout);
  if (!found) return pass(std::move(found));
  const Rollout& one = **found;
  if (one.phase() == RolloutPhase::planned) {
    return refuse("unapproved", fmt::format("rollout '{}' has no approval", rollout),
                  fmt::format("sign its digest {}", one.digest().hex()));
  }
  if (one.phase() != RolloutPhase::approved) {
    return fail(Code::conflict,
                fmt::format("rollout '{}' is {} already", rollout, name_of(one.phase())));
  }
  if (one.approval()->expires <= at) {
    return refuse("expired",
                  fmt::format("the approval expired at {}", to_rfc3339(one.approval()->expires)),
                  "plan again and have it approved");
  }
  if (one.approval()->by == actor) {
    return refuse("approver_may_not_start", fmt::format("{} approved this rollout", actor),
                  "another person, or the hub, starts it");
  }
  if (auto checked = check_targets(one); !checked) return pass(std::move(checked));
  if (auto problems = check(one.blueprint(), inventory); !problems.empty()) {
    return refuse_problems(one.id(), std::move(problems));
  }
  const auto first = one.wave_from(0);
  MILLWRIGHT_ASSERT(first.has_value());
  Event event = by(std::move(actor), rollout_event(rollout, "wave_started", at));
  event.body.add("wave", Node::make_text(one.blueprint().waves[*first].rule.name));
  return event;
}

Result<Event> Rollouts::revert(std::string_view rollout, std::string actor, std::string why,
                               Timestamp at) const {
  auto found = known(rollout);
  if (!found) return pass(std::move(found));
  const auto phase = (*found)->phase();
  if (!(*found)->is_active() && phase != RolloutPhase::done) {
    return fail(Code::conflict,
                fmt::format("rollout '{}' is {}: nothing to revert", rollout, name_of(phase)));
  }
  if (phase == RolloutPhase::reverting) {
    return fail(Code::conflict, fmt::format("rollout '{}' goes back already", rollout));
  }
  if (auto checked = check_targets(**found); !checked) return pass(std::move(checked));
  Event event = by(std::move(actor), rollout_event(rollout, "reverting", at));
  event.body.add("why", Node::make_text(why));
  return event;
}

Result<Event> Rollouts::withdraw(std::string_view rollout, std::string actor, std::string why,
                                 Timestamp at) const {
  auto found = known(rollout);
  if (!found) return pass(std::move(found));
  const auto phase = (*found)->phase();
  if (phase != RolloutPhase::planned && phase != RolloutPhase::approved &&
      phase != RolloutPhase::reverting) {
    return fail(Code::conflict,
                fmt::format("rollout '{}' is {}: it cannot be withdrawn", rollout, name_of(phase)),
                "revert it");
  }
  Event event = by(std::move(actor), rollout_event(rollout, "withdrawn", at));
  event.body.add("why", Node::make_text(why));
  auto left = Node::make_list();
  for (auto& name : (*found)->unsettled(1000)) left.items.push_back(Node::make_text(name));
  event.body.add("not_restored", std::move(left));
  return event;
}

std::optional<Event> Rollouts::on_report(const Report& report, Timestamp at) const {
  const Rollout* owner = of_target(report.target);
  return owner == nullptr ? std::nullopt : owner->on_report(report, at);
}

std::optional<Order> Rollouts::order_for(std::string_view target) const {
  const Rollout* owner = of_target(target);
  return owner == nullptr ? std::nullopt : owner->order_for(target);
}

std::vector<Order> Rollouts::orders() const {
  std::vector<Order> all;
  for (const auto& [id, rollout] : rollouts_) {
    for (auto& order : rollout.orders()) {
      if (of_target(order.target) == &rollout) all.push_back(std::move(order));
    }
  }
  return all;
}

std::vector<std::string> Rollouts::active() const {
  std::vector<std::string> ids;
  for (const auto& [id, rollout] : rollouts_) {
    if (rollout.is_active()) ids.push_back(id);
  }
  return ids;
}

const Rollout* Rollouts::find(std::string_view rollout) const {
  const auto at = rollouts_.find(rollout);
  return at == rollouts_.end() ? nullptr : &at->second;
}

const Rollout* Rollouts::of_target(std::string_view target) const {
  const auto at = owners_.find(std::string(target));
  return at == owners_.end() ? nullptr : find(at->second);
}

std::optional<Digest> Rollouts::last_running(std::string_view target) const {
  const Rollout* owner = of_target(target);
  return owner == nullptr ? std::nullopt : owner->last_running(target);
}

Result<void> Rollouts::apply_planned(const Event& event) {
  BodyReader reader(event.body);
  const Digest digest = reader.digest("digest");
  std::string author = reader.text("author");
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  auto text = blueprints_(digest);
  if (!text) return pass(std::move(text), fmt::format("the blueprint of {}", event.subject));
  auto blueprint = Blueprint::parse(as_text(*text));
  if (!blueprint) return pass(std::move(blueprint), event.subject);
  if (sha256(*text) != digest || blueprint->rollout != id_of(event) ||
      blueprint->generation < next_generation_ || find(blueprint->rollout) != nullptr) {
    return fail(Code::corrupt, fmt::format("{} does not fit its blueprint", event.subject));
  }
  next_generation_ = blueprint->revert_generation() + 1;
  std::string id = blueprint->rollout;
  rollouts_.emplace(std::move(id),
                    Rollout(std::move(*blueprint), digest, {std::move(author), event.actor}));
  return {};
}

Result<void> Rollouts::apply(const Event& event) {
  if (!event.kind.starts_with("rollout.")) return {};
  if (event.kind == "rollout.planned") return apply_planned(event);
  const auto at = rollouts_.find(id_of(event));
  if (at == rollouts_.end()) {
    return fail(Code::corrupt, fmt::format("{} for an unknown {}", event.kind, event.subject));
  }
  const bool had_begun = at->second.has_begun();
  if (auto applied = at->second.apply(event); !applied) return applied;
  if (!had_begun && at->second.has_begun()) {
    for (const auto& wave : at->second.blueprint().waves) {
      for (const auto& member : wave.members) owners_.insert_or_assign(member.target, at->first);
    }
  }
  return {};
}

}  // namespace millwright::operations
