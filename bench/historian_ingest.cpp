// Durable ingest of the reference mix into the historian, beside a plain DuckDB table on disk with
// the same columns, in the same run. Prints a Markdown table.
//
//   bench_historian [values, default 3000000] [directory, default a new one below $TMPDIR]
//
// 1,000 devices of 20 signals at 1 Hz on 4 edges; time stamps jitter by N(0, 5 ms), are rounded to
// milliseconds and shared by the 20 values of a scan. Per device: 2 full doubles and 2 float32 with
// noise on a slow trend, 3 rounded to 0.1, 3 to 0.01, 2 counters, 3 set points (change once in 600
// s), 3 booleans (120 s), 2 status numbers (300 s). Quality is good but for rare bursts. A commit
// holds one second of all devices: 20,000 values. Nothing is paced.
#include <duckdb.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"
#include "engine/system_time.hpp"
#include "fabric/historian/historian.hpp"

using namespace millwright;
using namespace millwright::historian;

namespace {

constexpr std::size_t devices = 1'000, metrics = 20, edges = 4;
constexpr std::size_t batch_rows = devices * metrics;
using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// splitmix64, and a normal deviate from it (sum of uniforms: its tails do not matter here).
struct Noise {
  std::uint64_t state = 42;
  std::uint64_t next() {
    std::uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double normal() {
    return (uniform() + uniform() + uniform() + uniform() - 2.0) * 1.7320508075688772;
  }
  bool once_in(double n) { return uniform() * n < 1; }
};

struct Device {
  double trend[10] = {};
  std::int64_t slow[10] = {};
  int bad_for = 0;
};

/// One second of every device after the other.
class Plant {
 public:
  static ontology::DeviceSchema schema(std::size_t device) {
    ontology::DeviceSchema made;
    made.address = {"site-a", fmt::format("edge-{}", device % edges),
                    fmt::format("device-{:04}", device)};
    for (std::size_t m = 0; m < metrics; ++m) {
      made.metrics.push_back({fmt::format("metric-{:02}", m),
                              m < 10 ? ontology::DataType::float64 : ontology::DataType::int64,
                              ""});
    }
    return made;
  }

