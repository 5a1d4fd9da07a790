// What a KPI is counted from: the statement for its samples, its answer as samples of states and
// amounts by asset, and the value with its evidence. Pure; who asks is the explainer.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/resource.hpp"
#include "outcomes/exposure.hpp"
#include "outcomes/kpi.hpp"
#include "stewardship/evidence.hpp"
#include "stewardship/office.hpp"

namespace millwright::stewardship {

/// A KPI with the counts that money needs.
struct Measured {
  outcomes::KpiValue value;
  statistics::Count before, after;
};

/// Samples of an asset that a rate is counted from.
struct AssetSamples {
  std::vector<outcomes::StateSample> events;
  /// A run of equal states has two samples and, where it ends in a silence, a third without state.
  std::vector<outcomes::StateSample> exposure;
  std::vector<std::pair<Timestamp, double>> amounts;
  std::optional<Timestamp> first;         ///< sample
  std::optional<Timestamp> intervention;  ///< first verdict of a model
};

/// Which series a rate reads, by asset.
struct RateSeries {
  std::map<std::string, std::vector<historian::SeriesNumber>> events, exposure, amounts, verdicts;
  Duration hold_max{0};  ///< a state holds no longer than this without a sample

  std::string statement() const;
  std::map<std::string, AssetSamples> samples_of(const engine::Table& answer) const;
};

/// Of an EventRate or CostRate, for the assets of the use case.
RateSeries rate_series(const std::vector<catalog::Resource>& resources,
                       const catalog::UseCaseSpec& use_case, const catalog::KpiMethod& method,
                       std::span<const std::string> assets, const SeriesByName& series);

/// Where nothing declares the baseline period, a machine's own is the time before the first verdict
/// of a model on it.
Measured measure_rate_of(const outcomes::KpiFrame& frame, const catalog::UseCaseSpec& use_case,
                         const std::map<std::string, AssetSamples>& assets);

/// `finding_share`, from the office's facts; the evidence is their events in the audit log.
outcomes::KpiValue measure_findings(outcomes::KpiFrame frame, const Office& office,
                                    const catalog::UseCaseSpec& use_case,
                                    std::span<const std::string> assets,
                                    const std::map<std::string, Timestamp>& record_ends,
                                    const EventsUsed& events);

}  // namespace millwright::stewardship
