#include "roles/run_role.hpp"

#include <algorithm>
#include <ostream>

#include "base/format.hpp"
#include "engine/disk.hpp"
#include "engine/host.hpp"
#include "engine/system_time.hpp"
#include "roles/decision_run.hpp"
#include "roles/fault_script.hpp"
#include "roles/fleet_plan.hpp"
#include "roles/local_fleet.hpp"
#include "roles/run_report.hpp"

namespace millwright::roles {
namespace {

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

std::uint64_t waiting(const LocalFleet& fleet) {
  std::uint64_t sum = 0;
  for (const auto& edge : fleet.edges()) sum += edge.status.number("samples_waiting");
  return sum;
}

/// Plays the faults and waits until every edge is drained.
class Play {
 public:
  Play(LocalFleet& fleet, const Clock& clock, std::vector<Fault> faults, Duration paced,
       interfaces::Terminal& terminal)
      : fleet_(fleet),
        clock_(clock),
        faults_(std::move(faults)),
        paced_(paced),
        terminal_(terminal) {}

  Result<bool> run(engine::StopSignal& stop, RunReport& report) {
    start_ = clock_.monotonic_now();
    Duration told{0};
    while (!stop.wait(std::chrono::milliseconds(100))) {
      const Duration elapsed = clock_.monotonic_now() - start_;
      if (auto done = strike(elapsed, report); !done) return pass(std::move(done));
      if (auto done = mend(elapsed, report); !done) return pass(std::move(done));
      if (auto fallen = fleet_.fallen(); !fallen.empty()) {
        return fail(Code::unavailable,
                    fmt::format("a member of the fleet has ended: {}", fmt::join(fallen, "; ")));
      }
      const auto edges = fleet_.edges();
      if (elapsed - told >= std::chrono::seconds(1)) {
        told = elapsed;
        progress(elapsed, edges);
      }
      const bool drained =
          std::ranges::all_of(edges,
                              [](const auto& e) { return e.status.number("drained") == 1; }) &&
          fleet_.derived().drained;
      if (!drained || next_ < faults_.size() || !open_.empty()) {
        drained_at_.reset();
      } else if (!drained_at_) {
        drained_at_ = elapsed;
      } else if (elapsed - *drained_at_ >= LocalFleet::settled_after) {
        return true;
      }
    }
    return false;
  }

 private:
  struct Open {
    Fault fault;
    Duration until;
    FaultRecord record;
  };

  Result<void> strike(Duration elapsed, RunReport&) {
    while (next_ < faults_.size() && seconds(elapsed) >= faults_[next_].share * seconds(paced_)) {
      const Fault& fault = faults_[next_++];
      Open open{fault, elapsed + fault.lasts, {}};
      open.record = {
          fault.member, std::string(name_of(fault.kind)), seconds(elapsed), 0, waiting(fleet_), 0};
      auto done =
          fault.kind == FaultKind::kill ? fleet_.kill(fault.member) : fleet_.stall(fault.member);
      if (!done) return done;
      terminal_.err << fmt::format("{:6.1f} s  {} {}; {} samples waiting at the edges\n",
                                   open.record.at_s, open.record.kind, fault.member,
                                   open.record.waiting_before)
                    << std::flush;
      open_.push_back(std::move(open));
    }
    return {};
  }

  Result<void> mend(Duration elapsed, RunReport& report) {
    for (auto it = open_.begin(); it != open_.end();) {
      if (elapsed < it->until) {
        ++it;
        continue;
      }
      it->record.waiting_after = waiting(fleet_);
      it->record.outage_s = seconds(elapsed) - it->record.at_s;
      auto done = it->fault.kind == FaultKind::kill ? fleet_.restart(it->fault.member)
                                                    : fleet_.resume(it->fault.member);
      if (!done) return done;
      terminal_.err << fmt::format("{:6.1f} s  {} is back; {} samples waiting at the edges\n",
                                   seconds(elapsed), it->fault.member, it->record.waiting_after)
                    << std::flush;
      report.faults.push_back(it->record);
      it = open_.erase(it);
    }
    return {};
  }

