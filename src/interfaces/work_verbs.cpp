#include "interfaces/work_verbs.hpp"

#include "base/format.hpp"
#include "interfaces/text_table.hpp"
#include "operations/work_order.hpp"

namespace millwright::interfaces {

namespace {

Json score_text(const Json& score) {
  return score.is_number() ? Json(fmt::format("{:.4g}", score.number())) : Json("-");
}

}  // namespace

Result<void> WorkVerbs::list_findings() {
  auto answer = hub_.get("/api/v1/findings");
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = *answer;
  view.headers = {"FINDING", "ASSET", "RULE", "SCORE", "AT", "CLEARED", "REASON"};
  for (const Json& finding : (*answer)["findings"].items()) {
    view.rows.push_back({finding["id"], finding["asset"], finding["rule"],
                         score_text(finding["score"]), finding["at"],
                         finding["cleared"].is_null() ? Json("-") : finding["cleared"],
                         finding["reason"]});
  }
  print(view, output_, terminal_.out);
  return {};
}

void WorkVerbs::show(const std::vector<Json>& orders, const Json& document) {
  View view;
  view.document = document;
  view.headers = {"WORK ORDER", "STATE", "SEVERITY", "ASSET", "CREATED", "TITLE", "VERDICT", "BY"};
  for (const Json& order : orders) {
    const Json& verdict = order["verdict"];
    view.rows.push_back({order["id"], order["state"], order["severity"], order["asset"],
                         order["created"], order["title"],
                         verdict.is_null() ? Json("-") : verdict["outcome"],
                         verdict.is_null() ? Json("-") : verdict["by"]});
  }
  print(view, output_, terminal_.out);
}

Result<void> WorkVerbs::list_work_orders(const std::string& state) {
  auto answer =
      hub_.get("/api/v1/workorders" + (state.empty() ? "" : "?state=" + percent_encode(state)));
  if (!answer) return pass(std::move(answer));
  show((*answer)["work_orders"].items(), *answer);
  return {};
}

Result<void> WorkVerbs::give_verdict(const VerdictOptions& options) {
  auto outcome = operations::outcome_named(options.outcome);
  if (!outcome) return pass(std::move(outcome));
  auto identity = identity_of(options.identity, terminal_);
  if (!identity) return pass(std::move(identity));
  hub_.sign_as(std::move(*identity), clock_);
  auto answer = hub_.post("/api/v1/workorders/" + options.work_order + "/verdict",
                          Json::object({{"outcome", operations::name_of(*outcome)},
                                        {"note", options.note},
                                        {"fault", options.fault}}));
  if (!answer) return pass(std::move(answer));
  show({*answer}, *answer);
  return {};
}

}  // namespace millwright::interfaces
