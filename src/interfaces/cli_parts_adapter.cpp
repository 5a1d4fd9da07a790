// Shared parts of the command lines, by CLI11.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/format.hpp"
#include "interfaces/cli_parts.hpp"

namespace millwright::interfaces {

namespace {

/// Refuses the value of an option, naming what was expected.
template <typename T>
T accept(const std::string& option, Result<T> value) {
  if (!value) {
    std::string what = value.error().message();
    if (!value.error().remedy().empty()) what += "; " + value.error().remedy();
    throw CLI::ValidationError(option, what);
  }
  return std::move(*value);
}

Result<std::uint64_t> parse_bytes(const std::string& text) {
  static const std::map<std::string, int> units{{"", 0},     {"B", 0},    {"KiB", 10},
                                                {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  const std::size_t digits = text.find_first_not_of("0123456789");
  const auto unit = units.find(digits == std::string::npos ? "" : text.substr(digits));
  if (digits == 0 || text.size() > 20 || unit == units.end()) {
    return fail(Code::invalid_input, fmt::format("'{}' is not a size", text),
                "give it as 1048576, 512KiB, 64MiB or 2GiB");
  }
  return std::strtoull(text.c_str(), nullptr, 10) << unit->second;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// The long names that the selected commands take, for the nearest one.
std::vector<std::string> known_options(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  for (const auto* chosen : app.get_subcommands()) {
    for (auto& name : known_options(*chosen)) out.push_back(std::move(name));
  }
  return out;
}

std::string command_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app.get_name() : app.get_name() + " " + command_of(*chosen.front());
}

/// The last command that the arguments chose.
const CLI::App& chosen_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_of(*chosen.front());
}

/// A noun without one of its verbs.
std::string verb_missing(const CLI::App& app, const CLI::App& noun) {
  std::vector<std::string_view> names;
  std::string list;
  for (const auto* verb : noun.get_subcommands({})) {
    names.emplace_back(verb->get_name());
    list += (list.empty() ? "" : ", ") + verb->get_name();
  }
  const auto rest = app.remaining(true);
  if (rest.empty()) return fmt::format("'{}' needs one of: {}", command_of(app), list);
  const auto nearest = nearest_name(rest.front(), names);
  return fmt::format(
      "there is no '{} {}'; {}", command_of(app), rest.front(),
      nearest.empty() ? "there are " + list : fmt::format("did you mean '{}'?", nearest));
}

int refuse(const CLI::App& app, const CLI::ParseError& error, Terminal& terminal) {
  std::string what = error.what();
  const CLI::App& chosen = chosen_of(app);
  if (&chosen != &app && !chosen.get_subcommands({}).empty()) {
    terminal.err << app.get_name() << ": " << verb_missing(app, chosen) << "\n  remedy: see '"
                 << command_of(app) << " --help'\n";
    return 2;
  }
  if (const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&error); extras != nullptr) {
    const auto rest = app.remaining(true);
    if (!rest.empty()) {
      what = fmt::format("'{}' is not an argument of '{}'", rest.front(), command_of(app));
      const auto known = known_options(app);
      const std::vector<std::string_view> views(known.begin(), known.end());
      const auto nearest = nearest_name(rest.front(), views);
      if (rest.front().starts_with('-') && !nearest.empty()) {
        what += fmt::format("; did you mean '{}'?", nearest);
      }
    }
  }
  terminal.err << app.get_name() << ": " << first_line(what) << "\n  remedy: see '"
               << command_of(app) << " --help'\n";
  return 2;
}

}  // namespace

CLI::App& VerbTable::add_noun(CLI::App& app, const VerbText& text) {
  CLI::App* out = app.add_subcommand(text.name, text.description);
  out->group(text.group.empty() ? "Verbs" : text.group);  // an empty one would hide it
  if (!text.example.empty()) out->footer("Example:\n  " + text.example);
  out->fallthrough(false);
  out->require_subcommand(1);
  return *out;
}

CLI::App& VerbTable::add(CLI::App& under, const VerbText& text, Action action) {
  CLI::App& out = add_noun(under, text);
  out.require_subcommand(0);
  actions_[&out] = std::move(action);
  return out;
}

Result<void> VerbTable::run(const CLI::App& app) const {
  return actions_.at(&chosen_of(app))();
}

namespace {

void add_options(const CLI::App& app, std::vector<std::string>& out) {
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      const std::string text = "--" + name;
      if (std::ranges::find(out, text) == out.end()) out.push_back(text);
    }
  }
  for (const auto* verb : app.get_subcommands({})) add_options(*verb, out);
}

}  // namespace

