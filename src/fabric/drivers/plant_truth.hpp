// What is really going on in the simulated plant: lives, failures, sensor faults and load, each a
// function of (seed, asset, time) in constant time. Internal to the plant driver.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "fabric/drivers/plant.hpp"

namespace millwright::drivers {

/// What a draw is for: draws of different streams are independent.
enum class Stream : std::uint64_t {
  phase = 1,
  life,
  repair,
  mode,
  onset,
  cost,
  fault_time,
  fault_length,
  fault_metric,
  fault_kind,
  idle,
  noise,
  spike,
  dropout,
  individual,
};

/// A counter-based generator (SplitMix64's finaliser over the key): no state, any order.
std::uint64_t draw(std::uint64_t seed, std::uint32_t asset, Stream stream, std::int64_t index,
                   std::uint32_t part = 0);
/// In [0, 1).
double uniform(std::uint64_t bits);
/// Mean 0, deviation 1, bounded by ±3.5: the sum of four uniforms (Irwin–Hall), free of libm.
double bell(std::uint64_t bits);

/// One life of an asset: from the end of the last repair to its failure, and that repair.
struct Life {
  std::int64_t number = 0;
  Timestamp born;
  Timestamp onset;  ///< of visible degradation
  Timestamp failed;
  Timestamp repaired;
  FailureMode mode = FailureMode::bearing_wear;
  double cost_eur = 0;
};
/// The life of which `time` is a part: born ≤ time < repaired.
Life life_at(const PlantSpec& spec, std::uint32_t asset, Timestamp time);
Life life_number(const PlantSpec& spec, std::uint32_t asset, std::int64_t number);

/// The sensor fault of one fault period of an asset. `pick` chooses the metric.
struct SensorFault {
  std::int64_t number = 0;
  std::uint64_t pick = 0;
  SensorFaultKind kind = SensorFaultKind::stuck;
  Timestamp from;
  Timestamp to;
};
SensorFault sensor_fault_number(const PlantSpec& spec, std::uint32_t asset, std::int64_t number);
/// Number of the fault period in which `time` lies.
std::int64_t sensor_fault_period(const PlantSpec& spec, Timestamp time);

enum class MachineState : std::uint8_t { running, stopped, failed, in_service };

/// The machine as it is at a time, before any sensor looks at it.
struct MachineTruth {
  MachineState state = MachineState::running;
  double speed = 0;         ///< share of nominal
  double load = 0;          ///< share of nominal
  double damage = 0;        ///< 0 none, 1 at the moment of failure
  double standing_min = 0;  ///< minutes since it came to rest
  double ambient_cel = 0;
  FailureMode mode = FailureMode::bearing_wear;
};
MachineTruth machine_at(const PlantSpec& spec, std::uint32_t asset, Timestamp time,
                        const Intervention& done);
/// Whether the life was ended by planned work that had begun by then.
bool was_serviced(const Intervention& done, std::int64_t life, Timestamp time);

}  // namespace millwright::drivers
