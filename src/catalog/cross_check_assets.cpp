// Checks of asset types, assets and signals.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "catalog/cross_check_parts.hpp"
#include "ontology/unit.hpp"

namespace millwright::catalog {
namespace {

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string chain_text(const std::vector<std::string>& chain) {
  std::string out;
  for (const auto& name : chain) out += (out.empty() ? "" : " -> ") + name;
  return out;
}

void check_cycle(const Declared& declared, const std::string& path, const std::string& start,
                 const std::function<std::string(const std::string&)>& next, Reporter& report) {
  std::vector<std::string> chain{start};
  std::set<std::string> seen{start};
  for (auto at = next(start); !at.empty(); at = next(at)) {
    chain.push_back(at);
    if (at == start) {
      report.add(declared, path, fmt::format("a cycle: {}", chain_text(chain)), "a chain that ends",
                 {}, "remove one of these references");
      return;
    }
    if (!seen.insert(at).second) return;  // a cycle that others are in
  }
}

bool holds_numbers(const SignalSpec& signal) {
  const auto type = signal.datatype.value_or(ontology::DataType::float64);
  const auto column = ontology::column_of(type);
  return (column == ontology::Column::f64 || column == ontology::Column::i64) &&
         type != ontology::DataType::boolean && type != ontology::DataType::datetime;
}

void check_interval_order(const Declared& declared, const SignalOverride& spec, Reporter& report) {
  for (std::size_t i = 0; i < spec.sources.size(); ++i) {
    const auto& source = spec.sources[i];
    if (source.from && source.until && *source.until <= *source.from) {
      report.add(declared, fmt::format("sources[{}].until", i), "ends before it begins",
                 "a time after 'from'", {}, "exchange 'from' and 'until'");
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      const auto& other = spec.sources[j];
      const bool before = source.until && other.from && *source.until <= *other.from;
      const bool after = other.until && source.from && *other.until <= *source.from;
      if (before || after) continue;
      report.add(declared, fmt::format("sources[{}]", i),
                 fmt::format("overlaps sources[{}] in time", j), "one source at any time", {},
                 "end one with 'until' where the other begins with 'from'");
      break;
    }
  }
}

void check_source(const Declared& declared, const std::string& path, const SignalSource& source,
                  const AssetSpec& asset, const std::string& unit, const Index& index,
                  Reporter& report) {
  if (!source.edge.empty()) check_edge(declared, asset.site, source.edge, index, report);
  const auto found = index.find_devices(asset.site, source.edge, source.device);
  if (found.empty()) {
    std::vector<std::string_view> ids;
    for (const auto& [key, instance] : index.device_by_key) {
      if (std::get<0>(key) == asset.site) ids.push_back(instance.name);
    }
    report.add(declared, path + ".device",
               fmt::format("site '{}' has no device '{}'", asset.site, source.device),
               "the id of a device of the asset's site",
               std::string(nearest_name(source.device, ids)), {});
    return;
  }
  if (found.size() > 1) {
    report.add(
        declared, path + ".device",
        fmt::format("site '{}' has {} devices '{}'", asset.site, found.size(), source.device),
        "one device", {}, "name its edge with 'edge'");
    return;
  }
  const auto& device = index.devices[found.front()->entry];
  const auto metric = std::ranges::find(device.spec.metrics, source.metric, &MetricSpec::name);
  if (metric == device.spec.metrics.end()) {
    std::vector<std::string_view> names;
    for (const auto& known : device.spec.metrics) names.push_back(known.name);
    report.add(declared, path + ".metric",
               fmt::format("device '{}' has no metric '{}'", source.device, source.metric),
               "a metric of the device", std::string(nearest_name(source.metric, names)), {});
  } else if (device.declared->sound) {
    check_commensurable(declared, path + ".metric", unit_after(device, *metric, index), unit,
                        "the signal", report);
  }
}

void check_signal(const Entry<SignalOverride>& entry, const Index& index, const NameTables& names,
                  std::map<std::pair<std::string, std::string>, const Declared*>& seen,
                  Reporter& report) {
  const auto& declared = *entry.declared;
  const auto& spec = entry.spec;
  check_limits(declared, "", spec.signal.limits, report);
  check_interval_order(declared, spec, report);
  const auto [at, fresh] = seen.try_emplace({spec.asset, spec.signal.name}, &declared);
  if (!fresh && at->second->resource.key != declared.resource.key) {
    report.add(declared, "quantity",
               fmt::format("signal '{}' of '{}' is declared twice", spec.signal.name, spec.asset),
               "one Signal of each quantity of an asset", {},
               fmt::format("the first is '{}' at {}", at->second->resource.key.name,
                           place_of(*at->second)));
  }
  if (report.reference(declared, "asset", Kind::asset, spec.asset, names.assets) == nullptr) return;
  const auto* asset = index.asset(spec.asset);
  const auto templates = index.signals_of_type(asset->type);
  const auto base = std::ranges::find(templates, spec.signal.name, &SignalSpec::name);
  auto whole = spec.signal;
  if (base != templates.end()) {
    whole = spec.signal.over(*base);
    if (!spec.signal.unit.empty()) {
      check_commensurable(declared, "unit", spec.signal.unit, base->unit,
                          fmt::format("AssetType '{}'", asset->type), report);
    }
  } else if (holds_numbers(whole) && whole.unit.empty()) {
    std::vector<std::string_view> known;
    for (const auto& signal : templates) known.push_back(signal.name);
    report.add(declared, "quantity",
               fmt::format("AssetType '{}' has no signal '{}', and no unit is given", asset->type,
                           spec.signal.name),
               "a signal of the type, or a unit",
               std::string(nearest_name(spec.signal.name, known)), {});
  }
  for (std::size_t i = 0; i < spec.sources.size(); ++i) {
    check_source(declared, fmt::format("sources[{}]", i), spec.sources[i], *asset, whole.unit,
                 index, report);
  }
}

}  // namespace

void check_limits(const Declared& where, const std::string& path, const Limits& limits,
                  Reporter& report) {
  if (limits.low && limits.high && *limits.low >= *limits.high) {
    report.add(where, joined(path, "range"),
               fmt::format("low {} is not below high {}", *limits.low, *limits.high), "low < high",
               {}, "exchange them");
  }
  if (limits.stuck_after && limits.stuck_after->count() == 0) {
    report.add(where, joined(path, "stuckAfter"), "a duration of nothing", "a duration above 0", {},
               {});
  }
}

void check_commensurable(const Declared& where, const std::string& path, const std::string& code,
                         const std::string& wanted, std::string_view of, Reporter& report) {
  if (code.empty() || wanted.empty()) return;
  const auto unit = ontology::parse_unit(code), target = ontology::parse_unit(wanted);
  if (!unit || !target || commensurable(*unit, *target)) return;
  report.add(where, path,
             fmt::format("unit {} ({}) cannot be turned into {} ({}) of {}", code,
                         unit->dimension.text(), wanted, target->dimension.text(), of),
             fmt::format("a unit like {}", wanted), {}, {});
}

void check_asset_type(const Entry<AssetTypeSpec>& entry, const Index& index,
                      const NameTables& names, Reporter& report) {
  const auto& declared = *entry.declared;
  const auto& spec = entry.spec;
  report.reference(declared, "extends", Kind::asset_type, spec.extends, names.types);
  check_cycle(
      declared, "extends", declared.resource.key.name,
      [&](const std::string& name) {
        const auto found = index.types.find(name);
        return found == index.types.end() ? std::string() : found->second.spec.extends;
      },
      report);
  const auto inherited = index.signals_of_type(spec.extends);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.signals.size(); ++i) {
    const auto& signal = spec.signals[i];
    const auto path = fmt::format("signals[{}]", i);
    if (!seen.insert(signal.name).second) {
      report.add(declared, path + ".name", fmt::format("signal '{}' stands twice", signal.name),
                 "one of each name", {}, "rename or remove it");
    }
    check_limits(declared, path, signal.limits, report);
    const auto base = std::ranges::find(inherited, signal.name, &SignalSpec::name);
    if (base != inherited.end()) {
      check_commensurable(declared, path + ".unit", signal.unit, base->unit,
                          fmt::format("AssetType '{}'", spec.extends), report);
    } else if (holds_numbers(signal) && signal.unit.empty()) {
      report.add(declared, path + ".unit", fmt::format("signal '{}' has no unit", signal.name),
                 "a UCUM code", {}, "add 'unit:'; of a plain number it is \"1\"");
    }
  }
  std::set<std::string> parameters;
  for (std::size_t i = 0; i < spec.parameters.size(); ++i) {
    if (parameters.insert(spec.parameters[i]).second) continue;
    report.add(declared, fmt::format("parameters[{}].name", i),
               fmt::format("parameter '{}' stands twice", spec.parameters[i]), "one of each name",
               {}, "remove it");
  }
}

