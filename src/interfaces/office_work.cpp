// Assets with their health, findings, work orders and their verdicts.
#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/office_api.hpp"

namespace millwright::interfaces {

namespace {

using historian::LastValue;

/// Last values of what gateways derived of one asset, by metric.
struct Derived {
  std::string site;
  std::string gateway;
  std::map<std::string, LastValue> values;
};

bool is_derived(const std::string& metric) {
  return metric == "health" || metric.starts_with("health/") || metric == "rul" ||
         metric.starts_with("rul/");
}

std::map<std::string, Derived> derived_of(const historian::Historian& historian) {
  std::map<std::string, Derived> out;
  for (const char* pattern : {"*/health", "*/health/*", "*/rul", "*/rul/*"}) {
    for (const auto& value : historian.last(pattern)) {
      const auto& definition = *value.definition;
      if (!is_derived(definition.metric.name)) continue;
      auto& asset = out[definition.address.device];
      asset.site = definition.address.site;
      asset.gateway = definition.address.edge;
      asset.values.insert_or_assign(definition.metric.name, value);
    }
  }
  return out;
}

std::optional<double> number_of(const std::map<std::string, LastValue>& values,
                                const std::string& metric) {
  const auto found = values.find(metric);
  if (found == values.end()) return std::nullopt;
  const auto* number = std::get_if<double>(&found->second.sample.value);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

Json number_json(const std::optional<double>& number) {
  return number ? Json(*number) : Json();
}

/// A health that is bad or of which too little is known is no health: the state is unknown.
std::string state_of(const Derived& derived) {
  const auto found = derived.values.find("health");
  if (found == derived.values.end() || found->second.sample.quality.is_bad()) return "unknown";
  const auto state = derived.values.find("health/state");
  if (state == derived.values.end()) return "unknown";
  const auto* text = std::get_if<std::string>(&state->second.sample.value);
  return text == nullptr ? "unknown" : *text;
}

Json health_json(const Derived& derived) {
  Json by = Json::array();
  constexpr std::string_view prefix = "health/by/";
  for (const auto& [metric, value] : derived.values) {
    if (!metric.starts_with(prefix)) continue;
    const auto* part = std::get_if<double>(&value.sample.value);
    by.push(Json::object({{"input", metric.substr(prefix.size())},
                          {"contribution", part == nullptr ? Json() : Json(*part)},
                          {"quality", ontology::to_text(value.sample.quality)}}));
  }
  const auto found = derived.values.find("health");
  const bool known = found != derived.values.end();
  return Json::object(
      {{"value", number_json(number_of(derived.values, "health"))},
       {"confidence", number_json(number_of(derived.values, "health/confidence"))},
       {"state", state_of(derived)},
       {"at", known ? Json(to_rfc3339(found->second.sample.ts)) : Json()},
       {"quality", known ? Json(ontology::to_text(found->second.sample.quality)) : Json()},
       {"series", known ? Json(found->second.definition->text()) : Json()},
       {"by", std::move(by)}});
}

Json life_json(const Derived& derived) {
  const auto found = derived.values.find("rul");
  if (found == derived.values.end() || !number_of(derived.values, "rul")) return {};
  return Json::object({{"value", number_json(number_of(derived.values, "rul"))},
                       {"low", number_json(number_of(derived.values, "rul/low"))},
                       {"high", number_json(number_of(derived.values, "rul/high"))},
                       {"level", 0.9},
                       {"unit", found->second.definition->metric.unit},
                       {"quality", ontology::to_text(found->second.sample.quality)},
                       {"series", found->second.definition->text()},
                       {"at", to_rfc3339(found->second.sample.ts)}});
}

std::uint64_t open_findings(const stewardship::Office& office, const std::string& asset) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      office.findings().all(),
      [&](const auto& entry) { return entry.second.key.asset == asset && !entry.second.cleared; }));
}

Json asset_json(const catalog::Index& index, const stewardship::Office& office,
                const std::string& name, const Derived& derived) {
  const auto* declared = index.asset(name);
  return Json::object({{"name", name},
                       {"title", index.asset_title(name)},
                       {"site", derived.site},
                       {"type", declared == nullptr ? std::string() : declared->type},
                       {"health", health_json(derived)},
                       {"rul", life_json(derived)},
                       {"findings_open", exact(open_findings(office, name))}});
}

/// A signal of an asset with its last value, or with nulls while none is there.
Json signal_json(const catalog::SignalBinding& binding, const std::vector<LastValue>& values) {
  const auto& limits = binding.signal.limits;
  const bool has_range = (limits.low || limits.high) && binding.signal.unit == binding.metric.unit;
  Json out = Json::object({{"series", binding.address.text() + "/" + binding.metric.name},
                           {"name", binding.signal.name},
                           {"title", binding.signal.title},
                           {"unit", binding.metric.unit},
                           {"range", has_range ? Json::object({{"low", number_json(limits.low)},
                                                               {"high", number_json(limits.high)}})
                                               : Json()}});
  const auto* last = values.empty() ? nullptr : &values.front();
  out.set("value", last == nullptr
                       ? Json()
                       : to_json(last->sample.value, last->definition->metric.datatype));
  out.set("at", last == nullptr ? Json() : Json(to_rfc3339(last->sample.ts)));
  const auto quality =
      last == nullptr ? ontology::Quality::bad(ontology::Reason::missing) : last->sample.quality;
  out.set("quality", ontology::to_text(quality));
  const auto reason = ontology::reason_name(quality.reason());
  out.set("reason", quality.reason() == ontology::Reason::none ? Json() : Json(reason));
  return out;
}

