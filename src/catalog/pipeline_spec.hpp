// What a Pipeline resource says, as plain data for the stages that carry it out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"

namespace millwright::catalog {

/// Bounds by which a value is judged, in the unit of the metric. Each is optional.
struct Limits {
  std::optional<double> low;            ///< below: out_of_range
  std::optional<double> high;           ///< above: out_of_range
  std::optional<double> rate_max;       ///< unit per second; faster: rate_exceeded
  std::optional<Duration> stuck_after;  ///< unchanged for longer: stuck

  bool operator==(const Limits&) const = default;
};

/// value × factor + offset.
struct ScaleStage {
  double factor = 1;
  double offset = 0;
  std::string unit;  ///< UCUM code of the result; empty: unchanged
};

/// Median of the last `window` samples of a metric (odd).
struct MedianStage {
  std::uint32_t window = 3;
};

enum class AggregateFunction : std::uint8_t { mean, min, max, standard_deviation, count, last };

/// One value per window of event time [k·window, (k+1)·window), stamped with the window's end.
struct AggregateStage {
  Duration window{0};
  /// One: the result keeps the metric's name. Several: `<metric>.<function>` each.
  std::vector<AggregateFunction> functions;
  double completeness_min = 0;  ///< share of expected inputs (of the metric's period) below which
                                ///< the result is uncertain: incomplete_window; 0 = not judged
};

/// Passes a value when it differs from the last passed one by more than the band, when its quality
/// changed, or when `interval_max` has gone by.
struct DeadbandStage {
  double absolute = 0;  ///< in the unit of the metric
  double percent = 0;   ///< of the last passed value's magnitude; the larger band of the two holds
  std::optional<Duration> interval_max;
};

/// Marks the quality of values outside their limits as uncertain (rate, stuck) or bad (range);
/// never drops one. A limit that is absent here is taken from the signal's declaration.
struct FlagStage {
  bool range = true;
  bool rate = true;
  bool stuck = true;
  Limits limits;
};

using StageParameters =
    std::variant<ScaleStage, MedianStage, AggregateStage, DeadbandStage, FlagStage>;

struct StageSpec {
  std::vector<std::string> metrics;  ///< empty: every numeric metric of the pipeline's devices
  StageParameters parameters;
};

struct PipelineSpec {
  std::string resource;  ///< metadata.name
  std::string title;
  std::string site;
  std::string edge;
  std::vector<std::string> devices;  ///< ids or Device resources; empty with an empty selector: all
  std::map<std::string, std::string> selector;  ///< labels that a Device resource must carry
  /// Values as they came from the driver are kept too, as `<metric>.raw`, when a stage changes or
  /// drops them (a signal that says so itself is kept whatever stands here).
  bool raw_kept = false;
  std::vector<StageSpec> stages;
};

/// Reads the `spec` of a validated Pipeline. What is absent gets its documented default.
PipelineSpec parse_pipeline_spec(std::string_view name, const Node& spec);

}  // namespace millwright::catalog
