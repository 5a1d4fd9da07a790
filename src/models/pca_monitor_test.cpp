#include "models/pca_monitor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.hpp"
#include "models/random_rig.hpp"

namespace millwright::models {
namespace {

/// `rows` of six inputs that follow two causes and small noise of their own; the sixth is constant.
FeatureMatrix plant(std::size_t rows, std::uint64_t seed) {
  TestNumbers numbers(seed);
  FeatureMatrix matrix;
  matrix.columns = 6;
  for (std::size_t i = 0; i < rows; ++i) {
    const double p = numbers.normal();
    const double q = numbers.normal();
    const double noise = 0.2;
    const float row[] = {static_cast<float>(100 + 5 * p + noise * numbers.normal()),
                         static_cast<float>(-3 + p + 0.5 * q + noise * numbers.normal()),
                         static_cast<float>(20 - 2 * q + noise * numbers.normal()),
                         static_cast<float>(1 + 0.3 * q + 0.1 * noise * numbers.normal()),
                         static_cast<float>(7 + p - q + noise * numbers.normal()),
                         42.0F};
    matrix.append(row, 0, 1);
  }
  return matrix;
}

std::vector<std::size_t> all_rows(const FeatureMatrix& matrix) {
  std::vector<std::size_t> rows(matrix.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

PcaMonitor fitted(double alpha = 0.01) {
  const FeatureMatrix matrix = plant(2000, 1);
  return fit_pca(matrix, all_rows(matrix), {.variance_share = 0.9, .alpha = alpha}).value();
}

TEST(PcaMonitor, FindsTheCausesAndLeavesTheConstantOut) {
  const PcaMonitor monitor = fitted();
  EXPECT_EQ(monitor.components, 2U);
  EXPECT_EQ(monitor.scale[5], 0);
  for (std::size_t c = 0; c < 2; ++c) {
    double length = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      length += std::pow(static_cast<double>(monitor.loadings[c * 6 + i]), 2);
    }
    EXPECT_NEAR(length, 1, 1e-6);
  }
}

TEST(PcaMonitor, ItsLimitsHoldOnHealthyScansThatItHasNotSeen) {
  const PcaMonitor monitor = fitted();
  const FeatureMatrix healthy = plant(20000, 2);
  double t2 = 0;
  double spe = 0;
  for (std::size_t i = 0; i < healthy.rows(); ++i) {
    const PcaScore score = monitor.score(healthy.row(i));
    t2 += score.t2 > monitor.t2_limit ? 1 : 0;
    spe += score.spe > monitor.spe_limit ? 1 : 0;
    EXPECT_EQ(score.flag, score.score > 0.5);
  }
  // 1 % was asked for; 20,000 scans tell within ± 0.2 %, the fit itself adds about as much.
  EXPECT_NEAR(t2 / 20000, 0.01, 0.004);
  EXPECT_NEAR(spe / 20000, 0.01, 0.004);
}

TEST(PcaMonitor, SeesABrokenCorrelationAndNamesTheInput) {
  const PcaMonitor monitor = fitted();
  FeatureMatrix matrix = plant(1, 3);
  std::vector<float> row(matrix.row(0).begin(), matrix.row(0).end());
  EXPECT_FALSE(monitor.score(row).flag);
  row[2] += 4;  // well within its own range, but not beside the others
  const PcaScore score = monitor.score(row);
  EXPECT_TRUE(score.flag);
  EXPECT_GT(score.spe, monitor.spe_limit);
  EXPECT_GT(score.score, 0.5);
  EXPECT_LT(score.score, 1);
  std::vector<double> parts(6);
  monitor.spe_by_input(row, parts);
  EXPECT_NEAR(std::accumulate(parts.begin(), parts.end(), 0.0), score.spe, 1e-4 * score.spe);
  EXPECT_EQ(std::ranges::max_element(parts) - parts.begin(), 2);
}

TEST(PcaMonitor, ScoreRisesWithDistance) {
  const PcaMonitor monitor = fitted();
  std::vector<float> row(monitor.mean);
  EXPECT_EQ(monitor.score(row).score, 0);
  double before = 0;
  for (int step = 1; step < 20; ++step) {
    row[1] = monitor.mean[1] + static_cast<float>(step) * 0.2F;
    const double score = monitor.score(row).score;
    EXPECT_GT(score, before);
    before = score;
  }
}

TEST(PcaMonitor, TheSameRowsGiveTheSameBytes) {
  const Bytes bytes = encode(fitted());
  EXPECT_EQ(encode(fitted()), bytes);
  EXPECT_EQ(decode_pca(bytes).value(), fitted());
}

TEST(PcaMonitor, RefusesWhatCannotBeFittedOrRead) {
  const FeatureMatrix matrix = plant(100, 1);
  const std::vector<std::size_t> few = {0, 1, 2};
  EXPECT_EQ(fit_pca(matrix, few, {}).error().code(), Code::invalid_input);
  EXPECT_EQ(fit_pca(matrix, all_rows(matrix), {.variance_share = 0, .alpha = 0.1}).error().code(),
            Code::invalid_input);
  FeatureMatrix constant;
  constant.columns = 1;
  for (int i = 0; i < 10; ++i) constant.append(std::vector<float>{3}, 0, 1);
  EXPECT_EQ(fit_pca(constant, all_rows(constant), {}).error().code(), Code::invalid_input);

  Bytes bytes = encode(fitted());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_pca(ByteView(bytes).first(size))) << size;
  }
  bytes[0] = std::byte{2};
  EXPECT_EQ(decode_pca(bytes).error().code(), Code::unsupported_version);
}

}  // namespace
}  // namespace millwright::models
