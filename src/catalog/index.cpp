#include "catalog/index.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"

namespace millwright::catalog {

Index::Index(const std::vector<Declared>& resources) {
  for (const auto& declared : resources) {
    const auto& name = declared.resource.key.name;
    const auto& spec = declared.resource.spec;
    switch (declared.resource.key.kind) {
      case Kind::site:
        sites.try_emplace(name, Entry<SiteSpec>{&declared, parse_site_spec(spec)});
        break;
      case Kind::asset_type:
        types.try_emplace(name, Entry<AssetTypeSpec>{&declared, parse_asset_type_spec(spec)});
        break;
      case Kind::asset:
        assets.push_back({&declared, parse_asset_spec(name, spec)});
        break;
      case Kind::device:
        devices.push_back({&declared, parse_device_spec(name, spec)});
        break;
      case Kind::signal:
        signals.push_back({&declared, parse_signal_spec(name, spec)});
        break;
      case Kind::pipeline:
        pipelines.push_back({&declared, parse_pipeline_spec(name, spec)});
        break;
      case Kind::person:
        persons.push_back({&declared, parse_person_spec(spec)});
        break;
      case Kind::use_case:
        use_cases.try_emplace(name, Entry<UseCaseSpec>{&declared, parse_use_case_spec(spec)});
        break;
      case Kind::kpi:
        kpis.try_emplace(name, Entry<KpiSpec>{&declared, parse_kpi_spec(spec)});
        break;
      case Kind::role:
        roles.push_back({&declared, parse_role_spec(spec)});
        break;
      case Kind::model:
        models.try_emplace(name, Entry<ModelSpec>{&declared, parse_model_spec(name, spec)});
        break;
    }
  }
  expand();
}

void Index::expand() {
  for (std::size_t i = 0; i < assets.size(); ++i) {
    for (auto& instance : instances_of(assets[i].spec.resource, assets[i].spec.each)) {
      asset_instances.push_back({i, instance.name, instance.key});
      asset_by_name.try_emplace(instance.name, asset_instances.back());
    }
  }
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const auto& spec = devices[i].spec;
    for (auto& instance : instances_of(spec.resource, spec.each)) {
      device_instances.push_back({i, instance.name, instance.key});
      device_by_key.try_emplace({spec.site, spec.edge, instance.name}, device_instances.back());
    }
  }
}

const AssetSpec* Index::asset(std::string_view name) const {
  const auto found = asset_by_name.find(name);
  return found == asset_by_name.end() ? nullptr : &assets[found->second.entry].spec;
}

std::string Index::asset_title(std::string_view name) const {
  const auto found = asset_by_name.find(name);
  if (found == asset_by_name.end()) return std::string(name);
  const std::string& title = assets[found->second.entry].spec.title;
  return title.empty() ? std::string(name) : fill_key(title, found->second.key);
}

std::vector<SignalSpec> Index::signals_of_type(std::string_view type) const {
  std::vector<SignalSpec> out;
  std::set<std::string, std::less<>> seen;
  std::string at(type);
  while (seen.insert(at).second) {
    const auto found = types.find(at);
    if (found == types.end()) break;
    for (const auto& signal : found->second.spec.signals) {
      const auto nearer = std::ranges::find(out, signal.name, &SignalSpec::name);
      if (nearer == out.end()) {
        out.push_back(signal);
      } else {
        *nearer = nearer->over(signal);
      }
    }
    at = found->second.spec.extends;
  }
  return out;
}

bool Index::is_a(std::string_view type, std::string_view base) const {
  std::set<std::string, std::less<>> seen;
  std::string at(type);
  while (!at.empty() && seen.insert(at).second) {
    if (at == base) return true;
    const auto found = types.find(at);
    if (found == types.end()) break;
    at = found->second.spec.extends;
  }
  return false;
}

std::vector<std::string> Index::assets_of(const AssetSelector& selector) const {
  std::vector<std::string> out;
  for (const auto& instance : asset_instances) {
    const auto& entry = assets[instance.entry];
    const auto& labels = entry.declared->resource.labels;
    const bool labelled = std::ranges::all_of(selector.labels, [&](const auto& wanted) {
      const auto found = labels.find(wanted.first);
      return found != labels.end() && found->second == wanted.second;
    });
    const bool placed = selector.sites.empty() ||
                        std::ranges::find(selector.sites, entry.spec.site) != selector.sites.end();
    if (labelled && placed && is_a(entry.spec.type, selector.type)) out.push_back(instance.name);
  }
  return out;
}

std::vector<std::string> Index::parameters_of_type(std::string_view type) const {
  std::vector<std::string> out;
  std::set<std::string, std::less<>> seen;
  std::string at(type);
  while (seen.insert(at).second) {
    const auto found = types.find(at);
    if (found == types.end()) break;
    out.insert(out.end(), found->second.spec.parameters.begin(),
               found->second.spec.parameters.end());
    at = found->second.spec.extends;
  }
  return out;
}

