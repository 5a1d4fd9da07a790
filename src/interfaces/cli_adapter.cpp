// The command line of millwright, by CLI11: which verbs there are, what they take, what they run.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/format.hpp"
#include "engine/disk.hpp"
#include "interfaces/catalog_verbs.hpp"
#include "interfaces/cli.hpp"
#include "interfaces/cli_decisions.hpp"
#include "interfaces/cli_parts.hpp"
#include "interfaces/client_verbs.hpp"
#include "interfaces/completion.hpp"
#include "interfaces/edge_cli.hpp"
#include "interfaces/watch.hpp"

namespace millwright::interfaces {

namespace {

using Action = VerbTable::Action;
constexpr const char* data_default = "millwright-data";

/// The declared command line: verbs, the options they fill, and what each runs.
class CommandLine {
 public:
  CommandLine(const RoleVerbs& roles, CliPorts* ports, Terminal* terminal)
      : roles_(roles),
        ports_(ports),
        terminal_(terminal),
        app_("", "millwright"),
        decisions_(ports, terminal) {
    prepare(app_, "millwright " MILLWRIGHT_VERSION);
    app_.description(
        "Carries samples from machines to durable, queryable rows, and proves that none was lost");
    app_.require_subcommand(1);
    app_.footer(
        "Start with 'millwright demo': a whole plant on this machine.\n"
        "'millwright VERB --help' explains a verb.");
    declare_roles();
    declare_client();
    declare_catalog();
    decisions_.declare(app_, table_);
    declare_completion();
  }

  CLI::App& app() { return app_; }
  std::vector<std::string> verbs() const {
    std::vector<std::string> out;
    for (const auto* verb : app_.get_subcommands({})) out.push_back(verb->get_name());
    return out;
  }
  Result<void> run() { return table_.run(app_); }
  std::vector<CompletedVerb> completed() const { return VerbTable::completed(app_); }

 private:
  CLI::App& verb(const std::string& name, const std::string& description,
                 const std::string& example, const std::string& group, Action action) {
    return table_.add(app_, {name, description, example, group}, std::move(action));
  }

  void declare_roles() {
    if (roles_.edge) declare_edge();
    if (roles_.gateway) declare_gateway();
    if (roles_.hub) declare_hub();
    if (roles_.demo) declare_demo();
    if (roles_.run) declare_run();
    if (roles_.sim) declare_sim();
  }

  void declare_edge() {
    CLI::App& app = verb("edge", "Runs an edge (the program millwright-edge)",
                         "millwright edge --site site-a --edge edge-1 --data edge-1 -f plant/",
                         "Roles", [] { return Result<void>(); });
    app.set_help_flag();  // its own program answers, see run_cli
  }

  void declare_gateway() {
    CLI::App& app = verb(
        "gateway", "Runs a gateway: host of its site's edges, edge node of the hub",
        "millwright gateway --site site-a --gateway gw-1 --data gw-1 --hub-broker-host hub.local",
        "Roles", [this]() -> Result<void> {
          auto site = take_password(*terminal_, site_password_, "MILLWRIGHT_SITE_BROKER_PASSWORD",
                                    gateway_.site_broker);
          if (!site) return site;
          auto hub = take_password(*terminal_, hub_password_, "MILLWRIGHT_HUB_BROKER_PASSWORD",
                                   gateway_.hub_broker);
          if (!hub) return hub;
          return roles_.gateway(gateway_, *terminal_);
        });
    app.add_option("--site", gateway_.site, "Site that it serves")->required();
    app.add_option("--gateway", gateway_.gateway, "Its name: an edge node towards the hub")
        ->required();
    app.add_option("--host-id", gateway_.host_id,
                   "Host id towards the edges; the gateway's name by default");
    app.add_option("--primary-host", gateway_.primary_host, "Host id of the hub");
    app.add_option("--data", gateway_.data_dir, "Directory of what it keeps, made when absent")
        ->required()
        ->type_name("DIR");
    add_broker(app, "site-broker-", gateway_.site_broker, site_password_);
    add_broker(app, "hub-broker-", gateway_.hub_broker, hub_password_);
    add_release_options(app, gateway_.hub_url, gateway_.trust_file);
    add_log_level(app, gateway_.log_level);
  }

