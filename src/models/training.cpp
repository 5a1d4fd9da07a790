#include "models/training.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "base/format.hpp"
#include "statistics/moments.hpp"

namespace millwright::models {
namespace {

/// Out-of-fold predictions of one entry of the grid, for each count of trees.
struct Trial {
  std::vector<std::vector<float>> predictions;  // by count of trees, then by row
};

struct Plan {
  const FeatureMatrix& matrix;
  const TrainingOptions& options;
  std::vector<std::uint32_t> fold;
  std::vector<std::vector<std::uint32_t>> rounds;  // of each entry of the grid
};

std::vector<Problem> problems_of(const TrainingOptions& options) {
  std::vector<Problem> out;
  const auto wrong = [&](std::string path, std::string what, std::string expected) {
    out.push_back({.place = {.file = {}, .line = 0, .column = 0, .path = std::move(path)},
                   .what = std::move(what),
                   .expected = std::move(expected),
                   .nearest = {},
                   .remedy = {}});
  };
  if (!(options.target_max > 0)) {
    wrong("target_max", fmt::format("{}", options.target_max), "above 0");
  }
  if (options.folds < 2) wrong("folds", fmt::format("{}", options.folds), "at least 2");
  if (options.grid.empty()) wrong("grid", "no parameters", "at least one set of parameters");
  if (!(options.coverage > 0 && options.coverage < 1)) {
    wrong("coverage", fmt::format("{}", options.coverage), "between 0 and 1");
  }
  if (!std::ranges::is_sorted(options.rounds) || std::ranges::contains(options.rounds, 0U)) {
    wrong("rounds", fmt::format("{}", fmt::join(options.rounds, " ")), "rising counts of trees");
  }
  for (std::size_t g = 0; g < options.grid.size(); ++g) {
    for (Problem& found : options.grid[g].problems()) {
      found.place.path = fmt::format("grid[{}].{}", g, found.place.path);
      out.push_back(std::move(found));
    }
  }
  return out;
}

Result<Plan> plan_of(const FeatureMatrix& matrix, const TrainingOptions& options) {
  std::vector<Problem> problems = matrix.problems();
  for (Problem& found : problems_of(options)) problems.push_back(std::move(found));
  if (!problems.empty()) {
    return std::unexpected(
        Error(Code::invalid_input, "the training cannot start").with_problems(std::move(problems)));
  }
  if (matrix.target.size() != matrix.rows()) {
    return fail(Code::invalid_input, "the matrix has no target");
  }
  const std::set<std::uint32_t> groups(matrix.group.begin(), matrix.group.end());
  if (groups.size() < options.folds) {
    return fail(Code::invalid_input,
                fmt::format("{} groups for {} folds", groups.size(), options.folds),
                "record more units, or use fewer folds");
  }
  Plan plan{.matrix = matrix,
            .options = options,
            .fold = folds_of(matrix, options.folds, options.seed),
            .rounds = {}};
  for (const TreeParameters& parameters : options.grid) {
    plan.rounds.push_back(options.rounds.empty() ? std::vector{parameters.rounds} : options.rounds);
  }
  return plan;
}

/// Trains one entry of the grid without one fold and predicts that fold, for each count of trees.
Result<void> run_fold(const Plan& plan, std::size_t entry, std::uint32_t fold,
                      const TreeTrainer& trainer, Trial& trial) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < plan.fold.size(); ++i) {
    if (plan.fold[i] != fold) rows.push_back(i);
  }
  const std::vector<std::uint32_t>& counts = plan.rounds[entry];
  TreeParameters parameters = plan.options.grid[entry];
  parameters.rounds = counts.back();
  const auto trees = trainer.train(plan.matrix, rows, parameters);
  if (!trees) return std::unexpected(trees.error());
  for (std::size_t i = 0; i < plan.fold.size(); ++i) {
    if (plan.fold[i] != fold) continue;
    float sum = trees->base;
    std::size_t done = 0;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      const std::size_t upto = std::min<std::size_t>(counts[c], trees->trees());
      sum = trees->add_trees(sum, done, upto, plan.matrix.row(i));
      done = upto;
      trial.predictions[c][i] =
          std::clamp(trees->linked(sum), 0.0F, static_cast<float>(plan.options.target_max));
    }
  }
  return {};
}

double truth(const Plan& plan, std::size_t row) {
  return std::clamp(static_cast<double>(plan.matrix.target[row]), 0.0, plan.options.target_max);
}

Candidate candidate_of(const Plan& plan, const TreeParameters& parameters,
                       std::span<const float> predictions) {
  std::vector<double> squares(plan.options.folds);
  std::vector<double> counts(plan.options.folds);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const double apart = static_cast<double>(predictions[i]) - truth(plan, i);
    squares[plan.fold[i]] += apart * apart;
    counts[plan.fold[i]] += 1;
  }
  statistics::Moments folds;
  for (std::size_t f = 0; f < squares.size(); ++f) folds.add(std::sqrt(squares[f] / counts[f]));
  const double all = std::accumulate(squares.begin(), squares.end(), 0.0);
  return {.parameters = parameters,
          .rmse = std::sqrt(all / static_cast<double>(predictions.size())),
          .deviation = folds.deviation()};
}

