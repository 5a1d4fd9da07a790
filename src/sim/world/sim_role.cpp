#include "sim/sim_role.hpp"

#include <ostream>

#include "base/format.hpp"
#include "engine/system_time.hpp"
#include "sim/world/run.hpp"

namespace millwright::sim {

Result<void> run_simulation(const interfaces::SimOptions& options, interfaces::Terminal& terminal) {
  RunOptions world;
  world.edges = options.edges;
  world.hours = options.hours;
  world.signals = options.signals;
  world.faults = options.faults;
  if (options.edges * options.hours <= 100) world.period = std::chrono::seconds(5);
  if (!options.planted_bug.empty()) {
    auto bug = parse_planted_bug(options.planted_bug);
    if (!bug) return pass(std::move(bug));
    world.bug = *bug;
  }
  const auto clock = engine::make_real_clock();
  const bool json = options.output == interfaces::OutputFormat::json;
  const bool several = options.seeds > 1;
  std::uint64_t violated = 0;
  if (json && several) terminal.out << "[\n";
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    world.seed = options.seed + i;
    auto report = run(world, *clock);
    if (!report) return pass(std::move(report));
    if (report->violations_total > 0) ++violated;
    if (json && i > 0) terminal.out << ",\n";
    terminal.out << (json ? to_json(*report) : to_text(*report)) << std::flush;
  }
  if (json && several) terminal.out << "]\n";
  if (violated == 0) return {};
  return fail(Code::internal,
              fmt::format("{} of {} worlds violated an invariant", violated, options.seeds),
              "run the seed again with -o json to see its faults and violations");
}

}  // namespace millwright::sim
