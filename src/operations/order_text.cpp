#include "operations/order_text.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "operations/artifact.hpp"
#include "operations/event_body.hpp"

namespace millwright::operations {
namespace {

using catalog::Node;

Result<Node> read_map(std::string_view text, std::size_t bytes_max, std::string_view what) {
  if (text.size() > bytes_max) {
    return fail(Code::invalid_input, fmt::format("{} of {} bytes is above the bound of {}", what,
                                                 text.size(), bytes_max));
  }
  auto node = governance::parse_canonical_json(text);
  if (!node || node->type != Node::Type::map) {
    return fail(Code::invalid_input,
                fmt::format("{}: {}", what, node ? "not a map" : node.error().message()));
  }
  if (node->find("v") != nullptr) {
    return fail(Code::unsupported_version, fmt::format("{} of a later format", what),
                "update this program");
  }
  return node;
}

std::unexpected<Error> wrong(const BodyReader& reader, std::string_view what) {
  return fail(Code::invalid_input, reader.error(what).message());
}

std::string digest_text(const Digest& digest) {
  return digest == no_release ? std::string() : digest.hex();
}

/// Counts are below 2^63: JSON's integers are read as such.
Node count_node(std::uint64_t count) {
  return Node::make_integer(static_cast<std::int64_t>(count & ~(std::uint64_t{1} << 63)));
}

constexpr std::array<std::pair<std::string_view, std::uint64_t models::ModelCounters::*>, 6>
    count_fields = {{{"scored", &models::ModelCounters::scored},
                     {"invalid", &models::ModelCounters::invalid},
                     {"errors", &models::ModelCounters::errors},
                     {"flagged", &models::ModelCounters::flagged},
                     {"reference_scored", &models::ModelCounters::reference_scored},
                     {"reference_flagged", &models::ModelCounters::reference_flagged}}};

Node counters_node(const models::ModelCounters& counters) {
  Node node = Node::make_map();
  node.add("model", Node::make_text(counters.model));
  for (const auto& [name, field] : count_fields) node.add(name, count_node(counters.*field));
  return node;
}

bool read_counters(const Node& node, models::ModelCounters& out) {
  BodyReader reader(node);
  out.model = reader.text("model");
  for (const auto& [name, field] : count_fields) {
    const std::int64_t count = reader.integer(name);
    if (count < 0) reader.invalidate(name);
    out.*field = static_cast<std::uint64_t>(count);
  }
  return reader.ok();
}

}  // namespace

std::string ReleaseOrder::encode() const {
  Node node = Node::make_map();
  node.add("generation", Node::make_integer(order.generation));
  node.add("release", Node::make_text(order.release.hex()));
  node.add("target", Node::make_text(order.target));
  if (order.release != no_release) node.add("signed", Node::make_text(signed_release.hex()));
  if (is_revert) node.add("revert", Node::make_boolean(true));
  if (!url.empty()) node.add("url", Node::make_text(url));
  return catalog::canonical_json(node);
}

Result<ReleaseOrder> ReleaseOrder::parse(std::string_view text) {
  const auto node = read_map(text, order_bytes_max, "an order");
  if (!node) return std::unexpected(node.error());
  BodyReader reader(*node);
  ReleaseOrder out;
  out.order.generation = reader.integer("generation");
  out.order.release = reader.digest("release");
  out.order.target = reader.text("target");
  if (out.order.release != no_release) out.signed_release = reader.digest("signed");
  if (node->find("revert") != nullptr) out.is_revert = reader.boolean("revert");
  if (node->find("url") != nullptr) out.url = reader.text("url");
  if (out.order.generation < 1) reader.invalidate("generation");
  if (!is_valid_target_id(out.order.target)) reader.invalidate("target");
  // Whatever else it may say is not understood here, so it is not carried out.
  if (reader.ok() && out.encode() != text) reader.invalidate("a member that is not known");
  if (!reader.ok()) return wrong(reader, "an order");
  return out;
}

std::string TargetReport::encode() const {
  Node node = Node::make_map();
  node.add("target", Node::make_text(report.target));
  node.add("generation", Node::make_integer(report.generation));
  node.add("stage", Node::make_text(name_of(report.stage)));
  node.add("running", Node::make_text(digest_text(report.running)));
  node.add("process", Node::make_text(report.instance.process));
  node.add("swaps", count_node(report.instance.swaps));
  node.add("reason", Node::make_text(report.reason));
  node.add("refused", Node::make_text(refused));
  Node list = Node::make_list();
  for (const auto& one : counters) list.items.push_back(counters_node(one));
  node.add("counters", std::move(list));
  return catalog::canonical_json(node);
}

Result<TargetReport> TargetReport::parse(std::string_view text) {
  const auto node = read_map(text, report_bytes_max, "a report");
  if (!node) return std::unexpected(node.error());
  BodyReader reader(*node);
  TargetReport out;
  out.report.target = reader.text("target");
  out.report.generation = reader.integer("generation");
  const auto stage = report_stage_named(reader.text("stage"));
  if (stage) out.report.stage = *stage;
  if (!stage || out.report.generation < 0) reader.invalidate(stage ? "generation" : "stage");
  if (!reader.text("running").empty()) out.report.running = reader.digest("running");
  out.report.instance.process = reader.text("process");
  const std::int64_t swaps = reader.integer("swaps");
  if (swaps < 0) reader.invalidate("swaps");
  out.report.instance.swaps = static_cast<std::uint64_t>(swaps);
  out.report.reason = reader.text("reason");
  out.refused = reader.text("refused");
  for (const Node& item : reader.list("counters")) {
    models::ModelCounters counters;
    if (item.type != Node::Type::map || !read_counters(item, counters)) {
      reader.invalidate("counters");
      break;
    }
    out.counters.push_back(std::move(counters));
  }
  if (!reader.ok()) return wrong(reader, "a report");
  return out;
}

}  // namespace millwright::operations
