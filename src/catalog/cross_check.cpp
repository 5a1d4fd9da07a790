#include "catalog/cross_check.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/id.hpp"
#include "catalog/cross_check_parts.hpp"

namespace millwright::catalog {

void Reporter::add(const Declared& where, const std::string& path, std::string what,
                   std::string expected, std::string nearest, std::string remedy) {
  const auto& resource = where.resource;
  const auto full = "spec." + path;
  const auto same_or_below = [](std::string_view inner, std::string_view outer) {
    return inner.starts_with(outer) && (inner.size() == outer.size() ||
                                        inner[outer.size()] == '.' || inner[outer.size()] == '[');
  };
  for (const auto& told : where.problem_paths) {
    if (same_or_below(told, full) || same_or_below(full, told)) return;
  }
  Problem problem;
  if (resource.uid.empty()) {
    const auto mark = mark_at(resource.spec, path);
    problem.place = {resource.file, mark.line, mark.column, full};
  } else {
    problem.place = {"catalog", 0, 0, fmt::format("{}: {}", resource.key.text(), full)};
  }
  problem.what = std::move(what);
  problem.expected = std::move(expected);
  problem.nearest = std::move(nearest);
  problem.remedy = std::move(remedy);
  problems_.push_back(std::move(problem));
}

std::string place_of(const Declared& declared) {
  const auto& resource = declared.resource;
  if (!resource.uid.empty()) return "the catalog";
  return fmt::format("{}:{}", resource.file, resource.mark.line);
}

const Declared* Reporter::reference(const Declared& where, const std::string& path, Kind kind,
                                    const std::string& name, const Names& known) {
  if (name.empty()) return nullptr;
  if (const auto found = known.find(name); found != known.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known_name, declared] : known) names.push_back(known_name);
  const std::string nearest(nearest_name(name, names));
  add(where, path, fmt::format("no {} is called '{}'", name_of(kind), name),
      fmt::format("the name of a declared {}", name_of(kind)), nearest,
      nearest.empty() ? fmt::format("declare it, or apply it in the same command") : std::string());
  return nullptr;
}

namespace {

/// The same thing declared twice, in files or against an expansion of another resource.
void check_duplicates(const std::vector<Declared>& resources, Reporter& report) {
  std::map<ResourceKey, const Declared*> first;
  for (const auto& declared : resources) {
    const auto [at, fresh] = first.try_emplace(declared.resource.key, &declared);
    if (fresh) continue;
    auto problem =
        Problem{{declared.resource.file, declared.resource.mark.line, declared.resource.mark.column,
                 "metadata.name"},
                fmt::format("{} '{}' is declared twice", name_of(declared.resource.key.kind),
                            declared.resource.key.name),
                "one declaration of a name",
                {},
                fmt::format("rename or remove it; the first is at {}", place_of(*at->second))};
    report.add(std::move(problem));
  }
}

template <typename Entries>
void check_expansions(const Entries& entries, const std::vector<Expanded>& instances,
                      std::string_view noun, Reporter& report,
                      const std::function<std::string(const Expanded&)>& scope) {
  std::map<std::string, const Expanded*> first;
  std::set<std::size_t> told;
  for (const auto& instance : instances) {
    const auto& entry = entries[instance.entry];
    if (told.contains(instance.entry)) continue;
    const std::string path = entry.spec.each ? "each.name" : "";
    if (!is_valid_name(instance.name)) {
      told.insert(instance.entry);
      report.add(
          *entry.declared, path,
          fmt::format("key '{}' makes '{}', which is not an id", instance.key, instance.name),
          "an id of a-z, 0-9, '_', '.', '-', at most 63 characters", {}, {});
      continue;
    }
    const auto [at, fresh] = first.try_emplace(scope(instance), &instance);
    if (fresh) continue;
    const auto& other = entries[at->second->entry];
    // The same name of the same kind is reported as a duplicate resource.
    if (!entry.spec.each && !other.spec.each && at->second->entry != instance.entry &&
        other.declared->resource.key == entry.declared->resource.key) {
      continue;
    }
    told.insert(instance.entry);
    const bool same = at->second->entry == instance.entry;
    report.add(*entry.declared, path, fmt::format("{} '{}' is made twice", noun, instance.name),
               same ? "{key} in the name" : "one of each name", {},
               same ? "put {key} or {key:03} into each.name"
                    : fmt::format("the first is made by '{}' at {}",
                                  other.declared->resource.key.name, place_of(*other.declared)));
  }
}

void check_site(const Declared& declared, const SiteSpec& spec, Reporter& report) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.edges.size(); ++i) {
    const auto path = fmt::format("edges[{}].name", i);
    if (!seen.insert(spec.edges[i]).second) {
      report.add(declared, path, fmt::format("edge '{}' stands twice", spec.edges[i]),
                 "one of each name", {}, "remove it");
    }
    if (spec.edges[i] == spec.gateway) {
      report.add(declared, path, fmt::format("edge '{}' has the id of the gateway", spec.edges[i]),
                 "different ids: both are edge nodes of the site on the wire", {}, "rename one");
    }
  }
}

