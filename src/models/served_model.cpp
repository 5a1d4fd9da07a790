#include "models/served_model.hpp"

#include <algorithm>
#include <cmath>

#include "base/format.hpp"

namespace millwright::models {
namespace {

using ontology::Quality;
using ontology::Reason;

/// Trees answer a little beyond the targets that they were trained on; more than this share of the
/// range is a defect.
constexpr double slack = 0.1;

}  // namespace

Result<std::unique_ptr<ServedModel>> ServedModel::load(std::string_view digest, ByteView bundle,
                                                       OnnxRuntime* runtime, Log& log) {
  auto decoded = decode_bundle(bundle);
  if (!decoded) return pass(std::move(decoded), "reading a model bundle");
  if (decoded->kind != ModelKind::rul) {
    return fail(Code::invalid_input,
                fmt::format("model {} is of kind {}, which a gateway does not score", decoded->name,
                            kind_name(decoded->kind)),
                "release it to edges");
  }
  std::unique_ptr<ServedModel> out(new ServedModel);
  out->bundle_ = std::move(*decoded);
  out->digest_ = digest;
  out->id_ = fmt::format("{}@{}:{}", out->bundle_.name, out->bundle_.version, digest);
  if (out->bundle_.onnx.empty()) return out;
  if (runtime == nullptr) {
    out->falls_back_ = true;
    log.warning("models",
                out->id_ + ": no runtime for ONNX here; our own trees execute it instead");
    return out;
  }
  auto runner = runtime->load(out->bundle_.onnx);
  if (!runner) return pass(std::move(runner), "loading the ONNX of " + out->id_);
  const std::size_t columns = (*runner)->columns();
  if (columns != 0 && columns != out->bundle_.features.width()) {
    return fail(Code::invalid_input,
                fmt::format("the ONNX of {} takes {} columns, its features are {}", out->id_,
                            columns, out->bundle_.features.width()));
  }
  out->runner_ = std::move(*runner);
  return out;
}

void ServedModel::answer(std::span<const FeatureRow> rows, std::vector<RulAnswer>& out) {
  out.clear();
  if (!runner_) {
    for (const FeatureRow& row : rows) {
      out.push_back(answer_of(static_cast<double>(bundle_.trees->predict(row.values))));
    }
    return;
  }
  values_.clear();
  for (const FeatureRow& row : rows) {
    values_.insert(values_.end(), row.values.begin(), row.values.end());
  }
  auto answered = runner_->run(values_, bundle_.features.width());
  // One output, one number a row.
  if (!answered || answered->empty() || answered->front().size() != rows.size()) {
    out.assign(rows.size(), RulAnswer::nothing(Reason::failure));
    return;
  }
  for (const float prediction : answered->front()) {
    out.push_back(answer_of(static_cast<double>(prediction)));
  }
}

RulAnswer ServedModel::answer_of(double prediction) const {
  const double most = bundle_.target_max;
  if (!std::isfinite(prediction)) return RulAnswer::nothing(Reason::out_of_range);
  RulAnswer out{prediction, prediction, prediction, true, Quality::good()};
  if (prediction < -slack * most || prediction > (1 + slack) * most) {
    out.quality = Quality::bad(Reason::out_of_range);
    return out;
  }
  out.value = std::clamp(prediction, 0.0, most);
  const statistics::Interval interval = bundle_.intervals->at(out.value);
  out.low = interval.low;
  out.high = interval.high;
  return out;
}

}  // namespace millwright::models
