#include "fabric/drivers/plant_truth.hpp"

#include <algorithm>

namespace millwright::drivers {
namespace {

constexpr std::int64_t minute_us = 60'000'000;
constexpr std::int64_t day_us = 1440 * minute_us;
constexpr std::int64_t idle_us = 30 * minute_us;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
std::int64_t share(std::int64_t whole, double part) {
  return static_cast<std::int64_t>(static_cast<double>(whole) * part);
}
double smoothstep(double x) {
  x = std::clamp(x, 0.0, 1.0);
  return x * x * (3 - 2 * x);
}
/// 0 … 1 … 0 over one period, smooth.
double wave(std::int64_t time_us, std::int64_t period_us) {
  const std::int64_t at = time_us - floor_div(time_us, period_us) * period_us;
  const double x = static_cast<double>(at) / static_cast<double>(period_us);
  return smoothstep(x < 0.5 ? 2 * x : 2 - 2 * x);
}

/// Periods of lives are of equal length; failures lie anywhere in the middle of theirs. So the life
/// of any time is found without playing the lives before it.
std::int64_t life_period(const PlantSpec& spec) {
  return spec.life_mean.count() + spec.repair_mean.count();
}
std::int64_t life_start(const PlantSpec& spec, std::uint32_t asset, std::int64_t number) {
  const std::int64_t period = life_period(spec);
  const auto phase = share(period, uniform(draw(spec.seed, asset, Stream::phase, 0)));
  return spec.epoch.us - phase + number * period;
}

Timestamp failure_of(const PlantSpec& spec, std::uint32_t asset, std::int64_t number) {
  const double at = 0.5 + 0.35 * uniform(draw(spec.seed, asset, Stream::life, number));
  return {life_start(spec, asset, number) + share(life_period(spec), at)};
}

Timestamp repair_of(const PlantSpec& spec, std::uint32_t asset, std::int64_t number) {
  const double length = 0.5 + uniform(draw(spec.seed, asset, Stream::repair, number));
  const std::int64_t lasts =
      std::min(share(spec.repair_mean.count(), length), share(life_period(spec), 0.14));
  return failure_of(spec, asset, number) + Duration(lasts);
}

}  // namespace

std::uint64_t draw(std::uint64_t seed, std::uint32_t asset, Stream stream, std::int64_t index,
                   std::uint32_t part) {
  const auto mix = [](std::uint64_t z) {
    z += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  };
  std::uint64_t z = mix(seed);
  z = mix(z ^ ((std::uint64_t{asset} << 32) | (static_cast<std::uint64_t>(stream) << 16) | part));
  return mix(z ^ static_cast<std::uint64_t>(index));
}

double uniform(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

double bell(std::uint64_t bits) {
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    sum += static_cast<double>((bits >> (16 * i)) & 0xFFFF) * 0x1p-16;
  }
  return (sum - 2) * 1.7320508075688772;  // variance of the sum: 4/12
}

Life life_number(const PlantSpec& spec, std::uint32_t asset, std::int64_t number) {
  Life out;
  out.number = number;
  out.born = repair_of(spec, asset, number - 1);
  out.failed = failure_of(spec, asset, number);
  out.repaired = repair_of(spec, asset, number);
  const double visible = 0.15 + 0.25 * uniform(draw(spec.seed, asset, Stream::onset, number));
  out.onset = out.failed - Duration(share((out.failed - out.born).count(), visible));
  out.mode = static_cast<FailureMode>(draw(spec.seed, asset, Stream::mode, number) % 3);
  const double hours = static_cast<double>((out.repaired - out.failed).count()) * 1e-6 / 3600;
  const double parts = 1500 + 6000 * uniform(draw(spec.seed, asset, Stream::cost, number));
  out.cost_eur = static_cast<double>(static_cast<std::int64_t>(parts + 850 * hours));
  return out;
}

Life life_at(const PlantSpec& spec, std::uint32_t asset, Timestamp time) {
  const std::int64_t period = floor_div(time.us - life_start(spec, asset, 0), life_period(spec));
  Life life = life_number(spec, asset, period);
  return time < life.repaired ? life : life_number(spec, asset, period + 1);
}

std::int64_t sensor_fault_period(const PlantSpec& spec, Timestamp time) {
  return floor_div((time - spec.epoch).count(), spec.sensor_fault_every.count());
}

SensorFault sensor_fault_number(const PlantSpec& spec, std::uint32_t asset, std::int64_t number) {
  const std::int64_t every = spec.sensor_fault_every.count();
  SensorFault out;
  out.number = number;
  out.pick = draw(spec.seed, asset, Stream::fault_metric, number);
  out.kind = static_cast<SensorFaultKind>(draw(spec.seed, asset, Stream::fault_kind, number) % 4);
  const double at = 0.1 + 0.7 * uniform(draw(spec.seed, asset, Stream::fault_time, number));
  const double lasts = 0.02 + 0.1 * uniform(draw(spec.seed, asset, Stream::fault_length, number));
  out.from = {spec.epoch.us + number * every + share(every, at)};
  out.to = out.from + Duration(share(every, lasts));
  return out;
}

bool was_serviced(const Intervention& done, std::int64_t life, Timestamp time) {
  return done.service && done.service->life == life && time >= done.service->from;
}

MachineTruth machine_at(const PlantSpec& spec, std::uint32_t asset, Timestamp time,
                        const Intervention& done) {
  MachineTruth out;
  const Life life = life_at(spec, asset, time);
  out.mode = life.mode;
  out.ambient_cel = 18 + 6 * wave(time.us - 4 * 60 * minute_us, day_us);
  const bool is_renewed = was_serviced(done, life.number, time);
  if (is_renewed && time < done.service->until) {
    out.state = MachineState::in_service;
    out.standing_min = static_cast<double>((time - done.service->from).count()) / minute_us;
    return out;
  }
  if (time >= life.onset && !is_renewed) {
    const double x =
        static_cast<double>((time - life.onset).count()) /
        static_cast<double>(std::max<std::int64_t>(1, (life.failed - life.onset).count()));
    out.damage = std::min(1.0, x * x);
  }
  if (time >= life.failed && !is_renewed) {
    out.state = MachineState::failed;
    out.standing_min = static_cast<double>((time - life.failed).count()) / minute_us;
    return out;
  }
  // Half an hour of planned rest a day, at a time of its own; production from 6 to 22 o'clock.
  const std::int64_t day = floor_div(time.us, day_us);
  const std::int64_t of_day = time.us - day * day_us;
  const std::int64_t rest =
      share(day_us - idle_us, uniform(draw(spec.seed, asset, Stream::idle, 0)));
  const double hour = static_cast<double>(of_day) / (60.0 * minute_us);
  const double shift = smoothstep((hour - 5.5) / 1.0) * smoothstep((22.5 - hour) / 1.0);
  const std::int64_t phase =
      share(17 * minute_us, uniform(draw(spec.seed, asset, Stream::phase, 1)));
  out.load = 0.5 + 0.35 * shift + 0.12 * wave(time.us + phase, 17 * minute_us);
  out.speed = 0.6 + 0.4 * out.load;
  const bool resting = of_day >= rest && of_day < rest + idle_us;
  if (done.speed) {
    out.speed = *done.speed;
    out.load = std::clamp((out.speed - 0.6) / 0.4, 0.1, 1.1);  // as its own program has it
  } else if (resting) {
    out.speed = 0;
    out.standing_min = static_cast<double>(of_day - rest) / minute_us;
  }
  if (out.speed <= 0.01) {
    out.state = MachineState::stopped;
    out.speed = out.load = 0;
  }
  return out;
}

}  // namespace millwright::drivers
