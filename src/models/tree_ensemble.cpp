#include "models/tree_ensemble.hpp"

#include <cmath>

namespace millwright::models {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::uint32_t columns_max = 0xFFFF;
constexpr std::size_t node_size_min = 5;  // kind and value
enum : std::uint8_t { kind_leaf = 0, kind_split = 1, kind_split_nan_left = 2 };

std::uint32_t walk(const TreeNode* nodes, const float* row) {
  std::uint32_t at = 0;
  while (!nodes[at].leaf) {
    const TreeNode& node = nodes[at];
    const float x = row[node.feature];
    const bool left = std::isnan(x) ? node.nan_left : x < node.value;
    at = left ? node.left : node.right;
  }
  return at;
}

/// Reads one node of a tree of `count` nodes; its children must come after it, so that every walk
/// ends.
bool read_node(ByteReader& reader, std::uint64_t index, std::uint64_t count, std::uint32_t columns,
               TreeNode& node) {
  const std::uint8_t kind = reader.u8();
  node.value = std::bit_cast<float>(reader.u32());
  node.leaf = kind == kind_leaf;
  node.nan_left = kind == kind_split_nan_left;
  if (kind > kind_split_nan_left || !std::isfinite(node.value)) return false;
  if (node.leaf) return reader.ok();
  const std::uint64_t feature = reader.varint();
  const std::uint64_t left = reader.varint();
  const std::uint64_t right = reader.varint();
  const auto is_child = [&](std::uint64_t child) { return child > index && child < count; };
  if (!reader.ok() || feature >= columns || !is_child(left) || !is_child(right)) return false;
  node.feature = static_cast<std::uint16_t>(feature);
  node.left = static_cast<std::uint32_t>(left);
  node.right = static_cast<std::uint32_t>(right);
  return true;
}

}  // namespace

std::span<const TreeNode> TreeEnsemble::tree(std::size_t index) const {
  const std::size_t end = index + 1 < starts.size() ? starts[index + 1] : nodes.size();
  return std::span(nodes).subspan(starts[index], end - starts[index]);
}

std::uint32_t TreeEnsemble::leaf(std::size_t tree_index, std::span<const float> row) const {
  MILLWRIGHT_ASSERT(row.size() == columns);
  return walk(nodes.data() + starts[tree_index], row.data());
}

float TreeEnsemble::add_trees(float sum, std::size_t first, std::size_t last,
                              std::span<const float> row) const {
  MILLWRIGHT_ASSERT(row.size() == columns && last <= starts.size());
  for (std::size_t t = first; t < last; ++t) {
    const TreeNode* root = nodes.data() + starts[t];
    sum += root[walk(root, row.data())].value;
  }
  return sum;
}

float TreeEnsemble::linked(float sum) const {
  return link == Link::identity ? sum : 1.0F / (1.0F + std::exp(-sum));
}

float TreeEnsemble::predict(std::span<const float> row) const {
  return linked(add_trees(base, 0, starts.size(), row));
}

void TreeEnsemble::keep_first(std::size_t count) {
  if (count >= starts.size()) return;
  nodes.resize(starts[count]);
  starts.resize(count);
}

Bytes encode(const TreeEnsemble& ensemble) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(format_version);
  writer.varint(ensemble.columns);
  writer.u32(std::bit_cast<std::uint32_t>(ensemble.base));
  writer.u8(static_cast<std::uint8_t>(ensemble.link));
  writer.varint(ensemble.trees());
  for (std::size_t t = 0; t < ensemble.trees(); ++t) {
    const std::span<const TreeNode> tree = ensemble.tree(t);
    writer.varint(tree.size());
    for (const TreeNode& node : tree) {
      writer.u8(node.leaf ? kind_leaf : node.nan_left ? kind_split_nan_left : kind_split);
      writer.u32(std::bit_cast<std::uint32_t>(node.value));
      if (node.leaf) continue;
      writer.varint(node.feature);
      writer.varint(node.left);
      writer.varint(node.right);
    }
  }
  return out;
}

Result<TreeEnsemble> decode_trees(ByteView bytes) {
  ByteReader reader(bytes);
  if (const std::uint8_t version = reader.u8(); version > format_version) {
    return fail(Code::unsupported_version, "a tree ensemble written by a newer program");
  }
  TreeEnsemble out;
  const std::uint64_t columns = reader.varint();
  out.base = std::bit_cast<float>(reader.u32());
  const std::uint8_t link = reader.u8();
  if (!reader.ok() || columns == 0 || columns > columns_max || !std::isfinite(out.base) ||
      link > static_cast<std::uint8_t>(Link::logistic)) {
    return fail(Code::corrupt, "a tree ensemble has an impossible head");
  }
  out.columns = static_cast<std::uint32_t>(columns);
  out.link = static_cast<Link>(link);
  const std::uint64_t trees = reader.count(1 + node_size_min);
  for (std::uint64_t t = 0; t < trees && reader.ok(); ++t) {
    out.starts.push_back(static_cast<std::uint32_t>(out.nodes.size()));
    const std::uint64_t count = reader.count(node_size_min);
    if (count == 0) return fail(Code::corrupt, "a tree ensemble has a tree without nodes");
    for (std::uint64_t n = 0; n < count; ++n) {
      if (!read_node(reader, n, count, out.columns, out.nodes.emplace_back())) {
        return fail(Code::corrupt, "a tree ensemble has an impossible node");
      }
    }
  }
  if (!reader.ok() || !reader.at_end()) return fail(Code::corrupt, "a tree ensemble is cut");
  return out;
}

}  // namespace millwright::models
