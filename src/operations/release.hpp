// Releases: a signed manifest of artifacts that run together. What may be registered is decided
// here; who runs it, when and under whose approval is the rollout's matter.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "governance/event.hpp"
#include "operations/artifact.hpp"
#include "operations/target.hpp"

namespace millwright::operations {

/// What a release says of itself. Artifacts are in the order of kind and name, one of each.
struct Manifest {
  std::string name;
  std::int64_t version = 0;          ///< from 1; only goes up
  std::vector<Artifact> artifacts;   ///< at least one
  std::vector<Selector> compatible;  ///< a target must match one of them; at least one
  Timestamp created;
  std::string author;  ///< `person/anna`

  /// Canonical JSON with the format's name; equal manifests have equal text.
  std::string canonical() const;
  /// Reads canonical text only: `invalid_input` for any other, with every problem of its fields;
  /// `unsupported_version` for a later format. Bounded by `manifest_bytes_max`.
  static Result<Manifest> parse(std::string_view canonical);
  bool runs_on(const Target& target) const;
  bool operator==(const Manifest&) const = default;
};
inline constexpr std::size_t manifest_bytes_max = 256 * 1024;

/// Signs as one key. The hub binds the governance room's Ed25519 keys to it.
class Signer {
 public:
  virtual ~Signer() = default;
  /// Name of the key, as verifiers know it.
  virtual std::string key() const = 0;
  virtual Result<Bytes> sign(ByteView message) const = 0;
};

enum class SignatureState : std::uint8_t { good, bad, unknown_key };

/// Knows the keys that may sign releases.
class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual SignatureState verify(std::string_view key, ByteView message,
                                ByteView signature) const = 0;
};

struct ReleaseSignature {
  std::string key;
  Bytes signature;  ///< Ed25519 (RFC 8032), 64 bytes, over `release_statement(manifest)`
  bool operator==(const ReleaseSignature&) const = default;
};

/// The manifest's text with the signatures over it, as stored and sent.
struct SignedRelease {
  std::string manifest;
  std::vector<ReleaseSignature> signatures;

  std::string encode() const;
  /// Same refusals as Manifest::parse; the manifest's text itself is not read.
  static Result<SignedRelease> decode(std::string_view text);
  bool operator==(const SignedRelease&) const = default;
};

/// The bytes that are signed: a line that names the purpose, then the manifest. A signature for
/// another purpose therefore never passes for one over a release.
std::string release_statement(std::string_view manifest);
Result<SignedRelease> sign_release(const Manifest& manifest, const Signer& signer);

/// A release whose signature was good.
struct Release {
  ReleaseId id;  ///< its digest is that of the manifest's text
  Manifest manifest;
  std::string key;  ///< that signed it
};

/// Reads and verifies. Refused by rule: `unsigned`, `unknown_key` (no signature is by a known key),
/// `bad_signature` (one by a known key does not fit the bytes).
Result<Release> verify_release(const SignedRelease& release, const Verifier& verifier);

/// Content by digest, such as ArtifactStore::get.
using ContentSource = std::function<Result<Bytes>(const Digest&)>;
/// Refused by rule: `missing_artifact`, `changed_byte` (digest or size differ from the manifest).
Result<void> check_content(const Manifest& manifest, const ContentSource& content);

/// The registered releases: a fold of `release.registered`.
class Releases {
 public:
  /// Everything above, then `older_release`: the version must be above every registered one of the
  /// name. A release that is registered already is `already_exists`.
  Result<governance::Event> register_release(const SignedRelease& release, const Verifier& verifier,
                                             const ContentSource& content, std::string actor,
                                             Timestamp at) const;
  /// Takes events of other rooms too, without effect. `corrupt` for an event that does not fit.
  Result<void> apply(const governance::Event& event);

  const Release* find(const Digest& digest) const;
  /// The highest version of a name, or null.
  const Release* newest(std::string_view name) const;
  const std::map<Digest, Release>& all() const { return releases_; }

 private:
  std::map<Digest, Release> releases_;
  std::map<std::string, Digest, std::less<>> newest_;
};

}  // namespace millwright::operations
