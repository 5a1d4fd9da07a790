#include "roles/decision_run.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "engine/disk.hpp"
#include "governance/keys.hpp"
#include "interfaces/delivery_verbs.hpp"
#include "interfaces/hub_client.hpp"
#include "interfaces/train_verbs.hpp"
#include "models/onnx.hpp"
#include "models/tree_training.hpp"
#include "roles/resources.hpp"
#include "roles/version.hpp"

namespace millwright::roles {

namespace {

using interfaces::HubClient;
using interfaces::Json;

constexpr std::uint32_t training_threads = 2;

/// The text of an example's file with a public key for each Person that has none. Documents of
/// examples begin with `kind:` and `spec:` at the start of a line.
std::string with_keys(const std::string& text, const std::string& keys, engine::Disk& disk,
                      Random& random, std::string& trust, Result<void>& done) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto end = text.find("\n---", at);
    end = end == std::string::npos ? text.size() : end + 1;
    std::string document = text.substr(at, end - at);
    at = end;
    const auto spec = document.find("\nspec:\n");
    const auto name = document.find("\n  name: ");
    const bool is_person = document.find("\nkind: Person\n") != std::string::npos;
    if (is_person && spec != std::string::npos && name != std::string::npos &&
        document.find("\n  publicKey:") == std::string::npos) {
      const auto from = name + std::string_view("\n  name: ").size();
      const std::string person = document.substr(from, document.find('\n', from) - from);
      const auto key = governance::SecretKey::generate(random);
      if (done)
        done = engine::replace_whole(disk, keys + "/" + person + ".key", as_bytes(key.file_text()));
      const std::string shown = key.public_key().base64();
      document.insert(spec + std::string_view("\nspec:\n").size(), "  publicKey: " + shown + "\n");
      trust += person + " " + shown + "\n";
    }
    out += document;
  }
  return out;
}

Result<std::string> first_of(const std::vector<std::string>& parties,
                             const std::vector<catalog::Resource>& declared) {
  for (const std::string& party : parties) {
    if (party.starts_with("person/")) return party.substr(7);
    if (!party.starts_with("role/")) return party;
    for (const auto& resource : declared) {
      if (resource.key.kind != catalog::Kind::person) continue;
      const auto person = catalog::parse_person_spec(resource.spec);
      if (std::ranges::find(person.roles, party.substr(5)) != person.roles.end())
        return resource.key.name;
    }
  }
  return fail(Code::not_found, "nobody is named by the rules of rollouts");
}

/// The steps speak to the person who waits; standard output is the report's.
interfaces::Terminal beside_the_report(const interfaces::Terminal& terminal) {
  return {.out = terminal.err,
          .err = terminal.err,
          .out_is_terminal = terminal.err_is_terminal,
          .err_is_terminal = terminal.err_is_terminal,
          .columns = terminal.columns,
          .environment = terminal.environment,
          .read_file = terminal.read_file,
          .pause = terminal.pause,
          .random = terminal.random,
          .write_file = terminal.write_file};
}

std::string rollout_id(const std::string& kind) {
  return "first-" + kind;
}

/// NASA's score of one prediction (Saxena et al., PHM08): late predictions cost more.
double nasa_score(double difference) {
  return difference < 0 ? std::exp(-difference / 13) - 1 : std::exp(difference / 10) - 1;
}

}  // namespace

