// `describe` and `diff`: a resource for people, and what an apply would change.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "catalog/commands.hpp"
#include "catalog/cross_check.hpp"
#include "catalog/describe_parts.hpp"
#include "catalog/table.hpp"

namespace millwright::catalog {
namespace {

constexpr std::size_t instances_shown = 8;
constexpr std::size_t diff_lines_max = 5'000;

std::string limits_text(const SignalSpec& signal) {
  std::string out;
  if (signal.limits.low || signal.limits.high) {
    const auto bound = [](const std::optional<double>& value) {
      return value ? fmt::format("{}", *value) : std::string();
    };
    out = bound(signal.limits.low) + " .. " + bound(signal.limits.high);
  }
  return out;
}

std::string interval_text(const SignalBinding& binding) {
  if (!binding.from && !binding.until) return "always";
  return fmt::format("{} .. {}", binding.from ? to_rfc3339(*binding.from) : "",
                     binding.until ? to_rfc3339(*binding.until) : "");
}

/// Signals of an asset with the metrics that measure them; those without any are named too.
std::string signals_table(const Index& index, const std::string& asset) {
  std::vector<std::vector<std::string>> rows{{"SIGNAL", "UNIT", "RANGE", "SOURCE", "WHEN"}};
  const auto bindings = index.bindings();
  for (const auto& signal : index.signals_of_asset(asset)) {
    bool bound = false;
    for (const auto& binding : bindings) {
      if (binding.asset != asset || binding.signal.name != signal.name) continue;
      bound = true;
      rows.push_back({signal.name, signal.unit, limits_text(signal),
                      binding.address.text() + "/" + binding.metric.name, interval_text(binding)});
    }
    if (!bound) rows.push_back({signal.name, signal.unit, limits_text(signal), "none", ""});
  }
  return rows.size() > 1 ? heading("Signals") + indented(text_table(rows)) : "";
}

std::string metrics_table(const Index& index, const DeviceSpec& device, const std::string& id) {
  std::vector<std::vector<std::string>> rows{{"METRIC", "UNIT", "SOURCE", "MEASURES"}};
  const auto bindings = index.bindings();
  for (const auto& metric : device.metrics) {
    std::string path;
    for (const auto& binding : bindings) {
      const auto& address = binding.address;
      if (address.site == device.site && address.edge == device.edge && address.device == id &&
          binding.metric.name == metric.name) {
        path = binding.path;
      }
    }
    rows.push_back({metric.name, metric.unit, metric.source.empty() ? metric.name : metric.source,
                    path.empty() ? "no declared signal" : path});
  }
  return heading("Metrics of " + id) + indented(text_table(rows));
}

std::string instances_text(const std::vector<Expanded>& instances, std::size_t entry,
                           std::string_view noun) {
  std::string names;
  std::size_t count = 0;
  for (const auto& instance : instances) {
    if (instance.entry != entry) continue;
    if (++count <= instances_shown) names += (names.empty() ? "" : ", ") + instance.name;
  }
  return heading("Stands for") +
         fmt::format("  {} {}: {}{}\n", count, noun, names, count > instances_shown ? ", …" : "");
}

/// Resources that are wrong without this one.
std::string referrers_text(const std::vector<Resource>& all, const ResourceKey& key) {
  std::vector<Resource> rest;
  for (const auto& resource : all) {
    if (resource.key != key) rest.push_back(resource);
  }
  std::set<std::string> known, names;
  for (const auto& problem : cross_check(as_declared(all))) known.insert(problem.text());
  for (const auto& problem : cross_check(as_declared(rest))) {
    if (known.contains(problem.text())) continue;
    names.insert(problem.place.path.substr(0, problem.place.path.find(':')));
  }
  std::string out;
  for (const auto& name : names) out += "  " + name + "\n";
  return out.empty() ? "" : heading("Referred to by") + out;
}

std::string head_text(const Resource& resource, std::string_view asked) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"Kind:", std::string(name_of(resource.key.kind))});
  rows.push_back({"Name:", resource.key.name});
  if (asked != resource.key.name) rows.push_back({"Makes:", std::string(asked)});
  std::string labels;
  for (const auto& [name, value] : resource.labels) {
    labels += (labels.empty() ? "" : ", ") + name + "=" + value;
  }
  rows.push_back({"Labels:", labels.empty() ? "none" : labels});
  rows.push_back({"Generation:", std::to_string(resource.generation)});
  rows.push_back({"Digest:", "sha256:" + digest_of(resource.spec).hex()});
  rows.push_back({"UID:", resource.uid});
  rows.push_back({"Created:", to_rfc3339(resource.created)});
  rows.push_back({"Changed:", to_rfc3339(resource.changed)});
  return text_table(rows) + heading("Spec") + to_yaml(resource.spec, 2);
}

/// The resource of that name, or the one whose template makes it.
const Resource* find_or_maker(const Index& index, const std::vector<Resource>& all, Kind kind,
                              std::string_view name) {
  for (const auto& resource : all) {
    if (resource.key.kind == kind && resource.key.name == name) return &resource;
  }
  if (kind == Kind::asset) {
    const auto found = index.asset_by_name.find(name);
    if (found != index.asset_by_name.end()) {
      return &index.assets[found->second.entry].declared->resource;
    }
  }
  for (const auto& instance : index.device_instances) {
    if (kind == Kind::device && instance.name == name) {
      return &index.devices[instance.entry].declared->resource;
    }
  }
  return nullptr;
}

