#include "models/gateway_scorer.hpp"

#include <algorithm>

#include "models/gateway_scorer_parts.hpp"

namespace millwright::models {
namespace {

using ontology::Batch;
using ontology::Column;
using ontology::MetricDefinition;
using ontology::Quality;
using ontology::Reason;
using ontology::Row;

/// Recipes of a form (gateway_scorer_models.cpp).
constexpr std::uint32_t rul_recipe = 1;
constexpr std::uint32_t health_recipe = 2;
constexpr std::uint32_t rul_metrics = 3;

std::optional<double> number_of(const Row& row, const MetricDefinition& metric) {
  if (row.is_null) return std::nullopt;
  switch (ontology::column_of(metric.datatype)) {
    case Column::f64:
      return row.f64();
    case Column::i64:
      return metric.datatype == ontology::DataType::uint64 ? static_cast<double>(row.bits)
                                                           : static_cast<double>(row.i64());
    default:
      return std::nullopt;
  }
}

/// The last row of a metric in a scan, or null.
const Row* row_of(const Batch& batch, const std::vector<std::uint32_t>& rows, std::uint32_t slot) {
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (batch.rows[*row].slot == slot) return &batch.rows[*row];
  }
  return nullptr;
}

Row row_at(Timestamp at, std::uint32_t slot) {
  return {.ts_us = at.us,
          .bits = 0,
          .slot = slot,
          .provenance = slot < rul_metrics ? rul_recipe : health_recipe,
          .quality = {},
          .is_null = false};
}

void add(Batch& batch, Timestamp at, double value, bool has_value, Quality quality) {
  Row row = row_at(at, static_cast<std::uint32_t>(batch.rows.size()));
  row.quality = quality;
  row.is_null = !has_value;
  if (has_value) row.set_f64(value);
  batch.rows.push_back(row);
}

Quality quality_of(const Health& health) {
  if (health.confidence <= 0) return Quality::bad(Reason::bad_input);
  if (health.state == HealthState::unknown) return Quality::uncertain(Reason::bad_input);
  const auto is_good = [](const Contribution& part) { return part.quality.is_good(); };
  return std::ranges::all_of(health.by, is_good) ? Quality::good()
                                                 : Quality::uncertain(Reason::bad_input);
}

/// Remarks of the window on what the model answered.
void add_remarks(RulAnswer& answer, const FeatureRow& row, std::uint64_t number,
                 const FeatureSpec& spec) {
  if (row.missing == spec.inputs.size()) {
    answer = RulAnswer::nothing(Reason::bad_input);
  } else if (answer.quality.is_bad()) {
    return;
  } else if (row.confidence < 1) {
    answer.quality = Quality::uncertain(Reason::bad_input);
  } else if (number < spec.longest_window()) {
    answer.quality = Quality::uncertain(Reason::incomplete_window);
  }
}

/// Values and qualities of a model's inputs in a scan.
void read_inputs(const Eye& eye, const ontology::DeviceSchema& schema, const Batch& batch,
                 const std::vector<std::uint32_t>& rows, std::vector<double>& values,
                 std::vector<Quality>& qualities) {
  values.clear();
  qualities.clear();
  for (const InputConversion& conversion : eye.sight.inputs) {
    const auto slot = static_cast<std::uint32_t>(conversion.signal);
    const Row* row = row_of(batch, rows, slot);
    const auto value = row == nullptr ? std::nullopt : number_of(*row, schema.metrics[slot]);
    values.push_back(value.value_or(0) * conversion.factor + conversion.offset);
    qualities.push_back(value ? row->quality : Quality::bad(Reason::missing));
  }
}

double share_of_good(const std::vector<Quality>& qualities) {
  double worth = 0;
  for (const Quality quality : qualities) {
    worth += quality.is_bad() ? 0 : quality.is_good() ? 1 : 0.5;
  }
  return worth / static_cast<double>(qualities.size());
}

}  // namespace

void GatewayScorer::process(const gateway::ScorerInput& input,
                            std::vector<gateway::DerivedScan>& out) {
  const auto found = devices_.find(input.schema.address.text());
  if (found == devices_.end() || !found->second->judged) return;
  Device& device = *found->second;
  collect(device, input.batch);
  for (std::size_t i = 0; i < scan_count_; ++i) {
    take_states(device, input.batch, scans_[i], out);
    if (scans_[i].counts) judge(device, input.batch, scans_[i], out);
  }
  keep_texts(device, input.batch);
}