Result<std::optional<DecisionRun>> DecisionRun::prepare(
    const std::string& example, const std::string& directory,
    std::map<std::string, std::string> variables, Random& random) {
  auto disk = engine::open_posix_disk("/");
  if (!disk) return pass(std::move(disk));
  DecisionRun run;
  run.variables_ = std::move(variables);
  run.resources_ = directory + "/resources";
  run.keys_ = directory + "/keys";
  run.trust_ = directory + "/trusted-keys";
  for (const auto& path : {run.resources_, run.keys_}) {
    if (auto made = (*disk)->make_directories(path); !made) return pass(std::move(made));
  }
  auto names = (*disk)->list(example);
  if (!names) return pass(std::move(names), example);
  std::string trust;
  Result<void> done;
  for (const auto& name : *names) {
    if (!name.ends_with(".yaml")) continue;
    auto content = engine::read_whole(**disk, example + "/" + name);
    if (!content) return pass(std::move(content));
    const std::string text =
        with_keys(std::string(as_text(*content)), run.keys_, **disk, random, trust, done);
    if (done) done = engine::replace_whole(**disk, run.resources_ + "/" + name, as_bytes(text));
    if (!done) return pass(std::move(done));
  }
  if (done = engine::replace_whole(**disk, run.trust_, as_bytes(trust)); !done)
    return pass(std::move(done));
  auto declared = load_resources({run.resources_});
  if (!declared) return pass(std::move(declared));
  run.declared_ = std::move(*declared);
  const bool has_models = std::ranges::any_of(
      run.declared_, [](const auto& r) { return r.key.kind == catalog::Kind::model; });
  if (!has_models) return std::optional<DecisionRun>();
  if (auto read = run.read_parties(); !read) return pass(std::move(read));
  return std::optional<DecisionRun>(std::move(run));
}

Result<void> DecisionRun::read_parties() {
  const auto declared = catalog::as_declared(declared_);
  const catalog::Index index(declared);
  std::map<std::string, std::string> labels;
  for (const auto& resource : declared_) {
    if (resource.key.kind != catalog::Kind::model) continue;
    const auto model = catalog::parse_model_spec(resource.key.name, resource.spec);
    models_[model.tier == catalog::Tier::edge ? "edge" : "gateway"].push_back(resource.key.name);
    labels.insert(model.training.labels.begin(), model.training.labels.end());
  }
  for (const auto& entry : index.devices) {
    const auto& own = entry.declared->resource.labels;
    const bool is_training = !labels.empty() && std::ranges::all_of(labels, [&](const auto& label) {
      const auto found = own.find(label.first);
      return found != own.end() && found->second == label.second;
    });
    if (is_training) training_edges_.push_back(entry.spec.site + "/" + entry.spec.edge);
  }
  std::vector<catalog::RoleSpec> roles;
  for (const auto& resource : declared_) {
    if (resource.key.kind == catalog::Kind::role)
      roles.push_back(catalog::parse_role_spec(resource.spec));
  }
  for (const auto& rule : catalog::raci_rules(roles)) {
    if (rule.object == "work_order" && rule.decision == "close") {
      if (auto closer = first_of(rule.responsible, declared_)) technician_ = *closer;
    }
    if (rule.object != "rollout" || rule.decision != "approve") continue;
    auto maker = first_of(rule.responsible, declared_);
    if (!maker) return pass(std::move(maker));
    auto approver = first_of(rule.accountable, declared_);
    if (!approver) return pass(std::move(approver));
    maker_ = *maker;
    approver_ = *approver;
  }
  if (maker_.empty()) {
    return fail(Code::invalid_input, "the example declares models, but not who approves rollouts",
                "add a Role with a rule {object: Rollout, decision: approve, …}");
  }
  return {};
}

Result<interfaces::Identity> DecisionRun::identity_of(const std::string& person,
                                                      const interfaces::Terminal& terminal) const {
  return interfaces::identity_of({person, key_of(person)}, terminal);
}

Result<void> DecisionRun::train(interfaces::HttpClient& http, const Clock& clock,
                                const std::string& hub, interfaces::Terminal& terminal,
                                DecisionReport& report) {
  const auto trainer = models::make_xgboost_trainer();
  const stewardship::TrainingPorts training{
      *trainer, models::for_each_on_threads(training_threads),
      [](const models::TreeEnsemble& trees, std::string_view name) {
        return models::onnx_of(trees, name);
      }};
  for (const auto& [kind, names] : models_) {
    for (const std::string& name : names) {
      interfaces::TrainOptions options;
      options.model = name;
      options.threads = training_threads;
      options.is_registered = true;
      options.identity = {maker_, key_of(maker_)};
      options.output = interfaces::OutputFormat::table;
      HubClient client(http, terminal, hub);
      interfaces::Terminal aside = beside_the_report(terminal);
      auto done = interfaces::train(
          options, declared_,
          {client, clock, training, std::string("millwright ") + std::string(version)}, aside);
      if (!done) return pass(std::move(done), "training " + name);
    }
  }
  HubClient client(http, terminal, hub);
  auto models = client.get("/api/v1/models");
  if (!models) return pass(std::move(models));
  for (const Json& model : (*models)["models"].items()) {
    if (model["cv_rmse"].is_number())
      report.cv_rmse[model["name"].string()] = model["cv_rmse"].number();
  }
  return {};
}

