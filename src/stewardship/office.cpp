// Deciding: a command becomes an event of its room, the event becomes durable, then it is applied.
#include "stewardship/office.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "governance/event.hpp"

namespace millwright::stewardship {

using catalog::Node;
using governance::Event;

namespace {

constexpr std::string_view person_prefix = "person/";

std::string_view person_of(std::string_view actor) {
  return actor.starts_with(person_prefix) ? actor.substr(person_prefix.size()) : actor;
}

/// What a bundle must have in common with its declaration.
std::vector<Problem> mismatches(const models::Bundle& bundle, const catalog::ModelSpec& declared) {
  std::vector<Problem> problems;
  const auto differ = [&](std::string path, std::string what, std::string expected) {
    problems.push_back({{"", 0, 0, std::move(path)},
                        std::move(what),
                        std::move(expected),
                        "",
                        "train it from this Model resource: millwright train " + bundle.name});
  };
  if (bundle.features.inputs != declared.inputs) {
    differ("features.inputs",
           fmt::format("the model reads {}", fmt::join(bundle.features.inputs, ", ")),
           fmt::format("{}", fmt::join(declared.inputs, ", ")));
  }
  if (bundle.features.windows != declared.features.windows) {
    differ("features.windows",
           fmt::format("its windows are {}", fmt::join(bundle.features.windows, ", ")),
           fmt::format("{}", fmt::join(declared.features.windows, ", ")));
  }
  std::vector<std::string_view> has, wanted;
  for (const auto function : bundle.features.functions)
    has.push_back(models::function_name(function));
  for (const auto function : declared.features.functions)
    wanted.push_back(catalog::name_of(function));
  if (has != wanted) {
    differ("features.functions", fmt::format("its functions are {}", fmt::join(has, ", ")),
           fmt::format("{}", fmt::join(wanted, ", ")));
  }
  if (bundle.features.add_age != declared.features.age) {
    differ("features.age",
           bundle.features.add_age ? "the model sees the age" : "the model does not see the age",
           declared.features.age ? "true" : "false");
  }
  if (bundle.features.scope != declared.scope) {
    const auto text = [](const std::optional<ontology::StateScope>& scope) {
      return scope ? "while " + scope->text() : std::string("at all times");
    };
    differ("features.while", "the model judges " + text(bundle.features.scope),
           text(declared.scope));
  }
  const bool is_pca = declared.algorithm == catalog::Algorithm::pca;
  if ((bundle.kind == models::ModelKind::pca) != is_pca) {
    differ("kind", fmt::format("it is a {} model", models::kind_name(bundle.kind)),
           std::string(catalog::name_of(declared.algorithm)));
  }
  return problems;
}

}  // namespace

Event Office::event(std::string kind, std::string subject, const std::string& actor) const {
  Event made;
  made.kind = std::move(kind);
  made.subject = std::move(subject);
  made.actor = actor;
  made.at = clock_.utc_now();
  return made;
}

Result<void> Office::record(const Event& event) {
  return record_all({event});
}

Result<void> Office::record_all(const std::vector<Event>& events) {
  // Before anything is staged: what is staged goes out with the next commit, whoever makes it.
  for (const Event& each : events) {
    if (auto sound = each.check(); !sound) return pass(std::move(sound), "audit log");
  }
  std::vector<governance::EntryIndex> indices;
  for (const Event& each : events) {
    auto index = audit_->append(each);
    if (!index) return pass(std::move(index), "audit log");
    indices.push_back(*index);
  }
  if (auto head = audit_->commit(); !head) return pass(std::move(head), "audit log");
  for (std::size_t i = 0; i < events.size(); ++i) {
    // What a room decided applies: anything else is a defect, and the log would not replay.
    if (auto done = apply(indices[i], events[i]); !done) return pass(std::move(done), "applying");
  }
  return {};
}

Result<void> Office::apply(governance::EntryIndex index, const Event& event) {
  if (event.kind.starts_with("model.")) return apply_model(event);
  if (event.kind == "approval.given") return apply_approval(index, event);
  if (event.kind == "truth.recorded") return apply_truth(event);
  if (event.kind == "release.signed") {
    auto release = operations::parse_digest(event.body.text_at("release"));
    if (!release) return pass(std::move(release), event.kind);
    auto text = operations::parse_digest(event.body.text_at("signed"));
    if (!text) return pass(std::move(text), event.kind);
    signed_[*release] = *text;
  }
  if (auto done = releases_.apply(event); !done) return done;
  if (auto done = rollouts_->apply(event); !done) return done;
  if (auto done = findings_.apply(event); !done) return done;
  return work_orders_.apply(event);
}

// --- models -----------------------------------------------------------------------------------

Result<void> Office::apply_model(const Event& event) {
  models::RegistryEvent fact{event.actor, event.at, models::VersionAdded{}};
  const std::string model = event.body.text_at("model");
  const auto version = static_cast<std::uint32_t>(event.body.integer_at("version", 0));
  if (event.kind == "model.added") {
    auto digest = operations::parse_digest(event.body.text_at("bundle"));
    if (!digest) return pass(std::move(digest), "model.added");
    fact.fact = models::VersionAdded{model, version, *digest};
  } else if (event.kind == "model.alias_set") {
    const auto alias = models::parse_alias(event.body.text_at("alias"));
    if (!alias) return fail(Code::corrupt, "model.alias_set names no alias");
    fact.fact = models::AliasSet{model, *alias, version};
  } else if (event.kind == "model.alias_cleared") {
    const auto alias = models::parse_alias(event.body.text_at("alias"));
    if (!alias) return fail(Code::corrupt, "model.alias_cleared names no alias");
    fact.fact = models::AliasCleared{model, *alias};
  } else {
    return fail(Code::corrupt, "unknown event " + event.kind);
  }
  return registry_.apply(fact);
}

Result<ModelFact> Office::add_model(ByteView bytes, const std::string& actor) {
  auto bundle = models::decode_bundle(bytes);
  if (!bundle) return pass(std::move(bundle), "model bundle");
  const auto declared = model(bundle->name);
  if (!declared) {
    return fail(Code::not_found, fmt::format("no Model resource '{}' is declared", bundle->name),
                "apply it first");
  }
  if (auto problems = mismatches(*bundle, *declared); !problems.empty()) {
    return std::unexpected(
        Error(Code::invalid_input,
              fmt::format("the features of model '{}' do not match its declaration", bundle->name))
            .with_problems(std::move(problems)));
  }
  const Digest digest = models::bundle_digest(bytes);
  const models::VersionAdded added{bundle->name, bundle->version, digest};
  const models::RegistryEvent fact{actor, clock_.utc_now(), added};
  if (auto sound = registry_.check(fact); !sound) return pass(std::move(sound));
  if (auto stored = artifacts_->put(bytes); !stored) return pass(std::move(stored));
  Event made = event("model.added", fmt::format("model/{}", bundle->name), actor);
  made.body.add("model", Node::make_text(bundle->name));
  made.body.add("version", Node::make_integer(bundle->version));
  made.body.add("bundle", Node::make_text(digest.hex()));
  made.body.add("data", Node::make_text(bundle->training.data.hex()));
  // Whatever was the challenger before: the newest version is the one that asks for its place.
  Event alias = event("model.alias_set", fmt::format("model/{}", bundle->name), actor);
  alias.body.add("model", Node::make_text(bundle->name));
  alias.body.add("version", Node::make_integer(bundle->version));
  alias.body.add("alias", Node::make_text("challenger"));
  const std::vector<Event> events{std::move(made), std::move(alias)};
  if (auto done = record_all(events); !done) return pass(std::move(done));
  auto out = model_fact(digest);
  if (!out) return fail(Code::internal, "a model that was added is not there");
  return std::move(*out);
}

std::optional<ModelFact> Office::model_fact(const Digest& digest) const {
  const auto owner = registry_.owner(digest);
  if (!owner) return std::nullopt;
  const auto* known = registry_.find(owner->first);
  ModelFact fact;
  fact.model = owner->first;
  fact.version = *known->find(owner->second);
  for (const auto& [alias, version] : known->aliases) {
    if (version == owner->second) fact.aliases.emplace_back(models::alias_name(alias));
  }
  if (auto bytes = artifacts_->get(digest)) {
    if (auto bundle = models::decode_bundle(*bytes)) fact.card = bundle->card();
  }
  return fact;
}

// --- releases and rollouts ----------------------------------------------------------------------

operations::SignatureState Office::verify(std::string_view key, ByteView message,
                                          ByteView signature) const {
  const auto* signer = person(key);
  if (signer == nullptr || signer->public_key.empty())
    return operations::SignatureState::unknown_key;
  auto public_key = governance::PublicKey::parse(signer->public_key);
  if (!public_key) return operations::SignatureState::unknown_key;
  governance::Signature given;
  if (signature.size() != given.bytes.size()) return operations::SignatureState::bad;
  std::ranges::copy(signature, given.bytes.begin());
  return governance::verify(*public_key, message, given) ? operations::SignatureState::good
                                                         : operations::SignatureState::bad;
}

Result<void> Office::may_carry_out(const std::string& actor, std::string object,
                                   std::string decision) const {
  governance::RaciQuestion question;
  question.person = person_of(actor);
  question.object_kind = std::move(object);
  question.decision = std::move(decision);
  question.part = governance::RaciPart::accountable;
  if (raci_->may(question)) return {};
  question.part = governance::RaciPart::responsible;
  return raci_->may(question);
}

Result<operations::Release> Office::register_release(const operations::SignedRelease& release,
                                                     const std::string& actor) {
  auto made = releases_.register_release(
      release, *this, [this](const Digest& digest) { return artifacts_->get(digest); }, actor,
      clock_.utc_now());
  if (!made) return pass(std::move(made), "release");
  auto stored = artifacts_->put(as_bytes(release.encode()));
  if (!stored) return pass(std::move(stored));
  const Digest digest = sha256(as_bytes(release.manifest));
  Event text = event("release.signed", made->subject, actor);
  text.body.add("release", Node::make_text(digest.hex()));
  text.body.add("signed", Node::make_text(stored->hex()));
  if (auto done = record_all({*made, std::move(text)}); !done) return pass(std::move(done));
  const auto* known = releases_.find(digest);
  if (known == nullptr) return fail(Code::internal, "a release that was registered is not there");
  return *known;
}

Result<const operations::Rollout*> Office::plan_rollout(const std::string& rollout,
                                                        const Digest& release,
                                                        const operations::RolloutPolicy& policy,
                                                        const operations::Inventory& inventory,
                                                        const std::string& actor) {
  const auto* known = releases_.find(release);
  if (known == nullptr) {
    return fail(Code::not_found, "no release with digest " + release.hex(), "register it first");
  }
  const std::string person(person_of(actor));
  auto allowed = raci_->may({person, governance::RaciPart::responsible, "rollout", "approve", ""});
  if (!allowed) return pass(std::move(allowed), "planning a rollout");
  auto blueprint =
      operations::plan(inventory, *known, policy, {rollout, rollouts_->next_generation()});
  if (!blueprint) return pass(std::move(blueprint));
  auto made = rollouts_->plan(*blueprint, inventory, *known, actor, clock_.utc_now());
  if (!made) return pass(std::move(made));
  if (auto stored = artifacts_->put(as_bytes(blueprint->canonical())); !stored)
    return pass(std::move(stored));
  if (auto done = record(*made); !done) return pass(std::move(done));
  return rollouts_->find(rollout);
}

Result<void> Office::approve(const governance::Statement& statement,
                             const governance::Signature& signature) {
  if (statement.subject_kind != "rollout") {
    return fail(Code::invalid_input,
                fmt::format("approvals of '{}' are not taken here", statement.subject_kind),
                "approve a rollout: it binds its release, models and targets");
  }
  const auto* rollout = rollouts_->find(statement.subject_name);
  if (rollout == nullptr) {
    return fail(Code::not_found, fmt::format("there is no rollout '{}'", statement.subject_name));
  }
  governance::ApprovalContext context;
  context.now = clock_.utc_now();
  context.digest = rollout->digest();
  for (const std::string& author : rollout->authors()) {
    if (person_of(author) == statement.by) context.author = person_of(author);
  }
  const auto* approver = person(statement.by);
  if (approver != nullptr && !approver->public_key.empty()) {
    auto key = governance::PublicKey::parse(approver->public_key);
    if (key) context.key = *key;
  }
  auto sound = governance::check_approval(statement, signature, context, *raci_);
  if (!sound) return pass(std::move(sound), "approval");
  if (statement.decision == governance::Verdict::reject) {
    return fail(Code::invalid_input, "a rejection is not an approval",
                "withdraw the rollout instead");
  }
  auto accountable = raci_->accountable_for("rollout", "approve");
  if (!accountable) return pass(std::move(accountable));
  const std::string by = std::string(person_prefix) + statement.by;
  auto made =
      rollouts_->approve({statement.subject_name, statement.digest, by, approver->public_key,
                          statement.expires, std::string(person_prefix) + *accountable},
                         context.now);
  if (!made) return pass(std::move(made));
  Event given = event("approval.given", "rollout/" + statement.subject_name, by);
  given.body.add("statement", Node::make_text(statement.canonical()));
  given.body.add("signature", Node::make_text(signature.base64()));
  return record_all({std::move(given), std::move(*made)});
}

Result<void> Office::apply_approval(governance::EntryIndex index, const Event& event) {
  auto statement = governance::Statement::parse(event.body.text_at("statement"));
  if (!statement) return pass(std::move(statement), "approval.given");
  auto signature = governance::Signature::parse(event.body.text_at("signature"));
  if (!signature) return pass(std::move(signature), "approval.given");
  approvals_.push_back({std::move(*statement), *signature, index});
  return {};
}

Result<void> Office::start_rollout(const std::string& rollout,
                                   const operations::Inventory& inventory,
                                   const std::string& actor) {
  auto allowed = raci_->may(
      {std::string(person_of(actor)), governance::RaciPart::responsible, "rollout", "start", ""});
  if (!allowed) return pass(std::move(allowed), "starting a rollout");
  auto made = rollouts_->start(rollout, inventory, actor, clock_.utc_now());
  if (!made) return pass(std::move(made));
  return record(*made);
}

Result<void> Office::revert_rollout(const std::string& rollout, const std::string& actor,
                                    const std::string& why) {
  if (actor.starts_with(person_prefix)) {
    if (auto allowed = may_carry_out(actor, "rollout", "stop"); !allowed)
      return pass(std::move(allowed), "reverting a rollout");
  }
  auto made = rollouts_->revert(rollout, actor, why, clock_.utc_now());
  if (!made) return pass(std::move(made));
  return record(*made);
}

Result<bool> Office::on_report(const operations::Report& report) {
  const auto made = rollouts_->on_report(report, clock_.utc_now());
  if (!made) return false;
  if (auto done = record(*made); !done) return pass(std::move(done));
  return true;
}

std::optional<Digest> Office::signed_release(const Digest& release) const {
  const auto found = signed_.find(release);
  return found == signed_.end() ? std::nullopt : std::optional(found->second);
}

Result<bool> Office::on_silence(const std::string& rollout,
                                const std::vector<std::string>& silent) {
  const auto* known = rollouts_->find(rollout);
  if (known == nullptr) return false;
  const auto made = known->no_contact(silent, clock_.utc_now());
  if (!made) return false;
  if (auto done = record(*made); !done) return pass(std::move(done));
  return true;
}

Result<bool> Office::step_rollouts(const BehaviourOf& behaviour) {
  bool changed = false;
  for (const std::string& id : rollouts_->active()) {
    while (const auto* rollout = rollouts_->find(id)) {
      const auto made = rollout->step(behaviour(*rollout), clock_.utc_now());
      if (!made) break;
      // The end and what follows from it are durable together, so that no crash parts them.
      std::vector<Event> events{*made};
      if (made->kind == "rollout.done") {
        for (Event& each : promotions(*rollout)) events.push_back(std::move(each));
      }
      if (auto done = record_all(events); !done) return pass(std::move(done));
      changed = true;
    }
  }
  return changed;
}

std::vector<Event> Office::promotions(const operations::Rollout& rollout) const {
  std::vector<Event> events;
  const auto* release = releases_.find(rollout.blueprint().release.digest);
  if (release == nullptr) return events;
  for (const auto& artifact : release->manifest.artifacts) {
    const auto owner = registry_.owner(artifact.sha256);
    if (artifact.kind != operations::ArtifactKind::model || !owner) continue;
    const auto* known = registry_.find(owner->first);
    const auto add = [&](std::string kind, std::string_view alias) {
      Event made = event(std::move(kind), "model/" + owner->first, "system/hub");
      made.body.add("model", Node::make_text(owner->first));
      made.body.add("version", Node::make_integer(owner->second));
      made.body.add("alias", Node::make_text(alias));
      made.body.add("rollout", Node::make_text(rollout.id()));
      events.push_back(std::move(made));
    };
    const auto challenger = known->aliases.find(models::Alias::challenger);
    if (challenger != known->aliases.end() && challenger->second == owner->second)
      add("model.alias_cleared", "challenger");
    const auto champion = known->aliases.find(models::Alias::champion);
    if (champion == known->aliases.end() || champion->second != owner->second)
      add("model.alias_set", "champion");
  }
  return events;
}

// --- findings and work
// ----------------------------------------------------------------------------

Result<const operations::Finding*> Office::open_finding(const operations::FindingKey& key,
                                                        const operations::EpisodeChange& change,
                                                        std::string reason, std::string query,
                                                        std::string title, std::string severity) {
  auto opened = findings_.open(key, change, std::move(reason), std::move(query), clock_.utc_now());
  if (!opened) return pass(std::move(opened));
  operations::Finding expected;
  expected.id = operations::finding_id(key, change.at);
  expected.key = key;
  expected.at = change.at;
  auto order = work_orders_.open(expected, std::move(title), std::move(severity), clock_.utc_now());
  if (!order) return pass(std::move(order));
  // Durable together: a finding without a work order would never get one.
  if (auto done = record_all({std::move(*opened), std::move(*order)}); !done)
    return pass(std::move(done));
  const auto* finding = findings_.find(expected.id);
  if (finding == nullptr) return fail(Code::internal, "a finding that was opened is not there");
  return finding;
}

Result<void> Office::clear_finding(const operations::FindingKey& key,
                                   const operations::EpisodeChange& change) {
  auto cleared = findings_.clear(key, change, clock_.utc_now());
  if (!cleared) return pass(std::move(cleared));
  return record(*cleared);
}

Result<const operations::WorkOrder*> Office::verdict(const operations::VerdictRequest& request) {
  auto made = work_orders_.verdict(request, clock_.utc_now());
  if (!made) return pass(std::move(made));
  if (auto allowed = may_carry_out(request.by, "work_order", "close"); !allowed)
    return pass(std::move(allowed), "verdict");
  if (auto done = record(*made); !done) return pass(std::move(done));
  return work_orders_.find(request.work_order);
}

std::map<std::string, operations::ModelPerformance> Office::performance() const {
  std::vector<std::string> versions;
  for (const auto& [name, model] : registry_.models()) {
    for (const auto& version : model.versions)
      versions.push_back(models::version_text(name, version.version, version.bundle));
  }
  return operations::performance(findings_, work_orders_, versions, {}, {},
                                 [](std::uint64_t hits, std::uint64_t n) {
                                   operations::ShareBounds bounds;
                                   const auto exact = statistics::binomial_interval(hits, n, 0.95);
                                   if (exact) bounds = {exact->low, exact->high};
                                   return bounds;
                                 });
}

Result<void> Office::record_truth(const Truth& truth, const std::string& actor) {
  Event made = event("truth.recorded", "asset/" + truth.asset, actor);
  made.body.add("asset", Node::make_text(truth.asset));
  made.body.add("kind", Node::make_text(truth.kind));
  made.body.add("value", Node::make_number(truth.value));
  made.body.add("unit", Node::make_text(truth.unit));
  made.body.add("source", Node::make_text(truth.source));
  made.body.add("at", Node::make_text(to_rfc3339(truth.at)));
  return record(made);
}

Result<void> Office::apply_truth(const Event& event) {
  Truth truth;
  truth.asset = event.body.text_at("asset");
  truth.kind = event.body.text_at("kind");
  truth.value = event.body.number_at("value", 0);
  truth.unit = event.body.text_at("unit");
  truth.source = event.body.text_at("source");
  const auto known_at = parse_rfc3339(event.body.text_at("at"));
  truth.at = known_at ? *known_at : event.at;
  truths_[truth.asset] = std::move(truth);
  return {};
}

Result<void> Office::note(std::string kind, std::string subject, std::string actor, Node body) {
  Event made = event(std::move(kind), std::move(subject), actor);
  made.body = std::move(body);
  return record(made);
}

}  // namespace millwright::stewardship
