#include "interfaces/answer.hpp"

#include <charconv>

namespace millwright::interfaces {

namespace {

constexpr std::uint64_t exact_max = std::uint64_t{1} << 53;

Json to_json(const Problem& problem) {
  Json out = Json::object();
  if (!problem.place.file.empty()) out.set("file", problem.place.file);
  if (problem.place.line > 0) out.set("line", problem.place.line);
  if (problem.place.column > 0) out.set("column", problem.place.column);
  if (!problem.place.path.empty()) out.set("path", problem.place.path);
  out.set("what", problem.what);
  if (!problem.expected.empty()) out.set("expected", problem.expected);
  if (!problem.nearest.empty()) out.set("nearest", problem.nearest);
  if (!problem.remedy.empty()) out.set("remedy", problem.remedy);
  return out;
}

Problem problem_of(const Json& json) {
  Problem out;
  out.place = {json["file"].string(), static_cast<int>(json["line"].integer()),
               static_cast<int>(json["column"].integer()), json["path"].string()};
  out.what = json["what"].string();
  out.expected = json["expected"].string();
  out.nearest = json["nearest"].string();
  out.remedy = json["remedy"].string();
  return out;
}

std::string text_of(ByteView bytes) {
  return std::string(as_text(bytes));
}

struct CellText {
  Json operator()(std::monostate) const { return {}; }
  Json operator()(bool value) const { return value; }
  Json operator()(std::int64_t value) const { return exact(value); }
  Json operator()(std::uint64_t value) const { return exact(value); }
  Json operator()(double value) const { return value; }
  Json operator()(const std::string& value) const { return value; }
  Json operator()(const Bytes& value) const { return base64(text_of(value)); }
  Json operator()(Timestamp value) const { return to_rfc3339(value); }
};

}  // namespace

int http_status(const Error& error) {
  switch (error.code()) {
    case Code::invalid_input:
      return 400;
    case Code::not_found:
      return 404;
    case Code::already_exists:
    case Code::conflict:
      return 409;
    case Code::refused:
      return error.message().starts_with("not_signed_in") ||
                     error.message().starts_with("wrong_password")
                 ? 401
                 : 403;
    case Code::exhausted:
      return 429;
    case Code::unavailable:
      return 503;
    case Code::timeout:
      return 504;
    default:
      return 500;
  }
}

HttpResponse problem_answer(const Error& error) {
  const int status = http_status(error);
  Json out = Json::object({{"type", "about:blank"},
                           {"title", code_name(error.code())},
                           {"status", status},
                           {"code", code_name(error.code())},
                           {"detail", error.message()}});
  if (!error.remedy().empty()) out.set("remedy", error.remedy());
  if (!error.problems().empty()) {
    Json problems = Json::array();
    for (const Problem& problem : error.problems()) problems.push(to_json(problem));
    out.set("problems", std::move(problems));
  }
  if (!error.context().empty()) {
    Json context = Json::array();
    for (const std::string& layer : error.context()) context.push(layer);
    out.set("context", std::move(context));
  }
  return {status, "application/problem+json", out.pretty() + "\n", {}};
}

HttpResponse json_answer(const Json& json) {
  return {200, "application/json", json.dump() + "\n", {{"Cache-Control", "no-store"}}};
}

Error error_of(const HttpResponse& response) {
  static constexpr Code codes[] = {
      Code::invalid_input, Code::not_found,           Code::already_exists, Code::conflict,
      Code::refused,       Code::unavailable,         Code::exhausted,      Code::corrupt,
      Code::timeout,       Code::unsupported_version, Code::internal};
  const auto json = parse_json(response.body);
  if (json && (*json)["code"].is_string()) {
    for (const Code code : codes) {
      if (code_name(code) != (*json)["code"].string()) continue;
      Error error(code, (*json)["detail"].string(), (*json)["remedy"].string());
      std::vector<Problem> problems;
      for (const Json& problem : (*json)["problems"].items()) {
        problems.push_back(problem_of(problem));
      }
      for (const Json& layer : (*json)["context"].items()) error.while_doing(layer.string());
      return std::move(error).with_problems(std::move(problems));
    }
  }
  return {Code::internal, "the server answered with status " + std::to_string(response.status)};
}

Json exact(std::uint64_t value) {
  return value > exact_max ? Json(std::to_string(value)) : Json(value);
}

Json exact(std::int64_t value) {
  const bool fits = value <= static_cast<std::int64_t>(exact_max) &&
                    value >= -static_cast<std::int64_t>(exact_max);
  return fits ? Json(value) : Json(std::to_string(value));
}

Json to_json(const engine::Table& table) {
  Json columns = Json::array();
  for (const auto& column : table.columns) {
    columns.push(Json::object({{"name", column.name}, {"type", column.type}}));
  }
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json cells = Json::array();
    for (const auto& cell : row) cells.push(std::visit(CellText{}, cell));
    rows.push(std::move(cells));
  }
  Json warnings = Json::array();
  for (const auto& warning : table.warnings) warnings.push(warning);
  return Json::object({{"columns", std::move(columns)},
                       {"rows", std::move(rows)},
                       {"warnings", std::move(warnings)},
                       {"truncated", table.truncated}});
}

Json to_json(const historian::Value& value, ontology::DataType type) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (type == ontology::DataType::boolean) return *number != 0;
    if (type == ontology::DataType::uint64) return exact(static_cast<std::uint64_t>(*number));
    return exact(*number);
  }
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* bytes = std::get_if<Bytes>(&value)) return base64(text_of(*bytes));
  return {};
}

Place sql_place(std::string_view message) {
  Place place;
  const std::size_t mark = message.rfind("LINE ");
  if (mark == std::string_view::npos) return place;
  const std::string_view rest = message.substr(mark);
  const std::size_t colon = rest.find(": ");
  const std::size_t end = rest.find('\n');
  if (colon == std::string_view::npos || end == std::string_view::npos || colon > end) return place;
  int line = 0;
  std::from_chars(rest.data() + 5, rest.data() + colon, line);
  const std::size_t caret = rest.find('^', end);
  if (line <= 0 || caret == std::string_view::npos) return place;
  const std::size_t caret_at = caret - (end + 1);  // column below the quoted line, from 0
  if (caret_at < colon + 2) return place;
  place.file = "sql";
  place.line = line;
  place.column = static_cast<int>(caret_at - (colon + 2)) + 1;
  return place;
}

}  // namespace millwright::interfaces
