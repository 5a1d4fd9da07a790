// What a run proves, and how it is said. The hub's own account and count of rows are asked over its
// API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "interfaces/http.hpp"
#include "roles/decision_run.hpp"

namespace millwright::roles {

struct FaultRecord {
  std::string member;
  std::string kind;
  double at_s = 0;
  double outage_s = 0;
  std::uint64_t waiting_before = 0;  ///< samples in the edges' buffers when it struck
  std::uint64_t waiting_after = 0;   ///< and when it was over
};

struct RunReport {
  std::string example;
  std::uint64_t samples_sent = 0;    ///< accepted by the edges, as they say
  std::uint64_t samples_stored = 0;  ///< durable rows of their incarnations
  std::uint64_t samples_lost_declared = 0;
  std::uint64_t samples_unexplained = 0;  ///< sent − stored − declared
  std::uint64_t samples_double = 0;       ///< rows found twice by counting them
  std::uint64_t samples_missing = 0;      ///< stored by the account, not found by counting
  std::uint64_t samples_resent = 0;
  std::uint64_t broker_dropped = 0;  ///< messages
  double wall_s = 0;
  bool complete = false;  ///< every source ended and every edge was drained
  std::string data_dir;   ///< empty: removed
  std::vector<FaultRecord> faults;
  std::optional<DecisionReport> decision;  ///< of an example that declares models
};

/// Fills stored, lost, double and missing from the hub at `url`.
Result<void> ask_hub(interfaces::HttpClient& http, const std::string& url, RunReport& report);
/// The series dictionary of the hub as JSON text, for whoever reads the segments with another
/// engine.
Result<std::string> series_dictionary(interfaces::HttpClient& http, const std::string& url);
std::string to_json(const RunReport& report);
std::string to_table(const RunReport& report);

}  // namespace millwright::roles
