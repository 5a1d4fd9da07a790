#include "sim/world/machine.hpp"

#include "base/format.hpp"
#include "sim/world/planted_bugs.hpp"

namespace millwright::sim {
namespace {

/// How long a supervisor waits before it tries a process again, and how often before that is a
/// finding.
constexpr Duration retry_after = std::chrono::seconds(5);
constexpr std::uint32_t failed_starts_max = 60;

}  // namespace

Machine::Machine(Surroundings& surroundings, std::string name, std::vector<std::string> brokers)
    : surroundings_(surroundings),
      name_(std::move(name)),
      brokers_(std::move(brokers)),
      disk_(SimRandom::stream(surroundings.options.seed, "disk " + name_).next()) {
  if (surroundings.options.bug == PlantedBug::skipped_fsync) disk_.lie_about_sync(true);
  disk_.on_cost([this](Duration cost) {
    if (executor_) executor_->charge(cost);
  });
  disk_.on_power_cut([this] {
    // Inside a call of the process: nothing of it runs or sends from here on; the rest of its end
    // waits until the call has returned.
    isolate(true);
    if (executor_) executor_->kill();
    on_killed();
    struck_ = true;
    surroundings_.scheduler.after(Duration(0), [this] {
      if (!struck_) return;
      surroundings_.trace.add("power lost in disk operation",
                              surroundings_.scheduler.monotonic_now(), name_);
      end_life();
      restart_after(cut_down_);
    });
  });
}

std::unique_ptr<engine::BrokerConnector> Machine::make_connector() {
  return surroundings_.network.connector(name_);
}

void Machine::start() {
  if (running_) return;
  ++lives_;
  running_ = true;
  struck_ = false;
  const std::string life = fmt::format("{} life {}", name_, lives_);
  surroundings_.trace.add("start", surroundings_.scheduler.monotonic_now(), life);
  executor_ = surroundings_.scheduler.make_executor(life);
  connector_ = make_connector();
  random_ = std::make_unique<SimRandom>(SimRandom::stream(surroundings_.options.seed, life));
  if (surroundings_.options.bug == PlantedBug::reused_incarnation) {
    random_ =
        std::make_unique<FixedRandom>(SimRandom::stream(surroundings_.options.seed, name_).next());
  }
  if (surroundings_.options.bug == PlantedBug::acknowledge_before_write) {
    decorated_disk_ = std::make_unique<EagerDisk>(disk_, *executor_);
  }
  engine::Disk& disk = decorated_disk_ ? *decorated_disk_ : static_cast<engine::Disk&>(disk_);
  auto built =
      build({surroundings_.scheduler, *random_, *executor_, disk, *connector_, surroundings_.log});
  if (built) {
    failed_starts_ = 0;
    return;
  }
  surroundings_.trace.add("start failed", surroundings_.scheduler.monotonic_now(), name_,
                          as_bytes(built.error().text()));
  if (++failed_starts_ == failed_starts_max) {
    surroundings_.violated("every store opens again",
                           fmt::format("{}: {}", name_, built.error().text()));
  }
  if (!struck_) crash(retry_after);
}

void Machine::end_life() {
  if (!running_) return;
  running_ = false;
  struck_ = false;
  executor_->kill();
  on_killed();
  tear_down();
  connector_.reset();
  decorated_disk_.reset();
  random_.reset();
  executor_.reset();
}

void Machine::restart_after(Duration down) {
  if (down.count() < 0) return;
  surroundings_.scheduler.after(down, [this] {
    if (running_) return;
    if (!disk_.powered()) {
      disk_.restart();
      isolate(false);
    }
    start();
  });
}

void Machine::isolate(bool on) {
  for (const auto& broker : brokers_)
    surroundings_.network.partition(name_, broker, broker_port, on);
}

void Machine::crash(Duration down) {
  if (!running_ || struck_) return;
  surroundings_.trace.add("crash", surroundings_.scheduler.monotonic_now(), name_);
  end_life();
  restart_after(down);
}

void Machine::cut_power(Duration down) {
  if (!disk_.powered()) return;
  surroundings_.trace.add("power cut", surroundings_.scheduler.monotonic_now(), name_);
  isolate(true);
  disk_.power_cut();
  end_life();
  restart_after(down);
}

void Machine::cut_power_at_operation(std::uint64_t count, Duration down) {
  if (!disk_.powered()) return;
  cut_down_ = down;
  disk_.power_cut_at(disk_.operations() + count);
}

}  // namespace millwright::sim
