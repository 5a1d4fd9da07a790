// Which models are in force, and which of them judges which device.
#include <algorithm>

#include "base/format.hpp"
#include "base/id.hpp"
#include "models/gateway_scorer_parts.hpp"

namespace millwright::models {
namespace {

using gateway::DerivedForm;
using ontology::DataType;
using ontology::DeviceSchema;
using ontology::MetricDefinition;

constexpr std::string_view withdrawal_magic = "millwright-withdraw-model ";
constexpr std::size_t state_size_max = 64;  ///< bytes
/// A refusal lists the problems of so many devices: those of the others are alike.
constexpr std::size_t devices_listed_max = 8;

bool is_numeric(const MetricDefinition& metric) {
  return metric.datatype != DataType::unknown && metric.datatype != DataType::datetime &&
         (ontology::column_of(metric.datatype) == ontology::Column::f64 ||
          ontology::column_of(metric.datatype) == ontology::Column::i64);
}

/// `site-a/edge-1/test-001/T30, site-a/edge-1/test-001/P30; last, mean of 5, 15 scans; age; …`
std::string inputs_text(const DeviceSchema& schema, const FeatureSpec& spec) {
  std::string out;
  for (const std::string& input : spec.inputs) {
    out += (out.empty() ? "" : ", ") + schema.address.text() + "/" + input;
  }
  std::string functions;
  for (const WindowFunction function : spec.functions) {
    functions += (functions.empty() ? "" : ", ") + std::string(function_name(function));
  }
  std::string windows;
  for (const std::uint32_t window : spec.windows) {
    windows += (windows.empty() ? "" : ", ") + fmt::format("{}", window);
  }
  return fmt::format("{}; {} of {} scans{}{}; a bad value is carried from the last usable one", out,
                     functions, windows, spec.add_age ? "; age" : "",
                     spec.scope ? "; while " + spec.scope->text() : "");
}

std::string fusion_text(const DeviceSchema& schema, const FusionSpec& spec,
                        std::string_view asset) {
  std::string out;
  for (const FusionInput& input : spec.inputs) {
    if (!out.empty()) out += ", ";
    if (input.name == "rul") {
      out += fmt::format("{}/rul", asset);
    } else if (input.name == "sensors") {
      out += "sensors";
    } else {
      out += schema.address.text() + "/" +
             (input.name == "anomaly" ? std::string(anomaly_metric) : input.name);
    }
  }
  const Digest digest = sha256(as_bytes(catalog::canonical_json(spec.node())));
  return fmt::format("{}; fused by {}", out, digest.hex());
}

}  // namespace

FusionSpec default_fusion(double flag_below, double target_max) {
  const double limit = std::clamp(flag_below, 0.01 * target_max, 0.9 * target_max);
  FusionSpec spec;
  spec.inputs = {
      {.name = "rul",
       .weight = 0.9,
       .calibration = {{{0, 1},
                        {limit, 0.5},
                        {std::min(2 * limit, (limit + target_max) / 2), 0.15},
                        {target_max, 0}}}},
      // The nearer control limit of the monitor lies at 0.5.
      {.name = "anomaly",
       .weight = 0.7,
       .calibration = {{{0.4, 0}, {0.5, 0.2}, {0.7, 0.7}, {1, 1}}}},
      {.name = "sensors", .weight = 0.3, .calibration = {{{0, 1}, {0.5, 0.5}, {1, 0}}}},
  };
  return spec;
}

Bytes withdrawal_of(std::string_view model) {
  const std::string text = std::string(withdrawal_magic) + std::string(model);
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::vector<OfferedSignal> offered_by(const DeviceSchema& schema) {
  std::vector<OfferedSignal> out;
  out.reserve(schema.metrics.size());
  for (const auto& metric : schema.metrics) {
    out.push_back({metric.name, metric.unit, is_numeric(metric)});
  }
  return out;
}

Result<Sight> match_device(const Bundle& bundle, const DeviceSchema& schema) {
  Sight out;
  std::vector<Problem> problems;
  auto matched = match_inputs(bundle, offered_by(schema), schema.address.text());
  matched ? static_cast<void>(out.inputs = std::move(*matched))
          : static_cast<void>(problems = matched.error().problems());
  if (const auto& scope = bundle.features.scope) {
    std::vector<std::string_view> names;
    for (std::uint32_t i = 0; i < schema.metrics.size(); ++i) {
      const MetricDefinition& metric = schema.metrics[i];
      if (ontology::column_of(metric.datatype) != ontology::Column::text) continue;
      names.push_back(metric.name);
      if (metric.name == scope->signal) out.state = i;
    }
    if (!out.state) {
      problems.push_back({.place = {.file = {}, .line = 0, .column = 0, .path = scope->signal},
                          .what = "is not there as a text",
                          .expected = "the signal whose states the model was trained in",
                          .nearest = std::string(nearest_name(scope->signal, names)),
                          .remedy = "bind this signal, or choose a model without 'while'"});
    }
  }
  if (problems.empty()) return out;
  if (!matched && matched.error().problems().size() == problems.size())
    return std::unexpected(std::move(matched.error()));
  return std::unexpected(
      Error(Code::refused, fmt::format("model {}@{} does not fit {}", bundle.name, bundle.version,
                                       schema.address.text()))
          .with_problems(std::move(problems)));
}

GatewayScorer::GatewayScorer(GatewayScorerOptions options, OnnxRuntime* runtime, Log& log)
    : options_(std::move(options)), runtime_(runtime), log_(&log) {}
GatewayScorer::~GatewayScorer() = default;

Result<std::unique_ptr<GatewayScorer>> GatewayScorer::create(GatewayScorerOptions options,
                                                             OnnxRuntime* runtime, Log& log) {
  if (options.fusion) {
    if (auto problems = options.fusion->problems(); !problems.empty()) {
      return std::unexpected(Error(Code::invalid_input, "the fusion of a gateway cannot be used")
                                 .with_problems(std::move(problems)));
    }
  }
  return std::unique_ptr<GatewayScorer>(new GatewayScorer(std::move(options), runtime, log));
}

double GatewayScorer::flag_limit(const Bundle& bundle) const {
  const auto given = options_.flag_below.find(bundle.name);
  return given == options_.flag_below.end() ? 0.2 * bundle.target_max : given->second;
}

FusionSpec GatewayScorer::fusion_of(const Bundle& bundle) const {
  if (options_.fusion) return *options_.fusion;
  return default_fusion(flag_limit(bundle), bundle.target_max);
}

// Devices. --------------------------------------------------------------------------------------

void GatewayScorer::on_schema(const DeviceSchema& schema) {
  auto& device = devices_[schema.address.text()];
  if (!device) {
    device = std::make_unique<Device>();
    device->schema = schema;
    const auto given = options_.devices.find(schema.address.edge + "/" + schema.address.device);
    device->judged = schema.address.device != ontology::node_device &&
                     (options_.devices.empty() || given != options_.devices.end());
    device->asset = schema.address.device;
    if (given != options_.devices.end()) {
      if (!given->second.asset.empty()) device->asset = given->second.asset;
      device->given_model = given->second.model;
    }
    if (device->judged) name_asset(*device);
  }
  device->schema = schema;
  if (device->judged) bind(*device);
}

/// Two devices of one name are two assets, unless somebody says otherwise.
void GatewayScorer::name_asset(Device& device) {
  const std::string address = device.schema.address.text();
  if (!is_valid_name(device.asset)) {
    log_->warning("models", fmt::format("{} is not judged: '{}' is no name of an asset", address,
                                        device.asset));
    device.judged = false;
    return;
  }
  const auto [owner, is_new] = assets_.try_emplace(device.asset, address);
  if (is_new || owner->second == address) return;
  log_->warning("models", fmt::format("{} and {} are both asset '{}'; the second is named {}.{}",
                                      owner->second, address, device.asset,
                                      device.schema.address.edge, device.asset));
  device.asset = device.schema.address.edge + "." + device.asset;
  assets_.try_emplace(device.asset, address);
  device.judged = is_valid_name(device.asset);
}

/// Chooses who judges the device and how its metrics become inputs. Windows and history stay where
/// they fit.
void GatewayScorer::bind(Device& device) {
  const auto offered = offered_by(device.schema);
  Slot* before = device.slot;
  device.slot = nullptr;
  for (const auto& slot : slots_) {
    if (!is_given(device, slot->name)) continue;
    auto matched = match_device(slot->current->bundle(), device.schema);
    if (matched) {
      device.slot = slot.get();
      device.current.sight = std::move(*matched);
      break;
    }
    if (!device.given_model.empty()) log_->error("models", matched.error().text());
  }
  device.counts.assign(offered.size(), false);
  device.texts.clear();
  for (const auto& metric : device.schema.metrics)
    device.texts.push_back(ontology::column_of(metric.datatype) == ontology::Column::text);
  if (device.slot == nullptr) {
    device.current = device.reference = {};
    device.history.reset();
    // What the edge itself derives is no scan.
    for (std::size_t i = 0; i < offered.size(); ++i) {
      const std::string& name = device.schema.metrics[i].name;
      device.counts[i] = !name.starts_with("anomaly/") && !name.starts_with("trigger/");
    }
    device.readings.clear();
    device.form = form_of(device);
    return;
  }
  Slot& slot = *device.slot;
  if (before != device.slot) device.current.window.reset(), device.reference = {};
  open_window(device, device.current, slot.current->bundle().features);
  bind_reference(device);
  for (const InputConversion& input : device.current.sight.inputs)
    device.counts[input.signal] = true;
  bind_readings(device, offered);
  if (!device.history || device.history->spec() != slot.fusion) device.history.emplace(slot.fusion);
  device.form = form_of(device);
}

/// A window, and the states beside it, where those that are there do not fit. The state that was
/// known before counts.
void GatewayScorer::open_window(const Device& device, Eye& eye, const FeatureSpec& spec) {
  if (eye.window && eye.window->spec() == spec) return;
  eye.window.emplace(spec);
  eye.track.reset();
  if (!spec.scope) return;
  eye.track.emplace(*spec.scope, spec.scans_kept());
  const auto known = device.last_texts.find(spec.scope->signal);
  if (known == device.last_texts.end()) return;
  const auto& [at, text] = known->second;
  (void)eye.track->put(at, text ? std::optional<std::string_view>(*text) : std::nullopt);
}

/// Keeps what the texts of a message say last.
void GatewayScorer::keep_texts(Device& device, const ontology::Batch& batch) {
  for (const ontology::Row& row : batch.rows) {
    if (row.slot >= device.texts.size() || !device.texts[row.slot]) continue;
    const auto [known, is_new] =
        device.last_texts.try_emplace(device.schema.metrics[row.slot].name, LastText{});
    if (!is_new && row.ts_us < known->second.at.us) continue;
    known->second = {.at = {row.ts_us}, .text = {}};
    const std::string_view text = batch.payload(row);
    if (row.is_null || row.quality.is_bad() || text.size() > state_size_max) continue;
    known->second.text = text;
  }
}

void GatewayScorer::bind_reference(Device& device) {
  const Slot& slot = *device.slot;
  if (!slot.reference) return;
  auto matched = match_device(slot.reference->bundle(), device.schema);
  if (!matched) {
    device.reference = {};
    return;
  }
  device.reference.sight = std::move(*matched);
  open_window(device, device.reference, slot.reference->bundle().features);
}

/// Which metrics the fusion reads.
void GatewayScorer::bind_readings(Device& device, std::span<const OfferedSignal> offered) {
  device.readings.clear();
  for (const FusionInput& input : device.slot->fusion.inputs) {
    std::optional<std::uint32_t> metric;
    const std::string_view name = input.name == "anomaly" ? anomaly_metric : input.name;
    for (std::uint32_t i = 0; i < offered.size(); ++i) {
      if (input.name != "rul" && input.name != "sensors" && offered[i].numeric &&
          offered[i].name == name) {
        metric = i;
      }
    }
    device.readings.push_back(metric);
  }
}

bool GatewayScorer::is_given(const Device& device, std::string_view model) const {
  return device.given_model.empty() || device.given_model == model;
}

std::shared_ptr<const DerivedForm> GatewayScorer::form_of(const Device& device) const {
  const std::string unit = device.slot == nullptr ? "" : device.slot->current->bundle().target_unit;
  const FusionSpec fusion = device.slot != nullptr ? device.slot->fusion
                            : options_.fusion      ? *options_.fusion
                                                   : default_fusion(1, 10);
  auto form = std::make_shared<DerivedForm>();
  form->device = device.asset;
  form->metrics = {{"rul", DataType::float64, unit},
                   {"rul/low", DataType::float64, unit},
                   {"rul/high", DataType::float64, unit},
                   {"health", DataType::float64, "1"},
                   {"health/confidence", DataType::float64, "1"},
                   {"health/state", DataType::string, ""}};
  for (const FusionInput& input : fusion.inputs) {
    form->metrics.push_back({"health/by/" + input.name, DataType::float64, "1"});
  }
  ontology::Recipe rul;
  ontology::Recipe health;
  if (device.slot == nullptr) {
    rul.inputs = health.inputs = device.schema.address.text() + "; no model is in force";
  } else {
    rul.model = health.model = device.slot->current->id();
    rul.inputs = inputs_text(device.schema, device.slot->current->bundle().features);
    health.inputs = fusion_text(device.schema, fusion, device.asset);
  }
  form->recipes = {std::move(rul), std::move(health)};
  return form;
}

// Models. ---------------------------------------------------------------------------------------

Result<void> GatewayScorer::activate(std::string_view digest, ByteView bundle) {
  if (as_text(bundle).starts_with(withdrawal_magic)) {
    return withdraw(as_text(bundle).substr(withdrawal_magic.size()));
  }
  auto model = ServedModel::load(digest, bundle, runtime_, *log_);
  if (!model) return pass(std::move(model));
  if (auto fits = check_fit(**model); !fits) return fits;
  put_in_force(std::move(*model));
  return {};
}

Result<void> GatewayScorer::withdraw(std::string_view model) {
  std::erase_if(slots_, [&](const auto& slot) {
    if (slot->name != model) return false;
    for (auto& [address, device] : devices_) {
      if (device->slot != slot.get()) continue;
      device->slot = nullptr;
      device->current = device->reference = {};
    }
    return true;
  });
  for (auto& [address, device] : devices_) {
    if (device->judged) bind(*device);
  }
  return {};
}

Result<void> GatewayScorer::check_fit(const ServedModel& model) const {
  std::vector<Problem> problems;
  std::size_t fit = 0;
  std::size_t fit_not = 0;
  bool is_needed = false;  // of a device that it must fit
  for (const auto& [address, device] : devices_) {
    if (!device->judged || !is_given(*device, model.bundle().name)) continue;
    auto matched = match_device(model.bundle(), device->schema);
    if (matched) {
      ++fit;
      continue;
    }
    is_needed = is_needed || !device->given_model.empty();
    if (++fit_not > devices_listed_max) continue;
    for (Problem problem : matched.error().problems()) {
      problem.place.path = address + "/" + problem.place.path;
      problems.push_back(std::move(problem));
    }
  }
  if (fit_not == 0 || (fit > 0 && !is_needed)) return {};
  return std::unexpected(
      Error(Code::refused, fmt::format("{} does not fit {} of {} devices that it would judge",
                                       model.id(), fit_not, fit + fit_not))
          .with_problems(std::move(problems)));
}

void GatewayScorer::put_in_force(std::unique_ptr<ServedModel> model) {
  const std::string name = model->bundle().name;
  auto found = std::ranges::find(slots_, name, [](const auto& slot) { return slot->name; });
  if (found == slots_.end()) {
    slots_.push_back(std::make_unique<Slot>());
    found = slots_.end() - 1;
    (*found)->name = name;
  }
  Slot& slot = **found;
  if (slot.current && slot.current->digest() == model->digest()) return;
  const bool goes_back = slot.reference && slot.reference->digest() == model->digest();
  const bool sees_alike = slot.current &&
                          slot.current->bundle().features == model->bundle().features &&
                          slot.current->bundle().units == model->bundle().units;
  for (auto& [address, device] : devices_) {
    if (device->slot != &slot) continue;
    if (goes_back) {
      std::swap(device->current, device->reference);
    } else {
      device->reference = std::move(device->current);
      device->current = {};
      // What the scans so far say is the same to both.
      if (sees_alike) device->current = device->reference;
    }
  }
  slot.reference = std::move(slot.current);
  slot.current = std::move(model);
  slot.reference_left = slot.reference ? options_.reference_scans : 0;
  slot.flag_below = flag_limit(slot.current->bundle());
  slot.fusion = fusion_of(slot.current->bundle());
  slot.counters = {};
  slot.counters.model = slot.current->id();
  if (slot.reference_left == 0) drop_reference(slot);
  for (auto& [address, device] : devices_) {
    if (device->judged) bind(*device);
  }
}

void GatewayScorer::drop_reference(Slot& slot) {
  slot.reference.reset();
  slot.reference_left = 0;
  for (auto& [address, device] : devices_) {
    if (device->slot == &slot) device->reference = {};
  }
}

std::vector<std::string> GatewayScorer::active() const {
  std::vector<std::string> out;
  for (const auto& slot : slots_) {
    if (slot->reference) out.push_back(slot->reference->digest());
    out.push_back(slot->current->digest());
  }
  return out;
}

std::vector<ModelCounters> GatewayScorer::counters() const {
  std::vector<ModelCounters> out;
  for (const auto& slot : slots_) out.push_back(slot->counters);
  return out;
}

std::uint64_t GatewayScorer::fallbacks() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(slots_, [](const auto& slot) { return slot->current->falls_back(); }));
}

}  // namespace millwright::models
