// Prediction intervals from errors on data that the model had not seen: conformal quantiles of
// out-of-fold residuals, apart for small, middle and large predictions, because the error of a
// remaining life is not the same at 10 and at 120 scans.
#pragma once

#include <span>
#include <vector>

#include "base/result.hpp"
#include "catalog/document.hpp"
#include "statistics/interval.hpp"

namespace millwright::models {

/// Interval of a prediction p in bin b: [p − below[b], p + above[b]], cut to [low_end, high_end].
struct IntervalTable {
  double coverage = 0.9;
  double low_end = 0;
  double high_end = 0;
  std::vector<double> edges;  ///< rising; bin b holds predictions up to edges[b], the last the rest
  std::vector<double> below;  ///< edges.size() + 1; how far the truth may lie under the prediction
  std::vector<double> above;  ///< how far over it

  bool operator==(const IntervalTable&) const = default;
  statistics::Interval at(double prediction) const;
  catalog::Node node() const;
  static Result<IntervalTable> parse(const catalog::Node& node);
};

struct IntervalOptions {
  double coverage = 0.9;  ///< (0, 1): half of what is missing on each side
  std::size_t bins = 8;   ///< at most; each with about as many predictions
  double low_end = 0;
  double high_end = 0;
};

/// From predictions and truths, one each. More coverage never gives a narrower interval.
/// invalid_input when the sizes differ or there are too few for the coverage.
Result<IntervalTable> fit_intervals(std::span<const double> predictions,
                                    std::span<const double> truths, const IntervalOptions& options);

}  // namespace millwright::models
