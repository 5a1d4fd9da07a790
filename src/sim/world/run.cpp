// One world from its seed to its report.
#include "sim/world/run.hpp"

#include <algorithm>
#include <memory>

#include "base/format.hpp"
#include "sim/world/audit.hpp"

namespace millwright::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t violations_kept = 100;
/// After the last scan and the last fault everything must arrive within this.
constexpr Duration drain_limit = 2h;
constexpr std::uint32_t edges_of_a_site = 50;

/// Warnings and errors of the cores are part of the trace.
class TraceLog final : public Log {
 public:
  TraceLog(Trace& trace, const Scheduler& scheduler) : trace_(trace), scheduler_(scheduler) {}
  void write(Severity severity, std::string_view component, std::string_view message) override {
    if (severity < Severity::warning) return;
    trace_.add(severity == Severity::warning ? "log warning" : "log error",
               scheduler_.monotonic_now(), component, as_bytes(message));
  }

 private:
  Trace& trace_;
  const Scheduler& scheduler_;
};

class SimulatedWorld {
 public:
  explicit SimulatedWorld(const RunOptions& options);
  Report run(const Clock& wall);

 private:
  void build();
  void make_site(std::uint32_t site, std::uint32_t first, std::uint32_t last);
  void observe_network();
  void violated(std::string invariant, std::string what);
  void plan(const Fault& fault);
  void strike(const Fault& fault);
  void strike_link(const Fault& fault, const Machine& machine);
  void watch();
  void finish();
  void read_back();
  void heal();

