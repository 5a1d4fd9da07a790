// The historian: durable, revisioned samples, and the account of what every producer sent. It owns
// the log (group commit), the hot part, the segments and the manifest; SQL and Parquet are behind
// engine::SegmentStore. Not here: wire formats, sessions, who is told what.
//
// Threads: every call is made on the `owner` executor. What DuckDB does runs on the `lane`; replies
// come back on the owner. `append`, `declare`, `commit`, `last`, `ledger` never wait for the lane.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"
#include "engine/segment_store.hpp"
#include "engine/table.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "ontology/custody.hpp"

namespace millwright::historian {

using ontology::Incarnation;
using ontology::LossEntry;
using ontology::ProducerId;
using ontology::Quality;
using ontology::Sequence;
using ontology::SeriesNumber;

/// Number of a recipe in the historian's dictionary; 0 = none known. Never reused.
using ProvenanceNumber = std::uint32_t;
/// Number of a commit: max(previous + 1, milliseconds UTC of the commit). So it is strictly
/// increasing, and it is knowledge time: the arrival of a row is read from its revision.
using Revision = std::uint64_t;
constexpr Revision revision_at(Timestamp knowledge_time) {
  return knowledge_time.us < 0 ? 0 : static_cast<Revision>(knowledge_time.whole_ms());
}
constexpr Timestamp arrival_of(Revision revision) {
  return {static_cast<std::int64_t>(revision) * 1000};
}

/// What a producer promises.
enum class Custody : std::uint8_t {
  acknowledged,  ///< numbers its samples and keeps them until told that they are durable
  best_effort,   ///< foreign edge: numbered here on arrival; what it lost before is unknown
};

/// Consecutive samples of one device: those with sequence first_sequence + row.
struct IncomingBatch {
  std::span<const SeriesNumber> series;          ///< by row.slot, as `define` gave them
  std::span<const ProvenanceNumber> provenance;  ///< by row.provenance; its entry 0 is unused
  const ontology::Batch* batch = nullptr;
  const ProducerId* producer = nullptr;
  Incarnation incarnation = 0;
  Sequence first_sequence = 0;    ///< of the first row handed over
  std::uint32_t first_index = 0;  ///< position of that row in its message (> 0 after trimming)
  Custody custody = Custody::acknowledged;
};

/// How far an incarnation of a producer has come here.
struct Position {
  Sequence next = 0;     ///< next expected, staged rows included
  Sequence durable = 0;  ///< every sample below is stored or a declared loss, and synced

  bool operator==(const Position&) const = default;
};

struct CommittedPosition {
  ProducerId producer;
  Incarnation incarnation = 0;
  Sequence stored = 0;  ///< = Position::durable

  bool operator==(const CommittedPosition&) const = default;
};

/// Outcome of a commit. With nothing staged: the last revision and no positions.
struct Committed {
  Revision revision = 0;
  std::uint64_t rows = 0;
  std::vector<CommittedPosition> positions;  ///< of the producers that this commit advanced
};

using Value =
    std::variant<std::monostate, double, std::int64_t, std::string, Bytes>;  ///< monostate: null

/// A row as stored.
struct StoredSample {
  SeriesNumber series;
  Timestamp ts;
  Revision revision = 0;
  Quality quality;
  ProvenanceNumber provenance = 0;
  std::uint32_t producer = 0;  ///< number in `producers()`
  Sequence sequence = 0;       ///< first sequence of its message
  std::uint32_t index = 0;     ///< position in its message
  Value value;

  bool operator==(const StoredSample&) const = default;
};

struct SeriesDefinition {
  SeriesNumber number;
  ontology::DeviceAddress address;
  ontology::MetricDefinition metric;