std::vector<CompletedVerb> VerbTable::completed(const CLI::App& app) {
  std::vector<CompletedVerb> out;
  for (const auto* verb : app.get_subcommands({})) {
    auto& entry = out.emplace_back();
    entry.name = verb->get_name();
    entry.description = verb->get_description();
    add_options(*verb, entry.options);
    for (const auto* part : verb->get_subcommands({})) entry.verbs.push_back(part->get_name());
  }
  return out;
}

std::string VerbTable::reference(const CLI::App& app, const std::string& program) {
  std::string out;
  for (const auto* verb : app.get_subcommands({})) {
    const std::string title = program + " " + verb->get_name();
    out += reference_of(*verb, title, 2);
    for (const auto* part : verb->get_subcommands({}))
      out += reference_of(*part, title + " " + part->get_name(), 3);
  }
  return out;
}

void add_identity(CLI::App& app, IdentityOptions& identity) {
  app.add_option("--person", identity.person, "Who signs; MILLWRIGHT_PERSON")->type_name("NAME");
  app.add_option("--key", identity.key_file, "File of the person's key; MILLWRIGHT_KEY")
      ->type_name("FILE");
}

void prepare(CLI::App& app, const std::string& version) {
  app.set_help_flag("-h,--help", "Print this help");
  if (!version.empty()) app.set_version_flag("--version", version);
  app.get_formatter()->column_width(34);
  app.get_formatter()->label("REQUIRED", "(required)");
}

void add_broker(CLI::App& app, const std::string& prefix, engine::BrokerEndpoint& endpoint,
                std::string& password_file) {
  const auto named = [&](const char* name) { return "--" + prefix + name; };
  app.add_option(named("host"), endpoint.host, "Address of the MQTT broker")->capture_default_str();
  app.add_option(named("port"), endpoint.port, "Its port")->capture_default_str();
  app.add_option(named("user"), endpoint.user, "Account at the broker");
  app.add_option(named("password-file"), password_file,
                 "File whose first line is the password of the account")
      ->type_name("FILE");
}

Result<void> take_password(Terminal& terminal, const std::string& password_file,
                           const std::string& variable, engine::BrokerEndpoint& endpoint) {
  if (!password_file.empty()) {
    auto content = terminal.read_file(password_file);
    if (!content) return pass(std::move(content), "reading the password of the broker account");
    endpoint.password = content->substr(0, content->find_first_of("\r\n"));
  } else if (const auto value = terminal.environment(variable)) {
    endpoint.password = *value;
  }
  return {};
}

void add_log_level(CLI::App& app, Severity& level) {
  static const std::map<std::string, Severity> names{{"debug", Severity::debug},
                                                     {"info", Severity::info},
                                                     {"warning", Severity::warning},
                                                     {"error", Severity::error}};
  app.add_option("--log-level", level, "Least severity that is logged: debug, info, warning, error")
      ->transform(CLI::CheckedTransformer(names).description(""))
      ->type_name("LEVEL");
}

void add_output(CLI::App& app, OutputFormat& format) {
  static const std::map<std::string, OutputFormat> names{{"table", OutputFormat::table},
                                                         {"json", OutputFormat::json},
                                                         {"yaml", OutputFormat::yaml},
                                                         {"csv", OutputFormat::csv}};
  app.add_option("-o,--output", format, "Form of the output: table, json, yaml or csv")
      ->transform(CLI::CheckedTransformer(names).description(""))
      ->type_name("FORM");
}

void add_pace(CLI::App& app, std::optional<drivers::Pace>& pace) {
  auto* fast = app.add_flag_callback(
      "--fast", [&pace] { pace = drivers::Pace::fast(); },
      "Play recorded input as fast as it is accepted");
  auto* factor = app.add_option_function<double>(
                        "--factor",
                        [&pace](double value) {
                          if (!(value > 0))
                            throw CLI::ValidationError("--factor", "must be above 0");
                          pace = drivers::Pace::times(value);
                        },
                        "Play recorded input so many times as fast as it was recorded")
                     ->type_name("N");
  auto* within = app.add_option_function<std::string>(
                        "--within",
                        [&pace](const std::string& text) {
                          pace = drivers::Pace::within(accept("--within", parse_duration(text)));
                        },
                        "Play the whole of recorded input within this time")
                     ->type_name("DURATION");
  fast->excludes(factor)->excludes(within);
  factor->excludes(within);
}

void add_duration(CLI::App& app, const std::string& name, Duration& value,
                  const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [&value, name](const std::string& text) { value = accept(name, parse_duration(text)); },
         help)
      ->type_name("DURATION")
      ->default_str(to_text(value));
}

void add_bytes(CLI::App& app, const std::string& name, std::uint64_t& value,
               const std::string& help) {
  app.add_option_function<std::string>(
         name, [&value, name](const std::string& text) { value = accept(name, parse_bytes(text)); },
         help)
      ->type_name("BYTES");
}

