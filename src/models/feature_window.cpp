#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.hpp"
#include "models/features.hpp"

namespace millwright::models {
namespace {

constexpr std::uint8_t state_version = 1;
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// Sums of one input over one window, in the order of scans, so that every platform and every
/// repetition adds alike.
struct Sums {
  double mean = 0;
  double slope = 0;
  double deviation = 0;
  double min = 0;
  double max = 0;
};

/// `value(i)` for i in [0, n), n ≥ 1, oldest first.
template <typename Value>
Sums sums_of(std::size_t n, const Value& value) {
  Sums out;
  double sum = 0;
  out.min = out.max = value(0);
  for (std::size_t i = 0; i < n; ++i) {
    const double x = value(i);
    sum += x;
    out.min = std::min(out.min, x);
    out.max = std::max(out.max, x);
  }
  const auto count = static_cast<double>(n);
  out.mean = sum / count;
  if (n < 2) return out;
  double squares = 0;
  double cross = 0;
  const double middle = (count - 1) / 2;
  for (std::size_t i = 0; i < n; ++i) {
    const double apart = value(i) - out.mean;
    squares += apart * apart;
    cross += (static_cast<double>(i) - middle) * apart;
  }
  out.deviation = std::sqrt(squares / (count - 1));
  out.slope = cross / (count * (count * count - 1) / 12);
  return out;
}

double pick(const Sums& sums, WindowFunction function) {
  switch (function) {
    case WindowFunction::last:
      break;
    case WindowFunction::mean:
      return sums.mean;
    case WindowFunction::slope:
      return sums.slope;
    case WindowFunction::deviation:
      return sums.deviation;
    case WindowFunction::min:
      return sums.min;
    case WindowFunction::max:
      return sums.max;
  }
  return 0;
}

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

float narrowed(double value) {
  constexpr double limit = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -limit, limit));
}

}  // namespace

FeatureWindow::FeatureWindow(FeatureSpec spec)
    : spec_(std::move(spec)), keep_(spec_.scans_kept()), carried_(spec_.inputs.size(), nothing) {
  MILLWRIGHT_ASSERT(spec_.problems().empty());
}

FeatureWindow::Kept FeatureWindow::kept_of(const Scan& scan) const {
  Kept kept{.at = scan.at, .number = 0, .raw = {}, .worth = {}, .filled = {}};
  kept.raw.assign(scan.values.begin(), scan.values.end());
  kept.worth.resize(scan.values.size());
  kept.filled.resize(scan.values.size());
  for (std::size_t i = 0; i < kept.raw.size(); ++i) {
    const ontology::Quality quality =
        scan.quality.empty() ? ontology::Quality::good() : scan.quality[i];
    const bool usable = !quality.is_bad() && std::isfinite(kept.raw[i]);
    if (!usable) kept.raw[i] = nothing;
    kept.worth[i] = !usable ? 0 : quality.is_good() ? 2 : 1;
  }
  return kept;
}

void FeatureWindow::fill_from(std::size_t position) {
  for (std::size_t p = position; p < kept_.size(); ++p) {
    const std::vector<double>& before = p == 0 ? carried_ : kept_[p - 1].filled;
    Kept& scan = kept_[p];
    for (std::size_t i = 0; i < scan.raw.size(); ++i) {
      scan.filled[i] = scan.worth[i] > 0 ? scan.raw[i] : before[i];
    }
  }
}

Result<Pushed> FeatureWindow::push(const Scan& scan) {
  if (scan.values.size() != spec_.inputs.size() ||
      (!scan.quality.empty() && scan.quality.size() != scan.values.size())) {
    return fail(Code::invalid_input,
                fmt::format("a scan of {} values and {} qualities for {} inputs",
                            scan.values.size(), scan.quality.size(), spec_.inputs.size()));
  }
  Kept kept = kept_of(scan);
  const auto after = std::ranges::lower_bound(kept_, scan.at, {}, &Kept::at);
  const auto position = static_cast<std::size_t>(after - kept_.begin());
  const bool known = after != kept_.end() && after->at == scan.at;
  Pushed pushed;
  if (known && std::ranges::equal(after->raw, kept.raw, same) && after->worth == kept.worth) {
    pushed.taken = Taken::repeated;
    return pushed;
  }
  if (forgot_ && position < std::max<std::size_t>(spec_.longest_window() - 1, 1)) {
    // Part of its window is gone, so that its features could not be computed rightly.
    ++too_late_;
    pushed.taken = Taken::too_late;
    return pushed;
  }
  if (known) {
    pushed.taken = Taken::corrected;
    kept.number = after->number;
    *after = std::move(kept);
  } else {
    pushed.taken = after == kept_.end() ? Taken::appended : Taken::inserted;
    kept.number = after == kept_.end() ? scans_ + 1 : after->number;
    ++scans_;
    const auto at = kept_.insert(after, std::move(kept));
    for (auto later = at + 1; later != kept_.end(); ++later) ++later->number;
  }
  fill_from(position);
  for (std::size_t p = position; p < kept_.size(); ++p) {
    if (auto row = row_at(p)) pushed.rows.push_back(std::move(*row));
  }
  if (kept_.size() > keep_) forget_oldest();
  return pushed;
}

