// The replay driver: holds or streams the rows, waits for their time, offers them, goes on when
// told.
#include "fabric/drivers/replay.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/format.hpp"
#include "fabric/drivers/replay_reader.hpp"

namespace millwright::drivers {
namespace {

constexpr int batches_per_turn = 256;
constexpr std::uint64_t problems_logged_max = 20;

/// All selected rows of a file by event time; of equal times, as the file has them.
class HeldRows {
 public:
  struct Entry {
    ReplayRow row;
    std::size_t first = 0;
    std::uint32_t count = 0;
  };
  Result<void> load(ReplayReader& reader, const ReplaySpec& spec,
                    const std::function<void()>& on_broken);
  const std::vector<Entry>& entries() const { return entries_; }
  void copy(const Entry& entry, ontology::Batch& out) const;
  Timestamp first, last;  ///< of all rows of the file, other edges' too

 private:
  std::vector<Entry> entries_;
  ontology::Batch all_;
  std::vector<bool> has_payload_;
};

Result<void> HeldRows::load(ReplayReader& reader, const ReplaySpec& spec,
                            const std::function<void()>& on_broken) {
  for (const auto& metric : spec.metrics) {
    has_payload_.push_back(column_of(metric.datatype) == ontology::Column::text);
  }
  ReplayRow row;
  ontology::Batch batch;
  bool any = false;
  while (true) {
    auto step = reader.next(row, batch);
    if (!step) return pass(std::move(step));
    if (*step == ReplayStep::end) break;
    if (*step == ReplayStep::broken) {
      on_broken();
      continue;
    }
    first = any ? std::min(first, row.time) : row.time;
    last = any ? std::max(last, row.time) : row.time;
    any = true;
    if (*step != ReplayStep::row) continue;
    if (all_.rows.size() + batch.size() > spec.samples_held_max) {
      return fail(Code::exhausted,
                  fmt::format("{} holds more than {} samples of this edge", spec.file.path,
                              spec.samples_held_max),
                  "sort the file by time and declare order: file, or raise samples_held_max");
    }
    entries_.push_back({row, all_.rows.size(), static_cast<std::uint32_t>(batch.size())});
    for (auto& sample : batch.rows) {
      if (has_payload_[sample.slot] && !sample.is_null) {
        const std::string text(batch.payload(sample));
        all_.set_payload(sample, text);
      }
      all_.rows.push_back(sample);
    }
  }
  std::ranges::stable_sort(entries_, {}, [](const Entry& entry) { return entry.row.time; });
  return {};
}

void HeldRows::copy(const Entry& entry, ontology::Batch& out) const {
  out.clear();
  for (std::uint32_t i = 0; i < entry.count; ++i) {
    ontology::Row sample = all_.rows[entry.first + i];
    if (has_payload_[sample.slot] && !sample.is_null) out.set_payload(sample, all_.payload(sample));
    out.rows.push_back(sample);
  }
}

/// Which row is next: out of memory, or out of the file.
class ReplayDriver final : public Driver {
 public:
  ReplayDriver(ReplaySpec spec, ReplayWorld world, std::unique_ptr<ReplayReader> reader)
      : spec_(std::move(spec)),
        world_(world),
        reader_(std::move(reader)),
        devices_(devices_of(spec_)),
        pacer_(Pace::fast(), {}, {}) {}
  ~ReplayDriver() override { cancel_timer(); }

  Result<void> prepare();
  const std::vector<ontology::DeviceSchema>& devices() const override { return devices_; }
  Result<void> start(Sink& sink, std::optional<Position> after) override;
  void resume() override;
  void stop() override;
  Result<void> command(const Command& command) override;
  DriverStatus status() const override;

 private:
  Result<void> skip_past(const Position& after);
  /// Fills `batch_` and `row_`; false at the end.
  Result<bool> load_next();
  Result<bool> load_from_file();
  void schedule();
  void cancel_timer();
  void turn();
  void report_broken();
  void report_silent_devices();
  Position position() const;
  Timestamp pace_time() const;

