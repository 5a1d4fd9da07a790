// A historian with everything around it, for tests: one manual executor for owner and lane, a clock
// that is set by hand, and a few devices.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"
#include "engine/segment_store.hpp"
#include "fabric/historian/historian.hpp"

namespace millwright::historian {

/// Runs its tasks when told to.
class ManualExecutor final : public engine::Executor {
 public:
  void post(engine::Task task) override { tasks_.push_back(std::move(task)); }
  engine::TimerId post_after(Duration, engine::Task) override { return 0; }
  void cancel(engine::TimerId) override {}
  bool run_one() {
    if (tasks_.empty()) return false;
    engine::Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  void forget() { tasks_.clear(); }

 private:
  std::deque<engine::Task> tasks_;
};

class ManualClock final : public Clock {
 public:
  Timestamp utc_now() const override { return now; }
  Duration monotonic_now() const override { return Duration(now.us); }
  Timestamp now{1'767'571'200'000'000};  ///< 2026-01-05T00:00:00Z
};

/// One life of a historian on a disk.
class TestHistorian {
 public:
  TestHistorian(engine::Disk& disk, engine::SegmentStore& store, ManualClock& clock,
                Options options = {})
      : clock_(&clock) {
    auto opened =
        Historian::open(std::move(options), disk, store, clock, log_, executor_, executor_);
    if (opened) {
      historian_ = std::move(*opened);
    } else {
      error_ = opened.error();
    }
  }

  bool is_open() const { return historian_ != nullptr; }
  const std::optional<Error>& error() const { return error_; }
  Historian& operator*() { return *historian_; }
  Historian* operator->() { return historian_.get(); }
  ManualExecutor& executor() { return executor_; }
  void drain() {
    while (executor_.run_one()) {
    }
  }

  /// Calls `start(reply)` and runs the executor until the reply is there.
  template <typename T, typename Start>
  Result<T> wait(Start start) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    start([answer](Result<T> result) { *answer = std::move(result); });
    while (!*answer && executor_.run_one()) {
    }
    if (!*answer) return fail(Code::timeout, "no reply");
    return std::move(**answer);
  }
  Result<void> seal() {
    return wait<void>([&](Reply<void> reply) { historian_->seal(std::move(reply)); });
  }
  Result<void> compact(Timestamp day) {
    return wait<void>([&](Reply<void> reply) { historian_->compact(day, std::move(reply)); });
  }
  Result<Range> range(const RangeQuery& query) {
    return wait<Range>([&](Reply<Range> reply) { historian_->range(query, std::move(reply)); });
  }
  Result<std::vector<Range>> ranges(const std::vector<RangeQuery>& queries) {
    return wait<std::vector<Range>>(
        [&](Reply<std::vector<Range>> reply) { historian_->ranges(queries, std::move(reply)); });
  }
  Result<engine::Table> sql(const std::string& statement) {
    return wait<engine::Table>(
        [&](Reply<engine::Table> reply) { historian_->sql(statement, std::move(reply)); });
  }
  Result<std::vector<AuditLine>> audit() {
    return wait<std::vector<AuditLine>>(
        [&](Reply<std::vector<AuditLine>> reply) { historian_->audit(std::move(reply)); });
  }

 private:
  ManualClock* clock_;
  SilentLog log_;
  ManualExecutor executor_;
  std::unique_ptr<Historian> historian_;
  std::optional<Error> error_;
};

/// A producer with one device of four metrics (float64, int64, string, bytes), whose values follow
/// from the sequence number.
struct TestProducer {
  ProducerId id{"site-a", "edge-1"};
  Incarnation incarnation = 7;
  std::string device = "pump";
  std::vector<SeriesNumber> series;
  std::int64_t start_us = 1'767'571'200'000'000;
  std::int64_t step_us = 1'000'000;

  ontology::DeviceSchema schema() const {
    using ontology::DataType;
    return {{id.site, id.edge, device},
            {{"pressure", DataType::float64, "bar"},
             {"count", DataType::int64, "1"},
             {"state", DataType::string, ""},
             {"trace", DataType::bytes, ""}}};
  }
  Result<void> define(Historian& historian) {
    auto numbers = historian.define(schema());
    if (!numbers) return pass(std::move(numbers));
    series = *numbers;
    return {};
  }
  std::int64_t time_of(Sequence sequence) const {
    return start_us + static_cast<std::int64_t>(sequence / 4) * step_us;
  }
  void add_row(ontology::Batch& batch, Sequence sequence) const {
    ontology::Row row;
    row.slot = static_cast<std::uint32_t>(sequence % 4);
    row.ts_us = time_of(sequence);
    if (sequence % 11 == 3) row.quality = Quality::bad(ontology::Reason::stuck);
    const std::string text = "s" + std::to_string(sequence);
    if (row.slot == 0) row.set_f64(static_cast<double>(sequence) / 8);
    if (row.slot == 1) row.set_i64(static_cast<std::int64_t>(sequence) - 5);
    if (row.slot == 2) batch.set_payload(row, text);
    if (row.slot == 3) batch.set_payload(row, std::string("\0\xFF", 2) + text);
    if (sequence % 13 == 5) {
      row.is_null = true;
      row.bits = 0;
    }
    batch.rows.push_back(row);
  }
  ontology::Batch batch(Sequence first, std::uint64_t rows) const {
    ontology::Batch made;
    for (Sequence s = first; s < first + rows; ++s) add_row(made, s);
    return made;
  }
  Result<void> append(Historian& historian, Sequence first, std::uint64_t rows) const {
    const ontology::Batch made = batch(first, rows);
    return historian.append({series, {}, &made, &id, incarnation, first, 0});
  }
};

}  // namespace millwright::historian
