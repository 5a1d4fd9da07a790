// Engine test-001 with its edge and its gateway, as they store scans and verdicts: for tests that
// walk a verdict back. The models see what `scan` gives; what is stored may be made to differ.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ontology/provenance.hpp"
#include "stewardship/office_rig.hpp"

namespace millwright::stewardship {

struct PlantRig {
  /// With a scope the device has a text `state` too.
  PlantRig(OfficeRig& office_rig, historian::TestHistorian& stored,
           const std::optional<ontology::StateScope>& scope = {})
      : rig(office_rig), h(stored) {
    if (scope) {
      life.features.scope = anomaly.features.scope = scope;
      life_window = models::FeatureWindow(life.features);
      anomaly_window = models::FeatureWindow(anomaly.features);
      track.emplace(*scope, life.features.scans_kept());
    }
    const Bytes life_bytes = models::encode(life), anomaly_bytes = models::encode(anomaly);
    life_id = models::version_text(life.name, life.version, sha256(life_bytes));
    anomaly_id = models::version_text(anomaly.name, anomaly.version, sha256(anomaly_bytes));
    ontology::DeviceSchema device{{"site-a", "edge-a1", "test-001"}, {}};
    for (std::size_t i = 0; i < engine_inputs().size(); ++i)
      device.metrics.push_back(
          {engine_inputs()[i], ontology::DataType::float64, engine_units()[i]});
    device.metrics.push_back({"anomaly/t2", ontology::DataType::float64, "1"});
    device.metrics.push_back({"anomaly/score", ontology::DataType::float64, "1"});
    if (scope) device.metrics.push_back({scope->signal, ontology::DataType::string, ""});
    edge_series = *h->define(device);
    gateway_series = *h->define({{"site-a", "gateway-a", "test-001"},
                                 {{"rul", ontology::DataType::float64, "h"},
                                  {"rul/low", ontology::DataType::float64, "h"},
                                  {"health", ontology::DataType::float64, "1"},
                                  {"input/watermark", ontology::DataType::uint64, "{sample}"}}});
    number_recipes();
  }

  static Timestamp time_of(int scan) { return {1'767'225'600'000'000 + scan * 3'600'000'000LL}; }
  static double value_of(int scan, std::size_t input) {
    return 600 + static_cast<double>(input) + (scan >= 30 ? 50 : 0) +
           0.125 * static_cast<double>(scan % 3);
  }

  void number_recipes() {
    ontology::Recipe raw, judged, watermark, lives, healths;
    raw.producer = judged.producer = "site-a/edge-a1";
    for (const auto& resource : rig.resources) {
      if (resource.key.text() == "Pipeline/judge-a1")
        judged.pipeline = "judge-a1@1:" + catalog::digest_of(resource.spec).hex();
    }
    judged.model = anomaly_id;
    judged.inputs =
        fmt::format("{}; each scan scored by turbofan-anomaly", fmt::join(engine_inputs(), ", "));
    edge_recipes = {0, h->intern(raw.canonical()), h->intern(judged.canonical())};
    std::string names;
    for (const auto& input : engine_inputs())
      names += (names.empty() ? "" : ", ") + std::string("site-a/edge-a1/test-001/") + input;
    const std::string from =
        "as site-a/edge-a1 incarnation 0000000000000007 gave it, up to "
        "input/watermark";
    lives.producer = healths.producer = watermark.producer = "site-a/gateway-a";
    lives.model = healths.model = life_id;
    lives.inputs = names +
                   "; last, mean, slope, std of 5, 15, 30 scans; age; a bad value is "
                   "carried from the last usable one; " +
                   from;
    healths.inputs =
        "test-001/rul, site-a/edge-a1/test-001/anomaly/score, sensors; fused by abc; " + from;
    watermark.inputs = "sequence of the last input of site-a/edge-a1 incarnation 0000000000000007";
    gateway_recipes = {0, h->intern(lives.canonical()), h->intern(healths.canonical()),
                       h->intern(watermark.canonical())};
  }