std::string parts_text(const Index& index, const Resource& resource, std::string_view asked) {
  const bool itself = asked == resource.key.name;
  std::string out;
  for (std::size_t i = 0; i < index.assets.size(); ++i) {
    const auto& entry = index.assets[i];
    if (entry.declared->resource.key != resource.key) continue;
    if (entry.spec.each && itself) {
      out += instances_text(index.asset_instances, i, "assets");
    } else {
      out += signals_table(index, std::string(asked));
    }
  }
  for (std::size_t i = 0; i < index.devices.size(); ++i) {
    const auto& entry = index.devices[i];
    if (entry.declared->resource.key != resource.key) continue;
    if (entry.spec.each && itself) {
      out += instances_text(index.device_instances, i, "devices");
    } else {
      out += metrics_table(index, entry.spec, std::string(asked));
    }
  }
  for (const auto& entry : index.pipelines) {
    if (entry.declared->resource.key != resource.key) continue;
    std::string devices;
    for (const auto& instance : index.device_instances) {
      if (!index.matches(entry.spec, index.devices[instance.entry], instance.name)) continue;
      devices += "  " + instance.name + "\n";
    }
    out += heading("Devices") + (devices.empty() ? "  none\n" : devices);
  }
  return out + outcome_parts(index, resource);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

struct DiffLine {
  char sign = ' ';
  std::string text;
};

/// Longest common subsequence by dynamic programming; long texts are replaced as a whole.
std::vector<DiffLine> diff_lines(const std::vector<std::string>& a,
                                 const std::vector<std::string>& b) {
  std::vector<DiffLine> out;
  if (a.size() > diff_lines_max || b.size() > diff_lines_max) {
    for (const auto& line : a) out.push_back({'-', line});
    for (const auto& line : b) out.push_back({'+', line});
    return out;
  }
  const std::size_t width = b.size() + 1;
  std::vector<std::uint16_t> length((a.size() + 1) * width, 0);
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      length[i * width + j] =
          a[i] == b[j] ? static_cast<std::uint16_t>(length[(i + 1) * width + j + 1] + 1)
                       : std::max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back({' ', a[i++]}), ++j;
    } else if (j >= b.size() ||
               (i < a.size() && length[(i + 1) * width + j] >= length[i * width + j + 1])) {
      out.push_back({'-', a[i++]});
    } else {
      out.push_back({'+', b[j++]});
    }
  }
  return out;
}

std::string unified(const std::string& title, const std::string& before, const std::string& after) {
  const auto lines = diff_lines(lines_of(before), lines_of(after));
  constexpr std::size_t context = 3;
  std::vector<bool> shown(lines.size(), false);
  bool any = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].sign == ' ') continue;
    any = true;
    const auto last = std::min(lines.size(), i + context + 1);
    for (std::size_t j = i >= context ? i - context : 0; j < last; ++j) shown[j] = true;
  }
  if (!any) return {};
  std::string out = fmt::format("--- catalog {}\n+++ applied {}\n", title, title);
  std::size_t old_line = 1, new_line = 1;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (shown[i] && (i == 0 || !shown[i - 1])) {
      std::size_t old_count = 0, new_count = 0;
      for (std::size_t j = i; j < lines.size() && shown[j]; ++j) {
        old_count += lines[j].sign != '+' ? 1 : 0;
        new_count += lines[j].sign != '-' ? 1 : 0;
      }
      out += fmt::format("@@ -{},{} +{},{} @@\n", old_count == 0 ? 0 : old_line, old_count,
                         new_count == 0 ? 0 : new_line, new_count);
    }
    if (shown[i]) out += lines[i].sign + lines[i].text + "\n";
    old_line += lines[i].sign != '+' ? 1 : 0;
    new_line += lines[i].sign != '-' ? 1 : 0;
  }
  return out;
}

/// YAML of what a person declared, without status.
std::string declared_yaml(const Resource& resource) {
  Resource bare = resource;
  bare.uid.clear();
  return to_yaml(document_of(bare));
}

}  // namespace

Result<std::string> describe(Store& store, std::string_view kind, std::string_view name) {
  const auto parsed = kind_from(kind);
  if (!parsed) return std::unexpected(parsed.error());
  const auto all = store.list(std::nullopt);
  if (!all) return std::unexpected(all.error());
  const auto declared = as_declared(*all);
  const Index index(declared);
  const auto* found = find_or_maker(index, *all, *parsed, name);
  if (found == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& resource : *all) {
      if (resource.key.kind == *parsed) names.push_back(resource.key.name);
    }
    for (const auto& instance : index.asset_instances) {
      if (*parsed == Kind::asset) names.push_back(instance.name);
    }
    for (const auto& instance : index.device_instances) {
      if (*parsed == Kind::device) names.push_back(instance.name);
    }
    const auto nearest = nearest_name(name, names);
    return fail(Code::not_found, fmt::format("no {} '{}'", name_of(*parsed), name),
                nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
  }
  return head_text(*found, name) + parts_text(index, *found, name) +
         referrers_text(*all, found->key);
}

Result<std::string> diff(Store& store, const std::vector<SourceText>& sources) {
  const auto stored = store.list(std::nullopt);
  if (!stored) return std::unexpected(stored.error());
  const auto report = check(sources, *stored);
  if (auto sound = as_result(report); !sound) return pass(std::move(sound));
  std::string out;
  for (const auto& declared : report.resources) {
    const auto& resource = declared.resource;
    const auto found = std::ranges::find(*stored, resource.key, &Resource::key);
    const bool same = found != stored->end() && found->labels == resource.labels &&
                      canonical_json(found->spec) == canonical_json(resource.spec);
    if (same) continue;
    out += unified(resource.key.text(), found == stored->end() ? "" : declared_yaml(*found),
                   declared_yaml(resource));
  }
  return out;
}

}  // namespace millwright::catalog
