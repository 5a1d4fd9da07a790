#include "stewardship/need_facts.hpp"

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "catalog/index.hpp"

namespace millwright::stewardship {
namespace {

using historian::SeriesNumber;
using outcomes::Need;

constexpr std::size_t needs_a_statement = 2'000;
/// Event times lie within; SQL reads the very ends of 64 bits wrongly.
constexpr Timestamp earliest{-4'000'000'000'000'000'000}, latest{4'000'000'000'000'000'000};

/// One series that may hold samples of a need.
struct Counted {
  std::size_t need = 0;
  SeriesNumber series;
  Timestamp since;  ///< of the place that binds it
  Timestamp until;  ///< inclusive
};

/// Assets whose devices end, with the declared end of a plant.
std::map<std::string, std::optional<Timestamp>> ended_assets(
    const std::vector<catalog::Resource>& resources) {
  const auto declared = catalog::as_declared(resources);
  const catalog::Index index(declared);
  std::map<std::string, std::optional<Timestamp>> out;
  for (const auto& device : index.device_instances) {
    const auto& spec = index.devices[device.entry].spec;
    const auto* plant = std::get_if<catalog::PlantDriver>(&spec.driver);
    if (plant != nullptr && !plant->end) continue;
    out[catalog::fill_key(spec.asset, device.key)] =
        plant != nullptr ? plant->end : std::optional<Timestamp>{};
  }
  return out;
}

std::string statement_of(std::span<const Counted> rows, const NeedPlan& plan) {
  std::string values;
  std::vector<SeriesNumber> numbers;
  for (const auto& row : rows) {
    const auto& window = plan.windows[row.need];
    values += fmt::format("{}({}::BIGINT, {}::UBIGINT, {}::BIGINT, {}::BIGINT, {}::BIGINT)",
                          values.empty() ? "" : ", ", row.need, row.series.value(), window.from.us,
                          row.since.us, std::min(row.until, window.until).us);
    numbers.push_back(row.series);
  }
  return fmt::format(
      "WITH w(need, series, window_from, since, until) AS (VALUES {}), "
      "s AS (SELECT w.need, epoch_us(c.ts) AS us, c.quality_code, w.window_from, "
      "lag(epoch_us(c.ts)) OVER (PARTITION BY w.need ORDER BY c.ts) AS previous "
      "FROM current c JOIN w ON w.series = c.series WHERE c.series IN ({}) "
      "AND epoch_us(c.ts) BETWEEN w.since AND w.until) "
      "SELECT need, min(us) AS first, count(*) FILTER (WHERE us > window_from) AS samples, "
      "count(*) FILTER (WHERE us > window_from AND quality_code < 16384) AS good, "
      "max(us - previous) FILTER (WHERE us > window_from) AS gap "
      "FROM s GROUP BY need ORDER BY need",
      values, list_of(numbers));
}

std::string site_of(const Need& need) {
  return need.places.empty() ? std::string() : need.places.front().address.site;
}

}  // namespace

NeedPlan plan_needs(const std::vector<catalog::Resource>& resources, std::span<const Need> needs,
                    const SeriesByName& series, const historian::Historian& historian,
                    Timestamp now) {
  const auto ended = ended_assets(resources);
  NeedPlan plan;
  plan.windows.resize(needs.size());
  std::vector<Counted> rows;
  std::map<std::string, Timestamp> asset_end, site_mark;
  std::optional<Timestamp> newest;
  const auto raise = [](std::map<std::string, Timestamp>& marks, const std::string& name,
                        Timestamp at) {
    const auto [it, is_new] = marks.try_emplace(name, at);
    if (!is_new) it->second = std::max(it->second, at);
  };
  for (std::size_t i = 0; i < needs.size(); ++i) {
    for (const auto& place : needs[i].places) {
      for (const auto* definition : series.find(place.address.text() + "/" + place.metric)) {
        const Timestamp since = place.from.value_or(earliest);
        const Timestamp until = place.until ? *place.until - Duration(1) : latest;
        rows.push_back({i, definition->number, since, until});
        const auto last = historian.last(definition->number);
        if (!last || last->sample.ts < since) continue;
        const Timestamp at = std::min(last->sample.ts, until);
        auto& known = plan.windows[i].last;
        known = known ? std::max(*known, at) : at;
        raise(asset_end, needs[i].asset, at);
        raise(site_mark, place.address.site, at);
        newest = newest ? std::max(*newest, at) : at;
      }
    }
  }
  plan.as_of = newest.value_or(now);
  plan.retrospective = !needs.empty();
  for (std::size_t i = 0; i < needs.size(); ++i) {
    auto& window = plan.windows[i];
    const auto end = ended.find(needs[i].asset);
    const auto mark = site_mark.find(site_of(needs[i]));
    const auto own = asset_end.find(needs[i].asset);
    window.retrospective = end != ended.end();
    plan.retrospective = plan.retrospective && window.retrospective;
    window.until = mark == site_mark.end() ? plan.as_of : mark->second;
    if (window.retrospective && end->second) {
      window.until = std::min(window.until, *end->second);
    } else if (window.retrospective && own != asset_end.end()) {
      window.until = own->second;
    }
    window.from = window.until - needs[i].window;
  }
  for (std::size_t at = 0; at < rows.size();) {
    std::size_t end = std::min(at + needs_a_statement, rows.size());
    while (end < rows.size() && rows[end].need == rows[end - 1].need) ++end;
    plan.statements.push_back(statement_of(std::span(rows).subspan(at, end - at), plan));
    at = end;
  }
  return plan;
}

std::vector<std::optional<outcomes::SignalFacts>> facts_of(
    const std::vector<catalog::Resource>& resources, std::span<const Need> needs,
    const NeedPlan& plan, std::span<const engine::Table> answers, std::optional<Timestamp>& first) {
  std::vector<std::optional<outcomes::SignalFacts>> out(needs.size());
  std::vector<std::optional<Timestamp>> begins(needs.size());
  std::map<std::string, Timestamp> asset_begin;
  for (const auto& table : answers) {
    for (const auto& row : table.rows) {
      const auto need = static_cast<std::size_t>(integer_of(row[0]).value_or(0));
      const Timestamp begin{integer_of(row[1]).value_or(0)};
      outcomes::SignalFacts facts;
      facts.last = plan.windows[need].last;
      facts.count = static_cast<std::uint64_t>(integer_of(row[2]).value_or(0));
      facts.good = static_cast<std::uint64_t>(integer_of(row[3]).value_or(0));
      facts.gap_max = Duration(integer_of(row[4]).value_or(0));
      if (facts.last)
        facts.gap_max = std::max(facts.gap_max, plan.windows[need].until - *facts.last);
      out[need] = facts;
      const auto [it, is_new] = asset_begin.try_emplace(needs[need].asset, begin);
      if (!is_new) it->second = std::min(it->second, begin);
      first = first ? std::min(*first, begin) : begin;
    }
  }
  for (std::size_t i = 0; i < needs.size(); ++i) {
    if (!out[i]) continue;
    const auto begin = asset_begin.find(needs[i].asset);
    out[i]->from = std::max(plan.windows[i].from, begin->second);
    out[i]->until = plan.windows[i].until;
    out[i]->calibration_known =
        needs[i].calibration &&
        outcomes::calibration_known(resources, needs[i].asset, needs[i].signal, out[i]->until);
  }
  return out;
}

}  // namespace millwright::stewardship
