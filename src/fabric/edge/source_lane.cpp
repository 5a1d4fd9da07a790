#include "fabric/edge/source_lane.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/format.hpp"
#include "ontology/provenance.hpp"

namespace millwright::edge {
namespace {

constexpr std::uint8_t checkpoint_version = 1;

std::string schema_digest(const ontology::DeviceSchema& schema) {
  Bytes bytes;
  ByteWriter writer(bytes);
  for (const auto& metric : schema.metrics) {
    writer.text(metric.name);
    writer.u8(static_cast<std::uint8_t>(metric.datatype));
    writer.text(metric.unit);
  }
  return sha256(bytes).hex();
}

std::string encode_position(const drivers::Position& position) {
  Bytes bytes;
  ByteWriter writer(bytes);
  position.encode(writer);
  return std::string(as_text(bytes));
}

Result<std::optional<drivers::Position>> decode_position(std::string_view token) {
  if (token.empty()) return std::optional<drivers::Position>{};
  ByteReader reader(as_bytes(token));
  auto position = drivers::Position::decode(reader);
  if (!position) return pass(std::move(position));
  return std::optional<drivers::Position>(*position);
}

}  // namespace

Result<void> EdgeCore::SourceLane::open(std::vector<std::optional<pipeline::PipelineSpec>> specs,
                                        std::vector<TriggerSpec> triggers) {
  const std::string producer = core_.options_.site + "/" + core_.options_.edge;
  const auto& devices = driver_->devices();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    ontology::DeviceSchema schema = devices[i];
    schema.address.site = core_.options_.site;
    schema.address.edge = core_.options_.edge;
    Path path;
    ontology::Recipe raw;
    raw.producer = producer;
    raw.schema = path.schema = schema_digest(schema);
    path.provenance.push_back(core_.journal_->intern(raw.canonical()));
    if (i < specs.size() && specs[i]) {
      auto made = pipeline::Pipeline::create(*specs[i], schema);
      if (!made) return pass(std::move(made), "pipeline of device " + schema.address.device);
      path.pipeline = std::move(*made);
      number_recipes(path);
      schema.metrics = path.pipeline->output().metrics;
    }
    outputs_.push_back(std::move(schema));
    paths_.push_back(std::move(path));
  }
  for (TriggerSpec& trigger : triggers) {
    if (auto done = open_trigger(std::move(trigger)); !done) return done;
  }
  return {};
}

void EdgeCore::SourceLane::number_recipes(Path& path) {
  const auto& recipes = path.pipeline->recipes();
  while (path.provenance.size() <= recipes.size()) {
    ontology::Recipe recipe = recipes[path.provenance.size() - 1];
    recipe.producer = core_.options_.site + "/" + core_.options_.edge;
    recipe.schema = path.schema;
    path.provenance.push_back(core_.journal_->intern(recipe.canonical()));
  }
}

Result<bool> EdgeCore::SourceLane::prepare(std::string_view model,
                                           const pipeline::StageModelFactory& factory) {
  bool found = false;
  for (Path& path : paths_) {
    if (!path.pipeline || !path.pipeline->scores_with(model)) continue;
    auto made = path.pipeline->make_models(model, factory);
    if (!made) return pass(std::move(made), "source " + name_);
    path.prepared = std::move(*made);
    found = true;
  }
  return found;
}

void EdgeCore::SourceLane::forget_prepared() {
  for (Path& path : paths_) path.prepared.clear();
}

void EdgeCore::SourceLane::activate_prepared(std::string_view model) {
  for (Path& path : paths_) {
    if (path.prepared.empty()) continue;
    path.pipeline->activate(model, std::exchange(path.prepared, {}));
    number_recipes(path);
  }
}

bool EdgeCore::SourceLane::holds_state() const {
  return std::ranges::any_of(paths_,
                             [](const Path& p) { return p.pipeline && p.pipeline->holds_state(); });
}

void EdgeCore::SourceLane::save_checkpoint() {
  // Only between accepted outcomes: then position and journal agree.
  if (!holds_state() || !position_ || !pending_.empty() || core_.journal_->staged_bytes() > 0)
    return;
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.u8(checkpoint_version);
  writer.text(encode_position(*position_));
  writer.varint(paths_.size());
  for (const Path& path : paths_) {
    Bytes snapshot;
    if (path.pipeline) path.pipeline->snapshot(snapshot);
    writer.block(snapshot);
  }
  writer.u32(crc32c(bytes));
  if (auto done = engine::replace_whole(core_.world_.disk, checkpoint_path(), bytes); !done) {
    core_.world_.log.warning("edge", "checkpoint not written: " + done.error().text());
  }
}

