// The verbs of decisions, by CLI11: what they take and what they run.
#include "interfaces/cli_decisions.hpp"

#include <CLI/CLI.hpp>

#include "engine/disk.hpp"
#include "engine/host.hpp"
#include "interfaces/catalog_verbs.hpp"
#include "interfaces/delivery_verbs.hpp"
#include "interfaces/evidence_verbs.hpp"
#include "interfaces/key_verbs.hpp"
#include "interfaces/train_verbs.hpp"
#include "interfaces/work_verbs.hpp"
#include "models/onnx.hpp"
#include "models/tree_training.hpp"

namespace millwright::interfaces {

namespace {

constexpr const char* data_default = "millwright-data";
constexpr const char* models_group = "Models and their delivery";
constexpr const char* work_group = "Work and evidence";

}  // namespace

class DecisionCommands::Parts {
 public:
  Parts(CliPorts* ports, Terminal* terminal) : ports_(ports), terminal_(terminal) {}

  void declare(CLI::App& app, VerbTable& verbs) {
    declare_key(app, verbs);
    declare_train(app, verbs);
    declare_models(app, verbs);
    declare_rollout(app, verbs);
    declare_approve(app, verbs);
    declare_work(app, verbs);
    declare_explanations(app, verbs);
    declare_audit(app, verbs);
  }

 private:
  HubClient hub() const { return {ports_->http, *terminal_, address_}; }
  void add_hub(CLI::App& app) {
    app.add_option("--hub", address_,
                   "Address of the hub; MILLWRIGHT_HUB, else http://127.0.0.1:8080")
        ->type_name("URL");
    add_output(app, output_);
  }
  template <typename Act>
  VerbTable::Action delivery(Act act) {
    return [this, act] {
      HubClient client = hub();
      DeliveryVerbs verbs(client, *terminal_, ports_->clock, output_);
      return act(verbs);
    };
  }
  template <typename Act>
  VerbTable::Action work(Act act) {
    return [this, act] {
      HubClient client = hub();
      WorkVerbs verbs(client, *terminal_, ports_->clock, output_);
      return act(verbs);
    };
  }
  template <typename Act>
  VerbTable::Action evidence(Act act) {
    return [this, act] {
      HubClient client = hub();
      EvidenceVerbs verbs(client, *terminal_, output_);
      return act(verbs);
    };
  }

  void declare_key(CLI::App& app, VerbTable& verbs) {
    CLI::App& noun =
        VerbTable::add_noun(app, {"key", "Keys with which persons sign", "", models_group});
    CLI::App& made = verbs.add(noun,
                               {"new", "Makes a pair of keys; the public part is printed",
                                "millwright key new --person anna --out anna.key", ""},
                               [this] {
                                 key_.output = output_;
                                 return new_key(key_, *terminal_);
                               });
    made.add_option("--person", key_.person, "Name of the Person")->required()->type_name("NAME");
    made.add_option("--out", key_.file, "New file for the secret part; nobody else may read it")
        ->required()
        ->type_name("FILE");
    add_output(made, output_);
  }

  void declare_train(CLI::App& app, VerbTable& verbs) {
    CLI::App& train =
        verbs.add(app,
                  {"train", "Trains a declared model from what a hub has stored",
                   "millwright train turbofan-rul -f examples/turbofan --out rul.mwm\n  "
                   "millwright train turbofan-rul --register --person ben --key ben.key",
                   models_group},
                  [this] { return run_train(); });
    train.add_option("model", train_.model, "Name of the Model resource")->required();
    train
        .add_option("-f,--file", catalog_.files,
                    "Files or directories of the resources; the catalog by default")
        ->type_name("PATH");
    train
        .add_option("--store", catalog_.store,
                    "Catalog; MILLWRIGHT_STORE, else catalog.db in --data")
        ->type_name("FILE");
    train.add_option("--data", data_, "Data directory of the hub")
        ->capture_default_str()
        ->type_name("DIR");
    train
        .add_option("--as-of", train_.as_of, "Revision: what was known then; the newest by default")
        ->type_name("REVISION");
    train
        .add_option("--threads", train_.threads,
                    "Folds trained side by side; changes no byte of the model")
        ->capture_default_str();
    train.add_option("--out", train_.file, "File of the bundle; MODEL-N.mwm by default")
        ->type_name("FILE");
    train.add_flag("--register", train_.is_registered,
                   "Upload it and make it the next version and challenger");
    add_identity(train, identity_);
    add_hub(train);
  }

