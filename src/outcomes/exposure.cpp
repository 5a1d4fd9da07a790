#include "outcomes/exposure.hpp"

#include <algorithm>

namespace millwright::outcomes {
namespace {

constexpr double day_us = 86'400e6;

bool is_one_of(const std::string& state, const std::vector<std::string>& states) {
  return std::ranges::find(states, state) != states.end();
}

}  // namespace

std::uint64_t events_in(std::span<const StateSample> samples,
                        const std::vector<std::string>& states, Period period) {
  std::uint64_t out = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const auto& sample = samples[i];
    if (sample.at < period.from || sample.at >= period.until) continue;
    if (is_one_of(sample.state, states) && !is_one_of(samples[i - 1].state, states)) ++out;
  }
  return out;
}

double days_in(std::span<const StateSample> samples, const std::vector<std::string>& states,
               Period period, Duration hold_max) {
  double us = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!is_one_of(samples[i].state, states)) continue;
    auto end = samples[i].at + hold_max;
    if (i + 1 < samples.size()) end = std::min(end, samples[i + 1].at);
    const auto from = std::max(samples[i].at, period.from);
    const auto until = std::min(end, period.until);
    if (from < until) us += static_cast<double>((until - from).count());
  }
  return us / day_us;
}

double days_of(Period period) {
  return period.from < period.until
             ? static_cast<double>((period.until - period.from).count()) / day_us
             : 0;
}

statistics::Count count_of(const catalog::EventRate& method, std::span<const StateSample> events,
                           std::span<const StateSample> exposure, Period period,
                           Duration hold_max) {
  return {events_in(events, method.becomes, period),
          method.exposure.signal.empty()
              ? days_of(period)
              : days_in(exposure, method.exposure.states, period, hold_max)};
}

statistics::Count sum_of(std::span<const statistics::Count> assets) {
  statistics::Count out;
  for (const auto& asset : assets) {
    out.events += asset.events;
    out.exposure += asset.exposure;
  }
  return out;
}

}  // namespace millwright::outcomes