Result<void> DecisionRun::roll_out(interfaces::HttpClient& http, const Clock& clock,
                                   const std::string& hub, const std::string& kind,
                                   interfaces::Terminal& terminal) {
  const auto names = models_.find(kind);
  if (names == models_.end()) return {};
  interfaces::Terminal aside = beside_the_report(terminal);
  HubClient client(http, aside, hub);
  interfaces::DeliveryVerbs verbs(client, aside, clock, interfaces::OutputFormat::table);
  const interfaces::IdentityOptions maker{maker_, key_of(maker_)};
  const std::string release = "models-of-" + kind + "s";
  interfaces::ReleaseOptions made;
  made.name = release;
  for (const std::string& name : names->second) made.models.push_back(name + "@1");
  made.targets = {"kind=" + kind};
  made.identity = maker;
  if (auto done = verbs.create_release(made); !done) return pass(std::move(done), "release");
  interfaces::RolloutOptions rollout;
  rollout.id = rollout_id(kind);
  rollout.release = release;
  rollout.waves = "all";
  rollout.soak = Duration(0);
  // A first version has nothing to be compared with; the approver sees that.
  rollout.behaviour = "none";
  rollout.identity = maker;
  if (auto done = verbs.plan_rollout(rollout); !done) return pass(std::move(done), "plan");
  interfaces::ApproveOptions approve;
  approve.rollout = rollout.id;
  approve.identity = {approver_, key_of(approver_)};
  if (auto done = verbs.approve_rollout(approve); !done) return pass(std::move(done), "approval");
  if (auto done = verbs.start_rollout(rollout); !done) return pass(std::move(done), "start");
  return {};
}

Result<DecisionRun::Progress> DecisionRun::progress(interfaces::HttpClient& http,
                                                    const std::string& hub, const std::string& kind,
                                                    const interfaces::Terminal& terminal) const {
  Progress out;
  if (!models_.contains(kind)) {
    out.state = "done";
    return out;
  }
  HubClient client(http, terminal, hub);
  auto rollouts = client.get("/api/v1/rollouts");
  if (!rollouts) return pass(std::move(rollouts));
  for (const Json& rollout : (*rollouts)["rollouts"].items()) {
    if (rollout["id"].string() != rollout_id(kind)) continue;
    out.state = rollout["state"].string();
    for (const Json& wave : rollout["waves"].items()) {
      out.members += wave["members"].natural();
      out.attested += wave["targets"]["attested"].natural();
      out.installed += wave["targets"]["attested"].natural() +
                       wave["targets"]["installed_unconfirmed"].natural();
    }
  }
  return out;
}

