// Opening the audit log: what a crash may have left is told from what nobody but a person or a
// failing disk does, by the checkpoint file, which covers exactly what was acknowledged.
#include "base/format.hpp"
#include "governance/audit_log.hpp"

namespace millwright::governance {
namespace {

constexpr std::string_view what_to_do =
    "do not write to it; compare it with a backup and with checkpoints kept elsewhere (`millwright "
    "audit verify`)";

std::unexpected<Error> damaged(std::string what) {
  return fail(Code::corrupt, std::move(what), std::string(what_to_do));
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(engine::Disk& disk, const SecretKey& key,
                                                 AuditOptions options) {
  if (auto valid = check_origin(options.origin); !valid) return pass(std::move(valid));
  std::unique_ptr<AuditLog> log(new AuditLog(disk, key, std::move(options)));
  if (auto made = disk.make_directories(log->options_.directory); !made) {
    return pass(std::move(made), "opening the audit log");
  }
  if (auto done = log->recover(); !done) return pass(std::move(done), "opening the audit log");
  return log;
}

Result<void> AuditLog::recover() {
  std::optional<Checkpoint> acknowledged;
  auto has_checkpoint = disk_.exists(checkpoint_path());
  if (!has_checkpoint) return pass(std::move(has_checkpoint));
  if (*has_checkpoint) {
    auto note = engine::read_whole(disk_, checkpoint_path());
    if (!note) return pass(std::move(note));
    auto checkpoint = open_checkpoint(as_text(*note), log_key_);
    if (!checkpoint) {
      return damaged(fmt::format("{}: {}", checkpoint_path(), checkpoint.error().message()));
    }
    acknowledged = *checkpoint;
    note_ = as_text(*note);
  }
  auto has_entries = disk_.exists(entries_path());
  if (!has_entries) return pass(std::move(has_entries));
  if (acknowledged && !*has_entries) {
    return damaged(fmt::format("{} is gone; {} covers {} entries", entries_path(),
                               checkpoint_path(), acknowledged->head.size));
  }
  auto file = disk_.open_append(entries_path());
  if (!file) return pass(std::move(file));
  file_ = std::move(*file);
  auto bytes = file_->size();
  if (!bytes) return pass(std::move(bytes));
  if (!acknowledged) {
    // The checkpoint comes last when a log is made, so nothing was acknowledged yet. More than a
    // made log has, though, means that the checkpoint was taken away.
    Bytes first = encode_audit_head();
    append_audit_frame(first, FrameKind::checkpoint, 0,
                       sign_checkpoint({options_.origin, {0, MerkleTree().root()}}, secret_));
    if (*bytes > first.size()) return damaged(checkpoint_path() + " is gone");
    return create();
  }
  if (auto walked = walk(acknowledged, *bytes); !walked) return walked;
  return settle(acknowledged, *bytes);
}

Result<void> AuditLog::create() {
  if (auto emptied = file_->truncate(0); !emptied) return emptied;
  head_ = {0, MerkleTree().root()};
  note_ = sign_checkpoint({options_.origin, head_}, secret_);
  Bytes content = encode_audit_head();
  append_audit_frame(content, FrameKind::checkpoint, 0, note_);
  // An unsynced truncate and an append to it may reach the disk in either order.
  if (auto synced = file_->sync(); !synced) return synced;
  if (auto appended = file_->append(content); !appended) return appended;
  if (auto synced = file_->sync(); !synced) return synced;
  if (auto synced = disk_.sync_directory(options_.directory); !synced) return synced;
  end_ = content.size();
  return engine::replace_whole(disk_, checkpoint_path(), as_bytes(note_));
}

Result<void> AuditLog::walk(const std::optional<Checkpoint>& acknowledged,
                            std::uint64_t file_bytes) {
  Bytes file_head(audit_head_bytes);
  auto got = file_->read_at(0, file_head);
  if (!got) return pass(std::move(got));
  if (auto valid = check_audit_head(ByteView(file_head).first(*got)); !valid) {
    if (valid.error().code() == Code::unsupported_version) return valid;
    return damaged(fmt::format("{}: {}", entries_path(), valid.error().message()));
  }
  AuditWalk walk(log_key_, WalkDepth::roots);
  AuditFrameReader reader(*file_, audit_head_bytes, file_bytes);
  std::vector<std::pair<EntryIndex, std::uint64_t>> uncovered;
  bool reached = false;
  std::string defect;
  while (defect.empty()) {
    auto frame = reader.next();
    if (!frame) {
      if (frame.error().code() != Code::corrupt) return pass(std::move(frame));
      defect = fmt::format("entry {}: {}", walk.tree().size(), frame.error().message());
      break;
    }
    if (!*frame) break;
    if ((*frame)->kind == FrameKind::entry) {
      uncovered.emplace_back(walk.tree().size(), (*frame)->offset);
    }
    if (const auto found = walk.take(**frame)) {
      defect = found->text();
    } else if ((*frame)->kind == FrameKind::checkpoint) {
      for (const auto& [index, offset] : uncovered) note_offset(index, offset);
      uncovered.clear();
      tree_ = walk.tree();
      if (walk.head() == acknowledged->head) {
        reached = true;
        // What comes behind is about to be adopted: it must be signed.
        walk.set_depth(WalkDepth::signatures_and_events);
      }
    }
  }
  if (!reached) {
    if (defect.empty()) {
      defect = walk.tree().size() < acknowledged->head.size
                   ? fmt::format("the entries from {} to {} are gone", walk.tree().size(),
                                 acknowledged->head.size - 1)
                   : fmt::format("no checkpoint of size {} in it is that of {}",
                                 acknowledged->head.size, checkpoint_path());
    }
    return damaged(fmt::format("{}: {}", entries_path(), defect));
  }
  head_ = walk.head();
  end_ = walk.covered_end();
  recovery_.entries_adopted = head_.size - acknowledged->head.size;
  recovery_.bytes_cut = file_bytes - end_;
  if (recovery_.entries_adopted > 0) note_ = walk.note();
  return {};
}

Result<void> AuditLog::settle(const std::optional<Checkpoint>& acknowledged,
                              std::uint64_t file_bytes) {
  staged_tree_ = tree_;
  if (file_bytes > end_) {
    if (auto cut = file_->truncate(end_); !cut) return cut;
  }
  // A killed process may have written without syncing; what is read here is built on from now on.
  if (auto synced = file_->sync(); !synced) return synced;
  if (head_ == acknowledged->head) return {};
  return engine::replace_whole(disk_, checkpoint_path(), as_bytes(note_));
}

}  // namespace millwright::governance
