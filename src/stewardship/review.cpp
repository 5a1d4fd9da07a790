#include "stewardship/review.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/format.hpp"

namespace millwright::stewardship {
namespace {

using outcomes::KpiState;
using outcomes::KpiValue;
using outcomes::TargetState;

std::string text_of(Timestamp time) {
  return to_rfc3339(time);
}

std::string number(double value) {
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  constexpr double whole_from = 1e4, whole_until = 1e15;
  const double size = std::abs(value);
  return size >= whole_from && size < whole_until ? fmt::format("{:.0f}", value)
                                                  : fmt::format("{:.4g}", value);
}

Figure unknown(std::string label, std::string why) {
  Figure out;
  out.label = std::move(label);
  out.note = std::move(why);
  return out;
}

Figure counted(std::string label, std::uint64_t count, std::string unit, const Evidence& evidence) {
  Figure out;
  out.label = std::move(label);
  out.kind = Figure::Kind::count;
  out.value = static_cast<double>(count);
  out.unit = std::move(unit);
  out.n = count;
  out.evidence = evidence;
  return out;
}

Figure share(std::string label, const Counted& counted_share, std::string why) {
  Figure out = unknown(std::move(label), std::move(why));
  out.evidence = counted_share.evidence;
  const auto interval =
      statistics::binomial_interval(counted_share.count, counted_share.of, out.level);
  if (counted_share.of == 0 || !interval) return out;
  out.kind = Figure::Kind::estimate;
  out.value =
      100 * static_cast<double>(counted_share.count) / static_cast<double>(counted_share.of);
  out.interval = {100 * interval->low, 100 * interval->high};
  out.unit = "%";
  out.n = counted_share.of;
  out.note.clear();
  return out;
}

std::string target_text(const KpiValue& kpi) {
  return fmt::format("Target: {} {}{} by {}, {} is better.", number(kpi.target.value),
                     kpi.target.unit, kpi.target.relative ? " against the baseline" : "",
                     text_of(kpi.target.date).substr(0, 10), catalog::name_of(kpi.direction));
}

std::string judgement_text(const KpiValue& kpi) {
  switch (kpi.target_state()) {
    case TargetState::unknown:
      return "Judgement: none, because it is not measured.";
    case TargetState::reached:
      return "Judgement: reached. The whole interval is at or beyond the target.";
    case TargetState::missed:
      return "Judgement: missed. The whole interval falls short of the target.";
    case TargetState::open:
      return "Judgement: open. The interval holds the target; more data decide.";
  }
  return {};
}

Figure figure_of(const KpiValue& kpi) {
  Figure out;
  out.label = kpi.title;
  out.level = kpi.level;
  out.unit = kpi.unit;
  out.n = kpi.n;
  out.retrospective = kpi.retrospective;
  out.simulated = kpi.simulated;
  out.evidence = kpi.evidence;
  if (kpi.state == KpiState::measured) {
    out.kind = Figure::Kind::estimate;
    out.value = kpi.value;
    out.interval = kpi.interval;
    out.note = kpi.method;
  } else {
    out.note = kpi.reason;
  }
  return out;
}

Section kpi_section(const KpiValue& kpi) {
  Section out;
  out.title = "KPI: " + kpi.title;
  out.text = {target_text(kpi)};
  out.figures.push_back(figure_of(kpi));
  for (const auto& other : kpi.beside) {
    Figure beside = figure_of(kpi);
    beside.label = other.title;
    beside.value = other.value;
    beside.interval = other.interval;
    beside.unit = other.unit;
    beside.n = other.n;
    beside.note = fmt::format("count {}", other.count);
    out.figures.push_back(std::move(beside));
  }
  if (kpi.power) {
    out.text.push_back(
        fmt::format("Power: had the target's effect been there, this comparison would have shown "
                    "it with a chance of {} %.",
                    number(100 * *kpi.power)));
  }
  out.text.push_back(judgement_text(kpi));
  return out;
}

Section money_section(const outcomes::Money& money) {
  Section out;
  out.title = "Money";
  Figure figure;
  figure.label = "Value of what was avoided";
  figure.unit = money.currency;
  figure.simulated = money.simulated;
  figure.evidence = money.evidence;
  figure.note = money.reason;
  if (money.state == KpiState::measured) {
    figure.kind = Figure::Kind::estimate;
    figure.value = money.value;
    figure.interval = money.interval;
    figure.note = "events expected at the rate before, less those seen, times the value of one";
  }
  out.figures.push_back(std::move(figure));
  return out;
}

Section readiness_section(const outcomes::Readiness& readiness) {
  Section out;
  out.title = "Data";
  const auto unmet = readiness.unmet();
  out.text.push_back(fmt::format("{} of {} needs are met as of {}.", readiness.met_count(),
                                 readiness.standings.size(), text_of(readiness.as_of)));
  if (const auto why = readiness.not_measurable()) out.text.push_back(*why + ".");
  Table table{
      "Unmet needs", {"Requirement", "Signal", "Asset", "Owner", "Since", "Why"}, {}, "none"};
  for (const auto* standing : unmet) {
    const auto& need = standing->need;
    table.rows.push_back({need.requirement, need.signal, need.asset, need.owner,
                          standing->since ? text_of(*standing->since) : "not known",
                          standing->why});
  }
  out.tables.push_back(std::move(table));
  return out;
}

Section work_section(const std::optional<WorkStatistics>& work) {
  Section out;
  out.title = "Findings and work orders";
  if (!work) {
    out.figures.push_back(unknown("Findings", "no record of findings was given"));
    return out;
  }
  const auto add = [&](std::string_view label, std::uint64_t count) {
    out.figures.push_back(counted(std::string(label), count, "", work->evidence));
  };
  add("Findings", work->findings);
  add("Work orders opened", work->opened);
  add("Work orders still open", work->open);
  add("Verdict: confirmed", work->confirmed);
  add("Verdict: another fault", work->other_fault);
  add("Verdict: none found", work->none_found);
  add("Verdict: could not inspect", work->could_not_inspect);
  return out;
}

Section model_section(const std::vector<ModelLine>& models) {
  Section out;
  out.title = "Models";
  Table table{"Versions in use",
              {"Model", "Digest", "Alias", "Tier", "Trained", "Training data", "CV RMSE",
               "Approved by", "Runs on"},
              {},
              "no model version is in use"};
  for (const auto& model : models) {
    const auto name = fmt::format("{}@{}", model.name, model.version);
    table.rows.push_back(
        {name, model.digest, model.aliases, model.tier, text_of(model.trained_at), model.data_hash,
         model.cv_rmse ? fmt::format("{} {}, no interval", number(*model.cv_rmse), model.cv_unit)
                       : "none",
         model.approved_by.empty() ? "not approved" : model.approved_by,
         std::to_string(model.running_on)});
    out.figures.push_back(share(fmt::format("Precision of {}", name), model.precision,
                                "no verdict of an inspection yet"));
    out.figures.push_back(
        share(fmt::format("Recall of {}", name), model.recall, "no fault is known yet"));
  }
  out.tables.push_back(std::move(table));
  return out;
}

Section approval_section(const std::vector<ApprovalLine>& approvals) {
  Section out;
  out.title = "Approvals";
  Table table{"In force or used in the period",
              {"Subject", "Digest", "Decision", "By", "At", "Expires"},
              {},
              "none"};
  for (const auto& line : approvals) {
    table.rows.push_back({line.subject, line.digest, line.decision, line.by, text_of(line.at),
                          line.expires ? text_of(*line.expires) : "never"});
  }
  out.tables.push_back(std::move(table));
  return out;
}

Section ledger_section(const std::optional<LedgerLine>& ledger) {
  Section out;
  out.title = "Loss ledger";
  if (!ledger) {
    out.figures.push_back(unknown("Samples", "no ledger was given"));
    return out;
  }
  const auto add = [&](std::string_view label, std::uint64_t count) {
    out.figures.push_back(counted(std::string(label), count, "", ledger->evidence));
  };
  add("Samples sent", ledger->sent);
  add("Samples stored", ledger->stored);
  add("Samples declared lost", ledger->declared_lost);
  add("Samples unexplained", ledger->unexplained);
  return out;
}

Section incident_section(const std::optional<std::vector<IncidentLine>>& incidents) {
  Section out;
  out.title = "Incidents";
  Table table{"Of the period",
              {"At", "What", "Effect"},
              {},
              incidents ? "none recorded" : "not known: no record of incidents was given"};
  for (const auto& line : incidents.value_or(std::vector<IncidentLine>{})) {
    table.rows.push_back({text_of(line.at), line.what, line.effect});
  }
  out.tables.push_back(std::move(table));
  return out;
}

}  // namespace

std::string Figure::text() const {
  const auto with_unit = [&](double x) {
    return unit.empty() || unit == "1" ? number(x) : fmt::format("{} {}", number(x), unit);
  };
  switch (kind) {
    case Kind::unknown:
      return note.starts_with("not measurable") ? note : "not known: " + note;
    case Kind::count:
      return unit.empty() ? std::to_string(n) : fmt::format("{} {}", n, unit);
    case Kind::estimate:
      break;
  }
  return fmt::format("{} [{}, {}] at {} %{}", with_unit(value), with_unit(interval.low),
                     with_unit(interval.high), number(100 * level),
                     n > 0 ? fmt::format(", n = {}", n) : "");
}

Timestamp next_review(Timestamp first, catalog::Cadence cadence, Timestamp now) {
  using std::chrono::days;
  using std::chrono::months;
  if (now < first) return first;
  const std::chrono::sys_time<Duration> start{Duration(first.us)};
  const auto day = std::chrono::floor<days>(start);
  const auto time_of_day = start - day;
  const std::chrono::year_month_day date(day);
  const int step = cadence == catalog::Cadence::monthly     ? 1
                   : cadence == catalog::Cadence::quarterly ? 3
                                                            : 12;
  for (int i = 1;; ++i) {
    auto at = day + days(7 * i);
    if (cadence != catalog::Cadence::weekly) {
      auto later = date + months(step * i);
      if (!later.ok()) later = later.year() / later.month() / std::chrono::last;
      at = std::chrono::sys_days(later);
    }
    const Timestamp out{(at + time_of_day).time_since_epoch().count()};
    if (now < out) return out;
  }
}

Review review(const ReviewInputs& inputs) {
  const auto& spec = inputs.spec;
  Review out;
  out.use_case = inputs.use_case;
  out.title = spec.title;
  out.outcome = spec.outcome;
  out.spec_digest = inputs.spec_digest;
  out.owner = inputs.owner;
  out.sponsor = inputs.sponsor;
  out.stage = catalog::name_of(spec.stage);
  out.from = inputs.from;
  out.until = inputs.until;
  out.generated = inputs.generated;
  out.next = next_review(spec.first_review, spec.cadence, inputs.generated);
  out.simulated = spec.simulated;
  out.retrospective = std::ranges::any_of(inputs.kpis, &KpiValue::retrospective);
  for (const auto& kpi : inputs.kpis) out.sections.push_back(kpi_section(kpi));
  out.sections.push_back(money_section(inputs.money));
  out.sections.push_back(readiness_section(inputs.readiness));
  out.sections.push_back(work_section(inputs.work));
  out.sections.push_back(model_section(inputs.models));
  out.sections.push_back(approval_section(inputs.approvals));
  out.sections.push_back(ledger_section(inputs.ledger));
  out.sections.push_back(incident_section(inputs.incidents));
  for (auto& section : out.sections) {
    for (auto& figure : section.figures) figure.simulated = figure.simulated || spec.simulated;
  }
  return out;
}

}  // namespace millwright::stewardship