  void progress(Duration elapsed, const std::vector<FleetEdge>& edges) const {
    if (!terminal_.err_is_terminal) return;
    std::uint64_t accepted = 0, held = 0;
    for (const auto& edge : edges) {
      accepted += edge.status.number("samples_accepted");
      held += edge.status.number("samples_waiting");
    }
    terminal_.err << fmt::format("\r{:6.1f} s  {} samples accepted, {} waiting for the hub   ",
                                 seconds(elapsed), accepted, held)
                  << std::flush;
  }

  LocalFleet& fleet_;
  const Clock& clock_;
  std::vector<Fault> faults_;
  Duration paced_;
  interfaces::Terminal& terminal_;
  Duration start_{0};
  std::size_t next_ = 0;
  std::vector<Open> open_;
  std::optional<Duration> drained_at_;
};

/// The training edges play first; the others wait for their models.
void decide_first(const DecisionRun& decision, FleetOptions& options) {
  options.resources = {decision.resources()};
  options.has_office = true;
  options.trust_file = decision.trust_file();
  for (const FleetSite& site : options.sites) {
    for (const auto& edge : site.edges) {
      const std::string id = site.site + "/" + edge;
      const auto& training = decision.training_edges();
      if (std::ranges::find(training, id) == training.end()) options.deferred.push_back(id);
    }
  }
}

/// The decision around the play of the recorded fleet.
struct Decide {
  DecisionRun& run;
  LocalFleet& fleet;
  interfaces::HttpClient& http;
  const Clock& clock;
  interfaces::Terminal& terminal;
  engine::StopSignal& stop;

  template <typename Done>
  Result<void> wait_for(const std::string& what, Done is_done) {
    const Duration until = clock.monotonic_now() + std::chrono::minutes(5);
    while (!stop.wait(std::chrono::milliseconds(100))) {
      auto done = is_done();
      if (!done) return pass(std::move(done));
      if (*done) return {};
      if (auto fallen = fleet.fallen(); !fallen.empty()) {
        return fail(Code::unavailable,
                    fmt::format("a member of the fleet has ended: {}", fmt::join(fallen, "; ")));
      }
      if (clock.monotonic_now() > until) break;
    }
    return fail(Code::timeout, what + " took too long");
  }
  Result<bool> has(const std::string& kind, std::uint64_t DecisionRun::Progress::* count) {
    auto now = run.progress(http, fleet.hub_url(), kind, terminal);
    if (!now) return pass(std::move(now));
    if (now->state == "reverting" || now->state == "reverted") {
      return fail(Code::conflict, fmt::format("the rollout to {}s was reverted", kind),
                  "see its gates: millwright rollout list");
    }
    return now->state == "done" || now->members == (*now).*count;
  }