  void declare_hub() {
    hub_.data_dir = data_default;
    CLI::App& app = verb("hub", "Runs the hub: historian, ledger, office, API and screen",
                         "millwright hub --data hub --broker-host 127.0.0.1 --http-port 8080",
                         "Roles", [this]() -> Result<void> {
                           auto password = take_password(*terminal_, broker_password_,
                                                         "MILLWRIGHT_BROKER_PASSWORD", hub_.broker);
                           if (!password) return password;
                           return roles_.hub(hub_, *terminal_);
                         });
    app.add_option("--host-id", hub_.host_id, "Sparkplug host id")->capture_default_str();
    add_broker(app, "broker-", hub_.broker, broker_password_);
    app.add_option("--data", hub_.data_dir, "Directory of historian and catalog, made when absent")
        ->capture_default_str()
        ->type_name("DIR");
    app.add_option("--store", hub_.store, "Catalog; DIR/catalog.db by default")->type_name("FILE");
    app.add_option("-f,--resources", hub_.resources,
                   "What is declared: people, roles, models, use cases; files or directories")
        ->type_name("PATH");
    app.add_option("--site", hub_.group, "Take this site only");
    app.add_option("--http-host", hub_.http_host, "Address of the API; 0.0.0.0 exposes it")
        ->capture_default_str();
    app.add_option("--http-port", hub_.http_port, "Its port; 0 chooses a free one")
        ->capture_default_str();
    add_duration(app, "--commit-interval", hub_.commit_interval, "Longest wait of a group commit");
    add_duration(app, "--seal-interval", hub_.seal_interval, "Time between seals into Parquet");
    app.add_flag("--simulated", hub_.simulated, "Say everywhere that the input is simulated");
    add_log_level(app, hub_.log_level);
  }

  void declare_demo() {
    CLI::App& app = verb("demo", "A whole plant on this machine: broker, hub, gateways, edges",
                         "millwright demo\n  millwright demo --once -o json", "Roles",
                         [this] { return roles_.demo(demo_, *terminal_); });
    app.add_flag("--once", demo_.once, "Play --plant-time, check the ledger, end");
    add_duration(app, "--plant-time", demo_.plant_time, "Plant time that --once plays");
    app.add_flag("--bare", demo_.is_bare, "The plant alone: nobody trains, releases or repairs");
    add_duration(app, "--history", demo_.history,
                 "Past of the plant that models learn from, played first; 0s: none");
    app.add_option("--data", demo_.data_dir, "Directory that stays; a temporary one by default")
        ->type_name("DIR");
    app.add_option("--http-port", demo_.http_port, "Port of the screen; 0 chooses a free one")
        ->capture_default_str();
    app.add_option("--seed", demo_.seed, "Seed of the simulated plant")->capture_default_str();
    add_output(app, demo_.output);
    add_log_level(app, demo_.log_level);
  }

  void declare_run() {
    CLI::App& app =
        verb("run", "Plays recorded data through edges, gateways and a hub, and accounts for it",
             "millwright run examples/turbofan --data recordings/cmapss --within 3m -o json",
             "Roles", [this] { return roles_.run(run_, *terminal_); });
    app.add_option("example", run_.example, "Directory of resources")->required()->type_name("DIR");
    app.add_option("--data", run_.data, "Directory of the recorded data")->type_name("DIR");
    add_pace(app, run_.pace);
    app.add_option("--keep", run_.keep_dir, "Directory that stays; a temporary one by default")
        ->type_name("DIR");
    app.add_option("--faults", run_.faults, "Script of kills and stalls")->type_name("FILE");
    app.add_option("--http-port", run_.http_port, "Port of the hub; 0 chooses a free one")
        ->capture_default_str();
    add_output(app, run_.output);
    add_log_level(app, run_.log_level);
  }

