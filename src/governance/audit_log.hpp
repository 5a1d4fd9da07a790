// The one store of decisions: an append-only log of events, each durable before it is acknowledged,
// under an RFC 6962 tree with signed checkpoints. State elsewhere is a fold of it. Why, and the
// format: docs/decisions/0011-audit-log-is-the-store.md.
//
//   DIRECTORY/entries.log   entries and every checkpoint (audit_file.hpp); only ever appended to
//   DIRECTORY/checkpoint    the last checkpoint, a signed note for people, witnesses and verifiers
//
// A commit appends its entries and one checkpoint over them in one write, syncs (from here they are
// durable), then replaces `checkpoint`. Only then are they acknowledged. So what `checkpoint`
// covers was acknowledged and must be there whole; what stands behind it never was, and only there
// may a power cut leave damage.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/disk.hpp"
#include "governance/audit_file.hpp"
#include "governance/checkpoint.hpp"
#include "governance/event.hpp"

namespace millwright::governance {

using EntryIndex = std::uint64_t;

struct AuditOptions {
  std::string directory = "audit";
  std::string origin;  ///< names the log and its key in every checkpoint; never changes
  std::uint64_t staged_bytes_max = 16ull * 1024 * 1024;
};

/// What opening had to do after a crash.
struct AuditRecovery {
  std::uint64_t bytes_cut = 0;        ///< a torn tail that was never acknowledged
  std::uint64_t entries_adopted = 0;  ///< durable whole behind the last acknowledged checkpoint
};

struct InclusionProof {
  EntryIndex index = 0;
  TreeHead head;
  Digest leaf;
  std::vector<Digest> hashes;
};

/// One owner, one thread. Memory: staged events up to `staged_bytes_max`, eight bytes for each 64
/// entries, a quarter mebibyte while reading. Any failing write ends the log (`failed`): what was
/// staged is not acknowledged, and the owner opens it anew.
class AuditLog {
 public:
  /// Opens or makes the log. Reads every entry once and holds it against every checkpoint's root.
  /// `corrupt`: an acknowledged entry is gone or changed (named); the log is not touched then.
  static Result<std::unique_ptr<AuditLog>> open(engine::Disk& disk, const SecretKey& key,
                                                AuditOptions options);

  /// Acknowledged entries.
  std::uint64_t size() const { return head_.size; }
  const TreeHead& head() const { return head_; }
  /// The signed note over `head()`.
  const std::string& checkpoint() const { return note_; }
  const LogKey& key() const { return log_key_; }
  const AuditRecovery& recovery() const { return recovery_; }
  std::uint64_t staged() const { return staged_tree_.size() - head_.size; }
  bool failed() const { return failed_; }

  /// Stages an event; the index that it has once committed. `invalid_input`: no valid event;
  /// `exhausted`: commit first; `unavailable`: the log has failed.
  Result<EntryIndex> append(const Event& event);
  /// Makes all staged events durable, together or not at all: then they are acknowledged. Without
  /// staged events it does nothing. The head it gives covers every entry.
  Result<TreeHead> commit();

  /// An acknowledged entry: `not_found`, `corrupt`.
  Result<Event> read(EntryIndex index);
  /// Every acknowledged entry from `first` on, in order, until `take` fails.
  Result<void> replay(EntryIndex first,
                      const std::function<Result<void>(EntryIndex, const Event&)>& take);
  /// Proof that entry `index` is under `head()`; one pass over the log.
  Result<InclusionProof> prove_inclusion(EntryIndex index);
  /// Proof that `head()` continues the tree that had `earlier` entries; one pass over the log.
  Result<std::vector<Digest>> prove_consistency(std::uint64_t earlier);

 private:
  AuditLog(engine::Disk& disk, const SecretKey& key, AuditOptions options);

  std::string entries_path() const { return options_.directory + "/entries.log"; }
  std::string checkpoint_path() const { return options_.directory + "/checkpoint"; }
  Result<void> recover();
  Result<void> create();
  Result<void> walk(const std::optional<Checkpoint>& acknowledged, std::uint64_t file_bytes);
  Result<void> settle(const std::optional<Checkpoint>& acknowledged, std::uint64_t file_bytes);
  void note_offset(EntryIndex index, std::uint64_t offset);
  std::unexpected<Error> give_up(Error error);
  /// Payloads from the entry `first` to the last acknowledged one.
  Result<void> scan(EntryIndex first,
                    const std::function<Result<void>(EntryIndex, std::string_view)>& take);

  engine::Disk& disk_;
  SecretKey secret_;
  AuditOptions options_;
  LogKey log_key_;
  std::unique_ptr<engine::File> file_;
  std::uint64_t end_ = 0;  ///< of what is acknowledged
  TreeHead head_;
  std::string note_;
  Bytes staged_;
  MerkleTree tree_, staged_tree_;
  std::vector<std::uint64_t> offsets_;  ///< of every 64th entry
  std::vector<std::pair<EntryIndex, std::uint64_t>> staged_offsets_;
  AuditRecovery recovery_;
  bool failed_ = false;
};

}  // namespace millwright::governance
