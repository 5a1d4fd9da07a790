#include "governance/audit_verify.hpp"

#include "base/format.hpp"

namespace millwright::governance {
namespace {

constexpr std::size_t export_buffer_bytes = 256 * 1024;

/// The entries file from its first frame on.
struct OpenedEntries {
  std::unique_ptr<engine::File> file;
  std::uint64_t bytes = 0;
};
Result<OpenedEntries> open_entries(engine::Disk& disk, const std::string& directory) {
  OpenedEntries out;
  auto file = disk.open_read(directory + "/entries.log");
  if (!file) return pass(std::move(file));
  out.file = std::move(*file);
  auto bytes = out.file->size();
  if (!bytes) return pass(std::move(bytes));
  out.bytes = *bytes;
  Bytes head(audit_head_bytes);
  auto got = out.file->read_at(0, head);
  if (!got) return pass(std::move(got));
  if (auto valid = check_audit_head(ByteView(head).first(*got)); !valid) {
    return pass(std::move(valid));
  }
  return out;
}

/// Walks all frames. The defect that ends the walk, if any.
Result<std::optional<AuditDefect>> walk_all(OpenedEntries& entries, AuditWalk& walk,
                                            const std::optional<Checkpoint>& remembered,
                                            bool& remembered_seen) {
  AuditFrameReader reader(*entries.file, audit_head_bytes, entries.bytes);
  const auto meet = [&] {
    if (remembered && walk.tree().size() == remembered->head.size) {
      remembered_seen = remembered_seen || walk.tree().root() == remembered->head.root;
    }
  };
  meet();
  while (true) {
    auto frame = reader.next();
    if (!frame) {
      if (frame.error().code() != Code::corrupt) return pass(std::move(frame));
      const std::uint64_t index = walk.tree().size();
      return AuditDefect{index, index, frame.error().message()};
    }
    if (!*frame) return std::optional<AuditDefect>{};
    if (auto defect = walk.take(**frame)) return defect;
    if ((*frame)->kind == FrameKind::entry) meet();
  }
}

/// What only the end of the walk shows.
std::optional<AuditDefect> check_end(const AuditWalk& walk, std::string_view note,
                                     const LogKey& key) {
  const std::uint64_t size = walk.tree().size();
  const auto checkpoint = open_checkpoint(note, key);
  if (!checkpoint) {
    return AuditDefect{size, size, "the checkpoint file: " + checkpoint.error().message()};
  }
  if (checkpoint->head.size > size) {
    return AuditDefect{size, checkpoint->head.size - 1,
                       fmt::format("gone; the checkpoint file covers {} entries, {} are there",
                                   checkpoint->head.size, size)};
  }
  if (walk.head().size != size || walk.checkpoints() == 0) {
    return AuditDefect{walk.head().size, size == 0 ? 0 : size - 1,
                       "no checkpoint covers what stands at the end; if the hub was just killed, "
                       "start it once"};
  }
  if (note != walk.note()) {
    return AuditDefect{
        checkpoint->head.size, size == 0 ? 0 : size - 1,
        fmt::format("the checkpoint file (size {}) is not the last checkpoint in the "
                    "log (size {}); if the hub was just killed, start it once",
                    checkpoint->head.size, size)};
  }
  return std::nullopt;
}

}  // namespace

Result<Verification> verify_audit(engine::Disk& disk, const VerifyOptions& options) {
  std::optional<Checkpoint> remembered;
  if (options.remembered) {
    auto opened = open_checkpoint(*options.remembered, options.key);
    if (!opened) {
      return fail(Code::invalid_input, "the remembered checkpoint: " + opened.error().message());
    }
    remembered = *opened;
  }
  Verification out;
  auto entries = open_entries(disk, options.directory);
  if (!entries) {
    const Code code = entries.error().code();
    if (code != Code::corrupt && code != Code::not_found) return pass(std::move(entries));
    out.defect = AuditDefect{0, 0, entries.error().message()};
    return out;
  }
  AuditWalk walk(options.key, WalkDepth::signatures_and_events);
  bool remembered_seen = false;
  auto defect = walk_all(*entries, walk, remembered, remembered_seen);
  if (!defect) return pass(std::move(defect), "verifying the audit log");
  out.defect = *defect;
  out.entries = walk.tree().size();
  out.checkpoints = walk.checkpoints();
  out.head = walk.head();
  if (!out.defect) {
    auto note = engine::read_whole(disk, options.directory + "/checkpoint");
    if (!note && note.error().code() != Code::not_found) return pass(std::move(note));
    out.defect = note ? check_end(walk, as_text(*note), options.key)
                      : AuditDefect{out.entries, out.entries, "the checkpoint file is gone"};
  }
  if (!out.defect && remembered && !remembered_seen) {
    const std::uint64_t size = remembered->head.size;
    out.defect =
        size > out.entries
            ? AuditDefect{out.entries, size - 1,
                          fmt::format("gone; the remembered checkpoint covers {} entries, the log "
                                      "was rolled back to {}",
                                      size, out.entries)}
            : AuditDefect{0, size == 0 ? 0 : size - 1,
                          fmt::format("a fork: they do not have the root that the remembered "
                                      "checkpoint of size {} signs",
                                      size)};
  }
  return out;
}

namespace {

/// A text file that grows by pieces.
class ExportFile {
 public:
  static Result<ExportFile> create(engine::Disk& disk, const std::string& path) {
    ExportFile out;
    auto file = disk.open_append(path);
    if (!file) return pass(std::move(file));
    out.file_ = std::move(*file);
    auto bytes = out.file_->size();
    if (!bytes) return pass(std::move(bytes));
    if (*bytes != 0) {
      return fail(Code::already_exists, path + " exists already", "export into an empty folder");
    }
    return out;
  }
  Result<void> add(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < export_buffer_bytes ? Result<void>{} : flush();
  }
  Result<void> flush() {
    auto done = file_->append(as_bytes(buffer_));
    buffer_.clear();
    return done;
  }

