#include "roles/demo_role.hpp"

#include <algorithm>
#include <ostream>

#include "base/format.hpp"
#include "engine/host.hpp"
#include "engine/system_time.hpp"
#include "roles/decision_run.hpp"
#include "roles/demo_decision.hpp"
#include "roles/demo_resources.hpp"
#include "roles/fleet_plan.hpp"
#include "roles/local_fleet.hpp"
#include "roles/run_report.hpp"

namespace millwright::roles {
namespace {

/// Writes the carried resources below `directory`; with a span, simulated time is that span instead
/// of now and on, after some history.
Result<void> write_resources(const std::string& directory,
                             std::optional<std::pair<Timestamp, Timestamp>> span, Duration history,
                             std::uint64_t seed) {
  auto disk = engine::open_posix_disk(directory);
  if (!disk) return pass(std::move(disk));
  for (const DemoFile& file : demo_files()) {
    std::string content(file.content);
    // Every plant of the demo declares its seed on a line of its own; the span goes beside it.
    constexpr std::string_view key = "seed: ";
    for (auto at = content.find(key); at != std::string::npos; at = content.find(key, at + 1)) {
      const auto line_start = content.rfind('\n', at) + 1;
      const auto line_end = std::min(content.find('\n', at), content.size());
      const std::string indent = content.substr(line_start, at - line_start);
      const auto declared = std::strtoull(content.c_str() + at + key.size(), nullptr, 10);
      std::string lines = fmt::format("seed: {}", declared + seed - 1);
      if (span) {
        lines += fmt::format("\n{}start: {}\n{}end: {}", indent, to_rfc3339(span->first), indent,
                             to_rfc3339(span->second));
      } else if (history.count() > 0) {
        lines += fmt::format("\n{}history: {}", indent, to_text(history));
      }
      content.replace(at, line_end - at, lines);
    }
    if (auto done = engine::replace_whole(**disk, file.name, as_bytes(content)); !done) return done;
  }
  return {};
}

void print_welcome(const LocalFleet& fleet, const std::string& directory,
                   const std::string& technician, interfaces::Terminal& terminal) {
  const std::string& url = fleet.hub_url();
  terminal.out << fmt::format(
                      "\nMillwright demo: SIMULATED plant, {} processes, data in {}\n\n"
                      "  open       {}\n"
                      "             and make the first user: {}, the technician of this demo\n\n"
                      "worth trying in another terminal (with MILLWRIGHT_HUB={}):\n"
                      "  millwright watch 'site-a/*'\n"
                      "  millwright ledger\n"
                      "  millwright query \"SELECT site, device, metric, count(*) AS n FROM "
                      "samples GROUP BY ALL ORDER BY ALL\"\n"
                      "  kill -9 {}        # the gateway of site-a: then look at the ledger\n"
                      "  millwright usecase readiness\n"
                      "  millwright workorder list --state open\n"
                      "  millwright workorder verdict ORDER confirmed --person {} --key "
                      "{}/keys/{}.key\n\n"
                      "Ctrl-C stops everything that was started here.\n",
                      fleet.members().size(), directory, url, technician, url,
                      [&] {
                        for (const auto& [name, pid] : fleet.pids()) {
                          if (name.starts_with("gateway")) return pid;
                        }
                        return 0;
                      }(),
                      technician, directory, technician)
               << std::flush;
}

Result<bool> wait_until_drained(LocalFleet& fleet, const Clock& clock, engine::StopSignal& stop) {
  std::optional<Duration> since;
  while (!stop.wait(std::chrono::milliseconds(100))) {
    if (auto fallen = fleet.fallen(); !fallen.empty()) {
      return fail(Code::unavailable,
                  fmt::format("a member of the demo has ended: {}", fmt::join(fallen, "; ")));
    }
    const auto edges = fleet.edges();
    const Duration now = clock.monotonic_now();
    const bool drained =
        std::ranges::all_of(edges, [](const auto& e) { return e.status.number("drained") == 1; }) &&
        fleet.derived().drained;
    if (!drained)
      since.reset();
    else if (!since)
      since = now;
    else if (now - *since >= LocalFleet::settled_after)
      return true;
  }
  return false;
}

Result<void> give_account(LocalFleet& fleet, bool complete, Duration wall,
                          const interfaces::DemoOptions& options, interfaces::Terminal& terminal) {
  RunReport report;
  report.example = "demo (simulated)";
  report.complete = complete;
  report.wall_s = static_cast<double>(wall.count()) / 1e6;
  report.data_dir = options.data_dir;
  for (const auto& edge : fleet.edges()) {
    report.samples_sent += edge.status.number("samples_accepted");
    report.samples_resent += edge.status.number("samples_resent");
  }
  report.samples_sent += fleet.derived().samples_accepted;
  report.broker_dropped = fleet.broker_dropped();
  const auto http = interfaces::make_http_client();
  if (auto asked = ask_hub(*http, fleet.hub_url(), report); !asked) return asked;
  terminal.out << (options.output == interfaces::OutputFormat::json ? to_json(report)
                                                                    : to_table(report))
               << std::flush;
  if (!complete || report.samples_sent == 0 || report.samples_unexplained > 0 ||
      report.samples_double > 0) {
    return fail(Code::conflict, "the account of the demo does not close");
  }
  return {};
}

/// Live: a member that dies is started again, as a service manager would.
Result<void> tend(LocalFleet& fleet, DemoDecision* decision, engine::StopSignal& stop,
                  interfaces::Terminal& terminal) {
  while (!stop.wait(std::chrono::milliseconds(500))) {
    if (decision != nullptr) decision->advance();
    for (const std::string& name : fleet.revive()) {
      terminal.out << name << " had ended and was started again\n" << std::flush;
    }
  }
  terminal.out << "\nstopping\n" << std::flush;
  return {};
}

}  // namespace

Result<void> run_demo(const interfaces::DemoOptions& options, interfaces::Terminal& terminal) {
  const auto stop = engine::make_stop_signal();
  const auto clock = engine::make_real_clock();
  const auto random = engine::make_real_random();
  const auto log = make_stderr_log(options.log_level);
  const bool temporary = options.data_dir.empty();
  auto directory = temporary ? engine::make_temporary_directory("millwright-demo")
                             : Result<std::string>(engine::absolute_path(options.data_dir));
  if (!directory) return pass(std::move(directory));
  const std::string resources = *directory + "/resources";
  std::optional<std::pair<Timestamp, Timestamp>> span;
  if (options.once) span = {clock->utc_now() - options.plant_time, clock->utc_now()};
  if (auto done = write_resources(resources, span, options.history, options.seed); !done)
    return done;
  auto sites = plan_fleet({resources});
  if (!sites) return pass(std::move(sites));

  FleetOptions fleet_options;
  fleet_options.directory = *directory;
  const std::vector<FleetSite> planned = *sites;
  fleet_options.sites = std::move(*sites);
  fleet_options.resources = {resources};
  if (options.once) fleet_options.pace = drivers::Pace::fast();
  fleet_options.http_port = options.http_port;
  fleet_options.simulated = true;
  // Keys of the declared persons are made for this demo and lie in its folder.
  auto decision = DecisionRun::prepare(resources, *directory, {}, *random);
  if (!decision) return pass(std::move(decision));
  if (*decision) {
    fleet_options.has_office = true;
    fleet_options.trust_file = (*decision)->trust_file();
  }
  fleet_options.log_level = options.log_level;
  const Duration start = clock->monotonic_now();
  auto fleet = LocalFleet::start(std::move(fleet_options), *clock, *random, *log);
  if (!fleet) return pass(std::move(fleet), "data left in " + *directory);
  Result<void> outcome;
  if (options.once) {
    auto complete = wait_until_drained(**fleet, *clock, *stop);
    outcome = complete ? give_account(**fleet, *complete, clock->monotonic_now() - start, options,
                                      terminal)
                       : Result<void>(pass(std::move(complete)));
  } else {
    print_welcome(**fleet, *directory, *decision ? (*decision)->technician() : "anybody", terminal);
    const auto http = interfaces::make_http_client();
    std::optional<DemoDecision> play;
    if (*decision && !options.is_bare) {
      auto crew = PlantCrew::create((*decision)->declared(), planned, {.sites = {"site-b"}});
      if (!crew) return pass(std::move(crew));
      play.emplace(**decision, std::move(*crew), **fleet, *http, *clock, terminal);
    }
    outcome = tend(**fleet, play ? &*play : nullptr, *stop, terminal);
  }
  (*fleet)->stop();
  if (!outcome) return pass(std::move(outcome), "data left in " + *directory);
  if (temporary) engine::remove_tree(*directory);
  return {};
}

}  // namespace millwright::roles
