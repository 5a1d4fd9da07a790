#include "base/format.hpp"
#include "models/node_reader.hpp"
#include "models/tree_training.hpp"

namespace millwright::models {
namespace {

constexpr std::string_view squared_error_name = "squared_error";
constexpr std::string_view logistic_name = "logistic";

void within(bool good, std::string_view key, double value, std::string_view expected,
            std::vector<Problem>& out) {
  if (good) return;
  out.push_back({.place = {.file = {}, .line = 0, .column = 0, .path = std::string(key)},
                 .what = fmt::format("{}", value),
                 .expected = std::string(expected),
                 .nearest = {},
                 .remedy = {}});
}

bool is_share(double value) {
  return value > 0 && value <= 1;
}

}  // namespace

std::vector<Problem> TreeParameters::problems() const {
  std::vector<Problem> out;
  within(rounds >= 1 && rounds <= 5000, "rounds", rounds, "1 to 5000", out);
  within(depth >= 1 && depth <= 12, "depth", depth, "1 to 12", out);
  within(is_share(eta), "eta", eta, "above 0, at most 1", out);
  within(is_share(subsample), "subsample", subsample, "above 0, at most 1", out);
  within(is_share(colsample), "colsample", colsample, "above 0, at most 1", out);
  within(min_child_weight >= 0, "min_child_weight", min_child_weight, "at least 0", out);
  within(lambda >= 0, "lambda", lambda, "at least 0", out);
  within(seed < (1U << 31), "seed", static_cast<double>(seed), "below 2147483648", out);
  return out;
}

catalog::Node TreeParameters::node() const {
  using catalog::Node;
  Node node = Node::make_map();
  node.add("objective",
           Node::make_text(objective == Objective::logistic ? logistic_name : squared_error_name));
  node.add("rounds", Node::make_integer(rounds));
  node.add("depth", Node::make_integer(depth));
  node.add("eta", Node::make_number(eta));
  node.add("subsample", Node::make_number(subsample));
  node.add("colsample", Node::make_number(colsample));
  node.add("min_child_weight", Node::make_number(min_child_weight));
  node.add("lambda", Node::make_number(lambda));
  node.add("seed", Node::make_integer(static_cast<std::int64_t>(seed)));
  return node;
}

Result<TreeParameters> TreeParameters::parse(const catalog::Node& node) {
  NodeReader reader(node);
  TreeParameters out;
  const std::string objective = reader.text("objective");
  if (objective != squared_error_name && objective != logistic_name) {
    reader.wrong("objective", fmt::format("'{}'", objective),
                 fmt::format("{} or {}", squared_error_name, logistic_name));
  }
  out.objective = objective == logistic_name ? Objective::logistic : Objective::squared_error;
  out.rounds = static_cast<std::uint32_t>(std::min<std::uint64_t>(reader.count("rounds"), 1 << 30));
  out.depth = static_cast<std::uint32_t>(std::min<std::uint64_t>(reader.count("depth"), 1 << 30));
  out.eta = reader.number("eta");
  out.subsample = reader.number("subsample");
  out.colsample = reader.number("colsample");
  out.min_child_weight = reader.number("min_child_weight");
  out.lambda = reader.number("lambda");
  out.seed = reader.count("seed");
  for (Problem& found : out.problems()) reader.wrong(std::move(found));
  if (auto failed = reader.failure("the training parameters cannot be used")) {
    return std::unexpected(std::move(*failed));
  }
  return out;
}

}  // namespace millwright::models
