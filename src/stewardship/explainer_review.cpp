// The inputs of a review, from the office, the historian's account, and the use case as judged.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "stewardship/explainer_core.hpp"

namespace millwright::stewardship {
namespace {

using operations::Outcome;

std::set<std::string> rules_of(const catalog::UseCaseSpec& spec) {
  std::set<std::string> out;
  for (const auto& rule : spec.findings) out.insert(rule.name);
  return out;
}

WorkStatistics work_of(const Office& office, const JudgedUseCase& use_case,
                       const EventsUsed& events) {
  const std::set<std::string> assets(use_case.assets.begin(), use_case.assets.end());
  const auto rules = rules_of(use_case.spec);
  std::set<std::string> subjects;
  WorkStatistics out;
  for (const auto& [id, finding] : office.findings().all()) {
    if (!assets.contains(finding.key.asset) || !rules.contains(finding.key.rule)) continue;
    ++out.findings;
    subjects.insert("finding/" + id);
  }
  for (const auto& [id, order] : office.work_orders().all()) {
    if (!assets.contains(order.asset) || !rules.contains(order.rule)) continue;
    ++out.opened;
    subjects.insert("work-order/" + id);
    if (order.is_open()) {
      ++out.open;
      continue;
    }
    switch (order.verdict->outcome) {
      case Outcome::confirmed:
        ++out.confirmed;
        break;
      case Outcome::other_fault:
        ++out.other_fault;
        break;
      case Outcome::none_found:
        ++out.none_found;
        break;
      case Outcome::could_not_inspect:
        ++out.could_not_inspect;
        break;
    }
  }
  std::vector<std::string> lines;
  governance::EntryIndex last = 0;
  for (const auto& entry : events.entries()) {
    if (!subjects.contains(entry.subject)) continue;
    lines.push_back(entry.text);
    last = entry.index;
  }
  out.evidence = evidence_of(fmt::format("millwright get workorders; {} events of its findings and "
                                         "work orders, audit entries 0 to {}",
                                         lines.size(), last),
                             lines);
  return out;
}

Counted counted(const std::optional<operations::CountedShare>& share, const std::string& model,
                std::string_view what) {
  Counted out;
  if (share) {
    out.count = share->hits;
    out.of = share->n;
  }
  const std::vector<std::string> lines{
      fmt::format("{} {} {} of {}", model, what, out.count, out.of)};
  out.evidence = evidence_of("millwright get models", lines);
  return out;
}

/// What rollouts say of one bundle.
struct Running {
  std::uint64_t on = 0;
  std::string approved_by;
};

bool holds(const operations::Release& release, const Digest& bundle) {
  return std::ranges::any_of(release.manifest.artifacts, [&](const auto& artifact) {
    return artifact.kind == operations::ArtifactKind::model && artifact.sha256 == bundle;
  });
}

Running running_of(const Office& office, const Digest& bundle) {
  Running out;
  for (const auto& [id, rollout] : office.rollouts().all()) {
    const auto* release = office.releases().find(rollout.blueprint().release.digest);
    if (release == nullptr || !holds(*release, bundle)) continue;
    for (std::size_t wave = 0; wave < rollout.blueprint().waves.size(); ++wave) {
      out.on += rollout.counts(wave)[static_cast<std::size_t>(operations::TargetState::attested)];
    }
    if (rollout.approval()) out.approved_by = rollout.approval()->by;
  }
  return out;
}

std::string person_text(const Office& office, std::string by) {
  constexpr std::string_view prefix = "person/";
  if (by.starts_with(prefix)) by.erase(0, prefix.size());
  return by.empty() ? by : full_name(office, by);
}

ModelLine line_of(const Office& office, const std::string& name,
                  const models::ModelVersion& version, const Running& running,
                  const operations::ModelPerformance* known) {
  ModelLine line;
  line.name = name;
  line.version = version.version;
  line.digest = version.bundle.hex();
  line.trained_at = version.added_at;
  if (const auto declared = office.model(name))
    line.tier = std::string(catalog::name_of(declared->tier));
  if (const auto fact = office.model_fact(version.bundle)) {
    line.aliases = fmt::format("{}", fmt::join(fact->aliases, ", "));
    if (const auto* training = fact->card.find("training")) {
      line.data_hash = training->text_at("data_sha256");
      if (const auto at = parse_rfc3339(training->text_at("at"))) line.trained_at = *at;
      const auto* metrics = training->find("metrics");
      const auto* rmse = metrics == nullptr ? nullptr : metrics->find("cv_rmse");
      if (rmse != nullptr && rmse->is_number()) line.cv_rmse = rmse->number;
    }
    line.cv_unit = fact->card.text_at("target_unit");
  }
  const std::string text = models::version_text(name, version.version, version.bundle);
  line.precision = counted(known == nullptr ? std::nullopt : known->precision, text, "precision");
  line.recall = counted(known == nullptr ? std::nullopt : known->recall, text, "recall");
  line.approved_by = person_text(office, running.approved_by);
  line.running_on = running.on;
  return line;
}

/// Versions that an alias names, that run somewhere, or that made a finding.
std::vector<ModelLine> models_of(const Office& office, const catalog::UseCaseSpec& spec) {
  const auto performance = office.performance();
  std::vector<ModelLine> out;
  for (const auto& name : spec.models) {
    const auto* model = office.registry().find(name);
    if (model == nullptr) continue;
    for (const auto& version : model->versions) {
      const auto running = running_of(office, version.bundle);
      const auto known =
          performance.find(models::version_text(name, version.version, version.bundle));
      const auto* counts = known == performance.end() ? nullptr : &known->second;
      auto line = line_of(office, name, version, running, counts);
      const bool found = counts != nullptr && counts->findings > 0;
      if (!line.aliases.empty() || running.on > 0 || found) out.push_back(std::move(line));
    }
  }
  return out;
}

std::vector<ApprovalLine> approvals_of(const Office& office, const catalog::UseCaseSpec& spec) {
  std::vector<ApprovalLine> out;
  for (const auto& fact : office.approvals()) {
    const auto* rollout = office.rollouts().find(fact.statement.subject_name);
    if (fact.statement.subject_kind != "rollout" || rollout == nullptr) continue;
    const auto* release = office.releases().find(rollout->blueprint().release.digest);
    if (release == nullptr) continue;
    const bool of_these = std::ranges::any_of(release->manifest.artifacts, [&](const auto& one) {
      const auto owner = office.registry().owner(one.sha256);
      return owner && std::ranges::find(spec.models, owner->first) != spec.models.end();
    });
    if (!of_these) continue;
    ApprovalLine line;
    line.subject = "rollout/" + fact.statement.subject_name;
    line.digest = fact.statement.digest.hex();
    line.decision = std::string(governance::name_of(fact.statement.decision));
    line.by = full_name(office, fact.statement.by);
    line.at = fact.statement.at;
    line.expires = fact.statement.expires;
    out.push_back(std::move(line));
  }
  return out;
}

LedgerLine ledger_of(const Office& office, const historian::Historian& historian,
                     const std::vector<std::string>& assets) {
  const std::set<std::string, std::less<>> wanted(assets.begin(), assets.end());
  const auto declared = catalog::as_declared(office.resources());
  const catalog::Index index(declared);
  std::set<std::string> producers;
  for (const auto& binding : index.bindings()) {
    if (!wanted.contains(binding.asset)) continue;
    producers.insert(binding.address.site + "/" + binding.address.edge);
    const auto site = index.sites.find(binding.address.site);
    if (site != index.sites.end() && !site->second.spec.gateway.empty())
      producers.insert(binding.address.site + "/" + site->second.spec.gateway);
  }
  LedgerLine out;
  engine::Table rows;
  for (const char* name : {"producer", "incarnation", "sent", "stored", "lost", "unexplained"})
    rows.columns.push_back({name, ""});
  auto lines = historian.ledger();
  std::ranges::sort(lines, {}, [](const auto& line) {
    return std::pair(line.producer.text(), line.incarnation);
  });
  for (const auto& line : lines) {
    if (!producers.contains(line.producer.text())) continue;
    out.sent += line.sent;
    out.stored += line.stored;
    out.declared_lost += line.lost;
    out.unexplained += line.unexplained();
    rows.rows.push_back({line.producer.text(), line.incarnation, line.sent, line.stored, line.lost,
                         line.unexplained()});
  }
  std::string names;
  for (const auto& name : producers)
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
  out.evidence = evidence_of(
      fmt::format("SELECT producer, incarnation, sent, stored, lost, unexplained FROM ledger WHERE "
                  "producer IN ({}) ORDER BY producer, incarnation",
                  names.empty() ? "''" : names),
      rows);
  return out;
}

}  // namespace

Review Explainer::Core::review_of(const JudgedUseCase& use_case) {
  ReviewInputs in;
  in.use_case = use_case.name;
  in.spec = use_case.spec;
  in.spec.simulated = use_case.simulated;
  for (const auto& resource : office.resources()) {
    if (resource.key.kind == catalog::Kind::use_case && resource.key.name == use_case.name)
      in.spec_digest = catalog::digest_of(resource.spec).hex();
  }
  in.owner = full_name(office, use_case.spec.owner);
  in.sponsor =
      use_case.spec.sponsor.empty() ? std::string() : full_name(office, use_case.spec.sponsor);
  in.until = use_case.readiness.as_of;
  in.from = use_case.spec.baseline_from.value_or(use_case.first.value_or(in.until));
  in.generated = clock.utc_now();
  in.kpis = use_case.kpis;
  in.money = use_case.money;
  in.readiness = use_case.readiness;
  in.work = work_of(office, use_case, events);
  in.models = models_of(office, use_case.spec);
  in.approvals = approvals_of(office, use_case.spec);
  in.ledger = ledger_of(office, historian, use_case.assets);
  // Incidents are recorded nowhere; the review says so where they are absent.
  return stewardship::review(in);
}

}  // namespace millwright::stewardship
