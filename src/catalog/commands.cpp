#include "catalog/commands.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "catalog/cross_check.hpp"
#include "catalog/table.hpp"

namespace millwright::catalog {
namespace {

bool before(const Problem& a, const Problem& b) {
  return std::tie(a.place.file, a.place.line, a.place.column) <
         std::tie(b.place.file, b.place.line, b.place.column);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Node list_document(const std::vector<Resource>& resources) {
  Node items = Node::make_list();
  for (const auto& resource : resources) items.items.push_back(document_of(resource));
  Node out = Node::make_map();
  out.add("apiVersion", Node::make_text(api_version));
  out.add("kind", Node::make_text("List"));
  out.add("items", std::move(items));
  return out;
}

std::string kpi_summary(const KpiSpec& kpi) {
  return fmt::format("{}: {} {} {} by {}", kpi.title, kpi.target.relative ? "change" : "value",
                     kpi.target.value, kpi.target.unit, to_rfc3339(kpi.target.date).substr(0, 10));
}

/// Two or three things that tell resources of a kind apart.
std::string summary_of(const Resource& resource) {
  const auto& spec = resource.spec;
  switch (resource.key.kind) {
    case Kind::site:
      return fmt::format("{} ({})", spec.text_at("title"),
                         counted(parse_site_spec(spec).edges.size(), "edge"));
    case Kind::asset_type:
      return fmt::format("{} ({})", spec.text_at("title"),
                         counted(parse_asset_type_spec(spec).signals.size(), "signal"));
    case Kind::asset: {
      const auto asset = parse_asset_spec(resource.key.name, spec);
      return fmt::format("{}/{}/{}, {}{}", asset.site, asset.area, asset.line, asset.type,
                         asset.each ? fmt::format(" × {}", asset.each->keys.size()) : "");
    }
    case Kind::device: {
      const auto device = parse_device_spec(resource.key.name, spec);
      return fmt::format("{}/{}, {}, {}{}", device.site, device.edge,
                         std::holds_alternative<PlantDriver>(device.driver) ? "plant" : "replay",
                         counted(device.metrics.size(), "metric"),
                         device.each ? fmt::format(" × {}", device.each->keys.size()) : "");
    }
    case Kind::signal:
      return fmt::format("{}: {}", spec.text_at("asset"), spec.text_at("quantity"));
    case Kind::pipeline: {
      const auto pipeline = parse_pipeline_spec(resource.key.name, spec);
      return fmt::format("{}/{}, {}", pipeline.site, pipeline.edge,
                         counted(pipeline.stages.size(), "stage"));
    }
    case Kind::person:
      return fmt::format("{} <{}>{}", spec.text_at("fullName"), spec.text_at("email"),
                         spec.text_at("publicKey").empty() ? ", cannot approve" : "");
    case Kind::use_case:
      return fmt::format("{} ({}, owner {})", spec.text_at("title"), spec.text_at("stage"),
                         spec.text_at("owner"));
    case Kind::kpi:
      return kpi_summary(parse_kpi_spec(spec));
    case Kind::role:
      return fmt::format("{} ({})", spec.text_at("title"),
                         counted(parse_role_spec(spec).rules.size(), "rule"));
    case Kind::model: {
      const auto model = parse_model_spec(resource.key.name, spec);
      return fmt::format("{} at the {}, {}, {}", name_of(model.algorithm), name_of(model.tier),
                         model.asset_type, counted(model.inputs.size(), "input"));
    }
  }
  return {};
}

std::vector<Resource> merged(const std::vector<Resource>& stored,
                             const std::vector<Declared>& declared) {
  std::set<ResourceKey> replaced;
  for (const auto& one : declared) replaced.insert(one.resource.key);
  std::vector<Resource> out;
  for (const auto& resource : stored) {
    if (!replaced.contains(resource.key)) out.push_back(resource);
  }
  return out;
}

}  // namespace

Result<Kind> kind_from(std::string_view text) {
  if (const auto kind = parse_kind(text)) return *kind;
  std::vector<std::string_view> names;
  for (const Kind kind : all_kinds) names.push_back(name_of(kind));
  const auto nearest = nearest_name(text, names);
  return fail(
      Code::invalid_input, fmt::format("'{}' is no kind", text),
      nearest.empty() ? "kinds are " + one_of(names) : fmt::format("did you mean {}?", nearest));
}

Node document_of(const Resource& resource) {
  Node metadata = Node::make_map();
  metadata.add("name", Node::make_text(resource.key.name));
  if (!resource.labels.empty()) {
    Node labels = Node::make_map();
    for (const auto& [name, value] : resource.labels) labels.add(name, Node::make_text(value));
    metadata.add("labels", std::move(labels));
  }
  Node out = Node::make_map();
  out.add("apiVersion", Node::make_text(api_version));
  out.add("kind", Node::make_text(name_of(resource.key.kind)));
  out.add("metadata", std::move(metadata));
  out.add("spec", resource.spec);
  if (!resource.uid.empty()) {
    Node status = Node::make_map();
    status.add("uid", Node::make_text(resource.uid));
    status.add("generation", Node::make_integer(static_cast<std::int64_t>(resource.generation)));
    status.add("digest", Node::make_text("sha256:" + digest_of(resource.spec).hex()));
    status.add("created", Node::make_text(to_rfc3339(resource.created)));
    status.add("changed", Node::make_text(to_rfc3339(resource.changed)));
    out.add("status", std::move(status));
  }
  return out;
}

CheckReport check(const std::vector<SourceText>& sources, const std::vector<Resource>& stored) {
  auto loaded = load(sources);
  CheckReport out;
  out.problems = std::move(loaded.problems);
  auto all = loaded.resources;
  for (auto& declared : as_declared(merged(stored, loaded.resources))) {
    all.push_back(std::move(declared));
  }
  for (auto& problem : cross_check(all)) out.problems.push_back(std::move(problem));
  std::ranges::stable_sort(out.problems, before);
  out.resources = std::move(loaded.resources);
  if (out.resources.empty() && out.problems.empty()) {
    out.problems.push_back({{sources.empty() ? std::string() : sources.front().file, 0, 0, {}},
                            "no resource in it",
                            "documents with apiVersion, kind, metadata and spec",
                            {},
                            {}});
  }
  return out;
}

Result<void> as_result(const CheckReport& report) {
  if (report.problems.empty()) return {};
  return std::unexpected(
      Error(Code::invalid_input, counted(report.problems.size(), "problem") + " found")
          .with_problems(report.problems));
}

Result<Applied> apply(Store& store, const std::vector<SourceText>& sources) {
  const auto at = store.change();
  if (!at) return std::unexpected(at.error());
  const auto stored = store.list(std::nullopt);
  if (!stored) return std::unexpected(stored.error());
  const auto report = check(sources, *stored);
  if (auto sound = as_result(report); !sound) return pass(std::move(sound));
  std::vector<Resource> resources;
  for (const auto& declared : report.resources) resources.push_back(declared.resource);
  return store.apply(resources, *at);
}

Result<std::vector<ResourceKey>> keys_of(const std::vector<SourceText>& sources) {
  std::vector<ResourceKey> out;
  std::vector<Problem> problems;
  for (const auto& source : sources) {
    auto parsed = parse_yaml(source);
    for (auto& problem : parsed.problems) problems.push_back(std::move(problem));
    for (const auto& document : parsed.documents) {
      Declared declared;
      std::vector<Problem> found;
      if (validate(document, source.file, found, declared)) {
        out.push_back(declared.resource.key);
      } else {
        for (auto& problem : found) problems.push_back(std::move(problem));
      }
    }
  }
  if (problems.empty()) return out;
  return std::unexpected(Error(Code::invalid_input, "not all resources can be told")
                             .with_problems(std::move(problems)));
}

Result<Applied> remove(Store& store, const std::vector<ResourceKey>& keys) {
  const auto at = store.change();
  if (!at) return std::unexpected(at.error());
  const auto stored = store.list(std::nullopt);
  if (!stored) return std::unexpected(stored.error());
  const auto have = [&](const ResourceKey& key) {
    return std::ranges::find(*stored, key, &Resource::key) != stored->end();
  };
  for (const auto& key : keys) {
    if (!have(key)) return no_such_resource(key);
  }
  std::vector<Resource> rest;
  for (const auto& resource : *stored) {
    if (std::ranges::find(keys, resource.key) == keys.end()) rest.push_back(resource);
  }
  // What is wrong without them and was not wrong with them refers to them.
  std::set<std::string> known;
  for (const auto& problem : cross_check(as_declared(*stored))) known.insert(problem.text());
  auto problems = cross_check(as_declared(rest));
  std::erase_if(problems, [&](const Problem& p) { return known.contains(p.text()); });
  if (!problems.empty()) {
    for (auto& problem : problems) problem.nearest.clear();
    return std::unexpected(Error(Code::refused, "others refer to what is to be deleted",
                                 "delete or change those first, or in the same command")
                               .with_problems(std::move(problems)));
  }
  return store.remove(keys, *at);
}

Result<std::string> get(Store& store, std::string_view kind, std::string_view name, Output output) {
  std::optional<Kind> wanted;
  if (!kind.empty()) {
    const auto parsed = kind_from(kind);
    if (!parsed) return std::unexpected(parsed.error());
    wanted = *parsed;
  }
  auto listed = store.list(wanted);
  if (!listed) return std::unexpected(listed.error());
  if (!name.empty()) {
    std::vector<std::string_view> names;
    for (const auto& resource : *listed) names.push_back(resource.key.name);
    const std::string nearest(nearest_name(name, names));
    std::erase_if(*listed, [&](const Resource& r) { return r.key.name != name; });
    if (listed->empty()) {
      return fail(Code::not_found,
                  fmt::format("no {} '{}'", wanted ? name_of(*wanted) : "resource", name),
                  nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
    }
    if (listed->size() == 1 && output != Output::table) {
      const auto document = document_of(listed->front());
      return output == Output::json ? pretty_json(document) + "\n" : to_yaml(document);
    }
  }
  if (output == Output::json) return pretty_json(list_document(*listed)) + "\n";
  if (output == Output::yaml) {
    std::string out;
    for (const auto& resource : *listed) {
      out += (out.empty() ? "" : "---\n") + to_yaml(document_of(resource));
    }
    return out;
  }
  std::vector<std::vector<std::string>> rows{{"KIND", "NAME", "GENERATION", "CHANGED", "WHAT"}};
  for (const auto& resource : *listed) {
    rows.push_back({std::string(name_of(resource.key.kind)), resource.key.name,
                    std::to_string(resource.generation), to_rfc3339(resource.changed),
                    summary_of(resource)});
  }
  return text_table(rows);
}

std::string render(const Applied& applied, Output output) {
  std::map<Effect, std::size_t> counts;
  for (const auto& effected : applied.effects) ++counts[effected.effect];
  if (output == Output::table) {
    std::string out, summary;
    for (const auto& effected : applied.effects) {
      out += fmt::format("{} {} (generation {})\n", effected.key.text(), name_of(effected.effect),
                         effected.generation);
    }
    for (const auto& [effect, count] : counts) {
      summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", count, name_of(effect));
    }
    return out + (summary.empty() ? "nothing to do" : summary) + "\n";
  }
  Node items = Node::make_list();
  for (const auto& effected : applied.effects) {
    Node item = Node::make_map();
    item.add("kind", Node::make_text(name_of(effected.key.kind)));
    item.add("name", Node::make_text(effected.key.name));
    item.add("effect", Node::make_text(name_of(effected.effect)));
    item.add("generation", Node::make_integer(static_cast<std::int64_t>(effected.generation)));
    items.items.push_back(std::move(item));
  }
  Node out = Node::make_map();
  out.add("change", Node::make_integer(static_cast<std::int64_t>(applied.change)));
  out.add("resources", std::move(items));
  return output == Output::json ? pretty_json(out) + "\n" : to_yaml(out);
}

std::string render(const CheckReport& report, Output output) {
  if (output == Output::table) {
    std::string out;
    for (const auto& problem : report.problems) out += problem.text() + "\n";
    const auto count = counted(report.resources.size(), "resource");
    return out + (report.problems.empty()
                      ? count + " checked: no problems\n"
                      : fmt::format("{} checked: {}\n", count,
                                    counted(report.problems.size(), "problem")));
  }
  Node items = Node::make_list();
  for (const auto& problem : report.problems) {
    Node item = Node::make_map();
    item.add("file", Node::make_text(problem.place.file));
    item.add("line", Node::make_integer(problem.place.line));
    item.add("column", Node::make_integer(problem.place.column));
    item.add("path", Node::make_text(problem.place.path));
    item.add("what", Node::make_text(problem.what));
    item.add("expected", Node::make_text(problem.expected));
    item.add("nearest", Node::make_text(problem.nearest));
    item.add("remedy", Node::make_text(problem.remedy));
    items.items.push_back(std::move(item));
  }
  Node out = Node::make_map();
  out.add("resources", Node::make_integer(static_cast<std::int64_t>(report.resources.size())));
  out.add("problems", std::move(items));
  return output == Output::json ? pretty_json(out) + "\n" : to_yaml(out);
}

}  // namespace millwright::catalog
