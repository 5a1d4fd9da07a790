// Checks of devices and pipelines.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "catalog/cross_check_parts.hpp"
#include "ontology/unit.hpp"

namespace millwright::catalog {
namespace {

bool holds_numbers(ontology::DataType type) {
  const auto column = ontology::column_of(type);
  return (column == ontology::Column::f64 || column == ontology::Column::i64) &&
         type != ontology::DataType::boolean && type != ontology::DataType::datetime;
}

void check_metric(const Entry<DeviceSpec>& device, std::size_t i,
                  const std::vector<SignalSpec>* signals, const std::string& type,
                  const Index& index, Reporter& report) {
  const auto& metric = device.spec.metrics[i];
  const auto path = fmt::format("metrics[{}]", i);
  if (holds_numbers(metric.datatype) && metric.unit.empty()) {
    report.add(*device.declared, path + ".unit",
               fmt::format("metric '{}' has no unit", metric.name), "a UCUM code", {},
               "add 'unit:'; of a plain number it is \"1\"");
  }
  if (signals == nullptr) {
    if (metric.signal.empty() || !device.spec.asset.empty()) return;
    report.add(*device.declared, path + ".signal",
               fmt::format("signal '{}' of no asset", metric.signal), "an asset", {},
               "say with spec.asset what the device measures");
    return;
  }
  const auto& name = metric.signal.empty() ? metric.name : metric.signal;
  const auto found = std::ranges::find(*signals, name, &SignalSpec::name);
  if (found != signals->end()) {
    check_commensurable(*device.declared, path + ".unit", unit_after(device, metric, index),
                        found->unit, fmt::format("signal '{}' of AssetType '{}'", name, type),
                        report);
  } else if (!metric.signal.empty()) {
    std::vector<std::string_view> names;
    for (const auto& signal : *signals) names.push_back(signal.name);
    report.add(*device.declared, path + ".signal",
               fmt::format("AssetType '{}' has no signal '{}'", type, metric.signal),
               "a signal of the asset", std::string(nearest_name(metric.signal, names)), {});
  }
}

void check_driver(const Entry<DeviceSpec>& device, Reporter& report) {
  const auto& spec = device.spec;
  const auto& declared = *device.declared;
  const auto* driver = declared.resource.spec.find("driver");
  if (const auto* pace = driver != nullptr ? driver->find("pace") : nullptr) {
    if (pace->members.size() != 1) {
      report.add(declared, "driver.pace", fmt::format("{} keys", pace->members.size()),
                 "either factor or total", {}, "keep one of them");
    }
  }
  const auto* replay = std::get_if<ReplayDriver>(&spec.driver);
  if (replay == nullptr) {
    const auto& plant = std::get<PlantDriver>(spec.driver);
    if (plant.step.count() <= 0) {
      report.add(declared, "driver.step", "a step of nothing", "a duration above 0", {}, {});
    }
    if (plant.start && plant.history.count() > 0) {
      report.add(declared, "driver.history", "a history beside a start", "one of them", {},
                 "a plant that is not live begins at 'start': remove 'history'");
    }
    if (plant.start && plant.end && *plant.end <= *plant.start) {
      report.add(declared, "driver.end", "ends before it begins", "a time after 'start'", {}, {});
    }
    return;
  }
  if (spec.each && replay->key_column.empty()) {
    report.add(declared, "driver", "'keyColumn' is missing",
               "the column whose value is the key of 'each'", {}, "add 'keyColumn:'");
  }
  if (!spec.each && !replay->key_column.empty()) {
    report.add(declared, "driver.keyColumn", "a key column without 'each'",
               "'each' with the keys of this edge", {}, "add 'each:' or remove 'keyColumn:'");
  }
  const bool counted = replay->time.kind == TimeKind::cycle || replay->time.kind == TimeKind::row;
  if (counted && replay->time.step.count() <= 0) {
    report.add(declared, "driver.time.step", "a step of nothing", "a duration above 0", {}, {});
  }
}

void check_device_assets(const Entry<DeviceSpec>& device, const Index& index,
                         const NameTables& names, Reporter& report) {
  const auto& spec = device.spec;
  for (const auto& instance : instances_of(spec.resource, spec.each)) {
    const auto name = fill_key(spec.asset, instance.key);
    if (report.reference(*device.declared, "asset", Kind::asset, name, names.assets) == nullptr) {
      return;  // told once for a template
    }
    const auto* asset = index.asset(name);
    if (asset->site == spec.site) continue;
    report.add(*device.declared, "asset", fmt::format("'{}' is at site '{}'", name, asset->site),
               fmt::format("an asset of site '{}'", spec.site), {}, {});
    return;
  }
}

void check_stage(const Declared& declared, const std::string& path, const StageSpec& stage,
                 const std::vector<std::string_view>& metrics, Reporter& report) {
  for (std::size_t i = 0; i < stage.metrics.size(); ++i) {
    const auto& name = stage.metrics[i];
    // Derived metrics (`<metric>/<function>_<window>`) are known by what they derive from.
    const auto base = std::string_view(name).substr(0, name.rfind('/'));
    if (metrics.empty() || std::ranges::find(metrics, name) != metrics.end() ||
        std::ranges::find(metrics, base) != metrics.end()) {
      continue;
    }
    report.add(declared, fmt::format("{}.metrics[{}]", path, i),
               fmt::format("no device of the pipeline has a metric '{}'", name),
               "a metric of its devices", std::string(nearest_name(name, metrics)), {});
  }
  if (const auto* median = std::get_if<MedianStage>(&stage.parameters)) {
    if (median->window % 2 == 0) {
      report.add(declared, path + ".samples", fmt::format("{} is even", median->window),
                 "an odd number", {}, fmt::format("write {}", median->window + 1));
    }
  } else if (const auto* aggregate = std::get_if<AggregateStage>(&stage.parameters)) {
    if (aggregate->window.count() <= 0) {
      report.add(declared, path + ".window", "a window of nothing", "a duration above 0", {}, {});
    }
  } else if (const auto* flag = std::get_if<FlagStage>(&stage.parameters)) {
    check_limits(declared, path, flag->limits, report);
  }
}

void check_pipeline_devices(const Entry<PipelineSpec>& pipeline, const Index& index,
                            Reporter& report) {
  const auto& spec = pipeline.spec;
  std::vector<std::string_view> ids;
  for (const auto& entry : index.devices) {
    if (entry.spec.site == spec.site && entry.spec.edge == spec.edge) {
      ids.push_back(entry.spec.resource);
    }
  }
  for (const auto& [key, instance] : index.device_by_key) {
    if (std::get<0>(key) == spec.site && std::get<1>(key) == spec.edge) {
      ids.push_back(instance.name);
    }
  }
  for (std::size_t i = 0; i < spec.devices.size(); ++i) {
    if (std::ranges::find(ids, spec.devices[i]) != ids.end()) continue;
    report.add(*pipeline.declared, fmt::format("devices[{}]", i),
               fmt::format("edge '{}' has no device '{}'", spec.edge, spec.devices[i]),
               "a device of the edge", std::string(nearest_name(spec.devices[i], ids)), {});
  }
}

}  // namespace

std::string unit_after(const Entry<DeviceSpec>& device, const MetricSpec& metric,
                       const Index& index) {
  auto unit = metric.unit;
  const auto instances = instances_of(device.spec.resource, device.spec.each);
  const std::string id = instances.empty() ? std::string() : instances.front().name;
  for (const auto& pipeline : index.pipelines) {
    if (!index.matches(pipeline.spec, device, id)) continue;
    for (const auto& stage : pipeline.spec.stages) {
      const auto* scale = std::get_if<ScaleStage>(&stage.parameters);
      if (scale == nullptr || scale->unit.empty()) continue;
      if (stage.metrics.empty() ||
          std::ranges::find(stage.metrics, metric.name) != stage.metrics.end()) {
        unit = scale->unit;
      }
    }
  }
  return unit;
}

void check_edge(const Declared& where, const std::string& site, const std::string& edge,
                const Index& index, Reporter& report) {
  const auto found = index.sites.find(site);
  if (found == index.sites.end()) return;
  const auto& edges = found->second.spec.edges;
  if (std::ranges::find(edges, edge) != edges.end()) return;
  const std::vector<std::string_view> names(edges.begin(), edges.end());
  report.add(where, "edge", fmt::format("site '{}' has no edge '{}'", site, edge),
             "an edge of the site", std::string(nearest_name(edge, names)),
             "or add it to spec.edges of the site");
}

void check_device(const Entry<DeviceSpec>& entry, const Index& index, const NameTables& names,
                  Reporter& report) {
  const auto& declared = *entry.declared;
  const auto& spec = entry.spec;
  report.reference(declared, "site", Kind::site, spec.site, names.sites);
  check_edge(declared, spec.site, spec.edge, index, report);
  check_device_assets(entry, index, names, report);
  check_driver(entry, report);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
    if (seen.insert(spec.metrics[i].name).second) continue;
    report.add(declared, fmt::format("metrics[{}].name", i),
               fmt::format("metric '{}' stands twice", spec.metrics[i].name), "one of each name",
               {}, "rename or remove it");
  }
  const auto instances = instances_of(spec.resource, spec.each);
  const auto* asset = instances.empty() || spec.asset.empty()
                          ? nullptr
                          : index.asset(fill_key(spec.asset, instances.front().key));
  const auto signals =
      asset != nullptr ? index.signals_of_type(asset->type) : std::vector<SignalSpec>{};
  for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
    check_metric(entry, i, asset != nullptr ? &signals : nullptr,
                 asset != nullptr ? asset->type : std::string(), index, report);
  }
}

