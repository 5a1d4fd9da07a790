// The segment store port: what DuckDB does for the historian. It writes immutable sorted segments,
// reads rows back from them, keeps the hot tables, and answers SQL. It decides nothing about
// durability: the historian syncs, renames and records.
//
// Real: DuckDB and Parquet (segment/duckdb_adapter.cpp). Simulated: plain segments through the Disk
// port, without SQL (segment/simulated_segment_store.hpp). One thread: the historian's lane.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/disk.hpp"
#include "engine/table.hpp"

namespace millwright::engine {

/// Which of the value columns holds a row's value.
enum class ValueColumn : std::uint8_t { f64 = 0, i64 = 1, text = 2, blob = 3, none = 4 };

/// Rows of the samples table by column; all vectors have the same length. Immutable once shared.
struct SampleColumns {
  std::vector<std::uint64_t> series;
  std::vector<std::int64_t> ts;  ///< event time, microseconds UTC
  std::vector<std::uint64_t> revision;
  std::vector<std::uint64_t> sequence;  ///< first sequence of the message
  std::vector<std::uint64_t> bits;      ///< f64, i64 by bit pattern; text, blob: offset | length
  std::vector<std::uint32_t> index;     ///< position in the message
  std::vector<std::uint32_t> provenance;
  std::vector<std::uint32_t> producer;
  std::vector<std::uint16_t> quality;
  std::vector<ValueColumn> column;
  std::string arena;  ///< texts and blobs; offsets are 32 bits

  std::size_t size() const { return series.size(); }
  bool empty() const { return series.empty(); }
  void reserve(std::size_t rows);
  void clear();
  /// Text or blob of a row; empty when it has neither.
  std::string_view payload(std::size_t row) const;
  /// Appends row `row` of `from`, its payload too.
  void append_row(const SampleColumns& from, std::size_t row);
};

/// A row by chunk and position, as the sealer sorts them.
struct RowReference {
  std::uint32_t chunk = 0;
  std::uint32_t row = 0;
};

/// Sorted rows that are to become one segment: `order` points into `chunks`.
struct SegmentRows {
  std::span<const SampleColumns* const> chunks;
  std::span<const RowReference> order;
};

/// What a read wants. Both times are inclusive, microseconds UTC.
struct SegmentFilter {
  std::span<const std::uint64_t> series;  ///< empty: every series
  std::int64_t from = INT64_MIN;
  std::int64_t to = INT64_MAX;
  std::uint64_t revision_max = UINT64_MAX;
};

class SegmentStore {
 public:
  virtual ~SegmentStore() = default;

  /// Name ending of a segment file, such as ".parquet".
  virtual std::string_view extension() const = 0;
  /// Writes `rows` in their order as a new file. Not synced, not renamed: the caller does both.
  virtual Result<void> write(Disk& disk, std::string_view path, const SegmentRows& rows) = 0;
  /// Appends the rows that pass `filter` to `out`; the rows of each file in its order.
  virtual Result<void> read(Disk& disk, std::span<const std::string> paths,
                            const SegmentFilter& filter, SampleColumns& out) = 0;
  /// Merges segments into a new one, sorted by (series, ts, revision); of rows with equal
  /// (series, ts, producer, sequence + index) only the one with the smallest revision stays.
  /// Gives the number of rows written. Not synced.
  virtual Result<std::uint64_t> merge(Disk& disk, std::span<const std::string> paths,
                                      std::string_view to) = 0;

  /// Appends rows to the hot table of a log generation, which is made on first use.
  virtual Result<void> append_hot(std::uint64_t generation, const SampleColumns& rows) = 0;
  virtual Result<void> drop_hot(std::uint64_t generation) = 0;
  /// Name of that hot table in SQL. Its columns are those of a segment.
  static std::string hot_table(std::uint64_t generation) {
    return "hot_" + std::to_string(generation);
  }

  /// True when `execute`, `insert` and `query` do something.
  virtual bool has_sql() const = 0;
  /// Runs statements of the historian itself (tables, views).
  virtual Result<void> execute(const std::string& sql) = 0;
  /// Appends rows to a table made by `execute`.
  virtual Result<void> insert(std::string_view table, const Table& rows) = 0;
  /// Answers one reading statement (SELECT, EXPLAIN, DESCRIBE, SHOW) of a user with at most
  /// `rows_max` rows. `refused`: it is not a reading statement, or the store has no SQL.
  virtual Result<Table> query(const std::string& sql, std::size_t rows_max) = 0;
};

struct DuckDbOptions {
  /// The only directory that SQL may read or write: native path of the historian's disk.
  std::string directory;
  unsigned threads = 2;
  std::string memory_limit = "1GB";
};

/// An in-memory DuckDB that reads and writes Parquet (segment/duckdb_adapter.cpp).
Result<std::unique_ptr<SegmentStore>> open_duckdb_store(const DuckDbOptions& options);

}  // namespace millwright::engine
