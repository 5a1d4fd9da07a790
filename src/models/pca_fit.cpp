#include <Eigen/Dense>
#include <cmath>

#include "base/format.hpp"
#include "models/pca_monitor.hpp"
#include "statistics/moments.hpp"
#include "statistics/quantile.hpp"

namespace millwright::models {
namespace {

constexpr double constant_below = 1e-6;
// Of a correlation matrix: what is below is rounding.
constexpr double eigenvalue_min = 1e-9;

struct Spectrum {
  Eigen::VectorXd values;   // falling
  Eigen::MatrixXd vectors;  // columns, in that order
};

Spectrum spectrum_of(const Eigen::MatrixXd& correlation) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(correlation);
  Spectrum out{.values = solver.eigenvalues().reverse(),
               .vectors = solver.eigenvectors().rowwise().reverse()};
  // An eigenvector has no sign of its own: the largest entry is made positive, the first of equals.
  for (Eigen::Index c = 0; c < out.vectors.cols(); ++c) {
    Eigen::Index largest = 0;
    out.vectors.col(c).cwiseAbs().maxCoeff(&largest);
    if (out.vectors(largest, c) < 0) out.vectors.col(c) *= -1;
  }
  return out;
}

/// Sets mean and scale of each input; false when none varies.
bool standardise(const FeatureMatrix& matrix, std::span<const std::size_t> rows, PcaMonitor& out) {
  bool some = false;
  for (std::size_t i = 0; i < matrix.columns; ++i) {
    statistics::Moments moments;
    for (const std::size_t row : rows) moments.add(static_cast<double>(matrix.row(row)[i]));
    const double deviation = moments.deviation();
    const bool constant = deviation <= constant_below * std::max(std::abs(moments.mean()), 1e-6);
    out.mean.push_back(static_cast<float>(moments.mean()));
    out.scale.push_back(constant ? 0.0F : static_cast<float>(1 / deviation));
    some = some || !constant;
  }
  return some;
}

Eigen::MatrixXd correlation_of(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                               const PcaMonitor& fitted) {
  const auto n = static_cast<Eigen::Index>(matrix.columns);
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(n, n);
  Eigen::VectorXd standard(n);
  for (const std::size_t row : rows) {
    for (Eigen::Index i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      standard(i) =
          (static_cast<double>(matrix.row(row)[at]) - static_cast<double>(fitted.mean[at])) *
          static_cast<double>(fitted.scale[at]);
    }
    sum.selfadjointView<Eigen::Lower>().rankUpdate(standard);
  }
  return sum.selfadjointView<Eigen::Lower>() * Eigen::MatrixXd::Identity(n, n) /
         static_cast<double>(rows.size() - 1);
}

/// Jackson and Mudholkar (1979), equation 3.4, from the variances that are not kept.
double spe_limit_of(const Eigen::VectorXd& left, double alpha) {
  const double theta1 = left.sum();
  const double theta2 = left.array().square().sum();
  const double theta3 = left.array().cube().sum();
  const double h0 = 1 - 2 * theta1 * theta3 / (3 * theta2 * theta2);
  const double c = statistics::normal_quantile(1 - alpha);
  if (h0 < 1e-3) {
    // One variance dominates what is left and the power is not defined: Box's g·chi²(h) has the
    // same first two moments (Nomikos and MacGregor, Technometrics 37, 1995).
    const double degrees = theta1 * theta1 / theta2;
    return theta2 / theta1 * statistics::chi_squared_quantile(1 - alpha, degrees);
  }
  const double base =
      c * std::sqrt(2 * theta2 * h0 * h0) / theta1 + 1 + theta2 * h0 * (h0 - 1) / (theta1 * theta1);
  return theta1 * std::pow(base, 1 / h0);
}

std::uint32_t components_of(const Eigen::VectorXd& values, double share) {
  const double wanted = share * values.sum();
  double sum = 0;
  std::uint32_t kept = 0;
  for (Eigen::Index i = 0; i < values.size() && values(i) > eigenvalue_min; ++i) {
    sum += values(i);
    ++kept;
    if (sum >= wanted) break;
  }
  return std::max<std::uint32_t>(kept, 1);
}

Result<void> check(const FeatureMatrix& matrix, const PcaOptions& options) {
  if (auto problems = matrix.problems(); !problems.empty()) {
    return std::unexpected(Error(Code::invalid_input, "the matrix cannot be fitted")
                               .with_problems(std::move(problems)));
  }
  if (!(options.variance_share > 0 && options.variance_share <= 1 && options.alpha > 0 &&
        options.alpha <= 0.5)) {
    return fail(Code::invalid_input,
                fmt::format("variance share {} or alpha {} is out of range", options.variance_share,
                            options.alpha),
                "use a share in (0, 1] and an alpha in (0, 0.5]");
  }
  return {};
}

}  // namespace

Result<PcaMonitor> fit_pca(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                           const PcaOptions& options) {
  if (auto checked = check(matrix, options); !checked) return std::unexpected(checked.error());
  PcaMonitor out;
  out.inputs = static_cast<std::uint32_t>(matrix.columns);
  out.alpha = options.alpha;
  out.fitted_rows = rows.size();
  if (rows.size() < 3) {
    return fail(Code::invalid_input, fmt::format("{} healthy rows", rows.size()),
                "give a longer healthy period");
  }
  if (!standardise(matrix, rows, out)) {
    return fail(Code::invalid_input, "no input varies over the healthy rows",
                "give a longer healthy period, or other inputs");
  }
  const Spectrum spectrum = spectrum_of(correlation_of(matrix, rows, out));
  out.components = components_of(spectrum.values, options.variance_share);
  const auto n = static_cast<double>(rows.size());
  const auto k = static_cast<double>(out.components);
  if (n < 3 * k + 2) {
    return fail(Code::invalid_input,
                fmt::format("{} healthy rows for {} components", rows.size(), out.components),
                "give a longer healthy period, or a smaller share of variance");
  }
  for (std::uint32_t c = 0; c < out.components; ++c) {
    out.variance.push_back(static_cast<float>(spectrum.values(c)));
    for (Eigen::Index i = 0; i < spectrum.vectors.rows(); ++i) {
      out.loadings.push_back(static_cast<float>(spectrum.vectors(i, c)));
    }
  }
  out.t2_limit =
      k * (n * n - 1) / (n * (n - k)) * statistics::f_quantile(1 - options.alpha, k, n - k);
  const Eigen::VectorXd left =
      spectrum.values.tail(spectrum.values.size() - out.components).cwiseMax(0);
  // All variance kept: any distance from the model is beyond what healthy rows showed.
  out.spe_limit = left.sum() > eigenvalue_min ? spe_limit_of(left, options.alpha) : eigenvalue_min;
  return out;
}

}  // namespace millwright::models