  void declare_sim() {
    CLI::App& app =
        verb("sim", "Runs edges, gateways and hub on simulated time, with faults, from a seed",
             "millwright sim --seed 7 --edges 10 --hours 1 -o json", "Roles",
             [this] { return roles_.sim(sim_, *terminal_); });
    app.add_option("--seed", sim_.seed, "First seed")->capture_default_str();
    app.add_option("--seeds", sim_.seeds, "So many seeds, one after another")
        ->capture_default_str();
    app.add_option("--edges", sim_.edges, "Edges of the world")->capture_default_str();
    app.add_option("--signals", sim_.signals, "Signals of each edge")->capture_default_str();
    app.add_option("--hours", sim_.hours, "Simulated hours")->capture_default_str();
    app.add_flag("!--no-faults", sim_.faults, "Nothing goes wrong");
    app.add_option("--planted-bug", sim_.planted_bug, "A bug to plant, which has to be found");
    add_output(app, sim_.output);
  }

  void add_hub_address(CLI::App& app) {
    app.add_option("--hub", address_,
                   "Address of the hub; MILLWRIGHT_HUB, else http://127.0.0.1:8080")
        ->type_name("URL");
    add_output(app, output_);
  }
  ClientVerbs client() { return {ports_->http, *terminal_, address_, output_}; }

  void declare_client() {
    CLI::App& query = verb("query", "Asks the historian in SQL",
                           "millwright query \"SELECT series, count(*) FROM samples GROUP BY 1\"",
                           "Asking a hub", [this] { return client().query(sql_); });
    query.add_option("sql", sql_, "One reading statement; `-` reads it from standard input")
        ->required();
    add_hub_address(query);
    CLI::App& ledger = verb("ledger", "The account: sent = stored + declared loss",
                            "millwright ledger site-a/edge-1 -o json", "Asking a hub",
                            [this] { return client().ledger(ledger_); });
    ledger.add_option("producer", ledger_.producer, "site/edge; every producer by default");
    ledger.add_option("--from", ledger_.from, "Start of an interval of event time")
        ->type_name("RFC3339");
    ledger.add_option("--to", ledger_.to, "Its end, inclusive")->type_name("RFC3339");
    add_hub_address(ledger);
    declare_watch();
    declare_plain("status", "Sites, edges, rates and the ledger in short", "millwright status",
                  [this] { return client().status(); });
    declare_plain("healthcheck", "Ends with 0 when the hub does its work",
                  "millwright healthcheck --hub http://127.0.0.1:8080",
                  [this] { return client().healthcheck(); });
    declare_plain("seal", "Turns the hot part of the historian into Parquet segments",
                  "millwright seal", [this] { return client().seal(); });
    declare_plain("verify", "Checks every segment against its checksum", "millwright verify",
                  [this] { return client().verify(); });
    declare_plain("audit-rows", "Counts the stored rows and compares them with the account",
                  "millwright audit-rows", [this] { return client().audit_rows(); });
  }

  void declare_plain(const std::string& name, const std::string& description,
                     const std::string& example, Action action) {
    add_hub_address(verb(name, description, example, "Asking a hub", std::move(action)));
  }

  void declare_watch() {
    CLI::App& app =
        verb("watch", "Last values, live: value, unit, quality, age", "millwright watch 'site-a/*'",
             "Asking a hub", [this]() -> Result<void> {
               auto verbs = client();
               const bool is_plain = !terminal_->out_is_terminal || watch_.times > 0 ||
                                     output_ != OutputFormat::table;
               if (is_plain) return verbs.watch(watch_);
               auto first = verbs.last_values(watch_.pattern);
               if (!first) return pass(std::move(first));
               return watch_screen({.title = fmt::format("{} at {}", watch_.pattern, verbs.hub()),
                                    .interval = watch_.interval,
                                    .fetch = [&] { return verbs.last_values(watch_.pattern); }});
             });
    app.add_option("pattern", watch_.pattern, "Glob over site/edge/device/metric")
        ->capture_default_str();
    app.add_option("--times", watch_.times, "So many rounds of plain output; 0: until Ctrl-C")
        ->capture_default_str();
    add_duration(app, "--interval", watch_.interval, "Time between two rounds");
    add_hub_address(app);
  }

