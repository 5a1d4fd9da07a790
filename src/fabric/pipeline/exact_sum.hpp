// Sums without rounding, so that the order of arrival does not change a bit of the result.
#pragma once

#include <span>
#include <vector>

namespace millwright::pipeline {

/// An unevaluated sum of non-overlapping doubles that equals exactly what was added (J. R.
/// Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates",
/// 1997, GROW-EXPANSION). Exact while nothing overflows or underflows.
class ExactSum {
 public:
  void add(double value);
  /// Adds a × b exactly.
  void add_product(double a, double b);
  /// The nearest double to the exact sum (ties to even); the method of Python's math.fsum.
  double rounded() const;
  void clear() { parts_.clear(); }
  std::span<const double> parts() const { return parts_; }

 private:
  std::vector<double> parts_;  ///< increasing magnitude
};

/// Sample variance (n − 1) of `count` ≥ 2 values from their exact sum and exact sum of squares:
/// Σ(x − m)² is formed without rounding around the rounded mean m, then divided once.
double sample_variance(const ExactSum& sum, const ExactSum& squares, double count);

}  // namespace millwright::pipeline
