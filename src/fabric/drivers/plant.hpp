// The plant driver: a simulated fleet of pumps, motors and fans with known truth. Every value is a
// function of (seed, asset, event time): the same at any pace, after any restart, on any machine
// with the same floating point.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/executor.hpp"
#include "fabric/drivers/driver.hpp"
#include "fabric/drivers/pace.hpp"

namespace millwright::drivers {

enum class AssetKind : std::uint8_t { pump, motor, fan };

/// One output of a simulated machine as a metric of its device.
struct PlantMetric {
  std::string output;  ///< as `plant_outputs` names it
  std::string name;
};

struct PlantAsset {
  std::string device;
  AssetKind kind = AssetKind::pump;
  std::vector<PlantMetric> metrics = {};  ///< empty: every output by its own name
};

/// What a machine of this kind can report: vibration_rms, bearing_temperature, current, power,
/// speed, speed_setpoint, state, cost, service; pumps and fans flow and pressure; motors torque.
const std::vector<ontology::MetricDefinition>& plant_outputs(AssetKind kind);

/// What a live source does when the sink has no room.
enum class Overflow : std::uint8_t {
  wait,  ///< the plant stands still (a replayed simulation)
  drop,  ///< the scan is lost and declared through Sink::lost (a real sensor cannot be paused)
};

struct PlantSpec {
  std::uint64_t seed = 1;
  std::vector<PlantAsset> assets;
  Duration step = std::chrono::seconds(1);  ///< between scans of one asset
  /// Where the plant's life begins; lives, faults and load cycles are counted from here.
  Timestamp epoch{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z
  /// First scan; nullopt: the clock's time at the first start, and scans are due at their event
  /// time (a live plant; `pace` is not used).
  std::optional<Timestamp> start;
  /// Of a live plant: its record begins so long before the first start, and is played as fast as it
  /// is taken until it reaches the clock.
  Duration history{};
  std::optional<Timestamp> end;  ///< exclusive; nullopt: for ever
  Pace pace = Pace::times(1.0);
  Overflow overflow = Overflow::wait;
  Duration life_mean = std::chrono::hours(24 * 30);  ///< between failures of one asset
  Duration repair_mean = std::chrono::hours(6);
  Duration sensor_fault_every = std::chrono::hours(24 * 10);  ///< mean, per asset
};

enum class FailureMode : std::uint8_t { bearing_wear, cavitation, imbalance };
enum class SensorFaultKind : std::uint8_t { stuck, drift, spikes, dropout };

/// One life of one asset that ended: degradation visible from `onset`, standstill from `failed`.
struct FailureTruth {
  std::uint32_t asset = 0;
  FailureMode mode = FailureMode::bearing_wear;
  Timestamp onset;
  Timestamp failed;
  Timestamp repaired;
  double cost_eur = 0;  ///< repair and lost production; emitted as `cost` at `repaired`
};

struct SensorFaultTruth {
  std::uint32_t asset = 0;
  std::string metric;
  SensorFaultKind kind = SensorFaultKind::stuck;
  Timestamp from;
  Timestamp to;
};

/// Planned work on a machine before it fails. The machine stands for a while; the rest of that life
/// then passes without damage and without its failure.
struct PlannedService {
  std::int64_t life = 0;  ///< number of the life that it ends
  Timestamp from;
  Timestamp until;
  double cost_eur = 0;  ///< emitted as `cost` at `until`
};

/// What people and rules did to a machine; it replaces the course that it would take by itself.
struct Intervention {
  std::optional<double> speed;            ///< share of nominal, 0 = stopped
  std::optional<PlannedService> service;  ///< the last one
};

/// The plant without a driver: values and truth at any time. Pure.
class Plant {
 public:
  static Result<Plant> create(PlantSpec spec);
  const PlantSpec& spec() const { return spec_; }
  const std::vector<ontology::DeviceSchema>& devices() const { return devices_; }
  /// All values of one asset at `time`. `out` is replaced. `cost` is there only in the scan that
  /// follows a repair or a service.
  void scan(std::uint32_t asset, Timestamp time, const Intervention& done,
            ontology::Batch& out) const;
  /// A service that begins at `time`. `refused`: the machine has failed.
  Result<PlannedService> service(std::uint32_t asset, Timestamp time) const;
  /// Failures whose standstill begins in [from, to).
  std::vector<FailureTruth> failures(std::uint32_t asset, Timestamp from, Timestamp to) const;
  /// Sensor faults that overlap [from, to).
  std::vector<SensorFaultTruth> sensor_faults(std::uint32_t asset, Timestamp from,
                                              Timestamp to) const;
  /// True share of the life that is used up at `time`, 0 (new) to 1 (failed).
  double wear(std::uint32_t asset, Timestamp time) const;

 private:
  explicit Plant(PlantSpec spec) : spec_(std::move(spec)) {}
  std::optional<double> cost_at(std::uint32_t asset, Timestamp time,
                                const Intervention& done) const;
  PlantSpec spec_;
  std::vector<ontology::DeviceSchema> devices_;
  std::vector<std::vector<std::uint32_t>> outputs_;  ///< by asset and slot: index of the output
};

struct PlantWorld {
  const Clock& clock;
  engine::Executor& executor;
  Log& log;
};

/// Commands: metric `speed_setpoint`, share of nominal speed 0 to 1.1, lease up to 1 h of event
/// time; metric `service`, 1: planned work begins with the next scan. Neither survives a restart:
/// the asset returns to its own course.
Result<std::unique_ptr<Driver>> make_plant(PlantSpec spec, PlantWorld world);

}  // namespace millwright::drivers
