// ONNX Runtime 1.21 behind the port of onnx.hpp.
#include <fcntl.h>
#include <onnxruntime_cxx_api.h>
#include <unistd.h>

#include <memory>
#include <span>

#include "base/format.hpp"
#include "models/onnx.hpp"

namespace millwright::models {
namespace {

/// Points standard error to nothing while it lives.
class QuietStandardError {
 public:
  QuietStandardError() : kept_(dup(STDERR_FILENO)) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    if (kept_ >= 0) dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  QuietStandardError(const QuietStandardError&) = delete;
  QuietStandardError& operator=(const QuietStandardError&) = delete;
  ~QuietStandardError() {
    if (kept_ < 0) return;
    dup2(kept_, STDERR_FILENO);
    close(kept_);
  }

 private:
  int kept_;
};

class OrtRunner final : public Runner {
 public:
  explicit OrtRunner(Ort::Session session) : session_(std::move(session)) {}

  /// Why the model cannot be run here, or nothing.
  std::string prepare() {
    if (session_.GetInputCount() != 1) {
      return fmt::format("it has {} inputs, not one", session_.GetInputCount());
    }
    const Ort::TypeInfo input = session_.GetInputTypeInfo(0);
    if (input.GetONNXType() != ONNX_TYPE_TENSOR) return "its input is not a tensor";
    const auto tensor = input.GetTensorTypeAndShapeInfo();
    if (tensor.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ||
        tensor.GetShape().size() != 2) {
      return "its input is not a matrix of 32-bit floats";
    }
    columns_ = static_cast<std::size_t>(std::max<std::int64_t>(tensor.GetShape()[1], 0));
    Ort::AllocatorWithDefaultOptions allocator;
    input_ = session_.GetInputNameAllocated(0, allocator).get();
    for (std::size_t i = 0; i < session_.GetOutputCount(); ++i) {
      outputs_.emplace_back(session_.GetOutputNameAllocated(i, allocator).get());
    }
    return {};
  }

  std::size_t columns() const override { return columns_; }

  Result<std::vector<std::vector<float>>> run(std::span<const float> values,
                                              std::size_t columns) override {
    if (columns == 0 || values.size() % columns != 0 || (columns_ != 0 && columns != columns_)) {
      return fail(Code::invalid_input, fmt::format("{} values in rows of {} for a model of {}",
                                                   values.size(), columns, columns_));
    }
    std::vector<std::vector<float>> out(outputs_.size());
    if (values.empty()) return out;
    try {
      const std::int64_t shape[] = {static_cast<std::int64_t>(values.size() / columns),
                                    static_cast<std::int64_t>(columns)};
      const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
      // The runtime takes its input by a pointer to non-const and does not write there.
      const Ort::Value input = Ort::Value::CreateTensor<float>(
          memory, const_cast<float*>(values.data()), values.size(), shape, std::size(shape));
      const char* input_name = input_.c_str();
      std::vector<const char*> names;
      for (const std::string& name : outputs_) names.push_back(name.c_str());
      const std::vector<Ort::Value> answers = session_.Run(Ort::RunOptions(nullptr), &input_name,
                                                           &input, 1, names.data(), names.size());
      for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto tensor = answers[i].GetTensorTypeAndShapeInfo();
        if (tensor.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
          return fail(Code::invalid_input,
                      fmt::format("output '{}' is not of 32-bit floats", outputs_[i]));
        }
        const float* first = answers[i].GetTensorData<float>();
        out[i].assign(first, first + tensor.GetElementCount());
      }
    } catch (const std::exception& caught) {
      return fail(Code::internal, fmt::format("ONNX Runtime failed: {}", caught.what()));
    }
    return out;
  }

 private:
  Ort::Session session_;
  std::string input_;
  std::vector<std::string> outputs_;
  std::size_t columns_ = 0;
};

class Runtime final : public OnnxRuntime {
 public:
  explicit Runtime(Ort::Env environment) : environment_(std::move(environment)) {}

  Result<std::unique_ptr<Runner>> load(ByteView model) override {
    try {
      Ort::SessionOptions options;
      options.SetIntraOpNumThreads(1);
      options.SetInterOpNumThreads(1);
      options.SetExecutionMode(ORT_SEQUENTIAL);
      options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
      auto runner = std::make_unique<OrtRunner>(
          Ort::Session(environment_, model.data(), model.size(), options));
      if (const std::string reason = runner->prepare(); !reason.empty()) {
        return fail(Code::corrupt, fmt::format("the ONNX model cannot be run: {}", reason));
      }
      return runner;
    } catch (const std::exception& caught) {
      return fail(Code::corrupt, fmt::format("the ONNX model cannot be loaded: {}", caught.what()),
                  "export the model again; operators up to ai.onnx 22 and ai.onnx.ml 5 are known");
    }
  }

 private:
  Ort::Env environment_;
};

/// An ONNX model `y = Identity(x)` of one float (ai.onnx 13). Loading the first model of a process
/// registers schemas too, with the same noise.
constexpr unsigned char first_model[] = {0x08, 0x07,  // ir_version
                                         0x3A, 0x37,  // graph
                                         0x0A, 0x10, 0x0A, 0x01, 'x',  0x12, 0x01, 'y',  // node
                                         0x22, 0x08, 'I',  'd',  'e',  'n',  't',  'i',  't',
                                         'y',              //
                                         0x12, 0x01, 'g',  // name
                                         0x5A, 0x0F, 0x0A, 0x01, 'x',  0x12, 0x0A, 0x0A, 0x08,
                                         0x08, 0x01, 0x12, 0x04, 0x0A, 0x02, 0x08, 0x01,  // input
                                         0x62, 0x0F, 0x0A, 0x01, 'y',  0x12, 0x0A, 0x0A, 0x08,
                                         0x08, 0x01, 0x12, 0x04, 0x0A, 0x02, 0x08, 0x01,  // output
                                         0x42, 0x04, 0x0A, 0x00, 0x10, 0x0D};             // opset

}  // namespace

Result<std::unique_ptr<OnnxRuntime>> open_onnx_runtime() {
  try {
    const QuietStandardError quiet;
    auto runtime = std::make_unique<Runtime>(Ort::Env(ORT_LOGGING_LEVEL_FATAL, "millwright"));
    // Whether it can be run matters no more than its answer.
    (void)runtime->load(std::as_bytes(std::span(first_model)));
    return runtime;
  } catch (const std::exception& caught) {
    return fail(Code::unavailable, fmt::format("ONNX Runtime does not start: {}", caught.what()));
  }
}

}  // namespace millwright::models
