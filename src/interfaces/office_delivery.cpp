// Models, releases, rollouts, artifacts, truths, and the audit log itself.
#include "base/format.hpp"
#include "governance/base64.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/hub_api_core.hpp"
#include "interfaces/office_api.hpp"

namespace millwright::interfaces {

namespace {

HttpResponse answered(Result<Json> json) {
  return json ? json_answer(*json) : problem_answer(json.error());
}

const std::string& path_part(const HttpRequest& request, std::string_view name) {
  static const std::string none;
  const auto found = request.query.find(name);
  return found == request.query.end() ? none : found->second;
}

Result<operations::RolloutPolicy> policy_of(const Json& json) {
  operations::RolloutPolicy policy;
  for (const Json& wave : json["waves"].items()) {
    operations::WaveRule rule;
    rule.name = wave["name"].string();
    rule.share = wave["share"].number();
    if (rule.share == 0) {
      auto selector = operations::Selector::parse(wave["selector"].string());
      if (!selector) return pass(std::move(selector), "wave " + rule.name);
      rule.selector = std::move(*selector);
    }
    policy.waves.push_back(std::move(rule));
  }
  if (policy.waves.empty()) policy.waves.push_back({"all", {}, 1});
  const Json& gates = json["gates"];
  const auto seconds = [&](std::string_view name, Duration otherwise) {
    return gates[name].is_number() ? Duration(static_cast<std::int64_t>(gates[name].number() * 1e6))
                                   : otherwise;
  };
  auto& limits = policy.gates;
  if (gates["behaviour"].is_string() && gates["behaviour"].string() == "none")
    limits.behaviour = operations::BehaviourGate::none;
  if (gates["scored_min"].is_number()) limits.scored_min = gates["scored_min"].natural();
  if (gates["rate_difference_max"].is_number())
    limits.rate_difference_max = gates["rate_difference_max"].number();
  if (gates["invalid_share_max"].is_number())
    limits.invalid_share_max = gates["invalid_share_max"].number();
  limits.soak = seconds("soak_s", limits.soak);
  limits.install_deadline = seconds("install_deadline_s", limits.install_deadline);
  limits.behaviour_deadline = seconds("behaviour_deadline_s", limits.behaviour_deadline);
  return policy;
}

}  // namespace

HttpResponse OfficeApi::models() const {
  const auto performance = office_.performance();
  Json list = Json::array();
  for (const auto& [name, model] : office_.registry().models()) {
    for (const auto& version : model.versions) {
      const auto fact = office_.model_fact(version.bundle);
      const std::string text =
          millwright::models::version_text(name, version.version, version.bundle);
      Json aliases = Json::array();
      if (fact) {
        for (const std::string& alias : fact->aliases) aliases.push(alias);
      }
      const auto known = performance.find(text);
      const auto declared = office_.model(name);
      std::uint64_t running = 0;
      std::string approved_by;
      for (const auto& [id, rollout] : office_.rollouts().all()) {
        const auto* release = office_.releases().find(rollout.blueprint().release.digest);
        if (release == nullptr) continue;
        for (const auto& artifact : release->manifest.artifacts) {
          if (artifact.sha256 != version.bundle) continue;
          for (std::size_t wave = 0; wave < rollout.blueprint().waves.size(); ++wave)
            running +=
                rollout.counts(wave)[static_cast<std::size_t>(operations::TargetState::attested)];
          if (rollout.approval()) approved_by = rollout.approval()->by;
        }
      }
      Json entry = Json::object(
          {{"name", name},
           {"version", exact(std::uint64_t{version.version})},
           {"digest", version.bundle.hex()},
           {"aliases", std::move(aliases)},
           {"tier", declared ? Json(catalog::name_of(declared->tier)) : Json()},
           {"added_by", version.added_by},
           {"trained_at", to_rfc3339(version.added_at)},
           {"card", fact ? json_of(fact->card) : Json()},
           {"precision", known == performance.end() ? Json() : share_json(known->second.precision)},
           {"recall", known == performance.end() ? Json() : share_json(known->second.recall)},
           {"approved_by", approved_by.empty() ? Json() : Json(approved_by)},
           {"running_on", exact(running)}});
      if (fact) {
        if (const auto* training = fact->card.find("training")) {
          entry.set("data_hash", training->text_at("data_sha256"));
          if (const auto* metrics = training->find("metrics")) {
            if (const auto* rmse = metrics->find("cv_rmse")) entry.set("cv_rmse", rmse->number);
          }
        }
      }
      list.push(std::move(entry));
    }
  }
  return json_answer(Json::object({{"models", std::move(list)}}));
}

HttpResponse OfficeApi::add_artifact(const HttpRequest& request) {
  auto actor = actor_of(request);
  if (!actor) return problem_answer(actor.error());
  auto body = parse_json(request.body);
  if (!body) return problem_answer(body.error());
  const auto content = governance::from_base64((*body)["content"].string());
  if (!content) {
    return problem_answer({Code::invalid_input, "'content' is not base64 (RFC 4648 section 4)"});
  }
  auto digest = office_.put_artifact(*content);
  if (!digest) return problem_answer(digest.error());
  return json_answer(Json::object({{"digest", digest->hex()}}));
}

HttpResponse OfficeApi::artifact(const HttpRequest& request) const {
  auto digest = operations::parse_digest(path_part(request, "digest"));
  if (!digest) return problem_answer(digest.error());
  auto content = office_.artifact(*digest);
  if (!content) return problem_answer(content.error());
  return {200, "application/octet-stream", std::string(as_text(*content)), {}};
}

HttpResponse OfficeApi::add_model(const HttpRequest& request) {
  const auto add = [&]() -> Result<Json> {
    auto actor = actor_of(request);
    if (!actor) return pass(std::move(actor));
    auto body = parse_json(request.body);
    if (!body) return pass(std::move(body));
    auto digest = operations::parse_digest((*body)["digest"].string());
    if (!digest) return pass(std::move(digest));
    auto bundle = office_.artifact(*digest);
    if (!bundle) return pass(std::move(bundle), "upload the bundle first");
    auto fact = office_.add_model(*bundle, *actor);
    if (!fact) return pass(std::move(fact));
    return Json::object({{"name", fact->model},
                         {"version", exact(std::uint64_t{fact->version.version})},
                         {"digest", fact->version.bundle.hex()}});
  };
  return answered(add());
}

HttpResponse OfficeApi::releases() const {
  Json list = Json::array();
  for (const auto& [digest, release] : office_.releases().all()) {
    Json artifacts = Json::array();
    for (const auto& artifact : release.manifest.artifacts) {
      artifacts.push(Json::object({{"kind", operations::name_of(artifact.kind)},
                                   {"name", artifact.name},
                                   {"version", exact(artifact.version)},
                                   {"sha256", artifact.sha256.hex()},
                                   {"size", exact(artifact.size)}}));
    }
    const auto text = office_.signed_release(digest);
    list.push(Json::object({{"name", release.id.name},
                            {"version", exact(release.id.version)},
                            {"digest", digest.hex()},
                            {"signed", text ? Json(text->hex()) : Json()},
                            {"author", release.manifest.author},
                            {"created", to_rfc3339(release.manifest.created)},
                            {"signed_with_key_of", release.key},
                            {"artifacts", std::move(artifacts)}}));
  }
  return json_answer(Json::object({{"releases", std::move(list)}}));
}

HttpResponse OfficeApi::add_release(const HttpRequest& request) {
  const auto add = [&]() -> Result<Json> {
    auto actor = actor_of(request);
    if (!actor) return pass(std::move(actor));
    auto body = parse_json(request.body);
    if (!body) return pass(std::move(body));
    auto signed_release = operations::SignedRelease::decode((*body)["signed"].string());
    if (!signed_release) return pass(std::move(signed_release));
    auto release = office_.register_release(*signed_release, *actor);
    if (!release) return pass(std::move(release));
    return Json::object({{"name", release->id.name},
                         {"version", exact(release->id.version)},
                         {"digest", release->id.digest.hex()}});
  };
  return answered(add());
}

HttpResponse OfficeApi::rollouts() const {
  Json list = Json::array();
  for (const auto& [id, rollout] : office_.rollouts().all()) list.push(to_json(rollout, office_));
  return json_answer(Json::object({{"rollouts", std::move(list)}}));
}

HttpResponse OfficeApi::plan_rollout(const HttpRequest& request) {
  const auto plan = [&]() -> Result<Json> {
    auto actor = actor_of(request);
    if (!actor) return pass(std::move(actor));
    auto body = parse_json(request.body);
    if (!body) return pass(std::move(body));
    auto release = operations::parse_digest((*body)["release"].string());
    if (!release) return pass(std::move(release), "release");
    auto policy = policy_of(*body);
    if (!policy) return pass(std::move(policy));
    auto inventory = parts_.inventory();
    if (!inventory) return pass(std::move(inventory));
    auto rollout =
        office_.plan_rollout((*body)["rollout"].string(), *release, *policy, *inventory, *actor);
    if (!rollout) return pass(std::move(rollout));
    return to_json(**rollout, office_);
  };
  return answered(plan());
}

HttpResponse OfficeApi::approve(const HttpRequest& request) {
  const auto take = [&]() -> Result<Json> {
    auto body = parse_json(request.body);
    if (!body) return pass(std::move(body));
    auto statement = governance::Statement::parse((*body)["statement"].string());
    if (!statement) return pass(std::move(statement), "statement");
    auto signature = governance::Signature::parse((*body)["signature"].string());
    if (!signature) return pass(std::move(signature), "signature");
    const std::string& id = path_part(request, "id");
    if (statement->subject_name != id) {
      return fail(Code::invalid_input, fmt::format("the statement is about '{}', not '{}'",
                                                   statement->subject_name, id));
    }
    if (auto done = office_.approve(*statement, *signature); !done) return pass(std::move(done));
    return to_json(*office_.rollouts().find(id), office_);
  };
  return answered(take());
}

HttpResponse OfficeApi::start_rollout(const HttpRequest& request) {
  const auto start = [&]() -> Result<Json> {
    auto actor = actor_of(request);
    if (!actor) return pass(std::move(actor));
    auto inventory = parts_.inventory();
    if (!inventory) return pass(std::move(inventory));
    const std::string& id = path_part(request, "id");
    if (auto done = office_.start_rollout(id, *inventory, *actor); !done)
      return pass(std::move(done));
    parts_.on_rollouts_changed();
    return to_json(*office_.rollouts().find(id), office_);
  };
  return answered(start());
}

HttpResponse OfficeApi::revert_rollout(const HttpRequest& request) {
  const auto revert = [&]() -> Result<Json> {
    auto actor = actor_of(request);
    if (!actor) return pass(std::move(actor));
    auto body = parse_json(request.body);
    if (!body) return pass(std::move(body));
    const std::string& id = path_part(request, "id");
    if (auto done = office_.revert_rollout(id, *actor, (*body)["why"].string()); !done)
      return pass(std::move(done));
    parts_.on_rollouts_changed();
    return to_json(*office_.rollouts().find(id), office_);
  };
  return answered(revert());
}

HttpResponse OfficeApi::add_truths(const HttpRequest& request) {
  const auto add = [&]() -> Result<Json> {
    auto actor = actor_of(request);
    if (!actor) return pass(std::move(actor));
    auto body = parse_json(request.body);
    if (!body) return pass(std::move(body));
    std::uint64_t count = 0;
    for (const Json& item : (*body)["truths"].items()) {
      stewardship::Truth truth;
      truth.asset = item["asset"].string();
      truth.kind = (*body)["kind"].string();
      truth.value = item["value"].number();
      truth.unit = (*body)["unit"].string();
      truth.source = (*body)["source"].string();
      truth.at = parts_.clock.utc_now();
      if (auto done = office_.record_truth(truth, *actor); !done) return pass(std::move(done));
      ++count;
    }
    return Json::object({{"recorded", exact(count)}});
  };
  return answered(add());
}

HttpResponse OfficeApi::audit_entries(const HttpRequest& request) {
  const auto from = count_parameter(request, "from", 0, UINT64_MAX >> 1);
  if (!from) return problem_answer(from.error());
  const auto limit = count_parameter(request, "limit", 1000, 10'000);
  if (!limit) return problem_answer(limit.error());
  Json list = Json::array();
  for (std::uint64_t i = *from; i < office_.log().size() && i - *from < *limit; ++i) {
    auto event = office_.log().read(i);
    if (!event) return problem_answer(event.error());
    list.push(Json::object({{"index", exact(i)}, {"entry", event->canonical()}}));
  }
  return json_answer(
      Json::object({{"size", exact(office_.log().size())}, {"entries", std::move(list)}}));
}

HttpResponse OfficeApi::audit_checkpoint() {
  return {200,
          "text/plain; charset=utf-8",
          office_.log().checkpoint(),
          {{"Millwright-Verifier", office_.log().key().verifier_text()}}};
}

}  // namespace millwright::interfaces
