// The port through which models come to a gateway: from messages of edges' devices to derived
// scans. What stands behind it (inference, fusion, orchestration) is of later folders; here it is
// only hosted (tier_two.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "ontology/custody.hpp"
#include "ontology/provenance.hpp"
#include "wire/sparkplug/session.hpp"

namespace millwright::gateway {

/// One message of one device of an edge, in the producer's sequence; times to the microsecond,
/// qualities with their reasons. Row i is sample `range.first + i`. Lent for the call.
struct ScorerInput {
  const ontology::DeviceSchema& schema;
  const ontology::Batch& batch;
  ontology::SequenceRange range;
  sparkplug::DataClass data_class = sparkplug::DataClass::live;
};

/// What derived scans of one kind look like: the device under the gateway's own id, its metrics by
/// slot, and the recipes that rows name by number. Make one and share it between scans: the host
/// prepares each form once. A changed model is a new form with new recipes.
struct DerivedForm {
  std::string device;  ///< a valid id: without a colon, which separates the devices of edges
  std::vector<ontology::MetricDefinition> metrics;
  /// `Row::provenance` is n for recipes[n - 1]. `producer` is filled in by the host, and `inputs`
  /// is completed by what delivered them (tier_two.hpp).
  std::vector<ontology::Recipe> recipes;
};

/// What follows from one input scan: rows of one event time, in the order of their slots.
struct DerivedScan {
  std::shared_ptr<const DerivedForm> form;
  ontology::Batch batch;
  std::uint32_t input_row = 0;  ///< last row of the input that was used: the watermark
};

/// Deterministic: equal states and equal inputs give equal scans, bit for bit, without clock and
/// chance. After a crash the host feeds inputs again and relies on it. Lives on the gateway's
/// executor; late and historical input comes like any other.
class Scorer {
 public:
  virtual ~Scorer() = default;
  /// The schema of a device, before its first input and before the first one of a changed schema.
  virtual void on_schema(const ontology::DeviceSchema& schema) = 0;
  /// Appends what follows from the input, in the order of its scans. A scan that cannot be judged
  /// has a row that says so (bad quality), so that each scan has one verdict.
  virtual void process(const ScorerInput& input, std::vector<DerivedScan>& out) = 0;

  /// All state between two inputs, without models: those are activated again before `load`.
  virtual void save(Bytes& out) const = 0;
  /// After `on_schema` of every known device. On an error the scorer is as new.
  virtual Result<void> load(ByteView state) = 0;

  /// Puts a model in force from the next scan on. `digest`: SHA-256 of `bundle`, hex. An
  /// error: the models in force stay.
  virtual Result<void> activate(std::string_view digest, ByteView bundle) = 0;
  /// Digests of the models in force, in the order in which they are to be activated again.
  virtual std::vector<std::string> active() const = 0;
};

}  // namespace millwright::gateway
