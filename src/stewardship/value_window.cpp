#include "stewardship/value_window.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace millwright::stewardship {
namespace {

using historian::StoredSample;
using models::FeatureRow;
using ontology::Quality;
using ontology::Reason;

/// A replacement explains a difference when so much of it goes away.
constexpr double explained_share = 0.9;

/// The features of the last scan, as training and serving compute them.
std::optional<FeatureRow> features_of(const Recomputation& what, std::span<const ScanRows> scans) {
  models::FeatureWindow window(what.bundle->features);
  std::optional<FeatureRow> out;
  std::vector<double> values;
  std::vector<Quality> quality;
  for (const auto& scan : scans) {
    values.clear();
    quality.clear();
    for (const auto& input : what.inputs) {
      const auto& row = scan.rows[input.signal];
      const auto number = row ? number_of(*row) : std::nullopt;
      values.push_back(number.value_or(0) * input.factor + input.offset);
      quality.push_back(number ? row->quality : Quality::bad(Reason::missing));
    }
    auto pushed = window.push({.at = scan.at, .values = values, .quality = quality});
    if (!pushed || pushed->rows.empty()) continue;
    out = pushed->rows.back();
  }
  if (!out || out->at != scans.back().at) return std::nullopt;
  if (what.bundle->features.add_age) out->values.back() = static_cast<float>(what.age);
  return out;
}

std::optional<double> life(const models::Bundle& bundle, const FeatureRow& row,
                           std::string_view metric) {
  if (!bundle.trees) return std::nullopt;
  const double value = models::predict_cut(*bundle.trees, row.values, bundle.target_max);
  if (metric == "rul") return value;
  if (!bundle.intervals) return std::nullopt;
  if (metric == "rul/low") return bundle.intervals->at(value).low;
  if (metric == "rul/high") return bundle.intervals->at(value).high;
  return std::nullopt;
}

std::optional<double> anomaly(const models::Bundle& bundle, const FeatureRow& row,
                              std::string_view metric) {
  if (!bundle.pca) return std::nullopt;
  const auto score = bundle.pca->score(row.values);
  if (metric == "anomaly/t2") return score.t2;
  if (metric == "anomaly/spe") return score.spe;
  if (metric == "anomaly/score") return score.score;
  if (metric == "anomaly/flag") return score.flag ? 1 : 0;
  return std::nullopt;
}

/// What the usable rows before and after suggest.
std::optional<double> neighbours(std::span<const ScanRows> scans, std::size_t scan,
                                 std::size_t input) {
  const auto usable = [&](std::size_t at) -> std::optional<double> {
    const auto& row = scans[at].rows[input];
    return row && !row->quality.is_bad() ? number_of(*row) : std::nullopt;
  };
  std::optional<double> before, after;
  for (std::size_t at = scan; at > 0 && !before;) before = usable(--at);
  for (std::size_t at = scan + 1; at < scans.size() && !after; ++at) after = usable(at);
  if (before && after) return (*before + *after) / 2;
  return before ? before : after;
}

}  // namespace

std::optional<double> number_of(const StoredSample& row) {
  if (const auto* value = std::get_if<double>(&row.value)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&row.value)) return static_cast<double>(*value);
  return std::nullopt;
}

std::vector<ScanRows> scans_of(std::span<const std::vector<StoredSample>> by_input,
                               const Seen& seen, Timestamp at) {
  std::map<Timestamp, ScanRows> scans;
  for (std::size_t input = 0; input < by_input.size(); ++input) {
    for (const auto& row : by_input[input]) {
      if (row.ts > at || !seen.has(row)) continue;
      auto& scan = scans[row.ts];
      scan.at = row.ts;
      scan.rows.resize(by_input.size());
      auto& known = scan.rows[input];
      const auto order = [](const StoredSample& r) {
        return std::tuple(r.revision, r.sequence + r.index);
      };
      if (!known || order(row) >= order(*known)) known = row;
    }
  }
  std::vector<ScanRows> out;
  out.reserve(scans.size());
  for (auto& [time, scan] : scans) out.push_back(std::move(scan));
  return out;
}

StretchStart stretch_start(const ontology::StateScope& scope, std::span<const StoredSample> rows,
                           const Seen& seen, Timestamp at) {
  std::map<Timestamp, bool> inside;
  for (const auto& row : rows) {
    if (row.ts > at || !seen.has(row)) continue;
    const auto* state = std::get_if<std::string>(&row.value);
    inside[row.ts] = state != nullptr && !row.quality.is_bad() && scope.holds(*state);
  }
  StretchStart out;
  for (auto row = inside.rbegin(); row != inside.rend(); ++row) {
    if (!row->second) {
      out.is_seen = true;
      break;
    }
    out.from = row->first;
  }
  return out;
}

std::optional<double> recompute(const Recomputation& what, std::span<const ScanRows> scans) {
  if (what.bundle == nullptr || scans.empty()) return std::nullopt;
  const auto row = features_of(what, scans);
  if (!row) return std::nullopt;
  return what.bundle->kind == models::ModelKind::rul ? life(*what.bundle, *row, what.metric)
                                                     : anomaly(*what.bundle, *row, what.metric);
}

bool agrees(double recomputed, double stored) {
  return std::abs(recomputed - stored) <= 1e-5 * std::max(1.0, std::abs(recomputed));
}