  Result<void> run_train() {
    if (catalog_.files.empty() && catalog_.store.empty())
      catalog_.store = terminal_->environment("MILLWRIGHT_STORE").value_or("");
    if (catalog_.files.empty() && catalog_.store.empty()) {
      auto made = engine::open_posix_disk(data_);
      if (!made) return pass(std::move(made));
      catalog_.store = data_ + "/catalog.db";
    }
    auto resources = declared_resources(catalog_, {ports_->clock, *terminal_->random});
    if (!resources) return pass(std::move(resources));
    train_.identity = identity_;
    train_.output = output_;
    const auto trainer = models::make_xgboost_trainer();
    HubClient client = hub();
    const stewardship::TrainingPorts training{
        *trainer, models::for_each_on_threads(train_.threads),
        [](const models::TreeEnsemble& trees, std::string_view name) {
          return models::onnx_of(trees, name);
        }};
    return train(train_, *resources,
                 {client, ports_->clock, training, "millwright " MILLWRIGHT_VERSION}, *terminal_);
  }

  void declare_models(CLI::App& app, VerbTable& verbs) {
    CLI::App& model =
        VerbTable::add_noun(app, {"model", "Versions of models at the hub", "", models_group});
    add_hub(verbs.add(
        model, {"list", "Versions with aliases, precision and recall", "millwright model list", ""},
        delivery([](DeliveryVerbs& d) { return d.list_models(); })));
    CLI::App& release = VerbTable::add_noun(
        app, {"release", "Signed sets of artifacts that run together", "", models_group});
    add_hub(verbs.add(release,
                      {"list", "Registered releases", "millwright release list -o json", ""},
                      delivery([](DeliveryVerbs& d) { return d.list_releases(); })));
    CLI::App& create = verbs.add(
        release,
        {"create", "Signs the next version of a release and registers it",
         "millwright release create turbofan --model turbofan-rul@1 --model turbofan-anomaly@1 "
         "--person ben --key ben.key",
         ""},
        delivery([this](DeliveryVerbs& d) {
          release_.identity = identity_;
          return d.create_release(release_);
        }));
    create.add_option("name", release_.name, "Name of the release")->required();
    create
        .add_option("--model", release_.models,
                    "A bundle's file, or NAME@N as registered; may be repeated")
        ->type_name("FILE|NAME@N");
    create.add_option("--pipeline", release_.pipelines, "A pipeline's file; may be repeated")
        ->type_name("NAME@N=FILE");
    create.add_option("--config", release_.configs, "A configuration's file; may be repeated")
        ->type_name("NAME@N=FILE");
    create
        .add_option("--for", release_.targets,
                    "What it runs on, such as kind=gateway; everything by default")
        ->type_name("SELECTOR");
    add_identity(create, identity_);
    add_hub(create);
  }

  void declare_rollout(CLI::App& app, VerbTable& verbs) {
    CLI::App& noun = VerbTable::add_noun(
        app, {"rollout", "Releases on their way to edges and gateways", "", models_group});
    add_hub(verbs.add(noun, {"list", "Every rollout", "millwright rollout list", ""},
                      delivery([](DeliveryVerbs& d) { return d.list_rollouts(); })));
    CLI::App& get = verbs.add(
        noun,
        {"get", "One rollout with the statistics of its gates", "millwright rollout get r-7", ""},
        delivery([this](DeliveryVerbs& d) { return d.get_rollout(rollout_.id); }));
    get.add_option("id", rollout_.id, "Its id")->required();
    add_hub(get);
    CLI::App& plan = verbs.add(
        noun,
        {"plan", "Plans a rollout: the blueprint that an approval binds to",
         "millwright rollout plan r-7 --release turbofan --waves canary=10%,all --person ben --key "
         "ben.key",
         ""},
        delivery([this](DeliveryVerbs& d) {
          rollout_.identity = identity_;
          return d.plan_rollout(rollout_);
        }));
    plan.add_option("id", rollout_.id, "Its id: a new name")->required();
    plan.add_option("--release", rollout_.release, "Name (the newest), NAME@N or digest")
        ->required()
        ->type_name("RELEASE");
    plan.add_option("--waves", rollout_.waves,
                    "Shares of all targets, rising, or selectors: lab[ring=lab],half=50%,all")
        ->capture_default_str();
    add_duration(plan, "--soak", rollout_.soak, "Time between install gate and behaviour gate");
    plan.add_option("--behaviour", rollout_.behaviour,
                    "Gate on what the models say: required, or none for a release without models")
        ->check(CLI::IsMember({"required", "none"}))
        ->capture_default_str();
    plan.add_option("--scored-min", rollout_.scored_min,
                    "Verdicts of each side before behaviour is judged")
        ->capture_default_str();
    add_identity(plan, identity_);
    add_hub(plan);
    declare_rollout_steps(noun, verbs);
  }

