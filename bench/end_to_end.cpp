// Generator → edge core → journal → mosquitto → hub process → historian, as fast as it is
// accepted, with custody: what counts is what the hub's ledger says is stored. Prints a Markdown
// table.
//
//   bench_end_to_end [seconds, default 60] [devices, default 1000]
//
// 1,000 devices of 20 double metrics on one edge, one scan a message, envelope on. The edge core
// runs in this process; broker and hub are processes of their own. Counters are read at the begin
// and the end of the measured time, after five seconds of warming up; then the input ends, and the
// account must close.
#include <chrono>
#include <nlohmann/json.hpp>

#include "engine/broker_process.hpp"
#include "engine/host.hpp"
#include "engine/process.hpp"
#include "fabric/edge/edge_core.hpp"
#include "fleet_driver.hpp"
#include "interfaces/http.hpp"
#include "roles/broker_watch.hpp"
#include "roles/machine.hpp"

using namespace millwright;
using namespace millwright::bench;
using nlohmann::json;
using Steady = std::chrono::steady_clock;

namespace {

struct Ledger {
  std::uint64_t stored = 0, lost = 0, duplicates = 0;
};

struct Point {
  Steady::time_point at;
  std::uint64_t stored = 0, accepted = 0;
  double edge_cpu = 0, hub_cpu = 0, broker_cpu = 0;
};

/// Counts beyond 2^53 travel as texts.
std::uint64_t count_of(const json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end()) return 0;
  if (it->is_string()) return std::strtoull(it->get_ref<const std::string&>().c_str(), nullptr, 10);
  return it->is_number() ? it->get<std::uint64_t>() : 0;
}

class EndToEnd {
 public:
  EndToEnd(double seconds, std::size_t devices) : seconds_(seconds) {
    shape_.devices = devices;
    root_ = need(engine::make_temporary_directory("millwright-bench"));
    engine::BrokerProcessOptions options;
    options.directory = root_ + "/broker";
    options.queued_messages_max = 20'000;
    broker_ = need(engine::start_mosquitto(options));
    machine_ = need(roles::Machine::create("edge", root_ + "/edge", Severity::warning));
    machine_->run([&] {
      connector_ = engine::make_mosquitto_connector();
      watch_ = std::make_unique<roles::BrokerWatch>(*connector_, broker_->endpoint("watch"),
                                                    machine_->executor());
    });
    start_hub();
    start_edge();
  }
  ~EndToEnd() {
    machine_->run([&] {
      core_.reset();
      watch_.reset();
    });
    if (hub_) (void)engine::stop_process(*hub_, std::chrono::seconds(10));
    hub_.reset();
    broker_.reset();
    engine::remove_tree(root_);
  }

  int run() {
    if (!wait_for(60, [&] { return status().born; })) return failed("the edge was not born");
    if (!wait_for(60, [&] { return ledger().stored > 0; })) return failed("nothing was stored");
    pause(5);
    const Point from = point();
    pause(seconds_);
    const Point to = point();
    const std::uint64_t edge_memory = engine::memory_bytes(::getpid());
    const std::uint64_t hub_memory = engine::memory_bytes(hub_->pid());
    const std::uint64_t broker_memory = engine::memory_bytes(broker_->pid());
    print(from, to, edge_memory, hub_memory, broker_memory);
    std::fflush(stdout);
    machine_->run([&] { driver_->finish(); });
    if (!wait_for(600, [&] { return status().drained; })) return failed("the edge did not drain");
    pause(11);  // mosquitto tells its counters every ten seconds
    const Ledger end = ledger();
    const auto edge = status();
    std::uint64_t dropped = 0;
    machine_->run([&] { dropped = watch_->dropped(); });
    fmt::print(
        "\nWhole run: {} samples accepted by the edge, {} stored by the hub, {} declared lost, {} "
        "sent again, {} refused as double, {} messages dropped by the broker.\n",
        edge.samples_accepted, end.stored, end.lost, edge.samples_resent, end.duplicates, dropped);
    return edge.samples_accepted == end.stored + end.lost ? 0
                                                          : failed("the account does not close");
  }

 private:
  void start_hub() {
    port_ = need(engine::free_loopback_port());
    engine::ProcessRequest request;
    request.arguments = {need(engine::sibling_program("millwright")),
                         "hub",
                         "--host-id",
                         "hub",
                         "--data",
                         root_ + "/hub",
                         "--http-port",
                         fmt::format("{}", port_),
                         "--log-level",
                         "warning",
                         "--broker-host",
                         "127.0.0.1",
                         "--broker-port",
                         fmt::format("{}", broker_->port())};
    request.output_path = root_ + "/hub.log";
    starter_ = engine::make_process_starter();
    hub_ = need(starter_->start(request));
  }

