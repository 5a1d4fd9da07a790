// What an edge costs: time from the start of the process to its birth at the broker, memory, and
// the time from a sample's arrival in the core until it is accepted, that is, synced to disk in the
// journal. Prints Markdown tables.
//
//   bench_edge RESOURCES SITE EDGE [directory for the journal, default a new one below $TMPDIR]
//
// Start: `millwright-edge` as a process with the resources that are named, against a mosquitto on
// loopback; ten starts, each with an empty data directory. Latency: the edge core in this process
// with the host offline, 500 scans a second of 20 doubles (10,000 samples/s) of 100 devices for 30
// s; looked at every 100 µs.
#include <chrono>
#include <deque>

#include "engine/broker_process.hpp"
#include "engine/host.hpp"
#include "engine/process.hpp"
#include "fabric/edge/edge_core.hpp"
#include "fleet_driver.hpp"
#include "roles/machine.hpp"
#include "roles/status_file.hpp"

using namespace millwright;
using namespace millwright::bench;
using Steady = std::chrono::steady_clock;

namespace {

constexpr int starts = 10;
constexpr double latency_seconds = 30;

double milliseconds(Steady::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// Notes when births and data of an edge node pass the broker.
class BirthWatch final : public engine::BrokerListener {
 public:
  BirthWatch(engine::BrokerConnector& connector, engine::BrokerEndpoint endpoint,
             engine::Executor& executor)
      : client_(connector.create(std::move(endpoint), *this, executor)) {
    client_->connect({});
  }
  void on_connected() override {
    (void)client_->subscribe("spBv1.0/#", engine::Qos::at_most_once);
    connected = true;
  }
  void on_closed(const Error&) override {}
  void on_message(engine::BrokerMessage message) override {
    if (message.topic.find("/NBIRTH/") != std::string::npos && !born) born = Steady::now();
    if (message.topic.find("/DDATA/") != std::string::npos && !data) data = Steady::now();
  }
  bool connected = false;
  std::optional<Steady::time_point> born, data;

 private:
  std::unique_ptr<engine::BrokerClient> client_;
};

class EdgeBench {
 public:
  explicit EdgeBench(std::string journal_root)
      : root_(need(engine::make_temporary_directory("millwright-bench"))),
        journal_root_(journal_root.empty() ? root_ : std::move(journal_root)) {
    engine::BrokerProcessOptions options;
    options.directory = root_ + "/broker";
    broker_ = need(engine::start_mosquitto(options));
    machine_ = need(
        roles::Machine::create("bench", journal_root_ + "/bench-edge-journal", Severity::error));
  }
  ~EdgeBench() {
    broker_.reset();
    machine_.reset();
    engine::remove_tree(journal_root_ + "/bench-edge-journal");
    engine::remove_tree(root_);
  }

  void start_times(const std::string& resources, const std::string& site, const std::string& edge) {
    std::vector<double> born_ms, data_ms, memory_mib;
    const auto connector = engine::make_mosquitto_connector();
    for (int i = 0; i < starts; ++i) {
      std::unique_ptr<BirthWatch> watch;
      machine_->run([&] {
        watch = std::make_unique<BirthWatch>(*connector, broker_->endpoint("birth-watch"),
                                             machine_->executor());
      });
      wait_until(10, [&] { return watch->connected; });
      engine::ProcessRequest request;
      request.arguments = {need(engine::sibling_program("millwright-edge")),
                           "--site",
                           site,
                           "--edge",
                           edge,
                           "--data",
                           fmt::format("{}/edge-{}", root_, i),
                           "--resources",
                           resources,
                           "--log-level",
                           "warning",
                           "--broker-port",
                           fmt::format("{}", broker_->port())};
      const auto begin = Steady::now();
      auto process = need(starter_->start(request));
      wait_until(10, [&] { return watch->born && watch->data; });
      machine_->run([&] {
        if (watch->born) born_ms.push_back(milliseconds(*watch->born - begin));
        if (watch->data) data_ms.push_back(milliseconds(*watch->data - begin));
      });
      (void)stop_->wait(std::chrono::seconds(1));
      memory_mib.push_back(static_cast<double>(engine::memory_bytes(process->pid())) / 1048576.0);
      (void)need(engine::stop_process(*process, std::chrono::seconds(5)));
      machine_->run([&] { watch.reset(); });
    }
    fmt::print("millwright-edge, {} starts, load of the machine {:.1f}:\n\n", starts, load());
    fmt::print("| | median | largest |\n|---|---|---|\n");
    print_row("start of the process to NBIRTH at the broker, ms", born_ms);
    print_row("start of the process to the first DDATA, ms", data_ms);
    print_row("memory (Pss) a second later, MiB", memory_mib);
    fmt::print("\n");
  }

  void latency() {
    edge::EdgeOptions options;
    options.site = "site-a";
    options.edge = "edge-1";
    options.uplink.session.group = "site-a";
    options.uplink.session.edge = "edge-1";
    options.uplink.session.primary_host = "nobody";
    options.uplink.broker = broker_->endpoint("site-a.edge-1");
    machine_->run([&] {
      auto driver = std::make_unique<FleetDriver>(
          machine_->executor(), FleetShape{100, 20, std::chrono::microseconds(2'000)});
      driver_ = driver.get();
      driver_->on_taken = [this](std::uint64_t scan) {
        waiting_.push_back({scan * 20, Steady::now()});
      };
      std::vector<edge::Source> sources;
      sources.push_back({"fleet", std::move(driver), {}});
      core_ = need(edge::EdgeCore::create(machine_->world(), options, std::move(sources)));
      begin_ = Steady::now();
      core_->start();
      look();
    });
    (void)stop_->wait(std::chrono::milliseconds(static_cast<int>(latency_seconds * 1'000)));
    machine_->run([&] {
      const double wall = milliseconds(Steady::now() - begin_) / 1'000;
      const auto accepted = core_->journal().accepted();
      driver_ = nullptr;
      core_.reset();
      const std::size_t count = latencies_ms_.size();
      fmt::print("Sample to journal, {} scans of 20 samples, {:.0f} samples/s:\n\n", count,
                 static_cast<double>(accepted) / wall);
      fmt::print("| p50, ms | p99, ms | p99.9, ms | largest, ms |\n|---|---|---|---|\n");
      fmt::print("| {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", percentile(latencies_ms_, 0.5),
                 percentile(latencies_ms_, 0.99), percentile(latencies_ms_, 0.999),
                 percentile(latencies_ms_, 1));
    });
  }

 private:
  struct Waiting {
    std::uint64_t until;
    Steady::time_point taken;
  };
  void look() {
    if (driver_ == nullptr) return;
    const auto now = Steady::now();
    while (!waiting_.empty() && waiting_.front().until <= core_->journal().accepted()) {
      latencies_ms_.push_back(milliseconds(now - waiting_.front().taken));
      waiting_.pop_front();
    }
    machine_->executor().post_after(std::chrono::microseconds(100), [this] { look(); });
  }
  static void print_row(const char* name, std::vector<double>& values) {
    fmt::print("| {} | {:.1f} | {:.1f} |\n", name, percentile(values, 0.5), percentile(values, 1));
  }
  void wait_until(double seconds, const std::function<bool()>& done) {
    const auto until = Steady::now() + std::chrono::duration<double>(seconds);
    while (Steady::now() < until) {
      bool is_done = false;
      machine_->run([&] { is_done = done(); });
      if (is_done || stop_->wait(std::chrono::milliseconds(5))) return;
    }
    std::fprintf(stderr, "bench: nothing came within %.0f s\n", seconds);
  }

  std::unique_ptr<engine::StopSignal> stop_ = engine::make_stop_signal();
  std::string root_, journal_root_;
  std::unique_ptr<engine::ProcessStarter> starter_ = engine::make_process_starter();
  std::unique_ptr<engine::BrokerProcess> broker_;
  std::unique_ptr<roles::Machine> machine_;
  std::unique_ptr<edge::EdgeCore> core_;
  FleetDriver* driver_ = nullptr;
  std::deque<Waiting> waiting_;
  std::vector<double> latencies_ms_;
  Steady::time_point begin_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::fprintf(stderr, "usage: bench_edge RESOURCES SITE EDGE [JOURNAL_FOLDER]\n");
    return 2;
  }
  EdgeBench bench(count > 4 ? arguments[4] : "");
  bench.start_times(arguments[1], arguments[2], arguments[3]);
  bench.latency();
  return 0;
}
