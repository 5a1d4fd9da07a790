#include "operations/exact_counts.hpp"

#include <algorithm>
#include <cmath>

#include "base/result.hpp"

namespace millwright::operations {
namespace {

double log_factorial(std::uint64_t n) {
  return std::lgamma(static_cast<double>(n) + 1);
}

double log_choose(std::uint64_t n, std::uint64_t k) {
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

}  // namespace

double binomial_at_most(std::uint64_t k, std::uint64_t n, double p) {
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  double sum = 0;
  for (std::uint64_t i = 0; i <= k; ++i) {
    sum += std::exp(log_choose(n, i) + static_cast<double>(i) * std::log(p) +
                    static_cast<double>(n - i) * std::log1p(-p));
  }
  return std::min(sum, 1.0);
}

double detectable_share(std::uint64_t n, std::uint64_t tolerated, double confidence) {
  if (tolerated >= n) return 1;
  double low = 0;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    const bool seen = binomial_at_most(tolerated, n, middle) <= 1 - confidence;
    (seen ? high : low) = middle;
  }
  return high;
}

double fisher_two_sided(const TwoGroups& counts) {
  MILLWRIGHT_ASSERT(counts.first_hits <= counts.first_total);
  MILLWRIGHT_ASSERT(counts.second_hits <= counts.second_total);
  if (counts.first_total == 0 || counts.second_total == 0) return 1;
  const std::uint64_t hits = counts.first_hits + counts.second_hits;
  const std::uint64_t total = counts.first_total + counts.second_total;
  const std::uint64_t from = hits > counts.second_total ? hits - counts.second_total : 0;
  const std::uint64_t to = std::min(hits, counts.first_total);
  const double all = log_choose(total, hits);
  const auto log_probability = [&](std::uint64_t k) {
    return log_choose(counts.first_total, k) + log_choose(counts.second_total, hits - k) - all;
  };
  // Tables as likely as the one seen differ from it in the last digits only.
  const double seen = log_probability(counts.first_hits) + 1e-7;
  double sum = 0;
  for (std::uint64_t k = from; k <= to; ++k) {
    const double one = log_probability(k);
    if (one <= seen) sum += std::exp(one);
  }
  return std::min(sum, 1.0);
}

}  // namespace millwright::operations
