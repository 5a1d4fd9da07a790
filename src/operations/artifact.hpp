// Artifacts: what a release is made of, and the store that holds them by the digest of their bytes.
// Which artifacts belong together is the release's matter (release.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/result.hpp"
#include "engine/disk.hpp"

namespace millwright::operations {

enum class ArtifactKind : std::uint8_t { model, pipeline, config };
std::string_view name_of(ArtifactKind kind);
std::optional<ArtifactKind> artifact_kind_named(std::string_view name);

/// One named, versioned piece of content.
struct Artifact {
  ArtifactKind kind = ArtifactKind::model;
  std::string name;
  std::int64_t version = 0;  ///< from 1
  Digest sha256;             ///< of its bytes
  std::uint64_t size = 0;    ///< bytes

  auto operator<=>(const Artifact&) const = default;
};

/// 64 lower-case hexadecimal digits; anything else is `invalid_input`.
Result<Digest> parse_digest(std::string_view hex);

/// The rule that an error of this folder names: what stands before the first ':' of its message
/// (`older_release: …`), or empty.
std::string_view rule_of(const Error& error);
/// `refused`, with the rule's name first.
std::unexpected<Error> refuse(std::string_view rule, std::string_view why, std::string remedy = {});

/// Content by digest on a disk, below `directory`. One owner, one thread. A content is there whole
/// or not at all after a power cut; what was damaged at rest is said (`corrupt`), never returned.
class ArtifactStore {
 public:
  static constexpr std::uint64_t content_bytes_max = 256ull * 1024 * 1024;

  static Result<ArtifactStore> open(engine::Disk& disk, std::string directory);

  /// Stores `content` durably (temporary file, sync, rename, sync of the directory) and gives its
  /// digest. Idempotent; a damaged copy is replaced. `exhausted` above `content_bytes_max`.
  Result<Digest> put(ByteView content);
  /// The content of `digest`; `not_found`, or `corrupt` when its bytes have another digest.
  Result<Bytes> get(const Digest& digest) const;
  /// True when there is a file of that name; its bytes are only checked by `get`.
  Result<bool> has(const Digest& digest) const;
  /// Removes what is not named. A power cut leaves some of it: call it again.
  Result<void> keep_only(const std::set<Digest>& digests);

 private:
  ArtifactStore(engine::Disk& disk, std::string directory)
      : disk_(&disk), directory_(std::move(directory)) {}
  std::string path_of(const Digest& digest) const;

  engine::Disk* disk_;
  std::string directory_;
};

}  // namespace millwright::operations
