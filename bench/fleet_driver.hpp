// What the end-to-end programs share: a driver of many equal devices, and what the kernel says of a
// process.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/format.hpp"
#include "engine/executor.hpp"
#include "fabric/drivers/driver.hpp"

namespace millwright::bench {

struct FleetShape {
  std::size_t devices = 1'000;
  std::size_t metrics = 20;
  /// Zero: as fast as the sink takes scans. Else one scan of one device so often.
  Duration scan_interval{0};
};

/// Scans of one device after the other, round and round: every metric a full double with noise, all
/// of a scan at one event time, seconds apart with jitter of some milliseconds, microsecond digits.
class FleetDriver final : public drivers::Driver {
 public:
  FleetDriver(engine::Executor& executor, FleetShape shape)
      : executor_(executor), shape_(shape), phases_(shape.devices * shape.metrics) {
    for (std::size_t d = 0; d < shape.devices; ++d) {
      ontology::DeviceSchema schema;
      schema.address.device = fmt::format("device-{:04}", d);
      for (std::size_t m = 0; m < shape.metrics; ++m) {
        schema.metrics.push_back(
            {fmt::format("metric-{:02}", m), ontology::DataType::float64, "Cel"});
      }
      devices_.push_back(std::move(schema));
    }
  }

  const std::vector<ontology::DeviceSchema>& devices() const override { return devices_; }
  Result<void> start(drivers::Sink& sink, std::optional<drivers::Position>) override {
    sink_ = &sink;
    executor_.post([this] { emit(); });
    return {};
  }
  void resume() override {
    executor_.post([this] { emit(); });
  }
  void stop() override { sink_ = nullptr; }
  Result<void> command(const drivers::Command&) override { return {}; }
  drivers::DriverStatus status() const override {
    drivers::DriverStatus status;
    status.batches = scans_;
    status.samples = scans_ * shape_.metrics;
    return status;
  }

  /// The input is over: what was taken drains away.
  void finish() {
    if (std::exchange(finished_, true) || sink_ == nullptr) return;
    sink_->ended();
  }
  /// Called on the executor with the number of the scan when it was taken.
  std::function<void(std::uint64_t)> on_taken;

 private:
  void emit() {
    if (shape_.scan_interval > Duration(0)) return emit_paced();
    while (sink_ != nullptr && !finished_ && emit_one()) {
    }
  }
  /// Every scan that is due by now, then sleeps until the next one: a late timer costs no scan.
  void emit_paced() {
    using std::chrono::steady_clock;
    if (sink_ == nullptr || finished_) return;
    if (!begin_) begin_ = steady_clock::now();
    const auto due = [&] { return *begin_ + shape_.scan_interval * static_cast<long>(scans_); };
    while (due() <= steady_clock::now() && emit_one()) {
    }
    const auto left = std::chrono::duration_cast<Duration>(due() - steady_clock::now());
    executor_.post_after(std::max(left, Duration(100)), [this] { emit_paced(); });
  }
  bool emit_one() {
    const auto device = static_cast<std::uint32_t>(scans_ % shape_.devices);
    const auto second = static_cast<std::int64_t>(scans_ / shape_.devices);
    batch_.clear();
    ontology::Row row;
    row.ts_us = (1'767'571'200 + second) * 1'000'000 + device * 1'000 +
                static_cast<std::int64_t>(next() % 10'000);
    for (std::uint32_t m = 0; m < shape_.metrics; ++m) {
      double& trend = phases_[device * shape_.metrics + m];
      trend += uniform() * 0.02 - 0.01;
      row.slot = m;
      row.set_f64(50 + trend + uniform() * 0.1);
      batch_.rows.push_back(row);
    }
    if (sink_->offer(device, batch_, {0, scans_ + 1, 0, 1}) == drivers::Answer::not_now)
      return false;
    ++scans_;
    if (on_taken) on_taken(scans_);
    return true;
  }
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  engine::Executor& executor_;
  FleetShape shape_;
  std::vector<ontology::DeviceSchema> devices_;
  std::vector<double> phases_;
  ontology::Batch batch_;
  drivers::Sink* sink_ = nullptr;
  std::uint64_t scans_ = 0;
  std::uint64_t state_ = 42;
  bool finished_ = false;
  std::optional<std::chrono::steady_clock::time_point> begin_;
};

/// Processor seconds of a process, user and system, all threads (/proc/PID/stat, fields 14 and 15).
inline double cpu_seconds(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto close = text.rfind(')');
  if (close == std::string::npos) return 0;
  unsigned long user = 0, system = 0;
  std::sscanf(text.c_str() + close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
              &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// Load of the machine over the last minute.
inline double load() {
  double averages[1] = {};
  return ::getloadavg(averages, 1) == 1 ? averages[0] : 0;
}

inline double percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

template <typename T>
T need(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::exit(1);
}
inline void need(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::exit(1);
}

}  // namespace millwright::bench
