// Multivariate process monitoring by principal components: Hotelling's T² inside the model, squared
// prediction error (SPE, also Q) outside it (Jackson and Mudholkar, Technometrics 21, 1979).
// Scoring is plain loops in microseconds, for the edge; fitting is pca_fit.cpp's, with Eigen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "models/matrix.hpp"

namespace millwright::models {

struct PcaScore {
  double t2 = 0;   ///< distance inside the model, in variances
  double spe = 0;  ///< squared distance from the model, in standardised units
  /// r/(1+r) with r = max(T²/limit, SPE/limit): 0 at the centre, 0.5 exactly at the nearer control
  /// limit, towards 1 beyond. Monotone in both statistics.
  double score = 0;
  bool flag = false;  ///< some statistic is beyond its limit, that is, score > 0.5
};

/// A fitted monitor. A plain value; scoring changes nothing and allocates nothing.
struct PcaMonitor {
  std::uint32_t inputs = 0;
  std::uint32_t components = 0;  ///< kept, at least 1
  std::vector<float> mean;       ///< inputs
  std::vector<float> scale;      ///< inputs: 1/deviation; 0 leaves a constant input out
  std::vector<float> loadings;   ///< components × inputs, orthonormal rows
  std::vector<float> variance;   ///< components, falling, > 0
  double t2_limit = 0;
  double spe_limit = 0;
  double alpha = 0;  ///< share of healthy scans beyond each limit
  std::uint64_t fitted_rows = 0;

  bool operator==(const PcaMonitor&) const = default;
  /// `row` has `inputs` finite numbers.
  PcaScore score(std::span<const float> row) const;
  /// Each input's part of SPE; they add up to it. `out` has `inputs` places.
  void spe_by_input(std::span<const float> row, std::span<double> out) const;
};

struct PcaOptions {
  double variance_share = 0.9;  ///< components are kept until they explain this share; (0, 1]
  double alpha = 0.001;         ///< false alarms of each statistic; (0, 0.5]
};

/// Fits on `rows` of the matrix (the healthy ones). Deterministic: the same rows give the same
/// bytes. An input whose deviation is below 1e-6 of its magnitude is constant: left out, as it has
/// no scale to judge a move by. T²'s limit is k(n²−1)/(n(n−k)) · F(1−alpha; k, n−k) (for new
/// scans), SPE's that of Jackson and Mudholkar (equation 3.4). invalid_input: fewer than 3 rows a
/// kept component plus 2, no input that varies, options out of range.
Result<PcaMonitor> fit_pca(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                           const PcaOptions& options);

/// Format 1. The checksum is the bundle's.
Bytes encode(const PcaMonitor& monitor);
/// Checks shapes and that numbers are finite. corrupt, unsupported_version.
Result<PcaMonitor> decode_pca(ByteView bytes);

}  // namespace millwright::models
