// Tier 2: remaining life and health of each asset behind the port of gateways
// (fabric/gateway/scorer.hpp). For each device of an edge the scans (the rows of one event time in
// one message) go through the window features of the rul bundle in force, through the model, and
// into a fusion with the edge's anomaly score of the same scan and the state of the sensors.
//
// One verdict a scan, at its event time, on the device named like the asset:
//
//   rul, rul/low, rul/high    unit of the target; interval of the bundle
//   health, health/confidence 0 to 1
//   health/state              good, watch, bad, unknown
//   health/by/<input>         parts of 1 − health, one an input of the fusion
//
// No model in force that fits the device: rows without value, bad:function_check. No usable input:
// rul has no value, bad:bad_input. Some bad or uncertain in the window: uncertain:bad_input; fewer
// scans than the longest window: uncertain:incomplete_window. A prediction that is no number or out
// of range: bad:out_of_range; no prediction: bad:failure. Health then lives on the other inputs,
// with less confidence. A late or corrected scan is judged in its place, and all later ones that
// are kept are judged again, as revisions; one older than what is kept has no value,
// bad:incomplete_window.
//
// A bundle with a scope judges only scans in its states. The others, and those of an unknown state,
// have no value, bad:out_of_specification (NE 107 S); window, history and fusion of the asset begin
// anew behind them. A row of the state holds until the next one's time. One that comes late and
// takes scans out of the scope gives them anew, without value, and judges again what follows; what
// was outside stays so. A scan of a stretch that is over has no value, bad:incomplete_window.
//
// The version that is replaced stays as reference for the next scans, whose predictions are
// only counted. `active` names it too, before its successor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "fabric/gateway/scorer.hpp"
#include "models/asset_history.hpp"
#include "models/model_counters.hpp"
#include "models/served_model.hpp"

namespace millwright::models {

/// What is known of one device before its schema comes.
struct ScoredDevice {
  std::string asset;  ///< empty: the device's id
  std::string model;  ///< name of the Model resource; empty: the first in force that fits
};

struct GatewayScorerOptions {
  /// By `edge/device`. Empty: every device of every edge is judged; else only these.
  std::map<std::string, ScoredDevice, std::less<>> devices = {};
  /// Inputs named `rul` (the prediction), `anomaly` (the metric `anomaly/score` of the scan),
  /// `sensors` (share of good values in the window, 0 to 1), or like any numeric metric of the
  /// device. Empty: `default_fusion` of each model.
  std::optional<FusionSpec> fusion = {};
  /// By model name, in the unit of its target: a remaining life below it is flagged. Absent:
  /// a fifth of `target_max`.
  std::map<std::string, double, std::less<>> flag_below = {};
  std::uint64_t reference_scans = 1000;  ///< for which a replaced version is kept; 0: none
};

/// Fusion of `rul`, `anomaly` and `sensors`: at the flag limit remaining life alone takes a healthy
/// asset to `watch`, at two thirds of it to `bad`.
FusionSpec default_fusion(double flag_below, double target_max);

/// Bytes that `GatewayScorer::activate` takes in place of a bundle: the model of that name is in
/// force no more.
Bytes withdrawal_of(std::string_view model);

struct Eye;  // gateway_scorer_parts.hpp

class GatewayScorer final : public gateway::Scorer {
 public:
  /// `runtime` (may be null) and `log` outlive it. invalid_input: a fusion with problems.
  static Result<std::unique_ptr<GatewayScorer>> create(GatewayScorerOptions options,
                                                       OnnxRuntime* runtime, Log& log);
  ~GatewayScorer() override;

  void on_schema(const ontology::DeviceSchema& schema) override;
  void process(const gateway::ScorerInput& input, std::vector<gateway::DerivedScan>& out) override;
  void save(Bytes& out) const override;
  Result<void> load(ByteView state) override;
  /// Also refused, with every problem: a bundle that does not fit the devices that options give it,
  /// or, where they give none, not one of the devices known.
  Result<void> activate(std::string_view digest, ByteView bundle) override;
  std::vector<std::string> active() const override;

