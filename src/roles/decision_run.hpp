// The decision on the path of a local run: models are trained on what the hub has stored, released,
// approved and rolled out, before the recorded fleet plays; afterwards what gateways predicted is
// compared with the truth. The steps are those of the command line, taken by the declared persons
// with keys made for this run. For `run`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "catalog/resource.hpp"
#include "interfaces/http.hpp"
#include "interfaces/hub_client.hpp"
#include "interfaces/process.hpp"

namespace millwright::roles {

/// What the decision came to; of the engines whose record ended.
struct DecisionReport {
  std::map<std::string, double> cv_rmse;  ///< by model, printed before anything is tested
  std::uint64_t assets = 0;               ///< with a truth and a prediction
  double rmse_clipped = 0;                ///< both sides cut at the model's clip
  double score = 0;                       ///< NASA's, truth not cut
  std::uint64_t verdicts = 0;             ///< current rows of `rul` that are not bad
  std::uint64_t findings = 0;
  std::uint64_t findings_false = 0;  ///< on assets above the KPI's `beside` limit
  std::string kpi_state;
  std::string kpi_reason;
  double kpi_value = 0, kpi_low = 0, kpi_high = 0;
  std::uint64_t kpi_n = 0;
  std::uint64_t audit_entries = 0;
};

class DecisionRun {
 public:
  /// Nothing when the example declares no model. `directory`: of the run.
  static Result<std::optional<DecisionRun>> prepare(const std::string& example,
                                                    const std::string& directory,
                                                    std::map<std::string, std::string> variables,
                                                    Random& random);

  /// The example with the public keys of this run.
  const std::string& resources() const { return resources_; }
  const std::string& trust_file() const { return trust_; }
  /// `site/edge` of edges that only feed training: they play first.
  const std::vector<std::string>& training_edges() const { return training_edges_; }

  const std::vector<catalog::Resource>& declared() const { return declared_; }
  /// Who is responsible for closing work orders; empty when no rule names one.
  const std::string& technician() const { return technician_; }
  Result<interfaces::Identity> identity_of(const std::string& person,
                                           const interfaces::Terminal& terminal) const;

  /// Trains every declared model and registers it.
  Result<void> train(interfaces::HttpClient& http, const Clock& clock, const std::string& hub,
                     interfaces::Terminal& terminal, DecisionReport& report);
  /// Releases, plans, approves and starts, for targets of one kind (`gateway`, `edge`).
  Result<void> roll_out(interfaces::HttpClient& http, const Clock& clock, const std::string& hub,
                        const std::string& kind, interfaces::Terminal& terminal);
  /// Targets of the rollout that have at least installed it; all of them when it is done.
  struct Progress {
    std::string state;
    std::uint64_t members = 0;
    std::uint64_t installed = 0;
    std::uint64_t attested = 0;
  };
  Result<Progress> progress(interfaces::HttpClient& http, const std::string& hub,
                            const std::string& kind, const interfaces::Terminal& terminal) const;
  /// Tells the hub the truth that became known, and compares.
  Result<void> judge(interfaces::HttpClient& http, const Clock& clock, const std::string& hub,
                     interfaces::Terminal& terminal, DecisionReport& report);

 private:
  DecisionRun() = default;
  std::string key_of(const std::string& person) const { return keys_ + "/" + person + ".key"; }
  Result<void> read_parties();

  std::string resources_, keys_, trust_;
  std::vector<catalog::Resource> declared_;
  std::map<std::string, std::string> variables_;
  std::vector<std::string> training_edges_;
  std::string maker_;     ///< responsible for rollouts
  std::string approver_;  ///< accountable for them
  std::string technician_;
  std::map<std::string, std::vector<std::string>> models_;  ///< by kind of target
};

}  // namespace millwright::roles