  void declare_rollout_steps(CLI::App& noun, VerbTable& verbs) {
    CLI::App& start = verbs.add(noun,
                                {"start", "Begins an approved rollout",
                                 "millwright rollout start r-7 --person emil --key emil.key", ""},
                                delivery([this](DeliveryVerbs& d) {
                                  rollout_.identity = identity_;
                                  return d.start_rollout(rollout_);
                                }));
    CLI::App& revert = verbs.add(
        noun,
        {"revert", "Brings every target that was touched back to what it ran",
         "millwright rollout revert r-7 --why 'too many flags' --person emil --key emil.key", ""},
        delivery([this](DeliveryVerbs& d) {
          rollout_.identity = identity_;
          return d.revert_rollout(rollout_);
        }));
    revert.add_option("--why", rollout_.why, "The reason, for the record")->required();
    for (CLI::App* verb : {&start, &revert}) {
      verb->add_option("id", rollout_.id, "Its id")->required();
      add_identity(*verb, identity_);
      add_hub(*verb);
    }
  }

  void declare_approve(CLI::App& app, VerbTable& verbs) {
    CLI::App& noun = VerbTable::add_noun(
        app, {"approve", "Signs an approval with a person's key", "", models_group});
    CLI::App& rollout =
        verbs.add(noun,
                  {"rollout", "Shows what a rollout binds, then signs the digest of its blueprint",
                   "millwright approve rollout r-7 --person anna --key anna.key --valid 24h", ""},
                  delivery([this](DeliveryVerbs& d) {
                    approve_.identity = identity_;
                    return d.approve_rollout(approve_);
                  }));
    rollout.add_option("id", approve_.rollout, "Id of the rollout")->required();
    add_duration(rollout, "--valid", approve_.valid, "How long the approval lets it begin");
    rollout.add_flag("--show", approve_.is_shown_only,
                     "Show what would be signed, and sign nothing");
    add_identity(rollout, identity_);
    add_hub(rollout);
  }

  void declare_work(CLI::App& app, VerbTable& verbs) {
    CLI::App& finding = VerbTable::add_noun(app, {"finding", "What models found", "", work_group});
    add_hub(verbs.add(finding, {"list", "Findings, newest first", "millwright finding list", ""},
                      work([](WorkVerbs& w) { return w.list_findings(); })));
    CLI::App& order =
        VerbTable::add_noun(app, {"workorder", "What people are asked to look at", "", work_group});
    CLI::App& list = verbs.add(
        order, {"list", "Work orders, newest first", "millwright workorder list --state open", ""},
        work([this](WorkVerbs& w) { return w.list_work_orders(state_); }));
    list.add_option("--state", state_, "open or closed; both by default")
        ->check(CLI::IsMember({"open", "closed"}));
    add_hub(list);
    CLI::App& verdict = verbs.add(
        order,
        {"verdict", "Says what was found at the asset, and closes the work order",
         "millwright workorder verdict wo-000012 confirmed --note 'blade worn' --person clara "
         "--key clara.key",
         ""},
        work([this](WorkVerbs& w) {
          verdict_.identity = identity_;
          return w.give_verdict(verdict_);
        }));
    verdict.add_option("id", verdict_.work_order, "Id of the work order")->required();
    verdict
        .add_option("outcome", verdict_.outcome,
                    "confirmed, other_fault, none_found or could_not_inspect")
        ->required();
    verdict.add_option("--note", verdict_.note, "In the person's own words");
    verdict.add_option("--fault", verdict_.fault, "What it was, where that is known");
    add_identity(verdict, identity_);
    add_hub(verdict);
  }

