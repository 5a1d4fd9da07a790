#include "fabric/historian/sealing.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/format.hpp"
#include "base/id.hpp"

namespace millwright::historian {
namespace {

using engine::RowReference;

constexpr std::int64_t day_us = 86'400'000'000;

auto order_key(const std::vector<HotChunk>& chunks, RowReference r) {
  const auto& c = *chunks[r.chunk];
  return std::tuple(c.ts[r.row], c.revision[r.row], c.producer[r.row],
                    c.sequence[r.row] + c.index[r.row]);
}

/// A run of `order` that becomes one segment.
struct Part {
  std::vector<RowReference> order;
  Segment segment;
};

void add_row(Part& part, const std::vector<HotChunk>& chunks, RowReference r) {
  const auto& chunk = *chunks[r.chunk];
  Segment& segment = part.segment;
  const std::uint64_t series = chunk.series[r.row];
  const std::int64_t ts = chunk.ts[r.row];
  if (part.order.empty()) {
    segment.site = SeriesNumber(series).site();
    segment.day = day_of(ts);
    segment.series_min = series;
    segment.ts_min = segment.ts_max = ts;
  }
  segment.series_max = series;
  segment.ts_min = std::min(segment.ts_min, ts);
  segment.ts_max = std::max(segment.ts_max, ts);
  ++segment.rows;
  part.order.push_back(r);
}

std::map<std::pair<std::uint16_t, std::int32_t>, Part> partition(
    const std::vector<HotChunk>& chunks) {
  std::map<std::pair<std::uint16_t, std::int32_t>, Part> parts;
  const std::vector<RowReference> order = sorted_rows(chunks);
  Part* part = nullptr;
  for (const RowReference r : order) {
    const std::uint16_t site = SeriesNumber(chunks[r.chunk]->series[r.row]).site();
    const std::int32_t day = day_of(chunks[r.chunk]->ts[r.row]);
    if (part == nullptr || part->segment.site != site || part->segment.day != day) {
      part = &parts[{site, day}];
    }
    add_row(*part, chunks, r);
  }
  return parts;
}

Result<void> write_part(const SegmentPlace& place, const SealRequest& request,
                        const std::vector<const engine::SampleColumns*>& chunks, Part& part) {
  const std::string& folder = request.site_folders.at(part.segment.site);
  const std::string where = folder + "/" + day_text(part.segment.day);
  auto temporary = temporary_segment(place, where, part.segment.id);
  if (!temporary) return pass(std::move(temporary));
  if (auto done = place.store.write(place.disk, *temporary, {chunks, part.order}); !done) {
    return pass(std::move(done), "writing segment " + *temporary);
  }
  return publish_segment(place, where, *temporary, part.segment);
}

}  // namespace

std::int32_t day_of(std::int64_t ts_us) {
  return static_cast<std::int32_t>(ts_us >= 0 ? ts_us / day_us : -((-(ts_us + 1)) / day_us) - 1);
}

std::string day_text(std::int32_t day) {
  return to_rfc3339({static_cast<std::int64_t>(day) * day_us}).substr(0, 10);
}

std::string site_folder(std::uint16_t number, const std::string& name) {
  return is_valid_name(name) ? name : fmt::format("site-{}", number);
}

std::vector<RowReference> sorted_rows(const std::vector<HotChunk>& chunks) {
  // Rows arrive almost in time order: a counting sort by series, then a check of each series.
  std::unordered_map<std::uint64_t, std::uint32_t> rank;
  std::size_t rows = 0;
  for (const auto& chunk : chunks) {
    rows += chunk->size();
    for (const std::uint64_t number : chunk->series) rank.try_emplace(number, 0);
  }
  std::vector<std::uint64_t> series;
  series.reserve(rank.size());
  for (const auto& [number, unused] : rank) series.push_back(number);
  std::ranges::sort(series);
  for (std::size_t i = 0; i < series.size(); ++i) {
    rank[series[i]] = static_cast<std::uint32_t>(i);
  }
  std::vector<std::size_t> start(series.size() + 1);
  std::vector<std::uint32_t> ranks;
  ranks.reserve(rows);
  std::size_t guess = 0;  // the signals of a scan stand in the order of their numbers
  for (const auto& chunk : chunks) {
    for (const std::uint64_t number : chunk->series) {
      if (guess >= series.size() || series[guess] != number) guess = rank.find(number)->second;
      ranks.push_back(static_cast<std::uint32_t>(guess));
      ++start[guess + 1];
      ++guess;
    }
  }
  for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
  std::vector<RowReference> order(rows);
  std::vector<std::size_t> at(start.begin(), start.end() - (start.empty() ? 0 : 1));
  std::size_t n = 0;
  for (std::uint32_t c = 0; c < chunks.size(); ++c) {
    for (std::uint32_t r = 0; r < chunks[c]->size(); ++r) order[at[ranks[n++]]++] = {c, r};
  }
  const auto before = [&](RowReference a, RowReference b) {
    return order_key(chunks, a) < order_key(chunks, b);
  };
  for (std::size_t i = 0; i + 1 < start.size(); ++i) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(start[i]);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(start[i + 1]);
    if (!std::is_sorted(first, end, before)) std::sort(first, end, before);
  }
  return order;
}