  Machine* machine(const std::string& name);
  Duration span() const {
    return Duration(static_cast<std::int64_t>(options_.hours * 3'600'000'000.0));
  }

  RunOptions options_;
  Report report_;
  Trace trace_;
  Scheduler scheduler_;
  SimNetwork network_;
  TraceLog log_{trace_, scheduler_};
  Surroundings surroundings_{scheduler_,
                             network_,
                             trace_,
                             log_,
                             options_,
                             [this](std::string invariant, std::string what) {
                               violated(std::move(invariant), std::move(what));
                             }};
  Audit audit_{surroundings_.violated};
  FaultTargets targets_;
  std::unique_ptr<HubMachine> hub_;
  std::vector<std::unique_ptr<GatewayMachine>> gateways_;
  std::vector<std::unique_ptr<EdgeMachine>> edges_;
  std::map<std::string, Machine*> machines_;
};

SimulatedWorld::SimulatedWorld(const RunOptions& options)
    : options_(options), network_(scheduler_, SimRandom::stream(options.seed, "network").next()) {
  report_.options = options;
}

void SimulatedWorld::violated(std::string invariant, std::string what) {
  trace_.add("violation", scheduler_.monotonic_now(), invariant, as_bytes(what));
  ++report_.violations_total;
  if (report_.violations.size() < violations_kept) {
    report_.violations.push_back(
        {scheduler_.monotonic_now(), std::move(invariant), std::move(what)});
  }
}

void SimulatedWorld::observe_network() {
  network_.observe(
      [this](NetworkEvent event, std::string_view subject, const engine::BrokerMessage* message) {
        trace_.add(name_of(event), scheduler_.monotonic_now(), subject,
                   message == nullptr ? ByteView{} : ByteView(message->payload));
      });
}

void SimulatedWorld::make_site(std::uint32_t site, std::uint32_t first, std::uint32_t last) {
  const std::string name = fmt::format("site-{}", site);
  const std::string hub_broker = "hub-broker";
  // Every other site has a gateway; the edges of the others speak to the hub themselves.
  const bool has_gateway = site % 2 == 0;
  std::string host(hub_id), broker = hub_broker;
  if (has_gateway) {
    host = "gateway";
    broker = name + "-broker";
    network_.add_broker(broker, broker_port);
    targets_.brokers.push_back(broker);
    gateways_.push_back(
        std::make_unique<GatewayMachine>(surroundings_, name, host, broker, hub_broker));
    targets_.gateways.push_back(gateways_.back()->name());
    audit_.add_gateway(*gateways_.back());
    machines_[gateways_.back()->name()] = gateways_.back().get();
  }
  for (std::uint32_t edge = first; edge < last; ++edge) {
    SourceTruth truth;
    truth.seed = options_.seed;
    truth.edge = edge;
    truth.signals = options_.signals;
    truth.period = options_.period;
    truth.start = scheduler_.utc_now() + Duration(10s);
    truth.records = static_cast<std::uint64_t>(span() / options_.period);
    truth.waits = edge % 2 == 0;
    edges_.push_back(std::make_unique<EdgeMachine>(
        surroundings_, name, fmt::format("edge-{}", edge), host, broker, truth));
    targets_.edges.push_back(edges_.back()->name());
    machines_[edges_.back()->name()] = edges_.back().get();
    audit_.add_edge(*edges_.back());
  }
}

void SimulatedWorld::build() {
  observe_network();
  network_.add_broker("hub-broker", broker_port);
  targets_.brokers.emplace_back("hub-broker");
  hub_ = std::make_unique<HubMachine>(surroundings_, "hub-broker",
                                      [this](const engine::SampleColumns& rows) {
                                        if (hub_->historian() != nullptr)
                                          audit_.on_committed(rows, *hub_->historian());
                                      });
  machines_[hub_->name()] = hub_.get();
  targets_.hub = hub_->name();
  const std::uint32_t sites = std::max(std::min(2u, options_.edges),
                                       (options_.edges + edges_of_a_site - 1) / edges_of_a_site);
  for (std::uint32_t site = 0; site < sites; ++site) {
    make_site(site, options_.edges * site / sites, options_.edges * (site + 1) / sites);
  }
  hub_->start();
  for (auto& gateway : gateways_) gateway->start();
  for (auto& edge : edges_) edge->start();
}

Machine* SimulatedWorld::machine(const std::string& name) {
  const auto found = machines_.find(name);
  return found == machines_.end() ? nullptr : found->second;
}

void SimulatedWorld::plan(const Fault& fault) {
  scheduler_.at(fault.at, [this, fault] {
    trace_.add(fmt::format("fault {}", name_of(fault.kind)), scheduler_.monotonic_now(),
               fault.target);
    strike(fault);
  });
}

void SimulatedWorld::strike(const Fault& fault) {
  if (fault.kind == FaultKind::broker_crash) {
    network_.broker(fault.target, broker_port).crash();
    scheduler_.after(fault.span,
                     [this, fault] { network_.broker(fault.target, broker_port).restart(); });
    return;
  }
  Machine* struck = machine(fault.target);
  SimDisk& disk = struck->disk();
  switch (fault.kind) {
    case FaultKind::crash:
      return struck->crash(fault.span);
    case FaultKind::power_cut:
      return struck->cut_power(fault.span);
    case FaultKind::disk_cut:
      return struck->cut_power_at_operation(fault.count, fault.span);
    case FaultKind::sync_failure:
      return disk.fail_at(disk.operations() + fault.count,
                          Error(Code::corrupt, "input/output error (simulated)"));
    case FaultKind::disk_full:
      disk.set_capacity(disk.used_bytes());
      scheduler_.after(fault.span,
                       [&disk] { disk.set_capacity(SimDisk::Options{}.capacity_bytes); });
      return;
    case FaultKind::slow_disk:
      disk.set_sync_cost(200ms);
      scheduler_.after(fault.span, [&disk] { disk.set_sync_cost(Duration(0)); });
      return;
    default:
      return strike_link(fault, *struck);
  }
}

void SimulatedWorld::strike_link(const Fault& fault, const Machine& struck) {
  // A gateway has two links; which one is struck follows from the table.
  const std::string process = struck.name();
  const std::string broker = struck.brokers()[fault.count % struck.brokers().size()];
  Link& link = network_.link(process, broker, broker_port);
  switch (fault.kind) {
    case FaultKind::partition:
      network_.partition(process, broker, broker_port, true);
      scheduler_.after(fault.span, [this, process, broker] {
        // A machine without power stays cut off until it has it again.
        if (machine(process)->disk().powered()) {
          network_.partition(process, broker, broker_port, false);
        }
      });
      return;
    case FaultKind::delay:
      link.latency = 2s;
      link.jitter = 3s;
      scheduler_.after(fault.span, [&link] { link.latency = Link{}.latency, link.jitter = {}; });
      return;
    case FaultKind::drop:
      link.drop = 0.3;
      scheduler_.after(fault.span, [&link] { link.drop = 0; });
      return;
    case FaultKind::slow_reader:
      network_.stall_reader(process, broker, broker_port, true);
      scheduler_.after(fault.span, [this, process, broker] {
        network_.stall_reader(process, broker, broker_port, false);
      });
      return;
    default:
      return;
  }
}

void SimulatedWorld::watch() {
  if (hub_->historian() != nullptr) audit_.check_custody(*hub_->historian());
  const Duration interval = options_.edges > 100 ? Duration(1min) : Duration(1s);
  scheduler_.after(interval, [this] { watch(); });
}

void SimulatedWorld::read_back() {
  auto* historian = hub_->historian();
  Audit::Account account = audit_.check_ledger(*historian);
  audit_.check_derived(*historian);
  bool audited = false;
  historian->audit([&](Result<std::vector<historian::AuditLine>> lines) {
    audited = true;
    if (lines) return audit_.check_rows(*lines, account);
    violated("every stored row can be read", lines.error().text());
  });
  (void)scheduler_.run_until_true([&] { return audited; }, 1h);
  if (!audited) violated("every stored row can be read", "the audit gives no answer");
  // Reading a series decodes every segment: a sample of them, where there are few.
  if (options_.edges <= 100) {
    std::size_t open = 0, number = 0;
    for (const auto* definition : historian->find("*/machine/*")) {
      if (number++ % 13 != 0) continue;
      ++open;
      historian::RangeQuery query;
      query.series = definition->number;
      query.all_revisions = true;
      historian->range(query, [&, series = definition->number](Result<historian::Range> range) {
        --open;
        if (range) return audit_.check_series(series, *range, *historian);
        violated("every stored row can be read", range.error().text());
      });
    }
    if (!scheduler_.run_until_true([&] { return open == 0; }, 1h)) {
      violated("every stored row can be read", "a range gives no answer");
    }
  }
  report_.samples_sent = account.sent;
  report_.samples_stored = account.stored;
  report_.samples_lost = account.lost;
  report_.samples_unexplained = account.unexplained;
  report_.samples_double = account.doubled;
}

void SimulatedWorld::finish() {
  const bool drained = scheduler_.run_until_true(
      [this, looked = Duration(0)]() mutable {
        // Asking every edge after every event would cost more than the events.
        if (scheduler_.monotonic_now() < looked) return false;
        looked = scheduler_.monotonic_now() + 1s;
        return audit_.drained();
      },
      drain_limit);
  if (!drained) {
    for (const auto& edge : edges_) {
      const bool up = edge->core() != nullptr;
      if (up && edge->core()->status().drained) continue;
      const auto status = up ? edge->core()->status() : edge::EdgeStatus{};
      violated("everything arrives once the faults are over",
               fmt::format("{}: {}, {}, {} samples wait", edge->name(), up ? "up" : "down",
                           status.born ? "born" : "not born", status.samples_waiting));
    }
    for (const auto& gateway : gateways_) {
      const bool up = gateway->core() != nullptr;
      if (up && gateway->core()->tier_two()->status().drained) continue;
      violated("everything arrives once the faults are over",
               fmt::format("{}: {}, {} derived samples wait", gateway->name(), up ? "up" : "down",
                           up ? gateway->core()->tier_two()->status().samples_waiting : 0));
    }
  }
  // What is durable is durable: the account must hold after one more power cut and start.
  if (options_.faults) {
    hub_->cut_power(1s);
    scheduler_.run_for(2s);
  }
  if (!scheduler_.run_until_true([this] { return hub_->historian() != nullptr; }, 10min)) {
    return violated("every store opens again", "the hub does not start");
  }
  audit_.check_custody(*hub_->historian());
  read_back();
}

Report SimulatedWorld::run(const Clock& wall) {
  const Duration began = wall.monotonic_now();
  build();
  if (options_.faults) {
    report_.faults = draw_fault_plan(options_.seed, targets_, span());
    for (const auto& fault : report_.faults) plan(fault);
  }
  scheduler_.after(1s, [this] { watch(); });
  scheduler_.run_until(span() + 10s + options_.period);
  finish();
  report_.trace_hash = trace_.hash();
  report_.events = trace_.counts();
  report_.scheduler_events = scheduler_.events_run();
  report_.simulated = scheduler_.monotonic_now();
  report_.wall = wall.monotonic_now() - began;
  report_.real_time_factor = static_cast<double>(report_.simulated.count()) /
                             static_cast<double>(std::max<std::int64_t>(1, report_.wall.count()));
  edges_.clear();
  gateways_.clear();
  hub_.reset();
  return std::move(report_);
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

std::string_view name_of(PlantedBug bug) {
  switch (bug) {
    case PlantedBug::none:
      return "none";
    case PlantedBug::acknowledge_before_write:
      return "acknowledge_before_write";
    case PlantedBug::skipped_fsync:
      return "skipped_fsync";
    case PlantedBug::no_deduplication:
      return "no_deduplication";
    case PlantedBug::reused_incarnation:
      return "reused_incarnation";
    case PlantedBug::stale_alias_map:
      return "stale_alias_map";
    case PlantedBug::seal_without_snapshot:
      return "seal_without_snapshot";
    case PlantedBug::forgetful_scorer:
      return "forgetful_scorer";
  }
  return "unknown";
}

Result<PlantedBug> parse_planted_bug(std::string_view name) {
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(PlantedBug::forgetful_scorer); ++i) {
    const auto bug = static_cast<PlantedBug>(i);
    if (name_of(bug) == name) return bug;
    names.push_back(name_of(bug));
  }
  return fail(Code::invalid_input, fmt::format("'{}' is no planted bug", name),
              fmt::format("one of {}", fmt::join(names, ", ")));
}

Result<Report> run(const RunOptions& options, const Clock& wall) {
  if (options.edges < 1 || options.edges > 20'000) {
    return fail(Code::invalid_input, fmt::format("{} edges", options.edges), "1 to 20000");
  }
  if (!(options.hours > 0) || options.hours > 24 * 31) {
    return fail(Code::invalid_input, fmt::format("{} hours", options.hours),
                "more than 0, at most 744");
  }
  if (options.signals < 1 || options.signals > 1000 || options.period < Duration(1s)) {
    return fail(Code::invalid_input, "signals or period out of range",
                "1 to 1000 signals, a period of at least a second");
  }
  SimulatedWorld world(options);
  return world.run(wall);
}

std::string to_json(const Report& report) {
  std::string out = fmt::format(
      "{{\n  \"seed\": {},\n  \"edges\": {},\n  \"hours\": {},\n  \"signals\": {},\n"
      "  \"period_s\": {},\n  \"planted_bug\": {},\n  \"trace_hash\": \"{:016x}\",\n"
      "  \"samples_sent\": {},\n  \"samples_stored\": {},\n  \"samples_lost\": {},\n"
      "  \"samples_unexplained\": {},\n  \"samples_double\": {},\n  \"scheduler_events\": {},\n"
      "  \"simulated_s\": {:.3f},\n  \"wall_s\": {:.3f},\n  \"real_time_factor\": {:.1f},\n",
      report.options.seed, report.options.edges, report.options.hours, report.options.signals,
      report.options.period / 1s, json_text(name_of(report.options.bug)), report.trace_hash,
      report.samples_sent, report.samples_stored, report.samples_lost, report.samples_unexplained,
      report.samples_double, report.scheduler_events,
      static_cast<double>(report.simulated.count()) / 1e6,
      static_cast<double>(report.wall.count()) / 1e6, report.real_time_factor);
  std::vector<std::string> items;
  for (const auto& [kind, count] : report.events) {
    items.push_back(fmt::format("    {}: {}", json_text(kind), count));
  }
  out += fmt::format("  \"events\": {{\n{}\n  }},\n", fmt::join(items, ",\n"));
  items.clear();
  for (const auto& fault : report.faults) {
    items.push_back(fmt::format(
        "    {{\"at_s\": {:.3f}, \"target\": {}, \"fault\": {}, \"span_s\": {:.3f}, \"count\": "
        "{}}}",
        static_cast<double>(fault.at.count()) / 1e6, json_text(fault.target),
        json_text(name_of(fault.kind)), static_cast<double>(fault.span.count()) / 1e6,
        fault.count));
  }
  out += fmt::format("  \"faults\": [\n{}\n  ],\n", fmt::join(items, ",\n"));
  items.clear();
  for (const auto& violation : report.violations) {
    items.push_back(fmt::format("    {{\"at_s\": {:.3f}, \"invariant\": {}, \"what\": {}}}",
                                static_cast<double>(violation.when.count()) / 1e6,
                                json_text(violation.invariant), json_text(violation.what)));
  }
  out += fmt::format("  \"violations_total\": {},\n  \"violations\": [{}{}{}]\n}}\n",
                     report.violations_total, items.empty() ? "" : "\n", fmt::join(items, ",\n"),
                     items.empty() ? "" : "\n  ");
  return out;
}

std::string to_text(const Report& report) {
  std::string out = fmt::format(
      "seed {}: {} edges, {} h, trace {:016x}\n"
      "{} samples sent = {} stored + {} declared lost; {} unexplained, {} double\n"
      "{} faults, {} events, {:.0f} times real time\n",
      report.options.seed, report.options.edges, report.options.hours, report.trace_hash,
      report.samples_sent, report.samples_stored, report.samples_lost, report.samples_unexplained,
      report.samples_double, report.faults.size(), report.scheduler_events,
      report.real_time_factor);
  for (const auto& violation : report.violations) {
    out += fmt::format("violated after {}: {}: {}\n", millwright::to_text(violation.when),
                       violation.invariant, violation.what);
  }
  return out;
}

}  // namespace millwright::sim
