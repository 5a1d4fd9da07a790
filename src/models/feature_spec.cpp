#include <algorithm>
#include <array>
#include <set>

#include "base/format.hpp"
#include "models/features.hpp"
#include "models/node_reader.hpp"

namespace millwright::models {
namespace {

constexpr std::array<std::string_view, 6> function_names = {"last", "mean", "slope",
                                                            "std",  "min",  "max"};
constexpr std::size_t inputs_max = 256;
constexpr std::size_t windows_max = 8;
constexpr std::uint32_t window_max = 1024;
constexpr std::size_t states_max = 64;

Problem problem(std::string path, std::string what, std::string expected, std::string remedy = {}) {
  return {.place = {.file = {}, .line = 0, .column = 0, .path = std::move(path)},
          .what = std::move(what),
          .expected = std::move(expected),
          .nearest = {},
          .remedy = std::move(remedy)};
}

void check_windows(const FeatureSpec& spec, std::vector<Problem>& out) {
  if (spec.windows.empty() || spec.windows.size() > windows_max) {
    out.push_back(problem("windows", fmt::format("{} windows", spec.windows.size()),
                          fmt::format("1 to {} counts of scans", windows_max)));
  }
  for (std::size_t i = 0; i < spec.windows.size(); ++i) {
    const std::uint32_t window = spec.windows[i];
    if (window < 1 || window > window_max) {
      out.push_back(problem(fmt::format("windows[{}]", i), fmt::format("{} scans", window),
                            fmt::format("1 to {} scans", window_max)));
    } else if (i > 0 && window <= spec.windows[i - 1]) {
      out.push_back(problem(fmt::format("windows[{}]", i),
                            fmt::format("{} after {}", window, spec.windows[i - 1]),
                            "rising counts of scans", "order the windows and name each once"));
    }
  }
}

void check_scope(const ontology::StateScope& scope, std::vector<Problem>& out) {
  if (scope.signal.empty()) {
    out.push_back(problem("while.signal", "no name", "the name of a signal"));
  }
  if (scope.is.empty() || scope.is.size() > states_max) {
    out.push_back(problem("while.is", fmt::format("{} states", scope.is.size()),
                          fmt::format("1 to {} states", states_max)));
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < scope.is.size(); ++i) {
    if (scope.is[i].empty()) {
      out.push_back(problem(fmt::format("while.is[{}]", i), "no text", "a state"));
    } else if (!seen.insert(scope.is[i]).second) {
      out.push_back(problem(fmt::format("while.is[{}]", i), fmt::format("'{}' again", scope.is[i]),
                            "each state once", "remove the second one"));
    }
  }
}

/// Reads what `node()` writes of a scope; its problems go to the reader of the whole.
ontology::StateScope read_scope(const catalog::Node& node, NodeReader& outer) {
  NodeReader reader(node);
  ontology::StateScope scope;
  scope.signal = reader.text("signal");
  scope.is = reader.texts("is");
  if (auto failed = reader.failure("while")) {
    for (Problem found : failed->problems()) {
      found.place.path = "while." + found.place.path;
      outer.wrong(std::move(found));
    }
  }
  return scope;
}

}  // namespace

std::string_view function_name(WindowFunction function) {
  return function_names.at(static_cast<std::size_t>(function));
}

std::optional<WindowFunction> parse_function(std::string_view name) {
  const auto found = std::ranges::find(function_names, name);
  if (found == function_names.end()) return std::nullopt;
  return static_cast<WindowFunction>(found - function_names.begin());
}

std::vector<Problem> FeatureSpec::problems() const {
  std::vector<Problem> out;
  if (inputs.empty() || inputs.size() > inputs_max) {
    out.push_back(problem("inputs", fmt::format("{} inputs", inputs.size()),
                          fmt::format("1 to {} signals", inputs_max)));
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].empty()) {
      out.push_back(problem(fmt::format("inputs[{}]", i), "no name", "the name of a signal"));
    } else if (!seen.insert(inputs[i]).second) {
      out.push_back(problem(fmt::format("inputs[{}]", i), fmt::format("'{}' again", inputs[i]),
                            "each signal once", "remove the second one"));
    }
  }
  check_windows(*this, out);
  if (functions.empty()) {
    out.push_back(problem("functions", "no function",
                          fmt::format("some of {}", fmt::join(function_names, ", "))));
  }
  std::set<WindowFunction> used;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    if (!used.insert(functions[i]).second) {
      out.push_back(problem(fmt::format("functions[{}]", i),
                            fmt::format("'{}' again", function_name(functions[i])),
                            "each function once", "remove the second one"));
    }
  }
  if (scope) check_scope(*scope, out);
  return out;
}

