// What the historian does beside its owner: everything that waits for the segment store. Lives on
// the lane executor; its members are only touched in lane tasks (and in `open`, before the first).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/log.hpp"
#include "fabric/historian/historian.hpp"
#include "fabric/historian/reading.hpp"
#include "fabric/historian/sealing.hpp"

namespace millwright::historian {

/// The committed rows of one log generation. Chunks are only ever added, at the end.
struct HotRows {
  std::uint64_t generation = 0;
  std::vector<HotChunk> chunks;
};

/// What a query sees: fixed when it was asked.
struct Snapshot {
  Revision revision = 0;
  std::vector<Segment> segments;
  std::vector<HotRows> hot;
};

class Lane {
 public:
  Lane(engine::Disk& disk, engine::SegmentStore& store, Log& log, std::string directory)
      : place_{disk, store, std::move(directory)}, log_(&log) {}

  const SegmentPlace& place() const { return place_; }

  /// Makes the tables and views of SQL; nothing without SQL.
  Result<void> prepare();
  void drop_hot(const std::vector<std::uint64_t>& generations);
  /// Rows for the dictionary tables of SQL, or their replacement.
  void insert(const std::string& table, const engine::Table& rows, bool replace);
  /// Rows of the series dictionary, whose first cell is the series number; known ones are replaced.
  void insert_series(const engine::Table& rows);
  void remove_files(const std::vector<std::string>& paths);
  /// Removes the log generations that are in segments.
  void remove_logs(std::uint64_t through);

  /// Rows that pass the filter, of segments and hot part. `corrupt` when a segment that is needed
  /// is damaged.
  Result<engine::SampleColumns> read(const Snapshot& snapshot, engine::SegmentFilter filter);
  Result<std::optional<StoredSample>> at(const Snapshot& snapshot, SeriesNumber series,
                                         Timestamp time, Revision revision_max);
  Result<engine::Table> sql(const Snapshot& snapshot, const std::string& statement,
                            std::size_t rows_max);
  /// Every row's (producer, sequence + index), counted.
  struct Count {
    std::uint64_t rows = 0;
    std::uint64_t rows_double = 0;
  };
  Result<std::unordered_map<std::uint32_t, Count>> count(const Snapshot& snapshot);
  /// Merges segments of one site and day into one, whose id is set.
  Result<Segment> merge(const std::vector<Segment>& segments, const std::string& folder,
                        std::uint64_t id);

  /// Checks a segment against its checksum, once in this process unless `again`.
  Result<void> check(const Segment& segment, bool again = false);

 private:
  std::string path_of(const Segment& segment) const {
    return place_.directory + "/" + segment.path;
  }
  Result<void> fill_hot_tables(const std::vector<HotRows>& hot);
  Result<std::string> samples_view(const Snapshot& snapshot, std::vector<std::string>& warnings);

  SegmentPlace place_;
  Log* log_;
  std::unordered_set<std::uint64_t> sound_;
  std::unordered_map<std::uint64_t, Error> damaged_;
  /// By generation: so many of its chunks are in its hot table. Filled when SQL asks, because
  /// filling them costs as much as all the rest of an ingest.
  std::unordered_map<std::uint64_t, std::size_t> hot_tables_;
  std::unordered_set<std::uint64_t> series_;  ///< in the series dictionary
  std::string view_;  ///< text of the samples view as it stands in the store
};

}  // namespace millwright::historian
