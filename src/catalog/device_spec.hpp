// What a Device resource says, as plain data for the drivers that carry it out. Made from a
// document that was validated already; `edge_setup.hpp` gives the devices of one edge with every
// template expanded.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"
#include "ontology/value.hpp"

namespace millwright::catalog {

/// A column of a tabular file: by header name, or by number counted from 1 (0 = named).
struct ColumnRef {
  std::string name;
  std::uint32_t number = 0;

  bool operator==(const ColumnRef&) const = default;
};

enum class FileFormat : std::uint8_t { csv, parquet };
/// How the fields of a text file are separated. `whitespace`: any run of spaces and tabs, leading
/// and trailing ones ignored.
enum class Delimiter : std::uint8_t { comma, semicolon, tab, whitespace };
/// How `time_column` is written. Texts without an offset are taken in `time_zone`.
enum class TimeFormat : std::uint8_t {
  rfc3339,   ///< `2026-11-23T05:41:00Z`; also with a space for the T and, given a time zone,
             ///< without an offset
  epoch_s,   ///< seconds since 1970, fractions allowed
  epoch_ms,  ///< milliseconds since 1970
  epoch_us   ///< microseconds since 1970
};
/// How fast a recording is played.
enum class Pace : std::uint8_t {
  unpaced,  ///< as fast as the path takes it
  scaled    ///< `pace_factor` seconds of event time per second of real time
};

/// Driver `replay`: a recorded file, row by row. Event time is `time_column`, or for files that
/// number their rows, epoch + step × (value of `step_column`, else the row's number from 0 per
/// key).
struct ReplayDriver {
  std::string file;  ///< may hold `${data}` and other variables until expanded; `.gz` is read too
  FileFormat format = FileFormat::csv;
  Delimiter delimiter = Delimiter::comma;
  bool header = true;  ///< csv: the first line names the columns
  std::optional<ColumnRef> time_column;
  TimeFormat time_format = TimeFormat::rfc3339;
  std::string time_zone = "UTC";  ///< IANA name
  std::optional<Timestamp> epoch;
  Duration step{0};
  std::optional<ColumnRef> step_column;
  /// Column that says which device a row belongs to; rows whose key is no device's are not read.
  std::optional<ColumnRef> key_column;
  Pace pace = Pace::unpaced;
  double pace_factor = 1;
};

/// What the plant simulator can be, one machine a device.
enum class PlantMachine : std::uint8_t { pump, motor };
/// What can be wrong with a simulated machine or with one of its sensors. The truth of a simulated
/// plant is the list of its faults.
enum class PlantFaultKind : std::uint8_t {
  bearing_wear,   ///< vibration and temperature grow
  imbalance,      ///< vibration grows with speed
  cavitation,     ///< pump: flow and pressure fall and flutter, vibration grows
  leak,           ///< pump: pressure falls, flow falls
  overload,       ///< current and temperature grow
  sensor_stuck,   ///< `metric` repeats its last value
  sensor_drift,   ///< `metric` moves away slowly
  sensor_spikes,  ///< `metric` jumps for single samples
  sensor_dropout  ///< `metric` gives no value (quality bad, no_communication)
};

struct PlantFault {
  PlantFaultKind kind = PlantFaultKind::bearing_wear;
  std::string device;             ///< device id; empty: each device of the resource
  std::string metric;             ///< for sensor faults: the metric
  Duration start{0};              ///< since the plant's start
  Duration growth{0};             ///< from nothing to full severity; 0 = at once
  std::optional<Duration> lasts;  ///< absent: until the end
  double severity = 1;            ///< 0 (nothing) to 1 (failed)
};

/// Driver `plant`: simulated machines with known truth.
struct PlantDriver {
  std::uint64_t seed = 0;
  PlantMachine machine = PlantMachine::pump;
  Duration period{1'000'000};  ///< one sample of each metric a period
  std::vector<PlantFault> faults;
};

using DriverSpec = std::variant<ReplayDriver, PlantDriver>;

/// One output of a simulated machine: what `address` of a metric may be, and its unit.
struct PlantOutput {
  std::string_view name;
  std::string_view unit;  ///< UCUM
  std::string_view doc;
};
/// The outputs of a machine, in a fixed order.
std::span<const PlantOutput> plant_outputs(PlantMachine machine);

struct MetricSpec {
  std::string name;
  ontology::DataType datatype = ontology::DataType::float64;
  std::string unit;                 ///< UCUM code, empty when the source has none (texts, states)
  std::optional<ColumnRef> column;  ///< replay: where the value stands; absent: the column `name`
  std::string address;              ///< other drivers: where the value stands; absent: `name`
  std::string signal;               ///< quantity of the asset it measures; absent: `name`
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
