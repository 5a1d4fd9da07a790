#include "fabric/edge/edge_core.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "fabric/edge/source_lane.hpp"
#include "fabric/links/host_link.hpp"

namespace millwright::edge {

using ontology::DataType;

namespace {
constexpr std::uint32_t running_slot = 5;  ///< of running_metric among node_metrics
}

std::vector<ontology::MetricDefinition> node_metrics() {
  return {{"Millwright/Incarnation", DataType::uint64, ""},
          {"Millwright/Accepted", DataType::uint64, "{sample}"},
          {"Millwright/Waiting", DataType::uint64, "{sample}"},
          {"Millwright/Waiting Bytes", DataType::uint64, "By"},
          {"Millwright/Input Ended", DataType::boolean, ""},
          {std::string(links::running_metric), DataType::string, ""}};
}

EdgeCore::EdgeCore(engine::World world, EdgeOptions options)
    : world_(world), options_(std::move(options)) {}

EdgeCore::~EdgeCore() {
  for (auto* timer : {&commit_timer_, &tick_timer_, &telemetry_timer_, &checkpoint_timer_}) {
    if (*timer) world_.executor.cancel(**timer);
  }
  for (auto& lane : lanes_) lane->stop();
}

Result<std::unique_ptr<EdgeCore>> EdgeCore::create(engine::World world, EdgeOptions options,
                                                   std::vector<Source> sources) {
  std::unique_ptr<EdgeCore> core(new EdgeCore(world, std::move(options)));
  auto journal =
      custody::Journal::open(world.disk, world.random, world.log, core->options_.journal);
  if (!journal) return pass(std::move(journal));
  core->journal_ = std::move(*journal);
  if (auto done = core->open_lanes(std::move(sources)); !done) return pass(std::move(done));
  auto uplink = links::Uplink::create(world, core->options_.uplink, *core);
  if (!uplink) return pass(std::move(uplink));
  core->uplink_ = std::move(*uplink);
  core->sender_ = std::make_unique<custody::Sender>(*core->journal_, *core, core->options_.edge,
                                                    core->options_.sender);
  if (auto done = core->uplink_->set_device("", node_metrics(), {}); !done)
    return pass(std::move(done));
  core->set_running(core->options_.running);
  for (const auto& lane : core->lanes_) {
    for (const auto& schema : lane->outputs()) {
      if (auto done = core->declare_schema(schema); !done) return pass(std::move(done));
    }
  }
  return core;
}

Result<void> EdgeCore::open_lanes(std::vector<Source> sources) {
  for (Source& source : sources) {
    auto lane = std::make_unique<SourceLane>(*this, source.name, std::move(source.driver));
    if (auto done = lane->open(std::move(source.pipelines), std::move(source.triggers)); !done)
      return pass(std::move(done), "source " + source.name);
    lanes_.push_back(std::move(lane));
  }
  return {};
}

void EdgeCore::start_input() {
  if (std::exchange(input_started_, true)) return;
  for (auto& lane : lanes_) {
    if (auto done = lane->start(); !done) lane->failed(done.error());
  }
}

bool EdgeCore::has_models() const {
  return std::ranges::all_of(lanes_, [](const auto& lane) { return lane->has_models(); });
}

void EdgeCore::start(Input input) {
  uplink_->start();
  if (input == Input::now) start_input();
  telemetry_timer_ =
      world_.executor.post_after(options_.telemetry_interval, [this] { telemetry(); });
  arm_checkpoints();
}

void EdgeCore::arm_checkpoints() {
  const bool holds_state =
      std::ranges::any_of(lanes_, [](const auto& lane) { return lane->holds_state(); });
  if (holds_state && !checkpoint_timer_)
    checkpoint_timer_ =
        world_.executor.post_after(options_.checkpoint_interval, [this] { save_checkpoints(); });
}

Result<void> EdgeCore::activate(std::string_view model,
                                const pipeline::StageModelFactory& factory) {
  bool found = false;
  for (auto& lane : lanes_) {
    auto prepared = lane->prepare(model, factory);
    if (!prepared) {
      for (auto& other : lanes_) other->forget_prepared();
      return pass(std::move(prepared), fmt::format("putting model {} in force", model));
    }
    found = found || *prepared;
  }
  if (!found)
    return fail(Code::not_found, fmt::format("no pipeline of this edge scores with '{}'", model));
  for (auto& lane : lanes_) lane->activate_prepared(model);
  // Checkpoints of the version before mean nothing to this one.
  if (journal_->staged_bytes() > 0) commit();
  for (auto& lane : lanes_) lane->save_checkpoint();
  arm_checkpoints();
  world_.log.info("edge", fmt::format("model {} is in force", model));
  return {};
}

void EdgeCore::set_running(std::string running) {
  options_.running = std::move(running);
  uplink_->say_of_node(running_slot, options_.running);
}

void EdgeCore::stop() {
  for (auto& lane : lanes_) lane->stop();
  if (auto done = journal_->sync(); !done) world_.log.error("edge", done.error().text());
  for (auto& lane : lanes_) lane->save_checkpoint();
  uplink_->stop();
}

void EdgeCore::note_staged() {
  if (journal_->staged_bytes() >= options_.commit_bytes) {
    if (commit_timer_) world_.executor.cancel(*commit_timer_);
    commit_timer_.reset();
    world_.executor.post([this] { commit(); });
    return;
  }
  if (!commit_timer_) {
    commit_timer_ = world_.executor.post_after(options_.commit_interval, [this] {
      commit_timer_.reset();
      commit();
    });
  }
}

void EdgeCore::commit() {
  if (auto done = journal_->sync(); !done) {
    if (!sync_failing_) world_.log.error("edge", done.error().text() + "; sources wait");
    sync_failing_ = true;
    retry_commit();
    return;
  }
  sync_failing_ = false;
  sender_->pump(world_.clock.monotonic_now());
  arm_tick();
  for (auto& lane : lanes_) lane->resume();
}

void EdgeCore::retry_commit() {
  if (commit_timer_) return;
  commit_timer_ = world_.executor.post_after(std::chrono::seconds(1), [this] {
    commit_timer_.reset();
    commit();
  });
}

void EdgeCore::arm_tick() {
  if (tick_timer_) return;
  const auto at = sender_->next_tick();
  if (!at) return;
  const Duration delay = std::max(Duration(1000), *at - world_.clock.monotonic_now());
  tick_timer_ = world_.executor.post_after(delay, [this] {
    tick_timer_.reset();
    sender_->on_tick(world_.clock.monotonic_now());
    arm_tick();
  });
}

void EdgeCore::on_need_births() {
  uplink_->set_birth_body("", sender_->birth_envelope());
}

void EdgeCore::on_born() {
  sender_->on_born(world_.clock.monotonic_now());
  arm_tick();
}

void EdgeCore::on_lost() {
  sender_->on_lost();
}

void EdgeCore::on_command(const std::string& device,
                          std::vector<sparkplug::CommandMetric>& metrics) {
  for (auto& metric : metrics) {
    if (device.empty())
      on_node_command(metric);
    else
      command_device(device, metric);
  }
}

void EdgeCore::on_node_command(const sparkplug::CommandMetric& metric) {
  const auto* bytes = std::get_if<Bytes>(&metric.value);
  if (metric.name == links::release_metric) {
    if (bytes == nullptr) return world_.log.warning("edge", "a release without bytes is refused");
    if (release_listener_ != nullptr) return release_listener_->on_release(*bytes);
    return world_.log.warning("edge", "a release came and nobody here takes one");
  }
  if (metric.name != links::acknowledge_metric) return;
  auto list = bytes != nullptr
                  ? envelope::decode_acknowledgements(*bytes)
                  : Result<std::vector<envelope::Acknowledgement>>(fail(Code::corrupt, "no bytes"));
  if (!list)
    return world_.log.warning("edge", "an acknowledgement does not decode: " + list.error().text());
  for (const auto& acknowledgement : *list) {
    if (acknowledgement.producer != options_.edge) continue;
    sender_->on_acknowledgement(acknowledgement, world_.clock.monotonic_now());
  }
  arm_tick();
  for (auto& lane : lanes_) lane->resume();
}

Result<void> EdgeCore::issue(const drivers::Command& command) {
  for (auto& lane : lanes_) {
    const auto& devices = lane->driver().devices();
    if (std::ranges::any_of(devices,
                            [&](const auto& d) { return d.address.device == command.device; }))
      return lane->driver().command(command);
  }
  return fail(Code::not_found, fmt::format("there is no device '{}'", command.device));
}

void EdgeCore::command_device(const std::string& device, const sparkplug::CommandMetric& metric) {
  double value = 0;
  if (const auto* real = std::get_if<double>(&metric.value))
    value = *real;
  else if (const auto* integer = std::get_if<std::int64_t>(&metric.value))
    value = static_cast<double>(*integer);
  else
    return world_.log.warning("edge",
                              "command " + device + "/" + metric.name + " refused: not a number");
  if (auto done = issue({device, metric.name, value, std::chrono::minutes(1)}); !done)
    world_.log.warning("edge", "command refused: " + done.error().text());
}

Result<void> EdgeCore::declare_schema(const ontology::DeviceSchema& schema) {
  const std::string& device = schema.address.device;
  const auto it = declared_.find(device);
  if (it != declared_.end() && it->second.metrics == schema.metrics) return {};
  if (auto done = uplink_->set_device(device, schema.metrics, {}); !done) return done;
  declared_[device] = schema;
  return {};
}

Result<void> EdgeCore::send_data(const std::string& device, const ontology::Batch& batch,
                                 ByteView envelope, sparkplug::DataClass data_class) {
  return uplink_->publish(device, batch, envelope, data_class);
}

Result<void> EdgeCore::send_loss(ByteView envelope) {
  return uplink_->publish("", {}, envelope, sparkplug::DataClass::live);
}

void EdgeCore::telemetry() {
  telemetry_timer_ =
      world_.executor.post_after(options_.telemetry_interval, [this] { telemetry(); });
  if (!uplink_->is_born()) return;
  const EdgeStatus now = status();
  ontology::Batch batch;
  const std::uint64_t values[] = {now.incarnation, now.samples_accepted, now.samples_waiting,
                                  now.bytes_waiting, now.input_ended ? 1u : 0u};
  for (std::uint32_t slot = 0; slot < std::size(values); ++slot) {
    ontology::Row row;
    row.ts_us = world_.clock.utc_now().us;
    row.slot = slot;
    row.bits = values[slot];
    batch.rows.push_back(row);
  }
  (void)uplink_->publish("", batch, {}, sparkplug::DataClass::live);
}

void EdgeCore::save_checkpoints() {
  checkpoint_timer_.reset();
  arm_checkpoints();
  if (journal_->staged_bytes() > 0) commit();
  for (auto& lane : lanes_) lane->save_checkpoint();
}

EdgeStatus EdgeCore::status() const {
  EdgeStatus status;
  status.incarnation = journal_->incarnation();
  status.samples_accepted = journal_->accepted();
  status.samples_accepted_total = journal_->accepted_total();
  status.samples_waiting = journal_->depth_samples();
  // The current file stays until it is full; with nothing waiting its bytes wait for nobody.
  status.bytes_waiting = status.samples_waiting == 0 ? 0 : journal_->depth_bytes();
  status.samples_resent = sender_->samples_resent();
  status.samples_lost = samples_lost_;
  status.born = uplink_->is_born();
  status.input_ended =
      std::ranges::all_of(lanes_, [](const auto& lane) { return lane->has_ended(); });
  status.drained =
      status.input_ended && status.samples_waiting == 0 && journal_->staged_bytes() == 0;
  for (const auto& lane : lanes_) {
    status.sources.push_back(lane->driver().status());
    lane->add_status(status.triggers);
  }
  return status;
}

}  // namespace millwright::edge
