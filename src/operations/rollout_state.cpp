#include "operations/rollout_state.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/format.hpp"

namespace millwright::operations {
namespace {

using catalog::Node;
using governance::Event;

constexpr std::size_t names_max = 1000;

constexpr std::string_view phase_names[] = {"planned",   "approved", "installing",
                                            "soaking",   "passed",   "done",
                                            "reverting", "reverted", "withdrawn"};
constexpr std::string_view state_names[] = {"pending",    "offered", "installed_unconfirmed",
                                            "attested",   "failed",  "rolled_back",
                                            "no_contact", "restored"};
constexpr std::string_view stage_names[] = {"idle",      "installing", "installed",  "trial",
                                            "confirmed", "failed",     "rolled_back"};

std::uint64_t of(const StateCounts& counts, TargetState state) {
  return counts[static_cast<std::size_t>(state)];
}

Node names_node(const std::vector<std::string>& names) {
  auto list = Node::make_list();
  for (const auto& name : names) list.items.push_back(Node::make_text(name));
  return list;
}

}  // namespace

std::string_view name_of(RolloutPhase phase) {
  return phase_names[static_cast<std::size_t>(phase)];
}

std::string_view name_of(TargetState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::optional<TargetState> target_state_named(std::string_view name) {
  const auto at = std::ranges::find(state_names, name);
  if (at == std::end(state_names)) return std::nullopt;
  return static_cast<TargetState>(at - std::begin(state_names));
}

std::string_view name_of(ReportStage stage) {
  return stage_names[static_cast<std::size_t>(stage)];
}

std::optional<ReportStage> report_stage_named(std::string_view name) {
  const auto at = std::ranges::find(stage_names, name);
  if (at == std::end(stage_names)) return std::nullopt;
  return static_cast<ReportStage>(at - std::begin(stage_names));
}

Event rollout_event(std::string_view rollout, std::string_view verb, Timestamp at) {
  return {fmt::format("rollout.{}", verb), fmt::format("rollout/{}", rollout), "system/hub", at,
          Node::make_map()};
}

Rollout::Rollout(Blueprint blueprint, Digest digest, std::vector<std::string> authors)
    : blueprint_(std::make_shared<const Blueprint>(std::move(blueprint))),
      digest_(digest),
      authors_(std::move(authors)) {
  places_.reserve(blueprint_->members());
  for (std::size_t w = 0; w < blueprint_->waves.size(); ++w) {
    const auto& members = blueprint_->waves[w].members;
    for (std::size_t m = 0; m < members.size(); ++m) places_.try_emplace(members[m].target, w, m);
    records_.emplace_back(members.size());
    counts_.push_back({members.size()});
  }
}

std::optional<Rollout::Place> Rollout::place_of(std::string_view target) const {
  const auto at = places_.find(target);
  if (at == places_.end()) return std::nullopt;
  return at->second;
}

const TargetRecord* Rollout::find(std::string_view target) const {
  const auto place = place_of(target);
  return place ? &record(*place) : nullptr;
}

bool Rollout::is_forward() const {
  return phase_ == RolloutPhase::installing || phase_ == RolloutPhase::soaking ||
         phase_ == RolloutPhase::passed || phase_ == RolloutPhase::done;
}

bool Rollout::is_active() const {
  return (is_forward() && phase_ != RolloutPhase::done) || phase_ == RolloutPhase::reverting;
}

std::uint64_t Rollout::failures() const {
  std::uint64_t sum = 0;
  for (const auto& counts : counts_) {
    sum += of(counts, TargetState::failed) + of(counts, TargetState::rolled_back);
  }
  return sum;
}

std::uint64_t Rollout::in_flight() const {
  std::uint64_t settled = failures();
  for (const auto& counts : counts_) settled += of(counts, TargetState::attested);
  return touched_ - settled;
}

bool Rollout::may_offer() const {
  const auto& gates = blueprint_->gates;
  if (failures() > gates.failures_max) return false;
  return gates.in_flight_max == 0 || in_flight() < gates.in_flight_max;
}

std::optional<std::size_t> Rollout::wave_from(std::size_t from) const {
  for (std::size_t wave = from; wave < blueprint_->waves.size(); ++wave) {
    if (!blueprint_->waves[wave].members.empty()) return wave;
  }
  return std::nullopt;
}

std::vector<std::string> Rollout::unsettled(std::size_t limit) const {
  std::vector<std::string> names;
  if (!begun_) return names;
  for (std::size_t w = 0; w <= wave_; ++w) {
    for (std::size_t m = 0; m < records_[w].size() && names.size() < limit; ++m) {
      const auto& record = records_[w][m];
      const bool settled = phase_ == RolloutPhase::reverting
                               ? !record.touched || record.state == TargetState::restored
                               : record.state == TargetState::attested;
      if (!settled) names.push_back(blueprint_->waves[w].members[m].target);
    }
  }
  return names;
}

std::optional<Digest> Rollout::last_running(std::string_view target) const {
  const auto place = place_of(target);
  if (!place) return std::nullopt;
  const auto& record = this->record(*place);
  if (!record.touched) return member(*place).previous;
  const bool goes_back = phase_ == RolloutPhase::reverting || phase_ == RolloutPhase::withdrawn;
  if (goes_back && record.state != TargetState::restored) return std::nullopt;
  switch (record.state) {
    case TargetState::attested:
      return blueprint_->release.digest;
    case TargetState::failed:
    case TargetState::rolled_back:
    case TargetState::restored:
      return member(*place).previous;
    default:
      return std::nullopt;
  }
}

std::optional<TargetState> Rollout::next_offered(Place place, const Report& report) const {
  const auto& record = this->record(place);
  const auto& wanted = blueprint_->release.digest;
  const bool heard_again = record.state == TargetState::no_contact;
  if (report.generation < blueprint_->generation) {
    return heard_again ? std::optional(TargetState::offered) : std::nullopt;
  }
  const bool claims = report.stage == ReportStage::installed ||
                      report.stage == ReportStage::trial || report.stage == ReportStage::confirmed;
  const bool new_life = report.instance != record.before;
  if (report.stage == ReportStage::confirmed && report.running == wanted &&
      (new_life || record.ran_it)) {
    return TargetState::attested;
  }
  if (report.stage == ReportStage::failed) return TargetState::failed;
  if (report.stage == ReportStage::rolled_back) return TargetState::rolled_back;
  // Says that it is through, in a new life, and runs something else: it fell back.
  const bool through = report.stage == ReportStage::confirmed || report.stage == ReportStage::idle;
  if (through && new_life && report.running != wanted) return TargetState::rolled_back;
  if (claims && record.state != TargetState::installed_unconfirmed) {
    return TargetState::installed_unconfirmed;
  }
  return heard_again ? std::optional(TargetState::offered) : std::nullopt;
}

std::optional<TargetState> Rollout::next_state(Place place, const Report& report) const {
  const auto& record = this->record(place);
  if (phase_ == RolloutPhase::reverting) {
    const bool back = report.generation == blueprint_->revert_generation() &&
                      report.running == member(place).previous &&
                      report.stage == ReportStage::confirmed;
    if (record.touched && record.state != TargetState::restored && back) {
      return TargetState::restored;
    }
    return std::nullopt;
  }
  const bool superseded = report.generation > blueprint_->generation;
  if (!is_forward() || superseded || place.wave > wave_) return std::nullopt;
  switch (record.state) {
    case TargetState::pending:
    case TargetState::no_contact:
      if (record.touched) return next_offered(place, report);
      return may_offer() ? std::optional(TargetState::offered) : std::nullopt;
    case TargetState::offered:
    case TargetState::installed_unconfirmed:
      return next_offered(place, report);
    case TargetState::attested: {
      // A report from before the offer that arrives late is no fall-back.
      const bool stale =
          report.generation < blueprint_->generation && report.instance == record.before;
      if (report.running == blueprint_->release.digest || stale) return std::nullopt;
      return TargetState::rolled_back;
    }
    default:
      return std::nullopt;
  }
}

std::optional<Event> Rollout::on_report(const Report& report, Timestamp at) const {
  const auto place = place_of(report.target);
  if (!place) return std::nullopt;
  const auto to = next_state(*place, report);
  if (!to) return std::nullopt;
  Event event = rollout_event(id(), "target", at);
  event.body.add("target", Node::make_text(report.target));
  event.body.add("from", Node::make_text(name_of(record(*place).state)));
  event.body.add("to", Node::make_text(name_of(*to)));
  event.body.add("generation", Node::make_integer(report.generation));
  event.body.add("stage", Node::make_text(name_of(report.stage)));
  event.body.add("running", Node::make_text(report.running.hex()));
  event.body.add("process", Node::make_text(report.instance.process));
  event.body.add("swaps", Node::make_integer(static_cast<std::int64_t>(report.instance.swaps)));
  event.body.add("reason", Node::make_text(std::string_view(report.reason).substr(0, 1000)));
  return event;
}

bool Rollout::is_gate_decided(std::string_view gate) const {
  return std::ranges::any_of(gates_, [&](const GateRecord& record) {
    return record.wave == wave_ && record.gate == gate;
  });
}

Event Rollout::gate_event(std::string_view gate, const GateResult& result, Timestamp at) const {
  Event event = rollout_event(id(), "gate", at);
  event.body.add("wave", Node::make_text(blueprint_->waves[wave_].rule.name));
  event.body.add("gate", Node::make_text(gate));
  event.body.add("outcome", Node::make_text(name_of(result.outcome)));
  event.body.add("why", Node::make_text(result.why));
  event.body.add("statistics", statistics_node(result.statistics));
  event.body.add("unsettled", names_node(unsettled(100)));
  event.body.add("clock", Node::make_text("hub"));
  return event;
}

std::optional<Event> Rollout::step(const Behaviour& behaviour, Timestamp at) const {
  const auto& limits = blueprint_->gates;
  const auto decided = [&](std::string_view gate, const GateResult& result) {
    return result.outcome == GateOutcome::waiting ? std::optional<Event>()
                                                  : gate_event(gate, result, at);
  };
  if (phase_ == RolloutPhase::installing) {
    const auto& counts = counts_[wave_];
    InstallCounts sums;
    sums.members = blueprint_->waves[wave_].members.size();
    sums.attested = of(counts, TargetState::attested);
    sums.failures = of(counts, TargetState::failed) + of(counts, TargetState::rolled_back);
    sums.failures_all = failures();
    sums.unsettled = sums.members - sums.attested - sums.failures;
    return decided("install", install_gate(sums, limits, at - since_));
  }
  if (phase_ == RolloutPhase::soaking || phase_ == RolloutPhase::passed) {
    if (const std::uint64_t failed = failures(); failed > limits.failures_max) {
      GateResult result{GateOutcome::failed, "targets fell back after the install gate", {}};
      result.statistics.push_back({"failures", static_cast<double>(failed),
                                   static_cast<double>(limits.failures_max), false});
      return decided("standing", result);
    }
  }
  if (phase_ == RolloutPhase::soaking) {
    return decided("behaviour", behaviour_gate(behaviour, limits, at - since_));
  }
  if (phase_ == RolloutPhase::passed) {
    const auto next = wave_from(wave_ + 1);
    Event event = rollout_event(id(), next ? "wave_started" : "done", at);
    if (next) {
      event.body.add("wave", Node::make_text(blueprint_->waves[*next].rule.name));
    } else {
      event.body.add("unsettled", names_node(unsettled(100)));
    }
    return event;
  }
  if (phase_ == RolloutPhase::reverting && unsettled(1).empty()) {
    Event event = rollout_event(id(), "reverted", at);
    event.body.add("restored", Node::make_integer(static_cast<std::int64_t>(touched_)));
    return event;
  }
  return std::nullopt;
}

std::optional<Event> Rollout::no_contact(const std::vector<std::string>& silent,
                                         Timestamp at) const {
  if (!is_forward()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& target : silent) {
    const auto place = place_of(target);
    if (!place || place->wave > wave_ || names.size() == names_max) continue;
    const auto state = record(*place).state;
    const bool awaited = state == TargetState::pending || state == TargetState::offered ||
                         state == TargetState::installed_unconfirmed;
    if (awaited && std::ranges::find(names, target) == names.end()) names.push_back(target);
  }
  if (names.empty()) return std::nullopt;
  Event event = rollout_event(id(), "no_contact", at);
  event.body.add("targets", names_node(names));
  event.body.add("polls_missed", Node::make_integer(blueprint_->gates.polls_missed_max));
  return event;
}

std::optional<Order> Rollout::order_at(Place place) const {
  const auto& record = this->record(place);
  if (!record.touched) return std::nullopt;
  if (phase_ == RolloutPhase::reverting && record.state != TargetState::restored) {
    return Order{member(place).target, blueprint_->revert_generation(), member(place).previous};
  }
  const bool awaited = record.state == TargetState::offered ||
                       record.state == TargetState::installed_unconfirmed ||
                       record.state == TargetState::no_contact;
  if (!is_forward() || !awaited) return std::nullopt;
  return Order{member(place).target, blueprint_->generation, blueprint_->release.digest};
}

std::optional<Order> Rollout::order_for(std::string_view target) const {
  const auto place = place_of(target);
  return place ? order_at(*place) : std::nullopt;
}

std::vector<Order> Rollout::orders() const {
  std::vector<Order> orders;
  for (std::size_t w = 0; w < records_.size(); ++w) {
    for (std::size_t m = 0; m < records_[w].size(); ++m) {
      if (auto order = order_at({w, m})) orders.push_back(std::move(*order));
    }
  }
  return orders;
}

std::string Rollout::summary() const {
  std::string out(name_of(phase_));
  if (begun_) out += fmt::format(" {}", blueprint_->waves[wave_].rule.name);
  StateCounts sums{};
  for (const auto& counts : counts_) {
    for (std::size_t i = 0; i < target_states; ++i) sums[i] += counts[i];
  }
  for (std::size_t i = 0; i < target_states; ++i) {
    if (sums[i] > 0) out += fmt::format(" {}:{}", state_names[i], sums[i]);
  }
  return out;
}

}  // namespace millwright::operations
