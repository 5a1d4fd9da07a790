// Running a pipeline: raw copies first, then stage after stage, then the slots of the result.
#include "fabric/pipeline/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "fabric/pipeline/builder.hpp"
#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {
namespace {

constexpr std::uint32_t no_slot = 0xFFFFFFFF;
constexpr std::uint8_t snapshot_version = 1;

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::create(const PipelineSpec& spec,
                                                   const ontology::DeviceSchema& input) {
  Builder builder(spec, input);
  builder.build();
  if (!builder.problems.empty()) {
    const auto count = builder.problems.size();
    Error error(Code::invalid_input,
                fmt::format("pipeline '{}' for device '{}' has {} problem{}", spec.identity,
                            input.address.device, count, count == 1 ? "" : "s"));
    return std::unexpected(std::move(error).with_problems(std::move(builder.problems)));
  }
  std::unique_ptr<Pipeline> out(new Pipeline(std::move(builder.stages)));
  out->input_slots_ = static_cast<std::uint32_t>(input.metrics.size());
  out->raw_slot_ = std::move(builder.raw_slot);
  out->holds_state_ = builder.holds_state;
  out->scores_ = std::move(builder.scores);
  out->identity_ = crc32c(as_bytes(description(spec, input)));
  out->output_.address = input.address;
  for (const auto& slot : builder.slots) {
    out->payload_.push_back(column_of(slot.metric.datatype) == ontology::Column::text ||
                            column_of(slot.metric.datatype) == ontology::Column::blob);
    out->score_of_.push_back(slot.score);
    if (!slot.live) {
      out->output_slot_.push_back(no_slot);
      out->provenance_.push_back(0);
      continue;
    }
    out->output_slot_.push_back(static_cast<std::uint32_t>(out->output_.metrics.size()));
    out->output_.metrics.push_back(slot.metric);
    ontology::Recipe recipe;
    recipe.pipeline = spec.identity;
    recipe.inputs = slot.inputs;
    if (slot.score) recipe.model = out->scores_[*slot.score]->model_id();
    out->provenance_.push_back(out->number_of(std::move(recipe)));
  }
  return out;
}

std::uint32_t Pipeline::number_of(ontology::Recipe recipe) {
  const auto known = std::ranges::find(recipes_, recipe);
  if (known != recipes_.end()) return static_cast<std::uint32_t>(known - recipes_.begin()) + 1;
  recipes_.push_back(std::move(recipe));
  return static_cast<std::uint32_t>(recipes_.size());
}

bool Pipeline::holds_state() const {
  return holds_state_ ||
         std::ranges::any_of(scores_, [](const auto* stage) { return stage->holds_state(); });
}

bool Pipeline::scores_with(std::string_view model) const {
  return std::ranges::any_of(scores_, [&](const auto* stage) { return stage->model() == model; });
}

std::vector<std::string> Pipeline::active_models() const {
  std::vector<std::string> out;
  for (const auto* stage : scores_) out.push_back(stage->model_id());
  return out;
}

Result<std::vector<std::unique_ptr<StageModel>>> Pipeline::make_models(
    std::string_view model, const StageModelFactory& factory) const {
  std::vector<std::unique_ptr<StageModel>> out;
  for (const auto* stage : scores_) {
    if (stage->model() != model) continue;
    auto made = stage->make(factory);
    if (!made) return pass(std::move(made), "device " + output_.address.device);
    out.push_back(std::move(*made));
  }
  return out;
}

void Pipeline::activate(std::string_view model,
                        std::vector<std::unique_ptr<StageModel>> instances) {
  std::size_t next = 0;
  for (auto* stage : scores_) {
    if (stage->model() == model && next < instances.size())
      stage->activate(std::move(instances[next++]));
  }
  for (std::size_t slot = 0; slot < score_of_.size(); ++slot) {
    if (!score_of_[slot] || provenance_[slot] == 0) continue;
    ontology::Recipe recipe = recipes_[provenance_[slot] - 1];
    recipe.model = scores_[*score_of_[slot]]->model_id();
    provenance_[slot] = number_of(std::move(recipe));
  }
}

void Pipeline::process(const ontology::Batch& in, ontology::Batch& out) {
  counts_.samples_in += in.size();
  front_.clear();
  for (const auto& row : in.rows) {
    MILLWRIGHT_ASSERT(row.slot < input_slots_);
    if (const auto raw = raw_slot_[row.slot]; raw != row.slot) {
      front_.push_back(row);
      front_.back().slot = raw;
    }
    front_.push_back(row);
  }
  for (auto* stage : scores_) stage->lend(in);
  for (const auto& stage : stages_) {
    back_.clear();
    stage->process(front_, back_);
    front_.swap(back_);
  }
  emit(in, out);
}

void Pipeline::finish(ontology::Batch& out) {
  front_.clear();
  for (const auto& stage : stages_) {
    back_.clear();
    stage->process(front_, back_);
    stage->finish(back_);
    front_.swap(back_);
  }
  emit({}, out);
}

void Pipeline::emit(const ontology::Batch& in, ontology::Batch& out) {
  out.clear();
  for (ontology::Row row : front_) {
    const auto slot = output_slot_[row.slot];
    if (slot == no_slot) continue;
    if (payload_[row.slot] && !row.is_null) out.set_payload(row, in.payload(row));
    row.provenance = provenance_[row.slot];
    row.slot = slot;
    out.rows.push_back(row);
  }
  counts_.samples_out += out.size();
}

void Pipeline::snapshot(Bytes& out) const {
  out.clear();
  if (!holds_state()) return;
  ByteWriter writer(out);
  writer.u8(snapshot_version);
  writer.u32(identity_);
  for (const auto& stage : stages_) stage->save(writer);
}

Result<void> Pipeline::restore(ByteView snapshot) {
  for (const auto& stage : stages_) stage->reset();
  if (!holds_state() && snapshot.empty()) return {};
  ByteReader reader(snapshot);
  const auto version = reader.u8();
  if (reader.ok() && version > snapshot_version) {
    return fail(Code::unsupported_version,
                "the snapshot of a pipeline was written by a newer program",
                "run that program, or remove the checkpoint: windows in progress begin anew");
  }
  const auto identity = reader.u32();
  if (!reader.ok() || version == 0) {
    return fail(Code::corrupt, "the snapshot of a pipeline does not decode");
  }
  if (identity != identity_) {
    return fail(Code::conflict, "the snapshot is of another pipeline or device schema",
                "windows in progress begin anew");
  }
  bool ok = true;
  for (const auto& stage : stages_) ok = ok && stage->load(reader);
  if (ok && reader.at_end()) return {};
  for (const auto& stage : stages_) stage->reset();
  return fail(Code::corrupt, "the snapshot of a pipeline does not decode");
}

PipelineCounts Pipeline::counts() const {
  PipelineCounts out = counts_;
  for (const auto& stage : stages_) stage->add_counts(out);
  return out;
}

}  // namespace millwright::pipeline