namespace {

/// Values tried of one row: over all that the input showed, then around the best of them.
constexpr std::size_t coarse = 12, fine = 9;
constexpr int refinements = 3;

/// Looks for the value of one row that makes the given verdicts right.
class Trial {
 public:
  Trial(const Recomputation& what, std::span<const ScanRows> scans, std::size_t window,
        std::vector<Witness> witnesses)
      : what_(what),
        scans_(scans.begin(), scans.end()),
        window_(window),
        witnesses_(std::move(witnesses)) {
    now_ = difference();
  }

  double now() const { return now_; }

  std::optional<double> verdict(std::size_t scan) const {
    Recomputation what = what_;
    const std::size_t later = scans_.size() - 1 - scan;
    what.age = what_.age > later ? what_.age - later : 0;
    const std::size_t first = scan + 1 > 2 * window_ ? scan + 1 - 2 * window_ : 0;
    return recompute(what, std::span(scans_).subspan(first, scan + 1 - first));
  }

  Suspect with(std::size_t scan, std::size_t input, double value) {
    auto& row = *scans_[scan].rows[input];
    const auto before = row.value;
    row.value = value;
    Suspect out{scan, input, value, verdict(witnesses_.back().scan).value_or(NAN),
                difference() / now_};
    row.value = before;
    return out;
  }

  /// The best of a coarse grid over what the input showed, made finer around it.
  std::optional<Suspect> search(std::size_t scan, std::size_t input) {
    double least = INFINITY, greatest = -INFINITY;
    for (const auto& each : scans_) {
      const auto number = each.rows[input] ? number_of(*each.rows[input]) : std::nullopt;
      if (!number || each.rows[input]->quality.is_bad() || &each == &scans_[scan]) continue;
      least = std::min(least, *number);
      greatest = std::max(greatest, *number);
    }
    if (!scans_[scan].rows[input] || least > greatest) return std::nullopt;
    double low = least - (greatest - least) / 4, step = (greatest - least) * 1.5 / (coarse - 1);
    std::optional<Suspect> best;
    std::size_t count = coarse;
    for (int level = 0; level <= refinements; ++level) {
      for (std::size_t i = 0; i < count; ++i) {
        const auto tried = with(scan, input, low + step * static_cast<double>(i));
        if (!best || tried.left < best->left) best = tried;
      }
      low = best->instead - step;
      step = 2 * step / (fine - 1);
      count = fine;
    }
    return best;
  }

  std::optional<Suspect> by_neighbours(std::size_t scan, std::size_t input) {
    const auto instead = neighbours(scans_, scan, input);
    if (!scans_[scan].rows[input] || !instead) return std::nullopt;
    return with(scan, input, *instead);
  }

 private:
  double difference() const {
    double sum = 0;
    for (const Witness& witness : witnesses_) {
      const auto again = verdict(witness.scan);
      sum += again ? std::abs(*again - witness.stored) : std::abs(witness.stored) + 1;
    }
    return sum;
  }

  const Recomputation& what_;
  std::vector<ScanRows> scans_;
  std::size_t window_;
  std::vector<Witness> witnesses_;
  double now_ = 0;
};

std::vector<Suspect> best_first(std::vector<Suspect> all) {
  std::erase_if(all, [](const Suspect& one) { return !(one.left <= 1 - explained_share); });
  std::ranges::sort(all, {}, &Suspect::left);
  return all;
}

}  // namespace

std::vector<Suspect> suspects_of(const Recomputation& what, std::span<const ScanRows> scans,
                                 std::size_t window, std::span<const Witness> witnesses) {
  if (scans.empty() || witnesses.empty()) return {};
  const Trial whole(what, scans, window, {witnesses.begin(), witnesses.end()});
  std::vector<Witness> wrong;
  bool begins_in_sight = false;
  for (const Witness& witness : witnesses) {
    const bool is_last = &witness == &witnesses.back();
    // Of scans before it, the window is not whole.
    if (witness.scan + 1 < window && !is_last) continue;
    const auto again = whole.verdict(witness.scan);
    if (again && agrees(*again, witness.stored) && !is_last) {
      begins_in_sight = begins_in_sight || wrong.empty();
    } else {
      wrong.push_back(witness);
    }
  }
  const std::size_t first = wrong.front().scan;
  std::vector<Witness> tried{wrong.front()};
  if (wrong.size() > 2) tried.push_back(wrong[wrong.size() / 2]);
  if (wrong.size() > 1) tried.push_back(wrong.back());
  Trial trial(what, scans, window, std::move(tried));
  std::vector<Suspect> found;
  if (begins_in_sight) {
    for (const auto& conversion : what.inputs) {
      if (const auto one = trial.search(first, conversion.signal)) found.push_back(*one);
    }
    found = best_first(std::move(found));
    if (!found.empty()) return found;
  }
  const std::size_t from = scans.size() - std::min(window, scans.size());
  for (std::size_t scan = from; scan <= first; ++scan) {
    for (const auto& conversion : what.inputs) {
      if (const auto one = trial.by_neighbours(scan, conversion.signal)) found.push_back(*one);
    }
  }
  return best_first(std::move(found));
}

}  // namespace millwright::stewardship
