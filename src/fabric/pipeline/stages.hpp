// The stages as factories; internal to the pipeline.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "fabric/pipeline/pipeline.hpp"
#include "ontology/value.hpp"

namespace millwright::pipeline {

/// How a stage takes the values of a slot.
enum class Take : std::uint8_t { pass, real, whole, natural };

/// By slot of the pipeline; slots beyond the end pass.
class Selection {
 public:
  void select(std::uint32_t slot, ontology::DataType type) {
    if (takes_.size() <= slot) takes_.resize(slot + 1, Take::pass);
    takes_[slot] = column_of(type) == ontology::Column::f64 ? Take::real
                   : type == ontology::DataType::uint64     ? Take::natural
                                                            : Take::whole;
  }
  std::size_t size() const { return takes_.size(); }
  bool takes(std::uint32_t slot) const {
    return slot < takes_.size() && takes_[slot] != Take::pass;
  }
  /// The usable number of a row of a selected slot; nullopt: no value, or not finite.
  std::optional<double> value(const ontology::Row& row) const {
    if (row.is_null) return std::nullopt;
    switch (takes_[row.slot]) {
      case Take::real:
        if (const double value = row.f64(); std::isfinite(value)) return value;
        return std::nullopt;
      case Take::whole:
        return static_cast<double>(row.i64());
      case Take::natural:
        return static_cast<double>(row.bits);
      case Take::pass:
        break;
    }
    return std::nullopt;
  }

 private:
  std::vector<Take> takes_;
};

/// The results of an aggregate: for each selected slot, in order, the slot of each function's.
struct AggregateOutputs {
  std::vector<std::uint32_t> inputs;
  std::vector<std::vector<std::uint32_t>> results;
};

/// A stage in which a model can be put in force, and replaced between two batches.
class ScoreStage : public Stage {
 public:
  /// Name of the model resource.
  virtual const std::string& model() const = 0;
  /// Of the model in force; empty: none is.
  virtual std::string model_id() const = 0;
  virtual bool holds_state() const = 0;
  /// An instance that fits this stage.
  virtual Result<std::unique_ptr<StageModel>> make(const StageModelFactory& factory) const = 0;
  virtual void activate(std::unique_ptr<StageModel> model) = 0;
  /// Where the texts of the rows lie that the next `process` gets; lent for that call.
  virtual void lend(const ontology::Batch& texts) = 0;
};

std::unique_ptr<Stage> make_scale(const ScaleSpec& spec, Selection selection);
std::unique_ptr<Stage> make_median(const MedianSpec& spec, Selection selection);
std::unique_ptr<Stage> make_aggregate(const AggregateSpec& spec, Selection selection,
                                      AggregateOutputs outputs);
std::unique_ptr<Stage> make_deadband(const DeadbandSpec& spec, Selection selection);
std::unique_ptr<Stage> make_flag(const FlagSpec& spec, Selection selection);
/// Where a score stage reads the states that its scope asks for.
struct StateInput {
  std::uint32_t slot = 0;
  ontology::StateTrack track;
};
/// Metrics and slots in the model's order.
std::unique_ptr<ScoreStage> make_score(std::string model, Selection selection,
                                       std::vector<std::uint32_t> inputs,
                                       std::vector<ontology::MetricDefinition> input_metrics,
                                       std::vector<std::uint32_t> outputs,
                                       std::vector<ontology::MetricDefinition> output_metrics,
                                       std::optional<StateInput> state);

}  // namespace millwright::pipeline
