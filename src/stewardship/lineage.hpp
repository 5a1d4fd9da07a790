// The parts of a lineage that the office and the recipe alone tell: what a recipe says, which model
// it names and by whose leave that runs, what is known of calibration. Reading rows is the
// explainer's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/document.hpp"
#include "catalog/index.hpp"
#include "fabric/historian/historian.hpp"
#include "ontology/provenance.hpp"
#include "stewardship/office.hpp"

namespace millwright::stewardship {

/// `name@N:digest`.
struct VersionedName {
  std::string name;
  std::uint64_t version = 0;
  std::string digest;
};
std::optional<VersionedName> parse_versioned(std::string_view text);

/// The `inputs` of a recipe: `a, b, c; rule; as site/edge incarnation … gave it, …`.
struct RecipeInputs {
  std::vector<std::string> names;  ///< before the first `;`
  std::string rule;                ///< all that follows
  /// What delivered them, where it is another producer.
  std::string source;
  historian::Incarnation incarnation = 0;
};
RecipeInputs parse_inputs(std::string_view text);
/// N of `… of 5, 15, 30 scans`; nothing when it says no such.
std::optional<std::uint32_t> longest_window_in(std::string_view rule);

/// The recipe with its input series; `inputs` are those found.
catalog::Node recipe_node(const ontology::Recipe& recipe, historian::ProvenanceNumber number,
                          const RecipeInputs& inputs, const std::vector<std::string>& series);
/// The model a recipe names: version, card, release and rollout that brought it to `producer` by
/// `made`, approval and approver. Null without a model; what is missing is added to `problems`.
catalog::Node model_node(const Office& office, const ontology::Recipe& recipe, Timestamp made,
                         std::vector<std::string>& problems);
/// The pipeline a recipe names and whether it is the one that is declared now.
catalog::Node pipeline_node(const Office& office, const ontology::Recipe& recipe);

/// `none known`, or by signal what is.
std::string calibration_text(const Office& office,
                             std::span<const historian::SeriesDefinition* const> series,
                             Timestamp at);
/// Asset and signal that a series measures at a time; empty when it measures none declared.
std::pair<std::string, std::string> signal_of(const std::vector<catalog::SignalBinding>& bindings,
                                              const historian::SeriesDefinition& series,
                                              Timestamp at);

catalog::Node value_of(const historian::Value& value, ontology::DataType type);
/// One row as lineages list it, and as a line of their digest: series, time, value, quality. Not
/// the revision: the same data stored anew have the same digest.
catalog::Node row_node(const historian::SeriesDefinition& series,
                       const historian::StoredSample& row);
std::string row_line(const historian::SeriesDefinition& series, const historian::StoredSample& row);

}  // namespace millwright::stewardship
