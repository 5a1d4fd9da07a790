// The plant as a driver: scans of all assets at every step, paced, with commands.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format.hpp"
#include "fabric/drivers/plant.hpp"

namespace millwright::drivers {
namespace {

constexpr int batches_per_turn = 256;
constexpr Duration lease_max = std::chrono::hours(1);
constexpr double speed_command_max = 1.1;

std::uint32_t fingerprint_of(const Plant& plant) {
  const auto& spec = plant.spec();
  std::string text = fmt::format("{} {} {} {} {} {}", spec.seed, spec.step.count(), spec.epoch.us,
                                 spec.life_mean.count(), spec.repair_mean.count(),
                                 spec.sensor_fault_every.count());
  for (const auto& asset : spec.assets) {
    text += fmt::format("\n{} {}", asset.device, static_cast<int>(asset.kind));
    for (const auto& metric : asset.metrics)
      text += fmt::format(" {}={}", metric.name, metric.output);
  }
  return crc32c(as_bytes(text));
}

class PlantDriver final : public Driver {
 public:
  PlantDriver(Plant plant, PlantWorld world)
      : plant_(std::move(plant)),
        world_(world),
        fingerprint_(fingerprint_of(plant_)),
        commands_(plant_.devices().size()),
        services_(plant_.devices().size()),
        pacer_(Pace::fast(), {}, {}) {}
  ~PlantDriver() override { cancel_timer(); }

  const std::vector<ontology::DeviceSchema>& devices() const override { return plant_.devices(); }
  Result<void> start(Sink& sink, std::optional<Position> after) override;
  void resume() override;
  void stop() override;
  Result<void> command(const Command& command) override;
  DriverStatus status() const override { return status_; }

 private:
  struct InForce {
    double value = 0;
    Timestamp until;
  };
  bool is_live() const { return !plant_.spec().start; }
  Result<void> begin_service(std::uint32_t asset, double value);
  Timestamp first_scan(Timestamp not_before) const;
  void schedule();
  void cancel_timer();
  void turn();
  void scan();
  void next_scan();

  Plant plant_;
  PlantWorld world_;
  std::uint32_t fingerprint_;
  std::vector<std::optional<InForce>> commands_;
  std::vector<std::optional<PlannedService>> services_;
  Pacer pacer_;

  Sink* sink_ = nullptr;
  Timestamp time_;           ///< of the next scan
  std::uint32_t asset_ = 0;  ///< whose it is
  ontology::Batch batch_;
  bool scanned_ = false;
  std::optional<engine::TimerId> timer_;
  std::uint64_t run_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  DriverStatus status_;
};

/// Live scans lie on the grid of the step since the epoch.
Timestamp PlantDriver::first_scan(Timestamp not_before) const {
  const std::int64_t step = plant_.spec().step.count();
  const std::int64_t since = (not_before - plant_.spec().epoch).count();
  const std::int64_t rest = ((since % step) + step) % step;
  return rest == 0 ? not_before : not_before + Duration(step - rest);
}

Result<void> PlantDriver::start(Sink& sink, std::optional<Position> after) {
  stop();
  const auto& spec = plant_.spec();
  const Timestamp now = world_.clock.utc_now();
  if (after && after->source != fingerprint_) {
    return fail(Code::conflict, "the plant is not the one whose run was interrupted",
                "restore its seed, step and machines, or begin a new one under another edge");
  }
  time_ = spec.start.value_or(first_scan(now - spec.history));
  asset_ = 0;
  if (after) {
    time_ = Timestamp{after->order};
    asset_ =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(after->record, plant_.devices().size()));
    if (asset_ == plant_.devices().size()) {
      asset_ = 0;
      time_ = time_ + spec.step;
    }
    // A real sensor was not read while nobody was there.
    if (is_live() && spec.overflow == Overflow::drop && time_ < now) {
      time_ = first_scan(now);
      asset_ = 0;
    }
  }
  if (is_live()) {
    pacer_ = Pacer(Pace::times(1), {}, {});
    pacer_.anchor(now, world_.clock.monotonic_now());
  } else {
    pacer_ = Pacer(spec.pace, *spec.start, spec.end.value_or(*spec.start));
    pacer_.anchor(time_, world_.clock.monotonic_now());
  }
  sink_ = &sink;
  scanned_ = false;
  std::ranges::fill(commands_, std::nullopt);
  std::ranges::fill(services_, std::nullopt);
  status_ = {};
  status_.state = DriverState::running;
  schedule();
  return {};
}

void PlantDriver::stop() {
  cancel_timer();
  ++run_;
  sink_ = nullptr;
  if (status_.state == DriverState::running || status_.state == DriverState::waiting_for_sink) {
    status_.state = DriverState::idle;
  }
}

void PlantDriver::cancel_timer() {
  if (timer_) world_.executor.cancel(*timer_);
  timer_.reset();
}

void PlantDriver::resume() {
  if (status_.state != DriverState::waiting_for_sink) return;
  status_.state = DriverState::running;
  schedule();
}

void PlantDriver::schedule() {
  world_.executor.post([this, run = run_, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && run == run_) turn();
  });
}

