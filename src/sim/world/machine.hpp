// The machines of a simulated world: each has a disk that outlives its processes, links to brokers,
// and one process at a time that can crash, lose its power and start again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "engine/world.hpp"
#include "sim/broker.hpp"
#include "sim/disk.hpp"
#include "sim/scheduler.hpp"
#include "sim/world/run.hpp"
#include "sim/world/trace.hpp"

namespace millwright::sim {

/// What all machines of a world share. Owned by the world.
struct Surroundings {
  Scheduler& scheduler;
  SimNetwork& network;
  Trace& trace;
  Log& log;
  const RunOptions& options;
  std::function<void(std::string invariant, std::string what)> violated;
};

inline constexpr std::uint16_t broker_port = 1883;

class Machine {
 public:
  /// `brokers`: hosts that it talks to, the way up first.
  Machine(Surroundings& surroundings, std::string name, std::vector<std::string> brokers);
  virtual ~Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const std::string& name() const { return name_; }
  const std::vector<std::string>& brokers() const { return brokers_; }
  bool running() const { return running_; }
  SimDisk& disk() { return disk_; }

  /// Begins a life. A process that cannot start is tried again, as a supervisor would.
  void start();
  /// The process dies; the machine starts it again after `down` (never, when negative).
  void crash(Duration down);
  /// The machine loses its power and gets it back after `down`.
  void cut_power(Duration down);
  /// The power goes in the middle of the `count`-th disk operation from now.
  void cut_power_at_operation(std::uint64_t count, Duration down);

 protected:
  /// Makes and starts the core.
  virtual Result<void> build(engine::World world) = 0;
  /// Destroys what `build` made. Its executor is dead already.
  virtual void tear_down() = 0;
  virtual void on_killed() {}
  virtual std::unique_ptr<engine::BrokerConnector> make_connector();

  Surroundings& surroundings_;
  std::uint32_t lives_ = 0;

 private:
  void end_life();
  void restart_after(Duration down);
  void isolate(bool on);

  std::string name_;
  std::vector<std::string> brokers_;
  SimDisk disk_;
  bool running_ = false;
  bool struck_ = false;
  std::uint32_t failed_starts_ = 0;
  Duration cut_down_{0};
  std::unique_ptr<SimExecutor> executor_;
  std::unique_ptr<engine::BrokerConnector> connector_;
  std::unique_ptr<Random> random_;
  std::unique_ptr<engine::Disk> decorated_disk_;
};

}  // namespace millwright::sim