/// Worst first: bad, watch, unknown, good; then by health.
std::pair<int, double> rank_of(const Json& asset) {
  const std::string& state = asset["health"]["state"].string();
  const int rank = state == "bad" ? 0 : state == "watch" ? 1 : state == "unknown" ? 2 : 3;
  const Json& value = asset["health"]["value"];
  return {rank, value.is_number() ? value.number() : 1.0};
}

}  // namespace

HttpResponse OfficeApi::assets() {
  const catalog::Index index(catalog::as_declared(office_.resources()));
  std::vector<Json> list;
  const auto derived = derived_of(parts_.historian);
  for (const auto& [name, values] : derived)
    list.push_back(asset_json(index, office_, name, values));
  for (const auto& instance : index.asset_instances) {
    if (derived.contains(instance.name)) continue;
    Derived nothing;
    if (const auto* declared = index.asset(instance.name)) nothing.site = declared->site;
    list.push_back(asset_json(index, office_, instance.name, nothing));
  }
  std::ranges::stable_sort(list,
                           [](const Json& a, const Json& b) { return rank_of(a) < rank_of(b); });
  return json_answer(
      Json::object({{"simulated", parts_.simulated}, {"assets", Json(Json::Array(list))}}));
}

void OfficeApi::asset(const std::string& name, Responder respond) {
  const auto declared = catalog::as_declared(office_.resources());
  const catalog::Index index(declared);
  const auto derived = derived_of(parts_.historian);
  const auto known = derived.find(name);
  if (known == derived.end() && index.asset(name) == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& instance : index.asset_instances) names.push_back(instance.name);
    const auto nearest = nearest_name(name, names);
    return respond(problem_answer(
        {Code::not_found, fmt::format("there is no asset '{}'", name),
         nearest.empty() ? std::string() : fmt::format("did you mean '{}'?", nearest)}));
  }
  Json out = asset_json(index, office_, name, known == derived.end() ? Derived{} : known->second);
  Json signals = Json::array();
  for (const auto& binding : index.bindings()) {
    if (binding.asset != name) continue;
    const std::string series = binding.address.text() + "/" + binding.metric.name;
    signals.push(signal_json(binding, parts_.historian.last(series)));
  }
  out.set("signals", std::move(signals));
  Json findings = Json::array(), orders = Json::array();
  for (const auto& [id, finding] : office_.findings().all()) {
    if (finding.key.asset == name) findings.push(to_json(finding));
  }
  for (const auto& [id, order] : office_.work_orders().all()) {
    if (order.asset == name) orders.push(to_json(order, office_.findings()));
  }
  out.set("findings", std::move(findings));
  out.set("work_orders", std::move(orders));
  out.set("simulated", parts_.simulated);
  respond(json_answer(out));
}

HttpResponse OfficeApi::findings() const {
  std::vector<const operations::Finding*> sorted;
  for (const auto& [id, finding] : office_.findings().all()) sorted.push_back(&finding);
  std::ranges::sort(sorted, std::greater{}, &operations::Finding::at);
  Json list = Json::array();
  for (const auto* finding : sorted) list.push(to_json(*finding));
  return json_answer(Json::object({{"findings", std::move(list)}}));
}

HttpResponse OfficeApi::work_orders(const HttpRequest& request) const {
  const auto state = request.query.find("state");
  if (state != request.query.end() && state->second != "open" && state->second != "closed") {
    return problem_answer({Code::invalid_input, "parameter 'state' is '" + state->second + "'",
                           "give open or closed"});
  }
  Json list = Json::array();
  const auto& all = office_.work_orders().all();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    const auto& order = it->second;
    if (state != request.query.end() && (state->second == "open") != order.is_open()) continue;
    list.push(to_json(order, office_.findings()));
  }
  return json_answer(Json::object({{"work_orders", std::move(list)}}));
}

HttpResponse OfficeApi::verdict(const HttpRequest& request) {
  const auto give = [&]() -> Result<Json> {
    auto actor = actor_of(request);
    if (!actor) return pass(std::move(actor));
    auto body = parse_json(request.body);
    if (!body) return pass(std::move(body));
    auto outcome = operations::outcome_named((*body)["outcome"].string());
    if (!outcome) return pass(std::move(outcome));
    const auto id = request.query.find("id");
    auto order = office_.verdict(
        {id->second, *outcome, (*body)["note"].string(), (*body)["fault"].string(), *actor});
    if (!order) return pass(std::move(order));
    return to_json(**order, office_.findings());
  };
  auto answer = give();
  return answer ? json_answer(*answer) : problem_answer(answer.error());
}

}  // namespace millwright::interfaces
