// The port through which models come into pipelines: one scan of a device in, its verdict out. What
// stands behind it (tiny models of tier 1) is of a later folder.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ontology/address.hpp"
#include "ontology/quality.hpp"
#include "ontology/state_track.hpp"

namespace millwright::pipeline {

/// One number of a scan. An input that did not come has no value and is bad:missing.
struct ModelValue {
  double value = 0;  ///< finite where there is one; of a boolean 0 or 1
  bool has_value = false;
  ontology::Quality quality;

  bool operator==(const ModelValue&) const = default;
};

/// One instance judges one device. Deterministic, without clock; lives on the edge's executor.
class StageModel {
 public:
  virtual ~StageModel() = default;
  /// name@version:digest; goes into the recipe of what it gives.
  virtual std::string id() const = 0;
  /// Whether it can take these inputs, in the order in which `score` will be given them, and give
  /// these outputs. `invalid_input` lists what does not fit. Called once, before anything else.
  virtual Result<void> bind(std::span<const ontology::MetricDefinition> inputs,
                            std::span<const ontology::MetricDefinition> outputs) = 0;
  /// Whether it was made for this scope, which the stage keeps to: outside it is asked nothing.
  virtual Result<void> check_scope(const std::optional<ontology::StateScope>&) const { return {}; }
  /// The verdict on one scan. Fills every output: of bad or missing inputs uncertain:bad_input, or
  /// no value and bad, as the model can do.
  virtual void score(Timestamp at, std::span<const ModelValue> inputs,
                     std::span<ModelValue> outputs) = 0;

  /// False: the rest is never called.
  virtual bool holds_state() const { return false; }
  virtual void reset() {}
  /// Forgets the scans up to that time: what follows is another life of the machine.
  virtual void begin_after(Timestamp) { reset(); }
  virtual void save(ByteWriter&) const {}
  virtual bool load(ByteReader&) { return true; }
};

/// Makes instances of one model version. Called on the edge's executor.
using StageModelFactory = std::function<Result<std::unique_ptr<StageModel>>()>;

}  // namespace millwright::pipeline