  Result<void> before(DecisionReport& report) {
    auto stored = wait_for("storing the training fleet", [&]() -> Result<bool> {
      return std::ranges::all_of(fleet.edges(), [&](const FleetEdge& edge) {
        const auto& training = run.training_edges();
        const bool counts =
            std::ranges::find(training, edge.site + "/" + edge.edge) != training.end();
        return !counts || edge.status.number("drained") == 1;
      });
    });
    if (!stored) return stored;
    if (auto done = run.train(http, clock, fleet.hub_url(), terminal, report); !done) return done;
    for (const std::string kind : {"gateway", "edge"}) {
      if (kind == "edge") {
        if (auto done = fleet.start_deferred(); !done) return done;
      }
      auto done = run.roll_out(http, clock, fleet.hub_url(), kind, terminal);
      if (!done) return pass(std::move(done), "rolling out to " + kind + "s");
      done = wait_for("installing at " + kind + "s",
                      [&] { return has(kind, &DecisionRun::Progress::installed); });
      if (!done) return done;
    }
    return {};
  }
  Result<void> after(DecisionReport& report) {
    for (const std::string kind : {"gateway", "edge"}) {
      auto done = wait_for("confirming at " + kind + "s",
                           [&] { return has(kind, &DecisionRun::Progress::attested); });
      if (!done) return done;
    }
    return run.judge(http, clock, fleet.hub_url(), terminal, report);
  }
};

Result<std::vector<Fault>> load_faults(const interfaces::RunOptions& options,
                                       interfaces::Terminal& terminal) {
  if (options.faults.empty()) return std::vector<Fault>{};
  const bool paced = options.pace && options.pace->kind == drivers::PaceKind::total;
  if (!paced) {
    return fail(Code::invalid_input, "faults are placed by share of a paced run",
                "add --within 3m");
  }
  auto text = terminal.read_file(options.faults);
  if (!text) return pass(std::move(text));
  return parse_fault_script(*text, options.faults);
}

}  // namespace

Result<void> run_example(const interfaces::RunOptions& options, interfaces::Terminal& terminal) {
  const auto stop = engine::make_stop_signal();
  const auto clock = engine::make_real_clock();
  const auto random = engine::make_real_random();
  const auto log = make_stderr_log(options.log_level);
  auto faults = load_faults(options, terminal);
  if (!faults) return pass(std::move(faults));
  const std::string example = engine::absolute_path(options.example);
  auto sites = plan_fleet({example});
  if (!sites) return pass(std::move(sites), "example " + options.example);

  FleetOptions fleet_options;
  fleet_options.sites = std::move(*sites);
  fleet_options.resources = {example};
  if (!options.data.empty()) fleet_options.variables["data"] = engine::absolute_path(options.data);
  fleet_options.pace = options.pace;
  fleet_options.http_port = options.http_port;
  fleet_options.log_level = options.log_level;
  const bool temporary = options.keep_dir.empty();
  auto directory = temporary ? engine::make_temporary_directory("millwright-run")
                             : Result<std::string>(engine::absolute_path(options.keep_dir));
  if (!directory) return pass(std::move(directory));
  fleet_options.directory = *directory;
  auto decision = DecisionRun::prepare(example, *directory, fleet_options.variables, *random);
  if (!decision) return pass(std::move(decision), "example " + options.example);
  if (*decision) decide_first(**decision, fleet_options);

  RunReport report;
  report.example = options.example;
  if (!temporary) report.data_dir = *directory;
  Result<void> outcome;
  {
    const Duration start = clock->monotonic_now();
    auto fleet = LocalFleet::start(std::move(fleet_options), *clock, *random, *log);
    if (!fleet) {
      outcome = pass(std::move(fleet));
    } else {
      const Duration paced = options.pace ? options.pace->total : Duration(0);
      const auto http = interfaces::make_http_client();
      Result<void> decided;
      if (*decision) {
        report.decision.emplace();
        decided =
            Decide{**decision, **fleet, *http, *clock, terminal, *stop}.before(*report.decision);
      }
      auto complete =
          !decided ? Result<bool>(pass(std::move(decided)))
                   : Play(**fleet, *clock, std::move(*faults), paced, terminal).run(*stop, report);
      report.wall_s = seconds(clock->monotonic_now() - start);
      if (!complete) {
        outcome = pass(std::move(complete));
      } else {
        report.complete = *complete;
        for (const auto& edge : (*fleet)->edges()) {
          report.samples_sent += edge.status.number("samples_accepted");
          report.samples_resent += edge.status.number("samples_resent");
        }
        report.samples_sent += (*fleet)->derived().samples_accepted;
        report.broker_dropped = (*fleet)->broker_dropped();
        outcome = ask_hub(*http, (*fleet)->hub_url(), report);
        if (outcome && *decision) {
          outcome =
              Decide{**decision, **fleet, *http, *clock, terminal, *stop}.after(*report.decision);
        }
        if (outcome && !temporary) {
          auto series = series_dictionary(*http, (*fleet)->hub_url());
          auto disk = engine::open_posix_disk(*directory);
          if (series && disk)
            outcome = engine::replace_whole(**disk, "series.json", as_bytes(*series));
        }
      }
      (*fleet)->stop();
    }
  }
  if (temporary && outcome) engine::remove_tree(*directory);
  if (!outcome)
    return pass(std::move(outcome), temporary ? "data left in " + *directory : std::string());
  terminal.out << (options.output == interfaces::OutputFormat::json ? to_json(report)
                                                                    : to_table(report))
               << std::flush;
  if (!report.complete || report.samples_unexplained > 0 || report.samples_double > 0 ||
      report.samples_missing > 0) {
    return fail(Code::conflict, "the account does not close", "see the ledger of the run");
  }
  return {};
}

}  // namespace millwright::roles
