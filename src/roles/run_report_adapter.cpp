#include <nlohmann/json.hpp>

#include "base/format.hpp"
#include "roles/run_report.hpp"

namespace millwright::roles {
namespace {

using nlohmann::json;

Result<json> call(interfaces::HttpClient& http, interfaces::Method method, const std::string& url,
                  const std::string& body) {
  interfaces::HttpCall request;
  request.method = method;
  request.url = url;
  request.body = body;
  request.timeout = std::chrono::minutes(5);
  auto response = http.call(request);
  if (!response) return pass(std::move(response));
  if (response->status >= 300) {
    return fail(Code::unavailable,
                fmt::format("{} answers {}: {}", url, response->status, response->body));
  }
  auto parsed = json::parse(response->body, nullptr, false);
  if (parsed.is_discarded()) return fail(Code::corrupt, url + " answers no JSON");
  return parsed;
}

/// Counts beyond 2^53 travel as texts.
std::uint64_t count_of(const json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end()) return 0;
  if (it->is_number_unsigned()) return it->get<std::uint64_t>();
  if (it->is_string()) return std::strtoull(it->get_ref<const std::string&>().c_str(), nullptr, 10);
  return 0;
}

}  // namespace

Result<void> ask_hub(interfaces::HttpClient& http, const std::string& url, RunReport& report) {
  if (auto sealed = call(http, interfaces::Method::post, url + "/api/v1/seal", "{}"); !sealed)
    return pass(std::move(sealed));
  auto ledger = call(http, interfaces::Method::get, url + "/api/v1/ledger", "");
  if (!ledger) return pass(std::move(ledger));
  for (const auto& line : ledger->value("lines", json::array())) {
    if (line.value("best_effort", false)) continue;
    report.samples_stored += count_of(line, "stored");
    report.samples_lost_declared += count_of(line, "lost");
  }
  auto audit = call(http, interfaces::Method::post, url + "/api/v1/audit", "{}");
  if (!audit) return pass(std::move(audit));
  for (const auto& line : audit->value("lines", json::array())) {
    report.samples_double += count_of(line, "rows_double");
    report.samples_missing += count_of(line, "rows_missing");
  }
  const std::uint64_t explained = report.samples_stored + report.samples_lost_declared;
  report.samples_unexplained = report.samples_sent > explained ? report.samples_sent - explained
                                                               : explained - report.samples_sent;
  return {};
}

Result<std::string> series_dictionary(interfaces::HttpClient& http, const std::string& url) {
  auto rows = call(http, interfaces::Method::post, url + "/api/v1/query",
                   json{{"sql", "SELECT * FROM series"}}.dump());
  if (!rows) return pass(std::move(rows));
  return rows->dump(1) + "\n";
}

namespace {

void add(json& out, const DecisionReport& decision) {
  out["cv_rmse"] = decision.cv_rmse;
  out["assets"] = decision.assets;
  out["rmse_clipped"] = decision.rmse_clipped;
  out["score"] = decision.score;
  out["verdicts"] = decision.verdicts;
  out["findings"] = decision.findings;
  out["findings_false"] = decision.findings_false;
  out["kpi"] = {{"state", decision.kpi_state}, {"reason", decision.kpi_reason},
                {"value", decision.kpi_value}, {"low", decision.kpi_low},
                {"high", decision.kpi_high},   {"n", decision.kpi_n}};
  out["audit_entries"] = decision.audit_entries;
}

}  // namespace

std::string to_json(const RunReport& report) {
  json faults = json::array();
  for (const auto& fault : report.faults) {
    faults.push_back({{"member", fault.member},
                      {"kind", fault.kind},
                      {"at_s", fault.at_s},
                      {"outage_s", fault.outage_s},
                      {"samples_waiting_before", fault.waiting_before},
                      {"samples_waiting_after", fault.waiting_after}});
  }
  json out{{"example", report.example},
           {"complete", report.complete},
           {"samples_sent", report.samples_sent},
           {"samples_stored", report.samples_stored},
           {"samples_lost_declared", report.samples_lost_declared},
           {"samples_unexplained", report.samples_unexplained},
           {"samples_double", report.samples_double},
           {"samples_missing", report.samples_missing},
           {"samples_resent", report.samples_resent},
           {"broker_dropped_messages", report.broker_dropped},
           {"wall_s", report.wall_s},
           {"data_dir", report.data_dir},
           {"faults", std::move(faults)}};
  if (report.decision) add(out, *report.decision);
  return out.dump(2) + "\n";
}

std::string to_table(const RunReport& report) {
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{:<24}{:>14}\n", name, value);
  };
  line("samples sent", fmt::format("{}", report.samples_sent));
  line("samples stored", fmt::format("{}", report.samples_stored));
  line("declared losses", fmt::format("{}", report.samples_lost_declared));
  line("unexplained", fmt::format("{}", report.samples_unexplained));
  line("stored twice", fmt::format("{}", report.samples_double));
  line("sent again", fmt::format("{}", report.samples_resent));
  line("dropped by brokers", fmt::format("{}", report.broker_dropped));
  line("wall time", fmt::format("{:.1f} s", report.wall_s));
  for (const auto& fault : report.faults) {
    out += fmt::format("{} {} at {:.1f} s for {:.1f} s: {} samples waiting before, {} after\n",
                       fault.kind, fault.member, fault.at_s, fault.outage_s, fault.waiting_before,
                       fault.waiting_after);
  }
  if (const auto& decision = report.decision) {
    for (const auto& [model, rmse] : decision->cv_rmse)
      line("cv_rmse " + model, fmt::format("{:.3f}", rmse));
    line("assets judged", fmt::format("{}", decision->assets));
    line("rmse, clipped", fmt::format("{:.3f}", decision->rmse_clipped));
    line("NASA score", fmt::format("{:.1f}", decision->score));
    line("verdicts", fmt::format("{}", decision->verdicts));
    line("findings", fmt::format("{}, {} false", decision->findings, decision->findings_false));
    out += decision->kpi_state == "measured"
               ? fmt::format("KPI {:.1f} [{:.1f}, {:.1f}], n = {}, retrospective\n",
                             decision->kpi_value, decision->kpi_low, decision->kpi_high,
                             decision->kpi_n)
               : fmt::format("KPI {}: {}\n", decision->kpi_state, decision->kpi_reason);
    line("audit entries", fmt::format("{}", decision->audit_entries));
  }
  if (!report.complete) out += "the run is NOT complete\n";
  if (!report.data_dir.empty()) out += "data kept in " + report.data_dir + "\n";
  return out;
}

}  // namespace millwright::roles
