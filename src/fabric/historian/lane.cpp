#include "fabric/historian/lane.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "fabric/historian/frame.hpp"
#include "fabric/historian/series_table.hpp"
#include "fabric/historian/sql_schema.hpp"

namespace millwright::historian {
namespace {

bool overlaps(const Segment& segment, const engine::SegmentFilter& filter) {
  if (segment.ts_max < filter.from || segment.ts_min > filter.to) return false;
  return filter.series.empty() || std::ranges::any_of(filter.series, [&](std::uint64_t series) {
           return series >= segment.series_min && series <= segment.series_max;
         });
}

}  // namespace

Result<void> Lane::prepare() {
  if (!place_.store.has_sql()) return {};
  return place_.store.execute(sql_tables());
}

Result<void> Lane::fill_hot_tables(const std::vector<HotRows>& hot) {
  for (const HotRows& rows : hot) {
    if (rows.chunks.empty()) continue;
    std::size_t& filled = hot_tables_[rows.generation];
    for (; filled < rows.chunks.size(); ++filled) {
      auto done = place_.store.append_hot(rows.generation, *rows.chunks[filled]);
      if (!done) {
        drop_hot({rows.generation});  // what went in of this chunk must not be there twice
        return pass(std::move(done), "filling the hot table of SQL");
      }
    }
  }
  return {};
}

void Lane::drop_hot(const std::vector<std::uint64_t>& generations) {
  for (const std::uint64_t generation : generations) {
    if (hot_tables_.erase(generation) == 0) continue;
    if (auto done = place_.store.drop_hot(generation); !done) {
      log_->warning("historian", "hot table stays in memory: " + done.error().text());
    }
  }
}

void Lane::insert(const std::string& table, const engine::Table& rows, bool replace) {
  if (!place_.store.has_sql()) return;
  Result<void> done;
  if (replace) done = place_.store.execute("DELETE FROM " + table);
  if (done) done = place_.store.insert(table, rows);
  if (!done) log_->error("historian", "SQL table " + table + ": " + done.error().text());
}

void Lane::insert_series(const engine::Table& rows) {
  if (!place_.store.has_sql()) return;
  for (const auto& row : rows.rows) {
    const auto* number = std::get_if<std::uint64_t>(&row.front());
    if (number == nullptr || series_.insert(*number).second) continue;
    (void)place_.store.execute(
        fmt::format("DELETE FROM series_dictionary WHERE series = {}", *number));
  }
  insert("series_dictionary", rows, false);
}

void Lane::remove_files(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    if (auto done = place_.disk.remove(path); !done) {
      log_->warning("historian", "left over: " + done.error().text());
    }
  }
}

void Lane::remove_logs(std::uint64_t through) {
  const auto names = place_.disk.list(place_.directory + "/log");
  if (!names) return;
  std::vector<std::string> sealed;
  for (const auto& name : *names) {
    const auto generation = log_generation(name);
    if (generation && *generation <= through) sealed.push_back(place_.directory + "/log/" + name);
  }
  remove_files(sealed);
}

Result<void> Lane::check(const Segment& segment, bool again) {
  if (!again) {
    if (sound_.contains(segment.id)) return {};
    if (const auto found = damaged_.find(segment.id); found != damaged_.end()) {
      return std::unexpected(found->second);
    }
  }
  std::uint64_t bytes = 0;
  const std::string path = path_of(segment);
  auto crc = checksum_file(place_.disk, path, bytes);
  if (crc && *crc == segment.crc && bytes == segment.bytes) {
    damaged_.erase(segment.id);
    sound_.insert(segment.id);
    return {};
  }
  Error error(
      Code::corrupt,
      crc ? fmt::format("segment {} ({} rows of {}) fails its checksum: {} bytes with {:08x}, "
                        "recorded are {} bytes with {:08x}",
                        path, segment.rows, day_text(segment.day), bytes, *crc, segment.bytes,
                        segment.crc)
          : fmt::format("segment {} ({} rows of {}) cannot be read: {}", path, segment.rows,
                        day_text(segment.day), crc.error().message()),
      "restore this file from a backup; other days are not affected");
  sound_.erase(segment.id);
  damaged_.insert_or_assign(segment.id, error);
  log_->error("historian", error.text());
  return std::unexpected(std::move(error));
}

Result<engine::SampleColumns> Lane::read(const Snapshot& snapshot, engine::SegmentFilter filter) {
  filter.revision_max = std::min(filter.revision_max, snapshot.revision);
  engine::SampleColumns rows;
  std::vector<std::string> paths;
  for (const Segment& segment : snapshot.segments) {
    if (!overlaps(segment, filter)) continue;
    if (auto sound = check(segment); !sound) return pass(std::move(sound));
    paths.push_back(path_of(segment));
  }
  if (!paths.empty()) {
    auto done = place_.store.read(place_.disk, paths, filter, rows);
    if (!done) return pass(std::move(done));
  }
  for (const HotRows& hot : snapshot.hot) collect_hot(hot.chunks, filter, rows);
  return rows;
}