Result<void> DecisionRun::judge(interfaces::HttpClient& http, const Clock& clock,
                                const std::string& hub, interfaces::Terminal& terminal,
                                DecisionReport& report) {
  const auto declared = catalog::as_declared(declared_);
  const catalog::Index index(declared);
  const catalog::FindingShare* share = nullptr;
  std::vector<catalog::KpiSpec> kpis;
  for (const auto& resource : declared_) {
    if (resource.key.kind == catalog::Kind::kpi)
      kpis.push_back(catalog::parse_kpi_spec(resource.spec));
  }
  for (const auto& kpi : kpis) {
    if (const auto* found = std::get_if<catalog::FindingShare>(&kpi.method)) share = found;
  }
  std::vector<std::string> assets;
  for (const auto& resource : declared_) {
    if (resource.key.kind != catalog::Kind::use_case) continue;
    const auto use_case = catalog::parse_use_case_spec(resource.spec);
    for (const auto& name : index.assets_of(use_case.assets)) assets.push_back(std::string(name));
  }
  HubClient client(http, terminal, hub);
  if (share == nullptr || assets.empty()) return {};
  std::string file = share->truth_file;
  for (const auto& [name, value] : variables_) {
    const std::string key = "${" + name + "}";
    if (const auto at = file.find(key); at != std::string::npos)
      file.replace(at, key.size(), value);
  }
  auto text = terminal.read_file(file);
  if (!text) return pass(std::move(text), "truth of the KPI");
  std::map<std::string, double> truth;
  Json list = Json::array();
  const char* at = text->c_str();
  for (const std::string& asset : assets) {
    char* end = nullptr;
    const double value = std::strtod(at, &end);
    if (end == at) break;
    at = end;
    truth[asset] = value;
    list.push(Json::object({{"asset", asset}, {"value", value}}));
  }
  auto identity = interfaces::identity_of({maker_, key_of(maker_)}, terminal);
  if (!identity) return pass(std::move(identity));
  client.sign_as(std::move(*identity), clock);
  auto told =
      client.post("/api/v1/truths", Json::object({{"kind", "remaining_life"},
                                                  {"unit", share->truth_unit},
                                                  {"source", file.substr(file.rfind('/') + 1)},
                                                  {"truths", std::move(list)}}));
  if (!told) return pass(std::move(told), "telling the truth");

  double clip = INFINITY;
  for (const auto& resource : declared_) {
    if (resource.key.kind != catalog::Kind::model) continue;
    const auto model = catalog::parse_model_spec(resource.key.name, resource.spec);
    if (model.target && model.target->clip) clip = *model.target->clip;
  }
  auto last = client.get("/api/v1/last?pattern=" + interfaces::percent_encode("*/rul"));
  if (!last) return pass(std::move(last));
  double squares = 0;
  for (const Json& value : (*last)["values"].items()) {
    const std::string& series = value["series"].string();
    const auto metric = series.rfind('/');
    const auto device = series.rfind('/', metric - 1);
    const auto found = truth.find(series.substr(device + 1, metric - device - 1));
    if (found == truth.end() || !value["value"].is_number()) continue;
    const double predicted = value["value"].number();
    const double difference = std::min(predicted, clip) - std::min(found->second, clip);
    squares += difference * difference;
    report.score += nasa_score(predicted - found->second);
    ++report.assets;
  }
  if (report.assets > 0)
    report.rmse_clipped = std::sqrt(squares / static_cast<double>(report.assets));
  auto counted = client.post(
      "/api/v1/query",
      Json::object({{"sql",
                     "SELECT count(*) AS n FROM current WHERE metric = 'rul' AND value IS "
                     "NOT NULL"}}));
  if (!counted) return pass(std::move(counted));
  report.verdicts = (*counted)["rows"].items().at(0).items().at(0).natural();
  auto findings = client.get("/api/v1/findings");
  if (!findings) return pass(std::move(findings));
  for (const Json& finding : (*findings)["findings"].items()) {
    if (!share->finding.empty() && finding["rule"].string() != share->finding) continue;
    ++report.findings;
    const auto found = truth.find(finding["asset"].string());
    if (found != truth.end() && share->beside && share->beside->meets(found->second))
      ++report.findings_false;
  }
  auto cases = client.get("/api/v1/usecases");
  if (!cases) return pass(std::move(cases));
  for (const Json& use_case : (*cases)["usecases"].items()) {
    for (const Json& kpi : use_case["kpis"].items()) {
      report.kpi_state = kpi["state"].string();
      report.kpi_reason = kpi["reason"].string();
      report.kpi_value = kpi["value"].number();
      report.kpi_low = kpi["low"].number();
      report.kpi_high = kpi["high"].number();
      report.kpi_n = kpi["n"].natural();
    }
  }
  auto audit = client.get("/api/v1/audit/entries?limit=1");
  if (!audit) return pass(std::move(audit));
  report.audit_entries = (*audit)["size"].natural();
  return {};
}

}  // namespace millwright::roles
