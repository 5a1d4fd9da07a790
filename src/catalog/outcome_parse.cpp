#include <algorithm>
#include <map>

#include "catalog/declaration.hpp"
#include "catalog/model_spec.hpp"
#include "catalog/outcome_spec.hpp"
#include "catalog/spec_read.hpp"

namespace millwright::catalog {
namespace {

DataRequirement requirement_of(const Node& node) {
  DataRequirement out;
  out.name = node.text_at("name");
  out.signals = texts_at(node, "signals");
  out.asset_type = node.text_at("assetType");
  out.rate = duration_at(node, "rate").value_or(out.rate);
  out.window = duration_at(node, "window").value_or(out.window);
  out.completeness = node.number_at("completeness", out.completeness);
  out.quality = node.number_at("quality", out.quality);
  out.calibration = enum_at(node, "calibration", choices::calibration, out.calibration);
  out.owner = node.text_at("owner");
  return out;
}

FindingRule finding_of(const Node& node) {
  FindingRule out;
  out.name = node.text_at("name");
  out.kind = enum_at(node, "rule", choices::finding_rule, out.kind);
  out.model = node.text_at("model");
  out.limit = node.number_at("limit", 0);
  out.scans = static_cast<std::uint32_t>(node.integer_at("scans", 1));
  out.severity = enum_at(node, "severity", choices::finding_severity, out.severity);
  out.title = node.text_at("title");
  return out;
}

Exposure exposure_of(const Node& method) {
  const auto& node = child(method, "exposure");
  return {node.text_at("signal"), texts_at(node, "is")};
}

TruthCondition condition_of(const Node& node) {
  return {enum_at(node, "comparison", choices::among, TruthComparison::at_most),
          node.number_at("value", 0)};
}

KpiMethod method_of(const Node& node) {
  const auto kind = node.text_at("kind");
  if (kind == "event_rate" || kind == "event_rate_change") {
    const auto& events = child(node, "events");
    return EventRate{kind == "event_rate_change", events.text_at("signal"),
                     texts_at(events, "becomes"), exposure_of(node)};
  }
  if (kind == "cost_rate") {
    return CostRate{child(node, "cost").text_at("signal"), exposure_of(node)};
  }
  FindingShare out;
  const auto& truth = child(node, "truth");
  out.truth_file = truth.text_at("file");
  out.truth_unit = truth.text_at("unit");
  out.among = condition_of(child(node, "among"));
  if (node.find("beside") != nullptr) out.beside = condition_of(child(node, "beside"));
  out.finding = node.text_at("finding");
  out.retrospective = node.boolean_at("retrospective", true);
  return out;
}

/// With its prefix: a bare name is that of a Person.
std::vector<std::string> parties_at(const Node& node, std::string_view key) {
  auto out = texts_at(node, key);
  for (auto& party : out) {
    if (!party.contains('/')) party.insert(0, "person/");
  }
  return out;
}

}  // namespace

UseCaseSpec parse_use_case_spec(const Node& spec) {
  UseCaseSpec out;
  out.title = spec.text_at("title");
  out.outcome = spec.text_at("outcome");
  out.description = spec.text_at("description");
  out.stage = enum_at(spec, "stage", choices::maturity, out.stage);
  out.owner = spec.text_at("owner");
  out.sponsor = spec.text_at("sponsor");
  out.kpis = texts_at(spec, "kpis");
  out.models = texts_at(spec, "models");
  const auto& review = child(spec, "review");
  out.cadence = enum_at(review, "cadence", choices::cadence, out.cadence);
  out.first_review = timestamp_at(review, "first").value_or(Timestamp{});
  const auto& assets = child(spec, "assets");
  out.assets = {assets.text_at("type"), text_map_at(assets, "labels"), texts_at(assets, "sites")};
  for (const auto& item : child(spec, "dataRequirements").items) {
    out.requirements.push_back(requirement_of(item));
  }
  for (const auto& item : child(spec, "findings").items) out.findings.push_back(finding_of(item));
  if (spec.find("valuePerUnit") != nullptr) {
    const auto& value = child(spec, "valuePerUnit");
    out.value_per_unit = ValuePerUnit{value.text_at("kpi"), value.number_at("amount", 0),
                                      value.text_at("currency"), value.text_at("source")};
    if (out.value_per_unit->kpi.empty() && !out.kpis.empty()) {
      out.value_per_unit->kpi = out.kpis.front();
    }
  }
  const auto& baseline = child(spec, "baseline");
  out.baseline_from = timestamp_at(baseline, "from");
  out.baseline_until = timestamp_at(baseline, "until");
  out.simulated = spec.boolean_at("simulated", false);
  return out;
}

KpiSpec parse_kpi_spec(const Node& spec) {
  KpiSpec out;
  out.title = spec.text_at("title");
  out.description = spec.text_at("description");
  out.unit = spec.text_at("unit");
  out.direction = enum_at(spec, "direction", choices::direction, out.direction);
  const auto& target = child(spec, "target");
  out.target = {target.text_at("kind") == "change", target.number_at("value", 0),
                target.text_at("unit"), timestamp_at(target, "date").value_or(Timestamp{})};
  if (spec.find("baseline") != nullptr) {
    const auto& baseline = child(spec, "baseline");
    out.baseline =
        KpiBaseline{baseline.text_at("kind") == "measured", baseline.number_at("value", 0),
                    baseline.text_at("unit"), baseline.text_at("source")};
  }
  out.level = spec.number_at("level", out.level);
  out.method = method_of(child(spec, "method"));
  return out;
}

RoleSpec parse_role_spec(const Node& spec) {
  RoleSpec out;
  out.title = spec.text_at("title");
  for (const auto& item : child(spec, "rules").items) {
    out.rules.push_back({item.text_at("object"), item.text_at("decision"),
                         parties_at(item, "responsible"), parties_at(item, "accountable"),
                         parties_at(item, "consulted"), parties_at(item, "informed")});
  }
  return out;
}

std::string snake_case(std::string_view kind) {
  std::string out;
  for (const char c : kind) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out += '_';
    out += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::vector<RaciRule> raci_rules(const std::vector<RoleSpec>& roles) {
  std::map<std::pair<std::string, std::string>, RaciRule> merged;
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const auto& party : from) {
      if (std::ranges::find(to, party) == to.end()) to.push_back(party);
    }
  };
  for (const auto& role : roles) {
    for (const auto& rule : role.rules) {
      auto& one = merged[{snake_case(rule.object), rule.decision}];
      one.object = snake_case(rule.object);
      one.decision = rule.decision;
      add(one.responsible, rule.responsible);
      add(one.accountable, rule.accountable);
      add(one.consulted, rule.consulted);
      add(one.informed, rule.informed);
    }
  }
  std::vector<RaciRule> out;
  for (auto& [key, rule] : merged) out.push_back(std::move(rule));
  return out;
}

