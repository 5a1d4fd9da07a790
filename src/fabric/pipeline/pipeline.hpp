// Pipelines: a chain of stages over the samples of one device, at the edge, before anything is
// stored. Synchronous, single-threaded, without clock: windows close by event time alone.
//
// Splitting the same input into other batches changes nothing: outputs are a function of the
// sequence of rows. What an aggregate says about a window does not even depend on the order of
// arrival, as long as it is within the lateness: sums are exact.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "fabric/pipeline/stage_model.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "ontology/provenance.hpp"
#include "ontology/quality.hpp"
#include "ontology/state_track.hpp"
#include "ontology/value.hpp"

namespace millwright::pipeline {

// In all specs: `metrics` are names of the device's schema (or derived before this stage); empty
// means every numeric metric. Metrics that a stage does not name pass through it untouched.

/// True for the types that "every numeric metric" means: integers and floats, not booleans and
/// times.
bool is_numeric(ontology::DataType type);

/// value × gain + offset, as float64. Samples without value pass.
struct ScaleSpec {
  std::vector<std::string> metrics;
  double gain = 1;
  double offset = 0;
  std::string unit;  ///< of the result, UCUM; empty: as before
};

/// Median of the latest `window` usable values of the metric, the current one included. Bad samples
/// pass unchanged and take no part. While fewer than `window` values are there: of those (of an
/// even number, the lower). Quality is the worst in the window.
struct MedianSpec {
  std::vector<std::string> metrics;
  std::uint32_t window = 5;  ///< odd, 3 to 999
};

enum class Function : std::uint8_t { mean, min, max, count, stddev };
std::string_view name_of(Function function);
std::optional<Function> parse_function(std::string_view name);

/// Tumbling windows [k × window, (k + 1) × window) of event time since 1970; result metrics are
/// named `<metric>/<function>_<window>`, such as `flow/mean_1m`, timed at the window's start (as
/// OPC UA Part 13). A window closes when the latest event time of the device, less `lateness`,
/// reaches its end. Bad samples take no part: a window with some is uncertain:bad_input, with
/// nothing else bad:bad_input. Too few samples, or begun or ended within it:
/// uncertain:incomplete_window. stddev is that of the sample (n − 1), null for n = 1. A window
/// without any sample gives no result.
struct AggregateSpec {
  std::vector<std::string> metrics;
  Duration window = std::chrono::minutes(1);
  std::vector<Function> functions = {Function::mean};
  Duration lateness{};
  std::uint64_t count_expected = 0;  ///< 0: not checked
  bool keep_input = false;           ///< samples also go on
};

/// Passes a sample when it differs from the last one passed by more than the greater of `absolute`
/// and `percent` of that one, when its quality differs, or when `silence_max` has gone by.
struct DeadbandSpec {
  std::vector<std::string> metrics;
  double absolute = 0;
  double percent = 0;
  Duration silence_max{};  ///< 0: unlimited
};

/// Marks, never drops: the worse of the sample's own quality and each check's.
struct FlagSpec {
  std::vector<std::string> metrics;
  std::optional<double> low;
  std::optional<double> high;
  ontology::Severity range_severity = ontology::Severity::bad;
  std::optional<double> rate_max;  ///< change a second, against the last sample not so marked
  ontology::Severity rate_severity = ontology::Severity::uncertain;
  std::optional<Duration> stuck_after;  ///< unchanged for so long
  double stuck_tolerance = 0;
  ontology::Severity stuck_severity = ontology::Severity::bad;
};

/// anomaly/t2, anomaly/spe, anomaly/score (0 to 1) as float64, anomaly/flag as boolean.
std::vector<ontology::MetricDefinition> anomaly_outputs();

/// The verdict of a model on each scan: rows of one event time of the named metrics, in one batch,
/// give one row of each output, at that time. While no model is in force they have no value and are
/// bad:function_check (NE 107 C), so that its absence is seen. A driver never splits a scan; only
/// for scans that are split over batches the verdict depends on the batches.
///
/// With a scope only scans in its states are judged. The others, and those of an unknown state,
/// have no value and are bad:out_of_specification (NE 107 S: used outside the conditions that it is
/// specified for), and the model begins anew behind them. A row of the state holds until the next.
struct ScoreSpec {
  std::string model;                 ///< name of the Model resource
  std::vector<std::string> metrics;  ///< inputs; a model gets them in this order
  std::vector<ontology::MetricDefinition> outputs = anomaly_outputs();
  StageModelFactory factory = {};                  ///< of the version in force; empty: none is yet
  std::optional<ontology::StateScope> scope = {};  ///< `signal`: a metric of type text
  std::uint32_t states_kept = 64;  ///< rows of state kept for late scans: as the model keeps scans
};

using StageSpec =
    std::variant<ScaleSpec, MedianSpec, AggregateSpec, DeadbandSpec, FlagSpec, ScoreSpec>;

struct PipelineSpec {
  std::string identity;  ///< name@generation:digest of the resource; goes into the provenance
  std::vector<StageSpec> stages;
  /// Metrics whose samples must be stored as they came. Where a stage would change or drop them,
  /// they also leave, first and untouched, as metric `<metric>/raw`.
  std::vector<std::string> raw_kept;
};

struct PipelineCounts {
  std::uint64_t samples_in = 0;
  std::uint64_t samples_out = 0;
  std::uint64_t samples_flagged = 0;  ///< by a `flag` stage
  std::uint64_t samples_late = 0;     ///< too late for their window
  std::uint64_t samples_in_deadband = 0;
};

/// One step. Slots are those of the pipeline, which outnumber the input's by the derived metrics.
class Stage {
 public:
  virtual ~Stage() = default;
  /// Appends to `out`.
  virtual void process(const std::vector<ontology::Row>& in, std::vector<ontology::Row>& out) = 0;
  /// The input is over: closes what is open.
  virtual void finish(std::vector<ontology::Row>&) {}
  /// Back to the state of creation.
  virtual void reset() {}
  virtual void save(ByteWriter&) const {}
  virtual bool load(ByteReader&) { return true; }
  virtual void add_counts(PipelineCounts&) const {}
};

class ScoreStage;

class Pipeline {
 public:
  /// An error lists every problem: unknown metrics with the nearest ones, bounds, empty windows.
  static Result<std::unique_ptr<Pipeline>> create(const PipelineSpec& spec,
                                                  const ontology::DeviceSchema& input);
  /// What leaves: slots of `process`'s result.
  const ontology::DeviceSchema& output() const { return output_; }
  /// `Row::provenance` of a result is n for recipes()[n - 1]. `producer`, `release`, `schema` are
  /// left to the caller.
  const std::vector<ontology::Recipe>& recipes() const { return recipes_; }
  /// False: `snapshot` is empty and nothing is held back between batches. May change by `activate`.
  bool holds_state() const;

