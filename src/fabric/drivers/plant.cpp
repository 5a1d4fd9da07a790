// The plant's sensors: what they read of the machines' truth, and their faults.
#include "fabric/drivers/plant.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "base/format.hpp"
#include "base/id.hpp"
#include "fabric/drivers/plant_truth.hpp"

namespace millwright::drivers {
namespace {

using ontology::DataType;
using ontology::MetricDefinition;
using ontology::Quality;
using ontology::Reason;

/// Order of `plant_outputs`; the last differs by kind.
enum Output : std::uint32_t {
  vibration_rms,
  bearing_temperature,
  current,
  power,
  speed,
  speed_setpoint,
  state,
  cost,
  flow,
  pressure,
  torque = flow,
  service = pressure + 1,  ///< of every kind; 1 while planned work goes on
};
constexpr std::uint32_t outputs_with_faults = 5;  // vibration_rms … speed

struct Nominal {
  double speed_rpm;
  double vibration_mm_s;
  double temperature_rise;
  double current_a;
  double power_kw;
  double flow_m3_h;
  double pressure;  ///< bar of a pump, Pa of a fan
  double torque_nm;
};
constexpr std::array nominals{
    Nominal{1480, 1.8, 32, 42, 22, 120, 6.2, 0},
    Nominal{2960, 1.2, 41, 88, 45, 0, 0, 145},
    Nominal{990, 2.4, 27, 31, 15, 18'000, 1400, 0},
};

double round_to(double value, double resolution) {
  return std::round(value / resolution) * resolution;
}

/// What a faultless sensor reads. `index` numbers the scan: noise belongs to it.
double reading(const PlantSpec& spec, std::uint32_t asset, Output output, Timestamp time,
               const MachineTruth& machine) {
  const auto& nominal = nominals[static_cast<std::size_t>(spec.assets[asset].kind)];
  const std::int64_t index = (time - spec.epoch).count() / spec.step.count();
  const double noise = bell(draw(spec.seed, asset, Stream::noise, index, output));
  const double individual = 1 + 0.06 * bell(draw(spec.seed, asset, Stream::individual, 0, output));
  const double d = machine.damage;
  const bool turns = machine.state == MachineState::running;
  const bool wear = machine.mode == FailureMode::bearing_wear;
  const bool cavitates = machine.mode == FailureMode::cavitation;
  switch (output) {
    case vibration_rms: {
      if (!turns) return std::max(0.0, round_to(0.03 + 0.01 * noise, 0.001));
      const double growth = wear ? 4.5 * d : cavitates ? 2.2 * d : 3.4 * d;
      const double roughness = cavitates ? 0.05 + 0.2 * d : 0.05;
      const double level = nominal.vibration_mm_s * individual *
                           (0.5 + 0.5 * machine.speed * machine.speed) * (1 + growth);
      return std::max(0.0, round_to(level * (1 + roughness * noise), 0.001));
    }
    case bearing_temperature: {
      const double rise = nominal.temperature_rise * individual * (1 + (wear ? 1.1 * d : 0.2 * d));
      const double share_now =
          turns ? 0.35 + 0.65 * machine.load : 0.7 / (1 + machine.standing_min / 20);
      return round_to(machine.ambient_cel + rise * share_now + 0.15 * noise, 0.1);
    }
    case current:
      if (!turns) return 0;
      return round_to(nominal.current_a * individual * (0.3 + 0.7 * machine.load) * (1 + 0.12 * d) *
                          (1 + 0.01 * noise),
                      0.01);
    case power:
      if (!turns) return round_to(0.05, 0.01);
      return round_to(nominal.power_kw * machine.load * (1 + 0.1 * d) * (1 + 0.008 * noise), 0.01);
    case speed:
      return turns ? round_to(nominal.speed_rpm * machine.speed * (1 + 0.001 * noise), 1) : 0;
    case speed_setpoint:
      return round_to(machine.speed, 0.001);
    case flow:  // and torque
      if (!turns) return 0;
      if (nominal.flow_m3_h == 0) {
        return round_to(nominal.torque_nm * machine.load * (1 + 0.01 * noise), 0.1);
      }
      return round_to(nominal.flow_m3_h * individual * machine.speed *
                          (1 - (cavitates ? 0.22 * d : 0.03 * d)) *
                          (1 + (cavitates ? 0.01 + 0.04 * d : 0.01) * noise),
                      nominal.flow_m3_h / 10'000);
    case pressure:
      if (!turns) return 0;
      return round_to(nominal.pressure * individual * machine.speed * machine.speed *
                          (1 - (cavitates ? 0.25 * d : 0.02 * d)) * (1 + 0.008 * noise),
                      nominal.pressure / 1000);
    case service:
      return machine.state == MachineState::in_service ? 1 : 0;
    case state:
    case cost:
      break;
  }
  return 0;
}

std::optional<SensorFault> fault_at(const PlantSpec& spec, std::uint32_t asset, Timestamp time) {
  const auto period = sensor_fault_period(spec, time);
  const auto fault = sensor_fault_number(spec, asset, period);
  if (time >= fault.from && time < fault.to) return fault;
  return std::nullopt;
}

/// Puts the fault of a sensor on its reading; false: no value.
bool apply_fault(const PlantSpec& spec, std::uint32_t asset, Output output, Timestamp time,
                 const SensorFault& fault, double& value) {
  const std::int64_t index = (time - spec.epoch).count() / spec.step.count();
  const double chance = uniform(draw(spec.seed, asset, Stream::spike, index));
  switch (fault.kind) {
    case SensorFaultKind::stuck:
      value = reading(spec, asset, output, fault.from, machine_at(spec, asset, fault.from, {}));
      return true;
    case SensorFaultKind::drift: {
      const double run = static_cast<double>((time - fault.from).count()) /
                         static_cast<double>((fault.to - fault.from).count());
      value += run * 0.3 * std::max(1.0, std::abs(value));
      return true;
    }
    case SensorFaultKind::spikes:
      if (chance < 0.05) value = 3 * value + 10;
      return true;
    case SensorFaultKind::dropout:
      return chance >= 0.6;
  }
  return true;
}

std::string_view state_name(const MachineTruth& machine, const PlantSpec& spec, std::uint32_t asset,
                            Timestamp time) {
  if (machine.state == MachineState::running) return "running";
  if (machine.state == MachineState::stopped) return "stopped";
  if (machine.state == MachineState::in_service) return "service";
  const Life life = life_at(spec, asset, time);
  const bool waits = (time - life.failed).count() * 3 < (life.repaired - life.failed).count();
  return waits ? "failed" : "repair";
}

std::vector<MetricDefinition> outputs_of(AssetKind kind) {
  std::vector<MetricDefinition> out = {
      {"vibration_rms", DataType::float64, "mm/s"},
      {"bearing_temperature", DataType::float64, "Cel"},
      {"current", DataType::float64, "A"},
      {"power", DataType::float64, "kW"},
      {"speed", DataType::float64, "/min"},
      {"speed_setpoint", DataType::float64, "1"},
      {"state", DataType::string, ""},
      {"cost", DataType::float64, "{EUR}"},
  };
  if (kind == AssetKind::motor) {
    out.push_back({"torque", DataType::float64, "N.m"});
  } else {
    out.push_back({"flow", DataType::float64, "m3/h"});
    out.push_back({"pressure", DataType::float64, kind == AssetKind::pump ? "bar" : "Pa"});
  }
  out.push_back({"service", DataType::float64, "1"});
  return out;
}

/// The place of an output in the list of its kind is not its number where kinds differ.
Output output_of(std::string_view name, std::size_t place) {
  return name == "service" ? service : static_cast<Output>(place);
}

void check_asset(const PlantAsset& asset, std::size_t number, std::vector<Problem>& problems) {
  const auto path = fmt::format("assets[{}]", number);
  if (!is_valid_name(asset.device)) {
    problems.push_back({{{}, 0, 0, path + ".device"},
                        fmt::format("'{}' is not a valid id", asset.device),
                        {},
                        {},
                        "use 1 to 63 of a-z, 0-9, '_', '.', '-'"});
  }
  std::vector<std::string_view> names;
  for (const auto& output : plant_outputs(asset.kind)) names.push_back(output.name);
  std::set<std::string_view> used;
  for (std::size_t i = 0; i < asset.metrics.size(); ++i) {
    const auto& metric = asset.metrics[i];
    if (!std::ranges::contains(names, metric.output)) {
      problems.push_back({{{}, 0, 0, fmt::format("{}.metrics[{}].output", path, i)},
                          fmt::format("this machine has no output '{}'", metric.output),
                          fmt::format("one of {}", fmt::join(names, ", ")),
                          std::string(nearest_name(metric.output, names)),
                          {}});
    }
    if (metric.name.empty() || !used.insert(metric.name).second) {
      problems.push_back({{{}, 0, 0, fmt::format("{}.metrics[{}].name", path, i)},
                          fmt::format("'{}' is empty or used twice", metric.name),
                          {},
                          {},
                          "give each metric a name of its own"});
    }
  }
}

}  // namespace

const std::vector<MetricDefinition>& plant_outputs(AssetKind kind) {
  static const std::array all{outputs_of(AssetKind::pump), outputs_of(AssetKind::motor),
                              outputs_of(AssetKind::fan)};
  return all[static_cast<std::size_t>(kind)];
}

Result<Plant> Plant::create(PlantSpec spec) {
  std::vector<Problem> problems;
  const auto positive = [&](Duration duration, std::string path) {
    if (duration > Duration(0)) return;
    problems.push_back({{{}, 0, 0, std::move(path)}, "must be longer than zero", {}, {}, {}});
  };
  positive(spec.step, "step");
  positive(spec.life_mean, "life_mean");
  positive(spec.repair_mean, "repair_mean");
  positive(spec.sensor_fault_every, "sensor_fault_every");
  if (spec.assets.empty()) {
    problems.push_back({{{}, 0, 0, "assets"}, "the plant has no machine", {}, {}, "name one"});
  }
  std::set<std::string_view> devices;
  for (std::size_t i = 0; i < spec.assets.size(); ++i) {
    check_asset(spec.assets[i], i, problems);
    if (!devices.insert(spec.assets[i].device).second) {
      problems.push_back({{{}, 0, 0, fmt::format("assets[{}].device", i)},
                          fmt::format("device '{}' is declared twice", spec.assets[i].device),
                          {},
                          {},
                          "give each machine a device of its own"});
    }
  }
  if (spec.start && spec.end && *spec.end <= *spec.start) {
    problems.push_back({{{}, 0, 0, "end"}, "the end is not after the start", {}, {}, {}});
  }
  if (!problems.empty()) {
    Error error(Code::invalid_input, fmt::format("the plant has {} problems", problems.size()));
    return std::unexpected(std::move(error).with_problems(std::move(problems)));
  }
  Plant plant(std::move(spec));
  for (auto& asset : plant.spec_.assets) {
    const auto& outputs = plant_outputs(asset.kind);
    if (asset.metrics.empty()) {
      for (const auto& output : outputs) asset.metrics.push_back({output.name, output.name});
    }
    ontology::DeviceSchema schema{{{}, {}, asset.device}, {}};
    std::vector<std::uint32_t> chosen;
    for (const auto& metric : asset.metrics) {
      const auto at = std::ranges::find(outputs, metric.output, &MetricDefinition::name);
      const auto place = static_cast<std::size_t>(at - outputs.begin());
      chosen.push_back(output_of(at->name, place));
      schema.metrics.push_back({metric.name, at->datatype, at->unit});
    }
    plant.devices_.push_back(std::move(schema));
    plant.outputs_.push_back(std::move(chosen));
  }
  return plant;
}

/// What became due at `time` and not at the scan before.
std::optional<double> Plant::cost_at(std::uint32_t asset, Timestamp time,
                                     const Intervention& done) const {
  const auto is_now = [&](Timestamp due) { return due <= time && due > time - spec_.step; };
  if (done.service && is_now(done.service->until)) return done.service->cost_eur;
  const Life last = life_number(spec_, asset, life_at(spec_, asset, time).number - 1);
  if (!is_now(last.repaired) || was_serviced(done, last.number, time)) return std::nullopt;
  return last.cost_eur;
}

void Plant::scan(std::uint32_t asset, Timestamp time, const Intervention& done,
                 ontology::Batch& out) const {
  out.clear();
  const auto machine = machine_at(spec_, asset, time, done);
  const auto fault = fault_at(spec_, asset, time);
  const auto& outputs = outputs_[asset];
  for (std::uint32_t slot = 0; slot < outputs.size(); ++slot) {
    const auto output = static_cast<Output>(outputs[slot]);
    ontology::Row row;
    row.ts_us = time.us;
    row.slot = slot;
    if (output == state) {
      out.set_payload(row, state_name(machine, spec_, asset, time));
    } else if (output == cost) {
      const auto amount = cost_at(asset, time, done);
      if (!amount) continue;
      row.set_f64(*amount);
    } else {
      double value = reading(spec_, asset, output, time, machine);
      const bool faulty = fault && fault->pick % outputs_with_faults == output;
      if (faulty && !apply_fault(spec_, asset, output, time, *fault, value)) {
        row.is_null = true;
        row.quality = Quality::bad(Reason::missing);
      } else {
        row.set_f64(value);
      }
    }
    out.rows.push_back(row);
  }
}

Result<PlannedService> Plant::service(std::uint32_t asset, Timestamp time) const {
  const Life life = life_at(spec_, asset, time);
  if (time >= life.failed) {
    return fail(Code::refused, fmt::format("{} has failed", devices_[asset].address.device),
                "its repair is under way");
  }
  // Planned work takes a third of the time and of the money of a repair.
  constexpr double share = 0.3;
  const auto repair = static_cast<double>((life.repaired - life.failed).count());
  return PlannedService{life.number, time,
                        time + Duration(static_cast<std::int64_t>(share * repair)),
                        std::floor(share * life.cost_eur)};
}

std::vector<FailureTruth> Plant::failures(std::uint32_t asset, Timestamp from, Timestamp to) const {
  std::vector<FailureTruth> out;
  for (Life life = life_at(spec_, asset, from); life.failed < to;
       life = life_number(spec_, asset, life.number + 1)) {
    if (life.failed < from) continue;
    out.push_back({asset, life.mode, life.onset, life.failed, life.repaired, life.cost_eur});
  }
  return out;
}

std::vector<SensorFaultTruth> Plant::sensor_faults(std::uint32_t asset, Timestamp from,
                                                   Timestamp to) const {
  std::vector<SensorFaultTruth> out;
  const auto last = sensor_fault_period(spec_, to);
  for (auto number = sensor_fault_period(spec_, from); number <= last; ++number) {
    const auto fault = sensor_fault_number(spec_, asset, number);
    if (fault.to <= from || fault.from >= to) continue;
    const auto output = static_cast<std::uint32_t>(fault.pick % outputs_with_faults);
    const auto slot = std::ranges::find(outputs_[asset], output);
    if (slot == outputs_[asset].end()) continue;
    const auto at = static_cast<std::size_t>(slot - outputs_[asset].begin());
    out.push_back({asset, devices_[asset].metrics[at].name, fault.kind, fault.from, fault.to});
  }
  return out;
}

double Plant::wear(std::uint32_t asset, Timestamp time) const {
  const Life life = life_at(spec_, asset, time);
  const double length = static_cast<double>((life.failed - life.born).count());
  return std::clamp(static_cast<double>((time - life.born).count()) / length, 0.0, 1.0);
}

}  // namespace millwright::drivers
