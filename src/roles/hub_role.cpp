#include "roles/hub_role.hpp"

#include <ostream>

#include "base/format.hpp"
#include "engine/host.hpp"
#include "engine/segment_store.hpp"
#include "fabric/historian/historian.hpp"
#include "fabric/hub/hub_core.hpp"
#include "interfaces/http.hpp"
#include "interfaces/hub_api.hpp"
#include "roles/hub_office.hpp"
#include "roles/machine.hpp"
#include "roles/resources.hpp"
#include "roles/status_file.hpp"
#include "roles/version.hpp"

namespace millwright::roles {
namespace {

constexpr std::string_view historian_directory = "historian";

/// Everything of the hub that lives on its executor; destroyed there, in reverse.
struct HubParts {
  std::unique_ptr<governance::PasswordHasher> hasher;
  std::unique_ptr<historian::Historian> historian;
  std::unique_ptr<HubOffice> office;
  std::unique_ptr<hub::HubCore> core;
  std::unique_ptr<interfaces::HubApi> api;
};

/// The office, when something is declared for it.
Result<void> open_office(HubParts& parts, const interfaces::HubRoleOptions& options,
                         Machine& host) {
  if (options.resources.empty()) return {};
  auto resources = load_resources(options.resources);
  if (!resources) return pass(std::move(resources));
  auto hasher = governance::make_argon2id();
  if (!hasher) return pass(std::move(hasher));
  parts.hasher = std::move(*hasher);
  auto office =
      HubOffice::open(host.world(), {.host_id = options.host_id, .simulated = options.simulated},
                      std::move(*resources), *parts.historian, *parts.hasher);
  if (!office) return pass(std::move(office));
  parts.office = std::move(*office);
  return {};
}

Result<void> build(HubParts& parts, const interfaces::HubRoleOptions& options, Machine& host,
                   engine::SegmentStore& store, engine::Executor& lane) {
  historian::Options historian_options;
  historian_options.directory = historian_directory;
  historian_options.seal_interval = options.seal_interval;
  historian_options.on_committed = [&parts](const engine::SampleColumns& rows) {
    if (parts.office) parts.office->on_committed(rows);
  };
  auto opened = historian::Historian::open(historian_options, host.disk(), store, host.clock(),
                                           host.log(), host.executor(), lane);
  if (!opened) return pass(std::move(opened), "opening the historian");
  parts.historian = std::move(*opened);
  for (const auto& damage : parts.historian->damages()) {
    host.log().error("historian", damage.place.text() + ": " + damage.what + "; " + damage.remedy);
  }
  if (auto done = open_office(parts, options, host); !done) return done;
  hub::HubOptions core;
  core.link.session.host_id = options.host_id;
  core.link.session.group = options.group;
  core.link.broker = options.broker;
  if (core.link.broker.client_id.empty()) core.link.broker.client_id = options.host_id;
  core.commit_interval = options.commit_interval;
  auto created = hub::HubCore::create(host.world(), core, *parts.historian);
  if (!created) return pass(std::move(created));
  parts.core = std::move(*created);
  interfaces::HubApiOptions api;
  api.host_id = options.host_id;
  api.version = version;
  api.simulated = options.simulated;
  api.resident_bytes = interfaces::make_resident_bytes();
  if (parts.office) api.office = &parts.office->api();
  parts.api = std::make_unique<interfaces::HubApi>(*parts.core, host.executor(), host.clock(),
                                                   std::move(api));
  parts.core->start();
  if (parts.office) parts.office->start(*parts.core);
  return {};
}

}  // namespace

Result<void> run_hub(const interfaces::HubRoleOptions& options, interfaces::Terminal& terminal) {
  const auto stop = engine::make_stop_signal();
  auto machine = Machine::create("hub", options.data_dir, options.log_level);
  if (!machine) return pass(std::move(machine));
  Machine& host = **machine;
  if (auto made = host.disk().make_directories(historian_directory); !made) return made;
  auto directory = host.disk().native_path(historian_directory);
  if (!directory) return pass(std::move(directory));
  engine::DuckDbOptions duckdb;
  duckdb.directory = *directory;
  auto store = engine::open_duckdb_store(duckdb);
  if (!store) return pass(std::move(store), "opening DuckDB");
  const auto lane = engine::make_thread_executor("duckdb", host.clock());

  HubParts parts;
  Result<void> built;
  host.run([&] { built = build(parts, options, host, **store, *lane); });
  const auto take_down = [&] {
    host.run([&] {
      if (parts.core) parts.core->stop();
    });
    engine::run_and_wait(*lane, [] {});
    host.run([&] {
      parts.api.reset();
      if (parts.office) parts.office->stop();
      parts.core.reset();
      parts.office.reset();
      parts.historian.reset();
    });
    engine::run_and_wait(*lane, [] {});
  };
  if (!built) {
    take_down();
    return built;
  }
  auto server = interfaces::start_http_server(
      {.host = options.http_host, .port = options.http_port}, parts.api->handler());
  if (!server) {
    take_down();
    return pass(std::move(server), "starting the API");
  }
  terminal.out << (*server)->url() << std::endl;
  StatusFile status_file(host.disk());
  Status status;
  status.set("role", "hub");
  status.set("url", (*server)->url());
  while (!stop->wait(std::chrono::milliseconds(250))) {
    host.run([&] {
      status.set("online", std::uint64_t{parts.core->status().online});
      status_file.write(status);
    });
  }
  server->reset();
  take_down();
  return {};
}

}  // namespace millwright::roles
