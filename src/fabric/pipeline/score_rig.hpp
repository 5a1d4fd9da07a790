// A model small enough to be computed by hand, for tests of pipelines and edges.
#pragma once

#include <string>

#include "base/format.hpp"
#include "fabric/pipeline/stage_model.hpp"

namespace millwright::pipeline {

/// t2: sum of the inputs times a gain; spe: the first input; score: scans so far; flag: t2 > 10.
class ToyModel final : public StageModel {
 public:
  ToyModel(std::string id, double gain, std::size_t inputs)
      : id_(std::move(id)), gain_(gain), inputs_(inputs) {}
  std::string id() const override { return id_; }
  Result<void> bind(std::span<const ontology::MetricDefinition> inputs,
                    std::span<const ontology::MetricDefinition> outputs) override {
    if (inputs.size() == inputs_ && outputs.size() == 4) return {};
    return fail(Code::invalid_input, fmt::format("the toy wants {} inputs", inputs_));
  }
  void score(Timestamp, std::span<const ModelValue> inputs,
             std::span<ModelValue> outputs) override {
    ontology::Quality quality;
    double sum = 0;
    bool missing = false;
    for (const ModelValue& input : inputs) {
      missing = missing || !input.has_value;
      if (input.quality.is_bad())
        quality = ontology::Quality::uncertain(ontology::Reason::bad_input);
      else
        sum += input.value;
    }
    ++scans_;
    if (missing) {
      for (ModelValue& output : outputs)
        output = {0, false, ontology::Quality::bad(ontology::Reason::missing)};
      return;
    }
    outputs[0] = {sum * gain_, true, quality};
    outputs[1] = {inputs[0].value, true, quality};
    outputs[2] = {static_cast<double>(scans_), true, quality};
    outputs[3] = {sum * gain_ > 10 ? 1.0 : 0.0, true, quality};
  }
  bool holds_state() const override { return true; }
  void reset() override { scans_ = 0; }
  void save(ByteWriter& out) const override { out.varint(scans_); }
  bool load(ByteReader& in) override {
    scans_ = in.varint();
    return in.ok();
  }

 private:
  std::string id_;
  double gain_;
  std::size_t inputs_;
  std::uint64_t scans_ = 0;
};

inline StageModelFactory toy_model(std::string id, double gain = 1, std::size_t inputs = 2) {
  return [=]() -> Result<std::unique_ptr<StageModel>> {
    return std::make_unique<ToyModel>(id, gain, inputs);
  };
}

}  // namespace millwright::pipeline