void check_pipelines(const Index& index, const NameTables& names, Reporter& report) {
  for (const auto& entry : index.pipelines) {
    report.reference(*entry.declared, "site", Kind::site, entry.spec.site, names.sites);
    check_edge(*entry.declared, entry.spec.site, entry.spec.edge, index, report);
    check_pipeline_devices(entry, index, report);
    std::vector<std::string_view> metrics;
    for (const auto& device : index.devices) {
      if (device.spec.site != entry.spec.site || device.spec.edge != entry.spec.edge) continue;
      for (const auto& metric : device.spec.metrics) metrics.push_back(metric.name);
    }
    for (std::size_t i = 0; i < entry.spec.stages.size(); ++i) {
      check_stage(*entry.declared, fmt::format("stages[{}]", i), entry.spec.stages[i], metrics,
                  report);
      check_score_stage(entry, i, index, names, report);
    }
  }
  // A device has one pipeline at most: told at the second, once for each pair.
  std::set<std::pair<const Declared*, const Declared*>> told;
  for (const auto& instance : index.device_instances) {
    const auto& device = index.devices[instance.entry];
    const Entry<PipelineSpec>* first = nullptr;
    for (const auto& pipeline : index.pipelines) {
      if (!index.matches(pipeline.spec, device, instance.name)) continue;
      if (first == nullptr) {
        first = &pipeline;
      } else if (first->declared->resource.key != pipeline.declared->resource.key &&
                 told.emplace(first->declared, pipeline.declared).second) {
        report.add(*pipeline.declared, "devices",
                   fmt::format("device '{}' has Pipeline '{}' already", instance.name,
                               first->declared->resource.key.name),
                   "one pipeline a device", {}, "name the devices of each with 'devices'");
      }
    }
  }
}

}  // namespace millwright::catalog
