#include "roles/demo_decision.hpp"

#include <algorithm>
#include <ostream>

#include "base/format.hpp"

namespace millwright::roles {
namespace {

using interfaces::Json;

/// A machine whose last state is younger has caught up with the clock.
constexpr Duration caught_up = std::chrono::seconds(10);
constexpr Duration between_looks = std::chrono::seconds(1);

}  // namespace

DemoDecision::DemoDecision(DecisionRun& run, PlantCrew crew, LocalFleet& fleet,
                           interfaces::HttpClient& http, const Clock& clock,
                           interfaces::Terminal& terminal)
    : run_(run),
      crew_(std::move(crew)),
      fleet_(fleet),
      http_(http),
      clock_(clock),
      terminal_(terminal),
      reader_(http, terminal, fleet.hub_url()),
      technician_(http, terminal, fleet.hub_url()),
      begun_(clock.monotonic_now()) {}

void DemoDecision::say(const std::string& line) {
  const auto seconds = (clock_.monotonic_now() - begun_).count() / 1'000'000;
  terminal_.out << fmt::format("{:5} s  {}\n", seconds, line) << std::flush;
}

void DemoDecision::advance() {
  const Duration now = clock_.monotonic_now();
  if (phase_ == Phase::ended || now - looked_ < between_looks) return;
  looked_ = now;
  auto done = step();
  if (done) return;
  // A hub that was killed is started again by whoever tends the fleet.
  if (done.error().code() == Code::unavailable) return;
  say("the decision stops here: " + done.error().text());
  phase_ = Phase::ended;
}

Result<bool> DemoDecision::has_history() {
  auto last =
      reader_.get("/api/v1/last?limit=1000&pattern=" + interfaces::percent_encode("*/state"));
  if (!last) return pass(std::move(last));
  const auto& values = (*last)["values"].items();
  const Timestamp now = clock_.utc_now();
  return !values.empty() && std::ranges::all_of(values, [&](const Json& value) {
    const auto at = parse_rfc3339(value["ts"].string());
    return at && now - *at < caught_up;
  });
}

/// An earlier start of the same demo may have made it.
Result<void> DemoDecision::roll_out_once(const std::string& kind) {
  auto progress = run_.progress(http_, fleet_.hub_url(), kind, terminal_);
  if (!progress) return pass(std::move(progress));
  if (!progress->state.empty()) return {};
  return run_.roll_out(http_, clock_, fleet_.hub_url(), kind, terminal_);
}

Result<void> DemoDecision::decide() {
  auto models = reader_.get("/api/v1/models");
  if (!models) return pass(std::move(models));
  if ((*models)["models"].items().empty()) {
    say("the plant's history is stored; models are trained on it");
    DecisionReport report;
    if (auto done = run_.train(http_, clock_, fleet_.hub_url(), terminal_, report); !done)
      return done;
  }
  if (auto done = roll_out_once("gateway"); !done) return done;
  phase_ = Phase::gateways;
  return {};
}

Result<void> DemoDecision::step() {
  const auto attested = [&](const std::string& kind) -> Result<bool> {
    auto progress = run_.progress(http_, fleet_.hub_url(), kind, terminal_);
    if (!progress) return pass(std::move(progress));
    return progress->state == "done" ||
           (progress->members > 0 && progress->attested == progress->members);
  };
  switch (phase_) {
    case Phase::history: {
      auto ready = has_history();
      if (!ready) return pass(std::move(ready));
      return *ready ? decide() : Result<void>();
    }
    case Phase::gateways: {
      auto ready = attested("gateway");
      if (!ready) return pass(std::move(ready));
      if (!*ready) return {};
      say("the gateways run the models of remaining life");
      phase_ = Phase::edges;
      return roll_out_once("edge");
    }
    case Phase::edges: {
      auto ready = attested("edge");
      if (!ready) return pass(std::move(ready));
      if (!*ready) return {};
      say("the edges run the anomaly models; what they find becomes work orders");
      phase_ = Phase::at_work;
      return {};
    }
    case Phase::at_work:
      return watch();
    case Phase::ended:
      break;
  }
  return {};
}

Result<void> DemoDecision::watch() {
  if (!is_signed_) {
    auto identity = run_.identity_of(run_.technician(), terminal_);
    if (!identity) return pass(std::move(identity));
    technician_.sign_as(std::move(*identity), clock_);
    is_signed_ = true;
  }
  if (!has_finding_) {
    auto findings = reader_.get("/api/v1/findings");
    if (!findings) return pass(std::move(findings));
    has_finding_ = !(*findings)["findings"].items().empty();
    if (has_finding_) {
      const Json& first = (*findings)["findings"].items().back();
      say(fmt::format("first finding: {}, {}; see Work on the screen", first["asset"].string(),
                      first["rule"].string()));
    }
  }
  auto lines = crew_.round(technician_, fleet_, clock_.utc_now());
  if (!lines) return pass(std::move(lines));
  for (const auto& line : *lines) say(line);
  return {};
}

}  // namespace millwright::roles