  void scan(std::size_t number, std::int64_t second, ontology::Batch& batch) {
    Device& device = devices_[number];
    const auto jitter_ms = std::llround(noise_.normal() * 5);
    const std::int64_t ts = (second * 1000 + static_cast<std::int64_t>(number) + jitter_ms) * 1000;
    if (device.bad_for > 0)
      --device.bad_for;
    else if (noise_.once_in(20'000))
      device.bad_for = 30;
    batch.clear();
    for (std::uint32_t m = 0; m < metrics; ++m) {
      ontology::Row row;
      row.slot = m;
      row.ts_us = ts;
      row.provenance = 1;
      if (device.bad_for > 0) row.quality = Quality::bad(ontology::Reason::no_communication);
      if (m < 10)
        row.set_f64(analog(device, m));
      else
        row.set_i64(discrete(device, m - 10));
      batch.rows.push_back(row);
    }
  }

 private:
  double analog(Device& device, std::uint32_t m) {
    double& trend = device.trend[m];
    trend += noise_.normal() * 0.02 - trend * 0.001;
    const double value = 50 + trend + noise_.normal() * 0.05;
    if (m < 2) return value;
    if (m < 4) return static_cast<double>(static_cast<float>(value));
    return m < 7 ? std::round(value * 10) / 10 : std::round(value * 100) / 100;
  }
  std::int64_t discrete(Device& device, std::uint32_t m) {
    std::int64_t& value = device.slow[m];
    if (m < 2) return value += m == 0 ? 1 : static_cast<std::int64_t>(noise_.next() % 7);
    if (m < 5) {
      if (noise_.once_in(600)) value = static_cast<std::int64_t>(noise_.next() % 100);
    } else if (m < 8) {
      if (noise_.once_in(120)) value = 1 - value;
    } else if (noise_.once_in(300)) {
      value = static_cast<std::int64_t>(noise_.next() % 12);
    }
    return value;
  }

  Noise noise_;
  std::vector<Device> devices_ = std::vector<Device>(devices);
};

/// The main thread as an executor.
class MainExecutor final : public engine::Executor {
 public:
  void post(engine::Task task) override {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    ready_.notify_one();
  }
  engine::TimerId post_after(Duration, engine::Task) override { return 0; }
  void cancel(engine::TimerId) override {}
  bool run_one(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) ready_.wait(lock, [&] { return !tasks_.empty(); });
    if (tasks_.empty()) return false;
    engine::Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<engine::Task> tasks_;
};

/// Time of the generated plant: commits carry the arrival that they would have in a paced run.
class PlantClock final : public Clock {
 public:
  Timestamp utc_now() const override { return now; }
  Duration monotonic_now() const override { return Duration(now.us); }
  Timestamp now{0};
};

struct Outcome {
  std::string name;
  double wall_s = 0, cpu_s = 0;
  std::uint64_t bytes = 0;
  std::vector<double> commits_ms, commits_sealing_ms;
};

double percentile(std::vector<double> values, double p) {
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
void need(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::exit(1);
}

constexpr std::int64_t first_second = 1'767'571'200;

Outcome run_historian(std::uint64_t values, const std::string& root) {
  auto disk = need(engine::open_posix_disk(root));
  auto store = need(engine::open_duckdb_store({root, 1, "1GB"}));
  PlantClock clock;
  const auto real_clock = engine::make_real_clock();
  SilentLog log;
  MainExecutor owner;
  auto lane = engine::make_thread_executor("historian", *real_clock);
  Options options;
  options.seal_rows = 6'000'000;
  options.seal_interval = std::chrono::hours(24 * 365);
  clock.now.us = first_second * 1'000'000;
  auto historian = need(Historian::open(options, *disk, *store, clock, log, owner, *lane));
  std::vector<std::vector<SeriesNumber>> series;
  for (std::size_t d = 0; d < devices; ++d) {
    series.push_back(need(historian->define(Plant::schema(d))));
  }
  const std::vector<ProvenanceNumber> provenance{0, historian->intern(R"({"pipeline":"raw@1"})")};
  std::vector<ProducerId> producers;
  for (std::size_t e = 0; e < edges; ++e) {
    producers.push_back({"site-a", fmt::format("edge-{}", e)});
  }
  Outcome outcome{"historian (log + Parquet)", 0, 0, 0, {}, {}};
  Plant plant;
  ontology::Batch batch;
  std::vector<Sequence> next(edges);
  Noise jitter{7};
  const auto start = Steady::now();
  const double cpu = cpu_seconds();
  for (std::uint64_t done = 0; done < values; done += batch_rows) {
    const std::int64_t second = first_second + static_cast<std::int64_t>(done / batch_rows);
    for (std::size_t d = 0; d < devices; ++d) {
      plant.scan(d, second, batch);
      const std::size_t e = d % edges;
      need(historian->append({series[d], provenance, &batch, &producers[e], 1, next[e], 0}));
      next[e] += metrics;
    }
    clock.now.us = (second + 1) * 1'000'000 + static_cast<std::int64_t>(jitter.next() % 50'000);
    const bool sealing = historian->stats().sealing;
    const auto commit_start = Steady::now();
    (void)need(historian->commit());
    const double ms = seconds_since(commit_start) * 1e3;
    (sealing ? outcome.commits_sealing_ms : outcome.commits_ms).push_back(ms);
    historian->tick();
    while (owner.run_one(false)) {
    }
    while (historian->stats().rows_hot > 3 * options.seal_rows) owner.run_one(true);
  }
  const double ingest_s = seconds_since(start);
  for (bool sealed = false; !sealed;) {
    while (historian->stats().sealing) owner.run_one(true);
    bool replied = false;
    historian->seal([&](Result<void> done) {
      need(std::move(done));
      replied = true;
    });
    while (!replied) owner.run_one(true);
    sealed = historian->stats().rows_hot == 0;
  }
  outcome.wall_s = seconds_since(start);
  outcome.cpu_s = cpu_seconds() - cpu;
  outcome.bytes = historian->stats().segment_bytes;
  std::fprintf(stderr, "historian: ingest %.1f s, with the last seal %.1f s, %llu segments\n",
               ingest_s, outcome.wall_s,
               static_cast<unsigned long long>(historian->stats().segments));
  historian.reset();
  lane.reset();
  return outcome;
}

void query(duckdb_connection connection, const char* sql) {
  duckdb_result result;
  if (duckdb_query(connection, sql, &result) == DuckDBError) {
    std::fprintf(stderr, "%s: %s\n", sql, duckdb_result_error(&result));
    std::exit(1);
  }
  duckdb_destroy_result(&result);
}

struct PlainRow {
  std::uint64_t series, revision, sequence, bits;
  std::int64_t ts;
  std::uint32_t index, producer;
  std::uint16_t quality;
  bool is_f64;
};

void fill(duckdb_data_chunk chunk, const PlainRow* rows, std::size_t count) {
  const auto column = [&]<typename T>(idx_t at, T*, auto&& value) {
    auto* data = static_cast<T*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, at)));
    for (std::size_t i = 0; i < count; ++i) data[i] = static_cast<T>(value(rows[i]));
  };
  std::uint64_t* const u64 = nullptr;
  std::uint32_t* const u32 = nullptr;
  column(0, u64, [](const PlainRow& r) { return r.series; });
  column(1, u64, [](const PlainRow& r) { return r.ts; });
  column(2, u64, [](const PlainRow& r) { return r.revision; });
  column(3, static_cast<std::uint16_t*>(nullptr), [](const PlainRow& r) { return r.quality; });
  column(4, u32, [](const PlainRow&) { return 1u; });
  column(5, u32, [](const PlainRow& r) { return r.producer; });
  column(6, u64, [](const PlainRow& r) { return r.sequence; });
  column(7, u32, [](const PlainRow& r) { return r.index; });
  column(8, u64, [](const PlainRow& r) { return r.bits; });
  column(9, u64, [](const PlainRow& r) { return r.bits; });
  for (idx_t at = 8; at < 12; ++at) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, at);
    duckdb_vector_ensure_validity_writable(vector);
    auto* validity = duckdb_vector_get_validity(vector);
    for (std::size_t i = 0; i < count; ++i) {
      const bool valid = (at == 8 && rows[i].is_f64) || (at == 9 && !rows[i].is_f64);
      duckdb_validity_set_row_validity(validity, i, valid);
    }
  }
  duckdb_data_chunk_set_size(chunk, count);
}

Outcome run_plain_table(std::uint64_t values, const std::string& root) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  const std::string file = root + "/plain.duckdb";
  if (duckdb_open(file.c_str(), &database) == DuckDBError ||
      duckdb_connect(database, &connection) == DuckDBError) {
    std::exit(1);
  }
  query(connection, "SET threads = 2");
  query(connection, "SET memory_limit = '1GB'");
  query(connection,
        "CREATE TABLE samples (series UBIGINT, ts TIMESTAMP, revision UBIGINT, quality USMALLINT, "
        "provenance UINTEGER, producer UINTEGER, sequence UBIGINT, \"index\" UINTEGER, f64 DOUBLE, "
        "i64 BIGINT, \"text\" VARCHAR, \"blob\" BLOB)");
  const duckdb_type type_ids[] = {
      DUCKDB_TYPE_UBIGINT,  DUCKDB_TYPE_TIMESTAMP, DUCKDB_TYPE_UBIGINT, DUCKDB_TYPE_USMALLINT,
      DUCKDB_TYPE_UINTEGER, DUCKDB_TYPE_UINTEGER,  DUCKDB_TYPE_UBIGINT, DUCKDB_TYPE_UINTEGER,
      DUCKDB_TYPE_DOUBLE,   DUCKDB_TYPE_BIGINT,    DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BLOB};
  std::vector<duckdb_logical_type> types;
  for (const duckdb_type id : type_ids) types.push_back(duckdb_create_logical_type(id));
  duckdb_data_chunk chunk = duckdb_create_data_chunk(types.data(), types.size());
  duckdb_appender appender = nullptr;
  if (duckdb_appender_create(connection, nullptr, "samples", &appender) == DuckDBError)
    std::exit(1);

