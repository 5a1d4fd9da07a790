#include "roles/gateway_role.hpp"

#include "base/format.hpp"
#include "engine/host.hpp"
#include "fabric/gateway/gateway_core.hpp"
#include "roles/gateway_models.hpp"
#include "roles/machine.hpp"
#include "roles/release_host.hpp"
#include "roles/status_file.hpp"

namespace millwright::roles {
namespace {

gateway::GatewayOptions to_core_options(const interfaces::GatewayRoleOptions& options) {
  gateway::GatewayOptions core;
  core.site = options.site;
  core.gateway = options.gateway;
  core.site_link.session.host_id = options.host_id.empty() ? options.gateway : options.host_id;
  core.site_link.session.group = options.site;
  core.site_link.broker = options.site_broker;
  if (core.site_link.broker.client_id.empty())
    core.site_link.broker.client_id = options.gateway + ".host";
  core.uplink.session.group = options.site;
  core.uplink.session.edge = options.gateway;
  core.uplink.session.primary_host = options.primary_host;
  core.uplink.broker = options.hub_broker;
  if (core.uplink.broker.client_id.empty())
    core.uplink.broker.client_id = options.site + "." + options.gateway;
  return core;
}

Status to_status(const gateway::GatewayStatus& status) {
  Status out;
  out.set("role", "gateway");
  out.set("site_online", std::uint64_t{status.site_online});
  out.set("uplink_born", std::uint64_t{status.uplink_born});
  std::uint64_t held = 0, gaps = 0;
  for (const auto& edge : status.edges) held += edge.bytes_held, gaps += edge.gaps;
  out.set("edges", std::uint64_t{status.edges.size()});
  out.set("bytes_held", held);
  out.set("gaps", gaps);
  if (status.tier_two) {
    out.set("scans_derived", status.tier_two->scans_derived);
    out.set("samples_waiting", status.tier_two->samples_waiting);
    out.set("models_active", std::uint64_t{status.tier_two->active.size()});
    out.set("derived_drained", std::uint64_t{status.tier_two->drained});
    out.set("derived_accepted", status.tier_two->samples_accepted_total);
  }
  return out;
}

}  // namespace

Result<void> run_gateway(const interfaces::GatewayRoleOptions& options,
                         interfaces::Terminal& terminal) {
  const auto stop = engine::make_stop_signal();
  auto releases = read_release_options(options.hub_url, options.trust_file,
                                       {.id = options.site + "/" + options.gateway,
                                        .site = options.site,
                                        .kind = operations::TargetKind::gateway,
                                        .assets = {},
                                        .labels = {},
                                        .running = {}});
  if (!releases) return pass(std::move(releases));
  // Before any thread starts: it takes standard error away for a moment.
  std::unique_ptr<models::OnnxRuntime> runtime;
  if (releases->is_wanted()) {
    auto opened = models::open_onnx_runtime();
    if (!opened) return pass(std::move(opened));
    runtime = std::move(*opened);
  }
  auto machine = Machine::create("gateway", options.data_dir, options.log_level);
  if (!machine) return pass(std::move(machine));
  Machine& host = **machine;
  std::unique_ptr<models::GatewayScorer> scorer;
  if (releases->is_wanted()) {
    auto created = models::GatewayScorer::create({}, runtime.get(), host.log());
    if (!created) return pass(std::move(created));
    scorer = std::move(*created);
  }
  std::unique_ptr<gateway::GatewayCore> core;
  std::unique_ptr<ReleaseHost> release_host;
  const auto end = [&] {
    if (core) core->listen(nullptr);
    if (release_host) release_host->stop();
    core.reset();
  };
  Result<void> made;
  host.run([&] {
    auto created =
        gateway::GatewayCore::create(host.world(), to_core_options(options), scorer.get());
    if (!created) {
      made = pass(std::move(created));
      return;
    }
    core = std::move(*created);
    if (scorer) {
      made = start_releases(host, std::move(*releases), gateway_ports(*core, *scorer), *core,
                            release_host);
      if (!made) return;
    }
    core->start();
  });
  if (!made) {
    host.run(end);
    return made;
  }
  host.log().info("gateway", fmt::format("{}/{} started", options.site, options.gateway));
  StatusFile status_file(host.disk());
  while (!stop->wait(std::chrono::milliseconds(250))) {
    host.run([&] { status_file.write(to_status(core->status())); });
  }
  host.run([&] { core->stop(); });
  for (int i = 0; i < 20; ++i) {
    bool left = false;
    host.run([&] { left = core->has_left(); });
    if (left) break;
    terminal.pause(25);
  }
  host.run(end);
  return {};
}

}  // namespace millwright::roles
