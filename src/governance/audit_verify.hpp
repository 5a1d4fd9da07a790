// Verifying and exporting an audit log: read-only, with the public key alone, in bounded memory. It
// works on the files as they stand, so it is as good on a copy as beside a running hub that pauses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/disk.hpp"
#include "governance/audit_file.hpp"

namespace millwright::governance {

struct VerifyOptions {
  std::string directory = "audit";
  LogKey key;
  /// A checkpoint kept elsewhere (a signed note): without it nobody can tell a log from an earlier
  /// state of itself.
  std::optional<std::string> remembered;
};

struct Verification {
  std::uint64_t entries = 0;
  std::uint64_t checkpoints = 0;
  TreeHead head;
  std::optional<AuditDefect> defect;  ///< the first one; nothing: the log is what it was

  bool sound() const { return !defect.has_value(); }
};

/// Hashes every entry again; checks order, events, every checkpoint's root and signature, that the
/// checkpoint file is the last of them, and that the remembered one is among its states. A torn
/// tail is a defect too: the log must be opened once after a crash. Errors are those of the disk,
/// and `invalid_input` when the remembered checkpoint is not one of this log's key.
Result<Verification> verify_audit(engine::Disk& disk, const VerifyOptions& options);

/// Writes what a foreign verifier needs, into a folder that must not hold it yet:
///   entries      one event a line, canonical JSON; line i is leaf i of the tree
///   checkpoint   the signed note over all of them
///   checkpoints  every checkpoint that the log holds, oldest first, an empty line after each
///   key          the verifier key, `name+hash+base64`
/// Exports what is there, tampered with or not; `corrupt` when frames cannot be read.
Result<void> export_audit(engine::Disk& disk, const VerifyOptions& options, engine::Disk& to,
                          std::string_view folder);

}  // namespace millwright::governance
