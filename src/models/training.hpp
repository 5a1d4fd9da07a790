// Training of a regression of remaining life: cross-validation by group chooses the parameters from
// a small declared grid, the last fit takes all data, and out-of-fold errors give the interval. No
// test set is ever looked at. Deterministic: the same matrix, options and trainer give the same
// bytes, on however many threads.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/for_each.hpp"
#include "models/interval_table.hpp"
#include "models/tree_training.hpp"

namespace millwright::models {

struct TrainingOptions {
  double target_max = 125;           ///< targets and predictions are cut to [0, target_max]
  std::uint32_t folds = 5;           ///< at least 2; whole groups
  std::vector<TreeParameters> grid;  ///< tried in order; the first of equals wins
  /// Counts of trees tried for each entry of the grid, rising; empty tries only its own `rounds`.
  std::vector<std::uint32_t> rounds;
  double coverage = 0.9;
  std::size_t interval_bins = 8;
  std::uint64_t seed = 1;  ///< of the split into folds
};

/// The grid that is used when a declaration names none.
std::vector<TreeParameters> default_grid(std::uint64_t seed);

struct TrainingProgress {
  std::size_t done = 0;
  std::size_t total = 0;
  std::string step;  ///< `cross-validation`, `last fit`
};
/// Called after each step, one call at a time, on the thread that called `train`.
using ReportProgress = std::function<void(const TrainingProgress&)>;

/// One row of the table that chose.
struct Candidate {
  TreeParameters parameters;
  double rmse = 0;       ///< over all out-of-fold rows
  double deviation = 0;  ///< of the folds' own RMSE
};

struct TrainedModel {
  TreeEnsemble trees;
  TreeParameters parameters;
  std::vector<Candidate> candidates;
  double cv_rmse = 0;
  double cv_bias = 0;  ///< mean of prediction − truth
  IntervalTable intervals;
  std::vector<double>
      out_of_fold;  ///< prediction of each row by a model that had not seen its group
  Digest data;
  std::uint64_t rows = 0;
  std::uint64_t groups = 0;
};

/// Prediction of a row, cut to the range of the target.
double predict_cut(const TreeEnsemble& trees, std::span<const float> row, double target_max);

/// Fold of each row: groups in the order of a hash of seed and group, dealt out in turn.
std::vector<std::uint32_t> folds_of(const FeatureMatrix& matrix, std::uint32_t folds,
                                    std::uint64_t seed);

/// invalid_input: matrix, options, fewer groups than folds.
Result<TrainedModel> train(const FeatureMatrix& matrix, const TrainingOptions& options,
                           const TreeTrainer& trainer, const ForEach& for_each,
                           const ReportProgress& report = {});

}  // namespace millwright::models
