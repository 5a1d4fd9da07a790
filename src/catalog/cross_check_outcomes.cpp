// Checks of use cases and KPIs.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/format.hpp"
#include "catalog/cross_check_parts.hpp"
#include "ontology/unit.hpp"

namespace millwright::catalog {
namespace {

using References = std::vector<std::pair<std::string, std::string>>;  // path, name

void check_references(const Declared& declared, Kind kind, const Names& known,
                      const References& references, Reporter& report) {
  for (const auto& [path, name] : references) report.reference(declared, path, kind, name, known);
}

References listed(std::string_view path, const std::vector<std::string>& names) {
  References out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.emplace_back(fmt::format("{}[{}]", path, i), names[i]);
  }
  return out;
}

/// `name` is a signal of the type, told with the nearest one.
void check_signal_of(const Declared& declared, const std::string& path, const std::string& name,
                     const std::string& type, const Index& index, std::string_view what,
                     Reporter& report) {
  if (name.empty() || !index.types.contains(type)) return;
  const auto signals = index.signals_of_type(type);
  if (std::ranges::find(signals, name, &SignalSpec::name) != signals.end()) return;
  std::vector<std::string_view> names;
  for (const auto& signal : signals) names.push_back(signal.name);
  report.add(declared, path, fmt::format("{}AssetType '{}' has no signal '{}'", what, type, name),
             "a signal of the asset type", std::string(nearest_name(name, names)), {});
}

void check_requirements(const Entry<UseCaseSpec>& entry, const Index& index,
                        const NameTables& names, Reporter& report) {
  const auto& declared = *entry.declared;
  const auto& spec = entry.spec;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.requirements.size(); ++i) {
    const auto& wanted = spec.requirements[i];
    const auto path = fmt::format("dataRequirements[{}]", i);
    if (!seen.insert(wanted.name).second) {
      report.add(declared, path + ".name",
                 fmt::format("requirement '{}' stands twice", wanted.name), "one of each name", {},
                 "rename or remove it");
    }
    report.reference(declared, path + ".owner", Kind::person, wanted.owner, names.persons);
    report.reference(declared, path + ".assetType", Kind::asset_type, wanted.asset_type,
                     names.types);
    for (const auto& [key, length] :
         {std::pair{"rate", wanted.rate}, std::pair{"window", wanted.window}}) {
      if (length.count() > 0) continue;
      report.add(declared, fmt::format("{}.{}", path, key), "a duration of nothing",
                 "a duration above 0", {}, {});
    }
    if (wanted.rate > wanted.window) {
      report.add(declared, path + ".window", "shorter than the rate", "at least the rate", {},
                 fmt::format("write {} or longer", to_text(wanted.rate)));
    }
    const auto& type = wanted.asset_type.empty() ? spec.assets.type : wanted.asset_type;
    for (std::size_t j = 0; j < wanted.signals.size(); ++j) {
      check_signal_of(declared, fmt::format("{}.signals[{}]", path, j), wanted.signals[j], type,
                      index, "", report);
    }
  }
}

void check_finding_rules(const Entry<UseCaseSpec>& entry, const Index& index,
                         const NameTables& names, Reporter& report) {
  const auto& declared = *entry.declared;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < entry.spec.findings.size(); ++i) {
    const auto& rule = entry.spec.findings[i];
    const auto path = fmt::format("findings[{}]", i);
    if (!seen.insert(rule.name).second) {
      report.add(declared, path + ".name", fmt::format("finding '{}' stands twice", rule.name),
                 "one of each name", {}, "rename or remove it");
    }
    const bool scored = rule.kind != FindingRuleKind::rul_below;
    if (scored && (rule.limit < 0 || rule.limit > 1)) {
      report.add(declared, path + ".limit", fmt::format("{} is out of bounds", rule.limit),
                 "a number from 0 to 1", {}, {});
    }
    if (rule.kind == FindingRuleKind::health_below) {
      if (!rule.model.empty()) {
        report.add(declared, path + ".model", "health is fused of several models", "no model", {},
                   "remove it");
      }
      continue;
    }
    if (rule.model.empty()) {
      report.add(declared, path + ".model", "'model' is missing", "the model whose verdict it is",
                 {}, "add 'model:'");
      continue;
    }
    report.reference(declared, path + ".model", Kind::model, rule.model, names.models);
    const auto model = index.models.find(rule.model);
    if (model == index.models.end()) continue;
    const auto wanted = scored ? Algorithm::pca : Algorithm::gradient_boosting;
    if (model->second.spec.algorithm != wanted) {
      report.add(declared, path + ".model",
                 fmt::format("Model '{}' is {}, which gives no {}", rule.model,
                             name_of(model->second.spec.algorithm),
                             scored ? "anomaly score" : "remaining life"),
                 fmt::format("a model of algorithm {}", name_of(wanted)), {}, {});
    }
  }
}

/// Signals and findings that the KPIs speak of are those of the use case.
void check_kpi_use(const Entry<UseCaseSpec>& entry, const Index& index, Reporter& report) {
  const auto& spec = entry.spec;
  for (std::size_t i = 0; i < spec.kpis.size(); ++i) {
    const auto found = index.kpis.find(spec.kpis[i]);
    if (found == index.kpis.end()) continue;
    const auto path = fmt::format("kpis[{}]", i);
    const auto what = fmt::format("Kpi '{}': ", spec.kpis[i]);
    const auto signal = [&](const std::string& name) {
      check_signal_of(*entry.declared, path, name, spec.assets.type, index, what, report);
    };
    const auto& method = found->second.spec.method;
    if (const auto* rate = std::get_if<EventRate>(&method)) {
      signal(rate->signal);
      if (rate->exposure.signal != rate->signal) signal(rate->exposure.signal);
    } else if (const auto* cost = std::get_if<CostRate>(&method)) {
      signal(cost->signal);
      signal(cost->exposure.signal);
    } else if (const auto& share = std::get<FindingShare>(method); !share.finding.empty()) {
      std::vector<std::string_view> rules;
      for (const auto& rule : spec.findings) rules.push_back(rule.name);
      if (std::ranges::find(rules, share.finding) == rules.end()) {
        report.add(
            *entry.declared, path, fmt::format("{}no finding is called '{}'", what, share.finding),
            "a finding of the use case", std::string(nearest_name(share.finding, rules)), {});
      }
    }
  }
}