 private:
  std::unique_ptr<engine::File> file_;
  std::string buffer_;
};

Result<void> export_frames(OpenedEntries& from, ExportFile& entries, ExportFile& checkpoints) {
  AuditFrameReader reader(*from.file, audit_head_bytes, from.bytes);
  std::uint64_t index = 0;
  while (true) {
    auto frame = reader.next();
    if (!frame) return pass(std::move(frame));
    if (!*frame) break;
    const bool is_entry = (*frame)->kind == FrameKind::entry;
    if ((*frame)->number != index || (is_entry && (*frame)->payload.contains('\n'))) {
      return fail(Code::corrupt, fmt::format("entry {} is not in its place", index));
    }
    auto& to = is_entry ? entries : checkpoints;
    if (is_entry) ++index;
    if (auto done = to.add((*frame)->payload); !done) return done;
    if (auto done = to.add("\n"); !done) return done;
  }
  if (auto done = entries.flush(); !done) return done;
  return checkpoints.flush();
}

}  // namespace

Result<void> export_audit(engine::Disk& disk, const VerifyOptions& options, engine::Disk& to,
                          std::string_view folder) {
  auto from = open_entries(disk, options.directory);
  if (!from) return pass(std::move(from), "exporting the audit log");
  auto note = engine::read_whole(disk, options.directory + "/checkpoint");
  if (!note) return pass(std::move(note), "exporting the audit log");
  if (auto made = to.make_directories(folder); !made) return made;
  const std::string path(folder);
  auto entries = ExportFile::create(to, path + "/entries");
  if (!entries) return pass(std::move(entries));
  auto checkpoints = ExportFile::create(to, path + "/checkpoints");
  if (!checkpoints) return pass(std::move(checkpoints));
  if (auto done = export_frames(*from, *entries, *checkpoints); !done) {
    return pass(std::move(done), "exporting the audit log");
  }
  const std::string key = options.key.verifier_text() + "\n";
  for (const auto& [name, content] :
       {std::pair<std::string_view, std::string_view>{"checkpoint", as_text(*note)},
        std::pair<std::string_view, std::string_view>{"key", key}}) {
    auto file = ExportFile::create(to, fmt::format("{}/{}", path, name));
    if (!file) return pass(std::move(file));
    if (auto done = file->add(content); !done) return done;
    if (auto done = file->flush(); !done) return done;
  }
  return {};
}

}  // namespace millwright::governance
