// What both command lines, `millwright` and `millwright-edge`, are made of: shared options, and how
// arguments are read, refused and documented. CLI11 is only named here (cli_parts_adapter.cpp).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "interfaces/completion.hpp"
#include "interfaces/hub_client.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace CLI {
class App;
}

namespace millwright::interfaces {

/// What a verb is called, what its help says, and under which heading it stands.
struct VerbText {
  std::string name;
  std::string description;
  std::string example;
  std::string group;
};

/// The verbs of a command line and what each runs. A verb may have verbs of its own (`rollout
/// plan`).
class VerbTable {
 public:
  using Action = std::function<Result<void>()>;

  CLI::App& add(CLI::App& under, const VerbText& text, Action action);
  /// A noun whose verbs are added under it; it runs nothing itself.
  static CLI::App& add_noun(CLI::App& app, const VerbText& text);
  /// Runs what was chosen by the arguments that were read.
  Result<void> run(const CLI::App& app) const;

  static std::vector<CompletedVerb> completed(const CLI::App& app);
  /// Markdown of every verb, those of nouns below them.
  static std::string reference(const CLI::App& app, const std::string& program);

 private:
  std::map<const CLI::App*, Action> actions_;
};

/// `--help` is there; `--version` when `version` is not empty.
void prepare(CLI::App& app, const std::string& version);

/// `--broker-host`, `--broker-port`, …, with `prefix` in front of `host`. The password comes by
/// `take_password` from the file or from an environment variable.
void add_broker(CLI::App& app, const std::string& prefix, engine::BrokerEndpoint& endpoint,
                std::string& password_file);
Result<void> take_password(Terminal& terminal, const std::string& password_file,
                           const std::string& variable, engine::BrokerEndpoint& endpoint);

void add_log_level(CLI::App& app, Severity& level);
void add_output(CLI::App& app, OutputFormat& format);
/// `--person` and `--key`: who signs.
void add_identity(CLI::App& app, IdentityOptions& identity);
void add_pace(CLI::App& app, std::optional<drivers::Pace>& pace);
/// A duration such as `20ms` or `5m`.
void add_duration(CLI::App& app, const std::string& name, Duration& value, const std::string& help);
/// A size such as `64MiB`.
void add_bytes(CLI::App& app, const std::string& name, std::uint64_t& value,
               const std::string& help);

/// `--hub-url` and `--trust`, which need each other.
void add_release_options(CLI::App& app, std::string& hub_url, std::string& trust_file);

/// Everything of EdgeRoleOptions.
void add_edge_options(CLI::App& app, EdgeRoleOptions& options, std::string& password_file);

/// Reads the arguments; exit status when the program has to end now (help, version, a mistake).
std::optional<int> read_arguments(CLI::App& app, std::span<const char* const> arguments,
                                  Terminal& terminal);
/// 0, or the message on stderr and the status of the error.
int finish(const Result<void>& outcome, const std::string& program, Terminal& terminal);

/// Markdown of one command: what it does, its usage and options, its example.
std::string reference_of(const CLI::App& app, const std::string& title, int level);

}  // namespace millwright::interfaces
