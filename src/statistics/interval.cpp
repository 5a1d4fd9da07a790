#include "statistics/interval.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/format.hpp"
#include "statistics/quantile.hpp"

namespace millwright::statistics {

Result<Interval> binomial_interval(std::uint64_t successes, std::uint64_t trials,
                                   double confidence) {
  if (successes > trials) {
    return fail(Code::invalid_input,
                fmt::format("{} successes in only {} trials", successes, trials));
  }
  if (!(confidence > 0 && confidence < 1)) {
    return fail(Code::invalid_input,
                fmt::format("confidence {} is not between 0 and 1", confidence),
                "use a share such as 0.95");
  }
  if (trials == 0) return Interval{0, 1};
  const double tail = (1 - confidence) / 2;
  const auto x = static_cast<double>(successes);
  const auto n = static_cast<double>(trials);
  return Interval{
      .low = successes == 0 ? 0 : beta_quantile(tail, x, n - x + 1),
      .high = successes == trials ? 1 : beta_quantile(1 - tail, x + 1, n - x),
  };
}

double conformal_quantile(std::span<const double> scores, double coverage) {
  MILLWRIGHT_ASSERT(coverage > 0 && coverage < 1);
  const auto n = static_cast<double>(scores.size());
  // 0.9 · 10 is 9.000000000000002 in binary: what is a whole number up to rounding is that number.
  const double rank = std::ceil((n + 1) * coverage - 1e-9);
  if (rank > n) return std::numeric_limits<double>::infinity();
  std::vector<double> sorted(scores.begin(), scores.end());
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::ranges::nth_element(sorted, at);
  return *at;
}

}  // namespace millwright::statistics
