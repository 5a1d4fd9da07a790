// Cost of a sample in a pipeline: 20 metrics a scan, through the stages of a usual edge.
#include <benchmark/benchmark.h>

#include <cmath>

#include "base/format.hpp"
#include "fabric/pipeline/pipeline.hpp"

namespace {

using namespace millwright;

ontology::DeviceSchema machine(int metrics) {
  ontology::DeviceSchema schema;
  for (int i = 0; i < metrics; ++i) {
    schema.metrics.push_back({fmt::format("m{}", i), ontology::DataType::float64, "1"});
  }
  return schema;
}

void run(benchmark::State& state, std::vector<pipeline::StageSpec> stages) {
  const auto schema = machine(20);
  auto made = pipeline::Pipeline::create({"bench", std::move(stages), {}}, schema).value();
  ontology::Batch in, out;
  in.rows.resize(schema.metrics.size());
  std::int64_t scan = 0;
  for (auto _ : state) {
    ++scan;
    for (std::uint32_t i = 0; i < in.rows.size(); ++i) {
      in.rows[i].ts_us = scan * 1'000'000;
      in.rows[i].slot = i;
      in.rows[i].set_f64(50 + 10 * std::sin(static_cast<double>(scan * (i + 3))));
    }
    made->process(in, out);
    benchmark::DoNotOptimize(out.rows.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(in.rows.size()));
}

pipeline::FlagSpec flags() {
  pipeline::FlagSpec spec;
  spec.low = 0;
  spec.high = 100;
  spec.rate_max = 1000;
  spec.stuck_after = std::chrono::minutes(1);
  return spec;
}

pipeline::AggregateSpec minutes() {
  return {{},
          std::chrono::minutes(1),
          {pipeline::Function::mean, pipeline::Function::max, pipeline::Function::stddev},
          std::chrono::seconds(5),
          0,
          true};
}

void without_stages(benchmark::State& state) {
  run(state, {});
}
void flag_only(benchmark::State& state) {
  run(state, {flags()});
}
void median_of_5(benchmark::State& state) {
  run(state, {pipeline::MedianSpec{{}, 5}});
}
void aggregate_only(benchmark::State& state) {
  run(state, {minutes()});
}
void flag_median_aggregate_deadband(benchmark::State& state) {
  run(state, {flags(), pipeline::MedianSpec{{}, 5}, minutes(),
              pipeline::DeadbandSpec{{}, 0.5, 1, std::chrono::minutes(1)}});
}

}  // namespace

BENCHMARK(without_stages);
BENCHMARK(flag_only);
BENCHMARK(median_of_5);
BENCHMARK(aggregate_only);
BENCHMARK(flag_median_aggregate_deadband);
