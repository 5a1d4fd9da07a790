#include "fabric/pipeline/builder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format.hpp"

namespace millwright::pipeline {
namespace {

using ontology::Column;
using ontology::DataType;

std::string optional_text(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "-";
}

struct Describe {
  std::string operator()(const ScaleSpec& s) const {
    return fmt::format("scale {} {} {}", s.gain, s.offset, s.unit);
  }
  std::string operator()(const MedianSpec& s) const { return fmt::format("median {}", s.window); }
  std::string operator()(const AggregateSpec& s) const {
    std::string out = fmt::format("aggregate {} {} {} {}", s.window.count(), s.lateness.count(),
                                  s.count_expected, s.keep_input ? "keep" : "replace");
    for (const auto function : s.functions) out.append(" ").append(name_of(function));
    return out;
  }
  std::string operator()(const DeadbandSpec& s) const {
    return fmt::format("deadband {} {} {}", s.absolute, s.percent, s.silence_max.count());
  }
  std::string operator()(const FlagSpec& s) const {
    return fmt::format("flag {} {} {} {} {} {} {} {}", optional_text(s.low), optional_text(s.high),
                       optional_text(s.rate_max), s.stuck_after ? s.stuck_after->count() : -1,
                       s.stuck_tolerance, static_cast<int>(s.range_severity),
                       static_cast<int>(s.rate_severity), static_cast<int>(s.stuck_severity));
  }
  std::string operator()(const ScoreSpec& s) const {
    std::string out = fmt::format("score {}", s.model);
    for (const auto& output : s.outputs)
      out += fmt::format(" {}:{}:{}", output.name, static_cast<int>(output.datatype), output.unit);
    if (s.scope) out += fmt::format(" while {} kept {}", s.scope->text(), s.states_kept);
    return out;
  }
};

}  // namespace

bool is_numeric(DataType type) {
  const auto column = column_of(type);
  return type != DataType::unknown && type != DataType::boolean && type != DataType::datetime &&
         (column == Column::f64 || column == Column::i64);
}

std::string_view name_of(Function function) {
  switch (function) {
    case Function::mean:
      return "mean";
    case Function::min:
      return "min";
    case Function::max:
      return "max";
    case Function::count:
      return "count";
    case Function::stddev:
      return "stddev";
  }
  return "unknown";
}

std::optional<Function> parse_function(std::string_view name) {
  for (const auto function :
       {Function::mean, Function::min, Function::max, Function::count, Function::stddev}) {
    if (name_of(function) == name) return function;
  }
  return std::nullopt;
}

std::string description(const PipelineSpec& spec, const ontology::DeviceSchema& input) {
  std::string out;
  for (const auto& metric : input.metrics) {
    out += fmt::format("{}:{}:{}\n", metric.name, static_cast<int>(metric.datatype), metric.unit);
  }
  for (const auto& raw : spec.raw_kept) out += fmt::format("raw {}\n", raw);
  for (const auto& stage : spec.stages) {
    out += std::visit(Describe{}, stage);
    for (const auto& metric : std::visit([](const auto& s) { return s.metrics; }, stage)) {
      out.append(" @").append(metric);
    }
    out += '\n';
  }
  return out;
}

Builder::Builder(const PipelineSpec& spec, const ontology::DeviceSchema& input)
    : spec_(spec), input_slots_(static_cast<std::uint32_t>(input.metrics.size())) {
  for (std::uint32_t i = 0; i < input_slots_; ++i) {
    slots.push_back({input.metrics[i], {}, true, false});
    raw_slot.push_back(i);
  }
}

void Builder::problem(std::string_view field, std::string what, std::string remedy) {
  problems.push_back({{{}, 0, 0, fmt::format("stages[{}].{}", stage_, field)},
                      std::move(what),
                      {},
                      {},
                      std::move(remedy)});
}

std::optional<std::uint32_t> Builder::find(std::string_view name) const {
  for (std::uint32_t i = 0; i < slots.size(); ++i) {
    if (slots[i].metric.name == name) return i;
  }
  return std::nullopt;
}

std::vector<std::uint32_t> Builder::resolve(const std::vector<std::string>& metrics) {
  std::vector<std::uint32_t> out;
  if (metrics.empty()) {
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
      if (slots[i].live && is_numeric(slots[i].metric.datatype)) out.push_back(i);
    }
    return out;
  }
  std::vector<std::string_view> names;
  for (const auto& slot : slots) {
    if (slot.live) names.push_back(slot.metric.name);
  }
  for (const auto& name : metrics) {
    const auto slot = find(name);
    if (!slot || !slots[*slot].live) {
      problem("metrics", fmt::format("there is no metric '{}' here", name),
              slot ? "an earlier aggregate takes all of it in: keep its input, or name its results"
                   : "name metrics of the device, or results of earlier stages");
      problems.back().nearest = nearest_name(name, names);
    } else if (!is_numeric(slots[*slot].metric.datatype)) {
      problem("metrics",
              fmt::format("metric '{}' is of type {}, not a number", name,
                          ontology::name_of(slots[*slot].metric.datatype)),
              "leave it out: it passes untouched");
    } else if (std::ranges::contains(out, *slot)) {
      problem("metrics", fmt::format("metric '{}' is named twice", name), "name it once");
    } else {
      out.push_back(*slot);
    }
  }
  return out;
}

