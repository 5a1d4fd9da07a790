// Exact intervals of rates and of ratios of rates, and the power of a comparison. Pure; intervals
// of shares are interval.hpp's.
#pragma once

#include <cstdint>
#include <span>

#include "statistics/interval.hpp"

namespace millwright::statistics {

/// Events per unit of exposure, exposure > 0. Garwood, Biometrika 28 (1936).
Interval rate_interval(std::uint64_t events, double exposure, double level);

/// Events seen during an exposure (> 0, any unit, the same for both).
struct Count {
  std::uint64_t events = 0;
  double exposure = 0;
};

/// Rate `after` divided by rate `before`, for Poisson counts: given their sum the later count is
/// binomial, so the interval is that of Clopper and Pearson carried over (Przyborowski and
/// Wilenski, Biometrika 31 (1940)). The value is 0 / 0 = NaN without any event; the upper end is
/// infinite without an event before. Counts and levels as for binomial_interval.
struct Ratio {
  double value = 0;
  Interval interval;
};
Ratio rate_ratio(Count before, Count after, double level);

/// Chance that the two-sided test that belongs to `rate_ratio` (level 1 − alpha) rejects equality,
/// when `expected_before` events are expected before and the true ratio is `ratio` (> 0). Sums
/// over the total, which is Poisson; exact but for tails beyond 9 standard deviations.
struct Comparison {
  double expected_before = 0;
  double exposure_before = 1;
  double exposure_after = 1;
  double ratio = 1;
  double level = 0.95;
};
double power(const Comparison& comparison);

/// Amount and exposure of one unit (an asset).
struct Amount {
  double amount = 0;
  double exposure = 0;
};
/// Sum of amounts by sum of exposures, with an interval over units by the linearised variance of a
/// ratio (Cochran, Sampling Techniques, 3rd ed., 6.4) and Student's t. Approximate; needs two
/// units and a positive exposure, else the interval is (−inf, inf).
Ratio ratio_of_sums(std::span<const Amount> units, double level);

}  // namespace millwright::statistics