  /// Stores one scan with the verdicts on it. `stored` takes the place of values of this scan in
  /// the store, by input; the models see `value_of`. `state`: told with this scan.
  void scan(int number, const std::map<std::size_t, double>& stored = {},
            const std::string& state = {}) {
    std::vector<double> seen;
    for (std::size_t i = 0; i < engine_inputs().size(); ++i) seen.push_back(value_of(number, i));
    ontology::Batch batch;
    const auto add = [&](std::uint32_t slot, double value, std::uint32_t recipe) {
      ontology::Row row;
      row.ts_us = time_of(number).us;
      row.slot = slot;
      row.provenance = recipe;
      row.set_f64(value);
      batch.rows.push_back(row);
    };
    if (!state.empty()) {
      add(static_cast<std::uint32_t>(seen.size()) + 2, 0, 1);
      batch.set_payload(batch.rows.back(), state);
      if (const auto until = track->put(time_of(number), state)) {
        (void)life_window.begin_after(*until);
        (void)anomaly_window.begin_after(*until);
      }
    }
    for (std::uint32_t i = 0; i < seen.size(); ++i)
      add(i, stored.contains(i) ? stored.at(i) : seen[i], 1);
    if (track && track->take(time_of(number)) != ontology::StateTrack::Place::inside)
      return give_nothing(batch, number);
    const auto judged = anomaly_window.push({.at = time_of(number), .values = seen, .quality = {}});
    const auto score = anomaly.pca->score(judged->rows.back().values);
    const auto first_verdict = static_cast<std::uint32_t>(seen.size());
    add(first_verdict, score.t2, 2);
    add(first_verdict + 1, score.score, 2);
    append(edge, edge_series, edge_recipes, batch, edge_next);

    const auto row = life_window.push({.at = time_of(number), .values = seen, .quality = {}});
    const double lived = models::predict_cut(*life.trees, row->rows.back().values, 125);
    batch = {};
    add(0, lived, 1);
    add(1, life.intervals->at(lived).low, 1);
    add(2, lived / 125, 2);
    add(3, 0, 3);
    batch.rows.back().set_i64(static_cast<std::int64_t>(edge_next - 1));
    append(gateway, gateway_series, gateway_recipes, batch, gateway_next);
    ASSERT_TRUE(h->commit());
    clock_step();
  }
  /// What edge and gateway say of a scan outside of the scope.
  void give_nothing(ontology::Batch& batch, int number) {
    const auto add = [&](ontology::Batch& to, std::uint32_t slot, std::uint32_t recipe) {
      ontology::Row row;
      row.ts_us = time_of(number).us;
      row.slot = slot;
      row.provenance = recipe;
      row.is_null = true;
      row.quality = ontology::Quality::bad(ontology::Reason::out_of_specification);
      to.rows.push_back(row);
    };
    const auto first = static_cast<std::uint32_t>(engine_inputs().size());
    add(batch, first, 2);
    add(batch, first + 1, 2);
    append(edge, edge_series, edge_recipes, batch, edge_next);
    ontology::Batch derived;
    add(derived, 0, 1);
    add(derived, 1, 1);
    add(derived, 2, 2);
    ontology::Row mark = derived.rows.back();
    mark.slot = mark.provenance = 3;
    mark.is_null = false;
    mark.quality = {};
    mark.set_i64(static_cast<std::int64_t>(edge_next - 1));
    derived.rows.push_back(mark);
    append(gateway, gateway_series, gateway_recipes, derived, gateway_next);
    ASSERT_TRUE(h->commit());
    clock_step();
  }
  /// A row of an input, late: the model judges nothing anew.
  void correct(int number, std::size_t input, double value) {
    ontology::Batch batch;
    ontology::Row row;
    row.ts_us = time_of(number).us;
    row.slot = static_cast<std::uint32_t>(input);
    row.provenance = 1;
    row.set_f64(value);
    batch.rows.push_back(row);
    append(edge, edge_series, edge_recipes, batch, edge_next);
    ASSERT_TRUE(h->commit());
  }
  void append(const historian::ProducerId& producer,
              const std::vector<historian::SeriesNumber>& series,
              const std::vector<historian::ProvenanceNumber>& recipes, const ontology::Batch& batch,
              historian::Sequence& next) {
    const auto done = h->append({series, recipes, &batch, &producer, 7, next, 0});
    ASSERT_TRUE(done) << done.error().text();
    next += batch.size();
  }
  void clock_step() { rig.clock.now = rig.clock.now + std::chrono::seconds(1); }

  OfficeRig& rig;
  historian::TestHistorian& h;
  models::Bundle life = life_bundle(), anomaly = anomaly_bundle();
  std::string life_id, anomaly_id;
  models::FeatureWindow life_window{life.features}, anomaly_window{anomaly.features};
  std::optional<ontology::StateTrack> track;
  historian::ProducerId edge{"site-a", "edge-a1"}, gateway{"site-a", "gateway-a"};
  std::vector<historian::SeriesNumber> edge_series, gateway_series;
  std::vector<historian::ProvenanceNumber> edge_recipes, gateway_recipes;
  historian::Sequence edge_next = 0, gateway_next = 0;
};

}  // namespace millwright::stewardship
