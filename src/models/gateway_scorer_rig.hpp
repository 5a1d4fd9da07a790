// Messages of an edge's devices and what a scorer makes of them.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "models/bundle_rig.hpp"
#include "models/gateway_scorer.hpp"

namespace millwright::models {

/// Keeps what is said.
class ScorerLog final : public Log {
 public:
  void write(Severity severity, std::string_view, std::string_view message) override {
    if (severity >= Severity::warning) lines.emplace_back(message);
  }
  std::vector<std::string> lines;
};

inline ontology::DeviceSchema engine_schema(std::string edge = "edge-1",
                                            std::string device = "engine-1") {
  using enum ontology::DataType;
  return {{"site-a", std::move(edge), std::move(device)},
          {{"P30", float64, "[psi]"},
           {"T30", float64, "[degR]"},
           {"anomaly/score", float64, "1"},
           {"state", string, ""},
           {"P30/mean_1m", float64, "[psi]"}}};
}

inline Timestamp scan_at(int scan) {
  return {1'790'000'000'000'000 + scan * 1'000'000LL};
}

struct EngineScan {
  int number = 0;
  double p30 = 553;
  double t30 = 1580;
  double anomaly = 0.1;
  ontology::Quality p30_quality = {};
  std::string state = {};  ///< empty: no row of it
};

inline ontology::Row row_at(int scan, std::uint32_t slot) {
  ontology::Row row;
  row.ts_us = scan_at(scan).us;
  row.slot = slot;
  return row;
}

/// The rows of a scan, in one message or behind those of others.
inline void add_scan(ontology::Batch& batch, const EngineScan& scan) {
  const double values[] = {scan.p30, scan.t30, scan.anomaly};
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    ontology::Row row = row_at(scan.number, slot);
    row.set_f64(values[slot]);
    if (slot == 0) row.quality = scan.p30_quality;
    batch.rows.push_back(row);
  }
  if (scan.state.empty()) return;
  ontology::Row row = row_at(scan.number, 3);
  batch.set_payload(row, scan.state);
  batch.rows.push_back(row);
}
/// A message of the state alone.
inline ontology::Batch state_alone(int number, std::string_view state) {
  ontology::Batch batch;
  batch.rows.push_back(row_at(number, 3));
  batch.set_payload(batch.rows.back(), state);
  return batch;
}

/// A bundle that rises by 20 when P30 falls no more; executed by our own trees.
inline Bundle trees_bundle(std::uint32_t version = 3, float base = 60) {
  Bundle bundle = rul_bundle();
  bundle.version = version;
  bundle.onnx.clear();
  bundle.trees->base = base;
  return bundle;
}

/// The same, that judges only while the engine runs.
inline Bundle running_bundle(std::uint32_t version = 3) {
  Bundle bundle = trees_bundle(version);
  bundle.features.scope = {.signal = "state", .is = {"running"}};
  return bundle;
}

struct ScorerRig {
  explicit ScorerRig(GatewayScorerOptions options = {}, OnnxRuntime* runtime = nullptr)
      : scorer(GatewayScorer::create(std::move(options), runtime, log).value()) {}

  std::vector<gateway::DerivedScan> send(const ontology::Batch& batch,
                                         const ontology::DeviceSchema& schema = engine_schema()) {
    std::vector<gateway::DerivedScan> out;
    scorer->process({schema, batch, {1, 0, batch.size()}, sparkplug::DataClass::live}, out);
    return out;
  }
  std::vector<gateway::DerivedScan> send(const EngineScan& scan,
                                         const ontology::DeviceSchema& schema = engine_schema()) {
    ontology::Batch batch;
    add_scan(batch, scan);
    return send(batch, schema);
  }
  Result<void> activate(const Bundle& bundle) {
    const Bytes bytes = encode(bundle);
    return scorer->activate(bundle_digest(bytes).hex(), bytes);
  }

  ScorerLog log;
  std::unique_ptr<GatewayScorer> scorer;
};

inline const ontology::Row& row_named(const gateway::DerivedScan& scan, std::string_view metric) {
  for (const auto& row : scan.batch.rows) {
    if (scan.form->metrics[row.slot].name == metric) return row;
  }
  broken_invariant("no such metric", __FILE__, __LINE__);
}

/// Whether a verdict says of everything that there is none, for that reason.
inline bool says_nothing(const gateway::DerivedScan& scan, ontology::Reason reason) {
  return std::ranges::all_of(scan.batch.rows, [&](const ontology::Row& row) {
    return row.is_null && row.quality == ontology::Quality::bad(reason);
  });
}

/// What leaves, with what the rows mean.
inline std::string text_of(const std::vector<gateway::DerivedScan>& scans) {
  std::string out;
  for (const auto& scan : scans) {
    out += scan.form->device + " " + std::to_string(scan.input_row);
    for (const auto& row : scan.batch.rows) {
      out += " " + scan.form->metrics[row.slot].name + "=" +
             (row.is_null ? "null" : std::to_string(row.bits)) + to_text(row.quality) +
             std::to_string(row.ts_us) + scan.form->recipes[row.provenance - 1].canonical();
    }
    out += "\n";
  }
  return out;
}

}  // namespace millwright::models