  ReplaySpec spec_;
  ReplayWorld world_;
  std::unique_ptr<ReplayReader> reader_;
  std::vector<ontology::DeviceSchema> devices_;
  HeldRows held_;
  std::size_t held_next_ = 0;
  std::uint64_t file_records_ = 0;  ///< ReplayOrder::file with a total: number of records
  Pacer pacer_;
  bool anchored_ = false;
  Timestamp latest_;

  Sink* sink_ = nullptr;
  ReplayRow row_;
  ontology::Batch batch_;
  bool loaded_ = false;
  std::optional<engine::TimerId> timer_;
  std::uint64_t run_ = 0;  ///< tasks of an earlier start or after stop do nothing
  std::shared_ptr<std::uint64_t> alive_ = std::make_shared<std::uint64_t>(0);
  DriverStatus status_;
};

void ReplayDriver::report_broken() {
  status_.last_problem = reader_->problem();
  if (reader_->records_broken <= problems_logged_max) {
    world_.log.warning(
        "replay", reader_->problem() + "; the row is left out and counted: correct it in the file");
  }
}

void ReplayDriver::report_silent_devices() {
  std::vector<bool> seen(spec_.keys.size());
  for (const auto& entry : held_.entries()) seen[entry.row.device] = true;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) continue;
    world_.log.warning("replay",
                       fmt::format("{} has no row of device {} (key '{}')", spec_.file.path,
                                   spec_.keys[i].device, spec_.keys[i].key));
  }
}

Result<void> ReplayDriver::prepare() {
  if (spec_.order == ReplayOrder::event_time) {
    auto loaded = held_.load(*reader_, spec_, [this] { report_broken(); });
    if (loaded) report_silent_devices();
    return loaded;
  }
  if (spec_.pace.kind != PaceKind::total) return {};
  ontology::Batch batch;
  while (true) {
    auto step = reader_->next(row_, batch);
    if (!step) return pass(std::move(step));
    if (*step == ReplayStep::end) break;
    ++file_records_;
  }
  return reader_->skip_to(0, 0);
}

Result<void> ReplayDriver::skip_past(const Position& after) {
  if (after.source != reader_->fingerprint()) {
    return fail(Code::conflict,
                fmt::format("{} is not the file whose replay was interrupted", spec_.file.path),
                "restore that file, or begin a new replay under another edge or journal");
  }
  if (spec_.order == ReplayOrder::file) return reader_->skip_to(after.record, after.offset);
  const auto& entries = held_.entries();
  const auto next = std::ranges::partition_point(entries, [&](const HeldRows::Entry& entry) {
    return Position{entry.row.time.us, entry.row.number, 0, 0}.not_after(after);
  });
  held_next_ = static_cast<std::size_t>(next - entries.begin());
  return {};
}

Result<void> ReplayDriver::start(Sink& sink, std::optional<Position> after) {
  stop();
  held_next_ = 0;
  if (after) {
    if (auto skipped = skip_past(*after); !skipped) return skipped;
  } else if (spec_.order == ReplayOrder::file) {
    if (auto rewound = reader_->skip_to(0, 0); !rewound) return rewound;
  }
  sink_ = &sink;
  loaded_ = false;
  anchored_ = false;
  const std::string problem = status_.last_problem;
  status_ = {};
  status_.last_problem = problem;
  status_.state = DriverState::running;
  if (spec_.order == ReplayOrder::event_time) {
    pacer_ = Pacer(spec_.pace, held_.first, held_.last);
  } else {
    pacer_ = Pacer(spec_.pace, Timestamp{0}, Timestamp{static_cast<std::int64_t>(file_records_)});
  }
  schedule();
  return {};
}

