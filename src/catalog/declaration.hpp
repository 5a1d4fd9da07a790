// What each kind of resource may say, declared once. The validator, the JSON Schema (schemas/) and
// the reference page (docs/reference/resources.md) are made from these tables, and a test fails
// when the checked-in files differ.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"

namespace millwright::catalog {

enum class FieldType : std::uint8_t {
  object,       ///< a map with the declared keys
  list,         ///< a list of the declared element, `path[]`
  map,          ///< a map with free keys and the declared value, `path{}`
  text,         ///< a text that is not empty
  name,         ///< an id (DESIGN D1)
  name_or_key,  ///< an id, or a template of ids with `{key}`
  signal_name,  ///< letters, digits, `_.-/`; starts with a letter or digit
  keys,         ///< `1..25,40`
  integer,
  number,
  boolean,
  scalar,     ///< a text, number or boolean
  column,     ///< a column's name, or its number from 1
  duration,   ///< `10s`, `1h30m`
  timestamp,  ///< RFC 3339
  time_zone,  ///< an IANA name or offset
  unit,       ///< a UCUM code
  choice,     ///< one of `choices`
  reference,  ///< the name of a resource of kind `refers_to`
  email,
  ed25519_key,  ///< 32 bytes in Base64
  party,        ///< the name of a Person, `person/NAME`, or `role/NAME`
  currency      ///< an ISO 4217 code
};

/// One line of a declaration. Paths are below `spec`: `metrics` is a list, `metrics[]` its element,
/// `metrics[].name` a key of the element; `parameters{}` the value of a map.
struct Field {
  std::string_view path;
  FieldType type = FieldType::text;
  std::string_view doc;
  bool required = false;
  std::string_view absent{};  ///< what holds when it is not given, as documentation
  std::span<const std::string_view> choices{};
  std::optional<Kind> refers_to{};
  std::optional<double> low{};   ///< least number, inclusive
  std::optional<double> high{};  ///< greatest number, inclusive
  /// Values of the sibling `kind` with which the field may stand, separated by `|`; empty: any.
  std::string_view when{};
};

struct Declaration {
  Kind kind;
  std::string_view doc;
  std::span<const Field> fields;
};

/// One for each kind (declaration_table.cpp).
std::span<const Declaration> declarations();
const Declaration& declaration_of(Kind kind);

/// What a type accepts, for people (`a UCUM unit, such as Cel`), and as a regular expression for
/// JSON Schema (empty when there is none).
struct TypeText {
  std::string_view expected;
  std::string_view json_type;
  std::string_view pattern;
};
TypeText text_of(FieldType type);

/// Direct children of the object at `path` (empty: of `spec`).
std::vector<const Field*> children_of(const Declaration& declaration, std::string_view path);
/// Last part of a path: `name` of `metrics[].name`.
std::string_view key_of(const Field& field);
bool applies_to(const Field& field, std::string_view kind_value);

/// Names of the choices, also used by the parsers of specs.
namespace choices {
inline constexpr std::string_view driver[] = {"replay", "plant"};
inline constexpr std::string_view format[] = {"by_name", "csv", "parquet"};
inline constexpr std::string_view delimiter[] = {"comma", "semicolon", "tab", "blanks"};
inline constexpr std::string_view decimal[] = {".", ","};
inline constexpr std::string_view time[] = {"rfc3339",  "pattern", "epoch_s", "epoch_ms",
                                            "epoch_us", "cycle",   "row"};
inline constexpr std::string_view order[] = {"event_time", "file"};
inline constexpr std::string_view machine[] = {"pump", "motor", "fan"};
inline constexpr std::string_view overflow[] = {"wait", "drop"};
inline constexpr std::string_view stage[] = {"scale",    "median", "aggregate",
                                             "deadband", "flag",   "score"};
inline constexpr std::string_view function[] = {"mean", "min", "max", "count", "stddev"};
inline constexpr std::string_view severity[] = {"good", "uncertain", "bad"};
inline constexpr std::string_view datatype[] = {
    "int8",    "int16",   "int32",  "int64",    "uint8", "uint16", "uint32", "uint64",  "float32",
    "float64", "boolean", "string", "datetime", "text",  "uuid",   "bytes",  "waveform"};
inline constexpr std::string_view role[] = {"viewer",   "operator",       "technician",
                                            "engineer", "data_scientist", "approver",
                                            "auditor",  "administrator"};
inline constexpr std::string_view comparison[] = {"above", "at_least", "below", "at_most"};
// Of UseCase
inline constexpr std::string_view maturity[] = {"pilot", "proven", "scaled"};
inline constexpr std::string_view cadence[] = {"weekly", "monthly", "quarterly", "yearly"};
inline constexpr std::string_view calibration[] = {"none", "known"};
inline constexpr std::string_view finding_rule[] = {"rul_below", "health_below", "anomaly_above"};
inline constexpr std::string_view finding_severity[] = {"advisory", "warning", "critical"};
// Of Kpi
inline constexpr std::string_view direction[] = {"up", "down"};
inline constexpr std::string_view target[] = {"value", "change"};
inline constexpr std::string_view baseline[] = {"value", "measured"};
inline constexpr std::string_view kpi_method[] = {"finding_share", "event_rate",
                                                  "event_rate_change", "cost_rate"};
inline constexpr std::string_view among[] = {"above", "at_most"};
// Of Role
inline constexpr std::string_view governed[] = {
    "UseCase", "Kpi",     "Model",      "Release", "Rollout",     "WorkOrder",
    "Finding", "Trigger", "Retirement", "Person",  "Calibration", "Resource"};
inline constexpr std::string_view decision[] = {"approve", "start",  "stop",   "close",
                                                "promote", "change", "retire", "review"};
// Of Model
inline constexpr std::string_view tier[] = {"edge", "gateway"};
inline constexpr std::string_view algorithm[] = {"gradient_boosting", "pca"};
inline constexpr std::string_view feature[] = {"last", "mean", "slope", "std", "min", "max"};
inline constexpr std::string_view model_target[] = {"remaining_life"};
}  // namespace choices

}  // namespace millwright::catalog
