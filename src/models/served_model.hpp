// One rul bundle in force at a gateway, with what executes it. Internal to the gateway's scorer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "models/bundle.hpp"
#include "models/onnx.hpp"

namespace millwright::models {

/// A remaining life in the unit of the target.
struct RulAnswer {
  double value = 0;
  double low = 0;
  double high = 0;
  bool has_value = false;
  ontology::Quality quality;

  bool operator==(const RulAnswer&) const = default;
  static RulAnswer nothing(ontology::Reason reason) {
    return {0, 0, 0, false, ontology::Quality::bad(reason)};
  }
};

class ServedModel {
 public:
  /// `runtime` may be null: then a bundle with ONNX is executed by our own trees, which is said and
  /// `falls_back`. Errors: of decode_bundle; invalid_input for another kind; of the runtime.
  static Result<std::unique_ptr<ServedModel>> load(std::string_view digest, ByteView bundle,
                                                   OnnxRuntime* runtime, Log& log);

  const Bundle& bundle() const { return bundle_; }
  const std::string& id() const { return id_; }  ///< `name@N:digest`
  const std::string& digest() const { return digest_; }
  bool falls_back() const { return falls_back_; }

  /// One answer a row: bad:failure when the runtime fails, bad:out_of_range for what is not finite
  /// or lies beyond the target's range by more than a tenth of it; else cut to the range.
  void answer(std::span<const FeatureRow> rows, std::vector<RulAnswer>& out);

 private:
  ServedModel() = default;
  RulAnswer answer_of(double prediction) const;

  Bundle bundle_;
  std::string id_;
  std::string digest_;
  std::unique_ptr<Runner> runner_;
  bool falls_back_ = false;
  std::vector<float> values_;  // of one call
};

}  // namespace millwright::models
