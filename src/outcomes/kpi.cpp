#include "outcomes/kpi.hpp"

#include <algorithm>
#include <cmath>

#include "base/format.hpp"
#include "ontology/unit.hpp"

namespace millwright::outcomes {
namespace {

using catalog::Node;
using statistics::Count;

/// `value` of unit `from` in unit `to`; unchanged when the units cannot be compared, which the
/// catalog refuses.
double in_unit(double value, std::string_view from_code, std::string_view to_code) {
  const auto from = ontology::parse_unit(from_code), to = ontology::parse_unit(to_code);
  if (!from || !to) return value;
  return ontology::convert(value, *from, *to).value_or(value);
}

std::string percent(double level) {
  return fmt::format("{:.4g} %", 100 * level);
}

KpiValue framed(const KpiFrame& frame) {
  KpiValue out;
  out.name = frame.name;
  out.title = frame.spec.title;
  out.unit = frame.spec.unit;
  out.direction = frame.spec.direction;
  out.target = frame.spec.target;
  if (frame.spec.baseline && !frame.spec.baseline->measured) {
    out.baseline = in_unit(frame.spec.baseline->value, frame.spec.baseline->unit, out.unit);
  }
  out.level = frame.spec.level;
  out.simulated = frame.simulated;
  out.as_of = frame.as_of;
  out.evidence = frame.evidence;
  if (const auto* share = std::get_if<catalog::FindingShare>(&frame.spec.method)) {
    out.retrospective = share->retrospective;
  }
  return out;
}

KpiValue unmeasured(const KpiFrame& frame, KpiState state, std::string reason) {
  auto out = framed(frame);
  out.state = state;
  out.reason = std::move(reason);
  return out;
}

Interval scaled(Interval interval, double factor) {
  return {interval.low * factor, interval.high * factor};
}

Interval share_interval(const Share& share, double level) {
  return statistics::binomial_interval(share.with_finding, share.assets, level)
      .value_or(Interval{0, 1});
}

double share_of(const Share& share) {
  return static_cast<double>(share.with_finding) / static_cast<double>(share.assets);
}

/// The target as a number in the unit of the KPI; of a relative one by the baseline.
std::optional<double> target_in_unit(const KpiValue& kpi) {
  if (!kpi.target.relative) return in_unit(kpi.target.value, kpi.target.unit, kpi.unit);
  if (!kpi.baseline) return std::nullopt;
  return *kpi.baseline * (1 + in_unit(kpi.target.value, kpi.target.unit, "1"));
}

/// The ratio of rates that the target promises.
std::optional<double> ratio_wanted(const KpiFrame& frame) {
  const double change = in_unit(frame.spec.target.value, frame.spec.target.unit, "1");
  return change > -1 ? std::optional(1 + change) : std::nullopt;
}

Node number_or_null(double value) {
  return std::isfinite(value) ? Node::make_number(value) : Node{};
}

void add_value(Node& out, double value, Interval interval) {
  out.add("value", number_or_null(value));
  out.add("low", number_or_null(interval.low));
  out.add("high", number_or_null(interval.high));
}

Node beside_node(const std::vector<Beside>& beside) {
  Node out = Node::make_list();
  for (const auto& other : beside) {
    Node item = Node::make_map();
    item.add("title", Node::make_text(other.title));
    add_value(item, other.value, other.interval);
    item.add("count", Node::make_integer(static_cast<std::int64_t>(other.count)));
    item.add("n", Node::make_integer(static_cast<std::int64_t>(other.n)));
    item.add("unit", Node::make_text(other.unit));
    out.items.push_back(std::move(item));
  }
  return out;
}

Node series_node(const std::vector<KpiPoint>& series) {
  Node out = Node::make_list();
  for (const auto& point : series) {
    Node item = Node::make_map();
    item.add("t", Node::make_text(to_rfc3339(point.at)));
    add_value(item, point.value, point.interval);
    out.items.push_back(std::move(item));
  }
  return out;
}

}  // namespace

std::string_view name_of(KpiState state) {
  switch (state) {
    case KpiState::measured:
      return "measured";
    case KpiState::not_measurable:
      return "not_measurable";
    case KpiState::not_yet:
      return "not_yet";
  }
  return "unknown";
}

std::string_view name_of(TargetState state) {
  switch (state) {
    case TargetState::unknown:
      return "unknown";
    case TargetState::reached:
      return "reached";
    case TargetState::missed:
      return "missed";
    case TargetState::open:
      return "open";
  }
  return "unknown";
}

TargetState KpiValue::target_state() const {
  const auto wanted = target_in_unit(*this);
  if (state != KpiState::measured || !wanted) return TargetState::unknown;
  const bool up = direction == catalog::Direction::up;
  if (up ? interval.low >= *wanted : interval.high <= *wanted) return TargetState::reached;
  if (up ? interval.high < *wanted : interval.low > *wanted) return TargetState::missed;
  return TargetState::open;
}

Node KpiValue::node() const {
  const bool known = state == KpiState::measured;
  Node out = Node::make_map();
  out.add("name", Node::make_text(name));
  out.add("title", Node::make_text(title));
  out.add("unit", Node::make_text(unit));
  out.add("direction", Node::make_text(catalog::name_of(direction)));
  const auto wanted = target_in_unit(*this);
  out.add("target", wanted ? Node::make_number(*wanted) : Node{});
  out.add("target_declared",
          Node::make_text(fmt::format("{} {}{}", target.value, target.unit,
                                      target.relative ? " against the baseline" : "")));
  out.add("target_date", Node::make_text(to_rfc3339(target.date)));
  out.add("target_state", Node::make_text(name_of(target_state())));
  out.add("baseline", baseline ? number_or_null(*baseline) : Node{});
  out.add("state", Node::make_text(name_of(state)));
  out.add("reason", Node::make_text(reason));
  const double none = std::nan("");
  add_value(out, known ? value : none, known ? interval : Interval{none, none});
  out.add("level", Node::make_number(level));
  out.add("n", Node::make_integer(static_cast<std::int64_t>(n)));
  out.add("retrospective", Node::make_boolean(retrospective));
  out.add("simulated", Node::make_boolean(simulated));
  out.add("as_of", Node::make_text(to_rfc3339(as_of)));
  out.add("method", Node::make_text(method));
  out.add("beside", beside_node(beside));
  out.add("power", power ? Node::make_number(*power) : Node{});
  out.add("series", series_node(series));
  out.add("query", Node::make_text(evidence.query));
  out.add("data_digest", Node::make_text(evidence.data_digest));
  return out;
}

KpiValue not_measurable(const KpiFrame& frame, std::string reason) {
  return unmeasured(frame, KpiState::not_measurable, std::move(reason));
}

KpiValue not_yet(const KpiFrame& frame, std::string reason) {
  return unmeasured(frame, KpiState::not_yet, std::move(reason));
}

KpiValue measure_share(const KpiFrame& frame, Share among,
                       const std::optional<std::pair<std::string, Share>>& others) {
  if (among.assets == 0) return not_yet(frame, "no asset meets the condition");
  auto out = framed(frame);
  const double factor = in_unit(1, "1", out.unit);
  out.state = KpiState::measured;
  out.value = share_of(among) * factor;
  out.interval = scaled(share_interval(among, out.level), factor);
  out.n = among.assets;
  out.method = fmt::format("{} of {} assets; exact binomial interval at {} (Clopper and Pearson)",
                           among.with_finding, among.assets, percent(out.level));
  if (others && others->second.assets > 0) {
    const auto& share = others->second;
    out.beside.push_back({others->first, share_of(share) * factor,
                          scaled(share_interval(share, out.level), factor), share.with_finding,
                          share.assets, out.unit});
  }
  return out;
}

Share count_share(const std::vector<AssetTruth>& assets, const catalog::TruthCondition& condition) {
  Share out;
  for (const auto& asset : assets) {
    if (!condition.meets(asset.truth)) continue;
    ++out.assets;
    if (asset.finding) ++out.with_finding;
  }
  return out;
}

KpiValue measure_finding_share(const KpiFrame& frame, const std::vector<AssetTruth>& assets) {
  const auto* method = std::get_if<catalog::FindingShare>(&frame.spec.method);
  if (method == nullptr) return not_measurable(frame, "the KPI is not a share of findings");
  std::optional<std::pair<std::string, Share>> others;
  if (method->beside) {
    const bool above = method->beside->comparison == catalog::TruthComparison::above;
    others.emplace(
        fmt::format("Share with a finding among those {} {:.6g} {}", above ? "above" : "at most",
                    method->beside->limit, method->truth_unit),
        count_share(assets, *method->beside));
  }
  return measure_share(frame, count_share(assets, method->among), others);
}

KpiValue measure_rate(const KpiFrame& frame, Count count) {
  if (!(count.exposure > 0)) return not_yet(frame, "no time at risk so far");
  auto out = framed(frame);
  const double factor = in_unit(1, "/d", out.unit);
  out.state = KpiState::measured;
  out.value = static_cast<double>(count.events) / count.exposure * factor;
  out.interval = scaled(statistics::rate_interval(count.events, count.exposure, out.level), factor);
  out.n = count.events;
  out.method = fmt::format("{} events in {:.6g} d; exact Poisson interval at {} (Garwood)",
                           count.events, count.exposure, percent(out.level));
  return out;
}

KpiValue measure_rate_change(const KpiFrame& frame, Count before, Count after) {
  if (!(before.exposure > 0)) return not_yet(frame, "the baseline period has no time at risk");
  if (before.events == 0) return not_yet(frame, "no event in the baseline period");
  if (!(after.exposure > 0)) return not_yet(frame, "no time at risk after the intervention");
  auto out = framed(frame);
  const double factor = in_unit(1, "1", out.unit);
  const auto ratio = statistics::rate_ratio(before, after, out.level);
  out.state = KpiState::measured;
  out.value = (ratio.value - 1) * factor;
  out.interval = {(ratio.interval.low - 1) * factor, (ratio.interval.high - 1) * factor};
  out.n = before.events + after.events;
  out.baseline = 0;
  out.method = fmt::format(
      "{} events in {:.6g} d before, {} in {:.6g} d after; rate ratio {:.4g}, exact conditional "
      "interval at {}",
      before.events, before.exposure, after.events, after.exposure, ratio.value,
      percent(out.level));
  const auto rate = [&](std::string_view title, Count count) {
    out.beside.push_back({std::string(title), static_cast<double>(count.events) / count.exposure,
                          statistics::rate_interval(count.events, count.exposure, out.level),
                          count.events, count.events, "/d"});
  };
  rate("Rate before", before);
  rate("Rate after", after);
  if (const auto wanted = ratio_wanted(frame)) {
    out.power = statistics::power(
        {static_cast<double>(before.events), before.exposure, after.exposure, *wanted, out.level});
  }
  return out;
}

KpiValue measure_cost_rate(const KpiFrame& frame, const std::vector<statistics::Amount>& assets) {
  std::vector<statistics::Amount> exposed;
  for (const auto& asset : assets) {
    if (asset.exposure > 0) exposed.push_back(asset);
  }
  if (exposed.size() < 2) {
    return not_yet(frame, fmt::format("{} asset{} with time at risk, an interval needs two",
                                      exposed.size(), exposed.size() == 1 ? "" : "s"));
  }
  // No amount has no spread: [0, 0] would claim what a short time cannot show.
  if (std::ranges::all_of(exposed, [](const auto& asset) { return asset.amount == 0; })) {
    return not_yet(frame, fmt::format("no cost was seen at {} assets so far", exposed.size()));
  }
  auto out = framed(frame);
  const double factor = in_unit(1, "/d", out.unit);
  const auto ratio = statistics::ratio_of_sums(exposed, out.level);
  out.state = KpiState::measured;
  out.value = ratio.value * factor;
  out.interval = scaled(ratio.interval, factor);
  out.n = exposed.size();
  out.method = fmt::format("sum over {} assets; approximate interval at {} (ratio of sums, t)",
                           exposed.size(), percent(out.level));
  return out;
}

Money money_not_measurable(std::string reason) {
  Money out;
  out.reason = std::move(reason);
  return out;
}

std::optional<std::string> money_obstacle(const catalog::UseCaseSpec& use_case,
                                          const catalog::KpiSpec* valued) {
  if (!use_case.value_per_unit) return "no value per unit is declared";
  const auto* rate = valued != nullptr ? std::get_if<catalog::EventRate>(&valued->method) : nullptr;
  if (rate != nullptr && rate->change) return std::nullopt;
  return fmt::format("KPI '{}' compares nothing before with anything after",
                     use_case.value_per_unit->kpi);
}

Money money_of(const KpiValue& change, Count before, Count after,
               const std::optional<catalog::ValuePerUnit>& worth) {
  if (!worth) return money_not_measurable("no value per unit is declared");
  Money out;
  out.currency = worth->currency;
  out.simulated = change.simulated;
  out.evidence = change.evidence;
  if (change.state != KpiState::measured) {
    out.state = change.state;
    out.reason = change.reason;
    return out;
  }
  // The ratio's uncertainty is carried over with the rate before as it was seen.
  const double expected =
      static_cast<double>(before.events) / before.exposure * after.exposure * worth->amount;
  const auto saved = [&](double percent_or_share) {
    return -expected * in_unit(percent_or_share, change.unit, "1");
  };
  out.state = KpiState::measured;
  out.value = saved(change.value);
  out.interval = {saved(change.interval.high), saved(change.interval.low)};
  return out;
}

Node Money::node() const {
  const bool known = state == KpiState::measured;
  const double none = std::nan("");
  Node out = Node::make_map();
  out.add("state", Node::make_text(name_of(state)));
  out.add("reason", Node::make_text(reason));
  out.add("currency", Node::make_text(currency));
  add_value(out, known ? value : none, known ? interval : Interval{none, none});
  out.add("simulated", Node::make_boolean(simulated));
  out.add("query", Node::make_text(evidence.query));
  out.add("data_digest", Node::make_text(evidence.data_digest));
  return out;
}

}  // namespace millwright::outcomes
