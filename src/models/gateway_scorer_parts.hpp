// What the files of the gateway's scorer share. Internal to them.
#pragma once

#include "models/gateway_scorer.hpp"

namespace millwright::models {

inline constexpr std::string_view anomaly_metric = "anomaly/score";

/// A model name, the version in force and, for a while, the one before.
struct GatewayScorer::Slot {
  std::string name;
  std::unique_ptr<ServedModel> current;
  std::unique_ptr<ServedModel> reference;
  std::uint64_t reference_left = 0;  ///< scans
  double flag_below = 0;
  FusionSpec fusion;
  ModelCounters counters;
};

/// What a bundle reads of a device. Refused, with every problem.
struct Sight {
  std::vector<InputConversion> inputs;
  std::optional<std::uint32_t> state;  ///< metric that the scope asks
};
Result<Sight> match_device(const Bundle& bundle, const ontology::DeviceSchema& schema);

/// What a metric of texts said last. Kept of every one, so that a model that comes later knows a
/// state that comes on change only.
struct LastText {
  Timestamp at;
  std::optional<std::string> text;  ///< none: bad, without value, or longer than a state is
};

/// How one version sees one device.
struct Eye {
  Sight sight;
  std::optional<FeatureWindow> window;
  std::optional<ontology::StateTrack> track;  ///< with a scope
};

struct GatewayScorer::Device {
  ontology::DeviceSchema schema;
  bool judged = true;
  std::string asset;
  std::string given_model;  ///< by options; may be empty
  Slot* slot = nullptr;     ///< that judges it; null: none does
  Eye current;
  Eye reference;
  std::vector<bool> counts;                                 ///< by metric: a row of it makes a scan
  std::vector<bool> texts;                                  ///< by metric: its rows are texts
  std::map<std::string, LastText, std::less<>> last_texts;  ///< by name of the metric
  /// By input of the fusion: the metric that is read; none for `rul` and `sensors`.
  std::vector<std::optional<std::uint32_t>> readings;
  std::optional<AssetHistory> history;
  std::shared_ptr<const gateway::DerivedForm> form;
};

/// The metrics of a schema as a model may use them.
std::vector<OfferedSignal> offered_by(const ontology::DeviceSchema& schema);

}  // namespace millwright::models