  /// `site/edge/device/metric`
  std::string text() const { return address.text() + "/" + metric.name; }
};

struct LastValue {
  const SeriesDefinition* definition = nullptr;  ///< valid as long as the historian
  StoredSample sample;
};

/// A reading as of a revision: rows of later commits do not exist.
struct RangeQuery {
  SeriesNumber series;
  Timestamp from{INT64_MIN};
  Timestamp to{INT64_MAX};             ///< inclusive
  std::size_t limit = 1'000'000;       ///< the first so many in time
  std::optional<Revision> as_of = {};  ///< empty: now
  bool all_revisions = false;          ///< false: of each time only the greatest revision
};

struct Range {
  std::vector<StoredSample> samples;  ///< sorted by (ts, revision)
  bool truncated = false;
};

/// One step of a downsampled series; numbers over rows that have one and are not bad.
struct Bucket {
  Timestamp start;
  std::uint64_t count = 0;      ///< rows, current revision
  std::uint64_t count_bad = 0;  ///< rows without a number or with bad quality
  double minimum = 0, maximum = 0, mean = 0, first = 0, last = 0;

  bool operator==(const Bucket&) const = default;
};

struct DownsampleQuery {
  SeriesNumber series;
  Timestamp from;
  Timestamp to;                             ///< exclusive
  Duration step = std::chrono::minutes(1);  ///< buckets start at multiples of it since 1970
  std::optional<Revision> as_of = {};
};

/// The account of one incarnation: sent = stored + lost + unexplained.
struct LedgerLine {
  ProducerId producer;
  Incarnation incarnation = 0;
  std::uint32_t number = 0;  ///< the `producer` column of samples
  Custody custody = Custody::acknowledged;
  std::uint64_t sent = 0;         ///< numbered by the producer, as far as known here
  std::uint64_t stored = 0;       ///< durable rows
  std::uint64_t lost = 0;         ///< declared
  std::uint64_t duplicates = 0;   ///< arrived again and refused
  std::vector<LossEntry> losses;  ///< in sequence order

  std::uint64_t unexplained() const { return sent - stored - lost; }
};

/// The account checked against the rows themselves.
struct AuditLine {
  ProducerId producer;
  Incarnation incarnation = 0;
  std::uint64_t rows = 0;         ///< rows found
  std::uint64_t rows_double = 0;  ///< rows whose (producer, incarnation, sequence + index) was seen
  std::uint64_t rows_missing = 0;  ///< stored by the account, not found
};

struct Stats {
  Revision revision = 0;
  std::uint64_t rows_committed = 0;  ///< since open
  std::uint64_t commits = 0;
  std::uint64_t rows_hot = 0;
  std::uint64_t rows_sealed = 0;
  std::uint64_t log_bytes = 0;  ///< of the generations not yet sealed
  std::uint64_t segments = 0;
  std::uint64_t segment_bytes = 0;
  std::uint64_t series = 0;
  std::uint64_t rows_hot_max = 0;  ///< `append` answers `exhausted` above
  bool sealing = false;
};

/// Something found damaged. The rest goes on.
struct Damage {
  Place place;       ///< file; `path` holds the byte offset
  std::string what;  ///< what is wrong and what is lost
  std::string remedy;
};

struct Options {
  std::string directory = "historian";  ///< on the given disk
  std::uint64_t seal_rows = 4'000'000;  ///< seal when so many rows are hot
  Duration seal_interval = std::chrono::minutes(5);
  std::uint64_t staged_bytes_max = 64u << 20;  ///< `append` answers `exhausted` above
  std::size_t query_rows_max = 1'000'000;
  /// A (site, day) with more segments than this is compacted by `tick`.
  std::size_t segments_per_day_max = 16;
  /// Told of the rows of every commit once they are durable, inside `commit`, on the owner. After
  /// opening also, once, of what the log was replayed from: an earlier process may have died before
  /// it could tell.
  std::function<void(const engine::SampleColumns&)> on_committed = {};
};

template <typename T>
using Reply = std::move_only_function<void(Result<T>)>;

class Historian {
 public:
  /// Opens or makes the store below options.directory and replays the log. `corrupt` only when the
  /// manifest cannot be read; damaged log records are declared as losses and listed by `damages`.
  /// `unsupported_version`: a file was written by a newer format. All references must outlive it.
  static Result<std::unique_ptr<Historian>> open(Options options, engine::Disk& disk,
                                                 engine::SegmentStore& store, const Clock& clock,
                                                 Log& log, engine::Executor& owner,
                                                 engine::Executor& lane);
  ~Historian();
  Historian(const Historian&) = delete;
  Historian& operator=(const Historian&) = delete;

