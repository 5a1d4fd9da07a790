#include "interfaces/evidence_verbs.hpp"

#include <algorithm>
#include <ostream>

#include "base/format.hpp"
#include "interfaces/text_table.hpp"

namespace millwright::interfaces {

namespace {

/// A member as text: objects and lists as JSON, what is null as a dash.
std::string shown(const Json& json) {
  return json.is_null() ? "-" : json.text();
}

/// The members of an object, one a line.
std::string members_text(std::string_view title, const Json& object) {
  std::string out = fmt::format("{}\n", title);
  if (!object.is_object()) return out + "  " + shown(object) + "\n";
  for (const auto& [name, value] : object.members())
    out += fmt::format("  {}: {}\n", name, shown(value));
  return out;
}

std::string lineage_text(const Json& lineage) {
  constexpr std::size_t shown_max = 30;
  std::string out = members_text("value", lineage["value"]);
  for (const char* part : {"recipe", "model", "calibration"})
    out += members_text(part, lineage[part]);
  std::vector<std::vector<Json>> rows;
  const auto& sources = lineage["sources"].items();
  for (const Json& source : sources) {
    if (rows.size() == shown_max) break;
    rows.push_back(
        {source["series"], source["ts"], source["revision"], source["value"], source["quality"]});
  }
  out += fmt::format("sources: {} rows, sha256:{}\n", sources.size(),
                     lineage["input_digest"].string());
  if (!rows.empty()) out += text_table({"SERIES", "TS", "REVISION", "VALUE", "QUALITY"}, rows);
  if (sources.size() > shown_max)
    out += fmt::format("and {} more; -o json shows all\n", sources.size() - shown_max);
  return out;
}

std::string problem_text(const Json& problem) {
  if (problem.is_string()) return problem.string();
  const std::string& what = problem["what"].string();
  return what.empty() ? problem.dump() : what;
}

std::string review_text(const Json& review) {
  std::string out = fmt::format("{}\n{}\n", review["title"].string(), review["outcome"].string());
  for (const Json& section : review["sections"].items()) {
    out += fmt::format("\n{}\n", section["title"].string());
    for (const Json& line : section["text"].items()) out += "  " + line.string() + "\n";
    for (const Json& figure : section["figures"].items()) {
      out += fmt::format("  {}: {}{}{}\n", figure["label"].string(), figure["text"].string(),
                         figure["retrospective"].boolean() ? " (retrospective)" : "",
                         figure["simulated"].boolean() ? " (simulated)" : "");
    }
    for (const Json& table : section["tables"].items()) {
      std::vector<std::string> headers;
      for (const Json& column : table["columns"].items()) headers.push_back(column.string());
      std::vector<std::vector<Json>> rows;
      for (const Json& row : table["rows"].items()) rows.push_back(row.items());
      out += rows.empty() ? "  " + table["empty"].string() + "\n" : text_table(headers, rows);
    }
  }
  return out;
}

}  // namespace

Result<void> EvidenceVerbs::readiness(const std::string& use_case) {
  auto answer = hub_.get("/api/v1/usecases");
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = Json::array();
  view.headers = {"USE CASE", "STATE", "REQUIREMENT", "SIGNAL", "ASSET", "OWNER", "SINCE", "WHY"};
  std::vector<std::string_view> names;
  for (const Json& each : (*answer)["usecases"].items()) {
    names.push_back(each["name"].string());
    if (!use_case.empty() && each["name"].string() != use_case) continue;
    const Json& readiness = each["readiness"];
    view.document.push(Json::object({{"name", each["name"]}, {"readiness", readiness}}));
    if (readiness["unmet"].items().empty()) {
      view.rows.push_back({each["name"], readiness["state"],
                           fmt::format("all {} met", readiness["met_count"].text()), "-", "-", "-",
                           "-", "-"});
    }
    for (const Json& unmet : readiness["unmet"].items()) {
      view.rows.push_back({each["name"], readiness["state"], unmet["requirement"], unmet["signal"],
                           unmet["asset"], unmet["owner"], shown(unmet["since"]), unmet["why"]});
    }
  }
  if (view.document.items().empty() && !use_case.empty()) {
    const auto nearest = nearest_name(use_case, names);
    return fail(Code::not_found, fmt::format("there is no use case '{}'", use_case),
                nearest.empty() ? fmt::format("there are: {}", fmt::join(names, ", "))
                                : fmt::format("did you mean '{}'?", nearest));
  }
  print(view, output_, terminal_.out);
  return {};
}

Result<void> EvidenceVerbs::lineage(const LineageOptions& options) {
  std::string path = "/api/v1/lineage?series=" + percent_encode(options.series);
  if (!options.at.empty()) path += "&at=" + percent_encode(options.at);
  if (options.revision > 0) path += fmt::format("&revision={}", options.revision);
  auto answer = hub_.get(path);
  if (!answer) return pass(std::move(answer));
  if (output_ == OutputFormat::table || output_ == OutputFormat::csv) {
    terminal_.out << lineage_text(*answer);
  } else {
    print({*answer, {}, {}}, output_, terminal_.out);
  }
  if ((*answer)["complete"].boolean()) return {};
  std::string why;
  for (const Json& problem : (*answer)["problems"].items())
    why += (why.empty() ? "" : "; ") + problem_text(problem);
  return fail(Code::corrupt,
              fmt::format("{} cannot be walked back whole: {}", options.series,
                          why.empty() ? "no reason is given" : why),
              "check the stored rows with 'millwright verify' and the log with 'millwright audit "
              "verify'");
}

Result<void> EvidenceVerbs::review(const std::string& use_case, ReviewForm form) {
  const std::string path = "/api/v1/review/" + percent_encode(use_case);
  if (form == ReviewForm::html) {
    auto page = hub_.text(path + "/page");
    if (!page) return pass(std::move(page));
    terminal_.out << *page;
    return {};
  }
  auto answer = hub_.get(path);
  if (!answer) return pass(std::move(answer));
  switch (form) {
    case ReviewForm::json:
      print({*answer, {}, {}}, OutputFormat::json, terminal_.out);
      break;
    case ReviewForm::yaml:
      print({*answer, {}, {}}, OutputFormat::yaml, terminal_.out);
      break;
    default:
      terminal_.out << review_text(*answer);
  }
  return {};
}

Result<void> EvidenceVerbs::audit_log(const AuditLogOptions& options) {
  auto answer =
      hub_.get(fmt::format("/api/v1/audit/entries?from={}&limit={}", options.from, options.limit));
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = Json::array();
  view.headers = {"ENTRY", "AT", "ACTOR", "KIND", "SUBJECT"};
  for (const Json& line : (*answer)["entries"].items()) {
    auto entry = parse_json(line["entry"].string());
    if (!entry) return pass(std::move(entry), "entry " + line["index"].text());
    view.rows.push_back(
        {line["index"], (*entry)["at"], (*entry)["actor"], (*entry)["kind"], (*entry)["subject"]});
    view.document.push(Json::object({{"index", line["index"]}, {"entry", std::move(*entry)}}));
  }
  print(view, output_, terminal_.out);
  return {};
}

}  // namespace millwright::interfaces
