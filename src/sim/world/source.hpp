// The sources of the simulated edges: one machine each, whose every value follows from (seed, edge,
// record, signal), so that a stored row can be checked against the truth without keeping it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "fabric/drivers/driver.hpp"

namespace millwright::sim {

/// The truth of one edge. Record n (from 1) is due, and has its event time, at start + n · period,
/// shifted by a part of the period of its own.
struct SourceTruth {
  std::uint64_t seed = 0;
  std::uint32_t edge = 0;
  std::uint32_t signals = 20;
  Duration period{0};
  Timestamp start;
  std::uint64_t records = 0;
  bool waits = true;  ///< else a scan for which there is no room is lost and declared

  static constexpr std::string_view device = "machine";
  Timestamp time_of(std::uint64_t record) const;
  /// The record at an event time; nullopt: none is.
  std::optional<std::uint64_t> record_at(Timestamp time) const;
  std::string name_of(std::uint32_t signal) const;
  ontology::DataType type_of(std::uint32_t signal) const;
  /// Bit pattern of the value, as Row::bits.
  std::uint64_t bits_of(std::uint64_t record, std::uint32_t signal) const;
};

/// Plays the truth. `life` turns the order of the metrics, so that each restart of a process brings
/// a new birth with other aliases. `repeat` scans before the resume position are played again
/// (planted bug).
class SimSource final : public drivers::Driver {
 public:
  SimSource(SourceTruth truth, const Clock& clock, engine::Executor& executor, std::uint32_t life,
            std::uint64_t repeat);
  ~SimSource() override { stop(); }

  const std::vector<ontology::DeviceSchema>& devices() const override { return devices_; }
  Result<void> start(drivers::Sink& sink, std::optional<drivers::Position> after) override;
  void resume() override;
  void stop() override;
  Result<void> command(const drivers::Command& command) override;
  drivers::DriverStatus status() const override { return status_; }

 private:
  void arm();
  void emit();
  drivers::Position position_of(std::uint64_t record) const;

  SourceTruth truth_;
  const Clock& clock_;
  engine::Executor& executor_;
  std::uint32_t turn_;
  std::uint64_t repeat_;
  std::vector<ontology::DeviceSchema> devices_;
  drivers::Sink* sink_ = nullptr;
  std::uint64_t next_ = 1;
  std::optional<engine::TimerId> timer_;
  bool waiting_ = false;
  drivers::DriverStatus status_;
};

}  // namespace millwright::sim
