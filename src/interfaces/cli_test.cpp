// The command line: help, refusals, options that reach the roles, verbs against a scripted hub.
#include "interfaces/cli.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "interfaces/completion.hpp"
#include "interfaces/edge_cli.hpp"

namespace millwright::interfaces {
namespace {

class StillClock final : public Clock {
 public:
  Timestamp utc_now() const override { return {}; }
  Duration monotonic_now() const override { return {}; }
};

/// Answers by path; remembers what was asked.
class ScriptedHub final : public HttpClient {
 public:
  Result<HttpResponse> call(const HttpCall& call) override {
    calls.push_back(std::string(name_of(call.method)) + " " + call.url + " " + call.body);
    if (answers.empty()) return fail(Code::unavailable, "connection refused");
    HttpResponse answer = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return answer;
  }
  std::vector<HttpResponse> answers;
  std::vector<std::string> calls;
};

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    const auto nothing = [](const auto&...) { return Result<void>(); };
    roles.edge = nothing;
    roles.gateway = nothing;
    roles.hub = nothing;
    roles.demo = nothing;
    roles.run = nothing;
    roles.sim = nothing;
  }
  Outcome run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "millwright");
    std::ostringstream out, err;
    Terminal terminal = make_terminal(out, err);
    const int status = run_cli(arguments, roles, {hub, clock}, terminal);
    return {status, out.str(), err.str()};
  }
  Terminal make_terminal(std::ostream& out, std::ostream& err) {
    return {.out = out,
            .err = err,
            .environment = [this](const std::string& name) -> std::optional<std::string> {
              const auto found = environment.find(name);
              if (found == environment.end()) return std::nullopt;
              return found->second;
            },
            .read_file = [](const std::string& path) -> Result<std::string> {
              if (path == "secret") return "hunter2\n";
              return fail(Code::not_found, "there is no " + path);
            },
            .pause = [](std::int64_t) { return true; },
            .random = nullptr};
  }
  void answer(int status, std::string body) {
    hub.answers.push_back({status, "application/json", std::move(body), {}});
  }

  RoleVerbs roles;
  ScriptedHub hub;
  StillClock clock;
  std::map<std::string, std::string> environment;
};

TEST_F(CommandLineTest, HelpNamesEveryVerb) {
  for (const auto& arguments : {std::vector<const char*>{}, {"--help"}}) {
    const auto outcome = run(arguments);
    EXPECT_EQ(outcome.status, 0);
    for (const char* verb :
         {"edge",      "gateway", "hub",         "demo",    "run",     "sim",        "check",
          "apply",     "get",     "describe",    "delete",  "diff",    "query",      "ledger",
          "watch",     "status",  "healthcheck", "seal",    "verify",  "audit-rows", "completion",
          "key",       "train",   "model",       "release", "rollout", "approve",    "finding",
          "workorder", "usecase", "lineage",     "review",  "audit"}) {
      EXPECT_NE(outcome.out.find(verb), std::string::npos) << verb;
    }
    EXPECT_EQ(outcome.err, "");
  }
}

