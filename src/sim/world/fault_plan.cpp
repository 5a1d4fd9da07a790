#include "sim/world/fault_plan.hpp"

#include <algorithm>
#include <array>

#include "sim/random.hpp"

namespace millwright::sim {
namespace {

using namespace std::chrono_literals;

/// What may strike a process, with its relative frequency and the bounds of its span.
struct Kind {
  FaultKind kind;
  std::uint64_t weight;
  Duration span_min;
  Duration span_max;
};
constexpr std::array<Kind, 10> process_kinds{{{FaultKind::crash, 4, 1s, 90s},
                                              {FaultKind::power_cut, 4, 5s, 120s},
                                              {FaultKind::disk_cut, 5, 5s, 60s},
                                              {FaultKind::sync_failure, 2, 0s, 0s},
                                              {FaultKind::disk_full, 1, 10s, 120s},
                                              {FaultKind::slow_disk, 1, 10s, 60s},
                                              {FaultKind::partition, 4, 1s, 180s},
                                              {FaultKind::delay, 2, 10s, 120s},
                                              {FaultKind::drop, 3, 10s, 120s},
                                              {FaultKind::slow_reader, 2, 5s, 60s}}};

Fault draw(SimRandom& random, const FaultTargets& targets, Duration from, Duration to) {
  Fault fault;
  fault.at = random.between(from, to);
  const std::uint64_t place = random.below(100);
  if (place < 10) {
    fault.kind = FaultKind::broker_crash;
    fault.target = targets.brokers[random.below(targets.brokers.size())];
    fault.span = random.between(1s, 60s);
    return fault;
  }
  if (place < 35) {
    fault.target = targets.hub;
  } else if (place < 50 && !targets.gateways.empty()) {
    fault.target = targets.gateways[random.below(targets.gateways.size())];
  } else {
    fault.target = targets.edges[random.below(targets.edges.size())];
  }
  std::uint64_t total = 0;
  for (const auto& kind : process_kinds) total += kind.weight;
  std::uint64_t drawn = random.below(total);
  for (const auto& kind : process_kinds) {
    if (drawn < kind.weight) {
      fault.kind = kind.kind;
      fault.span = random.between(kind.span_min, kind.span_max);
      break;
    }
    drawn -= kind.weight;
  }
  fault.count = 1 + random.below(24);
  return fault;
}

}  // namespace

std::string_view name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::crash:
      return "crash";
    case FaultKind::power_cut:
      return "power_cut";
    case FaultKind::disk_cut:
      return "disk_cut";
    case FaultKind::sync_failure:
      return "sync_failure";
    case FaultKind::disk_full:
      return "disk_full";
    case FaultKind::slow_disk:
      return "slow_disk";
    case FaultKind::partition:
      return "partition";
    case FaultKind::delay:
      return "delay";
    case FaultKind::drop:
      return "drop";
    case FaultKind::slow_reader:
      return "slow_reader";
    case FaultKind::broker_crash:
      return "broker_crash";
  }
  return "unknown";
}

std::vector<Fault> draw_fault_plan(std::uint64_t seed, const FaultTargets& targets, Duration span) {
  SimRandom random = SimRandom::stream(seed, "faults");
  // The first and the last part of a run stay quiet: the world comes up, and drains.
  const Duration from = std::min<Duration>(span / 20, 1min);
  const Duration to = span * 9 / 10;
  const auto hours =
      static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::hours>(span).count());
  const std::uint64_t count = 8 + random.below(8) + (hours - 1) * (6 + targets.edges.size() / 40);
  std::vector<Fault> plan;
  for (std::uint64_t i = 0; i < count; ++i) plan.push_back(draw(random, targets, from, to));
  std::ranges::stable_sort(plan, {}, &Fault::at);
  return plan;
}

}  // namespace millwright::sim
