// What a Device resource says, as plain data for the drivers that carry it out. Made from a
// document that was validated already; `edge_setup.hpp` gives the devices of one edge with every
// template expanded.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"
#include "ontology/value.hpp"

namespace millwright::catalog {

enum class FileFormat : std::uint8_t { by_name, csv, parquet };
enum class Delimiter : std::uint8_t { comma, semicolon, tab, blanks };

/// How a recorded file is laid out.
struct FileLayout {
  std::string path;  ///< variables such as `${data}` until `edge_setup` expands them
  FileFormat format = FileFormat::by_name;  ///< `.parquet` is Parquet, all else CSV; `.gz` is read
  Delimiter delimiter = Delimiter::comma;   ///< blanks: any run of spaces and tabs
  bool header = true;                       ///< false: columns are named `1` to `n`
  char decimal = '.';
  std::uint32_t columns = 0;     ///< of a file without header; 0: as in its first row
  std::uint32_t skip_lines = 0;  ///< before the header
};

/// Where the event time of a row comes from.
enum class TimeKind : std::uint8_t {
  rfc3339,   ///< with its zone, or local with `zone`
  pattern,   ///< `pattern` of %Y %m %d %H %M %S %f
  epoch_s,   ///< seconds since 1970, fractions allowed
  epoch_ms,  ///< milliseconds since 1970
  epoch_us,  ///< microseconds since 1970
  cycle,     ///< epoch + step × the integer in `column`
  row        ///< epoch + step × the number of the row of its key (0, 1, …)
};

struct TimeSpec {
  TimeKind kind = TimeKind::rfc3339;
  std::string column;
  std::string zone;  ///< IANA name, `UTC` or `+hh:mm`; empty: the text carries its own
  std::string pattern;
  Timestamp epoch;
  Duration step{0};
};

enum class PaceKind : std::uint8_t {
  as_fast_as_accepted,  ///< bounded by the path alone
  factor,               ///< event time passes `factor` times as fast as the wall
  total                 ///< the whole source is played within `total`
};

struct PaceSpec {
  PaceKind kind = PaceKind::as_fast_as_accepted;
  double factor = 1;
  Duration total{0};
};

enum class ReplayOrder : std::uint8_t {
  event_time,  ///< all devices in step, as a fleet would be
  file         ///< as the rows stand
};

/// Driver `replay`: a recorded file played as if it were live.
struct ReplayDriver {
  FileLayout file;
  TimeSpec time;
  /// Column that says which device a row belongs to, by the keys of `each`; empty: the whole file
  /// is one device.
  std::string key_column;
  ReplayOrder order = ReplayOrder::event_time;
  PaceSpec pace;
  std::vector<std::string> missing = {"NA", "N/A", "NaN", "nan", "null", "NULL"};
};

/// What the plant simulator can be, one machine a device.
enum class PlantMachine : std::uint8_t { pump, motor, fan };
/// What a live source does when there is no room.
enum class Overflow : std::uint8_t {
  wait,  ///< the plant stands still
  drop   ///< the scan is lost and declared
};

/// Driver `plant`: simulated machines with known truth, drawn from the seed.
struct PlantDriver {
  std::uint64_t seed = 1;
  PlantMachine machine = PlantMachine::pump;
  Duration step = std::chrono::seconds(1);  ///< between scans
  /// Where the plant's life begins; lives, faults and load cycles are counted from here.
  Timestamp epoch{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z
  std::optional<Timestamp> start;          ///< first scan; absent: now, live
  Duration history{};                      ///< of a live plant: its record begins so long before
  std::optional<Timestamp> end;            ///< exclusive; absent: for ever
  PaceSpec pace{PaceKind::factor, 1, Duration{0}};
  Overflow overflow = Overflow::wait;
  Duration life_mean = std::chrono::hours(24 * 30);  ///< between failures of one machine
  Duration repair_mean = std::chrono::hours(6);
  Duration sensor_fault_every = std::chrono::hours(24 * 10);  ///< mean, per machine
};

using DriverSpec = std::variant<ReplayDriver, PlantDriver>;

struct MetricSpec {
  std::string name;
  ontology::DataType datatype = ontology::DataType::float64;
  std::string unit;    ///< UCUM code; empty when the source has none (texts, states)
  std::string source;  ///< where the driver finds it: the column of a file, the output of a
                       ///< simulated machine; absent: `name`
  std::string signal;  ///< quantity of the asset that it measures; absent: `name`
};

/// A list of keys with a template, by which one resource stands for many. `{key}` in a template is
/// the key, `{key:03}` the key as a number with at least three digits.
struct EachSpec {
  std::vector<std::string> keys;
  std::string name;
};
/// `template_text` with its `{key}` and `{key:0n}` filled in.
std::string fill_key(std::string_view template_text, std::string_view key);
/// The keys of `1..25`, `1..25,40,pump-a`: ranges of whole numbers and single words, in order.
/// At most 100,000.
Result<std::vector<std::string>> parse_keys(std::string_view text);

struct DeviceSpec {
  std::string resource;  ///< metadata.name
  std::string title;
  std::string site;
  std::string edge;
  std::string asset;  ///< asset that it measures; may hold `{key}`; may be empty
  std::optional<EachSpec> each;
  DriverSpec driver;
  std::vector<MetricSpec> metrics;
};

/// Reads the `spec` of a validated Device. What is absent gets its documented default.
DeviceSpec parse_device_spec(std::string_view name, const Node& spec);

}  // namespace millwright::catalog
