#include <algorithm>
#include <charconv>

#include "base/format.hpp"
#include "catalog/asset_spec.hpp"
#include "catalog/declaration.hpp"
#include "catalog/device_spec.hpp"
#include "catalog/pipeline_spec.hpp"
#include "catalog/spec_read.hpp"

namespace millwright::catalog {
namespace {

constexpr std::size_t keys_max = 100'000;

Limits limits_of(const Node& node) {
  Limits limits;
  const auto& range = child(node, "range");
  limits.low = optional_number(range, "low");
  limits.high = optional_number(range, "high");
  limits.rate_max = optional_number(node, "maxRate");
  limits.stuck_after = duration_at(node, "stuckAfter");
  return limits;
}

SignalSpec signal_of(const Node& node, std::string_view name_key) {
  SignalSpec out;
  out.name = node.text_at(name_key);
  out.title = node.text_at("title");
  out.unit = node.text_at("unit");
  out.datatype = ontology::parse_data_type(node.text_at("datatype"));
  out.limits = limits_of(node);
  out.period = duration_at(node, "period");
  if (const auto* kept = node.find("rawKept")) out.raw_kept = kept->boolean;
  return out;
}

PaceSpec pace_of(const Node& driver, PaceSpec absent) {
  const auto& pace = child(driver, "pace");
  if (const auto total = duration_at(pace, "total")) return {PaceKind::total, 1, *total};
  if (const auto factor = optional_number(pace, "factor")) {
    return {PaceKind::factor, *factor, Duration{0}};
  }
  return absent;
}

ReplayDriver replay_of(const Node& node) {
  ReplayDriver out;
  const auto& layout = child(node, "layout");
  out.file.path = node.text_at("file");
  out.file.format = enum_at(layout, "format", choices::format, FileFormat::by_name);
  out.file.delimiter = enum_at(layout, "delimiter", choices::delimiter, Delimiter::comma);
  out.file.header = layout.boolean_at("header", true);
  out.file.decimal = layout.text_at("decimal", ".") == "," ? ',' : '.';
  out.file.columns = static_cast<std::uint32_t>(layout.integer_at("columns", 0));
  out.file.skip_lines = static_cast<std::uint32_t>(layout.integer_at("skipLines", 0));
  const auto& time = child(node, "time");
  out.time.kind = enum_at(time, "kind", choices::time, TimeKind::rfc3339);
  out.time.column = time.text_at("column");
  out.time.zone = time.text_at("zone");
  out.time.pattern = time.text_at("pattern");
  out.time.epoch = timestamp_at(time, "epoch").value_or(Timestamp{});
  out.time.step = duration_at(time, "step").value_or(Duration{0});
  out.key_column = node.text_at("keyColumn");
  out.order = enum_at(node, "order", choices::order, ReplayOrder::event_time);
  out.pace = pace_of(node, out.pace);
  if (node.find("missing") != nullptr) out.missing = texts_at(node, "missing");
  return out;
}

PlantDriver plant_of(const Node& node) {
  PlantDriver out;
  out.seed = static_cast<std::uint64_t>(node.integer_at("seed", 1));
  out.machine = enum_at(node, "machine", choices::machine, PlantMachine::pump);
  out.step = duration_at(node, "step").value_or(out.step);
  out.epoch = timestamp_at(node, "epoch").value_or(out.epoch);
  out.start = timestamp_at(node, "start");
  out.history = duration_at(node, "history").value_or(Duration{0});
  out.end = timestamp_at(node, "end");
  out.pace = pace_of(node, out.pace);
  out.overflow = enum_at(node, "overflow", choices::overflow, Overflow::wait);
  out.life_mean = duration_at(node, "lifeMean").value_or(out.life_mean);
  out.repair_mean = duration_at(node, "repairMean").value_or(out.repair_mean);
  out.sensor_fault_every = duration_at(node, "sensorFaultEvery").value_or(out.sensor_fault_every);
  return out;
}

AggregateStage aggregate_of(const Node& node) {
  AggregateStage out;
  out.window = duration_at(node, "window").value_or(Duration{0});
  out.lateness = duration_at(node, "lateness").value_or(Duration{0});
  out.count_expected = static_cast<std::uint64_t>(node.integer_at("samplesExpected", 0));
  out.keep_input = node.boolean_at("keepInput", false);
  if (node.find("functions") != nullptr) {
    out.functions.clear();
    for (const auto& name : texts_at(node, "functions")) {
      const auto* found = std::ranges::find(choices::function, name);
      if (found != std::end(choices::function)) {
        out.functions.push_back(static_cast<AggregateFunction>(found - choices::function));
      }
    }
  }
  return out;
}

ScoreStage score_of(const Node& node) {
  ScoreStage out;
  out.model = node.text_at("model");
  if (node.find("trigger") == nullptr) return out;
  const auto& trigger = child(node, "trigger");
  const auto& when = child(trigger, "when");
  const auto& command = child(trigger, "command");
  TriggerSpec spec;
  spec.metric = when.text_at("metric");
  spec.comparison = enum_at(when, "comparison", choices::comparison, Comparison::above);
  spec.limit = when.number_at("value", 0);
  spec.device = command.text_at("device");
  spec.command_metric = command.text_at("metric");
  spec.command_value = command.number_at("value", 0);
  spec.lease = duration_at(trigger, "lease").value_or(Duration{0});
  spec.per_hour_max = static_cast<std::uint32_t>(trigger.integer_at("limitPerHour", 1));
  out.trigger = std::move(spec);
  return out;
}

StageParameters stage_of(const Node& node) {
  const auto kind = node.text_at("kind");
  if (kind == "scale") {
    return ScaleStage{node.number_at("gain", 1), node.number_at("offset", 0), node.text_at("unit")};
  }
  if (kind == "median") {
    return MedianStage{static_cast<std::uint32_t>(node.integer_at("samples", 5))};
  }
  if (kind == "aggregate") return aggregate_of(node);
  if (kind == "deadband") {
    return DeadbandStage{node.number_at("absolute", 0), node.number_at("percent", 0),
                         duration_at(node, "silenceMax").value_or(Duration{0})};
  }
  if (kind == "score") return score_of(node);
  FlagStage out;
  out.limits = limits_of(node);
  out.declared = node.boolean_at("declared", true);
  out.range_severity = enum_at(node, "rangeSeverity", choices::severity, out.range_severity);
  out.rate_severity = enum_at(node, "rateSeverity", choices::severity, out.rate_severity);
  out.stuck_severity = enum_at(node, "stuckSeverity", choices::severity, out.stuck_severity);
  out.stuck_tolerance = node.number_at("stuckTolerance", 0);
  return out;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::string fill_key(std::string_view template_text, std::string_view key) {
  std::string out;
  std::size_t at = 0;
  while (at < template_text.size()) {
    const auto open = template_text.find("{key", at);
    const auto close = open == std::string_view::npos ? open : template_text.find('}', open);
    if (close == std::string_view::npos) break;
    const auto form = template_text.substr(open + 4, close - open - 4);
    constexpr std::uint64_t width_max = 20;
    const std::uint64_t width = form.empty()             ? 0
                                : form.starts_with(":0") ? whole_number(form.substr(2)).value_or(99)
                                                         : 99;
    out += template_text.substr(at, open - at);
    if (width <= width_max) {
      if (key.size() < width) out.append(width - key.size(), '0');
      out += key;
    } else {
      out += template_text.substr(open, close + 1 - open);  // not ours: left as it stands
    }
    at = close + 1;
  }
  return out += template_text.substr(at);
}

Result<std::vector<std::string>> parse_keys(std::string_view text) {
  std::vector<std::string> out;
  const auto bad = [&](std::string_view part, std::string_view why) {
    return fail(Code::invalid_input, fmt::format("'{}' {}", part, why),
                "write ranges of whole numbers and words, such as 1..25,40,spare");
  };
  while (true) {
    const auto comma = std::min(text.find(','), text.size());
    auto part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (const auto dots = part.find(".."); dots != std::string_view::npos) {
      const auto first = whole_number(part.substr(0, dots));
      const auto last = whole_number(part.substr(dots + 2));
      if (!first || !last) return bad(part, "is not a range of whole numbers");
      if (*first > *last) return bad(part, "ends before it begins");
      if (*last - *first >= keys_max - out.size()) return bad(part, "makes more than 100000 keys");
      for (auto key = *first; key <= *last; ++key) out.push_back(std::to_string(key));
    } else if (part.empty()) {
      return bad(part, "is no key");
    } else {
      out.emplace_back(part);
    }
    if (out.size() > keys_max) return bad(part, "makes more than 100000 keys");
    if (comma == text.size()) break;
    text.remove_prefix(comma + 1);
  }
  auto sorted = out;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
    return bad(*twice, "stands twice");
  }
  return out;
}

std::optional<EachSpec> parse_each(const Node& spec) {
  const auto* each = spec.find("each");
  if (each == nullptr || each->type != Node::Type::map) return std::nullopt;
  auto keys = parse_keys(each->text_at("keys"));
  return EachSpec{keys ? std::move(*keys) : std::vector<std::string>{}, each->text_at("name")};
}

std::vector<Instance> instances_of(std::string_view resource, const std::optional<EachSpec>& each) {
  if (!each) return {{std::string(resource), {}}};
  std::vector<Instance> out;
  out.reserve(each->keys.size());
  for (const auto& key : each->keys) out.push_back({fill_key(each->name, key), key});
  return out;
}

SignalSpec SignalSpec::over(const SignalSpec& base) const {
  SignalSpec out = *this;
  if (out.title.empty()) out.title = base.title;
  if (out.unit.empty()) out.unit = base.unit;
  if (!out.datatype) out.datatype = base.datatype;
  if (!out.limits.low) out.limits.low = base.limits.low;
  if (!out.limits.high) out.limits.high = base.limits.high;
  if (!out.limits.rate_max) out.limits.rate_max = base.limits.rate_max;
  if (!out.limits.stuck_after) out.limits.stuck_after = base.limits.stuck_after;
  if (!out.period) out.period = base.period;
  if (!out.raw_kept) out.raw_kept = base.raw_kept;
  return out;
}

SiteSpec parse_site_spec(const Node& spec) {
  SiteSpec out;
  out.title = spec.text_at("title");
  out.enterprise = spec.text_at("enterprise", "plant");
  out.time_zone = spec.text_at("timeZone");
  out.gateway = spec.text_at("gateway");
  for (const auto& edge : child(spec, "edges").items) out.edges.push_back(edge.text_at("name"));
  return out;
}

AssetTypeSpec parse_asset_type_spec(const Node& spec) {
  AssetTypeSpec out;
  out.title = spec.text_at("title");
  out.extends = spec.text_at("extends");
  for (const auto& item : child(spec, "signals").items) {
    out.signals.push_back(signal_of(item, "name"));
  }
  for (const auto& item : child(spec, "parameters").items) {
    out.parameters.push_back(item.text_at("name"));
  }
  return out;
}

AssetSpec parse_asset_spec(std::string_view name, const Node& spec) {
  AssetSpec out;
  out.resource = name;
  out.title = spec.text_at("title");
  out.type = spec.text_at("type");
  out.site = spec.text_at("site");
  out.area = spec.text_at("area");
  out.line = spec.text_at("line");
  out.part_of = spec.text_at("partOf");
  for (const auto& member : child(spec, "parameters").members) {
    out.parameters.push_back(member.key);
  }
  out.each = parse_each(spec);
  return out;
}

SignalOverride parse_signal_spec(std::string_view name, const Node& spec) {
  SignalOverride out;
  out.resource = name;
  out.asset = spec.text_at("asset");
  out.signal = signal_of(spec, "quantity");
  for (const auto& item : child(spec, "sources").items) {
    out.sources.push_back({item.text_at("device"), item.text_at("edge"), item.text_at("metric"),
                           timestamp_at(item, "from"), timestamp_at(item, "until")});
  }
  const auto& calibration = child(spec, "calibration");
  if (const auto made = timestamp_at(calibration, "calibrated")) {
    out.calibration = CalibrationSpec{calibration.text_at("certificate"), *made,
                                      timestamp_at(calibration, "validUntil"),
                                      optional_number(calibration, "uncertainty")};
  }
  return out;
}

PersonSpec parse_person_spec(const Node& spec) {
  return {spec.text_at("fullName"), spec.text_at("email"), spec.text_at("publicKey"),
          texts_at(spec, "roles"), texts_at(spec, "sites")};
}

DeviceSpec parse_device_spec(std::string_view name, const Node& spec) {
  DeviceSpec out;
  out.resource = name;
  out.title = spec.text_at("title");
  out.site = spec.text_at("site");
  out.edge = spec.text_at("edge");
  out.asset = spec.text_at("asset");
  out.each = parse_each(spec);
  const auto& driver = child(spec, "driver");
  if (driver.text_at("kind") == "plant") {
    out.driver = plant_of(driver);
  } else {
    out.driver = replay_of(driver);
  }
  for (const auto& item : child(spec, "metrics").items) {
    MetricSpec metric;
    metric.name = item.text_at("name");
    metric.datatype =
        ontology::parse_data_type(item.text_at("datatype")).value_or(ontology::DataType::float64);
    metric.unit = item.text_at("unit");
    metric.source = item.text_at("source");
    metric.signal = item.text_at("signal");
    out.metrics.push_back(std::move(metric));
  }
  return out;
}

PipelineSpec parse_pipeline_spec(std::string_view name, const Node& spec) {
  PipelineSpec out;
  out.resource = name;
  out.title = spec.text_at("title");
  out.site = spec.text_at("site");
  out.edge = spec.text_at("edge");
  out.devices = texts_at(spec, "devices");
  out.selector = text_map_at(spec, "selector");
  out.raw_kept = spec.boolean_at("rawKept", false);
  for (const auto& item : child(spec, "stages").items) {
    out.stages.push_back({texts_at(item, "metrics"), stage_of(item)});
  }
  return out;
}

}  // namespace millwright::catalog
