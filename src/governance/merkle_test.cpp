// The tree against the published vectors of Certificate Transparency (merkletree tests of
// google/certificate-transparency, also in transparency-dev/merkle), then proofs of every small
// tree against a direct reading of RFC 6962.
#include "governance/merkle.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace millwright::governance {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

const std::vector<std::string> ct_leaves{"",
                                         "00",
                                         "10",
                                         "2021",
                                         "3031",
                                         "40414243",
                                         "5051525354555657",
                                         "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> ct_roots{
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<Digest> ct_hashes() {
  std::vector<Digest> out;
  for (const auto& leaf : ct_leaves) out.push_back(leaf_hash(from_hex(leaf)));
  return out;
}

std::vector<std::string> proof_over(const std::vector<Digest>& leaves,
                                    std::vector<LeafRange> ranges) {
  ProofBuilder builder(std::move(ranges));
  for (const auto& leaf : leaves) builder.add(leaf);
  std::vector<std::string> out;
  for (const auto& hash : builder.proof()) out.push_back(hash.hex());
  return out;
}

using Hexes = std::vector<std::string>;

TEST(Merkle, RootsOfThePublishedVectors) {
  MerkleTree tree;
  EXPECT_EQ(tree.root().hex(), ct_roots[0]);
  for (std::size_t i = 0; i < ct_leaves.size(); ++i) {
    tree.add(leaf_hash(from_hex(ct_leaves[i])));
    EXPECT_EQ(tree.root().hex(), ct_roots[i + 1]) << i + 1 << " leaves";
  }
}

TEST(Merkle, InclusionProofsOfThePublishedVectors) {
  const auto leaves = ct_hashes();
  EXPECT_EQ(proof_over(leaves, inclusion_ranges(0, 1)), Hexes{});
  EXPECT_EQ(proof_over(leaves, inclusion_ranges(0, 8)),
            (Hexes{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                   "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                   "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(proof_over(leaves, inclusion_ranges(5, 8)),
            (Hexes{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                   "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                   "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(proof_over(leaves, inclusion_ranges(2, 3)),
            (Hexes{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}));
  EXPECT_EQ(proof_over(leaves, inclusion_ranges(1, 5)),
            (Hexes{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                   "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                   "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(Merkle, ConsistencyProofsOfThePublishedVectors) {
  const auto leaves = ct_hashes();
  EXPECT_EQ(proof_over(leaves, consistency_ranges(1, 1)), Hexes{});
  EXPECT_EQ(proof_over(leaves, consistency_ranges(1, 8)),
            (Hexes{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                   "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                   "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(proof_over(leaves, consistency_ranges(6, 8)),
            (Hexes{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                   "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                   "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(proof_over(leaves, consistency_ranges(2, 5)),
            (Hexes{"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                   "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

/// MTH of RFC 6962, 2.1, word for word.
Digest mth(std::span<const Digest> leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves[0];
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  return node_hash(mth(leaves.first(k)), mth(leaves.subspan(k)));
}

class EveryTree : public ::testing::Test {
 protected:
  EveryTree() {
    MerkleTree tree;
    roots_.push_back(tree.root());
    for (std::uint64_t i = 0; i < count; ++i) {
      leaves_.push_back(leaf_hash(as_bytes(std::to_string(i))));
      tree.add(leaves_.back());
      roots_.push_back(tree.root());
    }
  }
  std::vector<Digest> proof(std::vector<LeafRange> ranges) const {
    ProofBuilder builder(std::move(ranges));
    for (const auto& leaf : leaves_) builder.add(leaf);
    return builder.proof();
  }
  static constexpr std::uint64_t count = 40;
  std::vector<Digest> leaves_, roots_;
};

TEST_F(EveryTree, HasTheRootOfTheDefinition) {
  for (std::uint64_t size = 0; size <= count; ++size) {
    EXPECT_EQ(roots_[size], mth(std::span(leaves_).first(size)));
  }
}

TEST_F(EveryTree, ProvesEachOfItsLeavesAndNothingElse) {
  for (std::uint64_t size = 1; size <= count; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      auto hashes = proof(inclusion_ranges(index, size));
      ASSERT_TRUE(verify_inclusion(leaves_[index], index, size, hashes, roots_[size]));
      EXPECT_FALSE(
          verify_inclusion(leaves_[(index + 1) % count], index, size, hashes, roots_[size]));
      EXPECT_FALSE(verify_inclusion(leaves_[index], index, size, hashes, roots_[size - 1]));
      EXPECT_FALSE(verify_inclusion(leaves_[index], size, size, hashes, roots_[size]));
      if (size > 1) {
        EXPECT_FALSE(
            verify_inclusion(leaves_[index], (index + 1) % size, size, hashes, roots_[size]));
        hashes.front().bytes[7] ^= std::byte{1};
        EXPECT_FALSE(verify_inclusion(leaves_[index], index, size, hashes, roots_[size]));
        hashes.front().bytes[7] ^= std::byte{1};
      }
      hashes.push_back(roots_[0]);
      EXPECT_FALSE(verify_inclusion(leaves_[index], index, size, hashes, roots_[size]));
    }
  }
}

TEST_F(EveryTree, ContinuesEachOfItsEarlierStatesAndNoOther) {
  for (std::uint64_t size = 0; size <= count; ++size) {
    for (std::uint64_t earlier = 0; earlier <= size; ++earlier) {
      auto hashes = proof(consistency_ranges(earlier, size));
      const TreeHead from{earlier, roots_[earlier]}, to{size, roots_[size]};
      ASSERT_TRUE(verify_consistency(from, to, hashes)) << earlier << " " << size;
      if (earlier > 0) {
        const TreeHead wrong{earlier, roots_[earlier - 1]};
        EXPECT_FALSE(verify_consistency(wrong, to, hashes)) << earlier << " " << size;
      }
      if (earlier > 0 && earlier < size) {
        EXPECT_FALSE(verify_consistency(from, {size, roots_[size - 1]}, hashes));
        hashes.front().bytes[0] ^= std::byte{1};
        EXPECT_FALSE(verify_consistency(from, to, hashes));
        hashes.front().bytes[0] ^= std::byte{1};
        hashes.push_back(roots_[0]);
        EXPECT_FALSE(verify_consistency(from, to, hashes));
      }
    }
  }
}

}  // namespace
}  // namespace millwright::governance