ModelSpec parse_model_spec(std::string_view name, const Node& spec) {
  ModelSpec out;
  out.resource = name;
  out.title = spec.text_at("title");
  out.tier = enum_at(spec, "tier", choices::tier, out.tier);
  out.algorithm = enum_at(spec, "algorithm", choices::algorithm, out.algorithm);
  out.asset_type = spec.text_at("assetType");
  out.inputs = texts_at(spec, "inputs");
  const auto& features = child(spec, "features");
  if (features.find("windows") != nullptr) out.features.windows = counts_at(features, "windows");
  if (features.find("functions") != nullptr) {
    out.features.functions.clear();
    for (const auto& text : texts_at(features, "functions")) {
      for (std::size_t i = 0; i < std::size(choices::feature); ++i) {
        if (choices::feature[i] == text) {
          out.features.functions.push_back(static_cast<Feature>(i));
        }
      }
    }
  }
  out.features.age = features.boolean_at("age", false);
  if (spec.find("while") != nullptr) {
    const auto& scope = child(spec, "while");
    out.scope = ontology::StateScope{scope.text_at("signal"), texts_at(scope, "is")};
  }
  if (spec.find("target") != nullptr) {
    const auto& target = child(spec, "target");
    out.target = RemainingLife{target.text_at("unit"), optional_number(target, "clip"),
                               texts_at(target, "becomes")};
  }
  const auto& training = child(spec, "training");
  out.training.labels = text_map_at(training, "labels");
  out.training.seed = static_cast<std::uint64_t>(training.integer_at("seed", 1));
  out.training.folds = static_cast<std::uint32_t>(training.integer_at("folds", 5));
  if (const auto* healthy = training.find("healthyScans"); healthy != nullptr) {
    out.training.healthy_scans = static_cast<std::uint32_t>(healthy->integer);
  }
  const auto& grid = child(training, "grid");
  out.training.grid = {counts_at(grid, "rounds"),   counts_at(grid, "depth"),
                       numbers_at(grid, "eta"),     numbers_at(grid, "subsample"),
                       numbers_at(grid, "columns"), numbers_at(grid, "minChildWeight")};
  out.alpha = spec.number_at("alpha", out.alpha);
  out.variance = spec.number_at("variance", out.variance);
  return out;
}

std::string_view name_of(Maturity stage) {
  return choices::maturity[static_cast<std::size_t>(stage)];
}
std::string_view name_of(Cadence cadence) {
  return choices::cadence[static_cast<std::size_t>(cadence)];
}
std::string_view name_of(Direction direction) {
  return choices::direction[static_cast<std::size_t>(direction)];
}
std::string_view name_of(FindingRuleKind kind) {
  return choices::finding_rule[static_cast<std::size_t>(kind)];
}
std::string_view name_of(FindingSeverity severity) {
  return choices::finding_severity[static_cast<std::size_t>(severity)];
}
std::string_view name_of(const KpiMethod& method) {
  if (std::holds_alternative<FindingShare>(method)) return "finding_share";
  if (std::holds_alternative<CostRate>(method)) return "cost_rate";
  return std::get<EventRate>(method).change ? "event_rate_change" : "event_rate";
}
std::string_view name_of(Tier tier) {
  return choices::tier[static_cast<std::size_t>(tier)];
}
std::string_view name_of(Algorithm algorithm) {
  return choices::algorithm[static_cast<std::size_t>(algorithm)];
}
std::string_view name_of(Feature feature) {
  return choices::feature[static_cast<std::size_t>(feature)];
}

}  // namespace millwright::catalog
