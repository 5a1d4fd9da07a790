// The ledger as the API answers it: the account of every producer, whole or for an interval of
// event time.
#include "base/format.hpp"
#include "interfaces/hub_api_core.hpp"

namespace millwright::interfaces {

namespace {

Json loss_json(const ontology::LossEntry& loss) {
  return Json::object({{"cause", ontology::name_of(loss.cause)},
                       {"samples", exact(loss.range.count)},
                       {"first_sequence", exact(loss.range.first)},
                       {"from", to_rfc3339(loss.from)},
                       {"to", to_rfc3339(loss.to)},
                       {"policy", loss.policy}});
}

std::optional<ontology::ProducerId> producer_id(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return ontology::ProducerId{std::string(text.substr(0, slash)),
                              std::string(text.substr(slash + 1))};
}

std::string_view parameter(const HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string_view{} : std::string_view(found->second);
}

Json causes_json(const std::vector<ontology::LossEntry>& losses) {
  std::map<std::string, std::uint64_t> by_cause;
  for (const auto& loss : losses) {
    by_cause[std::string(ontology::name_of(loss.cause))] += loss.range.count;
  }
  Json out = Json::object();
  for (const auto& [cause, count] : by_cause) out.set(cause, exact(count));
  return out;
}

constexpr std::size_t losses_listed_max = 100;  ///< of each line; the counts hold all

}  // namespace

Result<Json> HubApi::Core::ledger_lines(const std::string& producer) const {
  std::optional<ontology::ProducerId> only;
  if (!producer.empty()) {
    only = producer_id(producer);
    if (!only) {
      return fail(Code::invalid_input, fmt::format("'{}' is not a producer", producer),
                  "name it as site/edge");
    }
  }
  const auto status = hub_.status();
  Json lines = Json::array();
  for (const auto& line : historian_.ledger(only)) {
    std::optional<std::uint64_t> accepted;
    for (const auto& known : status.producers) {
      if (known.id == line.producer && known.incarnation == line.incarnation) {
        accepted = known.samples_accepted;
      }
    }
    const std::uint64_t explained = line.stored + line.lost;
    Json losses = Json::array();
    for (const auto& loss : line.losses) {
      if (losses.items().size() < losses_listed_max) losses.push(loss_json(loss));
    }
    Json out = Json::object({{"producer", line.producer.text()},
                             {"incarnation", std::to_string(line.incarnation)},
                             {"number", line.number},
                             {"best_effort", line.custody == historian::Custody::best_effort},
                             {"sent", exact(line.sent)},
                             {"stored", exact(line.stored)},
                             {"lost", exact(line.lost)},
                             {"lost_by_cause", causes_json(line.losses)},
                             {"duplicates", exact(line.duplicates)},
                             {"unexplained", exact(line.unexplained())}});
    if (accepted) {
      out.set("accepted", exact(*accepted));
      out.set("in_flight", exact(*accepted > explained ? *accepted - explained : 0));
    }
    out.set("losses", std::move(losses));
    lines.push(std::move(out));
  }
  if (only && lines.items().empty()) {
    return fail(Code::not_found, fmt::format("nothing is known of a producer '{}'", producer),
                "GET /api/v1/sites lists them");
  }
  return lines;
}

void HubApi::Core::ledger(const HttpRequest& request, Responder respond) {
  auto lines = ledger_lines(std::string(parameter(request, "producer")));
  if (!lines) return respond(problem_answer(lines.error()));
  if (!parameter(request, "from").empty() || !parameter(request, "to").empty()) {
    return ledger_interval(request, std::move(*lines), std::move(respond));
  }
  std::uint64_t sent = 0, stored = 0, lost = 0, unexplained = 0;
  for (const Json& line : lines->items()) {
    sent += line["sent"].natural();
    stored += line["stored"].natural();
    lost += line["lost"].natural();
    unexplained += line["unexplained"].natural();
  }
  respond(json_answer(Json::object({{"balanced", unexplained == 0},
                                    {"sent", exact(sent)},
                                    {"stored", exact(stored)},
                                    {"lost", exact(lost)},
                                    {"unexplained", exact(unexplained)},
                                    {"lines", std::move(*lines)}})));
}

/// Stored rows are counted by event time; losses count when their interval touches it. What is
/// unexplained has no event time, so that of the whole account is given.
void HubApi::Core::ledger_interval(const HttpRequest& request, Json lines, Responder respond) {
  const auto from = time_parameter(request, "from", Timestamp{0});
  const auto to = time_parameter(request, "to", clock_.utc_now());
  if (!from) return respond(problem_answer(from.error()));
  if (!to) return respond(problem_answer(to.error()));
  const std::string sql = fmt::format(
      "SELECT producer_number, count(*) AS stored FROM samples WHERE ts >= make_timestamp({}) "
      "AND ts <= make_timestamp({}) GROUP BY producer_number",
      from->us, to->us);
  historian_.sql(sql, [lines = std::move(lines), from = *from, to = *to,
                       respond = std::move(respond)](Result<engine::Table> table) mutable {
    if (!table) return respond(problem_answer(table.error()));
    const Json rows = to_json(*table);
    Json out = Json::array();
    for (const Json& line : lines.items()) {
      std::uint64_t stored = 0, lost = 0;
      for (const Json& row : rows["rows"].items()) {
        if (row.items()[0].natural() == line["number"].natural()) stored = row.items()[1].natural();
      }
      Json losses = Json::array();
      for (const Json& loss : line["losses"].items()) {
        const auto begin = parse_rfc3339(loss["from"].string());
        const auto end = parse_rfc3339(loss["to"].string());
        if (!begin || !end || *begin > to || *end < from) continue;
        lost += loss["samples"].natural();
        losses.push(loss);
      }
      out.push(Json::object({{"producer", line["producer"]},
                             {"incarnation", line["incarnation"]},
                             {"best_effort", line["best_effort"]},
                             {"sent", exact(stored + lost)},
                             {"stored", exact(stored)},
                             {"lost", exact(lost)},
                             {"unexplained", line["unexplained"]},
                             {"losses", std::move(losses)}}));
    }
    respond(json_answer(Json::object(
        {{"from", to_rfc3339(from)}, {"to", to_rfc3339(to)}, {"lines", std::move(out)}})));
  });
}

}  // namespace millwright::interfaces
