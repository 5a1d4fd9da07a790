// Quantiles and probabilities of the distributions that control limits and intervals need. The
// numbers are Boost.Math's; nothing here writes a special function.
#pragma once

namespace millwright::statistics {

/// x with P(X ≤ x) = `probability` of the standard normal distribution; probability in (0, 1).
double normal_quantile(double probability);
/// P(X ≤ x) of the standard normal distribution.
double normal_probability(double x);
/// x with P(X ≤ x) = `probability` of chi-squared with `degrees` > 0 degrees of freedom.
double chi_squared_quantile(double probability, double degrees);
/// x with P(X ≤ x) = `probability` of Fisher's F with `numerator` and `denominator` > 0 degrees of
/// freedom.
double f_quantile(double probability, double numerator, double denominator);
/// x with P(X ≤ x) = `probability` of Beta(`alpha`, `beta`), both > 0.
double beta_quantile(double probability, double alpha, double beta);

}  // namespace millwright::statistics