void check_value(const Entry<UseCaseSpec>& entry, Reporter& report) {
  const auto& spec = entry.spec;
  if (!spec.value_per_unit) return;
  if (std::ranges::find(spec.kpis, spec.value_per_unit->kpi) != spec.kpis.end()) return;
  const std::vector<std::string_view> kpis(spec.kpis.begin(), spec.kpis.end());
  report.add(*entry.declared, "valuePerUnit.kpi",
             fmt::format("the use case has no Kpi '{}'", spec.value_per_unit->kpi),
             "one of its kpis", std::string(nearest_name(spec.value_per_unit->kpi, kpis)), {});
}

/// The unit that a KPI of this method has.
std::string_view natural_unit(const KpiMethod& method) {
  if (std::holds_alternative<CostRate>(method)) return "/d";
  const auto* rate = std::get_if<EventRate>(&method);
  return rate != nullptr && !rate->change ? "/d" : "%";
}

void check_target(const Entry<KpiSpec>& entry, Reporter& report) {
  const auto& spec = entry.spec;
  const auto& declared = *entry.declared;
  const auto of = fmt::format("Kpi '{}'", declared.resource.key.name);
  if (spec.target.relative) {
    check_commensurable(declared, "target.unit", spec.target.unit, "%", "a change", report);
    if (!spec.baseline) {
      report.add(declared, "baseline", "a change against no baseline", "a baseline", {},
                 "add 'baseline: {kind: measured}', or give the target as a value");
    }
  } else {
    check_commensurable(declared, "target.unit", spec.target.unit, spec.unit, of, report);
  }
  if (spec.baseline && !spec.baseline->measured) {
    check_commensurable(declared, "baseline.unit", spec.baseline->unit, spec.unit, of, report);
  }
}

/// A target on the wrong side of its baseline.
void check_direction(const Entry<KpiSpec>& entry, Reporter& report) {
  const auto& spec = entry.spec;
  const double sign = spec.direction == Direction::up ? 1 : -1;
  const auto* rate = std::get_if<EventRate>(&spec.method);
  const bool change = spec.target.relative || (rate != nullptr && rate->change);
  std::optional<double> from;
  if (change) {
    from = 0;
  } else if (spec.baseline && !spec.baseline->measured) {
    const auto unit = ontology::parse_unit(spec.baseline->unit);
    const auto wanted = ontology::parse_unit(spec.target.unit);
    if (!unit || !wanted || !commensurable(*unit, *wanted)) return;
    from = *convert(spec.baseline->value, *unit, *wanted);
  }
  if (!from || (spec.target.value - *from) * sign > 0) return;
  report.add(*entry.declared, "target.value",
             fmt::format("{} is no improvement on {}", spec.target.value, *from),
             fmt::format("a value {} it: direction is {}", sign > 0 ? "above" : "below",
                         name_of(spec.direction)),
             {}, change ? "a fall is negative" : "");
}

}  // namespace

void check_use_case(const Entry<UseCaseSpec>& entry, const Index& index, const NameTables& names,
                    Reporter& report) {
  const auto& declared = *entry.declared;
  const auto& spec = entry.spec;
  check_references(declared, Kind::person, names.persons,
                   {{"owner", spec.owner}, {"sponsor", spec.sponsor}}, report);
  check_references(declared, Kind::kpi, names.kpis, listed("kpis", spec.kpis), report);
  check_references(declared, Kind::model, names.models, listed("models", spec.models), report);
  check_references(declared, Kind::asset_type, names.types, {{"assets.type", spec.assets.type}},
                   report);
  check_references(declared, Kind::site, names.sites, listed("assets.sites", spec.assets.sites),
                   report);
  if (index.types.contains(spec.assets.type) && index.assets_of(spec.assets).empty()) {
    report.add(declared, "assets", "no asset is selected", "a type, labels and sites of assets", {},
               {});
  }
  if (spec.kpis.empty()) {
    report.add(declared, "kpis", "no KPI", "at least one Kpi", {},
               "declare how the outcome is told from its absence");
  }
  check_requirements(entry, index, names, report);
  check_finding_rules(entry, index, names, report);
  check_kpi_use(entry, index, report);
  check_value(entry, report);
  if (spec.baseline_from && spec.baseline_until && *spec.baseline_until <= *spec.baseline_from) {
    report.add(declared, "baseline.until", "ends before it begins", "a time after 'from'", {}, {});
  }
}

void check_kpi(const Entry<KpiSpec>& entry, Reporter& report) {
  const auto& spec = entry.spec;
  const auto& declared = *entry.declared;
  check_commensurable(declared, "unit", spec.unit, std::string(natural_unit(spec.method)),
                      fmt::format("method {}", name_of(spec.method)), report);
  check_target(entry, report);
  check_direction(entry, report);
  if (const auto* rate = std::get_if<EventRate>(&spec.method); rate != nullptr && rate->change) {
    if (spec.baseline ? !spec.baseline->measured : !spec.target.relative) {
      report.add(declared, "baseline", "a change of a rate whose baseline is not measured",
                 "baseline: {kind: measured}", {}, {});
    }
  }
}

}  // namespace millwright::catalog
