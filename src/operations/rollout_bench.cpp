// A blueprint for a million targets: planning, text and digest, and the check (goal: at most 10 s).
#include <benchmark/benchmark.h>

#include "operations/operations_rig.hpp"

namespace millwright::operations {
namespace {

void plan_a_million(benchmark::State& state) {
  const auto inventory = *Inventory::create(
      toy_fleet(static_cast<std::size_t>(state.range(0)), 50, toy_release(1).id));
  RolloutPolicy policy;
  policy.waves = {{"lab", *Selector::parse("ring=lab"), 0}, {"canary", {}, 0.001}, {"all", {}, 1}};
  std::size_t members = 0;
  for (auto _ : state) {
    const auto blueprint = plan(inventory, toy_release(2), policy, {"r-17", 1});
    members = blueprint->members();
    benchmark::DoNotOptimize(blueprint->digest());
    if (!check(*blueprint, inventory).empty()) state.SkipWithError("the check found problems");
  }
  state.counters["members"] = static_cast<double>(members);
}
BENCHMARK(plan_a_million)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace millwright::operations
