// What the tests of this folder share: keys that are not cryptography, a release, a fleet.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/format.hpp"
#include "operations/rollouts.hpp"

namespace millwright::operations {

inline constexpr Timestamp rig_start{1'767'225'600'000'000};  // 2026-01-01

/// A keyed digest in place of Ed25519: enough to see which bytes are covered.
inline Bytes toy_signature(std::string_view key, ByteView message) {
  const Digest digest = sha256(as_bytes(fmt::format("{}|{}", key, as_text(message))));
  return {digest.bytes.begin(), digest.bytes.end()};
}

class ToySigner final : public Signer {
 public:
  explicit ToySigner(std::string name) : name_(std::move(name)) {}
  std::string key() const override { return name_; }
  Result<Bytes> sign(ByteView message) const override { return toy_signature(name_, message); }

 private:
  std::string name_;
};

class ToyVerifier final : public Verifier {
 public:
  explicit ToyVerifier(std::set<std::string, std::less<>> known) : known_(std::move(known)) {}
  SignatureState verify(std::string_view key, ByteView message, ByteView signature) const override {
    if (!known_.contains(key)) return SignatureState::unknown_key;
    const Bytes right = toy_signature(key, message);
    return std::ranges::equal(right, signature) ? SignatureState::good : SignatureState::bad;
  }

 private:
  std::set<std::string, std::less<>> known_;
};

/// Content by digest in memory.
struct ToyStore {
  std::map<Digest, Bytes> content;
  Digest put(std::string_view text) {
    const auto bytes = as_bytes(text);
    const Digest digest = sha256(bytes);
    content[digest] = Bytes(bytes.begin(), bytes.end());
    return digest;
  }
  ContentSource source() const {
    return [this](const Digest& digest) -> Result<Bytes> {
      const auto at = content.find(digest);
      if (at == content.end()) return fail(Code::not_found, "not here");
      return at->second;
    };
  }
};

inline Manifest toy_manifest(std::int64_t version, const Digest& model, std::uint64_t size) {
  return {"turbofan",
          version,
          {{ArtifactKind::model, "remaining-life", version, model, size}},
          {*Selector::parse("kind=gateway")},
          rig_start,
          "person/theo"};
}

inline Release toy_release(std::int64_t version) {
  const Manifest manifest = toy_manifest(version, sha256(as_bytes("model")), 5);
  return {{"turbofan", version, sha256(as_bytes(manifest.canonical()))}, manifest, "release"};
}

inline std::string target_name(std::size_t number) {
  return fmt::format("site-a/gateway-{:06}", number);
}

/// `count` gateways that run `running`, the first `lab` of them labelled ring=lab.
inline std::vector<Target> toy_fleet(std::size_t count, std::size_t lab,
                                     std::optional<ReleaseId> running) {
  std::vector<Target> targets;
  targets.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Target target{target_name(i), "site-a", TargetKind::gateway, {}, {}, running};
    if (i < lab) target.labels.emplace_back("ring", "lab");
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace millwright::operations