Selection Builder::select(const std::vector<std::uint32_t>& chosen) const {
  Selection selection;
  for (const auto slot : chosen) selection.select(slot, slots[slot].metric.datatype);
  return selection;
}

void Builder::mark_changed(const std::vector<std::uint32_t>& chosen) {
  for (const auto slot : chosen) {
    if (slot < input_slots_) changed_.insert(slot);
  }
}

void Builder::note(const std::vector<std::uint32_t>& chosen, const std::string& what) {
  for (const auto slot : chosen) {
    auto& inputs = slots[slot].inputs;
    if (inputs.empty()) inputs = slots[slot].metric.name;
    inputs += "; " + what;
  }
}

void Builder::add(const ScaleSpec& spec) {
  const auto chosen = resolve(spec.metrics);
  if (!std::isfinite(spec.gain) || !std::isfinite(spec.offset) || spec.gain == 0) {
    problem("gain", fmt::format("gain {} and offset {} lose the value", spec.gain, spec.offset),
            "give finite numbers, and a gain other than 0");
  }
  stages.push_back(make_scale(spec, select(chosen)));
  mark_changed(chosen);
  note(chosen, fmt::format("scale gain {} offset {}", spec.gain, spec.offset));
  for (const auto slot : chosen) {
    slots[slot].metric.datatype = DataType::float64;
    if (!spec.unit.empty()) slots[slot].metric.unit = spec.unit;
  }
}

void Builder::add(const MedianSpec& spec) {
  const auto chosen = resolve(spec.metrics);
  if (spec.window % 2 == 0 || spec.window < 3 || spec.window > 999) {
    problem("window", fmt::format("a median of {} is not defined here", spec.window),
            "give an odd number from 3 to 999");
    return;
  }
  stages.push_back(make_median(spec, select(chosen)));
  mark_changed(chosen);
  note(chosen, fmt::format("median of {}", spec.window));
  holds_state = true;
}