  void start_edge() {
    edge::EdgeOptions options;
    options.site = "site-a";
    options.edge = "edge-1";
    options.sender.window_bytes = 1u << 20;
    options.sender.window_messages = 8'000;
    // The tables of 1,000 devices head every file of the journal.
    options.journal.file_bytes = 8u << 20;
    options.uplink.session.group = "site-a";
    options.uplink.session.edge = "edge-1";
    options.uplink.session.primary_host = "hub";
    options.uplink.broker = broker_->endpoint("site-a.edge-1");
    machine_->run([&] {
      auto driver = std::make_unique<FleetDriver>(machine_->executor(), shape_);
      driver_ = driver.get();
      std::vector<edge::Source> sources;
      sources.push_back({"fleet", std::move(driver), {}});
      core_ = need(edge::EdgeCore::create(machine_->world(), options, std::move(sources)));
      core_->start();
    });
  }

  edge::EdgeStatus status() {
    edge::EdgeStatus out;
    machine_->run([&] { out = core_->status(); });
    return out;
  }

  Ledger ledger() {
    Ledger out;
    interfaces::HttpCall call;
    call.url = fmt::format("http://127.0.0.1:{}/api/v1/ledger", port_);
    auto answer = http_->call(call);
    if (!answer || answer->status != 200) return out;
    const json parsed = json::parse(answer->body, nullptr, false);
    if (parsed.is_discarded()) return out;
    for (const auto& line : parsed.value("lines", json::array())) {
      out.stored += count_of(line, "stored");
      out.lost += count_of(line, "lost");
      out.duplicates += count_of(line, "duplicates");
    }
    return out;
  }

  Point point() {
    Point out;
    out.stored = ledger().stored;
    out.at = Steady::now();
    out.accepted = status().samples_accepted;
    out.edge_cpu = cpu_seconds(::getpid());
    out.hub_cpu = cpu_seconds(hub_->pid());
    out.broker_cpu = cpu_seconds(broker_->pid());
    return out;
  }

  void print(const Point& from, const Point& to, std::uint64_t edge_memory,
             std::uint64_t hub_memory, std::uint64_t broker_memory) const {
    const double wall = std::chrono::duration<double>(to.at - from.at).count();
    const auto stored = static_cast<double>(to.stored - from.stored);
    const double cpu =
        to.edge_cpu - from.edge_cpu + to.hub_cpu - from.hub_cpu + to.broker_cpu - from.broker_cpu;
    const auto mib = [](std::uint64_t bytes) { return static_cast<double>(bytes) / 1048576.0; };
    fmt::print("{} devices of {} metrics, {:.0f} s measured, load of the machine {:.1f}:\n\n",
               shape_.devices, shape_.metrics, wall, load());
    fmt::print("| | all | edge and generator | broker | hub |\n|---|---|---|---|---|\n");
    fmt::print("| samples stored per second | {:.0f} | | | |\n", stored / wall);
    fmt::print("| messages per second | {:.0f} | | | |\n",
               stored / static_cast<double>(shape_.metrics) / wall);
    fmt::print("| CPU seconds | {:.1f} | {:.1f} | {:.1f} | {:.1f} |\n", cpu,
               to.edge_cpu - from.edge_cpu, to.broker_cpu - from.broker_cpu,
               to.hub_cpu - from.hub_cpu);
    fmt::print("| CPU, µs a message | {:.1f} | {:.1f} | {:.1f} | {:.1f} |\n", micro(cpu, stored),
               micro(to.edge_cpu - from.edge_cpu, stored),
               micro(to.broker_cpu - from.broker_cpu, stored),
               micro(to.hub_cpu - from.hub_cpu, stored));
    fmt::print("| samples a CPU second | {:.0f} | | | |\n", cpu > 0 ? stored / cpu : 0);
    fmt::print("| memory (Pss), MiB | {:.0f} | {:.0f} | {:.0f} | {:.0f} |\n",
               mib(edge_memory + hub_memory + broker_memory), mib(edge_memory), mib(broker_memory),
               mib(hub_memory));
  }
  double micro(double cpu, double stored) const {
    return stored > 0 ? cpu * 1e6 * static_cast<double>(shape_.metrics) / stored : 0;
  }

  void pause(double seconds) {
    (void)stop_->wait(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
  }
  bool wait_for(double seconds, const std::function<bool()>& done) {
    const auto until = Steady::now() + std::chrono::duration<double>(seconds);
    while (Steady::now() < until) {
      if (done()) return true;
      pause(0.2);
    }
    return done();
  }
  int failed(const char* what) {
    std::fprintf(stderr, "bench: %s\n", what);
    return 1;
  }

  std::unique_ptr<engine::StopSignal> stop_ = engine::make_stop_signal();
  std::unique_ptr<interfaces::HttpClient> http_ = interfaces::make_http_client();
  double seconds_;
  FleetShape shape_;
  std::string root_;
  std::uint16_t port_ = 0;
  std::unique_ptr<engine::BrokerProcess> broker_;
  std::unique_ptr<roles::Machine> machine_;
  std::unique_ptr<engine::BrokerConnector> connector_;
  std::unique_ptr<roles::BrokerWatch> watch_;
  std::unique_ptr<engine::ProcessStarter> starter_;
  std::unique_ptr<engine::Process> hub_;
  std::unique_ptr<edge::EdgeCore> core_;
  FleetDriver* driver_ = nullptr;
};

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::strtod(arguments[1], nullptr) : 60;
  const std::size_t devices = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1'000;
  return EndToEnd(seconds, devices).run();
}