  using CatalogVerb = Result<void> (*)(const CatalogOptions&, CatalogPorts, Terminal&);

  /// Runs a catalog verb; the store's directory is made first when it is the default one.
  Action with_store(CatalogVerb act) {
    return [this, act]() -> Result<void> {
      if (catalog_.store.empty()) {
        catalog_.store = terminal_->environment("MILLWRIGHT_STORE").value_or("");
      }
      if (catalog_.store.empty()) {
        auto made = engine::open_posix_disk(catalog_data_);
        if (!made) return pass(std::move(made));
        catalog_.store = catalog_data_ + "/catalog.db";
      }
      return act(catalog_, {ports_->clock, *terminal_->random}, *terminal_);
    };
  }
  void add_store(CLI::App& app) {
    app.add_option("--store", catalog_.store,
                   "Catalog; MILLWRIGHT_STORE, else catalog.db in --data")
        ->type_name("FILE");
    app.add_option("--data", catalog_data_, "Data directory of the hub")
        ->capture_default_str()
        ->type_name("DIR");
    add_output(app, catalog_.output);
  }
  void add_files(CLI::App& app, bool is_required) {
    app.add_option("-f,--file,path", catalog_.files,
                   "Files, directories, or `-` for standard input")
        ->required(is_required)
        ->type_name("PATH");
  }

  void declare_catalog() {
    const char* group = "Resources";
    CLI::App& check =
        verb("check", "Says everything that is wrong with resources, and changes nothing",
             "millwright check plant/", group, [this] {
               return check_resources(catalog_, {ports_->clock, *terminal_->random}, *terminal_);
             });
    add_files(check, true);
    check.add_option("--store", catalog_.store, "Check together with what this catalog holds")
        ->type_name("FILE");
    add_output(check, catalog_.output);
    CLI::App& apply = verb("apply", "Makes the catalog hold these resources, all or none",
                           "millwright apply -f plant/", group, with_store(apply_resources));
    add_files(apply, true);
    add_store(apply);
    CLI::App& get = verb("get", "Lists resources", "millwright get devices -o yaml", group,
                         with_store(get_resources));
    get.add_option("kind", catalog_.kind, "Kind, such as devices; all by default");
    get.add_option("name", catalog_.name, "One resource");
    add_store(get);
    CLI::App& describe =
        verb("describe", "One resource, and what refers to it", "millwright describe asset pump-1",
             group, with_store(describe_resource));
    describe.add_option("kind", catalog_.kind, "Kind, such as asset")->required();
    describe.add_option("name", catalog_.name, "Its name")->required();
    add_store(describe);
    declare_delete();
    CLI::App& diff = verb("diff", "What apply would change", "millwright diff -f plant/", group,
                          with_store(diff_resources));
    add_files(diff, true);
    add_store(diff);
  }

  void declare_delete() {
    CLI::App& app = verb("delete", "Deletes resources that nothing refers to",
                         "millwright delete device press-7", "Resources", [this]() -> Result<void> {
                           const bool is_named = !catalog_.kind.empty() && !catalog_.name.empty();
                           if (is_named == !catalog_.files.empty()) {
                             return fail(Code::invalid_input, "nothing to delete is named",
                                         "give KIND and NAME, or -f with the files that declare "
                                         "the resources");
                           }
                           return with_store(delete_resources)();
                         });
    app.add_option("kind", catalog_.kind, "Kind, such as device");
    app.add_option("name", catalog_.name, "Its name");
    app.add_option("-f,--file", catalog_.files, "Delete what these files declare")
        ->type_name("PATH");
    add_store(app);
  }

