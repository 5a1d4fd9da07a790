#include "operations/artifact.hpp"

#include <gtest/gtest.h>

#include "sim/disk.hpp"

namespace millwright::operations {
namespace {

TEST(ArtifactStore, GivesBackWhatWasPutAfterAPowerCut) {
  sim::SimDisk disk(3);
  Digest digest;
  {
    auto store = ArtifactStore::open(disk, "artifacts");
    ASSERT_TRUE(store);
    digest = *store->put(as_bytes("a model"));
    EXPECT_EQ(digest, sha256(as_bytes("a model")));
    EXPECT_EQ(*store->put(as_bytes("a model")), digest) << "idempotent";
  }
  disk.power_cut();
  disk.restart();
  auto store = ArtifactStore::open(disk, "artifacts");
  EXPECT_EQ(as_text(*store->get(digest)), "a model");
  EXPECT_TRUE(*store->has(digest));
}

TEST(ArtifactStore, SaysWhatIsAbsentAndWhatIsDamagedAndHealsByPutting) {
  sim::SimDisk disk(3);
  auto store = ArtifactStore::open(disk, "artifacts");
  const Digest digest = *store->put(as_bytes("a model"));
  const Digest absent = sha256(as_bytes("another"));
  EXPECT_EQ(store->get(absent).error().code(), Code::not_found);
  const std::string hex = digest.hex();
  ASSERT_TRUE(disk.flip("artifacts/" + hex.substr(0, 2) + "/" + hex, 3, std::byte{1}));
  const auto damaged = store->get(digest);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), Code::corrupt);
  EXPECT_EQ(rule_of(damaged.error()), "changed_byte");
  ASSERT_TRUE(store->put(as_bytes("a model")));
  EXPECT_TRUE(store->get(digest));
}

TEST(ArtifactStore, KeepsOnlyWhatItIsTold) {
  sim::SimDisk disk(3);
  auto store = ArtifactStore::open(disk, "artifacts");
  const Digest kept = *store->put(as_bytes("kept"));
  const Digest other = *store->put(as_bytes("other"));
  ASSERT_TRUE(store->keep_only({kept, sha256(as_bytes("never there"))}));
  EXPECT_TRUE(store->get(kept));
  EXPECT_FALSE(*store->has(other));
}

TEST(ArtifactStore, PowerLostAtEveryOperationLeavesAllOrNothing) {
  for (std::uint64_t at = 1; at < 40; ++at) {
    sim::SimDisk disk(at);
    disk.power_cut_at(at);
    bool acknowledged = false;
    if (auto store = ArtifactStore::open(disk, "artifacts")) {
      acknowledged = store->put(as_bytes("a model")).has_value();
    }
    if (!disk.powered()) disk.restart();
    auto store = ArtifactStore::open(disk, "artifacts");
    ASSERT_TRUE(store) << store.error().text();
    const auto content = store->get(sha256(as_bytes("a model")));
    if (content) {
      EXPECT_EQ(as_text(*content), "a model");
    } else {
      EXPECT_FALSE(acknowledged) << at;
      EXPECT_EQ(content.error().code(), Code::not_found) << at;
    }
    EXPECT_TRUE(store->put(as_bytes("a model")));
    EXPECT_TRUE(store->get(sha256(as_bytes("a model"))));
  }
}

TEST(Digests, OnlyOneSpelling) {
  const Digest digest = sha256(as_bytes("x"));
  EXPECT_EQ(*parse_digest(digest.hex()), digest);
  for (const std::string_view text : {"", "ab", "G", "-"}) EXPECT_FALSE(parse_digest(text));
  std::string upper = digest.hex();
  upper[0] = 'A';
  EXPECT_FALSE(parse_digest(upper));
}

}  // namespace
}  // namespace millwright::operations
