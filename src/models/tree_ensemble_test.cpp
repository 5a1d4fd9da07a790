#include "models/tree_ensemble.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millwright::models {
namespace {

/// x0 < 2 ? 1 : (x1 < 0 ? 10 : 20), and a tree that is one leaf.
TreeEnsemble two_trees() {
  TreeEnsemble out{
      .columns = 2, .base = 0.5F, .link = Link::identity, .starts = {0, 5}, .nodes = {}};
  out.nodes = {
      {.value = 2, .feature = 0, .leaf = false, .nan_left = true, .left = 1, .right = 2},
      {.value = 1},
      {.value = 0, .feature = 1, .leaf = false, .nan_left = false, .left = 3, .right = 4},
      {.value = 10},
      {.value = 20},
      {.value = 100},
  };
  return out;
}

TEST(TreeEnsemble, WalksAndAdds) {
  const TreeEnsemble trees = two_trees();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(trees.predict(std::vector<float>{1, 0}), 101.5F);
  EXPECT_EQ(trees.predict(std::vector<float>{2, -1}), 110.5F);  // a threshold itself goes right
  EXPECT_EQ(trees.predict(std::vector<float>{3, 0}), 120.5F);
  EXPECT_EQ(trees.predict(std::vector<float>{nan, 0}), 101.5F);
  EXPECT_EQ(trees.predict(std::vector<float>{3, nan}), 120.5F);
  EXPECT_EQ(trees.leaf(0, std::vector<float>{3, 0}), 4U);
  EXPECT_EQ(trees.leaf(1, std::vector<float>{3, 0}), 0U);
}

TEST(TreeEnsemble, LogisticLinkGivesAProbability) {
  TreeEnsemble trees = two_trees();
  trees.link = Link::logistic;
  trees.base = -101;
  EXPECT_EQ(trees.predict(std::vector<float>{1, 0}), 0.5F);
}

TEST(TreeEnsemble, CanBeCutToItsFirstTrees) {
  TreeEnsemble trees = two_trees();
  trees.keep_first(1);
  EXPECT_EQ(trees.trees(), 1U);
  EXPECT_EQ(trees.predict(std::vector<float>{1, 0}), 1.5F);
  EXPECT_EQ(decode_trees(encode(trees)).value(), trees);
}

TEST(TreeEnsemble, DecodesWhatItEncodes) {
  const Bytes bytes = encode(two_trees());
  EXPECT_EQ(decode_trees(bytes).value(), two_trees());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // Cut at the end of a list it could only be an ensemble of fewer trees, which the count
    // forbids.
    EXPECT_FALSE(decode_trees(ByteView(bytes).first(size))) << size;
  }
}

TEST(TreeEnsemble, RefusesWalksThatDoNotEnd) {
  TreeEnsemble loop = two_trees();
  loop.nodes[2].left = 0;
  EXPECT_EQ(decode_trees(encode(loop)).error().code(), Code::corrupt);
  TreeEnsemble outside = two_trees();
  outside.nodes[2].right = 5;
  EXPECT_EQ(decode_trees(encode(outside)).error().code(), Code::corrupt);
  TreeEnsemble wide = two_trees();
  wide.nodes[0].feature = 2;
  EXPECT_EQ(decode_trees(encode(wide)).error().code(), Code::corrupt);
  TreeEnsemble endless = two_trees();
  endless.nodes[1].value = std::numeric_limits<float>::infinity();
  EXPECT_EQ(decode_trees(encode(endless)).error().code(), Code::corrupt);
}

}  // namespace
}  // namespace millwright::models
