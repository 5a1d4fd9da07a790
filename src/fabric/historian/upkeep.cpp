// Upkeep: sealing hot rows into segments, merging segments, checking them.
#include <algorithm>
#include <map>
#include <utility>

#include "base/format.hpp"
#include "fabric/historian/core.hpp"

namespace millwright::historian {
namespace {

constexpr std::size_t last_values_per_frame = 1000;

void encode_value(ByteWriter& out, const Value& value) {
  out.u8(static_cast<std::uint8_t>(value.index()));
  if (const auto* f64 = std::get_if<double>(&value)) out.f64(*f64);
  if (const auto* i64 = std::get_if<std::int64_t>(&value)) out.i64(*i64);
  if (const auto* text = std::get_if<std::string>(&value)) out.text(*text);
  if (const auto* bytes = std::get_if<Bytes>(&value)) out.block(*bytes);
}

Value decode_value(ByteReader& in) {
  switch (in.u8()) {
    case 0:
      return {};
    case 1:
      return in.f64();
    case 2:
      return in.i64();
    case 3:
      return std::string(in.text());
    case 4: {
      const ByteView bytes = in.block();
      return Bytes(bytes.begin(), bytes.end());
    }
    default:
      in.invalidate();
      return {};
  }
}

void encode_sample(ByteWriter& out, const StoredSample& sample) {
  out.varint(sample.series.value());
  out.i64(sample.ts.us);
  out.varint(sample.revision);
  out.u16(sample.quality.code);
  out.varint(sample.provenance);
  out.varint(sample.producer);
  out.varint(sample.sequence);
  out.varint(sample.index);
  encode_value(out, sample.value);
}

StoredSample decode_sample(ByteReader& in) {
  StoredSample sample;
  sample.series = SeriesNumber(in.varint());
  sample.ts.us = in.i64();
  sample.revision = in.varint();
  sample.quality.code = in.u16();
  sample.provenance = static_cast<ProvenanceNumber>(in.varint());
  sample.producer = static_cast<std::uint32_t>(in.varint());
  sample.sequence = in.varint();
  sample.index = static_cast<std::uint32_t>(in.varint());
  sample.value = decode_value(in);
  return sample;
}

}  // namespace

Bytes Historian::Core::encode_last_values() const {
  const std::uint32_t salt = static_cast<std::uint32_t>(revision);
  Bytes file = encode_file_header(FileType::last_values, salt);
  std::vector<const StoredSample*> samples;
  for (const SeriesState& state : series.all()) {
    if (state.has_last) samples.push_back(&state.last);
  }
  std::uint32_t ordinal = 0;
  Bytes payload;
  for (std::size_t at = 0; at <= samples.size(); at += last_values_per_frame) {
    const std::size_t count = std::min(last_values_per_frame, samples.size() - at);
    payload.clear();
    ByteWriter writer(payload);
    writer.varint(current.generation);
    writer.varint(samples.size());
    writer.varint(count);
    for (std::size_t i = at; i < at + count; ++i) encode_sample(writer, *samples[i]);
    append_frame(file, payload, ++ordinal, 1, salt);
  }
  return file;
}

Result<void> Historian::Core::decode_last_values(ByteView file, std::uint64_t& through) {
  const auto damaged = [&] {
    return fail(Code::corrupt, path("last-values") + " fails its check");
  };
  auto salt = decode_file_header(file, FileType::last_values, path("last-values"));
  if (!salt) return pass(std::move(salt));
  const FrameScan scan = scan_frames(file, *salt);
  if (scan.frames.empty() || !scan.damaged.empty()) return damaged();
  std::uint64_t total = 0, seen = 0;
  for (const Frame& frame : scan.frames) {
    ByteReader in(frame.payload);
    through = in.varint();
    total = in.varint();
    for (std::uint64_t n = in.count(15); n > 0 && in.ok(); --n, ++seen) {
      StoredSample sample = decode_sample(in);
      SeriesState* state = series.find(sample.series);
      if (!in.ok() || state == nullptr) continue;
      state->last = std::move(sample);
      state->has_last = true;
    }
    if (!in.ok()) return damaged();
  }
  if (seen != total) return damaged();
  return {};
}

void Historian::tick() {
  Core& core = *core_;
  if (core.sealing || core.compacting) return;
  std::uint64_t rows = 0;
  for (const auto& generation : core.hot) rows += generation.rows;
  const bool is_due = core.clock.monotonic_now() - core.last_seal >= core.options.seal_interval;
  const auto report = [weak = core.weak_from_this(),
                       what = is_due ? "seal" : "compaction"](Result<void> done) {
    const auto alive = weak.lock();
    if (alive && !done)
      alive->log.error("historian", std::string(what) + ": " + done.error().text());
  };
  if (rows > 0 && (rows >= core.options.seal_rows || is_due)) return core.start_seal(report);
  std::map<std::pair<std::uint16_t, std::int32_t>, std::size_t> counts;
  for (const Segment& segment : core.segments) ++counts[{segment.site, segment.day}];
  std::vector<std::pair<std::uint16_t, std::int32_t>> due;
  for (const auto& [part, count] : counts) {
    if (count > core.options.segments_per_day_max) due.push_back(part);
  }
  if (!due.empty()) core.start_compaction(std::move(due), report);
}

void Historian::seal(Reply<void> reply) {
  core_->start_seal(std::move(reply));
}

void Historian::Core::start_seal(Reply<void> reply) {
  const auto answer = [&](Result<void> result) {
    owner.post([reply = std::move(reply), result = std::move(result)]() mutable {
      reply(std::move(result));
    });
  };
  if (sealing || compacting) {
    return answer(fail(Code::conflict, "a seal or compaction is under way"));
  }
  SealRequest request;
  for (const HotGeneration& generation : hot) {
    request.chunks.insert(request.chunks.end(), generation.chunks.begin(), generation.chunks.end());
  }
  last_seal = clock.monotonic_now();
  if (request.chunks.empty()) return answer({});
  Seal seal{current.generation, revision, {}};
  request.last_values = encode_last_values();
  if (auto done = start_generation(); !done) {
    current.is_broken = true;
    return answer(std::move(done));
  }
  seal.accounts = accounts.freeze();
  for (std::uint16_t site = 1; !series.site_name(site).empty(); ++site) {
    request.site_folders.emplace(site, site_folder(site, series.site_name(site)));
  }
  request.next_segment = next_segment;
  sealing = std::move(seal);
  on_lane<SealOutcome>([request = std::move(request)](
                           Lane& state) { return write_segments(state.place(), request); },
                       [this, reply = std::move(reply)](Result<SealOutcome> outcome) mutable {
                         reply(finish_seal(std::move(outcome)));
                       });
}

Result<void> Historian::Core::finish_seal(Result<SealOutcome> outcome) {
  Seal seal = std::move(*sealing);
  sealing.reset();
  next_segment += 1'000;  // names of a failed attempt are not used again
  if (!outcome) {
    accounts.thaw(seal.accounts);
    return pass(std::move(outcome), "sealing");
  }
  next_segment = outcome->next_segment;
  EditionRecord edition{seal.through, seal.revision, next_segment, outcome->added,
                        {},           seal.accounts};
  const auto content = [&] {
    std::vector<ManifestRecord> records = manifest_content();
    records.push_back(edition);
    return records;
  };
  const ManifestRecord record = edition;
  if (auto done = manifest->append({&record, 1}, content); !done) {
    accounts.thaw(seal.accounts);
    return pass(std::move(done), "sealing");
  }
  accounts.sealed(seal.accounts);
  sealed_through = seal.through;
  sealed_revision = seal.revision;
  segments.insert(segments.end(), outcome->added.begin(), outcome->added.end());
  std::vector<std::uint64_t> sealed;
  const auto is_sealed = [&](const HotGeneration& g) { return g.number <= seal.through; };
  for (const HotGeneration& generation : hot) {
    if (is_sealed(generation)) sealed.push_back(generation.number);
  }
  std::erase_if(hot, is_sealed);
  lane_executor.post([state = lane, sealed, through = seal.through] {
    state->drop_hot(sealed);
    state->remove_logs(through);
  });
  return {};
}

void Historian::compact(Timestamp day, Reply<void> reply) {
  std::set<std::pair<std::uint16_t, std::int32_t>> parts;
  for (const Segment& segment : core_->segments) {
    if (segment.day == day_of(day.us)) parts.emplace(segment.site, segment.day);
  }
  core_->start_compaction({parts.begin(), parts.end()}, std::move(reply));
}

void Historian::Core::start_compaction(std::vector<std::pair<std::uint16_t, std::int32_t>> parts,
                                       Reply<void> reply) {
  if (sealing || compacting) {
    owner.post([reply = std::move(reply)]() mutable {
      reply(fail(Code::conflict, "a seal or compaction is under way"));
    });
    return;
  }
  std::vector<Segment> merging;
  while (!parts.empty() && merging.size() < 2) {
    const auto [site, day] = parts.back();
    parts.pop_back();
    merging.clear();
    for (const Segment& segment : segments) {
      if (segment.site == site && segment.day == day) merging.push_back(segment);
    }
  }
  if (merging.size() < 2) {
    owner.post([reply = std::move(reply)]() mutable { reply({}); });
    return;
  }
  compacting = true;
  std::vector<std::uint64_t> ids;
  for (const Segment& segment : merging) ids.push_back(segment.id);
  const std::uint16_t site = merging.front().site;
  const std::string folder =
      site_folder(site, series.site_name(site)) + "/" + day_text(merging.front().day);
  on_lane<Segment>([merging = std::move(merging), folder,
                    id = next_segment++](Lane& state) { return state.merge(merging, folder, id); },
                   [this, ids, parts = std::move(parts),
                    reply = std::move(reply)](Result<Segment> outcome) mutable {
                     compacting = false;
                     auto done = finish_merge(ids, std::move(outcome));
                     if (!done) return reply(std::move(done));
                     start_compaction(std::move(parts), std::move(reply));
                   });
}

Result<void> Historian::Core::finish_merge(const std::vector<std::uint64_t>& merged,
                                           Result<Segment> outcome) {
  if (!outcome) return pass(std::move(outcome), "compaction");
  EditionRecord edition{sealed_through, sealed_revision, next_segment, {*outcome}, merged, {}};
  const auto content = [&] {
    std::vector<ManifestRecord> records = manifest_content();
    records.push_back(edition);
    return records;
  };
  const ManifestRecord record = edition;
  if (auto done = manifest->append({&record, 1}, content); !done) {
    return pass(std::move(done), "compaction");
  }
  std::vector<std::string> files;
  std::erase_if(segments, [&](const Segment& segment) {
    if (std::ranges::find(merged, segment.id) == merged.end()) return false;
    files.push_back(path(segment.path));
    return true;
  });
  segments.push_back(std::move(*outcome));
  lane_executor.post([state = lane, files] { state->remove_files(files); });
  return {};
}

void Historian::verify(Reply<std::vector<Damage>> reply) {
  core_->on_lane<std::vector<Damage>>(
      [snapshot = core_->snapshot(),
       directory = core_->options.directory](Lane& lane) -> Result<std::vector<Damage>> {
        std::vector<Damage> found;
        for (const Segment& segment : snapshot.segments) {
          if (auto sound = lane.check(segment, true); !sound) {
            found.push_back({{directory + "/" + segment.path, 0, 0, ""},
                             sound.error().message(),
                             sound.error().remedy()});
          }
        }
        return found;
      },
      std::move(reply));
}

const std::vector<Damage>& Historian::damages() const {
  return core_->damages;
}

Stats Historian::stats() const {
  const Core& core = *core_;
  Stats stats;
  stats.revision = core.revision;
  stats.rows_committed = core.rows_committed;
  stats.commits = core.commits;
  for (const HotGeneration& generation : core.hot) {
    stats.rows_hot += generation.rows;
    stats.log_bytes += generation.log_bytes;
  }
  for (const Segment& segment : core.segments) {
    stats.rows_sealed += segment.rows;
    stats.segment_bytes += segment.bytes;
  }
  stats.segments = core.segments.size();
  stats.series = core.series.size();
  stats.rows_hot_max = core.rows_hot_max();
  stats.sealing = core.sealing.has_value();
  return stats;
}

}  // namespace millwright::historian
