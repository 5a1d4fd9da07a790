#include "roles/edge_role.hpp"

#include "base/format.hpp"
#include "engine/host.hpp"
#include "fabric/edge/edge_core.hpp"
#include "roles/edge_models.hpp"
#include "roles/edge_plan.hpp"
#include "roles/machine.hpp"
#include "roles/release_host.hpp"
#include "roles/resources.hpp"
#include "roles/status_file.hpp"

namespace millwright::roles {
namespace {

edge::EdgeOptions to_core_options(const interfaces::EdgeRoleOptions& options) {
  edge::EdgeOptions core;
  core.site = options.site;
  core.edge = options.edge;
  core.journal.bound_bytes = options.buffer_bytes_max;
  core.journal.full_rule =
      options.buffer_drops_oldest ? custody::FullRule::drop_oldest : custody::FullRule::refuse;
  core.sender.window_bytes = options.window_bytes;
  core.uplink.session.group = options.site;
  core.uplink.session.edge = options.edge;
  core.uplink.session.primary_host = options.primary_host;
  core.uplink.session.datatype_in_data =
      options.datatype_in_data ? sparkplug::DatatypeInData::yes : sparkplug::DatatypeInData::no;
  core.uplink.session.quality_in_data =
      options.quality_in_data ? sparkplug::QualityInData::yes : sparkplug::QualityInData::no;
  core.uplink.broker = options.broker;
  if (core.uplink.broker.client_id.empty())
    core.uplink.broker.client_id = options.site + "." + options.edge;
  return core;
}

Status to_status(const edge::EdgeStatus& status) {
  Status out;
  out.set("role", "edge");
  out.set("incarnation", fmt::format("{:016x}", status.incarnation));
  out.set("samples_accepted", status.samples_accepted_total);
  out.set("samples_waiting", status.samples_waiting);
  out.set("bytes_waiting", status.bytes_waiting);
  out.set("samples_resent", status.samples_resent);
  out.set("samples_lost", status.samples_lost);
  out.set("born", std::uint64_t{status.born});
  out.set("input_ended", std::uint64_t{status.input_ended});
  out.set("drained", std::uint64_t{status.drained});
  return out;
}

}  // namespace

Result<void> run_edge(const interfaces::EdgeRoleOptions& options, interfaces::Terminal& terminal) {
  const auto stop = engine::make_stop_signal();
  auto releases = read_release_options(options.hub_url, options.trust_file,
                                       {.id = options.site + "/" + options.edge,
                                        .site = options.site,
                                        .kind = operations::TargetKind::edge,
                                        .assets = {},
                                        .labels = {},
                                        .running = {}});
  if (!releases) return pass(std::move(releases));
  auto machine = Machine::create("edge", options.data_dir, options.log_level);
  if (!machine) return pass(std::move(machine));
  Machine& host = **machine;

  auto resources = load_resources(options.resources);
  if (!resources) return pass(std::move(resources));
  auto setup = catalog::edge_setup(*resources, options.site, options.edge, options.variables);
  if (!setup) return pass(std::move(setup));
  auto files = engine::open_posix_disk("/");
  if (!files) return pass(std::move(files));
  drivers::Formats formats;
  formats.gunzip = drivers::open_gzip;
  formats.time_zone = drivers::open_time_zone;
  const DriverWorld driver_world{host.clock(), host.executor(), **files, host.log(), formats};

  std::unique_ptr<edge::EdgeCore> core;
  std::unique_ptr<EdgeModels> models;
  std::unique_ptr<ReleaseHost> release_host;
  Result<void> made;
  host.run([&] {
    auto sources = plan_sources(*setup, driver_world, options.pace);
    if (!sources) {
      made = pass(std::move(sources));
      return;
    }
    auto created =
        edge::EdgeCore::create(host.world(), to_core_options(options), std::move(*sources));
    if (!created) {
      made = pass(std::move(created));
      return;
    }
    core = std::move(*created);
    if (releases->is_wanted()) {
      models = std::make_unique<EdgeModels>(*core, host.log());
      made = start_releases(host, std::move(*releases), models->ports(), *core, release_host);
      if (!made) return;
    }
    core->start(options.waits_for_models ? edge::EdgeCore::Input::held
                                         : edge::EdgeCore::Input::now);
  });
  if (!made) {
    host.run([&] {
      if (release_host) release_host->stop();
      core.reset();
    });
    return made;
  }
  host.log().info("edge", fmt::format("{}/{} started; data in {}", options.site, options.edge,
                                      options.data_dir));

  StatusFile status_file(host.disk());
  bool drained = false;
  while (!stop->wait(std::chrono::milliseconds(250))) {
    edge::EdgeStatus status;
    host.run([&] {
      if (core->has_models()) core->start_input();
      status = core->status();
    });
    status_file.write(to_status(status));
    drained = status.drained;
    if (options.until_drained && drained) break;
  }
  host.run([&] { core->stop(); });
  // The death certificate leaves before the process does.
  for (int i = 0; i < 20; ++i) {
    bool left = false;
    host.run([&] { left = core->has_left(); });
    if (left) break;
    terminal.pause(25);
  }
  host.run([&] {
    status_file.write(to_status(core->status()));
    core->listen(nullptr);
    if (release_host) release_host->stop();
    models.reset();
    core.reset();
  });
  return {};
}

}  // namespace millwright::roles
