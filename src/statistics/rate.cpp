#include "statistics/rate.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>

namespace millwright::statistics {
namespace {

namespace policies = boost::math::policies;
/// Arguments are checked here: nothing is thrown.
using Quiet = policies::policy<policies::domain_error<policies::ignore_error>,
                               policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>,
                               policies::underflow_error<policies::ignore_error>,
                               policies::evaluation_error<policies::ignore_error>,
                               policies::rounding_error<policies::ignore_error>>;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// P(X ≤ x) of a binomial X of `trials` with `share`; x from −1 to trials.
double binomial_cdf(std::int64_t x, std::int64_t trials, double share) {
  if (x < 0) return 0;
  if (x >= trials) return 1;
  return boost::math::ibetac(static_cast<double>(x) + 1, static_cast<double>(trials - x), share,
                             Quiet());
}

/// Greatest x with P(X ≤ x) ≤ tail; −1 when there is none.
std::int64_t lower_critical(std::int64_t trials, double share, double tail) {
  std::int64_t low = -1, high = trials;  // the answer lies in [low, high)
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    (binomial_cdf(middle, trials, share) <= tail ? low : high) = middle;
  }
  return low;
}

}  // namespace

Interval rate_interval(std::uint64_t events, double exposure, double level) {
  const double tail = (1 - level) / 2;
  const auto k = static_cast<double>(events);
  const double low = events > 0 ? boost::math::gamma_p_inv(k, tail, Quiet()) : 0;
  return {low / exposure, boost::math::gamma_q_inv(k + 1, tail, Quiet()) / exposure};
}

Ratio rate_ratio(Count before, Count after, double level) {
  const double scale = before.exposure / after.exposure;
  const auto b = static_cast<double>(before.events), a = static_cast<double>(after.events);
  if (before.events + after.events == 0) {
    return {std::numeric_limits<double>::quiet_NaN(), {0, infinity}};
  }
  const auto odds = [](double share) { return share >= 1 ? infinity : share / (1 - share); };
  const auto share =
      binomial_interval(after.events, before.events + after.events, level).value_or(Interval{0, 1});
  return {before.events == 0 ? infinity : a / b * scale,
          {odds(share.low) * scale, odds(share.high) * scale}};
}

double power(const Comparison& comparison) {
  const double tail = (1 - comparison.level) / 2;
  const double weighted = comparison.ratio * comparison.exposure_after;
  const double mean = comparison.expected_before * (1 + weighted / comparison.exposure_before);
  const double share = weighted / (weighted + comparison.exposure_before);
  const double equal =
      comparison.exposure_after / (comparison.exposure_after + comparison.exposure_before);
  if (!(mean > 0)) return 0;
  const double reach = 9 * std::sqrt(mean) + 30;
  const auto first = static_cast<std::int64_t>(std::max(0.0, std::floor(mean - reach)));
  const auto last = static_cast<std::int64_t>(std::ceil(mean + reach));
  double out = 0;
  for (auto total = first; total <= last; ++total) {
    const auto m = static_cast<double>(total);
    const double weight = std::exp(m * std::log(mean) - mean - boost::math::lgamma(m + 1, Quiet()));
    const auto low = lower_critical(total, equal, tail);
    // The upper one by symmetry: X' = total − X has share 1 − equal.
    const auto high = total - lower_critical(total, 1 - equal, tail);
    out += weight * (binomial_cdf(low, total, share) +
                     (high <= total ? 1 - binomial_cdf(high - 1, total, share) : 0));
  }
  return std::min(out, 1.0);
}

Ratio ratio_of_sums(std::span<const Amount> units, double level) {
  double amount = 0, exposure = 0;
  for (const auto& unit : units) amount += unit.amount, exposure += unit.exposure;
  Ratio out{std::numeric_limits<double>::quiet_NaN(), {-infinity, infinity}};
  if (!(exposure > 0)) return out;
  out.value = amount / exposure;
  if (units.size() < 2) return out;
  const auto n = static_cast<double>(units.size());
  double squares = 0;
  for (const auto& unit : units) {
    const double residual = unit.amount - out.value * unit.exposure;
    squares += residual * residual;
  }
  const double error = std::sqrt(n / (n - 1) * squares) / exposure;
  const boost::math::students_t_distribution<double, Quiet> student(n - 1);
  const double reach = quantile(complement(student, (1 - level) / 2)) * error;
  out.interval = {out.value - reach, out.value + reach};
  return out;
}

}  // namespace millwright::statistics