Result<std::optional<StoredSample>> Lane::at(const Snapshot& snapshot, SeriesNumber series,
                                             Timestamp time, Revision revision_max) {
  const std::uint64_t number = series.value();
  const std::span<const std::uint64_t> one(&number, 1);
  const engine::SegmentFilter filter{one, INT64_MIN, time.us, revision_max};
  Snapshot part{snapshot.revision, {}, snapshot.hot};
  std::vector<Segment> candidates;
  for (const Segment& segment : snapshot.segments) {
    if (overlaps(segment, filter)) candidates.push_back(segment);
  }
  std::ranges::sort(candidates, std::greater{}, &Segment::ts_max);
  std::optional<StoredSample> best;
  const auto consider = [&]() -> Result<void> {
    auto rows = read(part, filter);
    if (!rows) return pass(std::move(rows));
    auto samples = in_order(*rows, false);
    if (!samples.empty() && (!best || is_before(*best, samples.back()))) {
      best = std::move(samples.back());
    }
    return {};
  };
  if (auto done = consider(); !done) return pass(std::move(done));
  part.hot.clear();
  for (Segment& segment : candidates) {
    if (best && segment.ts_max < best->ts.us) break;
    part.segments = {std::move(segment)};
    if (auto done = consider(); !done) return pass(std::move(done));
  }
  return best;
}

Result<std::string> Lane::samples_view(const Snapshot& snapshot,
                                       std::vector<std::string>& warnings) {
  std::vector<std::string> files, tables;
  for (const Segment& segment : snapshot.segments) {
    if (auto sound = check(segment); !sound) {
      warnings.push_back("left out: " + sound.error().text());
      continue;
    }
    auto native = place_.disk.native_path(path_of(segment));
    if (!native) return pass(std::move(native));
    files.push_back(std::move(*native));
  }
  if (auto done = fill_hot_tables(snapshot.hot); !done) return pass(std::move(done));
  for (const HotRows& rows : snapshot.hot) {
    if (hot_tables_.contains(rows.generation)) {
      tables.push_back(engine::SegmentStore::hot_table(rows.generation));
    }
  }
  return sql_samples_view(files, tables);
}

Result<engine::Table> Lane::sql(const Snapshot& snapshot, const std::string& statement,
                                std::size_t rows_max) {
  if (!place_.store.has_sql()) {
    return fail(Code::refused, "this store answers no SQL", "ask for last, range or downsample");
  }
  std::vector<std::string> warnings;
  auto view = samples_view(snapshot, warnings);
  if (!view) return pass(std::move(view));
  if (*view != view_) {
    if (auto done = place_.store.execute(*view); !done) return pass(std::move(done));
    view_ = std::move(*view);
  }
  auto table = place_.store.query(statement, rows_max);
  if (table) {
    table->warnings.insert(table->warnings.begin(), warnings.begin(), warnings.end());
  }
  return table;
}

Result<std::unordered_map<std::uint32_t, Lane::Count>> Lane::count(const Snapshot& snapshot) {
  std::unordered_map<std::uint32_t, std::vector<std::uint64_t>> positions;
  const auto add = [&](const engine::SampleColumns& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      positions[rows.producer[i]].push_back(rows.sequence[i] + rows.index[i]);
    }
  };
  for (const HotRows& hot : snapshot.hot) {
    for (const auto& chunk : hot.chunks) add(*chunk);
  }
  Snapshot part{snapshot.revision, {}, {}};
  for (const Segment& segment : snapshot.segments) {
    part.segments = {segment};
    auto rows = read(part, {});
    if (!rows) return pass(std::move(rows));
    add(*rows);
  }
  std::unordered_map<std::uint32_t, Count> counts;
  for (auto& [producer, seen] : positions) {
    std::ranges::sort(seen);
    Count& count = counts[producer];
    count.rows = seen.size();
    count.rows_double = static_cast<std::uint64_t>(std::ranges::unique(seen).size());
  }
  return counts;
}

Result<Segment> Lane::merge(const std::vector<Segment>& segments, const std::string& folder,
                            std::uint64_t id) {
  std::vector<std::string> paths;
  Segment merged = segments.front();
  merged.id = id;
  for (const Segment& segment : segments) {
    if (auto sound = check(segment); !sound) return pass(std::move(sound));
    paths.push_back(path_of(segment));
    merged.ts_min = std::min(merged.ts_min, segment.ts_min);
    merged.ts_max = std::max(merged.ts_max, segment.ts_max);
    merged.series_min = std::min(merged.series_min, segment.series_min);
    merged.series_max = std::max(merged.series_max, segment.series_max);
  }
  auto temporary = temporary_segment(place_, folder, id);
  if (!temporary) return pass(std::move(temporary));
  auto rows = place_.store.merge(place_.disk, paths, *temporary);
  if (!rows) return pass(std::move(rows), "merging segments of " + folder);
  merged.rows = *rows;
  if (auto done = publish_segment(place_, folder, *temporary, merged); !done) {
    return pass(std::move(done));
  }
  return merged;
}

}  // namespace millwright::historian