std::uint32_t FeatureSpec::longest_window() const {
  return windows.empty() ? 1 : std::ranges::max(windows);
}

std::size_t FeatureSpec::width() const {
  const bool with_last = std::ranges::contains(functions, WindowFunction::last);
  const std::size_t over_window = functions.size() - (with_last ? 1 : 0);
  const std::size_t per_input = (with_last ? 1 : 0) + windows.size() * over_window;
  return inputs.size() * per_input + (add_age ? 1 : 0);
}

std::vector<std::string> FeatureSpec::names() const {
  std::vector<std::string> out;
  for (const std::string& input : inputs) {
    if (std::ranges::contains(functions, WindowFunction::last)) out.push_back(input + ".last");
    for (const std::uint32_t window : windows) {
      for (const WindowFunction function : functions) {
        if (function == WindowFunction::last) continue;
        out.push_back(fmt::format("{}.{}.{}", input, function_name(function), window));
      }
    }
  }
  if (add_age) out.emplace_back("age");
  return out;
}

catalog::Node FeatureSpec::node() const {
  catalog::Node node = catalog::Node::make_map();
  catalog::Node names = catalog::Node::make_list();
  for (const std::string& input : inputs) names.items.push_back(catalog::Node::make_text(input));
  node.add("inputs", std::move(names));
  catalog::Node counts = catalog::Node::make_list();
  for (const std::uint32_t window : windows) {
    counts.items.push_back(catalog::Node::make_integer(window));
  }
  node.add("windows", std::move(counts));
  catalog::Node called = catalog::Node::make_list();
  for (const WindowFunction function : functions) {
    called.items.push_back(catalog::Node::make_text(function_name(function)));
  }
  node.add("functions", std::move(called));
  node.add("add_age", catalog::Node::make_boolean(add_age));
  // Only where there is one: specifications without keep their bytes and digest.
  if (scope) {
    catalog::Node states = catalog::Node::make_list();
    for (const std::string& state : scope->is) {
      states.items.push_back(catalog::Node::make_text(state));
    }
    catalog::Node condition = catalog::Node::make_map();
    condition.add("signal", catalog::Node::make_text(scope->signal));
    condition.add("is", std::move(states));
    node.add("while", std::move(condition));
  }
  return node;
}

Result<FeatureSpec> FeatureSpec::parse(const catalog::Node& node) {
  NodeReader reader(node);
  FeatureSpec spec;
  spec.inputs = reader.texts("inputs");
  for (const std::int64_t window : reader.integers("windows")) {
    spec.windows.push_back(
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(window, 0, window_max + 1)));
  }
  const std::vector<std::string> names = reader.texts("functions");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const auto function = parse_function(names[i])) {
      spec.functions.push_back(*function);
    } else {
      const std::vector<std::string_view> known(function_names.begin(), function_names.end());
      reader.wrong(
          {.place = {.file = {}, .line = 0, .column = 0, .path = fmt::format("functions[{}]", i)},
           .what = fmt::format("unknown function '{}'", names[i]),
           .expected = fmt::format("one of {}", fmt::join(function_names, ", ")),
           .nearest = std::string(nearest_name(names[i], known)),
           .remedy = {}});
    }
  }
  spec.add_age = reader.boolean("add_age");
  if (node.find("while") != nullptr) spec.scope = read_scope(reader.map("while"), reader);
  for (Problem& found : spec.problems()) {
    // A function that is not known has been told already.
    if (found.place.path != "functions" || names.empty()) reader.wrong(std::move(found));
  }
  if (auto failed = reader.failure("the feature specification cannot be used")) {
    return std::unexpected(std::move(*failed));
  }
  return spec;
}

}  // namespace millwright::models
