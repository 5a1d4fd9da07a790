// `millwright sim`: edges, gateways and a hub, the real cores, in one thread on simulated time with
// faults drawn from a seed; what must never happen is watched all the while.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "sim/world/fault_plan.hpp"

namespace millwright::sim {

/// Defects that a run can be given through its ports, to show that the checks find them.
enum class PlantedBug : std::uint8_t {
  none,
  acknowledge_before_write,  ///< the hub's disk says "synced" and writes five seconds later
  skipped_fsync,             ///< sync does nothing, at the hub and at the edges
  no_deduplication,          ///< a source repeats after a restart what was accepted before it
  reused_incarnation,        ///< every life of a journal gets the same incarnation
  stale_alias_map,           ///< hosts keep the aliases of a device's first birth
  seal_without_snapshot,     ///< a segment misses the newest commit that it was to hold
  forgetful_scorer,          ///< tier 2 restarts without the scorer's state
};
std::string_view name_of(PlantedBug bug);
Result<PlantedBug> parse_planted_bug(std::string_view name);

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint32_t edges = 10;
  double hours = 1;
  std::uint32_t signals = 20;                  ///< per edge
  Duration period = std::chrono::seconds(60);  ///< between two scans of an edge
  bool faults = true;
  PlantedBug bug = PlantedBug::none;
};

/// One thing that must never happen, and happened.
struct Violation {
  Duration when{0};
  std::string invariant;  ///< such as "custody released early"
  std::string what;
};

struct Report {
  RunOptions options;
  std::uint64_t trace_hash = 0;
  std::map<std::string, std::uint64_t> events;  ///< by kind
  std::vector<Violation> violations;            ///< the first hundred
  std::uint64_t violations_total = 0;
  std::vector<Fault> faults;
  std::uint64_t samples_sent = 0;  ///< made by the sources
  std::uint64_t samples_stored = 0;
  std::uint64_t samples_lost = 0;         ///< declared
  std::uint64_t samples_unexplained = 0;  ///< neither stored nor declared lost
  std::uint64_t samples_double = 0;
  std::uint64_t scheduler_events = 0;
  Duration simulated{0};
  Duration wall{0};
  double real_time_factor = 0;  ///< simulated time over wall time
};

/// Runs one world. `wall` measures the real-time factor only. `invalid_input`: options out of
/// range.
Result<Report> run(const RunOptions& options, const Clock& wall);

std::string to_json(const Report& report);
/// A few lines for a terminal.
std::string to_text(const Report& report);

}  // namespace millwright::sim
