#include <algorithm>

#include "base/format.hpp"
#include "catalog/describe_parts.hpp"
#include "catalog/table.hpp"

namespace millwright::catalog {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string use_case_parts(const Index& index, const UseCaseSpec& spec) {
  std::vector<std::vector<std::string>> rows{
      {"REQUIREMENT", "SIGNALS", "RATE", "COMPLETE", "GOOD", "CALIBRATION", "OWNER"}};
  for (const auto& wanted : spec.requirements) {
    rows.push_back({wanted.name, joined(wanted.signals), to_text(wanted.rate),
                    fmt::format("{:.4g} %", 100 * wanted.completeness),
                    fmt::format("{:.4g} %", 100 * wanted.quality),
                    wanted.calibration == CalibrationNeed::known ? "known" : "none", wanted.owner});
  }
  const auto assets = index.assets_of(spec.assets);
  std::string out =
      heading("Assets") +
      fmt::format("  {}{}\n", assets.size(),
                  assets.empty() ? std::string()
                                 : fmt::format(": {} to {}", assets.front(), assets.back()));
  out += heading("Data requirements") + indented(text_table(rows));
  if (!spec.value_per_unit) out += heading("Money") + "  not measurable: no valuePerUnit\n";
  return out;
}

std::string role_parts(const RoleSpec& spec) {
  std::vector<std::vector<std::string>> rows{
      {"OBJECT", "DECISION", "RESPONSIBLE", "ACCOUNTABLE", "CONSULTED", "INFORMED"}};
  for (const auto& rule : spec.rules) {
    rows.push_back({rule.object, rule.decision, joined(rule.responsible), joined(rule.accountable),
                    joined(rule.consulted), joined(rule.informed)});
  }
  return heading("Rules") + indented(text_table(rows));
}

/// When the model judges, and the pipelines that score with it.
std::string model_parts(const Index& index, const ModelSpec& spec) {
  std::string out;
  for (const auto& entry : index.pipelines) {
    const bool used = std::ranges::any_of(entry.spec.stages, [&](const StageSpec& stage) {
      const auto* score = std::get_if<ScoreStage>(&stage.parameters);
      return score != nullptr && score->model == spec.resource;
    });
    if (!used) continue;
    out += fmt::format("  Pipeline/{} of {}/{}\n", entry.spec.resource, entry.spec.site,
                       entry.spec.edge);
  }
  std::string scope;
  if (spec.scope) {
    scope = heading("Judges while") + fmt::format("  {}\n", spec.scope->text());
    if (spec.target && !spec.target->becomes.empty())
      scope += fmt::format("  learns from what ends in {}\n", joined(spec.target->becomes));
  }
  return scope + heading("Scores in") + (out.empty() ? "  none\n" : out);
}

std::string person_parts(const PersonSpec& spec) {
  if (!spec.public_key.empty()) return {};
  return heading("Approvals") +
         "  cannot approve: no publicKey; make one with 'millwright key "
         "new' and apply its public part\n";
}

}  // namespace

std::string heading(std::string_view title) {
  return fmt::format("\n{}:\n", title);
}

std::string indented(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += "  " + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string outcome_parts(const Index& index, const Resource& resource) {
  const auto& spec = resource.spec;
  switch (resource.key.kind) {
    case Kind::use_case:
      return use_case_parts(index, parse_use_case_spec(spec));
    case Kind::role:
      return role_parts(parse_role_spec(spec));
    case Kind::model:
      return model_parts(index, parse_model_spec(resource.key.name, spec));
    case Kind::person:
      return person_parts(parse_person_spec(spec));
    default:
      return {};
  }
}

}  // namespace millwright::catalog
