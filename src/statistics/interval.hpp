// Intervals: of a proportion that was counted, and of predictions from errors seen before.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.hpp"

namespace millwright::statistics {

struct Interval {
  double low = 0;
  double high = 0;

  bool contains(double value) const { return low <= value && value <= high; }
  bool operator==(const Interval&) const = default;
};

/// Exact two-sided interval of a binomial proportion (Clopper and Pearson, Biometrika 26, 1934):
/// covers the truth at least `confidence` of the time, for every sample size. A one-sided bound at
/// 95 % is the end of the two-sided interval at 90 %. No trials say nothing: [0, 1].
/// invalid_input: more successes than trials, confidence outside (0, 1).
Result<Interval> binomial_interval(std::uint64_t successes, std::uint64_t trials,
                                   double confidence);

/// The split-conformal quantile (Vovk et al. 2005; Lei et al., JASA 113, 2018): the
/// ⌈(n+1)·coverage⌉-th smallest of `scores`, so that a new exchangeable score is at most that with
/// probability ≥ `coverage`. Infinity when n is too small to promise it, n < coverage/(1−coverage).
/// Never falls when `coverage` rises. `scores` are finite, in any order; coverage in (0, 1).
double conformal_quantile(std::span<const double> scores, double coverage);

}  // namespace millwright::statistics