Result<std::optional<drivers::Position>> EdgeCore::SourceLane::load_checkpoint() {
  std::optional<drivers::Position> none;
  auto exists = core_.world_.disk.exists(checkpoint_path());
  if (!exists) return pass(std::move(exists));
  if (!*exists) return none;
  auto content = engine::read_whole(core_.world_.disk, checkpoint_path());
  if (!content) return pass(std::move(content));
  const ByteView bytes(*content);
  ByteReader tail(bytes.size() >= 4 ? bytes.last(4) : ByteView{});
  const std::uint32_t crc = tail.u32();
  ByteReader reader(bytes.size() >= 4 ? bytes.first(bytes.size() - 4) : ByteView{});
  const std::uint8_t version = reader.u8();
  if (!tail.ok() || crc32c(bytes.first(bytes.size() - 4)) != crc || version != checkpoint_version) {
    core_.world_.log.warning(
        "edge", checkpoint_path() + " is unusable; windows are rebuilt from the input");
    return none;
  }
  auto position = decode_position(reader.text());
  if (!position) return pass(std::move(position));
  const std::uint64_t count = reader.count(1);
  if (count != paths_.size()) return none;
  for (Path& path : paths_) {
    const ByteView snapshot = reader.block();
    if (!path.pipeline || snapshot.empty()) continue;
    if (auto done = path.pipeline->restore(snapshot); !done) {
      core_.world_.log.warning("edge",
                               "a pipeline changed; its windows are rebuilt from the input");
      return none;
    }
  }
  return *position;
}

Result<void> EdgeCore::SourceLane::start() {
  auto stored = decode_position(core_.journal_->token_of(name_));
  if (!stored) return pass(std::move(stored), "place of source " + name_);
  stored_until_ = *stored;
  std::optional<drivers::Position> from = stored_until_;
  if (holds_state() && stored_until_) {
    auto checkpoint = load_checkpoint();
    if (!checkpoint) return pass(std::move(checkpoint));
    from = *checkpoint;
  }
  return driver_->start(*this, from);
}

void EdgeCore::SourceLane::resume() {
  if (!append_pending()) return;
  if (!waiting_) return;
  waiting_ = false;
  driver_->resume();
}

bool EdgeCore::SourceLane::append_pending() {
  while (!pending_.empty()) {
    const Pending& next = pending_.front();
    if (!core_.journal_->append(outputs_[next.device], next.batch, name_, next.token)) {
      // Nothing else may be on its way that would wake the lane: the disk could not begin a file,
      // and everything before is acknowledged.
      core_.retry_commit();
      return false;
    }
    pending_.pop_front();
    core_.note_staged();
  }
  return true;
}

void EdgeCore::SourceLane::journal_outcome(std::uint32_t device, ontology::Batch& batch,
                                           std::string token) {
  if (batch.empty()) return;
  for (ontology::Row& row : batch.rows) {
    const auto& numbers = paths_[device].provenance;
    row.provenance = row.provenance < numbers.size() ? numbers[row.provenance] : numbers[0];
  }
  batch.rows.insert(batch.rows.end(), decided_.begin(), decided_.end());
  decided_.clear();
  pending_.push_back({device, std::move(batch), std::move(token)});
  batch = {};
  append_pending();
}

drivers::Answer EdgeCore::SourceLane::offer(std::uint32_t device, const ontology::Batch& batch,
                                            const drivers::Position& position) {
  const bool is_stored = stored_until_ && position.not_after(*stored_until_);
  const bool no_room = !pending_.empty() || core_.sync_failing_ || core_.journal_->is_full() ||
                       core_.journal_->staged_bytes() >= 4 * core_.options_.commit_bytes;
  if (no_room && !is_stored) {
    waiting_ = true;
    return drivers::Answer::not_now;
  }
  Path& path = paths_[device];
  if (path.pipeline)
    path.pipeline->process(batch, outcome_);
  else
    outcome_ = batch;
  position_ = position;
  if (!triggers_.empty()) pull_triggers(device, is_stored);
  if (!is_stored) journal_outcome(device, outcome_, encode_position(position));
  return drivers::Answer::taken;
}

void EdgeCore::SourceLane::lost(std::uint32_t, std::uint64_t samples, Timestamp from, Timestamp to,
                                const drivers::Position&) {
  core_.samples_lost_ += samples;
  core_.journal_->declare_loss(samples, ontology::LossCause::inbox_full, from, to,
                               "source " + name_ + ": cannot wait");
  core_.note_staged();
}

void EdgeCore::SourceLane::ended() {
  for (std::uint32_t device = 0; device < paths_.size(); ++device) {
    if (!paths_[device].pipeline) continue;
    paths_[device].pipeline->finish(outcome_);
    if (position_) journal_outcome(device, outcome_, encode_position(*position_));
  }
  ended_ = true;
  core_.world_.log.info("edge", "source " + name_ + " has ended");
}

void EdgeCore::SourceLane::failed(const Error& error) {
  core_.world_.log.error("edge", "source " + name_ + ": " + error.text());
}

bool EdgeCore::SourceLane::has_models() const {
  return std::ranges::all_of(paths_, [](const Path& path) {
    if (!path.pipeline) return true;
    const auto models = path.pipeline->active_models();
    return std::ranges::none_of(models, [](const std::string& id) { return id.empty(); });
  });
}

}  // namespace millwright::edge
