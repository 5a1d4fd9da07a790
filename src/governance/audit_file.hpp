// The bytes of the audit log's one file, and how they are read: a head, then frames.
//
//   head  = "MWAUDIT\n" version(4) crc32c of these 12 bytes(4)
//   frame = length of the payload(4) kind(1) number(8) crc32c of these 13 bytes and the payload(4),
//           payload
//   kind 1: an entry; number = its index, payload = the canonical text of an event
//   kind 2: a checkpoint over all entries before it; number = how many, payload = the signed note
//
// Little endian. The checksum finds accidents; what finds intent is the tree and its signature.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/disk.hpp"
#include "governance/checkpoint.hpp"
#include "governance/event.hpp"

namespace millwright::governance {

inline constexpr std::uint32_t audit_format_version = 1;
inline constexpr std::size_t audit_head_bytes = 16;
inline constexpr std::size_t audit_frame_bytes = 17;

enum class FrameKind : std::uint8_t { entry = 1, checkpoint = 2 };

struct AuditFrame {
  FrameKind kind = FrameKind::entry;
  std::uint64_t number = 0;
  std::uint64_t offset = 0;  ///< where the frame begins
  std::string_view payload;  ///< valid until the next call on the reader

  std::uint64_t end() const { return offset + audit_frame_bytes + payload.size(); }
};

Bytes encode_audit_head();
/// `corrupt`, `unsupported_version`.
Result<void> check_audit_head(ByteView head);
void append_audit_frame(Bytes& out, FrameKind kind, std::uint64_t number, std::string_view payload);

/// Reads frames one after the other, through a buffer of a quarter mebibyte or one frame.
class AuditFrameReader {
 public:
  /// From `offset` to `end` of the file, which must outlive the reader.
  AuditFrameReader(engine::File& file, std::uint64_t offset, std::uint64_t end)
      : file_(file), at_(offset), end_(end) {}

  /// Nothing at the end. `corrupt`: the bytes at `offset()` are no frame; other codes come from the
  /// disk.
  Result<std::optional<AuditFrame>> next();
  std::uint64_t offset() const { return at_; }

 private:
  Result<ByteView> view(std::uint64_t size);

  engine::File& file_;
  std::uint64_t at_, end_;
  Bytes buffer_;
  std::uint64_t buffer_at_ = 0;
};

/// Where a log is not what it says: entries `first` to `last` hold the first bad one (the same
/// number when it is known exactly).
struct AuditDefect {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::string what;

  /// `at entry 7: …` or `at entries 7 to 9: …`.
  std::string text() const;
};

/// What the walk looks at beyond order and roots.
enum class WalkDepth : std::uint8_t { roots, signatures_and_events };

/// Follows the frames of a log and holds them against the tree.
class AuditWalk {
 public:
  AuditWalk(const LogKey& key, WalkDepth depth) : key_(key), depth_(depth) {}

  /// The defect that this frame shows; the walk ends with it.
  std::optional<AuditDefect> take(const AuditFrame& frame);

  const MerkleTree& tree() const { return tree_; }
  std::uint64_t checkpoints() const { return checkpoints_; }
  /// The last checkpoint: its note, its head, and the end of its frame.
  const std::string& note() const { return note_; }
  const TreeHead& head() const { return head_; }
  std::uint64_t covered_end() const { return covered_end_; }
  void set_depth(WalkDepth depth) { depth_ = depth; }

 private:
  std::optional<AuditDefect> take_checkpoint(const AuditFrame& frame);
  AuditDefect since_checkpoint(std::string what) const;

  const LogKey& key_;
  WalkDepth depth_;
  MerkleTree tree_;
  std::uint64_t checkpoints_ = 0;
  std::string note_;
  TreeHead head_;
  std::uint64_t covered_end_ = audit_head_bytes;
};

}  // namespace millwright::governance