void ReplayDriver::stop() {
  cancel_timer();
  ++run_;
  sink_ = nullptr;
  if (status_.state == DriverState::running || status_.state == DriverState::waiting_for_sink) {
    status_.state = DriverState::idle;
  }
}

void ReplayDriver::cancel_timer() {
  if (timer_) world_.executor.cancel(*timer_);
  timer_.reset();
}

void ReplayDriver::resume() {
  if (status_.state != DriverState::waiting_for_sink) return;
  status_.state = DriverState::running;
  schedule();
}

void ReplayDriver::schedule() {
  world_.executor.post([this, run = run_, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && run == run_) turn();
  });
}

Position ReplayDriver::position() const {
  Position out;
  out.order = spec_.order == ReplayOrder::event_time ? row_.time.us : 0;
  out.record = row_.number;
  out.offset = spec_.order == ReplayOrder::file ? row_.offset_after : 0;
  out.source = reader_->fingerprint();
  return out;
}

Result<bool> ReplayDriver::load_from_file() {
  for (int i = 0; i < batches_per_turn; ++i) {
    auto step = reader_->next(row_, batch_);
    if (!step) return pass(std::move(step));
    if (*step == ReplayStep::end) return false;
    if (*step == ReplayStep::broken) report_broken();
    if (*step == ReplayStep::row) {
      loaded_ = true;
      return true;
    }
  }
  return true;  // many rows of others: give the executor a turn
}

Result<bool> ReplayDriver::load_next() {
  if (spec_.order == ReplayOrder::file) return load_from_file();
  if (held_next_ == held_.entries().size()) return false;
  const auto& entry = held_.entries()[held_next_++];
  row_ = entry.row;
  held_.copy(entry, batch_);
  loaded_ = true;
  return true;
}

/// In the order of the file event time may go back (the next device begins): a total is then shared
/// out by records.
Timestamp ReplayDriver::pace_time() const {
  if (spec_.order == ReplayOrder::file && spec_.pace.kind == PaceKind::total) {
    return Timestamp{static_cast<std::int64_t>(row_.number)};
  }
  return row_.time;
}

void ReplayDriver::turn() {
  timer_.reset();
  for (int i = 0; i < batches_per_turn; ++i) {
    if (!loaded_) {
      auto more = load_next();
      if (!more) {
        status_.state = DriverState::failed;
        sink_->failed(more.error());
        return;
      }
      if (!*more) {
        status_.state = DriverState::ended;
        sink_->ended();
        return;
      }
      if (!loaded_) break;
    }
    const Duration now = world_.clock.monotonic_now();
    const Timestamp at = pace_time();
    if (!anchored_ || at < latest_) {
      // The first row, or event time that begins anew with the next device of the file.
      pacer_.anchor(at, anchored_ ? std::max(now, pacer_.due(latest_).value_or(now)) : now);
      anchored_ = true;
    }
    latest_ = at;
    if (const auto due = pacer_.due(at); due && *due > now) {
      timer_ =
          world_.executor.post_after(*due - now, [this, run = run_, alive = std::weak_ptr(alive_)] {
            if (!alive.expired() && run == run_) turn();
          });
      return;
    }
    const auto run = run_;
    const Position here = position();
    if (sink_->offer(row_.device, batch_, here) == Answer::not_now) {
      if (run == run_) status_.state = DriverState::waiting_for_sink;
      return;
    }
    if (run != run_) return;  // the sink stopped the driver
    loaded_ = false;
    ++status_.batches;
    status_.samples += batch_.size();
    status_.position = here;
    status_.event_time = row_.time;
  }
  schedule();
}

Result<void> ReplayDriver::command(const Command& command) {
  return fail(Code::refused, fmt::format("'{}' of {} cannot be written: it is a recording",
                                         command.metric, command.device));
}

DriverStatus ReplayDriver::status() const {
  DriverStatus out = status_;
  out.records_broken = reader_->records_broken;
  out.records_unselected = reader_->records_unselected;
  out.samples_unparsable = reader_->samples_unparsable;
  return out;
}

}  // namespace

