// What `millwright check | apply | get | describe | delete | diff` do: texts in, reports out. The
// command line only reads arguments and prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "catalog/document.hpp"
#include "catalog/index.hpp"
#include "catalog/store.hpp"
#include "catalog/validate.hpp"

namespace millwright::catalog {

enum class Output : std::uint8_t { table, json, yaml };

/// Reads files and, of folders, their `*.yaml` and `*.yml` by name; `-` is standard input.
/// invalid_input lists every path that cannot be read. (source_adapter.cpp)
Result<std::vector<SourceText>> read_sources(const std::vector<std::string>& paths);

struct CheckReport {
  std::vector<Declared> resources;  ///< as declared, in order
  std::vector<Problem> problems;    ///< by file and line
};

/// Checks documents together with what the catalog holds already (`stored`, which they replace by
/// kind and name). No problem: they can be applied.
CheckReport check(const std::vector<SourceText>& sources, const std::vector<Resource>& stored);
/// invalid_input with every problem, or nothing.
Result<void> as_result(const CheckReport& report);

/// Checks and applies all documents in one transaction.
Result<Applied> apply(Store& store, const std::vector<SourceText>& sources);

/// Deletes in one transaction. refused: others still refer to one of them; each reference is a
/// Problem.
Result<Applied> remove(Store& store, const std::vector<ResourceKey>& keys);
/// The keys that files declare, for `delete -f`. invalid_input when one cannot be told.
Result<std::vector<ResourceKey>> keys_of(const std::vector<SourceText>& sources);

/// `kind` and `name` may be empty: all kinds, all names. not_found for a name that is not there;
/// invalid_input for an unknown kind, with the nearest.
Result<std::string> get(Store& store, std::string_view kind, std::string_view name, Output output);

/// One resource for people: its spec, what it stands for, its signals, who refers to it. An asset
/// or device that a template makes is found by its own name.
Result<std::string> describe(Store& store, std::string_view kind, std::string_view name);

/// What `apply` would change, as a unified diff of the resources' YAML; empty when nothing.
Result<std::string> diff(Store& store, const std::vector<SourceText>& sources);

/// The outcome of `apply` and `delete`: one line a resource and a summary, or a document.
std::string render(const Applied& applied, Output output);
/// The outcome of `check`: every problem and a summary, or a document.
std::string render(const CheckReport& report, Output output);

/// `pumps`, `Pump`, … → kind, or invalid_input with the nearest.
Result<Kind> kind_from(std::string_view text);
/// A resource as the document that declares it, with `status` when it comes from the store.
Node document_of(const Resource& resource);

}  // namespace millwright::catalog
