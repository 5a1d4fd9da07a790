// XGBoost 3 behind the training port, by its C API and its JSON model format
// (doc/model.schema of XGBoost: learner.gradient_booster.model.trees[]).
#include <xgboost/c_api.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/format.hpp"
#include "models/tree_training.hpp"

namespace millwright::models {
namespace {

using Json = nlohmann::json;

Result<void> checked(int status, std::string_view doing) {
  if (status == 0) return {};
  const std::string_view said = XGBGetLastError();  // its first line; a stack trace follows
  return fail(Code::internal,
              fmt::format("XGBoost failed while {}: {}", doing, said.substr(0, said.find('\n'))));
}

/// A handle and its release.
template <typename Handle, int (*release)(Handle)>
class Owned {
 public:
  Owned() = default;
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (handle_ != nullptr) (void)release(handle_);  // nothing could be done about a failure
  }
  Handle get() const { return handle_; }
  Handle* out() { return &handle_; }

 private:
  Handle handle_ = nullptr;
};
using OwnedMatrix = Owned<DMatrixHandle, XGDMatrixFree>;
using OwnedBooster = Owned<BoosterHandle, XGBoosterFree>;

/// Copies nothing itself: XGBoost copies while it reads. No value counts as missing but NaN.
Result<OwnedMatrix> matrix_of(std::span<const float> values, std::size_t columns, int threads) {
  const std::string interface = fmt::format(
      R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
      reinterpret_cast<std::uintptr_t>(values.data()), values.size() / columns, columns);
  const std::string config = fmt::format(R"({{"missing":NaN,"nthread":{}}})", threads);
  OwnedMatrix matrix;
  if (auto made = checked(XGDMatrixCreateFromDense(interface.c_str(), config.c_str(), matrix.out()),
                          "taking a matrix");
      !made) {
    return std::unexpected(made.error());
  }
  return matrix;
}

Result<void> configure(BoosterHandle booster, const TreeParameters& parameters, int threads) {
  const std::pair<const char*, std::string> settings[] = {
      {"booster", "gbtree"},
      {"tree_method", "hist"},
      {"max_bin", "256"},
      {"objective",
       parameters.objective == Objective::logistic ? "binary:logistic" : "reg:squarederror"},
      {"max_depth", fmt::format("{}", parameters.depth)},
      {"eta", fmt::format("{}", parameters.eta)},
      {"subsample", fmt::format("{}", parameters.subsample)},
      {"colsample_bytree", fmt::format("{}", parameters.colsample)},
      {"min_child_weight", fmt::format("{}", parameters.min_child_weight)},
      {"lambda", fmt::format("{}", parameters.lambda)},
      {"seed", fmt::format("{}", parameters.seed)},
      // The generator is one a thread of the program; seeded anew each round, what ran before on
      // the same thread cannot matter.
      {"seed_per_iteration", "true"},
      {"nthread", fmt::format("{}", threads)},
      {"verbosity", "0"},
  };
  for (const auto& [name, value] : settings) {
    if (auto set = checked(XGBoosterSetParam(booster, name, value.c_str()), "setting parameters");
        !set) {
      return set;
    }
  }
  return {};
}

Result<void> check_inputs(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                          const TreeParameters& parameters) {
  std::vector<Problem> problems = parameters.problems();
  for (Problem& found : matrix.problems()) problems.push_back(std::move(found));
  if (!problems.empty()) {
    return std::unexpected(
        Error(Code::invalid_input, "the training cannot start").with_problems(std::move(problems)));
  }
  if (matrix.target.size() != matrix.rows() || rows.empty()) {
    return fail(Code::invalid_input,
                fmt::format("{} rows to train on, {} targets", rows.size(), matrix.target.size()),
                "give rows with a target each");
  }
  return {};
}

float number_of(const Json& value) {
  return static_cast<float>(value.get<double>());
}

/// base_score is text: a number, or since 3.1 a list of one.
float base_score(const Json& learner) {
  std::string text = learner.at("learner_model_param").at("base_score").get<std::string>();
  if (text.starts_with('[')) text = text.substr(1);
  return std::stof(text);
}

void append_tree(const Json& tree, TreeEnsemble& out) {
  const Json& left = tree.at("left_children");
  const Json& right = tree.at("right_children");
  const Json& feature = tree.at("split_indices");
  const Json& value = tree.at("split_conditions");
  const Json& nan_left = tree.at("default_left");
  out.starts.push_back(static_cast<std::uint32_t>(out.nodes.size()));
  for (std::size_t n = 0; n < left.size(); ++n) {
    TreeNode node{.value = number_of(value.at(n))};
    node.leaf = left.at(n).get<int>() < 0;
    if (!node.leaf) {
      node.feature = feature.at(n).get<std::uint16_t>();
      node.nan_left = nan_left.at(n).get<int>() != 0;
      node.left = left.at(n).get<std::uint32_t>();
      node.right = right.at(n).get<std::uint32_t>();
    }
    out.nodes.push_back(node);
  }
}

class XgboostTrainer final : public TreeTrainer {
 public:
  Result<TreeEnsemble> train(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                             const TreeParameters& parameters) const override {
    auto model = xgboost_train(matrix, rows, parameters, 1);
    if (!model) return pass(std::move(model));
    return trees_of_xgboost(*model);
  }
};

}  // namespace

