#include "interfaces/client_verbs.hpp"

#include <ostream>

#include "base/format.hpp"
#include "interfaces/answer.hpp"

namespace millwright::interfaces {

namespace {

std::string rate_text(double value) {
  return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value);
}

Json state_row_age(const Json& edge) {
  return edge["age_s"].is_number() ? Json(age_text(edge["age_s"].number())) : Json("never");
}

}  // namespace

ClientVerbs::ClientVerbs(HttpClient& http, Terminal& terminal, std::string hub, OutputFormat output)
    : terminal_(terminal), hub_(http, terminal, std::move(hub)), output_(output) {}

Result<void> ClientVerbs::query(const std::string& sql) {
  std::string statement = sql;
  if (sql == "-") {
    auto text = terminal_.read_file("-");
    if (!text) return pass(std::move(text));
    statement = std::move(*text);
  }
  auto answer = hub_.post("/api/v1/query", Json::object({{"sql", statement}}));
  if (!answer) return pass(std::move(answer));
  View view;
  for (const Json& column : (*answer)["columns"].items()) {
    view.headers.push_back(column["name"].string());
  }
  view.document = Json::array();
  for (const Json& row : (*answer)["rows"].items()) {
    Json object = Json::object();
    for (std::size_t i = 0; i < view.headers.size() && i < row.items().size(); ++i) {
      object.set(view.headers[i], row.items()[i]);
    }
    view.document.push(std::move(object));
    view.rows.push_back(row.items());
  }
  print(view, output_, terminal_.out);
  for (const Json& warning : (*answer)["warnings"].items()) {
    terminal_.err << "millwright: warning: " << warning.string() << "\n";
  }
  if ((*answer)["truncated"].boolean()) {
    terminal_.err << "millwright: warning: only the first " << view.rows.size()
                  << " rows are shown; add LIMIT or aggregate\n";
  }
  if (output_ == OutputFormat::table && terminal_.out_is_terminal) {
    terminal_.out << fmt::format("{} rows in {:.1f} ms\n", view.rows.size(),
                                 (*answer)["elapsed_ms"].number());
  }
  return {};
}

Result<void> ClientVerbs::ledger(const LedgerOptions& options) {
  std::string path = "/api/v1/ledger";
  char separator = '?';
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    path += fmt::format("{}{}={}", separator, name, percent_encode(value));
    separator = '&';
  };
  add("producer", options.producer);
  add("from", options.from);
  add("to", options.to);
  auto answer = hub_.get(path);
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = *answer;
  view.headers = {"PRODUCER",    "INCARNATION", "SENT",      "STORED", "LOST",
                  "UNEXPLAINED", "DUPLICATES",  "IN FLIGHT", "CUSTODY"};
  std::uint64_t unexplained = 0;
  for (const Json& line : (*answer)["lines"].items()) {
    unexplained += line["unexplained"].natural();
    view.rows.push_back({line["producer"], line["incarnation"], line["sent"], line["stored"],
                         line["lost"], line["unexplained"], line["duplicates"], line["in_flight"],
                         line["best_effort"].boolean() ? "best effort" : "acknowledged"});
  }
  print(view, output_, terminal_.out);
  if (unexplained != 0) {
    return fail(Code::corrupt, fmt::format("{} samples are unexplained", unexplained),
                "see which with 'millwright audit-rows'");
  }
  return {};
}

Result<void> ClientVerbs::status() {
  auto answer = hub_.get("/api/v1/status");
  if (!answer) return pass(std::move(answer));
  if (output_ == OutputFormat::table) {
    const Json& totals = (*answer)["totals"];
    const Json& account = (*answer)["ledger"];
    terminal_.out << fmt::format(
        "hub {} at {}: {}{}\n{} samples/s, {} samples stored, {} lost, {} unexplained, {} "
        "waiting\n\n",
        (*answer)["host"].string(), hub_.address(),
        (*answer)["online"].boolean() ? "broker online" : "broker away",
        (*answer)["simulated"].boolean() ? ", simulated input" : "",
        rate_text(totals["samples_per_s"].number()), account["stored"].text(),
        account["lost"].text(), account["unexplained"].text(), totals["waiting_samples"].text());
  }
  View view;
  view.document = *answer;
  view.headers = {"SITE",      "EDGE",    "ROLE",   "STATE", "THROUGH",    "LAST WORD",
                  "SAMPLES/S", "WAITING", "STORED", "LOST",  "UNEXPLAINED"};
  for (const Json& site : (*answer)["sites"].items()) {
    for (const char* role : {"gateways", "edges"}) {
      for (const Json& edge : site[role].items()) {
        view.rows.push_back({site["site"], edge["edge"],
                             role == std::string("edges") ? "edge" : "gateway", edge["state"],
                             edge["via"], state_row_age(edge),
                             rate_text(edge["samples_per_s"].number()), edge["waiting_samples"],
                             edge["stored"], edge["lost"], edge["unexplained"]});
      }
    }
  }
  print(view, output_, terminal_.out);
  return {};
}

