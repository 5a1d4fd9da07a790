#include "operations/gate.hpp"

#include <algorithm>
#include <cmath>

#include "base/format.hpp"
#include "operations/event_body.hpp"
#include "operations/exact_counts.hpp"

namespace millwright::operations {
namespace {

using catalog::Node;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Statistic at_most(std::string name, double value, double limit) {
  return {std::move(name), value, limit, value <= limit};
}

Statistic at_least(std::string name, double value, double limit) {
  return {std::move(name), value, limit, value >= limit};
}

/// `error_share 0.25 (limit 0)` of every statistic that does not hold.
std::string broken(const std::vector<Statistic>& statistics) {
  std::string out;
  for (const auto& one : statistics) {
    if (one.holds) continue;
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {:.6g} (limit {:.6g})", one.name, one.value, one.limit);
  }
  return out;
}

GateResult ended(GateOutcome outcome, std::string why, std::vector<Statistic> statistics) {
  return {outcome, std::move(why), std::move(statistics)};
}

}  // namespace

std::string_view name_of(GateOutcome outcome) {
  switch (outcome) {
    case GateOutcome::waiting:
      return "waiting";
    case GateOutcome::passed:
      return "passed";
    case GateOutcome::failed:
      return "failed";
  }
  return "";
}

std::vector<Problem> problems_of(const GateLimits& limits) {
  std::vector<Problem> problems;
  const auto in_unit = [&](std::string_view name, double value) {
    if (value >= 0 && value <= 1) return;
    problems.push_back({{"", 0, 0, fmt::format("gates.{}", name)},
                        fmt::format("{} is not a share", value),
                        "a number from 0 to 1",
                        "",
                        ""});
  };
  in_unit("attested_share_min", limits.attested_share_min);
  in_unit("error_share_max", limits.error_share_max);
  in_unit("invalid_share_max", limits.invalid_share_max);
  in_unit("rate_difference_max", limits.rate_difference_max);
  in_unit("rate_alpha", limits.rate_alpha);
  const auto above_zero = [&](std::string_view name, bool holds) {
    if (holds) return;
    problems.push_back({{"", 0, 0, fmt::format("gates.{}", name)}, "must be above 0", "", "", ""});
  };
  above_zero("attested_share_min", !(limits.attested_share_min <= 0));
  above_zero("install_deadline", limits.install_deadline > Duration(0));
  above_zero("behaviour_deadline", limits.behaviour_deadline > Duration(0));
  above_zero("soak", limits.soak >= Duration(0));
  above_zero("polls_missed_max", limits.polls_missed_max > 0);
  above_zero("scored_min", limits.scored_min > 0 || limits.behaviour == BehaviourGate::none);
  return problems;
}

Node statistics_node(const std::vector<Statistic>& statistics) {
  auto list = Node::make_list();
  for (const auto& one : statistics) {
    auto node = Node::make_map();
    node.add("name", Node::make_text(one.name));
    node.add("value", Node::make_number(one.value));
    node.add("limit", Node::make_number(one.limit));
    node.add("holds", Node::make_boolean(one.holds));
    list.items.push_back(std::move(node));
  }
  return list;
}

std::vector<Statistic> read_statistics(const std::vector<Node>& nodes) {
  std::vector<Statistic> out;
  for (const auto& node : nodes) {
    BodyReader reader(node);
    out.push_back({reader.text("name"), reader.number("value"), reader.number("limit"),
                   reader.boolean("holds")});
  }
  return out;
}

GateResult install_gate(const InstallCounts& counts, const GateLimits& limits, Duration elapsed) {
  std::vector<Statistic> statistics{
      at_least("attested_share", share(counts.attested, counts.members), limits.attested_share_min),
      at_most("failures", static_cast<double>(counts.failures_all),
              static_cast<double>(limits.failures_max)),
  };
  const bool enough = statistics[0].holds && counts.members > 0;
  const auto text = [&](std::string_view what) {
    return fmt::format("{}: {} of {} attested, {} failed, {} unsettled", what, counts.attested,
                       counts.members, counts.failures_all, counts.unsettled);
  };
  if (!statistics[1].holds) {
    statistics.erase(statistics.begin());
    return ended(GateOutcome::failed, text("too many failures"), std::move(statistics));
  }
  if (counts.unsettled == 0) {
    return ended(enough ? GateOutcome::passed : GateOutcome::failed,
                 text(enough ? "every target is settled" : "too few attested"),
                 std::move(statistics));
  }
  const double reachable = share(counts.attested + counts.unsettled, counts.members);
  if (reachable < limits.attested_share_min) {
    return ended(GateOutcome::failed, text("too few can attest"), std::move(statistics));
  }
  if (elapsed >= limits.install_deadline) {
    return ended(enough ? GateOutcome::passed : GateOutcome::failed,
                 text(enough ? "enough at the deadline" : "too few at the deadline"),
                 std::move(statistics));
  }
  return ended(GateOutcome::waiting, text("waiting"), std::move(statistics));
}

GateResult behaviour_gate(const Behaviour& counts, const GateLimits& limits, Duration elapsed) {
  if (counts.errors > counts.inferences || counts.invalid > counts.scored ||
      counts.flagged > counts.scored || counts.reference_flagged > counts.reference_scored) {
    return ended(GateOutcome::failed, "the counts contradict each other", {});
  }
  const bool late = elapsed >= limits.behaviour_deadline;
  const auto minimum = static_cast<double>(limits.scored_min);
  std::vector<Statistic> hard{
      at_most("error_share", share(counts.errors, counts.inferences), limits.error_share_max),
      at_most("invalid_share", share(counts.invalid, counts.scored), limits.invalid_share_max),
  };
  const bool enough_to_stop = counts.inferences >= limits.scored_min;
  if (enough_to_stop && !(hard[0].holds && hard[1].holds)) {
    return ended(GateOutcome::failed, broken(hard), hard);
  }
  std::vector<Statistic> amount{
      at_least("scored", static_cast<double>(counts.scored), minimum),
      at_least("reference_scored", static_cast<double>(counts.reference_scored), minimum),
  };
  if (!(amount[0].holds && amount[1].holds)) {
    return ended(late ? GateOutcome::failed : GateOutcome::waiting,
                 fmt::format("{}: {}", late ? "undecided at the deadline" : "too few verdicts",
                             broken(amount)),
                 amount);
  }
  if (elapsed < limits.soak) {
    return ended(GateOutcome::waiting,
                 fmt::format("soaks for {} on the hub's clock", to_text(limits.soak)), {});
  }
  const double difference = std::abs(share(counts.flagged, counts.scored) -
                                     share(counts.reference_flagged, counts.reference_scored));
  const double p = fisher_two_sided(
      {counts.flagged, counts.scored, counts.reference_flagged, counts.reference_scored});
  std::vector<Statistic> all = hard;
  all.push_back(at_most("rate_difference", difference, limits.rate_difference_max));
  all.push_back(at_least("rate_p", p, limits.rate_alpha));
  if (all[2].holds) {
    return ended(
        GateOutcome::passed,
        fmt::format("flags differ by {:.6g} (limit {:.6g}, p {:.3g}, n {} and {})", difference,
                    limits.rate_difference_max, p, counts.scored, counts.reference_scored),
        std::move(all));
  }
  if (!all[3].holds) return ended(GateOutcome::failed, broken(all), all);
  return ended(
      late ? GateOutcome::failed : GateOutcome::waiting,
      fmt::format("{}: {}", late ? "undecided at the deadline" : "not yet decided", broken(all)),
      all);
}

}  // namespace millwright::operations