/// Groups the rows of a message by event time, in the order of their first row.
void GatewayScorer::collect(const Device& device, const Batch& batch) {
  scan_count_ = 0;
  for (std::uint32_t i = 0; i < batch.rows.size(); ++i) {
    const Row& row = batch.rows[i];
    std::size_t place = scan_count_;
    while (place > 0 && scans_[place - 1].ts_us != row.ts_us) --place;
    if (place == 0) {
      if (scan_count_ == scans_.size()) scans_.emplace_back();
      scans_[scan_count_].ts_us = row.ts_us;
      scans_[scan_count_].rows.clear();
      place = ++scan_count_;
    }
    scans_[place - 1].rows.push_back(i);
  }
  // Times at which no input was read (an aggregate's, a trigger's) are no scans; those of a state
  // alone say what it was from then on.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < scan_count_; ++i) {
    scans_[i].counts = std::ranges::any_of(scans_[i].rows, [&](std::uint32_t row) {
      return batch.rows[row].slot < device.counts.size() && device.counts[batch.rows[row].slot];
    });
    const bool tells = std::ranges::any_of(scans_[i].rows, [&](std::uint32_t row) {
      const std::optional slot(batch.rows[row].slot);
      return slot == device.current.sight.state || slot == device.reference.sight.state;
    });
    if (!scans_[i].counts && !tells) continue;
    if (kept != i) std::swap(scans_[kept], scans_[i]);
    ++kept;
  }
  scan_count_ = kept;
}

/// What the state was at the time of a scan, and what that changes for scans judged before.
void GatewayScorer::take_states(Device& device, const Batch& batch, const Scan& scan,
                                std::vector<gateway::DerivedScan>& out) {
  for (Eye* eye : {&device.current, &device.reference}) {
    if (!eye->track || !eye->window || !eye->sight.state) continue;
    const Row* row = row_of(batch, scan.rows, *eye->sight.state);
    if (row == nullptr) continue;
    std::optional<std::string_view> state;
    if (!row->is_null && !row->quality.is_bad()) state = batch.payload(*row);
    const auto until = eye->track->put({scan.ts_us}, state);
    if (!until) continue;
    if (eye == &device.reference) {
      (void)eye->window->begin_after(*until);
    } else {
      // The scan itself has its verdict when it is judged.
      const Timestamp from{scan.counts ? scan.ts_us + 1 : scan.ts_us};
      begin_after(device, from, *until, scan.rows.back(), out);
    }
  }
}

/// Scans up to `until` count no more. Those since `from` were taken for inside until now: they have
/// their verdict anew, and so does what is left.
void GatewayScorer::begin_after(Device& device, Timestamp from, Timestamp until,
                                std::uint32_t input_row, std::vector<gateway::DerivedScan>& out) {
  AssetHistory& history = *device.history;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Timestamp at = history.scan(i).at;
    if (at >= from && at <= until)
      emit_nothing(device, at, input_row, Reason::out_of_specification, out);
  }
  const std::size_t before = history.size();
  const auto rows = device.current.window->begin_after(until);
  history.begin_after(until);
  if (history.size() == 0 || history.size() == before) return;
  // Of one whose inputs came from before, there is nothing left to say.
  for (std::size_t i = 0; i < history.size(); ++i) {
    set_answer(*device.slot, *history.find(history.scan(i).at),
               RulAnswer::nothing(Reason::bad_input), nullptr);
  }
  set_answers(*device.slot, device, rows, {});
  emit_from(device, 0, input_row, out);
}

/// False: the scan is not judged, and has its verdict.
bool GatewayScorer::judge_place(Device& device, const Scan& scan,
                                std::vector<gateway::DerivedScan>& out) {
  using enum ontology::StateTrack::Place;
  if (!device.current.track) return true;
  const auto place = device.current.track->take({scan.ts_us});
  if (place == inside) return true;
  if (place == gone) ++scans_too_late_;
  emit_nothing(device, {scan.ts_us}, scan.rows.back(),
               place == gone ? Reason::incomplete_window : Reason::out_of_specification, out);
  return false;
}