Result<std::uint32_t> checksum_file(engine::Disk& disk, const std::string& path,
                                    std::uint64_t& bytes) {
  auto file = disk.open_read(path);
  if (!file) return pass(std::move(file));
  Bytes buffer(1u << 20);
  std::uint32_t crc = 0;
  bytes = 0;
  while (true) {
    auto read = (*file)->read_at(bytes, buffer);
    if (!read) return pass(std::move(read), "reading " + path);
    if (*read == 0) return crc;
    crc = crc32c(ByteView(buffer).first(*read), crc);
    bytes += *read;
  }
}

Result<std::string> temporary_segment(const SegmentPlace& place, const std::string& folder,
                                      std::uint64_t id) {
  const std::string directory = place.directory + "/segments/" + folder;
  if (auto done = place.disk.make_directories(directory); !done) return pass(std::move(done));
  return fmt::format("{}/{:08}{}.tmp", directory, id, place.store.extension());
}

Result<void> publish_segment(const SegmentPlace& place, const std::string& folder,
                             const std::string& temporary, Segment& segment) {
  auto file = place.disk.open_append(temporary);
  if (!file) return pass(std::move(file));
  if (auto done = (*file)->sync(); !done) return pass(std::move(done), "syncing " + temporary);
  auto crc = checksum_file(place.disk, temporary, segment.bytes);
  if (!crc) return pass(std::move(crc));
  segment.crc = *crc;
  segment.path = fmt::format("segments/{}/{:08}{}", folder, segment.id, place.store.extension());
  const std::string path = place.directory + "/" + segment.path;
  if (auto done = place.disk.rename(temporary, path); !done) return pass(std::move(done));
  std::string parent = path;
  while (parent.size() > place.directory.size()) {
    parent.resize(parent.rfind('/'));
    if (auto done = place.disk.sync_directory(parent); !done) return pass(std::move(done));
  }
  return {};
}

Result<SealOutcome> write_segments(const SegmentPlace& place, const SealRequest& request) {
  SealOutcome outcome;
  outcome.next_segment = request.next_segment;
  std::vector<const engine::SampleColumns*> chunks;
  for (const auto& chunk : request.chunks) chunks.push_back(chunk.get());
  for (auto& [key, part] : partition(request.chunks)) {
    part.segment.id = outcome.next_segment++;
    if (auto done = write_part(place, request, chunks, part); !done) return pass(std::move(done));
    outcome.added.push_back(std::move(part.segment));
  }
  auto saved =
      engine::replace_whole(place.disk, place.directory + "/last-values", request.last_values);
  if (!saved) return pass(std::move(saved), "writing last values");
  return outcome;
}

}  // namespace millwright::historian
