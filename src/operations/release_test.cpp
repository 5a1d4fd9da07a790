#include "operations/release.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "operations/operations_rig.hpp"

namespace millwright::operations {
namespace {

struct Bench {
  ToyStore store;
  Digest model = store.put("model bytes 1");
  Manifest manifest = toy_manifest(1, model, 13);
  ToySigner signer{"release"};
  ToyVerifier verifier{{"release"}};
  Releases releases;

  Result<governance::Event> add(const SignedRelease& release) {
    return releases.register_release(release, verifier, store.source(), "person/anna", rig_start);
  }
  void added(std::int64_t version) {
    manifest.version = version;
    auto event = add(*sign_release(manifest, signer));
    ASSERT_TRUE(event) << event.error().text();
    auto read = governance::Event::parse(event->canonical());
    ASSERT_TRUE(read) << read.error().text();
    ASSERT_TRUE(releases.apply(*read));
  }
};

TEST(Release, CanonicalTextDoesNotDependOnTheOrderOfItsParts) {
  Manifest manifest = toy_manifest(3, sha256(as_bytes("m")), 1);
  manifest.artifacts.push_back({ArtifactKind::pipeline, "clean", 2, sha256(as_bytes("p")), 4});
  manifest.compatible.push_back(*Selector::parse("ring=lab,kind=edge"));
  Manifest other = manifest;
  std::ranges::reverse(other.artifacts);
  std::ranges::reverse(other.compatible);
  EXPECT_EQ(manifest.canonical(), other.canonical());
  EXPECT_EQ(
      manifest.canonical(),
      R"({"artifacts":[{"kind":"model","name":"remaining-life","sha256":"62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a","size":1,"version":3},{"kind":"pipeline","name":"clean","sha256":"148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940","size":4,"version":2}],"author":"person/theo","compatible":["kind=edge,ring=lab","kind=gateway"],"created":"2026-01-01T00:00:00Z","format":"millwright-release/1","name":"turbofan","version":3})");
  const auto read = Manifest::parse(manifest.canonical());
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->canonical(), manifest.canonical());
}

TEST(Release, RegistersAndFoldsTheSameFromTheLog) {
  Bench bench;
  bench.added(1);
  bench.added(4);
  ASSERT_NE(bench.releases.newest("turbofan"), nullptr);
  EXPECT_EQ(bench.releases.newest("turbofan")->id.version, 4);
  EXPECT_EQ(bench.releases.all().size(), 2u);
}

TEST(Release, RefusalsNameTheirRule) {
  Bench bench;
  bench.added(3);
  const auto rule = [&](const SignedRelease& release) {
    const auto event = bench.add(release);
    return event ? std::string("accepted") : std::string(rule_of(event.error()));
  };
  bench.manifest.version = 4;
  const auto good = *sign_release(bench.manifest, bench.signer);
  auto release = good;
  release.signatures.clear();
  EXPECT_EQ(rule(release), "unsigned");
  release = *sign_release(bench.manifest, ToySigner("stranger"));
  EXPECT_EQ(rule(release), "unknown_key");
  release = good;
  release.manifest[release.manifest.find("remaining")] = 'R';
  EXPECT_EQ(rule(release), "bad_signature");
  release = good;
  release.signatures[0].signature[0] ^= std::byte{1};
  EXPECT_EQ(rule(release), "bad_signature");
  bench.manifest.version = 2;
  EXPECT_EQ(rule(*sign_release(bench.manifest, bench.signer)), "older_release");
  bench.manifest.version = 3;
  bench.manifest.created.us += 1;
  EXPECT_EQ(rule(*sign_release(bench.manifest, bench.signer)), "older_release");
  bench.store.content[bench.model][4] ^= std::byte{1};
  EXPECT_EQ(rule(good), "changed_byte");
  bench.store.content.clear();
  EXPECT_EQ(rule(good), "missing_artifact");
  bench.store.put("model bytes 1");
  EXPECT_EQ(rule(good), "accepted");
}

TEST(Release, TheSameReleaseTwiceIsSaid) {
  Bench bench;
  bench.added(1);
  const auto again = bench.add(*sign_release(bench.manifest, bench.signer));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::already_exists);
}

TEST(Release, ASignatureForAnotherPurposeIsNoSignatureOfARelease) {
  Bench bench;
  const std::string text = bench.manifest.canonical();
  const SignedRelease release{text, {{"release", toy_signature("release", as_bytes(text))}}};
  EXPECT_EQ(rule_of(bench.add(release).error()), "bad_signature");
}

TEST(Release, ManifestNamesEveryProblem) {
  Manifest manifest = toy_manifest(0, sha256(as_bytes("m")), 1);
  manifest.compatible.clear();
  manifest.artifacts.push_back(manifest.artifacts[0]);
  manifest.author.clear();
  const auto read = Manifest::parse(manifest.canonical());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().problems().size(), 6u) << read.error().text();
}

TEST(Release, EveryOtherSpellingIsRefused) {
  const auto signed_release =
      *sign_release(toy_manifest(1, sha256(as_bytes("m")), 1), ToySigner("k"));
  const std::string text = signed_release.encode();
  ASSERT_EQ(*SignedRelease::decode(text), signed_release);
  EXPECT_EQ(SignedRelease::decode(" " + text).error().code(), Code::invalid_input);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto read = SignedRelease::decode(changed);
    if (read) {
      EXPECT_EQ(read->encode(), changed);
    }
    EXPECT_FALSE(SignedRelease::decode(text.substr(0, i)));
  }
  std::string later = text;
  later.replace(later.find("signed-release/1"), 16, "signed-release/2");
  EXPECT_EQ(SignedRelease::decode(later).error().code(), Code::unsupported_version);
}

}  // namespace
}  // namespace millwright::operations
