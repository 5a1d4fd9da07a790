// What every real role stands on: clock, randomness, log, one executor thread, the disk below its
// data directory and the MQTT client. Made once in a role's composition; torn down in reverse.
#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "engine/world.hpp"

namespace millwright::roles {

class Machine {
 public:
  /// Opens `data_dir`, which is made when absent.
  static Result<std::unique_ptr<Machine>> create(const std::string& name,
                                                 const std::string& data_dir, Severity log_level);
  ~Machine();

  engine::World world();
  engine::Executor& executor() { return *executor_; }
  engine::Disk& disk() { return *disk_; }
  Clock& clock() { return *clock_; }
  Log& log() { return *log_; }
  /// Runs on the executor and waits: the only way from the main thread to a core.
  void run(engine::Task task);

 private:
  Machine() = default;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Random> random_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<engine::Disk> disk_;
  std::unique_ptr<engine::BrokerConnector> brokers_;
  std::unique_ptr<engine::Executor> executor_;
};

}  // namespace millwright::roles