  // --- dictionaries: durable with or before the next commit
  // ---------------------------------------

  /// Series numbers of the metrics, by slot. Idempotent; a metric whose datatype changed gets a new
  /// series. The signals of one device are neighbours.
  Result<std::vector<SeriesNumber>> define(const ontology::DeviceSchema& schema);
  /// Number of a recipe by its canonical text; idempotent.
  ProvenanceNumber intern(std::string_view canonical_recipe);
  const SeriesDefinition* definition(SeriesNumber series) const;
  /// Series whose `site/edge/device/metric` matches a glob (`*` any run, `?` one character).
  std::vector<const SeriesDefinition*> find(std::string_view pattern) const;
  std::optional<std::string> provenance(ProvenanceNumber number) const;

  // --- writing --------------------------------------------------------------------------------

  /// Zero for an incarnation never heard of.
  Position position(const ProducerId& producer, Incarnation incarnation) const;
  /// Stages rows. `conflict`: first_sequence is not position().next. `exhausted`: commit first.
  Result<void> append(const IncomingBatch& incoming);
  /// Stages a declared loss; entry.range.first must be position().next, else `conflict`.
  Result<void> declare(const ProducerId& producer, const LossEntry& entry);
  /// Counts samples that arrived again and were trimmed.
  void count_duplicates(const ProducerId& producer, Incarnation incarnation, std::uint64_t samples);
  /// Makes everything staged durable: one log append, one sync. On failure all that was staged is
  /// forgotten (positions go back to durable) and the next commit starts a new log generation.
  Result<Committed> commit();
  bool has_staged() const;
  /// More than half of what may wait to be sealed does: producers should be slowed down now, so
  /// that `append` need not refuse what is already under way.
  bool is_behind() const;

  // --- reading: committed rows only ------------------------------------------------------------

  Revision revision() const;
  std::optional<LastValue> last(SeriesNumber series) const;
  /// Series with at least one sample, by the glob of `find`, in order of their text.
  std::vector<LastValue> last(std::string_view pattern) const;
  void range(const RangeQuery& query, Reply<Range> reply);
  /// Several readings as of one moment, answered together and in their order. Those of the same
  /// times and revision are read in one pass over the segments.
  void ranges(std::vector<RangeQuery> queries, Reply<std::vector<Range>> reply);
  void downsample(const DownsampleQuery& query, Reply<std::vector<Bucket>> reply);
  /// The sample in force at `time`: greatest ts <= time, of that the greatest revision <= as_of.
  void at(SeriesNumber series, Timestamp time, std::optional<Revision> as_of,
          Reply<std::optional<StoredSample>> reply);
  /// SQL over the views samples, current, series, producers, provenance, losses, ledger.
  void sql(std::string statement, Reply<engine::Table> reply);

  // --- the account -----------------------------------------------------------------------------

  /// Every incarnation, or those of one producer; durable positions only.
  std::vector<LedgerLine> ledger(const std::optional<ProducerId>& producer = std::nullopt) const;
  /// Counts the rows of hot part and segments and compares them with the account.
  void audit(Reply<std::vector<AuditLine>> reply);

  // --- upkeep ----------------------------------------------------------------------------------

  /// Starts a seal or a compaction when one is due. Call about once a second.
  void tick();
  /// Turns the committed hot part into segments. Replies at once when there is none; `conflict`
  /// when a seal or compaction is under way.
  void seal(Reply<void> reply);
  /// Merges the segments of one UTC day (of every site); exact duplicates are dropped.
  void compact(Timestamp day, Reply<void> reply);
  /// Checks every segment against the checksum in the manifest.
  void verify(Reply<std::vector<Damage>> reply);
  /// Damage found at open and since.
  const std::vector<Damage>& damages() const;
  Stats stats() const;

 private:
  class Core;
  explicit Historian(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace millwright::historian
