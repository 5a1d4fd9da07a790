// ONNX: our models written in it, so that any runtime can execute them, and the port behind which
// ONNX models by anyone are run. Our own runtime needs neither.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "models/pca_monitor.hpp"
#include "models/tree_ensemble.hpp"

namespace millwright::models {

/// A model with one input `features` [rows, columns] and one output `prediction` [rows, 1]:
/// TreeEnsembleRegressor of ai.onnx.ml 3, with Sigmoid behind it for a logistic link. The same
/// ensemble gives the same bytes. (onnx_export_adapter.cpp)
Bytes onnx_of(const TreeEnsemble& ensemble, std::string_view name);
/// A model with one input `features` [rows, inputs] and the outputs `t2` and `spe` [rows, 1], of
/// ai.onnx 13. Limits and score are not part of it. (onnx_export_adapter.cpp)
Bytes onnx_of(const PcaMonitor& monitor, std::string_view name);

/// One loaded model. Used by one thread at a time.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Columns of a row, or 0 when the model leaves it open.
  virtual std::size_t columns() const = 0;
  /// Answers of each output of the model, in its order, each row by row. `values` are rows ×
  /// columns. invalid_input when they do not fit the model; internal when the runtime fails.
  virtual Result<std::vector<std::vector<float>>> run(std::span<const float> values,
                                                      std::size_t columns) = 0;
};

/// A runtime for ONNX models. Lives as long as every runner that it loaded.
class OnnxRuntime {
 public:
  virtual ~OnnxRuntime() = default;
  /// corrupt with the runtime's own words when the bytes are no model, or one that it cannot run
  /// (an unknown operator, an input that is not one matrix of floats).
  virtual Result<std::unique_ptr<Runner>> load(ByteView model) = 0;
};

/// ONNX Runtime on the CPU, one thread a run. One is enough for a program. Made before other
/// threads write to standard error: for the length of the call, which registers schemas with about
/// a thousand lines of noise there, the descriptor points to nothing. (onnx_runtime_adapter.cpp)
Result<std::unique_ptr<OnnxRuntime>> open_onnx_runtime();

}  // namespace millwright::models