std::unique_ptr<TreeTrainer> make_xgboost_trainer() {
  return std::make_unique<XgboostTrainer>();
}

Result<Bytes> xgboost_train(const FeatureMatrix& matrix, std::span<const std::size_t> rows,
                            const TreeParameters& parameters, int threads) {
  if (auto good = check_inputs(matrix, rows, parameters); !good) {
    return std::unexpected(good.error());
  }
  std::vector<float> values;
  std::vector<float> target;
  values.reserve(rows.size() * matrix.columns);
  for (const std::size_t row : rows) {
    const std::span<const float> taken = matrix.row(row);
    values.insert(values.end(), taken.begin(), taken.end());
    target.push_back(matrix.target[row]);
  }
  auto taken = matrix_of(values, matrix.columns, threads);
  if (!taken) return pass(std::move(taken));
  values = {};
  const DMatrixHandle cached[] = {taken->get()};
  OwnedBooster booster;
  char const* bytes = nullptr;
  bst_ulong size = 0;
  Result<void> done = checked(
      XGDMatrixSetFloatInfo(taken->get(), "label", target.data(), target.size()), "taking targets");
  if (done) done = checked(XGBoosterCreate(cached, 1, booster.out()), "starting");
  if (done) done = configure(booster.get(), parameters, threads);
  for (std::uint32_t round = 0; round < parameters.rounds && done; ++round) {
    done = checked(XGBoosterUpdateOneIter(booster.get(), static_cast<int>(round), taken->get()),
                   "growing a tree");
  }
  if (done) {
    done = checked(XGBoosterSaveModelToBuffer(booster.get(), R"({"format":"json"})", &size, &bytes),
                   "giving the model");
  }
  if (!done) return std::unexpected(done.error());
  const ByteView model = as_bytes({bytes, size});
  return Bytes(model.begin(), model.end());
}

Result<TreeEnsemble> trees_of_xgboost(ByteView model) {
  try {
    const Json json = Json::parse(as_text(model));
    const Json& learner = json.at("learner");
    TreeEnsemble out;
    out.columns = static_cast<std::uint32_t>(
        std::stoul(learner.at("learner_model_param").at("num_feature").get<std::string>()));
    out.base = base_score(learner);
    if (learner.at("objective").at("name").get<std::string>() == "binary:logistic") {
      out.link = Link::logistic;
      out.base = std::log(out.base / (1.0F - out.base));
    }
    for (const Json& tree : learner.at("gradient_booster").at("model").at("trees")) {
      append_tree(tree, out);
    }
    // Every rule of our own format holds for what was converted, or it is refused here.
    return decode_trees(encode(out));
  } catch (const std::exception& caught) {
    return fail(Code::corrupt, fmt::format("a model of XGBoost cannot be read: {}", caught.what()));
  }
}