  bool scores_with(std::string_view model) const;
  /// An instance for each stage that scores with `model`, in order; an error when one does not fit.
  Result<std::vector<std::unique_ptr<StageModel>>> make_models(
      std::string_view model, const StageModelFactory& factory) const;
  /// Puts them in force from the next batch on: a scan is judged by the old version or by the new
  /// one. `recipes` grows.
  void activate(std::string_view model, std::vector<std::unique_ptr<StageModel>> instances);
  /// Of the versions in force, by score stage; empty: none.
  std::vector<std::string> active_models() const;

  /// Replaces `out` by what leaves after `in`.
  void process(const ontology::Batch& in, ontology::Batch& out);
  /// The input is over: windows in progress leave as incomplete.
  void finish(ontology::Batch& out);

  /// All state, versioned, bound to the spec and the schema; that of a model to its id: another
  /// version begins anew.
  void snapshot(Bytes& out) const;
  /// `conflict`: of another spec or schema. `corrupt`: does not decode. The pipeline is then as
  /// new.
  Result<void> restore(ByteView snapshot);
  PipelineCounts counts() const;

 private:
  explicit Pipeline(std::vector<std::unique_ptr<Stage>> stages) : stages_(std::move(stages)) {}
  void emit(const ontology::Batch& in, ontology::Batch& out);
  std::uint32_t number_of(ontology::Recipe recipe);

  std::vector<std::unique_ptr<Stage>> stages_;
  ontology::DeviceSchema output_;
  std::vector<ontology::Recipe> recipes_;
  std::vector<std::uint32_t> output_slot_;  ///< internal slot → output slot, or none
  std::vector<std::uint32_t> provenance_;   ///< internal slot → recipe number
  std::vector<std::uint32_t> raw_slot_;     ///< input slot → internal slot of its raw copy
  std::vector<ScoreStage*> scores_;         ///< those of stages_
  std::vector<std::optional<std::uint32_t>> score_of_;  ///< internal slot → place in scores_
  std::vector<bool> payload_;                           ///< internal slot → value lies in the arena
  std::vector<ontology::Row> front_;
  std::vector<ontology::Row> back_;
  PipelineCounts counts_;
  std::uint32_t input_slots_ = 0;
  std::uint32_t identity_ = 0;
  bool holds_state_ = false;
};

}  // namespace millwright::pipeline
