// Our tiny runtime for ensembles of regression trees: flat arrays of 32-bit floats, the reference
// that other runtimes are compared with (|a − b| ≤ 1e-5 · max(1, |a|), equal leaf indices).
// Training and foreign formats are adapters'.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace millwright::models {

/// A node in 16 bytes. A split sends x < value left, else right; NaN goes left when `nan_left`.
struct TreeNode {
  float value = 0;            ///< threshold of a split, answer of a leaf
  std::uint16_t feature = 0;  ///< of a split
  bool leaf = true;
  bool nan_left = false;
  std::uint32_t left = 0;  ///< nodes of the same tree, after this one
  std::uint32_t right = 0;

  bool operator==(const TreeNode&) const = default;
};

/// What the sum of the trees means.
enum class Link : std::uint8_t {
  identity = 0,  ///< the answer itself
  logistic = 1,  ///< log odds: the answer is 1/(1+exp(−sum))
};

/// Trees one after the other; the sum starts at `base` and adds the trees in their order, in 32-bit
/// floats. A plain value; predicting changes nothing and allocates nothing.
struct TreeEnsemble {
  std::uint32_t columns = 0;  ///< of a row
  float base = 0;
  Link link = Link::identity;
  std::vector<std::uint32_t> starts;  ///< first node of each tree
  std::vector<TreeNode> nodes;

  bool operator==(const TreeEnsemble&) const = default;
  std::size_t trees() const { return starts.size(); }
  std::span<const TreeNode> tree(std::size_t index) const;
  /// Index, within its tree, of the leaf that `row` falls into.
  std::uint32_t leaf(std::size_t tree_index, std::span<const float> row) const;
  float predict(std::span<const float> row) const;
  /// The sum before the link, of the trees [first, last) added to `sum`.
  float add_trees(float sum, std::size_t first, std::size_t last, std::span<const float> row) const;
  float linked(float sum) const;
  /// Cuts the ensemble to its first `count` trees.
  void keep_first(std::size_t count);
};

/// Format 1. The checksum is the bundle's.
Bytes encode(const TreeEnsemble& ensemble);
/// Checks that every walk ends at a leaf, inside its tree and its row. corrupt,
/// unsupported_version.
Result<TreeEnsemble> decode_trees(ByteView bytes);

}  // namespace millwright::models