  Outcome outcome{"DuckDB table, same columns", 0, 0, 0, {}, {}};
  Plant plant;
  ontology::Batch batch;
  std::vector<Sequence> next(edges);
  std::vector<PlainRow> rows;
  Noise jitter{7};
  const auto start = Steady::now();
  const double cpu = cpu_seconds();
  for (std::uint64_t done = 0; done < values; done += batch_rows) {
    const std::int64_t second = first_second + static_cast<std::int64_t>(done / batch_rows);
    const auto revision = static_cast<std::uint64_t>((second + 1) * 1000) + jitter.next() % 50;
    rows.clear();
    for (std::size_t d = 0; d < devices; ++d) {
      plant.scan(d, second, batch);
      const std::size_t e = d % edges;
      for (const auto& row : batch.rows) {
        rows.push_back({SeriesNumber::make(1, static_cast<std::uint32_t>(d), row.slot).value(),
                        revision, next[e], row.bits, row.ts_us, row.slot,
                        static_cast<std::uint32_t>(e + 1), row.quality.code, row.slot < 10});
      }
      next[e] += metrics;
    }
    const auto commit_start = Steady::now();
    query(connection, "BEGIN");
    for (std::size_t at = 0; at < rows.size(); at += duckdb_vector_size()) {
      duckdb_data_chunk_reset(chunk);
      fill(chunk, rows.data() + at, std::min<std::size_t>(rows.size() - at, duckdb_vector_size()));
      if (duckdb_append_data_chunk(appender, chunk) == DuckDBError) std::exit(1);
    }
    if (duckdb_appender_flush(appender) == DuckDBError) std::exit(1);
    query(connection, "COMMIT");
    outcome.commits_ms.push_back(seconds_since(commit_start) * 1e3);
  }
  duckdb_appender_destroy(&appender);
  query(connection, "CHECKPOINT");
  outcome.wall_s = seconds_since(start);
  outcome.cpu_s = cpu_seconds() - cpu;
  duckdb_destroy_data_chunk(&chunk);
  for (auto& type : types) duckdb_destroy_logical_type(&type);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  outcome.bytes = std::filesystem::file_size(file);
  return outcome;
}

