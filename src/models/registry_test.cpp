#include "models/registry.hpp"

#include <gtest/gtest.h>

namespace millwright::models {
namespace {

Digest digest(std::string_view of) {
  return sha256(as_bytes(of));
}

template <typename Fact>
RegistryEvent event(Fact fact) {
  return {.actor = "person/anna", .at = {1}, .fact = std::move(fact)};
}

class RegistryOfTwo : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(registry.apply(event(VersionAdded{"life", 1, digest("one")})));
    ASSERT_TRUE(registry.apply(event(VersionAdded{"life", 2, digest("two")})));
    ASSERT_TRUE(registry.apply(event(AliasSet{"life", Alias::champion, 1})));
    ASSERT_TRUE(registry.apply(event(AliasSet{"life", Alias::challenger, 2})));
  }
  /// The code with which a fact is refused, which then has changed nothing.
  template <typename Fact>
  Code refusal(Fact fact) {
    const auto before = registry.find("life")->aliases;
    const auto result = registry.apply(event(std::move(fact)));
    EXPECT_FALSE(result);
    EXPECT_EQ(registry.find("life")->aliases, before);
    return result ? Code::internal : result.error().code();
  }
  Registry registry;
};

TEST_F(RegistryOfTwo, KnowsWhoIsWho) {
  EXPECT_EQ(registry.find("life", Alias::champion)->bundle, digest("one"));
  EXPECT_EQ(registry.find("life", Alias::challenger)->version, 2U);
  EXPECT_EQ(registry.owner(digest("two")), std::pair(std::string("life"), std::uint32_t{2}));
  EXPECT_EQ(registry.owner(digest("three")), std::nullopt);
  EXPECT_EQ(registry.find("death", Alias::champion), nullptr);
}

TEST_F(RegistryOfTwo, PromotingTheChallengerMovesIt) {
  ASSERT_TRUE(registry.apply(event(AliasSet{"life", Alias::champion, 2})));
  EXPECT_EQ(registry.find("life", Alias::champion)->version, 2U);
  EXPECT_EQ(registry.find("life", Alias::challenger), nullptr);
  // And back: a rollback is the same act.
  ASSERT_TRUE(registry.apply(event(AliasSet{"life", Alias::champion, 1})));
  EXPECT_EQ(registry.find("life", Alias::champion)->version, 1U);
}

TEST_F(RegistryOfTwo, VersionsHaveNoHolesAndNoDoubles) {
  EXPECT_EQ(refusal(VersionAdded{"life", 4, digest("four")}), Code::conflict);
  EXPECT_EQ(refusal(VersionAdded{"life", 2, digest("again")}), Code::conflict);
  EXPECT_EQ(refusal(VersionAdded{"life", 3, digest("two")}), Code::already_exists);
  EXPECT_EQ(refusal(VersionAdded{"other", 1, digest("two")}), Code::already_exists);
  EXPECT_EQ(refusal(VersionAdded{"Not a name", 1, digest("x")}), Code::invalid_input);
}

TEST_F(RegistryOfTwo, UnknownNamesAreNamed) {
  EXPECT_EQ(refusal(AliasSet{"life", Alias::champion, 3}), Code::not_found);
  EXPECT_EQ(refusal(AliasSet{"life", Alias::champion, 0}), Code::not_found);
  EXPECT_EQ(refusal(VersionRetired{"life", 9}), Code::not_found);
  const auto result = registry.check(event(AliasSet{"lief", Alias::champion, 1}));
  EXPECT_EQ(result.error().text(),
            "there is no version of a model 'lief' (not_found)\n  remedy: did you mean 'life'?");
}

TEST_F(RegistryOfTwo, AVersionIsNotBothAndNotTwice) {
  EXPECT_EQ(refusal(AliasSet{"life", Alias::challenger, 1}), Code::conflict);
  EXPECT_EQ(refusal(AliasSet{"life", Alias::champion, 1}), Code::conflict);
}

TEST_F(RegistryOfTwo, WhatIsRetiredNeverRunsAgain) {
  EXPECT_EQ(refusal(VersionRetired{"life", 2}), Code::refused);
  ASSERT_TRUE(registry.apply(event(AliasCleared{"life", Alias::challenger})));
  EXPECT_EQ(refusal(AliasCleared{"life", Alias::challenger}), Code::not_found);
  ASSERT_TRUE(registry.apply(event(VersionRetired{"life", 2})));
  EXPECT_EQ(refusal(AliasSet{"life", Alias::champion, 2}), Code::refused);
  EXPECT_EQ(refusal(VersionRetired{"life", 2}), Code::refused);
  ASSERT_TRUE(registry.apply(event(VersionAdded{"life", 3, digest("three")})));
}

}  // namespace
}  // namespace millwright::models