TEST_F(CommandLineTest, EveryVerbHasAnExample) {
  for (const char* verb : {"gateway", "hub", "demo", "run", "sim", "check", "apply", "query",
                           "ledger", "watch", "status", "completion"}) {
    const auto outcome = run({verb, "--help"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_NE(outcome.out.find(std::string("millwright ") + verb), std::string::npos) << verb;
  }
}

TEST_F(CommandLineTest, EveryVerbOfANounHasAnExample) {
  const std::vector<std::pair<const char*, std::vector<const char*>>> nouns{
      {"key", {"new"}},
      {"model", {"list"}},
      {"release", {"list", "create"}},
      {"rollout", {"list", "get", "plan", "start", "revert"}},
      {"approve", {"rollout"}},
      {"finding", {"list"}},
      {"workorder", {"list", "verdict"}},
      {"usecase", {"readiness"}},
      {"audit", {"log", "verify", "export"}}};
  for (const auto& [noun, verbs] : nouns) {
    const auto whole = run({noun, "--help"});
    EXPECT_EQ(whole.status, 0);
    for (const char* verb : verbs) {
      EXPECT_NE(whole.out.find(verb), std::string::npos) << noun;
      const auto outcome = run({noun, verb, "--help"});
      EXPECT_EQ(outcome.status, 0);
      EXPECT_NE(outcome.out.find(std::string("millwright ") + noun + " " + verb), std::string::npos)
          << outcome.out;
    }
  }
}

TEST_F(CommandLineTest, Version) {
  const auto outcome = run({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.out.starts_with("millwright 0.")) << outcome.out;
}

TEST_F(CommandLineTest, AnUnknownVerbNamesTheNearest) {
  const auto outcome = run({"quary", "SELECT 1"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            "millwright: there is no verb 'quary'; did you mean 'query'?\n"
            "  remedy: see 'millwright --help'\n");
  EXPECT_EQ(outcome.out, "");
}

TEST_F(CommandLineTest, AVerbWithoutAFunctionIsNotOffered) {
  roles.sim = nullptr;
  EXPECT_EQ(run({"sim"}).status, 2);
  EXPECT_EQ(run({"--help"}).out.find("sim "), std::string::npos);
}

TEST_F(CommandLineTest, AnUnknownOptionNamesTheNearest) {
  const auto outcome = run({"ledger", "--hubb", "x"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(
      outcome.err,
      "millwright: '--hubb' is not an argument of 'millwright ledger'; did you mean '--hub'?\n"
      "  remedy: see 'millwright ledger --help'\n");
}

TEST_F(CommandLineTest, AnUnreachableHub) {
  const auto outcome = run({"status"});
  EXPECT_EQ(outcome.status, exit_status(Code::unavailable));
  EXPECT_EQ(outcome.err,
            "millwright: no hub answers at http://127.0.0.1:8080 (unavailable)\n"
            "  remedy: start one with 'millwright demo' or 'millwright hub --data DIR', or name "
            "another with --hub URL or MILLWRIGHT_HUB\n");
}

TEST_F(CommandLineTest, TheHubComesFromOptionEnvironmentOrDefault) {
  environment["MILLWRIGHT_HUB"] = "http://a:1/";
  run({"seal"});
  run({"seal", "--hub", "http://b:2"});
  ASSERT_EQ(hub.calls.size(), 2u);
  EXPECT_EQ(hub.calls[0], "POST http://a:1/api/v1/seal {}");
  EXPECT_EQ(hub.calls[1], "POST http://b:2/api/v1/seal {}");
}

TEST_F(CommandLineTest, QueryInEveryForm) {
  const char* table =
      R"({"columns":[{"name":"series","type":"VARCHAR"},{"name":"n","type":"BIGINT"}],)"
      R"("rows":[["a, b",3],["c",12]],"warnings":["one file is missing"],"truncated":false})";
  answer(200, table);
  EXPECT_EQ(run({"query", "SELECT 1"}).out, "series   n\na, b     3\nc       12\n");
  EXPECT_EQ(hub.calls[0], R"(POST http://127.0.0.1:8080/api/v1/query {"sql":"SELECT 1"})");
  EXPECT_EQ(run({"query", "SELECT 1", "-o", "csv"}).out, "series,n\r\n\"a, b\",3\r\nc,12\r\n");
  EXPECT_EQ(run({"query", "SELECT 1", "-o", "json"}).out,
            "[\n  {\n    \"series\": \"a, b\",\n    \"n\": 3\n  },\n"
            "  {\n    \"series\": \"c\",\n    \"n\": 12\n  }\n]\n");
  EXPECT_EQ(run({"query", "SELECT 1"}).err, "millwright: warning: one file is missing\n");
}

TEST_F(CommandLineTest, BadSqlSaysCodePlaceAndRemedy) {
  answer(400, R"({"code":"invalid_input","detail":"Parser Error: syntax error","remedy":"ask one )"
              R"(SELECT","problems":[{"file":"sql","line":1,"column":8,"what":"syntax error"}]})");
  const auto outcome = run({"query", "SELECT FORM"});
  EXPECT_EQ(outcome.status, exit_status(Code::invalid_input));
  EXPECT_EQ(outcome.err,
            "millwright: Parser Error: syntax error (invalid_input)\n  sql:1:8: syntax error\n"
            "  remedy: ask one SELECT\n");
}

TEST_F(CommandLineTest, AnUnbalancedLedgerFails) {
  answer(200, R"({"lines":[{"producer":"s/e","incarnation":"7","sent":10,"stored":8,"lost":1,)"
              R"("unexplained":1,"duplicates":0,"best_effort":false}]})");
  const auto outcome = run({"ledger", "s/e", "--from", "2026-01-01T00:00:00Z"});
  EXPECT_EQ(outcome.status, exit_status(Code::corrupt));
  EXPECT_EQ(
      hub.calls[0],
      "GET http://127.0.0.1:8080/api/v1/ledger?producer=s%2Fe&from=2026-01-01T00%3A00%3A00Z ");
  EXPECT_NE(outcome.out.find("acknowledged"), std::string::npos);
}

TEST_F(CommandLineTest, WatchWritesPlainLinesWhereThereIsNoTerminal) {
  answer(200, R"({"values":[{"series":"s/e/d/m","datatype":"float64","value":1.5,"unit":"bar",)"
              R"("quality":"bad:stuck","age_s":4.2}]})");
  const auto outcome = run({"watch", "s/*", "--times", "2"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(hub.calls.size(), 2u);
  const std::string round =
      "SERIES   VALUE  UNIT  QUALITY    AGE\ns/e/d/m  1.5    bar   bad:stuck  4 s\n";
  EXPECT_EQ(outcome.out, round + round);
}

TEST_F(CommandLineTest, OptionsReachTheHubRole) {
  HubRoleOptions seen;
  roles.hub = [&](const HubRoleOptions& options, Terminal&) -> Result<void> {
    seen = options;
    return {};
  };
  const auto outcome =
      run({"hub", "--data", "d", "--http-port", "0", "--commit-interval", "50ms", "--simulated",
           "--broker-user", "hub", "--broker-password-file", "secret", "--log-level", "error"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(seen.data_dir, "d");
  EXPECT_EQ(seen.http_port, 0);
  EXPECT_EQ(seen.commit_interval, std::chrono::milliseconds(50));
  EXPECT_EQ(seen.broker.password, "hunter2");
  EXPECT_TRUE(seen.simulated);
  EXPECT_EQ(seen.log_level, Severity::error);
}

TEST_F(CommandLineTest, AWrongDurationIsRefused) {
  const auto outcome = run({"hub", "--seal-interval", "5 bananas"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("--seal-interval"), std::string::npos) << outcome.err;
}

TEST_F(CommandLineTest, ArgumentsOfAnEdgePassUnread) {
  std::vector<std::string> seen;
  roles.edge = [&](const std::vector<std::string>& arguments) -> Result<void> {
    seen = arguments;
    return {};
  };
  EXPECT_EQ(run({"edge", "--site", "s", "--help"}).status, 0);
  EXPECT_EQ(seen, (std::vector<std::string>{"--site", "s", "--help"}));
}

TEST_F(CommandLineTest, AnErrorOfARoleBecomesTheExitStatus) {
  roles.demo = [](const DemoOptions&, Terminal&) -> Result<void> {
    return fail(Code::exhausted, "no room", "delete something");
  };
  const auto outcome = run({"demo"});
  EXPECT_EQ(outcome.status, exit_status(Code::exhausted));
  EXPECT_EQ(outcome.err, "millwright: no room (exhausted)\n  remedy: delete something\n");
}

TEST_F(CommandLineTest, EdgeOptions) {
  EdgeRoleOptions seen;
  std::ostringstream out, err;
  Terminal terminal = make_terminal(out, err);
  environment["MILLWRIGHT_BROKER_PASSWORD"] = "fromenv";
  const std::vector<const char*> arguments{"millwright-edge",
                                           "--site",
                                           "s",
                                           "--edge",
                                           "e",
                                           "--data",
                                           "d",
                                           "-f",
                                           "a.yaml",
                                           "-f",
                                           "b",
                                           "--set",
                                           "data=/srv",
                                           "--within",
                                           "3m",
                                           "--buffer",
                                           "64MiB",
                                           "--until-drained"};
  const int status = run_edge_cli(
      arguments,
      [&](const EdgeRoleOptions& options, Terminal&) -> Result<void> {
        seen = options;
        return {};
      },
      terminal);
  EXPECT_EQ(status, 0) << err.str();
  EXPECT_EQ(seen.resources, (std::vector<std::string>{"a.yaml", "b"}));
  EXPECT_EQ(seen.variables.at("data"), "/srv");
  ASSERT_TRUE(seen.pace);
  EXPECT_EQ(seen.pace->kind, drivers::PaceKind::total);
  EXPECT_EQ(seen.pace->total, std::chrono::minutes(3));
  EXPECT_EQ(seen.buffer_bytes_max, 64u << 20);
  EXPECT_EQ(seen.broker.password, "fromenv");
  EXPECT_TRUE(seen.until_drained);
}

TEST_F(CommandLineTest, CompletionOfEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto outcome = run({"completion", shell});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_NE(outcome.out.find("audit-rows"), std::string::npos);
    EXPECT_NE(outcome.out.find("seal-interval"), std::string::npos) << shell;
  }
  EXPECT_EQ(run({"completion", "tcsh"}).status, exit_status(Code::invalid_input));
}

}  // namespace
}  // namespace millwright::interfaces
