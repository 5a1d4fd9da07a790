// Stage `aggregate`: tumbling windows of event time.
#include <algorithm>
#include <limits>
#include <utility>

#include "fabric/pipeline/exact_sum.hpp"
#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {
namespace {

using ontology::Quality;
using ontology::Reason;
using ontology::Row;

/// What one window knows of one metric. Nothing in it depends on the order of arrival.
struct Accumulator {
  std::uint64_t count = 0;  ///< usable samples
  std::uint64_t bad = 0;    ///< samples that took no part
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  ExactSum sum;
  ExactSum squares;
  Quality worst;
};

struct Window {
  std::int64_t start_us = 0;
  std::vector<Accumulator> metrics;
};

/// Of equal severities the smaller reason: symmetric, unlike ontology::worse.
Quality worst_of(Quality a, Quality b) {
  if (a.severity() != b.severity()) return a.severity() > b.severity() ? a : b;
  if (a.reason() == Reason::none || b.reason() == Reason::none) {
    return a.reason() == Reason::none ? b : a;
  }
  return a.reason() < b.reason() ? a : b;
}

std::int64_t floor_to(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

class Aggregate final : public Stage {
 public:
  Aggregate(const AggregateSpec& spec, Selection selection, AggregateOutputs outputs)
      : spec_(spec),
        selection_(std::move(selection)),
        outputs_(std::move(outputs)),
        ordinal_(selection_.size(), 0),
        squares_(std::ranges::contains(spec.functions, Function::stddev)) {
    for (std::uint32_t i = 0; i < outputs_.inputs.size(); ++i) ordinal_[outputs_.inputs[i]] = i;
  }

  void process(const std::vector<Row>& in, std::vector<Row>& out) override {
    for (const Row& row : in) {
      advance(row.ts_us, out);
      if (!selection_.takes(row.slot)) {
        out.push_back(row);
        continue;
      }
      take(row);
      if (spec_.keep_input) out.push_back(row);
    }
  }

  void finish(std::vector<Row>& out) override {
    for (const auto& window : open_) emit(window, true, out);
    reset();
  }

  void reset() override {
    open_.clear();
    started_ = false;
    first_us_ = latest_us_ = 0;
  }

  void save(ByteWriter& out) const override;
  bool load(ByteReader& in) override;
  void add_counts(PipelineCounts& counts) const override { counts.samples_late += late_; }

 private:
  std::int64_t length() const { return spec_.window.count(); }
  std::int64_t watermark() const { return latest_us_ - spec_.lateness.count(); }

  void advance(std::int64_t ts_us, std::vector<Row>& out) {
    if (started_ && ts_us <= latest_us_) {
      if (ts_us >= watermark()) first_us_ = std::min(first_us_, ts_us);
      return;
    }
    if (!started_) first_us_ = ts_us;
    started_ = true;
    latest_us_ = ts_us;
    std::size_t closed = 0;
    while (closed < open_.size() && open_[closed].start_us + length() <= watermark()) {
      emit(open_[closed++], false, out);
    }
    if (closed > 0) {
      open_.erase(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(closed));
    }
  }

  void take(const Row& row) {
    const std::int64_t start = floor_to(row.ts_us, length());
    if (start + length() <= watermark()) {
      ++late_;
      return;
    }
    auto& metric = window_at(start).metrics[ordinal_[row.slot]];
    const auto value = row.quality.is_bad() ? std::nullopt : selection_.value(row);
    if (!value) {
      ++metric.bad;
      return;
    }
    ++metric.count;
    metric.min = std::min(metric.min, *value);
    metric.max = std::max(metric.max, *value);
    metric.sum.add(*value);
    if (squares_) metric.squares.add_product(*value, *value);
    metric.worst = worst_of(metric.worst, row.quality);
  }

  Window& window_at(std::int64_t start) {
    auto at = open_.end();
    while (at != open_.begin() && std::prev(at)->start_us > start) --at;
    if (at != open_.begin() && std::prev(at)->start_us == start) return *std::prev(at);
    return *open_.insert(at, {start, std::vector<Accumulator>(outputs_.inputs.size())});
  }

  void emit(const Window& window, bool cut_off, std::vector<Row>& out) const {
    for (std::size_t i = 0; i < window.metrics.size(); ++i) {
      const auto& metric = window.metrics[i];
      if (metric.count + metric.bad == 0) continue;
      Quality quality = metric.worst;
      if (metric.bad > 0) quality = worst_of(quality, Quality::uncertain(Reason::bad_input));
      if (cut_off || window.start_us < first_us_ || metric.count < spec_.count_expected) {
        quality = worst_of(quality, Quality::uncertain(Reason::incomplete_window));
      }
      if (metric.count == 0) quality = Quality::bad(Reason::bad_input);
      for (std::size_t f = 0; f < spec_.functions.size(); ++f) {
        Row row;
        row.ts_us = window.start_us;
        row.slot = outputs_.results[i][f];
        row.quality = quality;
        fill(row, spec_.functions[f], metric);
        out.push_back(row);
      }
    }
  }

  static void fill(Row& row, Function function, const Accumulator& metric) {
    const auto count = static_cast<double>(metric.count);
    if (function == Function::count) {
      row.set_i64(static_cast<std::int64_t>(metric.count));
      return;
    }
    double value = 0;
    switch (function) {
      case Function::mean:
        value = metric.sum.rounded() / count;
        break;
      case Function::min:
        value = metric.min;
        break;
      case Function::max:
        value = metric.max;
        break;
      case Function::stddev:
        value = metric.count < 2 ? std::numeric_limits<double>::quiet_NaN()
                                 : std::sqrt(sample_variance(metric.sum, metric.squares, count));
        break;
      case Function::count:
        break;
    }
    if (metric.count > 0 && std::isfinite(value)) {
      row.set_f64(value);
      return;
    }
    row.is_null = true;
    if (metric.count > 0) {
      const bool few = metric.count < 2;
      row.quality = worst_of(row.quality, few ? Quality::uncertain(Reason::incomplete_window)
                                              : Quality::bad(Reason::out_of_range));
    }
  }

  AggregateSpec spec_;
  Selection selection_;
  AggregateOutputs outputs_;
  std::vector<std::uint32_t> ordinal_;
  bool squares_;
  std::vector<Window> open_;  ///< by start
  bool started_ = false;
  std::int64_t first_us_ = 0;   ///< earliest event time seen
  std::int64_t latest_us_ = 0;  ///< latest
  std::uint64_t late_ = 0;
};

void save_sum(ByteWriter& out, const ExactSum& sum) {
  out.varint(sum.parts().size());
  for (const double part : sum.parts()) out.f64(part);
}

void load_sum(ByteReader& in, ExactSum& sum) {
  sum.clear();
  for (auto left = in.count(8); left > 0; --left) sum.add(in.f64());
}

void Aggregate::save(ByteWriter& out) const {
  out.u8(started_ ? 1 : 0);
  out.i64(first_us_);
  out.i64(latest_us_);
  out.varint(open_.size());
  for (const auto& window : open_) {
    out.i64(window.start_us);
    for (const auto& metric : window.metrics) {
      out.varint(metric.count);
      out.varint(metric.bad);
      out.f64(metric.min);
      out.f64(metric.max);
      save_sum(out, metric.sum);
      save_sum(out, metric.squares);
      out.u16(metric.worst.code);
    }
  }
}

bool Aggregate::load(ByteReader& in) {
  reset();
  started_ = in.u8() != 0;
  first_us_ = in.i64();
  latest_us_ = in.i64();
  for (auto left = in.count(8); left > 0 && in.ok(); --left) {
    Window window{in.i64(), std::vector<Accumulator>(outputs_.inputs.size())};
    for (auto& metric : window.metrics) {
      metric.count = in.varint();
      metric.bad = in.varint();
      metric.min = in.f64();
      metric.max = in.f64();
      load_sum(in, metric.sum);
      load_sum(in, metric.squares);
      metric.worst.code = in.u16();
    }
    if (floor_to(window.start_us, length()) != window.start_us) return false;
    if (!open_.empty() && open_.back().start_us >= window.start_us) return false;
    open_.push_back(std::move(window));
  }
  return in.ok();
}

}  // namespace

std::unique_ptr<Stage> make_aggregate(const AggregateSpec& spec, Selection selection,
                                      AggregateOutputs outputs) {
  return std::make_unique<Aggregate>(spec, std::move(selection), std::move(outputs));
}

}  // namespace millwright::pipeline
