// The exact tests that gates need. Intervals of shares are the statistics folder's.
#pragma once

#include <cstdint>

namespace millwright::operations {

/// Probability of at most `k` successes in `n` trials of probability `p` (binomial distribution).
/// Summed term by term; p in [0, 1].
double binomial_at_most(std::uint64_t k, std::uint64_t n, double p);

/// The smallest true defect share that `n` targets show with probability `confidence`, where more
/// than `tolerated` failures stop the wave: a smaller one may pass unseen. 1 when no share would.
/// For no tolerated failure it is 1 - (1 - confidence)^(1/n): 14 targets show 20 %, 59 show 5 %,
/// 299 show 1 %.
double detectable_share(std::uint64_t n, std::uint64_t tolerated, double confidence = 0.95);

/// Counts of two groups.
struct TwoGroups {
  std::uint64_t first_hits = 0;
  std::uint64_t first_total = 0;
  std::uint64_t second_hits = 0;
  std::uint64_t second_total = 0;
};

/// Two-sided p-value of Fisher's exact test (Fisher 1935): the probability, with the margins fixed
/// and both groups alike, of a table at most as likely as the one seen. Hits are at most their
/// total. 1 when a group is empty. Time is linear in the smaller margin.
double fisher_two_sided(const TwoGroups& counts);

}  // namespace millwright::operations
