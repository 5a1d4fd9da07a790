#include "fabric/historian/manifest_file.hpp"

#include "base/format.hpp"

namespace millwright::historian {
namespace {
constexpr std::uint64_t rewrite_slack = 4u << 20;
}

Result<std::unique_ptr<ManifestFile>> ManifestFile::load(engine::Disk& disk, std::string directory,
                                                         std::vector<ManifestRecord>& records,
                                                         std::vector<Damage>& damages) {
  std::unique_ptr<ManifestFile> manifest(new ManifestFile(disk, std::move(directory)));
  const std::string path = manifest->path();
  auto present = disk.exists(path);
  if (!present) return pass(std::move(present), "historian manifest");
  if (!*present) return manifest;
  auto content = engine::read_whole(disk, path);
  if (!content) return pass(std::move(content), "historian manifest");
  auto salt = decode_file_header(*content, FileType::manifest, path);
  if (!salt) return pass(std::move(salt));
  const FrameScan scan = scan_frames(*content, *salt);
  std::uint32_t ordinal = 0;
  for (const Frame& frame : scan.frames) {
    if (frame.ordinal != ordinal + 1) {
      return fail(Code::corrupt,
                  fmt::format("{}: record {} is lost: both copies in front of byte {} are damaged",
                              path, ordinal + 1, frame.offset),
                  "restore the historian's directory from a backup");
    }
    ordinal = frame.ordinal;
    auto record = decode_manifest_record(frame.kind, frame.payload);
    if (!record) return pass(std::move(record), fmt::format("{} at {}", path, frame.offset));
    records.push_back(std::move(*record));
  }
  for (const auto& span : scan.damaged) {
    if (span.offset >= scan.good_end) continue;  // a torn tail was never acknowledged
    damages.push_back({{path, 0, 0, fmt::format("byte {}", span.offset)},
                       fmt::format("{} bytes fail their check; nothing is lost, the second copy of "
                                   "the record is good",
                                   span.size),
                       "none needed: the file is written anew; check the disk"});
  }
  manifest->salt_ = *salt;
  manifest->ordinal_ = ordinal;
  manifest->size_ = scan.good_end;
  manifest->rewrite_at_ = scan.good_end * 2 + rewrite_slack;
  manifest->needs_rewrite_ = !scan.damaged.empty();
  if (!manifest->needs_rewrite_) {
    auto file = disk.open_append(path);
    if (!file) return pass(std::move(file), "historian manifest");
    manifest->file_ = std::move(*file);
  }
  return manifest;
}

void ManifestFile::put(Bytes& out, const ManifestRecord& record) {
  const Bytes payload = encode(record);
  ++ordinal_;
  append_frame(out, payload, ordinal_, kind_of(record), salt_);
  append_frame(out, payload, ordinal_, kind_of(record), salt_);
}

Result<void> ManifestFile::append(std::span<const ManifestRecord> records, const Content& content) {
  if (needs_rewrite_ || size_ > rewrite_at_) return rewrite(content);
  Bytes out;
  for (const auto& record : records) put(out, record);
  needs_rewrite_ = true;  // until both steps below have succeeded
  if (auto done = file_->append(out); !done) return pass(std::move(done), "historian manifest");
  if (auto done = file_->sync(); !done) return pass(std::move(done), "historian manifest");
  needs_rewrite_ = false;
  size_ += out.size();
  return {};
}

Result<void> ManifestFile::rewrite(const Content& content) {
  needs_rewrite_ = true;
  file_.reset();
  ordinal_ = 0;
  ++salt_;
  Bytes out = encode_file_header(FileType::manifest, salt_);
  for (const auto& record : content()) put(out, record);
  if (auto done = engine::replace_whole(*disk_, path(), out); !done) {
    return pass(std::move(done), "historian manifest");
  }
  auto file = disk_->open_append(path());
  if (!file) return pass(std::move(file), "historian manifest");
  file_ = std::move(*file);
  size_ = out.size();
  rewrite_at_ = size_ * 2 + rewrite_slack;
  needs_rewrite_ = false;
  return {};
}

}  // namespace millwright::historian
