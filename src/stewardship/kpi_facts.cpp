#include "stewardship/kpi_facts.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "ontology/unit.hpp"

namespace millwright::stewardship {
namespace {

using catalog::CostRate;
using catalog::EventRate;
using historian::SeriesNumber;
using outcomes::KpiFrame;
using outcomes::Period;
using outcomes::StateSample;
using SeriesOf = std::map<std::string, std::vector<SeriesNumber>>;

constexpr Duration longest_hold = std::chrono::hours(24 * 365 * 100);
constexpr std::size_t points = 12;

std::vector<SeriesNumber> all_of(std::initializer_list<const SeriesOf*> maps) {
  std::set<SeriesNumber> numbers;
  for (const auto* map : maps) {
    for (const auto& [asset, list] : *map) numbers.insert(list.begin(), list.end());
  }
  return {numbers.begin(), numbers.end()};
}

/// Longest promised time between samples of a signal.
Duration hold_of(const catalog::UseCaseSpec& use_case, const std::string& signal) {
  for (const auto& wanted : use_case.requirements) {
    if (std::ranges::find(wanted.signals, signal) != wanted.signals.end() &&
        wanted.rate.count() > 0)
      return wanted.rate;
  }
  return std::chrono::hours(1);
}

const catalog::Exposure& exposure_of(const catalog::KpiMethod& method) {
  const auto* events = std::get_if<EventRate>(&method);
  return events != nullptr ? events->exposure : std::get<CostRate>(method).exposure;
}

/// The assets that one of these numbers belongs to.
std::map<SeriesNumber, std::string> owners(const SeriesOf& series) {
  std::map<SeriesNumber, std::string> out;
  for (const auto& [asset, list] : series) {
    for (const auto number : list) out[number] = asset;
  }
  return out;
}

/// `distance`: to the sample before, where there is one. Beyond `hold` nothing is known of the time
/// between.
void add_run_sample(std::vector<StateSample>& out, StateSample sample,
                    std::optional<double> distance, Duration hold) {
  if (!out.empty() && distance && *distance > static_cast<double>(hold.count()))
    out.push_back({out.back().at + hold, ""});
  out.push_back(std::move(sample));
}

}  // namespace

RateSeries rate_series(const std::vector<catalog::Resource>& resources,
                       const catalog::UseCaseSpec& use_case, const catalog::KpiMethod& method,
                       std::span<const std::string> assets, const SeriesByName& series) {
  RateSeries out;
  const std::set<std::string, std::less<>> wanted(assets.begin(), assets.end());
  const auto* events = std::get_if<EventRate>(&method);
  const auto* cost = std::get_if<CostRate>(&method);
  const auto& exposure = exposure_of(method);
  out.hold_max = hold_of(
      use_case, exposure.signal.empty() && events != nullptr ? events->signal : exposure.signal);
  const auto add = [&](SeriesOf& to, const std::string& asset, const std::string& text) {
    for (const auto* definition : series.find(text)) {
      auto& list = to[asset];
      if (std::ranges::find(list, definition->number) == list.end())
        list.push_back(definition->number);
    }
  };
  for (const auto& binding : catalog::signal_bindings(resources)) {
    if (!wanted.contains(binding.asset)) continue;
    const std::string device = binding.address.text();
    const std::string text = device + "/" + binding.metric.name;
    if (events != nullptr && binding.signal.name == events->signal)
      add(out.events, binding.asset, text);
    if (cost != nullptr && binding.signal.name == cost->signal)
      add(out.amounts, binding.asset, text);
    if (!exposure.signal.empty() && binding.signal.name == exposure.signal)
      add(out.exposure, binding.asset, text);
    add(out.verdicts, binding.asset, device + "/anomaly/score");
  }
  return out;
}

std::string RateSeries::statement() const {
  const auto states = all_of({&events, &exposure});
  return fmt::format(
      "SELECT 'state' AS what, series, us, state, since::DOUBLE AS number FROM ("
      "SELECT series, epoch_us(ts) AS us, state, lag(state) OVER o AS before, "
      "lead(state) OVER o AS after, epoch_us(ts) - lag(epoch_us(ts)) OVER o AS since, "
      "lead(epoch_us(ts)) OVER o - epoch_us(ts) AS ahead FROM ("
      "SELECT series, ts, coalesce(\"text\", i64::VARCHAR, f64::VARCHAR) AS state FROM current "
      "WHERE series IN ({0}) AND quality_code < 32768) "
      "WHERE state IS NOT NULL WINDOW o AS (PARTITION BY series ORDER BY ts)) "
      "WHERE before IS DISTINCT FROM state OR after IS DISTINCT FROM state OR since > {1} OR "
      "ahead > {1} "
      "UNION ALL SELECT 'amount', series, epoch_us(ts), NULL, value FROM current "
      "WHERE series IN ({2}) AND quality_code < 32768 AND value <> 0 "
      "UNION ALL SELECT 'verdict', series, epoch_us(min(ts)), NULL, NULL FROM current "
      "WHERE series IN ({3}) AND f64 IS NOT NULL GROUP BY series ORDER BY what, series, us",
      list_of(states), hold_max.count(), list_of(all_of({&amounts})), list_of(all_of({&verdicts})));
}

std::map<std::string, AssetSamples> RateSeries::samples_of(const engine::Table& answer) const {
  const auto of_events = owners(events), of_exposure = owners(exposure),
             of_amounts = owners(amounts), of_verdicts = owners(verdicts);
  std::map<std::string, AssetSamples> out;
  const auto asset_in = [&](const std::map<SeriesNumber, std::string>& map,
                            SeriesNumber series) -> AssetSamples* {
    const auto found = map.find(series);
    return found == map.end() ? nullptr : &out[found->second];
  };
  const auto note = [](AssetSamples* asset, Timestamp at) {
    if (asset != nullptr) asset->first = asset->first ? std::min(*asset->first, at) : at;
  };
  for (const auto& row : answer.rows) {
    const auto& what = std::get<std::string>(row[0]);
    const SeriesNumber series(static_cast<std::uint64_t>(integer_of(row[1]).value_or(0)));
    const Timestamp at{integer_of(row[2]).value_or(0)};
    const auto* state = std::get_if<std::string>(&row[3]);
    if (what == "state" && state != nullptr) {
      if (auto* asset = asset_in(of_events, series)) {
        asset->events.push_back({at, *state});
        note(asset, at);
      }
      if (auto* asset = asset_in(of_exposure, series)) {
        add_run_sample(asset->exposure, {at, *state}, number_of(row[4]), hold_max);
        note(asset, at);
      }
    } else if (what == "amount") {
      if (auto* asset = asset_in(of_amounts, series))
        asset->amounts.emplace_back(at, number_of(row[4]).value_or(0));
    } else if (auto* asset = asset_in(of_verdicts, series)) {
      asset->intervention = asset->intervention ? std::min(*asset->intervention, at) : at;
    }
  }
  for (auto& [name, asset] : out) {
    const auto by_time = [](const StateSample& sample) { return sample.at; };
    std::ranges::stable_sort(asset.events, {}, by_time);
    if (!asset.exposure.empty())
      asset.exposure.push_back({asset.exposure.back().at + hold_max, ""});
    std::ranges::stable_sort(asset.exposure, {}, by_time);
  }
  return out;
}

namespace {

/// The periods of one asset.
struct Periods {
  Period before, after;
};

Periods periods_of(const catalog::UseCaseSpec& use_case, const AssetSamples& asset,
                   Timestamp as_of) {
  if (use_case.baseline_from && use_case.baseline_until) {
    return {{*use_case.baseline_from, *use_case.baseline_until}, {*use_case.baseline_until, as_of}};
  }
  const Timestamp first = asset.first.value_or(as_of);
  const Timestamp split = asset.intervention.value_or(as_of);
  return {{first, std::max(first, split)}, {std::max(first, split), as_of}};
}

double days_of(const catalog::Exposure& exposure, const AssetSamples& asset, Period period) {
  return exposure.signal.empty()
             ? outcomes::days_of(period)
             : outcomes::days_in(asset.exposure, exposure.states, period, longest_hold);
}

statistics::Count count_in(const EventRate& method, const AssetSamples& asset, Period period) {
  return outcomes::count_of(method, asset.events, asset.exposure, period, longest_hold);
}

statistics::Amount amount_in(const CostRate& method, const AssetSamples& asset, Period period) {
  statistics::Amount out;
  for (const auto& [at, amount] : asset.amounts) {
    if (at >= period.from && at < period.until) out.amount += amount;
  }
  out.exposure = days_of(method.exposure, asset, period);
  return out;
}

using Assets = std::map<std::string, AssetSamples>;

struct Counts {
  statistics::Count before, after;
};

Counts counts_at(const EventRate& method, const catalog::UseCaseSpec& use_case,
                 const Assets& assets, Timestamp as_of) {
  std::vector<statistics::Count> before, after;
  for (const auto& [name, asset] : assets) {
    const auto periods = periods_of(use_case, asset, as_of);
    before.push_back(count_in(method, asset, periods.before));
    after.push_back(count_in(method, asset, periods.after));
  }
  return {outcomes::sum_of(before), outcomes::sum_of(after)};
}

outcomes::KpiValue event_value(const KpiFrame& frame, const EventRate& method,
                               const Counts& counts) {
  if (method.change) return outcomes::measure_rate_change(frame, counts.before, counts.after);
  const bool has_after = counts.after.exposure > 0;
  auto out = outcomes::measure_rate(frame, has_after ? counts.after : counts.before);
  if (has_after && counts.before.exposure > 0 && frame.spec.baseline &&
      frame.spec.baseline->measured) {
    out.baseline = outcomes::measure_rate(frame, counts.before).value;
  }
  return out;
}

outcomes::KpiValue cost_value(const KpiFrame& frame, const CostRate& method,
                              const catalog::UseCaseSpec& use_case, const Assets& assets) {
  std::vector<statistics::Amount> before, after;
  double exposure_after = 0;
  for (const auto& [name, asset] : assets) {
    const auto periods = periods_of(use_case, asset, frame.as_of);
    before.push_back(amount_in(method, asset, periods.before));
    after.push_back(amount_in(method, asset, periods.after));
    exposure_after += after.back().exposure;
  }
  auto out = outcomes::measure_cost_rate(frame, exposure_after > 0 ? after : before);
  if (exposure_after > 0 && frame.spec.baseline && frame.spec.baseline->measured) {
    const auto earlier = outcomes::measure_cost_rate(frame, before);
    if (earlier.state == outcomes::KpiState::measured) out.baseline = earlier.value;
  }
  return out;
}

/// The value as it stood at some times since the intervention.
std::vector<outcomes::KpiPoint> history_of(const KpiFrame& frame, const EventRate& method,
                                           const catalog::UseCaseSpec& use_case,
                                           const Assets& assets) {
  std::optional<Timestamp> from;
  for (const auto& [name, asset] : assets) {
    const auto begin = periods_of(use_case, asset, frame.as_of).after.from;
    from = from ? std::min(*from, begin) : begin;
  }
  std::vector<outcomes::KpiPoint> out;
  if (!from || *from >= frame.as_of) return out;
  const auto step = (frame.as_of - *from) / static_cast<int>(points);
  for (std::size_t i = 1; i <= points; ++i) {
    const Timestamp at = i == points ? frame.as_of : *from + step * static_cast<std::int64_t>(i);
    const auto value = event_value(frame, method, counts_at(method, use_case, assets, at));
    if (value.state == outcomes::KpiState::measured)
      out.push_back({at, value.value, value.interval});
  }
  return out;
}

}  // namespace

Measured measure_rate_of(const KpiFrame& frame, const catalog::UseCaseSpec& use_case,
                         const std::map<std::string, AssetSamples>& assets) {
  Measured out;
  if (const auto* events = std::get_if<EventRate>(&frame.spec.method)) {
    const auto counts = counts_at(*events, use_case, assets, frame.as_of);
    out = {event_value(frame, *events, counts), counts.before, counts.after};
    if (out.value.state == outcomes::KpiState::measured)
      out.value.series = history_of(frame, *events, use_case, assets);
  } else if (const auto* cost = std::get_if<CostRate>(&frame.spec.method)) {
    out.value = cost_value(frame, *cost, use_case, assets);
  }
  return out;
}

namespace {

std::optional<double> in_unit(double value, std::string_view from, std::string_view to) {
  if (from == to) return value;
  const auto a = ontology::parse_unit(from), b = ontology::parse_unit(to);
  if (!a || !b) return std::nullopt;
  const auto converted = ontology::convert(value, *a, *b);
  return converted ? std::optional(*converted) : std::nullopt;
}

outcomes::Evidence findings_evidence(const EventsUsed& events, const std::set<std::string>& assets,
                                     const std::set<std::string>& rules) {
  std::vector<std::string> lines;
  governance::EntryIndex last = 0;
  for (const auto& entry : events.entries()) {
    const bool is_truth = entry.kind == "truth.recorded";
    const bool is_finding = entry.kind == "finding.opened" && rules.contains(entry.rule);
    if ((!is_truth && !is_finding) || !assets.contains(entry.asset)) continue;
    lines.push_back(entry.text);
    last = entry.index;
  }
  return evidence_of(fmt::format("millwright get findings; {} events truth.recorded and "
                                 "finding.opened ({}) of its assets, audit entries 0 to {}",
                                 lines.size(), fmt::join(rules, ", "), last),
                     lines);
}

}  // namespace

outcomes::KpiValue measure_findings(KpiFrame frame, const Office& office,
                                    const catalog::UseCaseSpec& use_case,
                                    std::span<const std::string> assets,
                                    const std::map<std::string, Timestamp>& record_ends,
                                    const EventsUsed& events) {
  const auto& method = std::get<catalog::FindingShare>(frame.spec.method);
  std::set<std::string> rules;
  for (const auto& rule : use_case.findings) {
    if (method.finding.empty() || rule.name == method.finding) rules.insert(rule.name);
  }
  const std::set<std::string> wanted(assets.begin(), assets.end());
  frame.evidence = findings_evidence(events, wanted, rules);
  std::set<std::string> found;
  for (const auto& [id, finding] : office.findings().all()) {
    const auto end = record_ends.find(finding.key.asset);
    if (rules.contains(finding.key.rule) && (end == record_ends.end() || finding.at <= end->second))
      found.insert(finding.key.asset);
  }
  std::vector<outcomes::AssetTruth> truths;
  for (const auto& asset : wanted) {
    const auto known = office.truths().find(asset);
    if (known == office.truths().end() || known->second.kind != "remaining_life") continue;
    const auto value = in_unit(known->second.value, known->second.unit, method.truth_unit);
    if (!value) {
      return outcomes::not_measurable(
          frame,
          fmt::format("not measurable: the true remaining life of {} is in '{}', not in '{}'",
                      asset, known->second.unit, method.truth_unit));
    }
    truths.push_back({asset, *value, found.contains(asset)});
  }
  if (truths.size() < wanted.size()) {
    return outcomes::not_yet(frame, fmt::format("the true remaining life of {} of {} assets is not "
                                                "known yet",
                                                wanted.size() - truths.size(), wanted.size()));
  }
  return outcomes::measure_finding_share(frame, truths);
}

}  // namespace millwright::stewardship
