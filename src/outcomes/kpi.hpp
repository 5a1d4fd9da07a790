// The value of a KPI with its interval, and what it was taken from. Pure: counts and sums come in,
// with the query that gave them and the digest of the rows.
//
// A KPI is `measured` with an interval, `not_measurable` with the reason, or `not_yet`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"
#include "catalog/outcome_spec.hpp"
#include "outcomes/readiness.hpp"
#include "statistics/rate.hpp"

namespace millwright::outcomes {

using statistics::Interval;

/// Where a number comes from: enough to take it again and to see whether it would differ.
struct Evidence {
  std::string query;        ///< text of the query, as `millwright query` takes it
  std::string data_digest;  ///< SHA-256 in hex of the rows that it gave
};

enum class KpiState : std::uint8_t { measured, not_measurable, not_yet };
std::string_view name_of(KpiState state);

/// How a measured value stands to its target: by its interval, never by the value alone.
enum class TargetState : std::uint8_t {
  unknown,  ///< not measured
  reached,  ///< the whole interval is at or beyond it
  missed,   ///< the whole interval falls short
  open      ///< the interval holds it: more data decide
};
std::string_view name_of(TargetState state);

/// A second number beside a KPI, taken in the same way from other assets or another time.
struct Beside {
  std::string title;
  double value = 0;
  Interval interval;
  std::uint64_t count = 0;
  std::uint64_t n = 0;
  std::string unit;
};

struct KpiPoint {
  Timestamp at;
  double value = 0;
  Interval interval;
};

struct KpiValue {
  std::string name;
  std::string title;
  std::string unit;  ///< UCUM
  catalog::Direction direction = catalog::Direction::up;
  catalog::KpiTarget target;
  std::optional<double> baseline;  ///< in `unit` when known or measured
  KpiState state = KpiState::not_yet;
  std::string reason;  ///< why it is not measured
  double value = 0;    ///< in `unit`, of a measured one
  Interval interval;
  double level = 0.95;
  std::uint64_t n = 0;  ///< assets or events that it rests on
  bool retrospective = false;
  bool simulated = false;
  Timestamp as_of;
  std::string method;  ///< how it was taken, for people
  std::vector<Beside> beside;
  std::optional<double> power;  ///< chance that the comparison shows the target's effect
  std::vector<KpiPoint> series;
  Evidence evidence;

  TargetState target_state() const;
  /// As in the HTTP API (KpiValue); numbers of a KPI that is not measured are null.
  catalog::Node node() const;
};

/// What is the same for every state of a KPI.
struct KpiFrame {
  std::string name;
  catalog::KpiSpec spec;
  bool simulated = false;
  Timestamp as_of;
  Evidence evidence;
};

KpiValue not_measurable(const KpiFrame& frame, std::string reason);
KpiValue not_yet(const KpiFrame& frame, std::string reason);

/// Assets with a finding among those that were counted.
struct Share {
  std::uint64_t with_finding = 0;
  std::uint64_t assets = 0;
};
/// `finding_share`. `among` are the assets whose truth meets the condition; `others`, when given,
/// another share printed beside it. No asset: not yet.
KpiValue measure_share(const KpiFrame& frame, Share among,
                       const std::optional<std::pair<std::string, Share>>& others);

/// Counts of the truth and of findings: one asset each, for `count_share`.
struct AssetTruth {
  std::string asset;
  double truth = 0;      ///< in the unit that the KPI declares
  bool finding = false;  ///< one was open or had been by the end of its record
};
Share count_share(const std::vector<AssetTruth>& assets, const catalog::TruthCondition& condition);
/// `finding_share` from the assets, by the conditions that the KPI declares.
KpiValue measure_finding_share(const KpiFrame& frame, const std::vector<AssetTruth>& assets);

/// `event_rate`: exposure in days.
KpiValue measure_rate(const KpiFrame& frame, statistics::Count count);

/// `event_rate_change`: (rate after ÷ rate before − 1), in percent. Both exposures in days; without
/// events before or exposure not yet. The power is that of seeing the target's change, given the
/// events that were seen before.
KpiValue measure_rate_change(const KpiFrame& frame, statistics::Count before,
                             statistics::Count after);

/// `cost_rate`: amounts by exposure in days, one unit an asset. Fewer than two assets with exposure
/// have no interval: not yet.
KpiValue measure_cost_rate(const KpiFrame& frame, const std::vector<statistics::Amount>& assets);

/// Events without improvement less those seen, times what one is worth: an `event_rate_change` in
/// money. Absent value per unit or measurement: the reason.
struct Money {
  KpiState state = KpiState::not_measurable;
  std::string reason;
  std::string currency;
  double value = 0;
  Interval interval;
  bool simulated = false;
  Evidence evidence;

  catalog::Node node() const;
};
Money money_of(const KpiValue& change, statistics::Count before, statistics::Count after,
               const std::optional<catalog::ValuePerUnit>& worth);
Money money_not_measurable(std::string reason);
/// Why a use case cannot be put into money whatever its data say; nothing when it can.
std::optional<std::string> money_obstacle(const catalog::UseCaseSpec& use_case,
                                          const catalog::KpiSpec* valued);

}  // namespace millwright::outcomes
