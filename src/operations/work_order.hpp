// Work orders: a finding becomes a task for a person, whose verdict closes it and becomes a label
// for training. Who may give a verdict is the governance room's to say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operations/finding.hpp"

namespace millwright::operations {

/// What a person found at the asset.
enum class Outcome : std::uint8_t {
  confirmed,          ///< the fault that the model claimed
  other_fault,        ///< another one
  none_found,         ///< nothing wrong
  could_not_inspect,  ///< nobody could look: says nothing about the claim
};
std::string_view name_of(Outcome outcome);
/// `invalid_input` names the nearest of the four.
Result<Outcome> outcome_named(std::string_view name);

struct VerdictRecord {
  Outcome outcome = Outcome::confirmed;
  std::string note;
  std::string fault;  ///< what it was, where that is known
  std::string by;     ///< `person/anna`
  Timestamp at;
  bool operator==(const VerdictRecord&) const = default;
};

struct WorkOrder {
  std::string id;  ///< `wo-000012`
  std::string asset;
  std::string rule;
  std::string title;
  std::string severity;
  std::vector<std::string> findings;  ///< the first one opened it
  Timestamp created;
  std::optional<VerdictRecord> verdict;  ///< closes it

  bool is_open() const { return !verdict.has_value(); }
  bool operator==(const WorkOrder&) const = default;
};

/// A verdict as a training example: at that time, that asset had that outcome. `could_not_inspect`
/// gives none: not looking is no evidence.
struct TrainingLabel {
  std::string asset;
  Timestamp time;  ///< of the finding
  Outcome outcome = Outcome::confirmed;
  std::string fault;
  std::string model;
  std::string finding;
  std::string work_order;
  std::string by;
  bool operator==(const TrainingLabel&) const = default;
};

struct VerdictRequest {
  std::string work_order;
  Outcome outcome = Outcome::confirmed;
  std::string note;
  std::string fault;
  std::string by;
};
inline constexpr std::size_t note_bytes_max = 4000;

/// All work orders: a fold of `work_order.opened`, `work_order.joined`, `work_order.verdict`.
class WorkOrders {
 public:
  /// A task for `finding`; when one of the same asset and rule is open, the finding joins it, so
  /// that every finding is in exactly one work order. `already_exists` when it is in one.
  Result<governance::Event> open(const Finding& finding, std::string title, std::string severity,
                                 Timestamp at) const;
  /// `not_found`; `conflict` for a closed work order; `invalid_input` for a note above
  /// `note_bytes_max`.
  Result<governance::Event> verdict(const VerdictRequest& request, Timestamp at) const;
  Result<void> apply(const governance::Event& event);

  const WorkOrder* find(std::string_view id) const;
  const WorkOrder* open_of(std::string_view asset, std::string_view rule) const;
  const WorkOrder* of_finding(std::string_view finding) const;
  const std::map<std::string, WorkOrder, std::less<>>& all() const { return orders_; }

 private:
  std::map<std::string, WorkOrder, std::less<>> orders_;
  std::map<std::string, std::string, std::less<>> by_finding_;
  std::map<std::pair<std::string, std::string>, std::string, std::less<>> open_;
  std::uint64_t last_number_ = 0;
};

/// One label for each finding of each closed work order, in the order of work order and finding.
std::vector<TrainingLabel> labels(const WorkOrders& orders, const Findings& findings);

}  // namespace millwright::operations