Result<std::vector<ReplayKey>> expand_keys(std::string_view pattern, std::uint64_t first,
                                           std::uint64_t last) {
  const auto bad = [&](std::string what) {
    return fail(Code::invalid_input, std::move(what),
                "write {key} or {key:03} once, such as test-{key:03}");
  };
  const auto open = pattern.find("{key"), close = pattern.find('}');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return bad(fmt::format("'{}' has no place for the key", pattern));
  }
  std::size_t width = 0;
  if (auto format = pattern.substr(open + 4, close - open - 4); !format.empty()) {
    const auto digits = format.substr(std::min<std::size_t>(2, format.size()));
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), width);
    if (!format.starts_with(":0") || error != std::errc{} || width > 18 ||
        end != digits.data() + digits.size()) {
      return bad(fmt::format("'{}' is not a format of a key", format));
    }
  }
  if (first > last || last - first >= 100'000) {
    return bad(fmt::format("{} to {} is not a range of keys", first, last));
  }
  std::vector<ReplayKey> out;
  for (std::uint64_t key = first; key <= last; ++key) {
    out.push_back({std::to_string(key), fmt::format("{}{:0{}}{}", pattern.substr(0, open), key,
                                                    width, pattern.substr(close + 1))});
  }
  return out;
}

std::vector<ontology::DeviceSchema> devices_of(const ReplaySpec& spec) {
  std::vector<ontology::MetricDefinition> metrics;
  for (const auto& metric : spec.metrics) {
    metrics.push_back({metric.name, metric.datatype, metric.unit});
  }
  std::vector<ontology::DeviceSchema> out;
  for (const auto& key : spec.keys) out.push_back({{{}, {}, key.device}, metrics});
  return out;
}

Result<std::unique_ptr<Driver>> make_replay(ReplaySpec spec, Formats formats, ReplayWorld world) {
  if (auto checked = check_pace(spec.pace); !checked) return pass(std::move(checked));
  auto reader = ReplayReader::create(spec, formats, world.files);
  if (!reader) return pass(std::move(reader));
  auto driver = std::make_unique<ReplayDriver>(std::move(spec), world, std::move(*reader));
  if (auto prepared = driver->prepare(); !prepared) return pass(std::move(prepared));
  return driver;
}

Result<ImportCounts> import_records(const ReplaySpec& spec, const Formats& formats,
                                    engine::Disk& files, std::optional<Position> after,
                                    const ImportSink& sink) {
  auto reader = ReplayReader::create(spec, formats, files);
  if (!reader) return pass(std::move(reader));
  if (after) {
    if (after->source != (*reader)->fingerprint()) {
      return fail(Code::conflict,
                  fmt::format("{} is not the file whose import was interrupted", spec.file.path),
                  "restore that file, or import anew");
    }
    if (auto skipped = (*reader)->skip_to(after->record, after->offset); !skipped) {
      return pass(std::move(skipped));
    }
  }
  ImportCounts counts;
  ReplayRow row;
  ontology::Batch batch;
  while (true) {
    auto step = (*reader)->next(row, batch);
    if (!step) return pass(std::move(step));
    if (*step == ReplayStep::end) break;
    if (*step == ReplayStep::broken && counts.problems.size() < 100) {
      counts.problems.push_back((*reader)->problem());
    }
    if (*step != ReplayStep::row) continue;
    const Position position{0, row.number, row.offset_after, (*reader)->fingerprint()};
    if (auto taken = sink(row.device, batch, position); !taken) return pass(std::move(taken));
    ++counts.batches;
    counts.samples += batch.size();
  }
  counts.records = (*reader)->records;
  counts.records_broken = (*reader)->records_broken;
  counts.records_unselected = (*reader)->records_unselected;
  counts.samples_unparsable = (*reader)->samples_unparsable;
  return counts;
}

}  // namespace millwright::drivers
