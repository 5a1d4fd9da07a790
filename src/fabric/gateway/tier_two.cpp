#include "fabric/gateway/tier_two.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/id.hpp"
#include "ontology/provenance.hpp"

namespace millwright::gateway {

using ontology::Batch;
using ontology::Column;
using ontology::DeviceSchema;
using ontology::Row;
using ontology::Sequence;

namespace {

constexpr Duration retry_after = std::chrono::seconds(1);
/// A scorer that makes new forms all the time costs time, not memory.
constexpr std::size_t prepared_max = 65'536;

}  // namespace

TierTwo::Position* TierTwo::Edge::find(ontology::Incarnation incarnation) {
  const auto it = std::ranges::find(positions, incarnation, &Position::incarnation);
  return it == positions.end() ? nullptr : &*it;
}
const TierTwo::Position* TierTwo::Edge::find(ontology::Incarnation incarnation) const {
  return const_cast<Edge*>(this)->find(incarnation);
}

TierTwo::TierTwo(engine::World world, TierTwoOptions options, Scorer& scorer, TierTwoLink& link)
    : world_(world),
      options_(std::move(options)),
      scorer_(scorer),
      link_(link),
      log_(world.disk, options_.directory) {}

TierTwo::~TierTwo() {
  for (auto* timer : {&commit_timer_, &tick_timer_}) {
    if (*timer) world_.executor.cancel(**timer);
  }
}

void TierTwo::stop() {
  commit();
  if (failing_ || (log_.file_bytes() == 0 && is_clean())) return;
  checkpoint_due_ = true;
  commit();
}

void TierTwo::on_birth(const std::string& id, const envelope::Envelope& birth) {
  Edge& edge = edges_[id];
  Position* position = edge.find(birth.incarnation);
  // What its journal no longer begins with does not come again.
  const auto keep = position == nullptr
                        ? edge.positions.end()
                        : edge.positions.begin() + (position - edge.positions.data());
  edge.positions.erase(edge.positions.begin(), keep);
  if (edge.positions.empty()) edge.positions.push_back({birth.incarnation, 0, 0});
  position = &edge.positions.front();
  if (birth.first_sequence <= position->next) return;
  ++counts_.positions_jumped;
  world_.log.warning(
      "gateway", fmt::format("tier 2 has seen {} only up to sequence {} and goes on at {}, where "
                             "the edge begins; nothing is derived from what lies between",
                             id, position->next, birth.first_sequence));
  position->next = birth.first_sequence;
  note_staged();
}

bool TierTwo::has_room() const {
  return !failing_ && !activating_ && unstaged_.empty() && !journal_->is_full() &&
         log_.frame_bytes() < 4 * options_.commit_bytes;
}

TierTwo::Taken TierTwo::offer(const std::string& id, const DeviceSchema& schema, const Batch& batch,
                              const envelope::Envelope& envelope, sparkplug::DataClass data_class) {
  Edge& edge = edges_[id];
  Position* position = edge.find(envelope.incarnation);
  const Sequence expected = position == nullptr ? 0 : position->next;
  const auto judgement = custody::judge(expected, envelope.first_sequence, envelope.count);
  if (judgement.kind == custody::Judgement::Kind::gap) return Taken::gap;
  if (judgement.kind == custody::Judgement::Kind::duplicate) return Taken::duplicate;
  if (!has_room()) {
    ++counts_.inputs_refused;
    return Taken::refused;
  }
  if (envelope.kind == envelope::Kind::data) {
    Batch input = batch;
    if (auto applied = envelope::apply(envelope, input); !applied) {
      world_.log.warning("gateway", schema.address.text() + ": " + applied.error().text());
      return Taken::refused;
    }
    input.rows.erase(input.rows.begin(),
                     input.rows.begin() + static_cast<std::ptrdiff_t>(judgement.skip));
    for (Row& row : input.rows) row.provenance = 0;  // numbers of the edge's session
    feed(schema, input, {id, envelope.incarnation}, envelope.first_sequence + judgement.skip,
         data_class, Feed::live);
  }
  if (position == nullptr) {
    edge.positions.push_back({envelope.incarnation, 0, 0});
    position = &edge.positions.back();
  }
  position->next = envelope.first_sequence + envelope.count;
  ++counts_.inputs;
  note_staged();
  return Taken::taken;
}

void TierTwo::feed(const DeviceSchema& schema, const Batch& batch, const Source& source,
                   Sequence first, sparkplug::DataClass data_class, Feed how) {
  auto told = schemas_.find(schema.address);
  if (told == schemas_.end() || told->second.metrics != schema.metrics) {
    schemas_.insert_or_assign(schema.address, schema);
    scorer_.on_schema(schema);
  }
  const ontology::SequenceRange range{source.incarnation, first, batch.size()};
  if (how == Feed::live) log_.add(schema, range, data_class, batch);
  scans_.clear();
  scorer_.process({schema, batch, range, data_class}, scans_);
  for (DerivedScan& scan : scans_) derive(scan, source, first, how);
}

void TierTwo::derive(DerivedScan& scan, const Source& source, Sequence first, Feed how) {
  if (scan.form == nullptr || scan.batch.empty()) return;
  Prepared& prepared = prepare(scan.form, source);
  const auto slots = scan.form->metrics.size();
  const bool fits = std::ranges::all_of(scan.batch.rows, [&](const Row& row) {
    return row.slot < slots && row.provenance <= prepared.recipes.size();
  });
  if (!prepared.usable || !fits) {
    if (++counts_.scans_undeclarable == 1)
      world_.log.error("gateway",
                       fmt::format("the scorer derives values of '{}' that cannot be stored: a "
                                   "device is named by 1 to 63 of a-z, 0-9, '_', '.', '-'; rows "
                                   "name metrics and recipes of their form",
                                   scan.form->device));
    return;
  }
  for (Row& row : scan.batch.rows)
    row.provenance = row.provenance == 0 ? 0 : prepared.recipes[row.provenance - 1];
  Row watermark;
  watermark.ts_us = scan.batch.rows.back().ts_us;
  watermark.slot = static_cast<std::uint32_t>(slots);
  watermark.provenance = prepared.watermark_recipe;
  watermark.bits = first + scan.input_row;
  scan.batch.rows.push_back(watermark);
  if (!pending_.empty() && recomputes(prepared, scan.batch, how)) return;
  if (how == Feed::again) return;  // the journal holds it, or the hub
  ++counts_.scans_derived;
  stage(prepared.schema, std::move(scan.batch));
}

TierTwo::Prepared& TierTwo::prepare(const std::shared_ptr<const DerivedForm>& form,
                                    const Source& source) {
  const auto known = prepared_.find({form.get(), source});
  if (known != prepared_.end()) return known->second;
  if (prepared_.size() >= prepared_max) prepared_.clear();
  Prepared& out = prepared_[{form.get(), source}];
  out.form = form;
  out.schema.address = {options_.site, options_.gateway, form->device};
  out.schema.metrics = form->metrics;
  out.schema.metrics.push_back(
      {std::string(watermark_metric), ontology::DataType::uint64, "{sample}"});
  out.usable = is_valid_name(form->device);
  const std::string producer = options_.site + "/" + options_.gateway;
  const std::string from =
      fmt::format("{}/{} incarnation {:016x}", options_.site, source.edge, source.incarnation);
  for (ontology::Recipe recipe : form->recipes) {
    recipe.producer = producer;
    recipe.inputs += fmt::format("{}as {} gave it, up to {}", recipe.inputs.empty() ? "" : "; ",
                                 from, watermark_metric);
    out.recipes.push_back(journal_->intern(recipe.canonical()));
  }
  ontology::Recipe watermark;
  watermark.producer = producer;
  watermark.inputs = "sequence of the last input of " + from;
  out.watermark_recipe = journal_->intern(watermark.canonical());
  return out;
}

Digest TierTwo::digest_of(const DeviceSchema& schema, const Batch& batch) const {
  Bytes bytes;
  ByteWriter writer(bytes);
  for (const Row& row : batch.rows) {
    if (row.slot >= schema.metrics.size()) continue;
    const auto& metric = schema.metrics[row.slot];
    const Column column = ontology::column_of(metric.datatype);
    writer.text(metric.name);
    writer.u8(static_cast<std::uint8_t>(metric.datatype));
    writer.i64(row.ts_us);
    writer.u16(row.quality.code);
    writer.u8(row.is_null ? 1 : 0);
    if (!row.is_null && (column == Column::text || column == Column::blob))
      writer.text(batch.payload(row));
    else
      writer.u64(row.is_null ? 0 : row.bits);
    const auto recipe = journal_->recipes().find(row.provenance);
    writer.text(recipe == journal_->recipes().end() ? std::string_view{} : recipe->second);
  }
  return sha256(bytes);
}

bool TierTwo::recomputes(const Prepared& prepared, const Batch& batch, Feed how) {
  const Row& watermark = batch.rows.back();
  const auto it =
      pending_.find({prepared.schema.address.device, watermark.ts_us,
                     journal_->recipes().at(prepared.watermark_recipe), watermark.bits});
  if (it == pending_.end()) return false;
  const bool equal = it->second == digest_of(prepared.schema, batch);
  pending_.erase(it);
  if (how == Feed::live) ++(equal ? counts_.scans_recomputed : counts_.scans_revised);
  return equal;
}

void TierTwo::stage(const DeviceSchema& schema, Batch batch) {
  if (unstaged_.empty() && journal_->append(schema, batch, {}, {})) return;
  unstaged_.push_back({schema, std::move(batch)});
}

bool TierTwo::append_unstaged() {
  while (!unstaged_.empty()) {
    if (!journal_->append(unstaged_.front().schema, unstaged_.front().batch, {}, {})) return false;
    unstaged_.pop_front();
  }
  return true;
}

void TierTwo::note_staged() {
  if (failing_) return;  // tried again by its own timer
  if (log_.frame_bytes() + journal_->staged_bytes() >= options_.commit_bytes) {
    if (commit_timer_) world_.executor.cancel(*commit_timer_);
    commit_timer_ = world_.executor.post_after(Duration(0), [this] {
      commit_timer_.reset();
      commit();
    });
    return;
  }
  if (!commit_timer_) {
    commit_timer_ = world_.executor.post_after(options_.commit_interval, [this] {
      commit_timer_.reset();
      commit();
    });
  }
}

bool TierTwo::is_clean() const {
  if (checkpoint_due_ || log_.frame_bytes() > 0 || journal_->staged_bytes() > 0 ||
      !unstaged_.empty())
    return false;
  return std::ranges::all_of(edges_, [](const auto& entry) {
    return std::ranges::all_of(entry.second.positions,
                               [](const Position& p) { return p.next == p.durable; });
  });
}

Result<void> TierTwo::make_durable() {
  // What a full journal refuses waits for the hub; the frame must not speak of it.
  if (!append_unstaged() && !journal_->is_full()) {
    if (auto done = journal_->sync(); !done) return done;
    if (!append_unstaged() && !journal_->is_full())
      return fail(Code::unavailable, "the journal of tier 2 takes nothing");
  }
  if (auto done = journal_->sync(); !done) return done;
  if (!unstaged_.empty()) return fail(Code::exhausted, "the journal of tier 2 is full");
  const OutputPosition output{journal_->incarnation(), journal_->accepted()};
  if (checkpoint_due_ || log_.file_bytes() >= options_.log_bytes_max) {
    if (auto done = write_checkpoint(output); !done) return done;
  } else {
    std::vector<EdgePosition> positions;
    for (const auto& [id, edge] : edges_) {
      for (const Position& position : edge.positions) {
        if (position.next != position.durable)
          positions.push_back({id, position.incarnation, position.next});
      }
    }
    if (auto done = log_.commit(positions, output); !done) {
      checkpoint_due_ = true;  // the file of the log is final after an error
      return done;
    }
  }
  on_durable(output);
  return {};
}

void TierTwo::commit() {
  if (!is_clean()) {
    if (auto done = make_durable(); !done) {
      // A full journal is no fault: the hub's acknowledgement makes room.
      const bool full = done.error().code() == Code::exhausted && journal_->is_full();
      if (!failing_ && !full)
        world_.log.error("gateway", "tier 2: " + done.error().text() +
                                        "; nothing is acknowledged to edges until it is written");
      failing_ = !full;
      return retry();
    }
    if (failing_) world_.log.info("gateway", "tier 2: the disk takes writes again");
    failing_ = false;
  }
  sender_->pump(world_.clock.monotonic_now());
  arm_tick();
}

void TierTwo::retry() {
  if (commit_timer_) return;
  commit_timer_ = world_.executor.post_after(retry_after, [this] {
    commit_timer_.reset();
    commit();
  });
}

void TierTwo::on_durable(const OutputPosition& output) {
  output_durable_ = output;
  for (auto& [id, edge] : edges_) {
    bool moved = false;
    for (Position& position : edge.positions) {
      moved = moved || position.durable != position.next;
      position.durable = position.next;
    }
    if (moved) link_.on_used(id);
  }
  for (const auto& [incarnation, told] : hub_told_) tell_sender(told);
  std::erase_if(hub_told_, [&](const auto& entry) { return entry.first != output.incarnation; });
}

void TierTwo::clamp(envelope::Acknowledgement& acknowledgement) const {
  const auto edge = edges_.find(acknowledgement.producer);
  const Position* position =
      edge == edges_.end() ? nullptr : edge->second.find(acknowledgement.incarnation);
  acknowledgement.stored =
      std::min(acknowledgement.stored, position == nullptr ? 0 : position->durable);
  acknowledgement.received =
      std::min(acknowledgement.received, position == nullptr ? 0 : position->next);
}

void TierTwo::on_born() {
  sender_->on_born(world_.clock.monotonic_now());
  arm_tick();
}

void TierTwo::on_acknowledgement(const envelope::Acknowledgement& acknowledgement) {
  auto& told = hub_told_[acknowledgement.incarnation];
  const Sequence stored = std::max(told.stored, acknowledgement.stored);
  told = acknowledgement;
  told.stored = stored;
  tell_sender(told);
  arm_tick();
  if (!unstaged_.empty()) note_staged();
}

void TierTwo::tell_sender(const envelope::Acknowledgement& acknowledgement) {
  envelope::Acknowledgement clamped = acknowledgement;
  if (clamped.incarnation == output_durable_.incarnation)
    clamped.stored = std::min(clamped.stored, output_durable_.next);
  else if (output_durable_.incarnation != journal_->incarnation())
    clamped.stored = 0;  // older or newer than what the last frame speaks of: not known yet
  sender_->on_acknowledgement(clamped, world_.clock.monotonic_now());
}

void TierTwo::arm_tick() {
  if (tick_timer_) return;
  const auto at = sender_->next_tick();
  if (!at) return;
  const Duration delay = std::max(Duration(1000), *at - world_.clock.monotonic_now());
  tick_timer_ = world_.executor.post_after(delay, [this] {
    tick_timer_.reset();
    sender_->on_tick(world_.clock.monotonic_now());
    arm_tick();
  });
}

TierTwoStatus TierTwo::status() const {
  TierTwoStatus out = counts_;
  out.incarnation = journal_->incarnation();
  out.samples_accepted = journal_->accepted();
  out.samples_accepted_total = journal_->accepted_total();
  out.samples_waiting = journal_->depth_samples();
  out.bytes_waiting = out.samples_waiting == 0 ? 0 : journal_->depth_bytes();
  out.scans_to_compare = pending_.size();
  out.failing = failing_;
  out.drained = is_clean() && out.samples_waiting == 0;
  out.active = scorer_.active();
  return out;
}

}  // namespace millwright::gateway
