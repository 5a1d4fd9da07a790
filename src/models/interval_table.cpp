#include "models/interval_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.hpp"
#include "models/node_reader.hpp"

namespace millwright::models {
namespace {

catalog::Node list_of(const std::vector<double>& values) {
  catalog::Node list = catalog::Node::make_list();
  for (const double value : values) list.items.push_back(catalog::Node::make_number(value));
  return list;
}

bool all_finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
}

}  // namespace

statistics::Interval IntervalTable::at(double prediction) const {
  const auto bin =
      static_cast<std::size_t>(std::ranges::lower_bound(edges, prediction) - edges.begin());
  return {.low = std::clamp(prediction - below[bin], low_end, high_end),
          .high = std::clamp(prediction + above[bin], low_end, high_end)};
}

catalog::Node IntervalTable::node() const {
  catalog::Node node = catalog::Node::make_map();
  node.add("coverage", catalog::Node::make_number(coverage));
  node.add("low_end", catalog::Node::make_number(low_end));
  node.add("high_end", catalog::Node::make_number(high_end));
  node.add("edges", list_of(edges));
  node.add("below", list_of(below));
  node.add("above", list_of(above));
  return node;
}

Result<IntervalTable> IntervalTable::parse(const catalog::Node& node) {
  NodeReader reader(node);
  IntervalTable out;
  out.coverage = reader.number("coverage");
  out.low_end = reader.number("low_end");
  out.high_end = reader.number("high_end");
  out.edges = reader.numbers("edges");
  out.below = reader.numbers("below");
  out.above = reader.numbers("above");
  if (!(out.coverage > 0 && out.coverage < 1)) {
    reader.wrong("coverage", fmt::format("{}", out.coverage), "between 0 and 1");
  }
  if (!(out.low_end <= out.high_end) || !std::isfinite(out.low_end) ||
      !std::isfinite(out.high_end)) {
    reader.wrong("high_end", fmt::format("{}", out.high_end), "at least low_end");
  }
  if (out.below.size() != out.edges.size() + 1 || out.above.size() != out.edges.size() + 1) {
    reader.wrong(
        "below",
        fmt::format("{} and {} of {} edges", out.below.size(), out.above.size(), out.edges.size()),
        "one bin more than edges");
  }
  if (!std::ranges::is_sorted(out.edges) || !all_finite(out.edges) || !all_finite(out.below) ||
      !all_finite(out.above)) {
    reader.wrong("edges", "not finite and rising", "finite numbers, edges rising");
  }
  if (auto failed = reader.failure("the interval table cannot be used")) {
    return std::unexpected(std::move(*failed));
  }
  return out;
}

Result<IntervalTable> fit_intervals(std::span<const double> predictions,
                                    std::span<const double> truths,
                                    const IntervalOptions& options) {
  if (predictions.size() != truths.size() || !(options.coverage > 0 && options.coverage < 1)) {
    return fail(Code::invalid_input,
                fmt::format("{} predictions, {} truths, coverage {}", predictions.size(),
                            truths.size(), options.coverage));
  }
  const double side = (1 + options.coverage) / 2;
  // Twice the least count for which a quantile of this height exists.
  const auto bin_min = static_cast<std::size_t>(std::ceil(2 * side / (1 - side)));
  const std::size_t bins =
      std::min(std::max<std::size_t>(options.bins, 1), predictions.size() / bin_min);
  if (bins == 0) {
    return fail(Code::invalid_input,
                fmt::format("{} predictions are too few for an interval of {:.0f} %",
                            predictions.size(), 100 * options.coverage),
                fmt::format("give at least {}, or ask for less coverage", bin_min));
  }
  std::vector<std::size_t> order(predictions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return predictions[i]; });
  IntervalTable out{.coverage = options.coverage,
                    .low_end = options.low_end,
                    .high_end = options.high_end,
                    .edges = {},
                    .below = {},
                    .above = {}};
  for (std::size_t b = 0; b + 1 < bins; ++b) {
    const double edge = predictions[order[order.size() * (b + 1) / bins]];
    if (out.edges.empty() || edge > out.edges.back()) out.edges.push_back(edge);
  }
  std::vector<std::vector<double>> under(out.edges.size() + 1);
  std::vector<std::vector<double>> over(out.edges.size() + 1);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto bin = static_cast<std::size_t>(std::ranges::lower_bound(out.edges, predictions[i]) -
                                              out.edges.begin());
    under[bin].push_back(predictions[i] - truths[i]);
    over[bin].push_back(truths[i] - predictions[i]);
  }
  const double whole = options.high_end - options.low_end;
  for (std::size_t b = 0; b < under.size(); ++b) {
    // A bin that ties left too small to promise anything gets the whole range.
    out.below.push_back(std::clamp(statistics::conformal_quantile(under[b], side), 0.0, whole));
    out.above.push_back(std::clamp(statistics::conformal_quantile(over[b], side), 0.0, whole));
  }
  return out;
}

}  // namespace millwright::models
