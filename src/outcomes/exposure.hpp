// Events and time at risk out of the samples of a state signal: what `event_rate` and `cost_rate`
// of a Kpi count. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "catalog/outcome_spec.hpp"
#include "statistics/rate.hpp"

namespace millwright::outcomes {

/// One sample of a state signal, current revision. Those whose quality is bad say nothing: leave
/// them out.
struct StateSample {
  Timestamp at;
  std::string state;
};

/// [from, until).
struct Period {
  Timestamp from;
  Timestamp until;
};

/// Changes into one of `states` within the period, from a state that is none of them. Samples by
/// time; those before the period say what the state was. A first sample is no change.
std::uint64_t events_in(std::span<const StateSample> samples,
                        const std::vector<std::string>& states, Period period);

/// Days of the period in one of `states`. A state holds until the next sample, and no longer than
/// `hold_max` (the rate that the data requirement promises): a silence is no time at risk.
double days_in(std::span<const StateSample> samples, const std::vector<std::string>& states,
               Period period, Duration hold_max);
/// Of an exposure without a signal: all of the period.
double days_of(Period period);

/// Events and days of one asset for a Kpi; `exposure` are the samples of the exposure's signal.
statistics::Count count_of(const catalog::EventRate& method, std::span<const StateSample> events,
                           std::span<const StateSample> exposure, Period period, Duration hold_max);
/// Sum over assets.
statistics::Count sum_of(std::span<const statistics::Count> assets);

}  // namespace millwright::outcomes