  void declare_explanations(CLI::App& app, VerbTable& verbs) {
    CLI::App& use_case =
        VerbTable::add_noun(app, {"usecase", "What the plant wants to reach", "", work_group});
    CLI::App& readiness =
        verbs.add(use_case,
                  {"readiness", "Whether the data are there: what is unmet, since when, whose",
                   "millwright usecase readiness turbofan", ""},
                  evidence([this](EvidenceVerbs& e) { return e.readiness(use_case_); }));
    readiness.add_option("name", use_case_, "One use case; all by default");
    add_hub(readiness);
    CLI::App& lineage =
        verbs.add(app,
                  {"lineage", "Walks a value back to its source rows, model, approval and person",
                   "millwright lineage site-a/gateway-a/test-007/health --at 2026-01-05T12:00:00Z",
                   work_group},
                  evidence([this](EvidenceVerbs& e) { return e.lineage(lineage_); }));
    lineage.add_option("series", lineage_.series, "site/edge/device/metric, or the series' number")
        ->required();
    lineage.add_option("--at", lineage_.at, "Event time of the value; the last by default")
        ->type_name("RFC3339");
    lineage.add_option("--revision", lineage_.revision, "Its revision; the greatest by default");
    add_hub(lineage);
    CLI::App& review =
        verbs.add(app,
                  {"review", "The review of a use case: each number with its query and data digest",
                   "millwright review turbofan -o html > review.html", work_group},
                  evidence([this](EvidenceVerbs& e) { return e.review(use_case_, form_); }));
    review.add_option("name", use_case_, "The use case")->required();
    review
        .add_option("--hub", address_,
                    "Address of the hub; MILLWRIGHT_HUB, else http://127.0.0.1:8080")
        ->type_name("URL");
    static const std::map<std::string, ReviewForm> forms{{"table", ReviewForm::table},
                                                         {"json", ReviewForm::json},
                                                         {"yaml", ReviewForm::yaml},
                                                         {"html", ReviewForm::html}};
    review.add_option("-o,--output", form_, "Form of the output: table, json, yaml or html")
        ->transform(CLI::CheckedTransformer(forms).description(""))
        ->type_name("FORM");
  }

  /// Runs over the whole file system, so that no directory is made by looking for one.
  template <typename Act>
  VerbTable::Action over_files(Act act) {
    return [this, act]() -> Result<void> {
      auto disk = engine::open_posix_disk("/");
      if (!disk) return pass(std::move(disk));
      audit_.directory = engine::absolute_path(data_).substr(1) + "/office";
      return act(**disk);
    };
  }

  void declare_audit(CLI::App& app, VerbTable& verbs) {
    CLI::App& noun =
        VerbTable::add_noun(app, {"audit", "The log of all decisions", "", work_group});
    CLI::App& log =
        verbs.add(noun, {"log", "Entries of the log", "millwright audit log --from 100", ""},
                  evidence([this](EvidenceVerbs& e) { return e.audit_log(log_); }));
    log.add_option("--from", log_.from, "First entry")->capture_default_str();
    log.add_option("--limit", log_.limit, "At most so many")->capture_default_str();
    add_hub(log);
    CLI::App& verify = verbs.add(
        noun,
        {"verify", "Hashes every entry of a log's files again and checks every signature",
         "millwright audit verify --data hub --verifier log.pub --remembered checkpoint-monday",
         ""},
        over_files([this](engine::Disk& disk) {
          return verify_audit_files(disk, audit_, output_, *terminal_);
        }));
    add_output(verify, output_);
    CLI::App& out =
        verbs.add(noun,
                  {"export", "Writes what a foreign verifier needs: entries, checkpoints, key",
                   "millwright audit export --data hub --out audit-2026", ""},
                  over_files([this](engine::Disk& disk) {
                    return export_audit_files(disk, audit_, disk,
                                              engine::absolute_path(folder_).substr(1), *terminal_);
                  }));
    out.add_option("--out", folder_, "New folder")->required()->type_name("DIR");
    for (CLI::App* verb : {&verify, &out}) {
      verb->add_option("--data", data_, "Data directory of the hub, or a copy of it")
          ->capture_default_str()
          ->type_name("DIR");
      verb->add_option("--verifier", audit_.verifier,
                       "Verifier key of the log, or a file with it; that beside the log by default")
          ->type_name("KEY");
    }
    verify
        .add_option("--remembered", audit_.remembered,
                    "A checkpoint kept elsewhere, which must be among the states of the log")
        ->type_name("FILE");
  }

  CliPorts* ports_;
  Terminal* terminal_;
  std::string address_, data_ = data_default, state_, use_case_, folder_;
  OutputFormat output_ = OutputFormat::table;
  ReviewForm form_ = ReviewForm::table;
  IdentityOptions identity_;
  KeyOptions key_;
  TrainOptions train_{.model = "", .threads = 2, .file = "", .identity = {}};
  CatalogOptions catalog_{.store = "", .files = {}, .kind = "", .name = ""};
  ReleaseOptions release_;
  RolloutOptions rollout_;
  ApproveOptions approve_;
  VerdictOptions verdict_;
  LineageOptions lineage_;
  AuditLogOptions log_;
  AuditFileOptions audit_;
};

DecisionCommands::DecisionCommands(CliPorts* ports, Terminal* terminal)
    : parts_(std::make_unique<Parts>(ports, terminal)) {}

DecisionCommands::~DecisionCommands() = default;

void DecisionCommands::declare(CLI::App& app, VerbTable& verbs) {
  parts_->declare(app, verbs);
}

}  // namespace millwright::interfaces