Result<ForeignPrediction> xgboost_predict(ByteView model, std::span<const float> values,
                                          std::size_t columns) {
  auto matrix = matrix_of(values, columns, 1);
  if (!matrix) return pass(std::move(matrix));
  OwnedBooster booster;
  Result<void> done = checked(XGBoosterCreate(nullptr, 0, booster.out()), "starting");
  if (done) {
    done = checked(XGBoosterLoadModelFromBuffer(booster.get(), model.data(), model.size()),
                   "loading a model");
  }
  if (done) done = checked(XGBoosterSetParam(booster.get(), "nthread", "1"), "setting parameters");
  const auto ask = [&](int type) -> std::vector<float> {
    const std::string config =
        fmt::format(R"({{"type":{},"training":false,"iteration_begin":0,"iteration_end":0,)"
                    R"("strict_shape":false}})",
                    type);
    bst_ulong const* shape = nullptr;
    bst_ulong dimensions = 0;
    float const* out = nullptr;
    done = checked(XGBoosterPredictFromDMatrix(booster.get(), matrix->get(), config.c_str(), &shape,
                                               &dimensions, &out),
                   "predicting");
    if (!done) return {};
    std::size_t count = 1;
    for (bst_ulong d = 0; d < dimensions; ++d) count *= shape[d];
    return {out, out + count};
  };
  constexpr int type_value = 0;
  constexpr int type_leaf = 6;
  ForeignPrediction out;
  if (done) out.values = ask(type_value);
  if (done) {
    for (const float leaf : ask(type_leaf)) out.leaves.push_back(static_cast<std::uint32_t>(leaf));
  }
  if (!done) return std::unexpected(done.error());
  return out;
}

namespace {

class XgboostRunner final : public Runner {
 public:
  Result<void> load(ByteView model) {
    Result<void> done = checked(XGBoosterCreate(nullptr, 0, booster_.out()), "starting");
    if (done) {
      done = checked(XGBoosterLoadModelFromBuffer(booster_.get(), model.data(), model.size()),
                     "loading a model");
    }
    if (done) done = checked(XGBoosterSetParam(booster_.get(), "nthread", "1"), "setting threads");
    bst_ulong features = 0;
    if (done) done = checked(XGBoosterGetNumFeature(booster_.get(), &features), "reading a model");
    columns_ = features;
    return done;
  }

  std::size_t columns() const override { return columns_; }

  Result<std::vector<std::vector<float>>> run(std::span<const float> values,
                                              std::size_t columns) override {
    if (columns != columns_ || values.size() % columns != 0)
      return fail(Code::invalid_input, fmt::format("rows of {} columns are wanted", columns_));
    const auto address = std::bit_cast<std::uintptr_t>(values.data());
    const std::string array =
        fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})", address,
                    values.size() / columns, columns);
    constexpr const char* config =
        R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,)"
        R"("missing":NaN,"cache_id":0})";
    bst_ulong const* shape = nullptr;
    bst_ulong dimensions = 0;
    float const* out = nullptr;
    auto done = checked(XGBoosterPredictFromDense(booster_.get(), array.c_str(), config, nullptr,
                                                  &shape, &dimensions, &out),
                        "predicting");
    if (!done) return pass(std::move(done));
    return std::vector<std::vector<float>>{{out, out + values.size() / columns}};
  }

 private:
  OwnedBooster booster_;
  std::size_t columns_ = 0;
};

}  // namespace

Result<std::unique_ptr<Runner>> xgboost_runner(ByteView model) {
  auto runner = std::make_unique<XgboostRunner>();
  if (auto done = runner->load(model); !done) return pass(std::move(done));
  return std::unique_ptr<Runner>(std::move(runner));
}

}  // namespace millwright::models
