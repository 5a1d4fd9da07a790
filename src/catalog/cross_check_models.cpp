// Checks of models and of the stages that score with them.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "catalog/cross_check_parts.hpp"
#include "ontology/unit.hpp"

namespace millwright::catalog {
namespace {

bool is_numeric(const SignalSpec& signal) {
  const auto type = signal.datatype.value_or(ontology::DataType::float64);
  const auto column = ontology::column_of(type);
  return (column == ontology::Column::f64 || column == ontology::Column::i64) &&
         type != ontology::DataType::datetime;
}

void check_inputs(const Entry<ModelSpec>& entry, const Index& index, Reporter& report) {
  const auto& spec = entry.spec;
  const auto signals = index.signals_of_type(spec.asset_type);
  std::vector<std::string_view> known;
  for (const auto& signal : signals) {
    if (is_numeric(signal)) known.push_back(signal.name);
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
    const auto path = fmt::format("inputs[{}]", i);
    const auto& name = spec.inputs[i];
    if (!seen.insert(name).second) {
      report.add(*entry.declared, path, fmt::format("input '{}' stands twice", name),
                 "one of each name", {}, "remove it");
    } else if (std::ranges::find(known, name) == known.end()) {
      const bool text = std::ranges::find(signals, name, &SignalSpec::name) != signals.end();
      report.add(
          *entry.declared, path,
          text ? fmt::format("signal '{}' of AssetType '{}' is not a number", name, spec.asset_type)
               : fmt::format("AssetType '{}' has no signal '{}'", spec.asset_type, name),
          "a signal of the type that is a number",
          text ? std::string() : std::string(nearest_name(name, known)), {});
    }
  }
  constexpr std::size_t inputs_max = 256;
  if (spec.inputs.empty() || spec.inputs.size() > inputs_max) {
    report.add(*entry.declared, "inputs", fmt::format("{} inputs", spec.inputs.size()),
               fmt::format("1 to {} signals of the type", inputs_max), {}, {});
  }
}

void check_features(const Entry<ModelSpec>& entry, Reporter& report) {
  const auto& features = entry.spec.features;
  constexpr std::size_t windows_max = 8;
  if (features.windows.size() > windows_max) {
    report.add(*entry.declared, "features.windows",
               fmt::format("{} windows", features.windows.size()),
               fmt::format("at most {}", windows_max), {}, {});
  }
  for (std::size_t i = 1; i < features.windows.size(); ++i) {
    if (features.windows[i] > features.windows[i - 1]) continue;
    report.add(*entry.declared, fmt::format("features.windows[{}]", i),
               fmt::format("{} after {}", features.windows[i], features.windows[i - 1]),
               "rising lengths", {}, "order the windows and name each once");
  }
  std::set<Feature> used;
  for (std::size_t i = 0; i < features.functions.size(); ++i) {
    if (used.insert(features.functions[i]).second) continue;
    report.add(*entry.declared, fmt::format("features.functions[{}]", i),
               fmt::format("'{}' stands twice", name_of(features.functions[i])), "each once", {},
               "remove it");
  }
}

/// Each state of a list is there once.
void check_states(const Declared& declared, const std::string& path,
                  const std::vector<std::string>& states, Reporter& report) {
  constexpr std::size_t states_max = 64;
  if (states.empty() || states.size() > states_max) {
    report.add(declared, path, fmt::format("{} states", states.size()),
               fmt::format("1 to {} states", states_max), {}, {});
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (seen.insert(states[i]).second) continue;
    report.add(declared, fmt::format("{}[{}]", path, i),
               fmt::format("'{}' stands twice", states[i]), "each once", {}, "remove it");
  }
}

/// The signal that `while` asks is a text of the type.
void check_scope(const Entry<ModelSpec>& entry, const Index& index, Reporter& report) {
  const auto& spec = entry.spec;
  if (!spec.scope || spec.scope->signal.empty()) return;
  const auto signals = index.signals_of_type(spec.asset_type);
  const auto is_text = [](const SignalSpec& signal) {
    return ontology::column_of(signal.datatype.value_or(ontology::DataType::float64)) ==
           ontology::Column::text;
  };
  std::vector<std::string_view> known;
  for (const auto& signal : signals) {
    if (is_text(signal)) known.push_back(signal.name);
  }
  const auto& name = spec.scope->signal;
  const auto found = std::ranges::find(signals, name, &SignalSpec::name);
  if (found == signals.end()) {
    report.add(*entry.declared, "while.signal",
               fmt::format("AssetType '{}' has no signal '{}'", spec.asset_type, name),
               "a signal of the type that is a text", std::string(nearest_name(name, known)), {});
  } else if (!is_text(*found)) {
    report.add(*entry.declared, "while.signal",
               fmt::format("signal '{}' of AssetType '{}' is not a text", name, spec.asset_type),
               "a signal of the type that is a text", {},
               known.empty() ? "declare the states of the machine as a signal of datatype string"
                             : fmt::format("name one of {}", fmt::join(known, ", ")));
  }
}

/// The states of `while` and of `becomes`, whatever the type says.
void check_ends(const Entry<ModelSpec>& entry, Reporter& report) {
  const auto& spec = entry.spec;
  const auto& declared = *entry.declared;
  const auto* scope = declared.resource.spec.find("while");
  if (scope != nullptr && scope->find("is") != nullptr)
    check_states(declared, "while.is", spec.scope->is, report);
  const auto* target = declared.resource.spec.find("target");
  if (!spec.target || target == nullptr || target->find("becomes") == nullptr) return;
  if (!spec.scope) {
    report.add(declared, "target.becomes", "'becomes' without 'while'",
               "the states between which a life lies", {},
               "add 'while: {signal: state, is: [running]}', or remove it");
    return;
  }
  check_states(declared, "target.becomes", spec.target->becomes, report);
  for (std::size_t i = 0; i < spec.target->becomes.size(); ++i) {
    const auto& state = spec.target->becomes[i];
    if (!spec.scope->holds(state)) continue;
    report.add(declared, fmt::format("target.becomes[{}]", i),
               fmt::format("'{}' is one of while.is: nothing ends there", state),
               "a state outside of while.is", {}, "remove it from one of them");
  }
}

/// What goes with the algorithm, and what does not.
void check_algorithm(const Entry<ModelSpec>& entry, Reporter& report) {
  const auto& spec = entry.spec;
  const auto& declared = *entry.declared;
  const auto& node = declared.resource.spec;
  const auto foreign = [&](std::string_view path, std::string_view of) {
    report.add(declared, std::string(path),
               fmt::format("'{}' does not go with algorithm {}", path.substr(path.rfind('.') + 1),
                           name_of(spec.algorithm)),
               fmt::format("algorithm {}", of), {}, "remove it");
  };
  const auto* training = node.find("training");
  const bool boosting = spec.algorithm == Algorithm::gradient_boosting;
  if (boosting) {
    if (!spec.target) {
      report.add(declared, "target", "'target' is missing", "what is learnt", {},
                 "add 'target: {kind: remaining_life, unit: h}'");
    } else {
      check_commensurable(declared, "target.unit", spec.target->unit, "h", "a remaining life",
                          report);
    }
    if (spec.training.healthy_scans) foreign("training.healthyScans", "pca");
    for (const auto* key : {"alpha", "variance"}) {
      if (node.find(key) != nullptr) foreign(key, "pca");
    }
    if (spec.tier == Tier::edge) {
      report.add(declared, "tier", "gradient boosting at the edge", "gateway", {},
                 "write 'tier: gateway'; the edge runs pca");
    }
    return;
  }
  if (spec.target) foreign("target", "gradient_boosting");
  if (training != nullptr && training->find("grid") != nullptr) {
    foreign("training.grid", "gradient_boosting");
  }
  if (training != nullptr && training->find("folds") != nullptr) {
    foreign("training.folds", "gradient_boosting");
  }
  if (!spec.training.healthy_scans) {
    report.add(declared, "training.healthyScans", "'healthyScans' is missing",
               "the number of first scans of each device that count as healthy", {},
               "add 'healthyScans:'");
  }
}

/// What a model of the edge adds to the device that it judges.
constexpr std::string_view verdicts[] = {"anomaly/t2", "anomaly/spe", "anomaly/score",
                                         "anomaly/flag"};

/// The metric of the condition is a verdict, or one of a device that is judged.
void check_condition(const Entry<PipelineSpec>& pipeline, const std::string& path,
                     const std::string& name, const Index& index, Reporter& report) {
  std::vector<std::string_view> known(std::begin(verdicts), std::end(verdicts));
  for (const auto& instance : index.device_instances) {
    const auto& device = index.devices[instance.entry];
    if (!index.matches(pipeline.spec, device, instance.name)) continue;
    for (const auto& metric : device.spec.metrics) known.push_back(metric.name);
  }
  // Derived metrics (`<metric>/<function>_<window>`) are known by what they derive from.
  const auto base = std::string_view(name).substr(0, name.rfind('/'));
  if (std::ranges::find(known, name) != known.end() ||
      std::ranges::find(known, base) != known.end()) {
    return;
  }
  report.add(*pipeline.declared, path,
             fmt::format("no device that is judged has a metric '{}'", name),
             "a verdict of the model, or a metric of the devices",
             std::string(nearest_name(name, known)), {});
}

void check_trigger(const Entry<PipelineSpec>& pipeline, const std::string& path,
                   const TriggerSpec& trigger, const Index& index, Reporter& report) {
  const auto& spec = pipeline.spec;
  const auto& declared = *pipeline.declared;
  if (trigger.lease.count() <= 0) {
    report.add(declared, path + ".lease", "a lease of nothing", "a duration above 0", {}, {});
  }
  check_condition(pipeline, path + ".when.metric", trigger.metric, index, report);
  std::vector<std::string_view> metrics;
  std::vector<std::string_view> ids;
  for (const auto& instance : index.device_instances) {
    const auto& device = index.devices[instance.entry];
    if (device.spec.site != spec.site || device.spec.edge != spec.edge) continue;
    ids.push_back(instance.name);
    const bool meant = trigger.device.empty() ? index.matches(spec, device, instance.name)
                                              : instance.name == trigger.device;
    if (!meant) continue;
    for (const auto& metric : device.spec.metrics) metrics.push_back(metric.name);
  }
  if (!trigger.device.empty() && std::ranges::find(ids, trigger.device) == ids.end()) {
    report.add(declared, path + ".command.device",
               fmt::format("edge '{}' has no device '{}'", spec.edge, trigger.device),
               "a device of the edge", std::string(nearest_name(trigger.device, ids)), {});
  } else if (std::ranges::find(metrics, trigger.command_metric) == metrics.end()) {
    report.add(declared, path + ".command.metric",
               fmt::format("no device that is commanded has a metric '{}'", trigger.command_metric),
               "a metric of the device", std::string(nearest_name(trigger.command_metric, metrics)),
               {});
  }
}

}  // namespace

void check_model(const Entry<ModelSpec>& entry, const Index& index, const NameTables& names,
                 Reporter& report) {
  const auto& spec = entry.spec;
  const auto* type = report.reference(*entry.declared, "assetType", Kind::asset_type,
                                      spec.asset_type, names.types);
  if (type != nullptr && type->sound) {
    check_inputs(entry, index, report);
    check_scope(entry, index, report);
  }
  check_ends(entry, report);
  check_features(entry, report);
  check_algorithm(entry, report);
  const bool selected = std::ranges::any_of(index.devices, [&](const auto& device) {
    const auto& labels = device.declared->resource.labels;
    return std::ranges::all_of(spec.training.labels, [&](const auto& wanted) {
      const auto found = labels.find(wanted.first);
      return found != labels.end() && found->second == wanted.second;
    });
  });
  if (!selected) {
    report.add(*entry.declared, "training.labels", "no Device resource carries these labels",
               "labels of the devices to learn from", {}, {});
  }
}

void check_score_stage(const Entry<PipelineSpec>& pipeline, std::size_t stage, const Index& index,
                       const NameTables& names, Reporter& report) {
  const auto* score = std::get_if<ScoreStage>(&pipeline.spec.stages[stage].parameters);
  if (score == nullptr) return;
  const auto path = fmt::format("stages[{}]", stage);
  const auto& declared = *pipeline.declared;
  const auto& spec = pipeline.spec;
  if (score->trigger) {
    check_trigger(pipeline, path + ".trigger", *score->trigger, index, report);
  }
  const auto* known =
      report.reference(declared, path + ".model", Kind::model, score->model, names.models);
  if (known == nullptr) return;
  const auto& model = index.models.find(score->model)->second.spec;
  if (model.tier == Tier::gateway) {
    const auto site = index.sites.find(spec.site);
    if (site != index.sites.end() && site->second.spec.gateway.empty()) {
      report.add(declared, path + ".model",
                 fmt::format("Model '{}' runs at a gateway, and site '{}' has none", score->model,
                             spec.site),
                 "a model of tier edge, or a site with a gateway", {}, {});
    }
    if (score->trigger) {
      report.add(declared, path + ".trigger",
                 fmt::format("Model '{}' runs at the gateway", score->model),
                 "a trigger on a model of tier edge", {}, "remove it");
    }
  }
  const bool fits = std::ranges::any_of(index.device_instances, [&](const Expanded& instance) {
    const auto& device = index.devices[instance.entry];
    if (!index.matches(spec, device, instance.name)) return false;
    const auto* asset = index.asset(fill_key(device.spec.asset, instance.key));
    return asset != nullptr && index.is_a(asset->type, model.asset_type);
  });
  if (!fits && index.types.contains(model.asset_type)) {
    report.add(declared, path + ".model",
               fmt::format("Model '{}' judges assets of type '{}', and no device of the pipeline "
                           "measures one",
                           score->model, model.asset_type),
               "a model of the type of the pipeline's assets", {}, {});
  }
}

}  // namespace millwright::catalog
