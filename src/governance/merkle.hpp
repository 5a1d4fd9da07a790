// The Merkle tree of RFC 6962 (section 2.1; the same in RFC 9162): a leaf is SHA-256(0x00 ||
// entry), a node SHA-256(0x01 || left || right), the root of nothing SHA-256(""). Pure; memory
// grows with the logarithm of the number of leaves, because proofs are made in one pass over them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/digest.hpp"

namespace millwright::governance {

Digest leaf_hash(ByteView entry);
Digest node_hash(const Digest& left, const Digest& right);

/// The root of all leaves added so far.
class MerkleTree {
 public:
  void add(const Digest& leaf);
  std::uint64_t size() const { return size_; }
  Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;  ///< roots of the full subtrees, largest first: one a bit of size_
};

/// Leaves [first, end), whose root is one hash of a proof.
struct LeafRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;

  auto operator<=>(const LeafRange&) const = default;
};

/// Which hashes prove that leaf `index` is in the tree of `size` leaves (RFC 6962, 2.1.1), in the
/// order of the proof. Needs index < size.
std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size);
/// Which hashes prove that the tree of `size` leaves continues that of `earlier` (2.1.2). Needs
/// earlier <= size; nothing when earlier is 0.
std::vector<LeafRange> consistency_ranges(std::uint64_t earlier, std::uint64_t size);

/// Makes the hashes of the ranges while the leaves go by, from leaf 0 upwards.
class ProofBuilder {
 public:
  explicit ProofBuilder(std::vector<LeafRange> ranges);
  void add(const Digest& leaf);
  /// The proof, once all leaves of the ranges went by.
  std::vector<Digest> proof() const;

 private:
  std::vector<LeafRange> ranges_;
  std::vector<MerkleTree> trees_;
  std::uint64_t next_ = 0;
};

/// True when the proof shows that `leaf` is entry `index` of the tree with `root` (RFC 9162,
/// 2.1.3.2).
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      const std::vector<Digest>& proof, const Digest& root);

struct TreeHead {
  std::uint64_t size = 0;
  Digest root;

  bool operator==(const TreeHead&) const = default;
};
/// True when the proof shows that `later` only appends to `earlier` (RFC 9162, 2.1.4.2).
bool verify_consistency(const TreeHead& earlier, const TreeHead& later,
                        const std::vector<Digest>& proof);

}  // namespace millwright::governance