  void declare_completion() {
    CLI::App& app = verb("completion", "Prints the completion script of a shell",
                         "source <(millwright completion bash)", "Other", [this]() -> Result<void> {
                           auto script = completion_script(shell_, completed());
                           if (!script) return pass(std::move(script));
                           terminal_->out << *script;
                           return {};
                         });
    app.add_option("shell", shell_, "bash, zsh or fish")->required();
  }

  const RoleVerbs& roles_;
  CliPorts* ports_;
  Terminal* terminal_;
  CLI::App app_;
  VerbTable table_;
  DecisionCommands decisions_;
  GatewayRoleOptions gateway_;
  HubRoleOptions hub_;
  DemoOptions demo_;
  RunOptions run_;
  SimOptions sim_;
  std::string site_password_, hub_password_, broker_password_;
  std::string address_, sql_, shell_;
  OutputFormat output_ = OutputFormat::table;
  LedgerOptions ledger_;
  WatchOptions watch_;
  CatalogOptions catalog_{.store = "", .files = {}, .kind = "", .name = ""};
  std::string catalog_data_ = data_default;
};

int refuse_verb(const std::string& verb, const std::vector<std::string>& verbs,
                Terminal& terminal) {
  const std::vector<std::string_view> views(verbs.begin(), verbs.end());
  const auto nearest = nearest_name(verb, views);
  terminal.err << "millwright: there is no verb '" << verb << "'";
  if (!nearest.empty()) terminal.err << "; did you mean '" << nearest << "'?";
  terminal.err << "\n  remedy: see 'millwright --help'\n";
  return 2;
}

}  // namespace

int run_cli(std::span<const char* const> arguments, const RoleVerbs& roles, CliPorts ports,
            Terminal& terminal) {
  CommandLine line(roles, &ports, &terminal);
  const auto verbs = line.verbs();
  const std::string first = arguments.size() > 1 ? arguments[1] : "--help";
  if (!first.starts_with('-') && std::ranges::find(verbs, first) == verbs.end()) {
    return refuse_verb(first, verbs, terminal);
  }
  if (first == "edge") {
    return finish(roles.edge({arguments.begin() + 2, arguments.end()}), "millwright", terminal);
  }
  static constexpr const char* help[] = {"millwright", "--help"};
  const auto given = arguments.size() > 1 ? arguments : std::span<const char* const>(help);
  if (const auto ended = read_arguments(line.app(), given, terminal)) return *ended;
  return finish(line.run(), "millwright", terminal);
}

std::string cli_reference() {
  const auto nothing = [](const auto&...) { return Result<void>(); };
  const RoleVerbs roles{.edge = nothing,
                        .gateway = nothing,
                        .hub = nothing,
                        .demo = nothing,
                        .run = nothing,
                        .sim = nothing};
  CommandLine line(roles, nullptr, nullptr);
  std::string out =
      "<!-- Generated from the declarations of the command line; a test fails when it differs. "
      "-->\n"
      "# Command line\n\n"
      "`millwright VERB …` talks to a hub, changes the catalog, or starts a role. Every verb takes "
      "`--help`.\n\n"
      "Exit status: 0; 2 for arguments that cannot be used; 10 invalid input, 11 not found, 12 "
      "already exists, 13 conflict, 14 refused, 15 unavailable, 16 exhausted, 17 corrupt, 18 "
      "unsupported version, 19 timeout, 20 internal.\n\n"
      "Passwords come from a file (`--…password-file`) or from the environment: "
      "`MILLWRIGHT_BROKER_PASSWORD` (hub, edge), `MILLWRIGHT_SITE_BROKER_PASSWORD` and "
      "`MILLWRIGHT_HUB_BROKER_PASSWORD` (gateway). `MILLWRIGHT_HUB` is the address of the hub, "
      "`MILLWRIGHT_STORE` the catalog. What a person decides is signed with the person's key: "
      "`MILLWRIGHT_PERSON` and `MILLWRIGHT_KEY`, a file.\n\n";
  return out + VerbTable::reference(line.app(), "millwright") + edge_cli_reference();
}

}  // namespace millwright::interfaces
