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

std::optional<Suspect> suspect_of(const Recomputation& what, std::span<const ScanRows> scans,
                                  std::size_t window, double stored) {
  const auto found = recompute(what, scans);
  if (!found) return std::nullopt;
  const double wrong = std::abs(*found - stored);
  std::vector<ScanRows> changed(scans.begin(), scans.end());
  std::optional<Suspect> best;
  double best_left = (1 - explained_share) * wrong;
  for (std::size_t scan = scans.size() - std::min(window, scans.size()); scan < scans.size();
       ++scan) {
    for (const auto& conversion : what.inputs) {
      const std::size_t input = conversion.signal;
      const auto& row = scans[scan].rows[input];
      const auto instead = neighbours(scans, scan, input);
      if (!row || !instead) continue;
      changed[scan].rows[input]->value = *instead;
      const auto again = recompute(what, changed);
      changed[scan].rows[input] = row;
      if (!again || !(std::abs(*again - stored) < best_left)) continue;
      best_left = std::abs(*again - stored);
      best = Suspect{scan, input, *instead, *again};
    }
  }
  return best;
}

}  // namespace millwright::stewardship
