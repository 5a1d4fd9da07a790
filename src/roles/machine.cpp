#include "roles/machine.hpp"

#include "engine/system_time.hpp"

namespace millwright::roles {

Result<std::unique_ptr<Machine>> Machine::create(const std::string& name,
                                                 const std::string& data_dir, Severity log_level) {
  std::unique_ptr<Machine> machine(new Machine);
  machine->clock_ = engine::make_real_clock();
  machine->random_ = engine::make_real_random();
  machine->log_ = make_stderr_log(log_level);
  auto disk = engine::open_posix_disk(data_dir);
  if (!disk) return pass(std::move(disk), "opening the data directory");
  machine->disk_ = std::move(*disk);
  machine->brokers_ = engine::make_mosquitto_connector();
  machine->executor_ = engine::make_thread_executor(name, *machine->clock_);
  return machine;
}

Machine::~Machine() = default;

engine::World Machine::world() {
  return {*clock_, *random_, *executor_, *disk_, *brokers_, *log_};
}

void Machine::run(engine::Task task) {
  engine::run_and_wait(*executor_, std::move(task));
}

}  // namespace millwright::roles