/// Every entry of the grid on every fold, side by side in batches so that progress can be told.
Result<std::vector<Trial>> run_trials(const Plan& plan, const TreeTrainer& trainer,
                                      const ForEach& for_each, const ReportProgress& report) {
  const std::uint32_t folds = plan.options.folds;
  const std::size_t pieces = plan.options.grid.size() * folds;
  std::vector<Trial> trials(plan.options.grid.size());
  for (std::size_t g = 0; g < trials.size(); ++g) {
    trials[g].predictions.assign(plan.rounds[g].size(), std::vector<float>(plan.matrix.rows()));
  }
  std::vector<std::optional<Error>> errors(pieces);
  for (std::size_t g = 0; g < trials.size(); ++g) {
    for_each(folds, [&](std::size_t fold) {
      auto done = run_fold(plan, g, static_cast<std::uint32_t>(fold), trainer, trials[g]);
      if (!done) errors[g * folds + fold] = std::move(done.error());
    });
    for (const auto& error : errors) {
      if (error) return std::unexpected(*error);
    }
    if (report) report({(g + 1) * folds, pieces + 1, "cross-validation"});
  }
  return trials;
}

struct Choice {
  std::size_t entry = 0;
  std::size_t count = 0;
};

Choice choose(const Plan& plan, const std::vector<Trial>& trials, TrainedModel& out) {
  Choice best;
  for (std::size_t g = 0; g < trials.size(); ++g) {
    for (std::size_t c = 0; c < trials[g].predictions.size(); ++c) {
      TreeParameters parameters = plan.options.grid[g];
      parameters.rounds = plan.rounds[g][c];
      out.candidates.push_back(candidate_of(plan, parameters, trials[g].predictions[c]));
      if (out.candidates.size() == 1 || out.candidates.back().rmse < out.cv_rmse) {
        out.cv_rmse = out.candidates.back().rmse;
        out.parameters = parameters;
        best = {.entry = g, .count = c};
      }
    }
  }
  return best;
}

}  // namespace

std::vector<TreeParameters> default_grid(std::uint64_t seed) {
  std::vector<TreeParameters> grid;
  for (const std::uint32_t depth : {4U, 6U}) {
    grid.push_back(
        {.rounds = 200, .depth = depth, .colsample = 0.3, .min_child_weight = 40, .seed = seed});
  }
  return grid;
}

double predict_cut(const TreeEnsemble& trees, std::span<const float> row, double target_max) {
  return std::clamp(static_cast<double>(trees.predict(row)), 0.0, target_max);
}

std::vector<std::uint32_t> folds_of(const FeatureMatrix& matrix, std::uint32_t folds,
                                    std::uint64_t seed) {
  std::map<Digest, std::uint32_t> order;
  for (const std::uint32_t group : std::set(matrix.group.begin(), matrix.group.end())) {
    Bytes key;
    ByteWriter writer(key);
    writer.u64(seed);
    writer.u32(group);
    order.emplace(sha256(key), group);
  }
  std::map<std::uint32_t, std::uint32_t> fold_of;
  std::uint32_t next = 0;
  for (const auto& [digest, group] : order) fold_of[group] = next++ % folds;
  std::vector<std::uint32_t> out;
  out.reserve(matrix.group.size());
  for (const std::uint32_t group : matrix.group) out.push_back(fold_of.at(group));
  return out;
}

Result<TrainedModel> train(const FeatureMatrix& matrix, const TrainingOptions& options,
                           const TreeTrainer& trainer, const ForEach& for_each,
                           const ReportProgress& report) {
  const auto plan = plan_of(matrix, options);
  if (!plan) return std::unexpected(plan.error());
  auto trials = run_trials(*plan, trainer, for_each, report);
  if (!trials) return pass(std::move(trials), "cross-validation");

  TrainedModel out;
  const Choice best = choose(*plan, *trials, out);
  const std::vector<float>& chosen = (*trials)[best.entry].predictions[best.count];
  out.out_of_fold.assign(chosen.begin(), chosen.end());
  std::vector<double> truths;
  statistics::Moments apart;
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    truths.push_back(truth(*plan, i));
    apart.add(out.out_of_fold[i] - truths[i]);
  }
  out.cv_bias = apart.mean();
  auto intervals = fit_intervals(out.out_of_fold, truths,
                                 {.coverage = options.coverage,
                                  .bins = options.interval_bins,
                                  .low_end = 0,
                                  .high_end = options.target_max});
  if (!intervals) return pass(std::move(intervals));
  out.intervals = std::move(*intervals);

  std::vector<std::size_t> all(matrix.rows());
  std::iota(all.begin(), all.end(), std::size_t{0});
  auto trees = trainer.train(matrix, all, out.parameters);
  if (!trees) return pass(std::move(trees), "last fit");
  out.trees = std::move(*trees);
  out.data = matrix.digest();
  out.rows = matrix.rows();
  out.groups = std::set(matrix.group.begin(), matrix.group.end()).size();
  const std::size_t steps = options.grid.size() * options.folds + 1;
  if (report) report({steps, steps, "last fit"});
  return out;
}

}  // namespace millwright::models
