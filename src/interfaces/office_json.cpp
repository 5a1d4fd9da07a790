// The office's things as JSON, as api/openapi.yaml says.
#include "base/format.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/office_api.hpp"

namespace millwright::interfaces {

Json json_of(const catalog::Node& node) {
  using Type = catalog::Node::Type;
  switch (node.type) {
    case Type::null:
      return {};
    case Type::boolean:
      return node.boolean;
    case Type::integer:
      return exact(node.integer);
    case Type::number:
      return node.number;
    case Type::string:
      return node.text;
    case Type::list: {
      Json out = Json::array();
      for (const auto& item : node.items) out.push(json_of(item));
      return out;
    }
    case Type::map: {
      Json out = Json::object();
      for (const auto& member : node.members) out.set(member.key, json_of(member.value));
      return out;
    }
  }
  return {};
}

Json share_json(const std::optional<operations::CountedShare>& share) {
  if (!share) return {};
  return Json::object({{"value", share->value},
                       {"low", share->low},
                       {"high", share->high},
                       {"hits", exact(share->hits)},
                       {"n", exact(share->n)}});
}

Json to_json(const operations::Finding& finding) {
  return Json::object({{"id", finding.id},
                       {"asset", finding.key.asset},
                       {"model", finding.key.model},
                       {"rule", finding.key.rule},
                       {"score", finding.score},
                       {"at", to_rfc3339(finding.at)},
                       {"reason", finding.reason},
                       {"query", finding.query},
                       {"cleared", finding.cleared ? Json(to_rfc3339(*finding.cleared)) : Json()}});
}

Json to_json(const operations::WorkOrder& order, const operations::Findings& findings) {
  Json verdict;
  if (order.verdict) {
    verdict = Json::object({{"outcome", operations::name_of(order.verdict->outcome)},
                            {"note", order.verdict->note},
                            {"fault", order.verdict->fault},
                            {"by", order.verdict->by},
                            {"at", to_rfc3339(order.verdict->at)}});
  }
  const auto* finding = order.findings.empty() ? nullptr : findings.find(order.findings.front());
  return Json::object({{"id", order.id},
                       {"asset", order.asset},
                       {"title", order.title},
                       {"state", order.is_open() ? "open" : "closed"},
                       {"severity", order.severity},
                       {"finding", finding == nullptr ? Json() : to_json(*finding)},
                       {"created", to_rfc3339(order.created)},
                       {"verdict", std::move(verdict)},
                       {"query", finding == nullptr ? std::string() : finding->query}});
}

namespace {

Json gate_json(const operations::GateRecord& gate) {
  Json statistics = Json::array();
  for (const auto& statistic : gate.result.statistics) {
    statistics.push(Json::object({{"name", statistic.name},
                                  {"value", statistic.value},
                                  {"limit", statistic.limit},
                                  {"holds", statistic.holds}}));
  }
  return Json::object({{"name", gate.gate},
                       {"state", operations::name_of(gate.result.outcome)},
                       {"why", gate.result.why},
                       {"statistics", std::move(statistics)},
                       {"at", to_rfc3339(gate.at)}});
}

Json wave_json(const operations::Rollout& rollout, std::size_t number) {
  const auto& wave = rollout.blueprint().waves[number];
  const auto counts = rollout.counts(number);
  Json states = Json::object();
  for (std::size_t i = 0; i < operations::target_states; ++i) {
    states.set(std::string(operations::name_of(static_cast<operations::TargetState>(i))),
               exact(counts[i]));
  }
  Json gates = Json::array();
  for (const auto& gate : rollout.gates()) {
    if (gate.wave == number) gates.push(gate_json(gate));
  }
  const bool is_past = rollout.has_begun() && number < rollout.wave();
  const bool is_now = rollout.has_begun() && number == rollout.wave();
  const auto done = counts[static_cast<std::size_t>(operations::TargetState::attested)];
  return Json::object({{"name", wave.rule.name},
                       {"members", exact(std::uint64_t{wave.members.size()})},
                       {"done", exact(done)},
                       {"state", is_past  ? Json("passed")
                                 : is_now ? Json(operations::name_of(rollout.phase()))
                                          : Json("waiting")},
                       {"targets", std::move(states)},
                       {"gates", std::move(gates)}});
}

}  // namespace

Json to_json(const operations::Rollout& rollout, const stewardship::Office& office) {
  const auto& blueprint = rollout.blueprint();
  Json waves = Json::array();
  for (std::size_t i = 0; i < blueprint.waves.size(); ++i) waves.push(wave_json(rollout, i));
  Json approval = Json::object();
  if (const auto& given = rollout.approval()) {
    approval.set("by", given->by);
    approval.set("at", to_rfc3339(given->at));
    approval.set("expires", to_rfc3339(given->expires));
  } else {
    const auto accountable = office.raci().accountable_for("rollout", "approve");
    approval.set("needed_from", accountable ? Json(*accountable) : Json());
    approval.set("command", fmt::format("millwright approve rollout {} --person {} --key KEYFILE",
                                        rollout.id(), accountable ? *accountable : "PERSON"));
  }
  Json notes = Json::array();
  for (const std::string& note : operations::notes(blueprint)) notes.push(note);
  return Json::object(
      {{"id", rollout.id()},
       {"release", fmt::format("{}@{}", blueprint.release.name, blueprint.release.version)},
       {"release_digest", blueprint.release.digest.hex()},
       {"digest", rollout.digest().hex()},
       {"generation", exact(blueprint.generation)},
       {"state", operations::name_of(rollout.phase())},
       {"since", to_rfc3339(rollout.phase_since())},
       {"revert_reason", rollout.revert_reason()},
       {"waves", std::move(waves)},
       {"approval", std::move(approval)},
       {"notes", std::move(notes)}});
}

}  // namespace millwright::interfaces