void PlantDriver::scan() {
  Intervention done{.speed = {}, .service = services_[asset_]};
  if (auto& command = commands_[asset_]) {
    if (time_ <= command->until) {
      done.speed = command->value;
    } else {
      command.reset();
    }
  }
  plant_.scan(asset_, time_, done, batch_);
  scanned_ = true;
}

void PlantDriver::next_scan() {
  scanned_ = false;
  if (++asset_ == plant_.devices().size()) {
    asset_ = 0;
    time_ = time_ + plant_.spec().step;
  }
}

void PlantDriver::turn() {
  timer_.reset();
  const auto& spec = plant_.spec();
  for (int i = 0; i < batches_per_turn; ++i) {
    if (spec.end && time_ >= *spec.end) {
      status_.state = DriverState::ended;
      sink_->ended();
      return;
    }
    const Duration now = world_.clock.monotonic_now();
    if (const auto due = pacer_.due(time_); due && *due > now) {
      timer_ =
          world_.executor.post_after(*due - now, [this, run = run_, alive = std::weak_ptr(alive_)] {
            if (!alive.expired() && run == run_) turn();
          });
      return;
    }
    if (!scanned_) scan();
    const Position here{time_.us, asset_ + std::uint64_t{1}, 0, fingerprint_};
    const auto run = run_;
    const Answer answer = sink_->offer(asset_, batch_, here);
    if (run != run_) return;  // the sink stopped the driver
    if (answer == Answer::not_now && spec.overflow == Overflow::wait) {
      status_.state = DriverState::waiting_for_sink;
      return;
    }
    if (answer == Answer::not_now) {
      status_.samples_lost += batch_.size();
      sink_->lost(asset_, batch_.size(), time_, time_, here);
      if (run != run_) return;
    } else {
      ++status_.batches;
      status_.samples += batch_.size();
      status_.position = here;
      status_.event_time = time_;
    }
    next_scan();
  }
  schedule();
}

Result<void> PlantDriver::begin_service(std::uint32_t asset, double value) {
  if (value != 1) {
    return fail(Code::refused, fmt::format("service cannot be {}", value),
                "write 1: planned work begins");
  }
  auto& service = services_[asset];
  if (service && time_ < service->until)
    return fail(Code::refused, "planned work goes on already", "wait for its end");
  auto begun = plant_.service(asset, time_);
  if (!begun) return pass(std::move(begun));
  service = *begun;
  return {};
}

Result<void> PlantDriver::command(const Command& command) {
  const auto& devices = plant_.devices();
  const auto device = std::ranges::find_if(
      devices, [&](const auto& schema) { return schema.address.device == command.device; });
  if (device == devices.end()) {
    return fail(Code::not_found, fmt::format("there is no device '{}'", command.device));
  }
  const auto asset = static_cast<std::size_t>(device - devices.begin());
  const auto& metrics = plant_.spec().assets[asset].metrics;
  const auto metric = std::ranges::find(metrics, command.metric, &PlantMetric::name);
  if (metric == metrics.end()) {
    return fail(Code::not_found,
                fmt::format("device '{}' has no metric '{}'", command.device, command.metric));
  }
  if (metric->output == "service")
    return begin_service(static_cast<std::uint32_t>(asset), command.value);
  if (metric->output != "speed_setpoint") {
    return fail(Code::refused, fmt::format("'{}' cannot be written", command.metric),
                "write speed_setpoint or service");
  }
  if (!(command.value >= 0 && command.value <= speed_command_max)) {
    return fail(
        Code::refused,
        fmt::format("{} is outside 0 to {} of nominal speed", command.value, speed_command_max),
        "give a share of nominal speed; 0 stops the machine");
  }
  if (command.lease <= Duration(0) || command.lease > lease_max) {
    return fail(Code::refused, fmt::format("a lease of {} is not granted", to_text(command.lease)),
                fmt::format("give more than 0 and at most {}", to_text(lease_max)));
  }
  commands_[asset] = InForce{command.value, time_ + command.lease};
  // A scan that waits for the sink was taken before the command and stays as it is.
  return {};
}

}  // namespace

Result<std::unique_ptr<Driver>> make_plant(PlantSpec spec, PlantWorld world) {
  if (auto checked = check_pace(spec.pace); !checked) return pass(std::move(checked));
  if (spec.pace.kind == PaceKind::total && (!spec.start || !spec.end)) {
    return fail(Code::invalid_input, "a total for a plant without start and end is not defined",
                "declare start and end, or a factor");
  }
  auto plant = Plant::create(std::move(spec));
  if (!plant) return pass(std::move(plant));
  return std::make_unique<PlantDriver>(std::move(*plant), world);
}

}  // namespace millwright::drivers