std::vector<SignalSpec> Index::signals_of_asset(std::string_view name) const {
  const auto* spec = asset(name);
  if (spec == nullptr) return {};
  auto out = signals_of_type(spec->type);
  for (const auto& entry : signals) {
    if (entry.spec.asset != name) continue;
    const auto base = std::ranges::find(out, entry.spec.signal.name, &SignalSpec::name);
    if (base == out.end()) {
      out.push_back(entry.spec.signal);
    } else {
      *base = entry.spec.signal.over(*base);
    }
  }
  return out;
}

std::vector<const Expanded*> Index::find_devices(std::string_view site, std::string_view edge,
                                                 std::string_view id) const {
  std::vector<const Expanded*> out;
  const auto site_found = sites.find(site);
  if (site_found == sites.end()) return out;
  for (const auto& candidate : site_found->second.spec.edges) {
    if (!edge.empty() && candidate != edge) continue;
    const auto found = device_by_key.find(DeviceKey{std::string(site), candidate, std::string(id)});
    if (found != device_by_key.end()) out.push_back(&found->second);
  }
  return out;
}

bool Index::matches(const PipelineSpec& pipeline, const Entry<DeviceSpec>& device,
                    std::string_view id) const {
  if (pipeline.site != device.spec.site || pipeline.edge != device.spec.edge) return false;
  const auto names = [&](std::string_view name) {
    return std::ranges::find(pipeline.devices, name) != pipeline.devices.end();
  };
  if (!pipeline.devices.empty() && !names(id) && !names(device.spec.resource)) return false;
  const auto& labels = device.declared->resource.labels;
  return std::ranges::all_of(pipeline.selector, [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

std::vector<SignalBinding> Index::bindings() const {
  // Signals of each asset once; then by overrides with sources, then by the assets' devices.
  std::map<std::string, std::map<std::string, SignalSpec, std::less<>>, std::less<>> wanted;
  std::map<std::string, std::vector<SignalSpec>> by_type;
  std::set<std::pair<std::string, std::string>> sourced;
  std::vector<SignalBinding> out;
  const auto signals_by_name = [&](const std::string& name) -> const auto& {
    const auto [at, fresh] = wanted.try_emplace(name);
    if (fresh) {
      if (const auto* spec = asset(name)) {
        const auto [typed, new_type] = by_type.try_emplace(spec->type);
        if (new_type) typed->second = signals_of_type(spec->type);
        for (const auto& signal : typed->second) at->second.emplace(signal.name, signal);
      }
    }
    return at->second;
  };
  for (const auto& entry : signals) {
    signals_by_name(entry.spec.asset);
    auto& of_asset = wanted[entry.spec.asset];
    const auto [at, fresh] = of_asset.try_emplace(entry.spec.signal.name, entry.spec.signal);
    if (!fresh) at->second = entry.spec.signal.over(at->second);
  }
  const auto add = [&](const std::string& asset_name, const SignalSpec& signal,
                       const Expanded& device, const MetricSpec& metric,
                       const SignalSource* source) {
    const auto* of = asset(asset_name);
    const auto site = of != nullptr ? sites.find(of->site) : sites.end();
    if (site == sites.end()) return;
    const auto& spec = devices[device.entry].spec;
    SignalBinding binding;
    binding.asset = asset_name;
    binding.signal = signal;
    binding.path = fmt::format("{}/{}/{}/{}/{}/{}", site->second.spec.enterprise, of->site,
                               of->area, of->line, asset_name, signal.name);
    binding.address = {spec.site, spec.edge, device.name};
    binding.metric = metric;
    if (source != nullptr) binding.from = source->from, binding.until = source->until;
    out.push_back(std::move(binding));
  };
  for (const auto& entry : signals) {
    const auto* of = asset(entry.spec.asset);
    if (of == nullptr || entry.spec.sources.empty()) continue;
    sourced.emplace(entry.spec.asset, entry.spec.signal.name);
    for (const auto& source : entry.spec.sources) {
      for (const auto* device : find_devices(of->site, source.edge, source.device)) {
        for (const auto& metric : devices[device->entry].spec.metrics) {
          if (metric.name != source.metric) continue;
          add(entry.spec.asset,
              signals_by_name(entry.spec.asset).find(entry.spec.signal.name)->second, *device,
              metric, &source);
        }
      }
    }
  }
  for (const auto& device : device_instances) {
    const auto& spec = devices[device.entry].spec;
    if (spec.asset.empty()) continue;
    const auto asset_name = fill_key(spec.asset, device.key);
    const auto& of_asset = signals_by_name(asset_name);
    for (const auto& metric : spec.metrics) {
      const auto found = of_asset.find(metric.signal.empty() ? metric.name : metric.signal);
      if (found == of_asset.end() || sourced.contains({asset_name, found->first})) continue;
      add(asset_name, found->second, device, metric, nullptr);
    }
  }
  return out;
}

std::vector<Declared> as_declared(const std::vector<Resource>& resources) {
  std::vector<Declared> out;
  out.reserve(resources.size());
  for (const auto& resource : resources) {
    if (!resource.deleted) out.push_back({resource, true, {}});
  }
  return out;
}

std::vector<SignalBinding> signal_bindings(const std::vector<Resource>& resources) {
  const auto declared = as_declared(resources);
  return Index(declared).bindings();
}

}  // namespace millwright::catalog
