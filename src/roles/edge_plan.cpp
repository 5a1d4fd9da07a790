#include "roles/edge_plan.hpp"

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "fabric/drivers/plant.hpp"
#include "fabric/drivers/replay.hpp"

namespace millwright::roles {
namespace {

drivers::Pace to_pace(const catalog::PaceSpec& spec) {
  switch (spec.kind) {
    case catalog::PaceKind::as_fast_as_accepted:
      return drivers::Pace::fast();
    case catalog::PaceKind::factor:
      return drivers::Pace::times(spec.factor);
    case catalog::PaceKind::total:
      return drivers::Pace::within(spec.total);
  }
  return drivers::Pace::fast();
}

drivers::FileSpec to_file(const catalog::FileLayout& layout) {
  drivers::FileSpec file;
  file.path = layout.path;
  file.format = static_cast<drivers::Format>(layout.format);
  file.delimiter = static_cast<drivers::Delimiter>(layout.delimiter);
  file.header = layout.header;
  file.decimal = layout.decimal;
  file.columns = layout.columns;
  file.skip_lines = layout.skip_lines;
  return file;
}
static_assert(static_cast<int>(catalog::FileFormat::parquet) ==
              static_cast<int>(drivers::Format::parquet));
static_assert(static_cast<int>(catalog::Delimiter::blanks) ==
              static_cast<int>(drivers::Delimiter::blanks));
static_assert(static_cast<int>(catalog::TimeKind::row) == static_cast<int>(drivers::TimeKind::row));

Result<std::unique_ptr<drivers::Driver>> open_replay(const catalog::SourceSetup& source,
                                                     const catalog::ReplayDriver& spec,
                                                     const DriverWorld& world,
                                                     const std::optional<drivers::Pace>& pace) {
  drivers::ReplaySpec replay;
  replay.file = to_file(spec.file);
  replay.time = {static_cast<drivers::TimeKind>(spec.time.kind),
                 spec.time.column,
                 spec.time.zone,
                 spec.time.pattern,
                 spec.time.epoch,
                 spec.time.step};
  replay.key_column = spec.key_column;
  replay.order = spec.order == catalog::ReplayOrder::file ? drivers::ReplayOrder::file
                                                          : drivers::ReplayOrder::event_time;
  replay.pace = pace.value_or(to_pace(spec.pace));
  replay.missing = spec.missing;
  for (const auto& device : source.devices) replay.keys.push_back({device.key, device.id});
  if (!source.devices.empty()) {
    for (const auto& metric : source.devices.front().metrics) {
      const auto& declared = metric.spec;
      replay.metrics.push_back({declared.source.empty() ? declared.name : declared.source,
                                declared.name, declared.datatype, declared.unit});
    }
  }
  return drivers::make_replay(std::move(replay), world.formats,
                              {world.clock, world.executor, world.files, world.log});
}

drivers::PlantSpec to_plant(const catalog::SourceSetup& source, const catalog::PlantDriver& spec) {
  drivers::PlantSpec plant;
  plant.seed = spec.seed;
  plant.step = spec.step;
  plant.epoch = spec.epoch;
  plant.start = spec.start;
  plant.history = spec.history;
  plant.end = spec.end;
  plant.pace = to_pace(spec.pace);
  plant.overflow =
      spec.overflow == catalog::Overflow::drop ? drivers::Overflow::drop : drivers::Overflow::wait;
  plant.life_mean = spec.life_mean;
  plant.repair_mean = spec.repair_mean;
  plant.sensor_fault_every = spec.sensor_fault_every;
  const auto kind = spec.machine == catalog::PlantMachine::motor ? drivers::AssetKind::motor
                    : spec.machine == catalog::PlantMachine::fan ? drivers::AssetKind::fan
                                                                 : drivers::AssetKind::pump;
  for (const auto& device : source.devices) {
    drivers::PlantAsset asset{device.id, kind};
    for (const auto& metric : device.metrics) {
      const auto& declared = metric.spec;
      asset.metrics.push_back(
          {declared.source.empty() ? declared.name : declared.source, declared.name});
    }
    plant.assets.push_back(std::move(asset));
  }
  return plant;
}

Result<std::unique_ptr<drivers::Driver>> open_plant(const catalog::SourceSetup& source,
                                                    const catalog::PlantDriver& spec,
                                                    const DriverWorld& world,
                                                    const std::optional<drivers::Pace>& pace) {
  drivers::PlantSpec plant = to_plant(source, spec);
  if (pace) plant.pace = *pace;
  return drivers::make_plant(std::move(plant), {world.clock, world.executor, world.log});
}

pipeline::StageSpec to_stage(const catalog::StageSpec& stage) {
  if (const auto* scale = std::get_if<catalog::ScaleStage>(&stage.parameters)) {
    return pipeline::ScaleSpec{stage.metrics, scale->gain, scale->offset, scale->unit};
  }
  if (const auto* median = std::get_if<catalog::MedianStage>(&stage.parameters)) {
    return pipeline::MedianSpec{stage.metrics, median->window};
  }
  if (const auto* band = std::get_if<catalog::DeadbandStage>(&stage.parameters)) {
    return pipeline::DeadbandSpec{stage.metrics, band->absolute, band->percent, band->silence_max};
  }
  if (const auto* flag = std::get_if<catalog::FlagStage>(&stage.parameters)) {
    pipeline::FlagSpec out;
    out.metrics = stage.metrics;
    out.low = flag->limits.low;
    out.high = flag->limits.high;
    out.rate_max = flag->limits.rate_max;
    out.stuck_after = flag->limits.stuck_after;
    out.range_severity = flag->range_severity;
    out.rate_severity = flag->rate_severity;
    out.stuck_severity = flag->stuck_severity;
    out.stuck_tolerance = flag->stuck_tolerance;
    return out;
  }
  const auto& aggregate = std::get<catalog::AggregateStage>(stage.parameters);
  pipeline::AggregateSpec out;
  out.metrics = stage.metrics;
  out.window = aggregate.window;
  out.lateness = aggregate.lateness;
  out.keep_input = aggregate.keep_input;
  out.count_expected = aggregate.count_expected;
  out.functions.clear();
  for (const auto function : aggregate.functions) {
    out.functions.push_back(static_cast<pipeline::Function>(function));
  }
  return out;
}
static_assert(static_cast<int>(catalog::AggregateFunction::stddev) ==
              static_cast<int>(pipeline::Function::stddev));

/// No version of the model is in force until a release brings one.
pipeline::StageSpec to_score(const catalog::ScoreSetup& setup) {
  pipeline::ScoreSpec out;
  out.model = setup.model.resource;
  out.metrics = setup.model.inputs;
  out.scope = setup.model.scope;
  // As many as the model's window keeps of scans: twice the longest.
  out.states_kept = 2 * std::ranges::max(setup.model.features.windows);
  return out;
}

edge::Comparison to_comparison(catalog::Comparison comparison) {
  switch (comparison) {
    case catalog::Comparison::above:
      return edge::Comparison::above;
    case catalog::Comparison::at_least:
      return edge::Comparison::at_least;
    case catalog::Comparison::below:
      return edge::Comparison::below;
    case catalog::Comparison::at_most:
      return edge::Comparison::at_most;
  }
  return edge::Comparison::above;
}

/// The trigger of a verdict on a device, named like the model that gives it.
edge::TriggerSpec to_trigger(const catalog::TriggerSpec& spec, const std::string& model,
                             const std::string& device) {
  edge::TriggerSpec out;
  out.name = model;
  out.device = device;
  out.metric = spec.metric;
  out.comparison = to_comparison(spec.comparison);
  out.limit = spec.limit;
  out.command = {spec.device.empty() ? device : spec.device, spec.command_metric,
                 spec.command_value, spec.lease};
  out.per_hour_max = spec.per_hour_max;
  return out;
}

}  // namespace

pipeline::PipelineSpec plan_pipeline(const catalog::PipelineSetup& setup,
                                     const catalog::DeviceSetup& device) {
  pipeline::PipelineSpec spec;
  spec.identity = setup.identity;
  for (const auto& metric : device.metrics) {
    if (metric.raw_kept) spec.raw_kept.push_back(metric.spec.name);
  }
  for (std::size_t i = 0; i <= device.stages.size(); ++i) {
    for (const auto& score : device.scores) {
      if (score.after == i) spec.stages.push_back(to_score(score));
    }
    if (i < device.stages.size()) spec.stages.push_back(to_stage(device.stages[i]));
  }
  return spec;
}

std::vector<drivers::PlantSpec> plan_plants(const catalog::EdgeSetup& setup) {
  std::vector<drivers::PlantSpec> plants;
  for (const auto& source : setup.sources) {
    if (const auto* plant = std::get_if<catalog::PlantDriver>(&source.driver))
      plants.push_back(to_plant(source, *plant));
  }
  return plants;
}

Result<std::vector<edge::Source>> plan_sources(const catalog::EdgeSetup& setup,
                                               const DriverWorld& world,
                                               const std::optional<drivers::Pace>& pace) {
  std::vector<edge::Source> sources;
  for (const auto& source : setup.sources) {
    edge::Source out;
    out.name = source.resource;
    const auto* replay = std::get_if<catalog::ReplayDriver>(&source.driver);
    auto driver =
        replay != nullptr
            ? open_replay(source, *replay, world, pace)
            : open_plant(source, std::get<catalog::PlantDriver>(source.driver), world, pace);
    if (!driver) return pass(std::move(driver), "source " + source.resource);
    out.driver = std::move(*driver);
    for (const auto& device : source.devices) {
      std::optional<pipeline::PipelineSpec> planned;
      if (device.pipeline) planned = plan_pipeline(setup.pipelines[*device.pipeline], device);
      if (planned && planned->stages.empty() && planned->raw_kept.empty()) planned.reset();
      out.pipelines.push_back(std::move(planned));
      for (const auto& score : device.scores) {
        if (score.stage.trigger) {
          out.triggers.push_back(to_trigger(*score.stage.trigger, score.stage.model, device.id));
        }
      }
    }
    sources.push_back(std::move(out));
  }
  return sources;
}

}  // namespace millwright::roles