void add_release_options(CLI::App& app, std::string& hub_url, std::string& trust_file) {
  auto* url = app.add_option("--hub-url", hub_url,
                             "The hub's API, where artifacts of releases are fetched; with --trust")
                  ->type_name("URL");
  auto* trust = app.add_option("--trust", trust_file,
                               "Keys that may sign releases, a line each: name and Base64")
                    ->type_name("FILE");
  url->needs(trust);
  trust->needs(url);
}

void add_edge_options(CLI::App& app, EdgeRoleOptions& options, std::string& password_file) {
  app.add_option("--site", options.site, "Site of the edge: the Sparkplug group")->required();
  app.add_option("--edge", options.edge, "Its name: the Sparkplug edge node")->required();
  app.add_option("--data", options.data_dir, "Directory of its buffer, made when absent")
      ->required()
      ->type_name("DIR");
  app.add_option("-f,--resources", options.resources,
                 "Files or directories with Site, Device, Signal and Pipeline resources")
      ->required()
      ->type_name("PATH");
  add_broker(app, "broker-", options.broker, password_file);
  app.add_option("--primary-host", options.primary_host,
                 "Host id whose STATE decides whether data is sent");
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&options](const std::vector<std::string>& values) {
           for (const std::string& value : values) {
             const std::size_t equals = value.find('=');
             if (equals == std::string::npos || equals == 0) {
               throw CLI::ValidationError("--set", "'" + value + "' is not NAME=VALUE");
             }
             options.variables[value.substr(0, equals)] = value.substr(equals + 1);
           }
         },
         "Value of ${NAME} in file parameters of resources")
      ->type_name("NAME=VALUE");
  add_pace(app, options.pace);
  add_bytes(app, "--buffer", options.buffer_bytes_max,
            "Bound of the buffer on disk, 256MiB by default");
  app.add_flag("--buffer-drops-oldest", options.buffer_drops_oldest,
               "A full buffer drops its oldest samples as declared losses; else sources wait");
  add_bytes(app, "--window", options.window_bytes,
            "Most bytes under way without acknowledgement, 256KiB by default");
  app.add_flag("--datatype-in-data", options.datatype_in_data,
               "Repeat datatypes in data, for foreign hosts that ask for it");
  app.add_flag("--quality-in-data", options.quality_in_data,
               "Send the Quality property too, for foreign hosts");
  add_release_options(app, options.hub_url, options.trust_file);
  app.add_flag("--wait-for-models", options.waits_for_models,
               "Sources begin when every stage that scores has a model");
  app.add_flag("--until-drained", options.until_drained,
               "End when every source has ended and the hub has everything");
  add_log_level(app, options.log_level);
}

std::optional<int> read_arguments(CLI::App& app, std::span<const char* const> arguments,
                                  Terminal& terminal) {
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
    return std::nullopt;
  } catch (const CLI::CallForVersion& version) {
    terminal.out << version.what() << "\n";
    return 0;
  } catch (const CLI::Success& success) {
    std::ostringstream text;
    app.exit(success, text, text);
    terminal.out << text.str();
    return 0;
  } catch (const CLI::ParseError& error) {
    return refuse(app, error, terminal);
  } catch (const std::exception& error) {
    terminal.err << app.get_name() << ": " << error.what() << "\n";
    return exit_status(Code::internal);
  }
}

int finish(const Result<void>& outcome, const std::string& program, Terminal& terminal) {
  terminal.out.flush();
  if (outcome) return 0;
  terminal.err << program << ": " << outcome.error().text() << "\n";
  return exit_status(outcome.error().code());
}

std::string reference_of(const CLI::App& app, const std::string& title, int level) {
  std::string out =
      fmt::format("{} `{}`\n\n{}.\n", std::string(static_cast<std::size_t>(level), '#'), title,
                  app.get_description());
  std::string options;
  for (const auto* option : app.get_options()) {
    if (option->get_name() == "--help" || option->get_description().empty()) continue;
    std::string name = option->get_name(false, true);
    for (std::size_t at = 0; (at = name.find(',', at)) != std::string::npos; at += 2) {
      name.replace(at, 1, ", ");
    }
    const std::string type = option->get_type_size() == 0 ? "" : " " + option->get_type_name();
    options += fmt::format("| `{}{}` | {}{} |\n", name, type, option->get_description(),
                           option->get_required() ? " (required)" : "");
  }
  if (!options.empty()) out += "\n| option | meaning |\n|---|---|\n" + options;
  if (!app.get_footer().empty()) {
    std::string example = app.get_footer();
    if (example.starts_with("Example:\n")) example.erase(0, 9);
    out += "\n```\n" + example + "\n```\n";
  }
  return out + "\n";
}

}  // namespace millwright::interfaces