void Builder::add(const AggregateSpec& spec) {
  const auto chosen = resolve(spec.metrics);
  const auto before = problems.size();
  if (spec.window <= Duration(0)) {
    problem("window", "the window is empty", "give its length, such as 1m");
  }
  if (spec.lateness < Duration(0))
    problem("lateness", "the lateness is negative", "give 0 or more");
  if (spec.functions.empty()) {
    problem("functions", "no function is named", "name mean, min, max, count or stddev");
  }
  if (problems.size() != before) return;
  AggregateOutputs outputs;
  outputs.inputs = chosen;
  const auto window = to_text(spec.window);
  const Selection selection = select(chosen);
  for (const auto input : chosen) {
    const Slot source = slots[input];
    std::vector<std::uint32_t> results;
    for (const auto function : spec.functions) {
      Slot slot{source.metric, source.inputs.empty() ? source.metric.name : source.inputs, true,
                false, source.score};
      slot.metric.name = fmt::format("{}/{}_{}", source.metric.name, name_of(function), window);
      slot.metric.datatype = function == Function::count ? DataType::int64 : DataType::float64;
      if (function == Function::count) slot.metric.unit = "1";
      // A difference of temperatures is in kelvin (UCUM: Cel is a scale, not a unit).
      if (function == Function::stddev && source.metric.unit == "Cel") slot.metric.unit = "K";
      slot.inputs += fmt::format("; {} over {} of event time, lateness {}", name_of(function),
                                 window, to_text(spec.lateness));
      if (find(slot.metric.name)) {
        problem("functions", fmt::format("there is a metric '{}' already", slot.metric.name),
                "aggregate a metric once by each function and window");
      }
      results.push_back(static_cast<std::uint32_t>(slots.size()));
      slots.push_back(std::move(slot));
    }
    outputs.results.push_back(std::move(results));
    if (!spec.keep_input) slots[input].live = false;
  }
  if (!spec.keep_input) mark_changed(chosen);
  stages.push_back(make_aggregate(spec, selection, std::move(outputs)));
  holds_state = true;
}

void Builder::add(const DeadbandSpec& spec) {
  const auto chosen = resolve(spec.metrics);
  if (!(spec.absolute >= 0) || !(spec.percent >= 0) || !std::isfinite(spec.absolute) ||
      !std::isfinite(spec.percent)) {
    problem("absolute", fmt::format("{} and {} % are not a band", spec.absolute, spec.percent),
            "give finite numbers that are not negative");
  }
  if (spec.silence_max < Duration(0)) {
    problem("silence_max", "the longest silence is negative", "give 0 (unlimited) or more");
  }
  stages.push_back(make_deadband(spec, select(chosen)));
  mark_changed(chosen);
  holds_state = true;
}

void Builder::add(const FlagSpec& spec) {
  const auto chosen = resolve(spec.metrics);
  if (spec.low && spec.high && !(*spec.low <= *spec.high)) {
    problem("low", fmt::format("the range {} to {} is empty", *spec.low, *spec.high),
            "give low ≤ high");
  }
  if (spec.rate_max && !(*spec.rate_max > 0)) {
    problem("rate_max", "a rate of zero marks every change", "give a number greater than 0");
  }
  if (spec.stuck_after && *spec.stuck_after <= Duration(0)) {
    problem("stuck_after", "every sample would be stuck", "give a time greater than 0");
  }
  if (!(spec.stuck_tolerance >= 0)) {
    problem("stuck_tolerance", "the tolerance is negative", "give 0 or more");
  }
  if (!spec.low && !spec.high && !spec.rate_max && !spec.stuck_after) {
    problem("limits", "the stage checks nothing", "give low, high, rate_max or stuck_after");
  }
  stages.push_back(make_flag(spec, select(chosen)));
  holds_state = holds_state || spec.rate_max || spec.stuck_after;
}

/// Where the scope of a model reads the state of the machine.
std::optional<StateInput> Builder::state_input(const ScoreSpec& spec) {
  if (!spec.scope) return std::nullopt;
  std::vector<std::string_view> texts;
  for (const auto& slot : slots) {
    if (column_of(slot.metric.datatype) == Column::text) texts.push_back(slot.metric.name);
  }
  const auto slot = find(spec.scope->signal);
  if (!slot) {
    problem("scope", fmt::format("there is no metric '{}' here", spec.scope->signal),
            "name the metric that tells the state of the machine");
    problems.back().nearest = nearest_name(spec.scope->signal, texts);
  } else if (column_of(slots[*slot].metric.datatype) != Column::text) {
    problem("scope",
            fmt::format("metric '{}' is of type {}, not a text", spec.scope->signal,
                        ontology::name_of(slots[*slot].metric.datatype)),
            "name the metric that tells the state of the machine");
  }
  if (spec.scope->is.empty() || spec.states_kept == 0)
    problem("scope", "nothing is ever judged", "name a state, and keep a row of it");
  if (!slot || spec.states_kept == 0) return std::nullopt;
  return StateInput{*slot, ontology::StateTrack(*spec.scope, spec.states_kept)};
}