void check_person(const Declared& declared, const PersonSpec& spec, const NameTables& names,
                  std::map<std::string, const Declared*>& keys, Reporter& report) {
  for (std::size_t i = 0; i < spec.sites.size(); ++i) {
    report.reference(declared, fmt::format("sites[{}]", i), Kind::site, spec.sites[i], names.sites);
  }
  if (spec.public_key.empty()) return;
  const auto [at, fresh] = keys.try_emplace(spec.public_key, &declared);
  if (!fresh && at->second->resource.key != declared.resource.key) {
    report.add(declared, "publicKey",
               fmt::format("the key of Person '{}'", at->second->resource.key.name),
               "a key of one's own", {}, "make a key pair for each person");
  }
}

NameTables names_of(const Index& index) {
  NameTables out;
  for (const auto& [name, entry] : index.sites) out.sites.emplace(name, entry.declared);
  for (const auto& [name, entry] : index.types) out.types.emplace(name, entry.declared);
  for (const auto& [name, instance] : index.asset_by_name) {
    out.assets.emplace(name, index.assets[instance.entry].declared);
  }
  for (const auto& entry : index.persons) {
    out.persons.emplace(entry.declared->resource.key.name, entry.declared);
  }
  for (const auto& [name, entry] : index.kpis) out.kpis.emplace(name, entry.declared);
  for (const auto& [name, entry] : index.models) out.models.emplace(name, entry.declared);
  return out;
}

}  // namespace

std::vector<Problem> cross_check(const std::vector<Declared>& resources) {
  const Index index(resources);
  const auto names = names_of(index);
  Reporter report;
  check_duplicates(resources, report);
  check_expansions(index.assets, index.asset_instances, "asset", report,
                   [](const Expanded& asset) { return asset.name; });
  check_expansions(index.devices, index.device_instances, "device", report,
                   [&](const Expanded& device) {
                     const auto& spec = index.devices[device.entry].spec;
                     return fmt::format("{}/{}/{}", spec.site, spec.edge, device.name);
                   });
  for (const auto& [name, entry] : index.sites) {
    check_site(*entry.declared, entry.spec, report);
  }
  for (const auto& [name, entry] : index.types) {
    check_asset_type(entry, index, names, report);
  }
  for (const auto& entry : index.assets) {
    check_asset(entry, index, names, report);
  }
  for (const auto& entry : index.devices) {
    check_device(entry, index, names, report);
  }
  check_signals(index, names, report);
  check_pipelines(index, names, report);
  std::map<std::string, const Declared*> keys;
  for (const auto& entry : index.persons) {
    check_person(*entry.declared, entry.spec, names, keys, report);
  }
  for (const auto& [name, entry] : index.models) check_model(entry, index, names, report);
  for (const auto& [name, entry] : index.kpis) check_kpi(entry, report);
  for (const auto& [name, entry] : index.use_cases) check_use_case(entry, index, names, report);
  check_roles(index, names, report);
  return report.take();
}

}  // namespace millwright::catalog
