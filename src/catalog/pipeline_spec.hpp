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
#include "ontology/quality.hpp"

namespace millwright::catalog {

/// Bounds by which a value is judged, in the unit of the metric. Each is optional.
struct Limits {
  std::optional<double> low;            ///< below: out_of_range
  std::optional<double> high;           ///< above: out_of_range
  std::optional<double> rate_max;       ///< unit per second; faster: rate_exceeded
  std::optional<Duration> stuck_after;  ///< unchanged for longer: stuck

  bool operator==(const Limits&) const = default;
};

/// value × gain + offset.
struct ScaleStage {
  double gain = 1;
  double offset = 0;
  std::string unit;  ///< UCUM code of the result; empty: unchanged
};

/// Median of the last `window` samples of a metric.
struct MedianStage {
  std::uint32_t window = 5;  ///< odd, 3 to 999
};

enum class AggregateFunction : std::uint8_t { mean, min, max, count, stddev };

/// One value per window of event time [k·window, (k+1)·window), named
/// `<metric>/<function>_<window>`.
struct AggregateStage {
  Duration window{0};
  std::vector<AggregateFunction> functions{AggregateFunction::mean};
  Duration lateness{0};
  /// Samples that a whole window has; 0: not checked, or by the period of the signal when it
  /// declares one.
  std::uint64_t count_expected = 0;
  bool keep_input = false;
};

/// Passes a value when it differs from the last passed one by more than the band, when its quality
/// changed, or when `silence_max` has gone by.
struct DeadbandStage {
  double absolute = 0;  ///< in the unit of the metric
  double percent = 0;   ///< of the last passed value's magnitude; the larger band of the two holds
  Duration silence_max{0};  ///< 0: unlimited
};

/// Marks the quality of values outside their limits, never drops one.
struct FlagStage {
  Limits limits;
  /// Limits that are absent above are those which the signal of each metric declares.
  bool declared = true;
  ontology::Severity range_severity = ontology::Severity::bad;
  ontology::Severity rate_severity = ontology::Severity::uncertain;
  ontology::Severity stuck_severity = ontology::Severity::bad;
  double stuck_tolerance = 0;
};

enum class Comparison : std::uint8_t { above, at_least, below, at_most };

/// A command that the edge gives by itself: declared, bounded, ending by itself.
struct TriggerSpec {
  std::string metric;  ///< a verdict or a metric of the device
  Comparison comparison = Comparison::above;
  double limit = 0;
  std::string device;  ///< empty: the device that was judged
  std::string command_metric;
  double command_value = 0;
  Duration lease{0};
  std::uint32_t per_hour_max = 1;  ///< commands to one device in an hour

  bool holds(double value) const {
    switch (comparison) {
      case Comparison::above:
        return value > limit;
      case Comparison::at_least:
        return value >= limit;
      case Comparison::below:
        return value < limit;
      case Comparison::at_most:
        return value <= limit;
    }
    return false;
  }
};

/// A verdict of a model on each scan. Of tier edge it adds metrics to the device here; of tier
/// gateway the site's gateway judges what this edge sends.
struct ScoreStage {
  std::string model;  ///< Model resource
  std::optional<TriggerSpec> trigger;
};

using StageParameters =
    std::variant<ScaleStage, MedianStage, AggregateStage, DeadbandStage, FlagStage, ScoreStage>;

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
  /// Values as they came from the driver are kept too, as `<metric>/raw`, when a stage changes or
  /// drops them (a signal that says so itself is kept whatever stands here).
  bool raw_kept = false;
  std::vector<StageSpec> stages;
};

/// Reads the `spec` of a validated Pipeline. What is absent gets its documented default.
PipelineSpec parse_pipeline_spec(std::string_view name, const Node& spec);

}  // namespace millwright::catalog
