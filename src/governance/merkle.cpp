#include "governance/merkle.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/result.hpp"

namespace millwright::governance {
namespace {

/// The largest power of two below `n`, which is at least 2.
std::uint64_t split_of(std::uint64_t n) {
  return std::bit_floor(n - 1);
}

}  // namespace

Digest leaf_hash(ByteView entry) {
  Bytes text(1 + entry.size());  // opens with the zero byte
  std::ranges::copy(entry, text.begin() + 1);
  return sha256(text);
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<std::byte, 65> text{std::byte{1}};
  std::ranges::copy(left.bytes, text.begin() + 1);
  std::ranges::copy(right.bytes, text.begin() + 33);
  return sha256(text);
}

void MerkleTree::add(const Digest& leaf) {
  Digest hash = leaf;
  for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
    hash = node_hash(peaks_.back(), hash);
    peaks_.pop_back();
  }
  peaks_.push_back(hash);
  ++size_;
}

Digest MerkleTree::root() const {
  if (peaks_.empty()) return sha256({});
  Digest hash = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) hash = node_hash(peaks_[i], hash);
  return hash;
}

std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size) {
  MILLWRIGHT_ASSERT(index < size);
  std::vector<LeafRange> from_top;
  std::uint64_t first = 0, end = size;
  while (end - first > 1) {
    const std::uint64_t middle = first + split_of(end - first);
    if (index < middle) {
      from_top.push_back({middle, end});
      end = middle;
    } else {
      from_top.push_back({first, middle});
      first = middle;
    }
  }
  std::ranges::reverse(from_top);
  return from_top;
}

std::vector<LeafRange> consistency_ranges(std::uint64_t earlier, std::uint64_t size) {
  MILLWRIGHT_ASSERT(earlier <= size);
  if (earlier == 0 || earlier == size) return {};
  std::vector<LeafRange> from_top;
  std::uint64_t first = 0, end = size;
  while (earlier != end) {
    const std::uint64_t middle = first + split_of(end - first);
    if (earlier <= middle) {
      from_top.push_back({middle, end});
      end = middle;
    } else {
      from_top.push_back({first, middle});
      first = middle;
    }
  }
  // The whole earlier tree is known to the verifier; a subtree of it is not.
  if (first != 0) from_top.push_back({first, end});
  std::ranges::reverse(from_top);
  return from_top;
}

ProofBuilder::ProofBuilder(std::vector<LeafRange> ranges)
    : ranges_(std::move(ranges)), trees_(ranges_.size()) {}

void ProofBuilder::add(const Digest& leaf) {
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (next_ >= ranges_[i].first && next_ < ranges_[i].end) trees_[i].add(leaf);
  }
  ++next_;
}

std::vector<Digest> ProofBuilder::proof() const {
  std::vector<Digest> out;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    MILLWRIGHT_ASSERT(trees_[i].size() == ranges_[i].end - ranges_[i].first);
    out.push_back(trees_[i].root());
  }
  return out;
}

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      const std::vector<Digest>& proof, const Digest& root) {
  if (index >= size) return false;
  std::uint64_t node = index, last = size - 1;
  Digest hash = leaf;
  for (const Digest& step : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(step, hash);
      while ((node & 1) == 0 && node != 0) node >>= 1, last >>= 1;
    } else {
      hash = node_hash(hash, step);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(const TreeHead& earlier, const TreeHead& later,
                        const std::vector<Digest>& proof) {
  if (earlier.size > later.size) return false;
  if (earlier.size == later.size) return proof.empty() && earlier.root == later.root;
  if (earlier.size == 0) return proof.empty() && earlier.root == MerkleTree().root();
  if (proof.empty() && !std::has_single_bit(earlier.size)) return false;
  std::uint64_t node = earlier.size - 1, last = later.size - 1;
  while ((node & 1) != 0) node >>= 1, last >>= 1;
  std::size_t at = 0;
  // A power of two: the earlier root is itself the first hash of the proof.
  Digest hash = std::has_single_bit(earlier.size) ? earlier.root : proof[at++];
  Digest hash_earlier = hash;
  for (; at < proof.size(); ++at) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash_earlier = node_hash(proof[at], hash_earlier);
      hash = node_hash(proof[at], hash);
      while ((node & 1) == 0 && node != 0) node >>= 1, last >>= 1;
    } else {
      hash = node_hash(hash, proof[at]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash_earlier == earlier.root && hash == later.root;
}

}  // namespace millwright::governance