Result<void> ClientVerbs::healthcheck() {
  auto response = hub_.call(Method::get, "/healthz", {});
  if (!response) return pass(std::move(response));
  auto answer = parse_json(response->body);
  if (!answer) return pass(std::move(answer), "reading /healthz");
  View view;
  view.document = *answer;
  view.headers = {"HOST", "HEALTHY"};
  view.rows.push_back({(*answer)["host"], (*answer)["healthy"].boolean() ? "yes" : "no"});
  print(view, output_, terminal_.out);
  if ((*answer)["healthy"].boolean()) return {};
  std::string reasons;
  for (const Json& reason : (*answer)["reasons"].items()) {
    reasons += (reasons.empty() ? "" : "; ") + reason.string();
  }
  return fail(Code::unavailable,
              fmt::format("the hub at {} is not healthy: {}", hub_.address(), reasons));
}

Result<void> ClientVerbs::seal() {
  auto answer = hub_.post("/api/v1/seal");
  if (!answer) return pass(std::move(answer));
  View view{*answer,
            {"REVISION", "SEGMENTS", "ROWS SEALED", "BYTES"},
            {{(*answer)["revision"], (*answer)["segments"], (*answer)["rows_sealed"],
              (*answer)["segment_bytes"]}}};
  print(view, output_, terminal_.out);
  return {};
}

Result<void> ClientVerbs::verify() {
  auto answer = hub_.post("/api/v1/verify");
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = *answer;
  view.headers = {"PLACE", "WHAT", "REMEDY"};
  for (const Json& damage : (*answer)["damages"].items()) {
    view.rows.push_back({damage["place"], damage["what"], damage["remedy"]});
  }
  if (output_ == OutputFormat::table && view.rows.empty()) {
    terminal_.out << "every segment matches its checksum\n";
  } else {
    print(view, output_, terminal_.out);
  }
  if (view.rows.empty()) return {};
  return fail(Code::corrupt, fmt::format("{} places are damaged", view.rows.size()),
              "restore the files named above from a copy");
}

Result<void> ClientVerbs::audit_rows() {
  auto answer = hub_.post("/api/v1/audit");
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = *answer;
  view.headers = {"PRODUCER", "INCARNATION", "ROWS", "DOUBLE", "MISSING"};
  for (const Json& line : (*answer)["lines"].items()) {
    view.rows.push_back({line["producer"], line["incarnation"], line["rows"], line["rows_double"],
                         line["rows_missing"]});
  }
  print(view, output_, terminal_.out);
  const std::uint64_t wrong =
      (*answer)["rows_double"].natural() + (*answer)["rows_missing"].natural();
  if (wrong == 0) return {};
  return fail(Code::corrupt, fmt::format("{} rows do not agree with the account", wrong),
              "run 'millwright verify' to find damaged segments");
}

Result<Json> ClientVerbs::last_values(const std::string& pattern) {
  return hub_.get("/api/v1/last?pattern=" + percent_encode(pattern));
}

std::vector<std::vector<Json>> watch_rows(const Json& last) {
  std::vector<std::vector<Json>> rows;
  for (const Json& value : last["values"].items()) {
    const Json& raw = value["value"];
    const bool is_float = value["datatype"].string().starts_with("float");
    const Json shown = raw.is_null() ? Json("-")
                       : is_float    ? Json(fmt::format("{:.6g}", raw.number()))
                                     : Json(raw.text());
    rows.push_back({value["series"], shown, value["unit"], value["quality"],
                    age_text(value["age_s"].number())});
  }
  return rows;
}

Result<void> ClientVerbs::watch(const WatchOptions& options) {
  for (std::uint64_t round = 0; options.times == 0 || round < options.times; ++round) {
    if (round > 0 && !terminal_.pause(options.interval.count() / 1000)) break;
    auto answer = last_values(options.pattern);
    if (!answer) return pass(std::move(answer));
    const auto rows = watch_rows(*answer);
    if (rows.empty() && round == 0) {
      terminal_.err << fmt::format("millwright: no series matches '{}' yet\n", options.pattern);
    }
    if (output_ == OutputFormat::json) {
      terminal_.out << answer->dump() << "\n";
    } else {
      terminal_.out << text_table(watch_headers, rows);
    }
    terminal_.out.flush();
  }
  return {};
}

}  // namespace millwright::interfaces
