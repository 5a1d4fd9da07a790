// The faults of a world as a table, drawn from the seed before it runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace millwright::sim {

enum class FaultKind : std::uint8_t {
  crash,         ///< the process dies and starts again after `span`
  power_cut,     ///< the machine loses power; unsynced writes are decided on by the seed
  disk_cut,      ///< power is lost in the middle of the `count`-th disk operation from now
  sync_failure,  ///< the `count`-th disk operation from now fails
  disk_full,     ///< no append succeeds for `span`
  slow_disk,     ///< each sync takes 200 ms for `span`
  partition,     ///< nothing passes between the process and its broker for `span`
  delay,         ///< latency of seconds with jitter for `span`
  drop,          ///< the broker drops a share of what it sends to the process for `span`
  slow_reader,   ///< the process reads nothing from its broker for `span`
  broker_crash,  ///< the broker dies and starts again after `span`
};
std::string_view name_of(FaultKind kind);

struct Fault {
  Duration at{0};
  std::string target;  ///< a process, or a broker for broker_crash
  FaultKind kind = FaultKind::crash;
  Duration span{0};
  std::uint64_t count = 0;
};

struct FaultTargets {
  std::vector<std::string> edges;
  std::vector<std::string> gateways;
  std::string hub;
  std::vector<std::string> brokers;
};

/// Sorted by time. Hub, gateways and brokers are struck more often than one edge among many.
std::vector<Fault> draw_fault_plan(std::uint64_t seed, const FaultTargets& targets, Duration span);

}  // namespace millwright::sim