void print_row(const Outcome& o, std::uint64_t values) {
  const auto n = static_cast<double>(values);
  fmt::print(
      "| {} | {:.2f} M | {:.2f} M | {:.2f} | {:.2f} / {:.2f} ms | {} |\n", o.name,
      n / o.wall_s / 1e6, n / o.cpu_s / 1e6, static_cast<double>(o.bytes) / n,
      percentile(o.commits_ms, 0.5), percentile(o.commits_ms, 0.99),
      o.commits_sealing_ms.empty()
          ? std::string("-")
          : fmt::format("{:.2f} / {:.2f} ms ({} commits)", percentile(o.commits_sealing_ms, 0.5),
                        percentile(o.commits_sealing_ms, 0.99), o.commits_sealing_ms.size()));
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t asked = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 3'000'000;
  const std::uint64_t values = std::max<std::uint64_t>(asked / batch_rows, 1) * batch_rows;
  std::string root = argc > 2 ? argv[2] : "";
  const bool is_temporary = root.empty();
  if (is_temporary) {
    root = (std::filesystem::temp_directory_path() / "millwright-bench-XXXXXX").string();
    if (::mkdtemp(root.data()) == nullptr) return 1;
  }
  std::filesystem::create_directories(root);
  const Outcome ours = run_historian(values, root);
  const Outcome plain = run_plain_table(values, root);
  if (is_temporary) std::filesystem::remove_all(root);
  fmt::print("{} values, commits of {} values, all columns, durable at each commit\n\n", values,
             batch_rows);
  fmt::print(
      "| store | values/s | values/s per CPU second | bytes a value | commit p50 / p99 | "
      "commit p50 / p99 while sealing |\n|---|---|---|---|---|---|\n");
  print_row(ours, values);
  print_row(plain, values);
  fmt::print("\nratio to the DuckDB table: {:.2f} x the values/s, {:.2f} x the bytes\n",
             plain.wall_s / ours.wall_s,
             static_cast<double>(ours.bytes) / static_cast<double>(plain.bytes));
  return 0;
}