void check_asset(const Entry<AssetSpec>& entry, const Index& index, const NameTables& names,
                 Reporter& report) {
  const auto& declared = *entry.declared;
  const auto& spec = entry.spec;
  report.reference(declared, "site", Kind::site, spec.site, names.sites);
  if (const auto* type =
          report.reference(declared, "type", Kind::asset_type, spec.type, names.types);
      type != nullptr && type->sound) {
    const auto known = index.parameters_of_type(spec.type);
    const std::vector<std::string_view> views(known.begin(), known.end());
    for (const auto& name : spec.parameters) {
      if (std::ranges::find(known, name) != known.end()) continue;
      report.add(declared, "parameters." + name,
                 fmt::format("AssetType '{}' has no parameter '{}'", spec.type, name),
                 "a parameter that the type declares", std::string(nearest_name(name, views)), {});
    }
  }
  const auto instances = instances_of(spec.resource, spec.each);
  for (const auto& instance : instances) {
    const auto part_of = fill_key(spec.part_of, instance.key);
    if (part_of.empty()) break;
    const auto* whole = report.reference(declared, "partOf", Kind::asset, part_of, names.assets);
    if (whole == nullptr) break;  // told once for a template
    const auto* of = index.asset(part_of);
    if (of->site != spec.site) {
      report.add(declared, "partOf", fmt::format("'{}' is at site '{}'", part_of, of->site),
                 fmt::format("an asset of site '{}'", spec.site), {}, {});
      break;
    }
    check_cycle(
        declared, "partOf", instance.name,
        [&](const std::string& name) {
          const auto found = index.asset_by_name.find(name);
          if (found == index.asset_by_name.end()) return std::string();
          return fill_key(index.assets[found->second.entry].spec.part_of, found->second.key);
        },
        report);
  }
}

void check_signals(const Index& index, const NameTables& names, Reporter& report) {
  std::map<std::pair<std::string, std::string>, const Declared*> seen;
  for (const auto& entry : index.signals) {
    check_signal(entry, index, names, seen, report);
  }
}

}  // namespace millwright::catalog
