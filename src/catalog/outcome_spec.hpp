// What UseCase, Kpi and Role resources say, as plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"

namespace millwright::catalog {

enum class Maturity : std::uint8_t { pilot, proven, scaled };
enum class Cadence : std::uint8_t { weekly, monthly, quarterly, yearly };
enum class CalibrationNeed : std::uint8_t { none, known };

/// Assets that meet all that is said.
struct AssetSelector {
  std::string type;  ///< or one that extends it
  std::map<std::string, std::string> labels;
  std::vector<std::string> sites;  ///< empty: any
};

struct DataRequirement {
  std::string name;
  std::vector<std::string> signals;
  std::string asset_type;  ///< empty: that of the selector
  Duration rate{0};        ///< longest time from one sample to the next
  Duration window = std::chrono::hours(24);
  double completeness = 0.95;
  double quality = 0.95;
  CalibrationNeed calibration = CalibrationNeed::none;
  std::string owner;  ///< Person
};

enum class FindingRuleKind : std::uint8_t { rul_below, health_below, anomaly_above };
enum class FindingSeverity : std::uint8_t { advisory, warning, critical };

struct FindingRule {
  std::string name;
  FindingRuleKind kind = FindingRuleKind::rul_below;
  std::string model;  ///< empty: the fused health score
  double limit = 0;   ///< in the unit of the model's target; health and score: 0 to 1
  std::uint32_t scans = 1;
  FindingSeverity severity = FindingSeverity::warning;
  std::string title;
};

struct ValuePerUnit {
  std::string kpi;
  double amount = 0;
  std::string currency;  ///< ISO 4217
  std::string source;
};

struct UseCaseSpec {
  std::string title;
  std::string outcome;
  std::string description;
  Maturity stage = Maturity::pilot;
  std::string owner;    ///< Person
  std::string sponsor;  ///< Person; may be empty
  std::vector<std::string> kpis;
  std::vector<std::string> models;
  Cadence cadence = Cadence::quarterly;
  Timestamp first_review;
  AssetSelector assets;
  std::vector<DataRequirement> requirements;
  std::vector<FindingRule> findings;
  std::optional<ValuePerUnit> value_per_unit;
  std::optional<Timestamp> baseline_from;
  std::optional<Timestamp> baseline_until;
  bool simulated = false;
};

enum class Direction : std::uint8_t { up, down };

struct KpiTarget {
  bool relative = false;  ///< against the baseline (kind `change`)
  double value = 0;
  std::string unit;
  Timestamp date;
};

/// Known before. A KPI without is measured or has none.
struct KpiBaseline {
  bool measured = false;
  double value = 0;
  std::string unit;
  std::string source;
};

enum class TruthComparison : std::uint8_t { above, at_most };

struct TruthCondition {
  TruthComparison comparison = TruthComparison::at_most;
  double limit = 0;  ///< in the unit of the truth

  bool meets(double truth) const {
    return comparison == TruthComparison::above ? truth > limit : truth <= limit;
  }
};

/// Of the assets whose truth meets the condition, the share with a finding.
struct FindingShare {
  std::string truth_file;  ///< may hold `${data}`
  std::string truth_unit;
  TruthCondition among;
  std::optional<TruthCondition> beside;  ///< of others, shown beside
  std::string finding;                   ///< name of a rule; empty: any
  bool retrospective = true;
};

/// Time of an asset in one of the states of a signal; empty signal: all of the time.
struct Exposure {
  std::string signal;
  std::vector<std::string> states;
};

/// Changes of a state signal into one of `becomes`, per exposure. `change`: after against before.
struct EventRate {
  bool change = false;
  std::string signal;
  std::vector<std::string> becomes;
  Exposure exposure;
};

/// Sum of a signal per exposure.
struct CostRate {
  std::string signal;
  Exposure exposure;
};

using KpiMethod = std::variant<FindingShare, EventRate, CostRate>;

struct KpiSpec {
  std::string title;
  std::string description;
  std::string unit;
  Direction direction = Direction::up;
  KpiTarget target;
  std::optional<KpiBaseline> baseline;
  double level = 0.95;
  KpiMethod method;
};

/// Parties are `person/NAME` or `role/NAME`.
struct RaciRule {
  std::string object;    ///< `Model`
  std::string decision;  ///< `approve`
  std::vector<std::string> responsible;
  std::vector<std::string> accountable;  ///< of a sound catalog one over all Roles
  std::vector<std::string> consulted;
  std::vector<std::string> informed;
};

struct RoleSpec {
  std::string title;
  std::vector<RaciRule> rules;
};

// Each reads a `spec`; shapes that are wrong count as absent.
UseCaseSpec parse_use_case_spec(const Node& spec);
KpiSpec parse_kpi_spec(const Node& spec);
RoleSpec parse_role_spec(const Node& spec);

/// `WorkOrder` as `work_order`, as audit events and approvals say kinds.
std::string snake_case(std::string_view kind);
/// The rules of all Roles by object and decision, each once, in that order; objects in snake case.
std::vector<RaciRule> raci_rules(const std::vector<RoleSpec>& roles);

std::string_view name_of(Maturity stage);
std::string_view name_of(Cadence cadence);
std::string_view name_of(Direction direction);
std::string_view name_of(FindingRuleKind kind);
std::string_view name_of(FindingSeverity severity);
/// `finding_share`, as written in method.kind.
std::string_view name_of(const KpiMethod& method);

}  // namespace millwright::catalog
