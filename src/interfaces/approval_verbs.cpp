// Approving a rollout: what the digest binds is fetched part by part, each held against its own
// digest, shown, and only then signed.
#include <ostream>

#include "base/format.hpp"
#include "governance/approval.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/delivery_verbs.hpp"
#include "models/bundle.hpp"
#include "operations/rollout.hpp"

namespace millwright::interfaces {

namespace {

/// Everything that one signature lets happen.
struct Bound {
  operations::Blueprint blueprint;
  Digest digest;
  operations::Manifest manifest;
  std::vector<models::Bundle> models;
};

Result<std::string> content(HubClient& hub, const Digest& digest, std::string_view what) {
  auto bytes = hub.text("/api/v1/artifacts/" + digest.hex());
  if (!bytes) return pass(std::move(bytes), fmt::format("fetching {}", what));
  if (sha256(as_bytes(*bytes)) == digest) return bytes;
  return fail(Code::corrupt, fmt::format("{} is not what its digest {} says", what, digest.hex()),
              "sign nothing; ask who runs the hub");
}

Result<operations::Manifest> manifest_of(HubClient& hub, const Digest& release) {
  auto releases = hub.get("/api/v1/releases");
  if (!releases) return pass(std::move(releases));
  for (const Json& known : (*releases)["releases"].items()) {
    if (known["digest"].string() != release.hex()) continue;
    auto at = operations::parse_digest(known["signed"].string());
    if (!at) return pass(std::move(at), "signed text of the release");
    auto text = content(hub, *at, "the release");
    if (!text) return pass(std::move(text));
    auto whole = operations::SignedRelease::decode(*text);
    if (!whole) return pass(std::move(whole), "the release");
    if (sha256(as_bytes(whole->manifest)) != release)
      return fail(Code::corrupt, "the release is not the one that the blueprint names");
    return operations::Manifest::parse(whole->manifest);
  }
  return fail(Code::not_found, "the hub does not list the release of the blueprint");
}

Result<Bound> bound_by(HubClient& hub, const std::string& rollout) {
  auto rollouts = hub.get("/api/v1/rollouts");
  if (!rollouts) return pass(std::move(rollouts));
  std::vector<std::string_view> ids;
  const Json* found = nullptr;
  for (const Json& known : (*rollouts)["rollouts"].items()) {
    ids.push_back(known["id"].string());
    if (known["id"].string() == rollout) found = &known;
  }
  if (found == nullptr) {
    const auto nearest = nearest_name(rollout, ids);
    return fail(Code::not_found, fmt::format("there is no rollout '{}'", rollout),
                nearest.empty() ? std::string("see 'millwright rollout list'")
                                : fmt::format("did you mean '{}'?", nearest));
  }
  auto digest = operations::parse_digest((*found)["digest"].string());
  if (!digest) return pass(std::move(digest));
  auto text = content(hub, *digest, "the blueprint");
  if (!text) return pass(std::move(text));
  auto blueprint = operations::Blueprint::parse(*text);
  if (!blueprint) return pass(std::move(blueprint), "the blueprint");
  if (blueprint->rollout != rollout)
    return fail(Code::corrupt, fmt::format("the blueprint is of rollout '{}'", blueprint->rollout));
  auto manifest = manifest_of(hub, blueprint->release.digest);
  if (!manifest) return pass(std::move(manifest));
  Bound out{std::move(*blueprint), *digest, std::move(*manifest), {}};
  for (const auto& artifact : out.manifest.artifacts) {
    if (artifact.kind != operations::ArtifactKind::model) continue;
    auto bytes = content(hub, artifact.sha256, "model " + artifact.name);
    if (!bytes) return pass(std::move(bytes));
    auto bundle = models::decode_bundle(as_bytes(*bytes));
    if (!bundle) return pass(std::move(bundle), "model " + artifact.name);
    out.models.push_back(std::move(*bundle));
  }
  return out;
}

Json json_of(const Bound& bound) {
  Json artifacts = Json::array(), models = Json::array(), waves = Json::array(),
       notes = Json::array();
  for (const auto& artifact : bound.manifest.artifacts) {
    artifacts.push(Json::object({{"kind", operations::name_of(artifact.kind)},
                                 {"name", artifact.name},
                                 {"version", exact(artifact.version)},
                                 {"sha256", artifact.sha256.hex()}}));
  }
  for (const auto& model : bound.models) {
    Json metrics = Json::object();
    for (const auto& [name, value] : model.training.metrics) metrics.set(name, value);
    models.push(Json::object({{"name", model.name},
                              {"version", model.version},
                              {"data_sha256", model.training.data.hex()},
                              {"metrics", std::move(metrics)},
                              {"intended_use", model.intended_use},
                              {"limits", model.limits}}));
  }
  for (const auto& wave : bound.blueprint.waves) {
    Json members = Json::array();
    for (const auto& member : wave.members) members.push(member.target);
    waves.push(Json::object({{"name", wave.rule.name}, {"targets", std::move(members)}}));
  }
  for (const auto& note : operations::notes(bound.blueprint)) notes.push(note);
  return Json::object(
      {{"rollout", bound.blueprint.rollout},
       {"digest", bound.digest.hex()},
       {"release", fmt::format("{}@{}", bound.manifest.name, bound.manifest.version)},
       {"release_digest", bound.blueprint.release.digest.hex()},
       {"author", bound.manifest.author},
       {"artifacts", std::move(artifacts)},
       {"models", std::move(models)},
       {"waves", std::move(waves)},
       {"notes", std::move(notes)}});
}

std::string wave_line(const operations::Wave& wave) {
  constexpr std::size_t named_max = 8;
  std::string out;
  for (std::size_t i = 0; i < std::min(wave.members.size(), named_max); ++i)
    out += (i > 0 ? ", " : "") + wave.members[i].target;
  if (wave.members.size() > named_max)
    out += fmt::format(" and {} more", wave.members.size() - named_max);
  return fmt::format("  wave {}: {} targets{}{}\n", wave.rule.name, wave.members.size(),
                     out.empty() ? "" : ": ", out);
}

std::string text_of(const Bound& bound) {
  std::string out = fmt::format(
      "rollout {}\n  blueprint sha256:{}\n  release {}@{} by {}, sha256:{}\n",
      bound.blueprint.rollout, bound.digest.hex(), bound.manifest.name, bound.manifest.version,
      bound.manifest.author, bound.blueprint.release.digest.hex());
  for (const auto& artifact : bound.manifest.artifacts) {
    out += fmt::format("  {} {}@{}, sha256:{}\n", operations::name_of(artifact.kind), artifact.name,
                       artifact.version, artifact.sha256.hex());
  }
  for (const auto& model : bound.models) {
    std::string metrics;
    for (const auto& [name, value] : model.training.metrics)
      metrics += fmt::format(", {} {:.3f}", name, value);
    out += fmt::format("    {}: {} rows of {} units{}; data sha256:{}\n    {}\n", model.name,
                       model.training.rows, model.training.groups, metrics,
                       model.training.data.hex(), model.limits);
  }
  for (const auto& wave : bound.blueprint.waves) out += wave_line(wave);
  for (const auto& note : operations::notes(bound.blueprint)) out += "  " + note + "\n";
  return out;
}

}  // namespace

Result<void> DeliveryVerbs::approve_rollout(const ApproveOptions& options) {
  auto bound = bound_by(hub_, options.rollout);
  if (!bound) return pass(std::move(bound));
  const bool is_table = output_ == OutputFormat::table || output_ == OutputFormat::csv;
  if (is_table) terminal_.out << text_of(*bound);
  Json document = json_of(*bound);
  if (!options.is_shown_only) {
    auto identity = identity_of(options.identity, terminal_);
    if (!identity) return pass(std::move(identity));
    governance::Statement statement;
    statement.subject_kind = "rollout";
    statement.subject_name = options.rollout;
    statement.digest = bound->digest;
    statement.by = identity->person;
    statement.at = clock_.utc_now();
    statement.expires = statement.at + options.valid;
    const auto signature = governance::sign_statement(statement, identity->key);
    auto taken = hub_.post(
        "/api/v1/rollouts/" + options.rollout + "/approval",
        Json::object({{"statement", statement.canonical()}, {"signature", signature.base64()}}));
    if (!taken) return pass(std::move(taken));
    document.set("approved", Json::object({{"by", identity->actor()},
                                           {"statement", statement.canonical()},
                                           {"signature", signature.base64()},
                                           {"expires", to_rfc3339(statement.expires)}}));
    if (is_table) {
      terminal_.out << fmt::format(
          "approved by {} until {}\nstart it: millwright rollout start {} "
          "--person PERSON --key KEYFILE\n",
          identity->actor(), to_rfc3339(statement.expires), options.rollout);
    }
  }
  if (!is_table) print({document, {}, {}}, output_, terminal_.out);
  return {};
}

}  // namespace millwright::interfaces
