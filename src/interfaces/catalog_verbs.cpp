#include "interfaces/catalog_verbs.hpp"

#include <ostream>

#include "base/format.hpp"
#include "catalog/commands.hpp"

namespace millwright::interfaces {

namespace {

Result<catalog::Output> form_of(OutputFormat format) {
  switch (format) {
    case OutputFormat::table:
      return catalog::Output::table;
    case OutputFormat::json:
      return catalog::Output::json;
    case OutputFormat::yaml:
      return catalog::Output::yaml;
    case OutputFormat::csv:
      break;
  }
  return fail(Code::invalid_input, "resources have no form as csv", "use table, json or yaml");
}

Result<std::unique_ptr<catalog::Store>> open(const CatalogOptions& options, CatalogPorts ports) {
  return catalog::open_sqlite_store(options.store, ports.clock, ports.random);
}

}  // namespace

Result<std::vector<catalog::Resource>> declared_resources(const CatalogOptions& options,
                                                          CatalogPorts ports) {
  if (options.files.empty()) {
    auto store = open(options, ports);
    if (!store) return pass(std::move(store));
    return (*store)->list(std::nullopt);
  }
  auto sources = catalog::read_sources(options.files);
  if (!sources) return pass(std::move(sources));
  auto report = catalog::check(*sources, {});
  if (auto sound = catalog::as_result(report); !sound) return pass(std::move(sound));
  std::vector<catalog::Resource> out;
  for (auto& declared : report.resources) out.push_back(std::move(declared.resource));
  return out;
}

Result<void> check_resources(const CatalogOptions& options, CatalogPorts ports,
                             Terminal& terminal) {
  auto form = form_of(options.output);
  if (!form) return pass(std::move(form));
  auto sources = catalog::read_sources(options.files);
  if (!sources) return pass(std::move(sources));
  std::vector<catalog::Resource> stored;
  if (!options.store.empty()) {
    auto store = open(options, ports);
    if (!store) return pass(std::move(store));
    auto listed = (*store)->list(std::nullopt);
    if (!listed) return pass(std::move(listed));
    stored = std::move(*listed);
  }
  const auto report = catalog::check(*sources, stored);
  terminal.out << catalog::render(report, *form);
  if (report.problems.empty()) return {};
  return fail(Code::invalid_input, fmt::format("{} problems", report.problems.size()));
}

Result<void> apply_resources(const CatalogOptions& options, CatalogPorts ports,
                             Terminal& terminal) {
  auto form = form_of(options.output);
  if (!form) return pass(std::move(form));
  auto sources = catalog::read_sources(options.files);
  if (!sources) return pass(std::move(sources));
  auto store = open(options, ports);
  if (!store) return pass(std::move(store));
  auto applied = catalog::apply(**store, *sources);
  if (!applied) return pass(std::move(applied));
  terminal.out << catalog::render(*applied, *form);
  return {};
}

Result<void> get_resources(const CatalogOptions& options, CatalogPorts ports, Terminal& terminal) {
  auto form = form_of(options.output);
  if (!form) return pass(std::move(form));
  auto store = open(options, ports);
  if (!store) return pass(std::move(store));
  auto text = catalog::get(**store, options.kind, options.name, *form);
  if (!text) return pass(std::move(text));
  terminal.out << *text;
  return {};
}

Result<void> describe_resource(const CatalogOptions& options, CatalogPorts ports,
                               Terminal& terminal) {
  auto store = open(options, ports);
  if (!store) return pass(std::move(store));
  auto text = catalog::describe(**store, options.kind, options.name);
  if (!text) return pass(std::move(text));
  terminal.out << *text;
  return {};
}

Result<void> delete_resources(const CatalogOptions& options, CatalogPorts ports,
                              Terminal& terminal) {
  auto form = form_of(options.output);
  if (!form) return pass(std::move(form));
  std::vector<catalog::ResourceKey> keys;
  if (!options.files.empty()) {
    auto sources = catalog::read_sources(options.files);
    if (!sources) return pass(std::move(sources));
    auto declared = catalog::keys_of(*sources);
    if (!declared) return pass(std::move(declared));
    keys = std::move(*declared);
  } else {
    auto kind = catalog::kind_from(options.kind);
    if (!kind) return pass(std::move(kind));
    keys.push_back({*kind, options.name});
  }
  auto store = open(options, ports);
  if (!store) return pass(std::move(store));
  auto applied = catalog::remove(**store, keys);
  if (!applied) return pass(std::move(applied));
  terminal.out << catalog::render(*applied, *form);
  return {};
}

Result<void> diff_resources(const CatalogOptions& options, CatalogPorts ports, Terminal& terminal) {
  auto sources = catalog::read_sources(options.files);
  if (!sources) return pass(std::move(sources));
  auto store = open(options, ports);
  if (!store) return pass(std::move(store));
  auto text = catalog::diff(**store, *sources);
  if (!text) return pass(std::move(text));
  terminal.out << *text;
  return {};
}

}  // namespace millwright::interfaces
