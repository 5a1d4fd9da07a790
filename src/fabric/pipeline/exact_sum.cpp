#include "fabric/pipeline/exact_sum.hpp"

#include <cmath>
#include <cstddef>

namespace millwright::pipeline {

void ExactSum::add(double value) {
  std::size_t kept = 0;
  for (double part : parts_) {
    if (std::abs(value) < std::abs(part)) {
      const double swapped = value;
      value = part;
      part = swapped;
    }
    const double high = value + part;
    const double low = part - (high - value);
    if (low != 0) parts_[kept++] = low;
    value = high;
  }
  parts_.resize(kept);
  if (value != 0) parts_.push_back(value);
}

void ExactSum::add_product(double a, double b) {
  const double high = a * b;
  add(high);
  add(std::fma(a, b, -high));
}

double ExactSum::rounded() const {
  if (parts_.empty()) return 0;
  std::size_t at = parts_.size() - 1;
  double high = parts_[at];
  double low = 0;
  while (at > 0) {
    const double before = high;
    const double part = parts_[--at];
    high = before + part;
    low = part - (high - before);
    if (low != 0) break;
  }
  // What is below `low` decides when `high` lies exactly between two doubles.
  if (at > 0 && ((low < 0 && parts_[at - 1] < 0) || (low > 0 && parts_[at - 1] > 0))) {
    const double twice = low * 2;
    const double candidate = high + twice;
    if (twice == candidate - high) high = candidate;
  }
  return high;
}

double sample_variance(const ExactSum& sum, const ExactSum& squares, double count) {
  const double mean = sum.rounded() / count;
  ExactSum around = squares;
  for (const double part : sum.parts()) around.add_product(-2 * mean, part);
  const double mean_squared = mean * mean;
  around.add_product(count, mean_squared);
  around.add_product(count, std::fma(mean, mean, -mean_squared));
  // Around the rounded mean the sum is too great by count × (mean − true mean)²: below rounding.
  const double variance = around.rounded() / (count - 1);
  return variance > 0 ? variance : 0;
}

}  // namespace millwright::pipeline
