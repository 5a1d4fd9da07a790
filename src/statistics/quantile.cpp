#include "statistics/quantile.hpp"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>

#include "base/result.hpp"

namespace millwright::statistics {
namespace {

namespace policies = boost::math::policies;

// Arguments are checked here, so the library is asked not to throw; in double all the way, so that
// every platform computes alike.
using Quiet = policies::policy<
    policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
    policies::overflow_error<policies::ignore_error>,
    policies::evaluation_error<policies::ignore_error>,
    policies::rounding_error<policies::ignore_error>, policies::promote_double<false>>;

void check_probability(double probability) {
  MILLWRIGHT_ASSERT(probability > 0 && probability < 1);
}

}  // namespace

double normal_quantile(double probability) {
  check_probability(probability);
  return boost::math::quantile(boost::math::normal_distribution<double, Quiet>(), probability);
}

double normal_probability(double x) {
  return boost::math::cdf(boost::math::normal_distribution<double, Quiet>(), x);
}

double chi_squared_quantile(double probability, double degrees) {
  check_probability(probability);
  MILLWRIGHT_ASSERT(degrees > 0);
  const boost::math::chi_squared_distribution<double, Quiet> distribution(degrees);
  return boost::math::quantile(distribution, probability);
}

double f_quantile(double probability, double numerator, double denominator) {
  check_probability(probability);
  MILLWRIGHT_ASSERT(numerator > 0 && denominator > 0);
  const boost::math::fisher_f_distribution<double, Quiet> distribution(numerator, denominator);
  return boost::math::quantile(distribution, probability);
}

double beta_quantile(double probability, double alpha, double beta) {
  check_probability(probability);
  MILLWRIGHT_ASSERT(alpha > 0 && beta > 0);
  const boost::math::beta_distribution<double, Quiet> distribution(alpha, beta);
  return boost::math::quantile(distribution, probability);
}

}  // namespace millwright::statistics
