// Messages per second through libmosquitto's adapter and a real mosquitto on loopback: one
// publisher, one subscriber, two executors.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <future>

#include "engine/broker_process.hpp"
#include "engine/system_time.hpp"

namespace millwright::engine {
namespace {

class Count final : public BrokerListener {
 public:
  void on_connected() override { connected.set_value(); }
  void on_closed(const Error&) override {}
  void on_message(BrokerMessage) override {
    if (++seen == wanted) done.set_value();
  }
  std::promise<void> connected;
  std::promise<void> done;
  std::size_t seen = 0;
  std::size_t wanted = 0;
};

void round_trip(benchmark::State& state) {
  std::string pattern = (std::filesystem::temp_directory_path() / "bench-XXXXXX").string();
  const std::string directory = ::mkdtemp(pattern.data());
  BrokerProcessOptions options;
  options.directory = directory;
  options.queued_messages_max = 1'000'000;
  auto broker = *start_mosquitto(options);
  const auto clock = make_real_clock();
  const auto connector = make_mosquitto_connector();
  const auto in = make_thread_executor("reader", *clock);
  const auto out = make_thread_executor("writer", *clock);
  Count reader_count, writer_count;
  auto reader = connector->create(broker->endpoint("reader"), reader_count, *in);
  auto writer = connector->create(broker->endpoint("writer"), writer_count, *out);
  in->post([&] { reader->connect({}); });
  out->post([&] { writer->connect({}); });
  reader_count.connected.get_future().wait();
  writer_count.connected.get_future().wait();
  const BrokerMessage message{"spBv1.0/site/DDATA/edge/device", Bytes(200), Qos::at_most_once,
                              false};
  in->post([&] { (void)reader->subscribe("spBv1.0/#", Qos::at_most_once); });
  const auto count = static_cast<std::size_t>(state.range(0));
  std::size_t refused = 0;
  for (auto _ : state) {
    in->post([&] {
      reader_count.done = {};
      reader_count.wanted = reader_count.seen + count;
    });
    std::promise<void> armed;
    in->post([&] { armed.set_value(); });
    armed.get_future().wait();
    auto done = reader_count.done.get_future();
    std::size_t sent = 0;
    std::function<void()> send = [&] {
      while (sent < count && writer->publish(message)) ++sent;
      if (sent == count) return;
      ++refused;  // the outgoing bound: look again soon
      out->post_after(std::chrono::milliseconds(2), [&] { send(); });
    };
    out->post([&] { send(); });
    done.wait();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count) * state.iterations());
  state.counters["refused"] = static_cast<double>(refused);
  std::promise<void> a, b;
  in->post([&] { reader.reset(), a.set_value(); });
  out->post([&] { writer.reset(), b.set_value(); });
  a.get_future().wait(), b.get_future().wait();
  broker.reset();
  std::filesystem::remove_all(directory);
}
BENCHMARK(round_trip)->Arg(200'000)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millwright::engine