void GatewayScorer::judge(Device& device, const Batch& batch, const Scan& scan,
                          std::vector<gateway::DerivedScan>& out) {
  if (device.slot == nullptr) {
    return emit_nothing(device, {scan.ts_us}, scan.rows.back(), Reason::function_check, out);
  }
  if (!judge_place(device, scan, out)) return judge_by_reference(*device.slot, device, batch, scan);
  judge_by(*device.slot, device, batch, scan, out);
}

void GatewayScorer::judge_by(Slot& slot, Device& device, const Batch& batch, const Scan& scan,
                             std::vector<gateway::DerivedScan>& out) {
  const Timestamp at{scan.ts_us};
  AssetHistory& history = *device.history;
  read_inputs(device.current, device.schema, batch, scan.rows, values_, qualities_);
  const auto pushed =
      device.current.window->push({.at = at, .values = values_, .quality = qualities_});
  MILLWRIGHT_ASSERT(pushed.has_value());
  if (pushed->taken == Taken::too_late || !history.takes(at)) {
    ++scans_too_late_;
    return emit_nothing(device, at, scan.rows.back(), Reason::incomplete_window, out);
  }
  JudgedScan judged{.at = at, .rul = RulAnswer::nothing(Reason::bad_input), .readings = {}};
  for (std::size_t i = 0; i < device.readings.size(); ++i) {
    Reading reading{.value = {}, .quality = Quality::bad(Reason::missing)};
    if (const auto metric = device.readings[i]) {
      const Row* row = row_of(batch, scan.rows, *metric);
      if (row != nullptr) {
        reading = {number_of(*row, device.schema.metrics[*metric]), row->quality};
      }
    } else if (slot.fusion.inputs[i].name == "sensors") {
      reading = {share_of_good(qualities_), Quality::good()};
    }
    judged.readings.push_back(reading);
  }
  const auto from = take_rows(slot, device, *pushed, std::move(judged));
  if (pushed->taken != Taken::repeated) judge_by_reference(slot, device, batch, scan);
  if (!from) return;
  emit_from(device, *from, scan.rows.back(), out);
  history.trim(device.current.window->spec().scans_kept());
}

void GatewayScorer::emit_from(Device& device, std::size_t position, std::uint32_t input_row,
                              std::vector<gateway::DerivedScan>& out) {
  const auto health = device.history->health_from(position);
  for (std::size_t i = 0; i < health.size(); ++i) {
    emit(device, device.history->scan(position + i), health[i], input_row, out);
  }
}

/// What the model says of rows of the window; that of the scan at `counted` counts.
void GatewayScorer::set_answers(Slot& slot, Device& device, std::span<const FeatureRow> rows,
                                std::optional<Timestamp> counted) {
  const FeatureSpec& spec = device.current.window->spec();
  const std::uint64_t scans = device.current.window->scans();
  slot.current->answer(rows, answers_);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const FeatureRow& row = rows[i];
    if (row.at == counted) count(slot, answers_[i]);
    add_remarks(answers_[i], row, scans - (rows.size() - 1 - i), spec);
    if (JudgedScan* known = device.history->find(row.at))
      set_answer(slot, *known, answers_[i], &row);
  }
}

void GatewayScorer::set_answer(const Slot& slot, JudgedScan& to, const RulAnswer& answer,
                               const FeatureRow* row) {
  to.rul = answer;
  for (std::size_t i = 0; i < to.readings.size(); ++i) {
    const std::string& name = slot.fusion.inputs[i].name;
    if (name == "rul") {
      to.readings[i].quality = answer.quality;
      to.readings[i].value.reset();
      if (answer.has_value) to.readings[i].value = answer.value;
    } else if (name == "sensors" && row != nullptr) {
      to.readings[i].value = row->confidence;
    }
  }
}

