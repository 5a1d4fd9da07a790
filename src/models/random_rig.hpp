// Numbers for tests of models: the same on every platform, from a seed.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "models/matrix.hpp"

namespace millwright::models {

/// SplitMix64 (Steele, Lea, Flood 2014).
class TestNumbers {
 public:
  explicit TestNumbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  /// In (0, 1).
  double share() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }
  double normal() {
    return std::sqrt(-2 * std::log(share())) * std::cos(2 * std::numbers::pi * share());
  }

 private:
  std::uint64_t state_;
};

/// Rows with a target that depends on some columns in ways that are not straight; 20 groups.
inline FeatureMatrix random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  TestNumbers numbers(seed);
  FeatureMatrix matrix;
  matrix.columns = columns;
  std::vector<float> row(columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (float& value : row) value = static_cast<float>(numbers.normal() * 10);
    const double x = static_cast<double>(row[0]);
    const double y = static_cast<double>(row[1 % columns]);
    const double target = 60 + 2 * x + 20 * std::sin(y / 5) + 3 * numbers.normal();
    matrix.append(row, static_cast<float>(target), static_cast<std::uint32_t>(i * 20 / rows));
  }
  return matrix;
}

}  // namespace millwright::models
