// Port: training an ensemble of trees. The real one is XGBoost's (xgboost_adapter.cpp).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "catalog/document.hpp"
#include "models/matrix.hpp"
#include "models/onnx.hpp"
#include "models/tree_ensemble.hpp"

namespace millwright::models {

enum class Objective : std::uint8_t {
  squared_error,  ///< a number
  logistic,       ///< a probability; targets are 0 and 1
};

/// How boosting learns; the names are XGBoost's.
struct TreeParameters {
  Objective objective = Objective::squared_error;
  std::uint32_t rounds = 200;    ///< trees, 1 to 5000
  std::uint32_t depth = 4;       ///< 1 to 12
  double eta = 0.05;             ///< (0, 1]
  double subsample = 0.5;        ///< share of rows a tree sees; (0, 1]
  double colsample = 0.5;        ///< share of columns a tree sees; (0, 1]
  double min_child_weight = 20;  ///< ≥ 0
  double lambda = 1;             ///< ≥ 0
  std::uint64_t seed = 1;        ///< below 2^31

  bool operator==(const TreeParameters&) const = default;
  std::vector<Problem> problems() const;
  catalog::Node node() const;
  static Result<TreeParameters> parse(const catalog::Node& node);
};

/// Learns the same ensemble, bit for bit, from the same rows and parameters, whatever else runs
/// beside it. May be called from several threads at once.
class TreeTrainer {
 public:
  virtual ~TreeTrainer() = default;
  /// `rows` of the matrix, which has targets. invalid_input: parameters or matrix.
  virtual Result<TreeEnsemble> train(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                                     const TreeParameters& parameters) const = 0;
};

/// XGBoost, one thread a training: with more, sums are added in another order and the bytes differ.
/// Run several trainings side by side instead. (xgboost_adapter.cpp)
std::unique_ptr<TreeTrainer> make_xgboost_trainer();

/// XGBoost's own answers, to compare ours with.
struct ForeignPrediction {
  std::vector<float> values;          ///< one a row
  std::vector<std::uint32_t> leaves;  ///< rows × trees
};
/// A model in XGBoost's own JSON.
Result<Bytes> xgboost_train(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                            const TreeParameters& parameters, int threads);
Result<TreeEnsemble> trees_of_xgboost(ByteView model);
Result<ForeignPrediction> xgboost_predict(ByteView model, std::span<const float> values,
                                          std::size_t columns);
/// XGBoost's own in-place prediction with the model loaded once, on one thread: a peer for
/// comparisons, not for serving. `values` may have NaN.
Result<std::unique_ptr<Runner>> xgboost_runner(ByteView model);

}  // namespace millwright::models
