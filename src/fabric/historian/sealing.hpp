// Turning hot rows into segments: partition by site and UTC day, sort by (series, ts, revision),
// write, sync, checksum, rename. Runs on the lane; touches no state of the historian.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/disk.hpp"
#include "engine/segment_store.hpp"
#include "fabric/historian/manifest_record.hpp"

namespace millwright::historian {

/// Rows of one commit, immutable.
using HotChunk = std::shared_ptr<const engine::SampleColumns>;

/// Rows in the order (series, ts, revision, position).
std::vector<engine::RowReference> sorted_rows(const std::vector<HotChunk>& chunks);

/// Days since 1970-01-01 of a time, rounded down.
std::int32_t day_of(std::int64_t ts_us);
/// `2026-11-23`
std::string day_text(std::int32_t day);

/// Where segments are written.
struct SegmentPlace {
  engine::Disk& disk;
  engine::SegmentStore& store;
  std::string directory;  ///< the historian's
};

struct SealRequest {
  std::vector<HotChunk> chunks;
  std::unordered_map<std::uint16_t, std::string> site_folders;
  std::uint64_t next_segment = 1;
  Bytes last_values;  ///< content of the last-value checkpoint
};

struct SealOutcome {
  std::vector<Segment> added;
  std::uint64_t next_segment = 1;
};

/// Writes the segments and the checkpoint of last values, all durable. On failure files may be
/// left over; they are in no manifest and `open` removes them.
Result<SealOutcome> write_segments(const SegmentPlace& place, const SealRequest& request);

/// Folder of a site below `segments/`: its name, or its number when the name may not stand in a
/// path.
std::string site_folder(std::uint16_t number, const std::string& name);

/// Syncs and checksums a freshly written temporary file and gives it its name. Fills path, bytes
/// and crc of `segment`.
Result<void> publish_segment(const SegmentPlace& place, const std::string& folder,
                             const std::string& temporary, Segment& segment);
/// Name of a new segment's temporary file below the historian's directory, its folder made.
Result<std::string> temporary_segment(const SegmentPlace& place, const std::string& folder,
                                      std::uint64_t id);

/// CRC-32C of a whole file, read in pieces.
Result<std::uint32_t> checksum_file(engine::Disk& disk, const std::string& path,
                                    std::uint64_t& bytes);

}  // namespace millwright::historian
