// The replay driver: a recorded file played as if it were live, one batch a row, event times from
// the file. The same reader imports in bulk, without pace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"
#include "fabric/drivers/driver.hpp"
#include "fabric/drivers/pace.hpp"
#include "fabric/drivers/records.hpp"
#include "ontology/address.hpp"
#include "ontology/value.hpp"

namespace millwright::drivers {

enum class TimeKind : std::uint8_t {
  rfc3339,  ///< with zone, or local with ReplayTime::zone
  pattern,  ///< ReplayTime::pattern of %Y %m %d %H %M %S %f; local times need `zone`
  epoch_s,  ///< seconds since 1970, fractions allowed
  epoch_ms,
  epoch_us,
  cycle,  ///< `epoch` + `step` × the integer in the column
  row,    ///< `epoch` + `step` × the number of the row of its key (0, 1, …); no column
};

/// Where the event time of a row comes from.
struct ReplayTime {
  TimeKind kind = TimeKind::rfc3339;
  std::string column;
  std::string zone;  ///< IANA name, `UTC` or `+hh:mm`; empty: the text carries its own
  std::string pattern;
  Timestamp epoch;
  Duration step{};
};

/// One column as one metric. Cells that are not of the type become bad:unparsable without a value;
/// empty ones and the words of `ReplaySpec::missing` become bad:missing.
struct ReplayMetric {
  std::string column;
  std::string name;
  ontology::DataType datatype = ontology::DataType::float64;
  std::string unit;  ///< UCUM
};

/// The rows whose key column holds `key` are those of `device`.
struct ReplayKey {
  std::string key;
  std::string device;
};

enum class ReplayOrder : std::uint8_t {
  event_time,  ///< all devices in step, as a fleet would be; the selected rows are held in memory
  file,        ///< as the rows stand; any size
};

struct ReplaySpec {
  FileSpec file;
  ReplayTime time;
  std::vector<ReplayMetric> metrics;
  std::string key_column;       ///< empty: the whole file is one device, `keys[0].device`
  std::vector<ReplayKey> keys;  ///< this edge's subset; other keys are passed over
  ReplayOrder order = ReplayOrder::event_time;
  Pace pace;
  std::vector<std::string> missing = {"NA", "N/A", "NaN", "nan", "null", "NULL"};
  /// Bound for ReplayOrder::event_time.
  std::uint64_t samples_held_max = 4'000'000;
};

/// `first`..`last` as keys, named by `pattern`, in which `{key}` stands for the number and
/// `{key:03}` for the number with leading zeros: expand_keys("test-{key:03}", 1, 100).
Result<std::vector<ReplayKey>> expand_keys(std::string_view pattern, std::uint64_t first,
                                           std::uint64_t last);

/// What the replay and the import need of the world. Everything outlives the driver.
struct ReplayWorld {
  const Clock& clock;
  engine::Executor& executor;
  engine::Disk& files;  ///< where `FileSpec::path` is found
  Log& log;
};

/// Opens and checks everything; an error lists every problem (missing file, missing columns with
/// the nearest ones, unknown time zone, bad names).
Result<std::unique_ptr<Driver>> make_replay(ReplaySpec spec, Formats formats, ReplayWorld world);

struct ImportCounts {
  std::uint64_t records = 0;
  std::uint64_t batches = 0;
  std::uint64_t samples = 0;
  std::uint64_t samples_unparsable = 0;
  std::uint64_t records_broken = 0;
  std::uint64_t records_unselected = 0;
  std::vector<std::string> problems;  ///< `file:line: what`, the first 100
};

/// Gets each batch in the order of the file; an error ends the import. `device` indexes `devices`.
using ImportSink = std::function<Result<void>(std::uint32_t device, const ontology::Batch& batch,
                                              const Position& position)>;

/// A file as batches, as fast as `sink` takes them, on the calling thread. Devices are
/// `devices_of(spec)`.
Result<ImportCounts> import_records(const ReplaySpec& spec, const Formats& formats,
                                    engine::Disk& files, std::optional<Position> after,
                                    const ImportSink& sink);
/// One schema a key, in order; without site and edge.
std::vector<ontology::DeviceSchema> devices_of(const ReplaySpec& spec);

}  // namespace millwright::drivers