void Builder::add(const ScoreSpec& spec) {
  const auto before = problems.size();
  auto state = state_input(spec);
  const std::string when = spec.scope ? " while " + spec.scope->text() : std::string();
  const auto chosen = resolve(spec.metrics);
  if (spec.model.empty()) problem("model", "no model is named", "name a Model resource");
  if (chosen.empty() && problems.size() == before)
    problem("metrics", "there is nothing to judge", "name numeric metrics of the device");
  if (spec.outputs.empty()) problem("outputs", "a verdict has no metric", "name at least one");
  std::vector<std::uint32_t> results;
  std::vector<ontology::MetricDefinition> inputs;
  std::string text;
  for (const auto slot : chosen) {
    inputs.push_back(slots[slot].metric);
    text += (text.empty() ? "" : ", ") + slots[slot].metric.name;
  }
  for (const auto& output : spec.outputs) {
    if (output.datatype != DataType::float64 && output.datatype != DataType::boolean)
      problem("outputs",
              fmt::format("'{}' is of type {}", output.name, ontology::name_of(output.datatype)),
              "a verdict is float64 or boolean");
    if (find(output.name))
      problem("outputs", fmt::format("there is a metric '{}' already", output.name),
              "score a device once by each model, or name the outputs otherwise");
    results.push_back(static_cast<std::uint32_t>(slots.size()));
    slots.push_back({output, fmt::format("{}; each scan scored by {}{}", text, spec.model, when),
                     true, false, static_cast<std::uint32_t>(scores.size())});
  }
  if (problems.size() != before) return;
  auto stage = make_score(spec.model, select(chosen), chosen, std::move(inputs), std::move(results),
                          spec.outputs, std::move(state));
  if (spec.factory) {
    auto model = stage->make(spec.factory);
    if (!model) return problem("model", model.error().text(), "put a fitting version in force");
    stage->activate(std::move(*model));
  }
  scores.push_back(stage.get());
  stages.push_back(std::move(stage));
}

/// After all stages, so that none of them works on a copy.
void Builder::add_raw_copies() {
  std::vector<std::string_view> names;
  for (std::uint32_t i = 0; i < input_slots_; ++i) names.push_back(slots[i].metric.name);
  for (std::size_t i = 0; i < spec_.raw_kept.size(); ++i) {
    const auto& name = spec_.raw_kept[i];
    const auto slot = find(name);
    if (!slot || *slot >= input_slots_) {
      problems.push_back({{{}, 0, 0, fmt::format("raw_kept[{}]", i)},
                          fmt::format("the device has no metric '{}'", name),
                          {},
                          std::string(nearest_name(name, names)),
                          "name a metric of the device"});
      continue;
    }
    if (!changed_.contains(*slot) || raw_slot[*slot] != *slot) continue;
    Slot copy = slots[*slot];
    copy.metric.name = name + "/raw";
    copy.inputs.clear();
    copy.live = copy.raw = true;
    raw_slot[*slot] = static_cast<std::uint32_t>(slots.size());
    slots.push_back(std::move(copy));
  }
}

void Builder::build() {
  const std::vector<Slot> input = slots;
  for (stage_ = 0; stage_ < spec_.stages.size(); ++stage_) {
    std::visit([this](const auto& stage) { add(stage); }, spec_.stages[stage_]);
  }
  add_raw_copies();
  // A copy is of the type and unit of what came in.
  for (std::uint32_t i = 0; i < input_slots_; ++i) {
    if (raw_slot[i] == i) continue;
    slots[raw_slot[i]].metric.datatype = input[i].metric.datatype;
    slots[raw_slot[i]].metric.unit = input[i].metric.unit;
  }
}

}  // namespace millwright::pipeline