std::vector<FeatureRow> FeatureWindow::begin_after(Timestamp at) {
  if (kept_.empty() || kept_.front().at > at) return {};
  const auto first_left = std::ranges::upper_bound(kept_, at, {}, &Kept::at);
  kept_.erase(kept_.begin(), first_left);
  std::ranges::fill(carried_, nothing);
  forgot_ = false;
  scans_ = 0;
  for (Kept& scan : kept_) scan.number = ++scans_;
  fill_from(0);
  std::vector<FeatureRow> rows;
  for (std::size_t p = 0; p < kept_.size(); ++p) {
    if (auto row = row_at(p)) rows.push_back(std::move(*row));
  }
  return rows;
}

void FeatureWindow::forget_oldest() {
  carried_ = std::move(kept_.front().filled);
  kept_.pop_front();
  forgot_ = true;
}

std::optional<FeatureRow> FeatureWindow::row_at(std::size_t position) const {
  const Kept& scan = kept_[position];
  for (const double value : scan.filled) {
    if (std::isnan(value)) return std::nullopt;
  }
  FeatureRow row;
  row.at = scan.at;
  row.values.reserve(spec_.width());
  for (std::size_t i = 0; i < spec_.inputs.size(); ++i) append_input(i, position, row.values);
  if (spec_.add_age) row.values.push_back(static_cast<float>(scan.number));

  const std::size_t window = std::min<std::size_t>(spec_.longest_window(), position + 1);
  std::uint64_t worth = 0;
  for (std::size_t p = position + 1 - window; p <= position; ++p) {
    for (const std::uint8_t one : kept_[p].worth) worth += one;
  }
  row.confidence =
      static_cast<double>(worth) / static_cast<double>(2 * window * spec_.inputs.size());
  row.missing = static_cast<std::uint32_t>(std::ranges::count(scan.worth, std::uint8_t{0}));
  return row;
}

void FeatureWindow::append_input(std::size_t input, std::size_t position,
                                 std::vector<float>& out) const {
  const auto usable = [&](std::size_t p) { return !std::isnan(kept_[p].filled[input]); };
  if (std::ranges::contains(spec_.functions, WindowFunction::last)) {
    out.push_back(narrowed(kept_[position].filled[input]));
  }
  for (const std::uint32_t window : spec_.windows) {
    std::size_t count = std::min<std::size_t>(window, position + 1);
    // Scans before the first usable value of this input say nothing of it.
    while (!usable(position + 1 - count)) --count;
    const std::size_t first = position + 1 - count;
    const Sums sums = sums_of(count, [&](std::size_t i) { return kept_[first + i].filled[input]; });
    for (const WindowFunction function : spec_.functions) {
      if (function != WindowFunction::last) out.push_back(narrowed(pick(sums, function)));
    }
  }
}

Bytes FeatureWindow::save() const {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(state_version);
  writer.raw(spec_.digest().bytes);
  writer.u64(scans_);
  writer.u64(too_late_);
  writer.u8(forgot_ ? 1 : 0);
  for (const double value : carried_) writer.f64(value);
  writer.varint(kept_.size());
  for (const Kept& scan : kept_) {
    writer.i64(scan.at.us);
    for (const double value : scan.raw) writer.f64(value);
    for (const std::uint8_t worth : scan.worth) writer.u8(worth);
  }
  writer.u32(crc32c(out));
  return out;
}

Result<void> FeatureWindow::load(ByteView state) {
  constexpr std::size_t check_size = 4;
  if (!state.empty() && static_cast<std::uint8_t>(state[0]) > state_version) {
    return fail(Code::unsupported_version, "a feature window saved by a newer program");
  }
  if (state.size() < check_size) return fail(Code::corrupt, "a saved feature window is cut");
  ByteReader tail(state.last(check_size));
  const ByteView body = state.first(state.size() - check_size);
  if (tail.u32() != crc32c(body)) {
    return fail(Code::corrupt, "a saved feature window fails its checksum");
  }
  ByteReader reader(body);
  reader.u8();
  const ByteView digest = reader.raw(sizeof(Digest::bytes));
  if (reader.ok() && !std::ranges::equal(digest, spec_.digest().bytes)) {
    return fail(Code::conflict, "a saved feature window belongs to another specification",
                "start the window anew, or load the model that it was saved with");
  }
  FeatureWindow loaded(spec_);
  loaded.scans_ = reader.u64();
  loaded.too_late_ = reader.u64();
  loaded.forgot_ = reader.u8() != 0;
  for (double& value : loaded.carried_) value = reader.f64();
  const std::size_t inputs = spec_.inputs.size();
  const std::uint64_t count = reader.count(8 + 9 * inputs);
  bool in_order = count <= keep_ && count <= loaded.scans_;
  for (std::uint64_t n = 0; n < count && reader.ok() && in_order; ++n) {
    Kept scan{.at = {reader.i64()},
              .number = loaded.scans_ - count + n + 1,
              .raw = {},
              .worth = {},
              .filled = {}};
    scan.raw.resize(inputs);
    scan.worth.resize(inputs);
    scan.filled.resize(inputs);
    for (double& value : scan.raw) value = reader.f64();
    for (std::uint8_t& worth : scan.worth) worth = reader.u8();
    for (std::size_t i = 0; i < inputs; ++i) {
      in_order =
          in_order && scan.worth[i] <= 2 && (scan.worth[i] > 0) == std::isfinite(scan.raw[i]);
    }
    in_order = in_order && (n == 0 || loaded.kept_.back().at < scan.at);
    loaded.kept_.push_back(std::move(scan));
  }
  if (!reader.ok() || !reader.at_end() || !in_order) {
    return fail(Code::corrupt, "a saved feature window is damaged");
  }
  loaded.fill_from(0);
  *this = std::move(loaded);
  return {};
}

}  // namespace millwright::models
