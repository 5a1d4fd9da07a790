// Record sources: files as a sequence of rows of cells, one at a time. CSV needs no library; gzip,
// Parquet and named time zones are adapters that a role links when it wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/disk.hpp"

namespace millwright::drivers {

enum class CellKind : std::uint8_t { empty, text, integer, real, boolean, instant };

/// One cell. Text lives until the next call of the source.
struct Cell {
  CellKind kind = CellKind::empty;
  std::string_view text;     ///< text: as it stands, without quotes
  std::int64_t integer = 0;  ///< integer, boolean (0, 1), instant (microseconds UTC)
  double real = 0;

  static Cell of_text(std::string_view text) { return {CellKind::text, text, 0, 0}; }
};

enum class ReadOutcome : std::uint8_t {
  record,  ///< `cells` are filled
  broken,  ///< a record without the shape of the file; `problem` says why; reading may go on
  end,
};

/// A row as its source gives it.
struct Record {
  std::vector<Cell> cells;
  std::uint64_t number = 0;        ///< from 1, broken ones count too
  std::uint64_t line = 0;          ///< line where it begins, from 1; 0: the format has no lines
  std::uint64_t offset_after = 0;  ///< byte after it; 0: the source cannot seek
  std::string problem;             ///< of a broken one
};

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  /// Names by header, else `1` … `n` by position.
  virtual const std::vector<std::string>& columns() const = 0;
  /// An error means that the source itself failed (unreadable, corrupt container).
  virtual Result<ReadOutcome> next(Record& record) = 0;
  /// Goes on after record `number`; `offset` is its `offset_after`, a hint that may be 0.
  virtual Result<void> skip_to(std::uint64_t number, std::uint64_t offset) = 0;
  /// Differs between different contents (of the first bytes), is never 0.
  virtual std::uint32_t fingerprint() const = 0;
  /// As given to `open_records`, for messages.
  virtual const std::string& path() const = 0;
};

/// Decoded bytes in order.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills from the front; fewer than asked only at the end, 0 at the end.
  virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
  /// Continues at `offset` of the decoded bytes; may cost a read from the beginning.
  virtual Result<void> seek(std::uint64_t offset) = 0;
};

/// Named time zones (IANA). Local times need one.
class TimeZone {
 public:
  virtual ~TimeZone() = default;
  enum class Certainty : std::uint8_t { unique, ambiguous, nonexistent };
  struct Instant {
    Timestamp time;  ///< of an ambiguous one, the earlier
    Certainty certainty = Certainty::unique;
  };
  /// `local_us`: microseconds since 1970-01-01T00:00:00 on the wall clock of the zone.
  virtual Instant to_utc(std::int64_t local_us) const = 0;
};

enum class Format : std::uint8_t { by_name, csv, parquet };
enum class Delimiter : std::uint8_t { comma, semicolon, tab, blanks };

/// How a file is laid out.
struct FileSpec {
  std::string path;                 ///< below the root of the disk it is read from
  Format format = Format::by_name;  ///< `.parquet` is Parquet, all else is CSV; `.gz` is unpacked
  Delimiter delimiter = Delimiter::comma;
  bool header = true;            ///< false: columns are named `1` … `n`
  char decimal = '.';            ///< or ','
  std::uint32_t columns = 0;     ///< of a file without header; 0: as the first record
  std::uint32_t skip_lines = 0;  ///< before the header
};

/// What this program can read beside plain CSV. A composition root fills in what it links; an empty
/// function makes such a file an error that names the remedy.
struct Formats {
  std::function<Result<std::unique_ptr<ByteSource>>(std::unique_ptr<ByteSource>)> gunzip;
  std::function<Result<std::unique_ptr<RecordSource>>(engine::Disk&, const FileSpec&)> parquet;
  std::function<Result<std::unique_ptr<TimeZone>>(std::string_view name)> time_zone;
};

/// `not_found`: no such file. `unavailable`: this program lacks the format; names the remedy.
Result<std::unique_ptr<RecordSource>> open_records(engine::Disk& disk, const FileSpec& spec,
                                                   const Formats& formats);

/// zlib behind the port (gzip_adapter.cpp), for `Formats::gunzip`.
Result<std::unique_ptr<ByteSource>> open_gzip(std::unique_ptr<ByteSource> packed);
/// DuckDB behind the port (parquet_adapter.cpp), for `Formats::parquet`.
Result<std::unique_ptr<RecordSource>> open_parquet(engine::Disk& disk, const FileSpec& spec);
/// The system's time zone database (time_zone_adapter.cpp), for `Formats::time_zone`.
Result<std::unique_ptr<TimeZone>> open_time_zone(std::string_view name);

}  // namespace millwright::drivers
