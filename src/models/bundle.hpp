// A trained model as one content-addressed artifact: what it needs, how it came about, how good it
// was on data it had not seen, and the numbers that score. Decoding needs no library of training
// or of any foreign runtime, so that an edge can do it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/features.hpp"
#include "models/interval_table.hpp"
#include "models/pca_monitor.hpp"
#include "models/training.hpp"
#include "models/tree_ensemble.hpp"

namespace millwright::models {

enum class ModelKind : std::uint8_t {
  rul,  ///< remaining life by trees, with an interval
  pca,  ///< anomaly by principal components
};
std::string_view kind_name(ModelKind kind);
std::optional<ModelKind> parse_kind(std::string_view name);

/// How a model came about, for its card and for whoever approves it.
struct Training {
  Timestamp at;
  Digest data;  ///< FeatureMatrix::digest() of what it was trained on
  std::uint64_t rows = 0;
  std::uint64_t groups = 0;  ///< physical units
  std::uint64_t seed = 0;
  catalog::Node parameters = catalog::Node::make_map();  ///< the hyper-parameters chosen
  std::map<std::string, double> metrics;                 ///< `cv_rmse`, `cv_bias`, …; finite
  std::string trained_by;                                ///< program and version
  /// The query that gave the rows and the revision that it is about; empty: not from a historian.
  std::string query;
  std::uint64_t as_of = 0;
};

struct Bundle {
  std::string name;           ///< of the Model resource
  std::uint32_t version = 1;  ///< from 1
  ModelKind kind = ModelKind::pca;
  FeatureSpec features;
  std::vector<std::string> units;  ///< UCUM, one an input of `features`
  std::string target;              ///< what a prediction means; empty for pca
  std::string target_unit;         ///< UCUM; empty for pca
  double target_max = 0;           ///< predictions are cut to [0, target_max]; 0 for pca
  Training training;
  std::string intended_use;  ///< a sentence or two for the card
  std::string limits;        ///< where it must not be trusted

  std::optional<IntervalTable> intervals;  ///< rul
  std::optional<TreeEnsemble> trees;       ///< rul
  std::optional<PcaMonitor> pca;           ///< pca
  Bytes onnx;                              ///< the same model in ONNX; may be empty

  /// Every defect; empty when it can be encoded. What decodes has none.
  std::vector<Problem> problems() const;
  /// The model card: everything above but the numbers that score. Its canonical JSON is the
  /// manifest of the encoded bundle.
  catalog::Node card() const;
};

/// Format 1: magic, version, manifest, sections, checksum. The same bundle gives the same bytes,
/// and SHA-256 of them is its address. The bundle must have no problems.
Bytes encode(const Bundle& bundle);
/// corrupt (cut, changed, or a manifest that does not fit its sections, with every problem),
/// unsupported_version. Bounded by the size of `bytes`.
Result<Bundle> decode_bundle(ByteView bytes);
/// Address of an encoded bundle.
inline Digest bundle_digest(ByteView bytes) {
  return sha256(bytes);
}
/// `name@N:digest`, as recipes name a model version.
std::string version_text(std::string_view name, std::uint32_t version, const Digest& digest);

/// A signal as an asset or device offers it.
struct OfferedSignal {
  std::string name;
  std::string unit;  ///< UCUM
  bool numeric = true;
};
/// How the value of one signal becomes the input of a model: value × factor + offset.
struct InputConversion {
  std::size_t signal = 0;  ///< index of the offered signal
  double factor = 1;
  double offset = 0;

  bool operator==(const InputConversion&) const = default;
};
/// One conversion an input, when every input of the model is offered in a unit that converts.
/// Otherwise refused, with every problem: the input, what was expected, the nearest name, the
/// remedy. `offered_by` names the asset or device in the message.
Result<std::vector<InputConversion>> match_inputs(const Bundle& bundle,
                                                  std::span<const OfferedSignal> offered,
                                                  std::string_view offered_by);

}  // namespace millwright::models
