// Stage `score`: the verdict of a model on each scan.
#include <algorithm>
#include <cmath>
#include <utility>

#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {
namespace {

using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;

/// No model is in force: NE 107 "function check", OPC UA Bad_OutOfService.
constexpr ModelValue no_model{0, false, Quality::bad(Reason::function_check)};
/// The machine is in none of the states that the model is for: NE 107 "out of specification", used
/// outside the conditions that it is specified for.
constexpr ModelValue not_in_scope{0, false, Quality::bad(Reason::out_of_specification)};
/// Of a stretch that is over: nothing of its window is left.
constexpr ModelValue of_before{0, false, Quality::bad(Reason::incomplete_window)};
constexpr ModelValue not_seen{0, false, Quality::bad(Reason::missing)};

class Score final : public ScoreStage {
 public:
  Score(std::string model, Selection selection, std::vector<std::uint32_t> inputs,
        std::vector<ontology::MetricDefinition> input_metrics, std::vector<std::uint32_t> outputs,
        std::vector<ontology::MetricDefinition> output_metrics, std::optional<StateInput> state)
      : name_(std::move(model)),
        selection_(std::move(selection)),
        inputs_(std::move(inputs)),
        input_metrics_(std::move(input_metrics)),
        output_slots_(std::move(outputs)),
        output_metrics_(std::move(output_metrics)),
        state_(std::move(state)),
        scan_(inputs_.size(), not_seen),
        verdict_(output_slots_.size()) {}

  const std::string& model() const override { return name_; }
  std::string model_id() const override { return model_ ? model_->id() : std::string(); }
  bool holds_state() const override { return state_ || (model_ && model_->holds_state()); }
  void lend(const ontology::Batch& texts) override { texts_ = &texts; }

  Result<std::unique_ptr<StageModel>> make(const StageModelFactory& factory) const override {
    auto made = factory();
    if (!made) return made;
    if (auto bound = (*made)->bind(input_metrics_, output_metrics_); !bound)
      return pass(std::move(bound), "model " + name_);
    const auto scope = state_ ? std::optional(state_->track.scope()) : std::nullopt;
    if (auto meant = (*made)->check_scope(scope); !meant)
      return pass(std::move(meant), "model " + name_);
    return made;
  }
  void activate(std::unique_ptr<StageModel> model) override { model_ = std::move(model); }

  void process(const std::vector<Row>& in, std::vector<Row>& out) override {
    bool open = false;
    std::int64_t ts = 0;
    for (const Row& row : in) {
      if (state_ && row.slot == state_->slot) {
        // A state after the open scan says nothing of it.
        if (open && row.ts_us != ts) give(ts, out), open = false;
        take_state(row);
      }
      if (selection_.takes(row.slot)) {
        if (open && row.ts_us != ts) give(ts, out);
        open = true;
        ts = row.ts_us;
        const auto value = selection_.value(row);
        const auto place = std::ranges::find(inputs_, row.slot) - inputs_.begin();
        scan_[static_cast<std::size_t>(place)] = {value.value_or(0), value.has_value(),
                                                  row.quality};
      }
      out.push_back(row);
    }
    if (open) give(ts, out);
  }

  void reset() override {
    if (model_) model_->reset();
    if (state_) state_->track = ontology::StateTrack(state_->track.scope(), state_->track.keep());
  }
  void save(ByteWriter& out) const override {
    Bytes state;
    ByteWriter writer(state);
    if (model_) model_->save(writer);
    out.text(model_id());
    out.block(state);
    if (state_) state_->track.save(out);
  }
  bool load(ByteReader& in) override {
    const auto id = in.text();
    const ByteView state = in.block();
    if (!in.ok() || (state_ && !state_->track.load(in))) return false;
    // The state of another model means nothing to this one, which begins anew.
    if (!model_ || id != model_id()) return true;
    ByteReader reader(state);
    return model_->load(reader) && reader.at_end();
  }

 private:
  void take_state(const Row& row) {
    std::optional<std::string_view> state;
    if (!row.is_null && !row.quality.is_bad()) state = texts_->payload(row);
    const auto forget = state_->track.put({row.ts_us}, state);
    if (forget && model_) model_->begin_after(*forget);
  }

  void judge(Timestamp at) {
    using enum ontology::StateTrack::Place;
    const auto place = state_ ? state_->track.take(at) : inside;
    if (model_ && place == inside) return model_->score(at, scan_, verdict_);
    const bool in_force = model_ && !model_->id().empty();  // of a withdrawn one it is
    std::ranges::fill(verdict_, !in_force ? no_model : place == outside ? not_in_scope : of_before);
  }

  void give(std::int64_t ts, std::vector<Row>& out) {
    judge({ts});
    std::ranges::fill(scan_, not_seen);
    for (std::size_t i = 0; i < verdict_.size(); ++i) {
      const ModelValue& value = verdict_[i];
      Row row;
      row.ts_us = ts;
      row.slot = output_slots_[i];
      row.quality = value.quality;
      row.is_null = !value.has_value;
      if (value.has_value && !std::isfinite(value.value)) {
        row.is_null = true;
        row.quality = worse(row.quality, Quality::bad(Reason::out_of_range));
      }
      if (!row.is_null) {
        if (output_metrics_[i].datatype == DataType::boolean)
          row.set_i64(value.value != 0 ? 1 : 0);
        else
          row.set_f64(value.value);
      }
      out.push_back(row);
    }
  }

  std::string name_;
  Selection selection_;
  std::vector<std::uint32_t> inputs_;  ///< slots, in the model's order
  std::vector<ontology::MetricDefinition> input_metrics_;
  std::vector<std::uint32_t> output_slots_;
  std::vector<ontology::MetricDefinition> output_metrics_;
  std::optional<StateInput> state_;
  const ontology::Batch* texts_ = nullptr;  ///< of one call
  std::unique_ptr<StageModel> model_;
  std::vector<ModelValue> scan_;
  std::vector<ModelValue> verdict_;
};

}  // namespace

std::vector<ontology::MetricDefinition> anomaly_outputs() {
  return {{"anomaly/t2", DataType::float64, "1"},
          {"anomaly/spe", DataType::float64, "1"},
          {"anomaly/score", DataType::float64, "1"},
          {"anomaly/flag", DataType::boolean, ""}};
}

std::unique_ptr<ScoreStage> make_score(std::string model, Selection selection,
                                       std::vector<std::uint32_t> inputs,
                                       std::vector<ontology::MetricDefinition> input_metrics,
                                       std::vector<std::uint32_t> outputs,
                                       std::vector<ontology::MetricDefinition> output_metrics,
                                       std::optional<StateInput> state) {
  return std::make_unique<Score>(std::move(model), std::move(selection), std::move(inputs),
                                 std::move(input_metrics), std::move(outputs),
                                 std::move(output_metrics), std::move(state));
}

}  // namespace millwright::pipeline
