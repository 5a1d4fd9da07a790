// Writing: staging rows and losses, and the group commit that makes them durable.
#include <algorithm>

#include "base/format.hpp"
#include "fabric/historian/core.hpp"

namespace millwright::historian {

using engine::ValueColumn;

namespace {

/// Checks a batch against the dictionaries before anything is staged.
Result<void> check_rows(const IncomingBatch& incoming, const SeriesTable& series,
                        std::size_t provenances) {
  for (const auto& row : incoming.batch->rows) {
    if (row.slot >= incoming.series.size()) {
      return fail(Code::invalid_input,
                  fmt::format("slot {} of {}", row.slot, incoming.series.size()));
    }
    if (series.find(incoming.series[row.slot]) == nullptr) {
      return fail(Code::invalid_input, "a row names a series that was never defined");
    }
    const std::size_t known = incoming.provenance.size();
    if (row.provenance != 0 &&
        (row.provenance >= known || incoming.provenance[row.provenance] > provenances)) {
      return fail(Code::invalid_input, "a row names a provenance that was never interned");
    }
  }
  return {};
}

void stage_rows(const IncomingBatch& incoming, std::uint32_t producer, SeriesTable& series,
                engine::SampleColumns& out) {
  std::uint32_t index = incoming.first_index;
  const Sequence sequence = incoming.first_sequence - incoming.first_index;
  for (const auto& row : incoming.batch->rows) {
    const SeriesState& state = *series.find(incoming.series[row.slot]);
    ValueColumn column = row.is_null ? ValueColumn::none : state.column;
    std::uint64_t bits = row.is_null ? 0 : row.bits;
    if (column == ValueColumn::text || column == ValueColumn::blob) {
      const std::string_view content = incoming.batch->payload(row);
      bits = (static_cast<std::uint64_t>(out.arena.size()) << 32) | content.size();
      out.arena.append(content);
    }
    out.series.push_back(state.definition.number.value());
    out.ts.push_back(row.ts_us);
    out.sequence.push_back(sequence);
    out.index.push_back(index++);
    out.bits.push_back(bits);
    out.provenance.push_back(row.provenance == 0 ? 0 : incoming.provenance[row.provenance]);
    out.producer.push_back(producer);
    out.quality.push_back(row.quality.code);
    out.column.push_back(column);
  }
}

std::unexpected<Error> out_of_order(const ProducerId& producer, Sequence first, Sequence next) {
  return fail(Code::conflict, fmt::format("{} sends from sequence {}, expected is {}",
                                          producer.text(), first, next));
}

}  // namespace

Position Historian::position(const ProducerId& producer, Incarnation incarnation) const {
  const Account* account = core_->accounts.find(producer, incarnation);
  return account == nullptr ? Position{} : Position{account->next, account->durable};
}

bool Historian::has_staged() const {
  return !core_->staged_frames.empty() || !core_->accounts.staged().empty();
}

bool Historian::is_behind() const {
  return core_->rows_hot() > core_->rows_hot_max() / 2;
}

Result<std::vector<SeriesNumber>> Historian::define(const ontology::DeviceSchema& schema) {
  return core_->series.define(schema, core_->fresh);
}

ProvenanceNumber Historian::intern(std::string_view canonical_recipe) {
  std::string text(canonical_recipe);
  if (const auto found = core_->provenance_numbers.find(text);
      found != core_->provenance_numbers.end()) {
    return found->second;
  }
  const auto number = static_cast<ProvenanceNumber>(core_->provenances.size() + 1);
  core_->provenances.push_back(text);
  core_->provenance_numbers.emplace(text, number);
  core_->fresh.emplace_back(std::in_place_type<ProvenanceRecord>, number, std::move(text));
  return number;
}

Result<void> Historian::append(const IncomingBatch& incoming) {
  Core& core = *core_;
  if (incoming.batch == nullptr || incoming.producer == nullptr || incoming.incarnation == 0 ||
      incoming.first_index > incoming.first_sequence) {
    return fail(Code::invalid_input, "incomplete batch");
  }
  const std::size_t rows = incoming.batch->size();
  if (rows == 0) return {};
  if (core.staged_bytes.size() > core.options.staged_bytes_max) {
    return fail(Code::exhausted, "too much is staged; commit first");
  }
  if (core.rows_hot() > core.rows_hot_max()) {
    return fail(Code::exhausted, "the hot part is full: sealing does not keep up or fails",
                "look for errors of the historian; is the disk full?");
  }
  Account* account = core.accounts.find(*incoming.producer, incoming.incarnation);
  const Sequence next = account == nullptr ? 0 : account->next;
  if (incoming.first_sequence != next) {
    return out_of_order(*incoming.producer, incoming.first_sequence, next);
  }
  if (auto sound = check_rows(incoming, core.series, core.provenances.size()); !sound) return sound;
  if (account == nullptr) {
    account =
        &core.accounts.add(*incoming.producer, incoming.incarnation, incoming.custody, core.fresh);
  }
  const std::size_t from = core.staged_rows.size();
  stage_rows(incoming, account->number, core.series, core.staged_rows);
  const DataHead head{0, account->number, incoming.first_sequence - incoming.first_index,
                      incoming.first_index, rows};
  const std::size_t offset = begin_frame(core.staged_bytes);
  ByteWriter writer(core.staged_bytes);
  encode(writer, head, core.staged_rows, from);
  core.staged_frames.push_back({offset, core.staged_bytes.size(), LogRecord::data});
  core.accounts.stage(*account);
  account->next += rows;
  account->staged_rows += rows;
  return {};
}

Result<void> Historian::declare(const ProducerId& producer, const LossEntry& entry) {
  Core& core = *core_;
  if (entry.range.incarnation == 0 || entry.range.count == 0 ||
      entry.range.count > UINT64_MAX - entry.range.first) {
    return fail(Code::invalid_input, "a declared loss needs an incarnation and a range");
  }
  Account* account = core.accounts.find(producer, entry.range.incarnation);
  const Sequence next = account == nullptr ? 0 : account->next;
  if (entry.range.first != next) return out_of_order(producer, entry.range.first, next);
  if (account == nullptr) {
    account =
        &core.accounts.add(producer, entry.range.incarnation, Custody::acknowledged, core.fresh);
  }
  const std::size_t offset = begin_frame(core.staged_bytes);
  ByteWriter writer(core.staged_bytes);
  encode(writer, LossRecord{0, account->number, entry});
  core.staged_frames.push_back({offset, core.staged_bytes.size(), LogRecord::loss});
  core.accounts.stage(*account);
  account->next += entry.range.count;
  account->staged_losses.push_back(entry);
  return {};
}

void Historian::count_duplicates(const ProducerId& producer, Incarnation incarnation,
                                 std::uint64_t samples) {
  Account* account = core_->accounts.find(producer, incarnation);
  if (account == nullptr || samples == 0) return;
  account->duplicates += samples;
  core_->accounts.stage(*account);
}

Result<Committed> Historian::commit() {
  Core& core = *core_;
  if (!has_staged() && core.fresh.empty()) return Committed{core.revision, 0, {}};
  if (auto done = core.write_definitions(); !done) {
    core.forget_staged();
    return pass(std::move(done), "historian commit");
  }
  if (!has_staged()) return Committed{core.revision, 0, {}};
  const Revision next = std::max(core.revision + 1, revision_at(core.clock.utc_now()));
  std::uint64_t bytes = 0;
  if (auto done = core.write_group(next, bytes); !done) {
    core.forget_staged();
    return pass(std::move(done), "historian commit");
  }
  return core.publish_commit(next, bytes);
}

std::uint64_t Historian::Core::rows_hot() const {
  std::uint64_t rows = 0;
  for (const HotGeneration& generation : hot) rows += generation.rows;
  return rows;
}

void Historian::Core::forget_staged() {
  accounts.roll_back();
  staged_bytes.clear();
  staged_frames.clear();
  staged_rows.clear();
}

std::vector<ManifestRecord> Historian::Core::manifest_content() const {
  std::vector<ManifestRecord> content;
  series.write(content);
  for (std::size_t i = 0; i < provenances.size(); ++i) {
    content.emplace_back(std::in_place_type<ProvenanceRecord>, static_cast<ProvenanceNumber>(i + 1),
                         provenances[i]);
  }
  accounts.write(content);
  content.emplace_back(std::in_place_type<EditionRecord>, sealed_through, sealed_revision,
                       next_segment, segments, std::vector<std::uint64_t>{},
                       accounts.sealed_state());
  return content;
}

Result<void> Historian::Core::write_definitions() {
  if (fresh.empty()) return {};
  auto done = manifest->append(fresh, [this] { return manifest_content(); });
  if (!done) return done;
  publish_dictionaries();
  fresh.clear();
  return {};
}

std::string Historian::Core::log_path(std::uint64_t generation) const {
  return path(fmt::format("log/{:08}.log", generation));
}

Result<void> Historian::Core::start_generation() {
  const std::uint64_t generation = current.generation + 1;
  const std::string name = log_path(generation);
  auto file = disk.open_append(name);
  if (!file) return pass(std::move(file), "new log generation");
  if (auto done = (*file)->truncate(0); !done) return done;  // what an earlier attempt left
  const auto salt = static_cast<std::uint32_t>(generation * 2'654'435'761u ^ revision);
  Bytes out = encode_file_header(FileType::log, salt);
  Bytes payload;
  ByteWriter writer(payload);
  encode(writer, StartRecord{current.generation, current.length});
  for (int copy = 0; copy < 2; ++copy) {
    append_frame(out, payload, 1, static_cast<std::uint32_t>(LogRecord::start), salt);
  }
  if (auto done = (*file)->append(out); !done) return done;
  if (auto done = (*file)->sync(); !done) return done;
  if (auto done = disk.sync_directory(path("log")); !done) return done;
  current = {generation, std::move(*file), salt, 1, out.size(), false};
  if (!hot.empty() && hot.back().chunks.empty()) hot.pop_back();
  hot.push_back({generation, {}, 0, out.size()});
  return {};
}

Result<void> Historian::Core::write_group(Revision next, std::uint64_t& bytes) {
  if (current.is_broken) {
    if (auto done = start_generation(); !done) return done;
  }
  CommitRecord commit{next, {}};
  for (const Account* account : accounts.staged()) {
    commit.advances.push_back({account->number, account->next, account->duplicates});
  }
  const std::size_t offset = begin_frame(staged_bytes);
  ByteWriter writer(staged_bytes);
  encode(writer, commit);
  staged_frames.push_back({offset, staged_bytes.size(), LogRecord::commit});
  std::uint32_t ordinal = current.ordinal;
  for (const StagedFrame& frame : staged_frames) {
    const std::size_t payload = frame.offset + frame_header_size;
    put_revision(std::span(staged_bytes).subspan(payload), next);
    finish_frame(staged_bytes, frame.offset, frame.end, ++ordinal,
                 static_cast<std::uint32_t>(frame.kind), current.salt);
  }
  current.is_broken = true;  // until both steps have succeeded
  if (auto done = current.file->append(staged_bytes); !done) return done;
  if (auto done = current.file->sync(); !done) return done;
  current.is_broken = false;
  current.ordinal = ordinal;
  current.length += staged_bytes.size();
  bytes = staged_bytes.size();
  return {};
}

void Historian::Core::note_last(const engine::SampleColumns& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SeriesState* state = series.find(SeriesNumber(rows.series[i]));
    if (state == nullptr || (state->has_last && rows.ts[i] < state->last.ts.us)) continue;
    StoredSample sample = sample_at(rows, i);
    if (state->has_last && is_before(sample, state->last)) continue;
    state->last = std::move(sample);
    state->has_last = true;
  }
}

Committed Historian::Core::publish_commit(Revision next, std::uint64_t bytes) {
  revision = next;
  Committed committed{next, staged_rows.size(), {}};
  for (const Account* account : accounts.staged()) {
    if (account->next != account->durable) {
      committed.positions.push_back({account->producer, account->incarnation, account->next});
    }
  }
  accounts.commit_staged();
  account_tables_stale = true;
  ++commits;
  rows_committed += staged_rows.size();
  hot.back().log_bytes += bytes;
  if (!staged_rows.empty()) {
    staged_rows.revision.assign(staged_rows.size(), next);
    auto chunk = std::make_shared<engine::SampleColumns>();
    chunk->reserve(staged_rows.size());
    std::swap(*chunk, staged_rows);
    note_last(*chunk);
    hot.back().chunks.push_back(chunk);
    hot.back().rows += chunk->size();
    if (options.on_committed) options.on_committed(*chunk);
  }
  staged_bytes.clear();
  staged_frames.clear();
  staged_rows.clear();
  return committed;
}

}  // namespace millwright::historian
