// Mean and variance in one pass (Welford, Technometrics 4, 1962), without cancellation.
#pragma once

#include <cmath>
#include <cstdint>

namespace millwright::statistics {

/// Plain value; adding is O(1).
class Moments {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (value - mean_);
  }
  std::uint64_t count() const { return count_; }
  /// 0 without values.
  double mean() const { return mean_; }
  /// With n − 1 in the denominator; 0 with fewer than two values.
  double variance() const { return count_ < 2 ? 0 : squares_ / static_cast<double>(count_ - 1); }
  double deviation() const { return std::sqrt(variance()); }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace millwright::statistics