  /// Of the models in force, in their order.
  std::vector<ModelCounters> counters() const;
  /// Models in force that our own trees execute because there is no runtime for their ONNX.
  std::uint64_t fallbacks() const;
  std::uint64_t scans_too_late() const { return scans_too_late_; }

 private:
  struct Slot;
  struct Device;
  struct Scan {
    std::int64_t ts_us = 0;
    bool counts = false;  ///< an input has a row; else only the state has
    std::vector<std::uint32_t> rows;
  };

  GatewayScorer(GatewayScorerOptions options, OnnxRuntime* runtime, Log& log);

  // gateway_scorer.cpp
  void collect(const Device& device, const ontology::Batch& batch);
  void judge(Device& device, const ontology::Batch& batch, const Scan& scan,
             std::vector<gateway::DerivedScan>& out);
  void judge_by(Slot& slot, Device& device, const ontology::Batch& batch, const Scan& scan,
                std::vector<gateway::DerivedScan>& out);
  void take_states(Device& device, const ontology::Batch& batch, const Scan& scan,
                   std::vector<gateway::DerivedScan>& out);
  void begin_after(Device& device, Timestamp from, Timestamp until, std::uint32_t input_row,
                   std::vector<gateway::DerivedScan>& out);
  bool judge_place(Device& device, const Scan& scan, std::vector<gateway::DerivedScan>& out);
  void set_answers(Slot& slot, Device& device, std::span<const FeatureRow> rows,
                   std::optional<Timestamp> counted);
  static void set_answer(const Slot& slot, JudgedScan& to, const RulAnswer& answer,
                         const FeatureRow* row);
  void emit_from(Device& device, std::size_t position, std::uint32_t input_row,
                 std::vector<gateway::DerivedScan>& out);
  std::optional<std::size_t> take_rows(Slot& slot, Device& device, const Pushed& pushed,
                                       JudgedScan scan);
  void count(Slot& slot, const RulAnswer& answer);
  void judge_by_reference(Slot& slot, Device& device, const ontology::Batch& batch,
                          const Scan& scan);
  void emit_nothing(const Device& device, Timestamp at, std::uint32_t input_row,
                    ontology::Reason reason, std::vector<gateway::DerivedScan>& out) const;
  void emit(const Device& device, const JudgedScan& judged, const Health& health,
            std::uint32_t input_row, std::vector<gateway::DerivedScan>& out) const;

  // gateway_scorer_models.cpp
  Result<void> withdraw(std::string_view model);
  Result<void> check_fit(const ServedModel& model) const;
  bool is_given(const Device& device, std::string_view model) const;
  void put_in_force(std::unique_ptr<ServedModel> model);
  void bind(Device& device);
  void bind_reference(Device& device);
  static void open_window(const Device& device, Eye& eye, const FeatureSpec& spec);
  static void keep_texts(Device& device, const ontology::Batch& batch);
  static void bind_readings(Device& device, std::span<const OfferedSignal> offered);
  void name_asset(Device& device);
  double flag_limit(const Bundle& bundle) const;
  FusionSpec fusion_of(const Bundle& bundle) const;
  std::shared_ptr<const gateway::DerivedForm> form_of(const Device& device) const;
  void drop_reference(Slot& slot);

  // gateway_scorer_state.cpp
  void forget();
  Result<void> read_state(ByteView state);
  Result<void> read_slots(ByteReader& in);
  Result<void> read_device(ByteReader& in, std::uint8_t version);

  GatewayScorerOptions options_;
  OnnxRuntime* runtime_;
  Log* log_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::map<std::string, std::unique_ptr<Device>, std::less<>> devices_;  ///< by address
  std::map<std::string, std::string, std::less<>> assets_;               ///< to the address
  std::uint64_t scans_too_late_ = 0;
  // Of one call.
  std::vector<Scan> scans_;
  std::size_t scan_count_ = 0;
  std::vector<double> values_;
  std::vector<ontology::Quality> qualities_;
  std::vector<RulAnswer> answers_;
};

}  // namespace millwright::models