/// Puts the scan and what the model says of it and of later ones into the history. Gives the
/// position of the first scan that changed; none when nothing did.
std::optional<std::size_t> GatewayScorer::take_rows(Slot& slot, Device& device,
                                                    const Pushed& pushed, JudgedScan scan) {
  AssetHistory& history = *device.history;
  const Timestamp at = scan.at;
  if (pushed.taken == Taken::repeated) {
    const JudgedScan* known = history.find(at);
    if (known == nullptr) return std::nullopt;
    // The same inputs; the edge's verdict on them may be another one.
    for (std::size_t i = 0; i < scan.readings.size(); ++i) {
      if (!device.readings[i]) scan.readings[i] = known->readings[i];
    }
    scan.rul = known->rul;
    const bool same = std::ranges::equal(scan.readings, known->readings, [](auto& a, auto& b) {
      return a.value == b.value && a.quality == b.quality;
    });
    if (same) return std::nullopt;
    return history.put(std::move(scan));
  }
  const RulAnswer nothing = scan.rul;
  set_answer(slot, scan, nothing, nullptr);
  const std::size_t position = history.put(std::move(scan));
  set_answers(slot, device, pushed.rows, at);
  return position;
}

void GatewayScorer::count(Slot& slot, const RulAnswer& answer) {
  if (answer.quality.reason() == Reason::failure) {
    ++slot.counters.errors;
    if (slot.counters.errors == 1) {
      log_->error("models", slot.current->id() + ": the runtime gave no prediction");
    }
  } else if (answer.quality.is_bad()) {
    ++slot.counters.invalid;
    if (slot.counters.invalid == 1) {
      log_->error("models", slot.current->id() + ": a prediction is no number or out of range");
    }
  } else {
    ++slot.counters.scored;
    if (answer.value < slot.flag_below) ++slot.counters.flagged;
  }
}

/// The version before judges the same scan; what it says is only counted.
void GatewayScorer::judge_by_reference(Slot& slot, Device& device, const Batch& batch,
                                       const Scan& scan) {
  if (!slot.reference || !device.reference.window) return;
  auto& track = device.reference.track;
  if (track && track->take({scan.ts_us}) != ontology::StateTrack::Place::inside) return;
  read_inputs(device.reference, device.schema, batch, scan.rows, values_, qualities_);
  const auto pushed =
      device.reference.window->push({.at = {scan.ts_us}, .values = values_, .quality = qualities_});
  MILLWRIGHT_ASSERT(pushed.has_value());
  if (pushed->rows.empty() || pushed->rows.front().at.us != scan.ts_us) return;
  slot.reference->answer(std::span(pushed->rows).first(1), answers_);
  if (!answers_.front().quality.is_bad()) {
    ++slot.counters.reference_scored;
    if (answers_.front().value < slot.flag_below) ++slot.counters.reference_flagged;
  }
  if (--slot.reference_left == 0) drop_reference(slot);
}

void GatewayScorer::emit_nothing(const Device& device, Timestamp at, std::uint32_t input_row,
                                 Reason reason, std::vector<gateway::DerivedScan>& out) const {
  gateway::DerivedScan derived{device.form, {}, input_row};
  for (std::size_t i = 0; i < device.form->metrics.size(); ++i) {
    add(derived.batch, at, 0, false, Quality::bad(reason));
  }
  out.push_back(std::move(derived));
}

void GatewayScorer::emit(const Device& device, const JudgedScan& judged, const Health& health,
                         std::uint32_t input_row, std::vector<gateway::DerivedScan>& out) const {
  gateway::DerivedScan derived{device.form, {}, input_row};
  Batch& batch = derived.batch;
  batch.rows.reserve(device.form->metrics.size());
  for (const double value : {judged.rul.value, judged.rul.low, judged.rul.high}) {
    add(batch, judged.at, value, judged.rul.has_value, judged.rul.quality);
  }
  const Quality quality = quality_of(health);
  const bool has_health = !quality.is_bad();
  add(batch, judged.at, health.health, has_health, quality);
  add(batch, judged.at, health.confidence, true, Quality::good());
  Row state = row_at(judged.at, static_cast<std::uint32_t>(batch.rows.size()));
  state.quality = quality;
  batch.set_payload(state, health_state_name(health.state));
  batch.rows.push_back(state);
  for (const Contribution& part : health.by) {
    add(batch, judged.at, part.part, has_health, quality);
  }
  out.push_back(std::move(derived));
}

}  // namespace millwright::models
