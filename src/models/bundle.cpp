#include "models/bundle.hpp"

#include <algorithm>
#include <cmath>

#include "base/format.hpp"
#include "base/id.hpp"
#include "models/node_reader.hpp"
#include "ontology/unit.hpp"

namespace millwright::models {
namespace {

using catalog::Node;

class Defects {
 public:
  void add(std::string path, std::string what, std::string expected) {
    out.push_back({.place = {.file = {}, .line = 0, .column = 0, .path = std::move(path)},
                   .what = std::move(what),
                   .expected = std::move(expected),
                   .nearest = {},
                   .remedy = {}});
  }
  void unit(std::string path, const std::string& code) {
    if (auto parsed = ontology::parse_unit(code); !parsed) {
      add(std::move(path), fmt::format("'{}' is no unit", code), "a UCUM code");
    }
  }
  std::vector<Problem> out;
};

void check_rul(const Bundle& bundle, Defects& defects) {
  if (!bundle.trees || !bundle.intervals || bundle.pca) {
    defects.add("kind", "rul without trees and intervals, or with a monitor",
                "what its kind needs");
  } else if (bundle.trees->columns != bundle.features.width()) {
    defects.add("features", fmt::format("{} features", bundle.features.width()),
                fmt::format("{}, as the trees take", bundle.trees->columns));
  }
  if (bundle.target.empty()) defects.add("target", "no target", "what a prediction means");
  defects.unit("target_unit", bundle.target_unit);
  if (!(bundle.target_max > 0) || !std::isfinite(bundle.target_max)) {
    defects.add("target_max", fmt::format("{}", bundle.target_max), "above 0");
  }
}

void check_pca(const Bundle& bundle, Defects& defects) {
  if (!bundle.pca || bundle.trees || bundle.intervals) {
    defects.add("kind", "pca without a monitor, or with trees", "what its kind needs");
  } else if (bundle.pca->inputs != bundle.features.width()) {
    defects.add("features", fmt::format("{} features", bundle.features.width()),
                fmt::format("{}, as the monitor takes", bundle.pca->inputs));
  }
  if (!bundle.target.empty() || !bundle.target_unit.empty() || bundle.target_max != 0) {
    defects.add("target", "a target of a monitor", "none");
  }
}

Node training_node(const Training& training) {
  Node node = Node::make_map();
  node.add("at", Node::make_text(to_rfc3339(training.at)));
  node.add("data_sha256", Node::make_text(training.data.hex()));
  node.add("rows", Node::make_integer(static_cast<std::int64_t>(training.rows)));
  node.add("groups", Node::make_integer(static_cast<std::int64_t>(training.groups)));
  node.add("seed", Node::make_integer(static_cast<std::int64_t>(training.seed)));
  node.add("parameters", training.parameters);
  Node metrics = Node::make_map();
  for (const auto& [name, value] : training.metrics) metrics.add(name, Node::make_number(value));
  node.add("metrics", std::move(metrics));
  node.add("trained_by", Node::make_text(training.trained_by));
  if (!training.query.empty()) {
    node.add("query", Node::make_text(training.query));
    node.add("as_of", Node::make_integer(static_cast<std::int64_t>(training.as_of)));
  }
  return node;
}

Node monitor_node(const PcaMonitor& monitor) {
  Node node = Node::make_map();
  node.add("components", Node::make_integer(monitor.components));
  node.add("t2_limit", Node::make_number(monitor.t2_limit));
  node.add("spe_limit", Node::make_number(monitor.spe_limit));
  node.add("alpha", Node::make_number(monitor.alpha));
  node.add("fitted_rows", Node::make_integer(static_cast<std::int64_t>(monitor.fitted_rows)));
  return node;
}

/// Why a signal cannot be an input, or nothing and the conversion.
std::optional<Problem> convert_input(const std::string& input, const std::string& unit,
                                     const OfferedSignal& signal, InputConversion& out) {
  Problem problem;
  problem.place.path = input;
  if (!signal.numeric) {
    problem.what = "is not a number there";
    problem.expected = "a numeric signal";
    return problem;
  }
  const auto from = ontology::parse_unit(signal.unit);
  const auto to = ontology::parse_unit(unit);
  if (!from || !to || !ontology::commensurable(*from, *to)) {
    problem.what = fmt::format("is in '{}'", signal.unit);
    problem.expected = fmt::format("a unit that converts to '{}'", unit);
    problem.remedy = "correct the unit of the signal, or train a model on it";
    return problem;
  }
  out.factor = from->factor / to->factor;
  out.offset = (from->offset - to->offset) / to->factor;
  return std::nullopt;
}

}  // namespace

std::string_view kind_name(ModelKind kind) {
  return kind == ModelKind::rul ? "rul" : "pca";
}

std::optional<ModelKind> parse_kind(std::string_view name) {
  if (name == "rul") return ModelKind::rul;
  if (name == "pca") return ModelKind::pca;
  return std::nullopt;
}

std::vector<Problem> Bundle::problems() const {
  Defects defects;
  if (!is_valid_name(name)) defects.add("name", fmt::format("'{}'", name), "a valid name");
  if (version == 0) defects.add("version", "0", "from 1");
  for (Problem& found : features.problems()) {
    found.place.path = "features." + found.place.path;
    defects.out.push_back(std::move(found));
  }
  if (units.size() != features.inputs.size()) {
    defects.add("units", fmt::format("{} units", units.size()),
                fmt::format("{}, one an input", features.inputs.size()));
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    defects.unit(fmt::format("units[{}]", i), units[i]);
  }
  for (const auto& [metric, value] : training.metrics) {
    if (!std::isfinite(value)) defects.add("metrics." + metric, "not finite", "a finite number");
  }
  kind == ModelKind::rul ? check_rul(*this, defects) : check_pca(*this, defects);
  return std::move(defects.out);
}

Node Bundle::card() const {
  Node node = Node::make_map();
  node.add("name", Node::make_text(name));
  node.add("version", Node::make_integer(version));
  node.add("kind", Node::make_text(kind_name(kind)));
  node.add("features", features.node());
  Node list = Node::make_list();
  for (const std::string& unit : units) list.items.push_back(Node::make_text(unit));
  node.add("units", std::move(list));
  node.add("training", training_node(training));
  node.add("intended_use", Node::make_text(intended_use));
  node.add("limits", Node::make_text(limits));
  if (kind == ModelKind::rul) {
    node.add("target", Node::make_text(target));
    node.add("target_unit", Node::make_text(target_unit));
    node.add("target_max", Node::make_number(target_max));
    if (intervals) node.add("intervals", intervals->node());
  } else if (pca) {
    node.add("monitor", monitor_node(*pca));
  }
  return node;
}

std::string version_text(std::string_view name, std::uint32_t version, const Digest& digest) {
  return fmt::format("{}@{}:{}", name, version, digest.hex());
}

Result<std::vector<InputConversion>> match_inputs(const Bundle& bundle,
                                                  std::span<const OfferedSignal> offered,
                                                  std::string_view offered_by) {
  std::vector<InputConversion> out;
  std::vector<Problem> problems;
  std::vector<std::string_view> names;
  for (const OfferedSignal& signal : offered) names.push_back(signal.name);
  for (std::size_t i = 0; i < bundle.features.inputs.size(); ++i) {
    const std::string& input = bundle.features.inputs[i];
    const auto found = std::ranges::find(names, input);
    if (found == names.end()) {
      problems.push_back({.place = {.file = {}, .line = 0, .column = 0, .path = input},
                          .what = "is not there",
                          .expected = fmt::format("a signal in '{}'", bundle.units[i]),
                          .nearest = std::string(nearest_name(input, names)),
                          .remedy = "bind this signal, or choose a model without it"});
      continue;
    }
    InputConversion conversion{.signal = static_cast<std::size_t>(found - names.begin())};
    if (auto problem =
            convert_input(input, bundle.units[i], offered[conversion.signal], conversion)) {
      problems.push_back(std::move(*problem));
    }
    out.push_back(conversion);
  }
  if (problems.empty()) return out;
  return std::unexpected(
      Error(Code::refused,
            fmt::format("model {}@{} does not fit {}: {} of {} inputs", bundle.name, bundle.version,
                        offered_by, problems.size(), bundle.features.inputs.size()))
          .with_problems(std::move(problems)));
}

}  // namespace millwright::models
