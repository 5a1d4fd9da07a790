// The state of a Historian, split over open.cpp, write.cpp, read.cpp and upkeep.cpp. Owner executor
// only, except `lane`.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "fabric/historian/accounts.hpp"
#include "fabric/historian/historian.hpp"
#include "fabric/historian/lane.hpp"
#include "fabric/historian/log_record.hpp"
#include "fabric/historian/manifest_file.hpp"
#include "fabric/historian/series_table.hpp"

namespace millwright::historian {

/// The committed rows of one log generation.
struct HotGeneration {
  std::uint64_t number = 0;
  std::vector<HotChunk> chunks;
  std::uint64_t rows = 0;
  std::uint64_t log_bytes = 0;
};

/// The log generation that commits are appended to.
struct OpenLog {
  std::uint64_t generation = 0;
  std::unique_ptr<engine::File> file;
  std::uint32_t salt = 0;
  std::uint32_t ordinal = 0;
  std::uint64_t length = 0;  ///< acknowledged bytes
  bool is_broken = true;     ///< a commit failed: the next one starts a new generation
};

class Historian::Core : public std::enable_shared_from_this<Historian::Core> {
 public:
  Core(Options given, engine::Disk& given_disk, engine::SegmentStore& store,
       const Clock& given_clock, Log& given_log, engine::Executor& given_owner,
       engine::Executor& given_lane)
      : options(std::move(given)),
        disk(given_disk),
        clock(given_clock),
        log(given_log),
        owner(given_owner),
        lane_executor(given_lane),
        lane(std::make_shared<Lane>(given_disk, store, given_log, options.directory)) {}

  // open.cpp
  Result<void> open();
  Result<void> take_manifest(const std::vector<ManifestRecord>& records);
  Result<void> replay_log();
  Result<void> restore_last_values();
  void tell_replayed();
  void remove_leftovers();
  void publish_dictionaries();

  // write.cpp
  Result<void> start_generation();
  Result<void> write_definitions();
  Result<void> write_group(Revision next, std::uint64_t& bytes);
  void forget_staged();
  std::uint64_t rows_hot() const;
  /// Appends are refused above: four seals' worth of rows wait in memory.
  std::uint64_t rows_hot_max() const { return 4 * options.seal_rows; }
  Committed publish_commit(Revision next, std::uint64_t bytes);
  void note_last(const engine::SampleColumns& rows);
  std::vector<ManifestRecord> manifest_content() const;

  // read.cpp
  Snapshot snapshot() const;
  /// Posts `work(lane)` to the lane and its result to the owner, as long as this lives.
  template <typename T, typename Work>
  void on_lane(Work work, Reply<T> reply) {
    lane_executor.post([self = weak_from_this(), lane_state = lane, home = &owner,
                        work = std::move(work), reply = std::move(reply)]() mutable {
      if (self.expired()) return;
      home->post([self, reply = std::move(reply), result = work(*lane_state)]() mutable {
        if (!self.expired()) reply(std::move(result));
      });
    });
  }
  void refresh_account_tables();

  // upkeep.cpp
  void start_seal(Reply<void> reply);
  Result<void> finish_seal(Result<SealOutcome> outcome);
  void start_compaction(std::vector<std::pair<std::uint16_t, std::int32_t>> parts,
                        Reply<void> reply);
  Result<void> finish_merge(const std::vector<std::uint64_t>& merged, Result<Segment> outcome);
  Bytes encode_last_values() const;
  Result<void> decode_last_values(ByteView file, std::uint64_t& through);

  std::string path(std::string_view name) const {
    return options.directory + "/" + std::string(name);
  }
  std::string log_path(std::uint64_t generation) const;

  Options options;
  engine::Disk& disk;
  const Clock& clock;
  Log& log;
  engine::Executor& owner;
  engine::Executor& lane_executor;
  std::shared_ptr<Lane> lane;

  SeriesTable series;
  Accounts accounts;
  std::vector<std::string> provenances;  ///< by number - 1
  std::unordered_map<std::string, ProvenanceNumber> provenance_numbers;

  std::unique_ptr<ManifestFile> manifest;
  std::vector<ManifestRecord> fresh;  ///< defined, not yet in the manifest
  std::vector<Segment> segments;
  std::uint64_t sealed_through = 0;
  std::uint64_t next_segment = 1;
  Revision sealed_revision = 0;

  OpenLog current;
  std::vector<HotGeneration> hot;  ///< ascending; the last is `current`'s
  Revision revision = 0;

  // Staged: frames with room for revision and checksums, and the same rows as columns.
  struct StagedFrame {
    std::size_t offset = 0;
    std::size_t end = 0;
    LogRecord kind = LogRecord::data;
  };
  Bytes staged_bytes;
  std::vector<StagedFrame> staged_frames;
  engine::SampleColumns staged_rows;

  struct Seal {
    std::uint64_t through = 0;
    Revision revision = 0;
    std::vector<AccountUpdate> accounts;
  };
  std::optional<Seal> sealing;
  bool compacting = false;
  Duration last_seal{0};
  std::vector<Damage> damages;
  std::uint64_t rows_committed = 0;
  std::uint64_t commits = 0;
  bool account_tables_stale = true;
};

/// Names of the damage of a log or the manifest, as reported.
Damage damage_at(const std::string& file, std::uint64_t offset, std::string what,
                 std::string remedy);

}  // namespace millwright::historian
