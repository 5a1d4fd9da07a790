#include "governance/audit_log.hpp"

#include "base/format.hpp"

namespace millwright::governance {
namespace {

constexpr std::uint64_t offset_stride = 64;

}  // namespace

AuditLog::AuditLog(engine::Disk& disk, const SecretKey& key, AuditOptions options)
    : disk_(disk),
      secret_(key),
      options_(std::move(options)),
      log_key_{options_.origin, key.public_key()} {}

void AuditLog::note_offset(EntryIndex index, std::uint64_t offset) {
  if (index % offset_stride == 0) offsets_.push_back(offset);
}

std::unexpected<Error> AuditLog::give_up(Error error) {
  failed_ = true;
  staged_.clear();
  staged_offsets_.clear();
  staged_tree_ = tree_;
  return std::unexpected(
      std::move(std::move(error).while_doing("committing to the audit log; what was staged is not "
                                             "acknowledged, open the log again to go on")));
}

Result<EntryIndex> AuditLog::append(const Event& event) {
  if (failed_) {
    return fail(Code::unavailable, "the audit log failed earlier and takes no more entries",
                "free disk space or mend the disk, then open the log again");
  }
  if (auto valid = event.check(); !valid) return pass(std::move(valid));
  const std::string text = event.canonical();
  if (!staged_.empty() &&
      staged_.size() + text.size() + audit_frame_bytes > options_.staged_bytes_max) {
    return fail(Code::exhausted, "too many events wait for a commit of the audit log");
  }
  const EntryIndex index = staged_tree_.size();
  staged_offsets_.emplace_back(index, end_ + staged_.size());
  append_audit_frame(staged_, FrameKind::entry, index, text);
  staged_tree_.add(leaf_hash(as_bytes(text)));
  return index;
}

Result<TreeHead> AuditLog::commit() {
  if (failed_) return fail(Code::unavailable, "the audit log failed earlier");
  if (staged_.empty()) return head_;
  const TreeHead head{staged_tree_.size(), staged_tree_.root()};
  std::string note = sign_checkpoint({options_.origin, head}, secret_);
  append_audit_frame(staged_, FrameKind::checkpoint, head.size, note);
  auto written = file_->append(staged_);
  if (written) written = file_->sync();
  if (!written) {
    // What the kernel still shows of it may not be on the disk: the next open must not see it.
    if (file_->truncate(end_)) (void)file_->sync();  // the first error is the one to tell
    return give_up(std::move(written.error()));
  }
  if (auto replaced = engine::replace_whole(disk_, checkpoint_path(), as_bytes(note)); !replaced) {
    return give_up(std::move(replaced.error()));
  }
  for (const auto& [index, offset] : staged_offsets_) note_offset(index, offset);
  end_ += staged_.size();
  head_ = head;
  note_ = std::move(note);
  tree_ = staged_tree_;
  staged_.clear();
  staged_offsets_.clear();
  return head_;
}

Result<void> AuditLog::scan(EntryIndex first,
                            const std::function<Result<void>(EntryIndex, std::string_view)>& take) {
  if (first >= head_.size) return {};
  AuditFrameReader reader(*file_, offsets_[static_cast<std::size_t>(first / offset_stride)], end_);
  while (true) {
    auto frame = reader.next();
    if (!frame) return pass(std::move(frame), "reading the audit log");
    if (!*frame) return {};
    const AuditFrame& found = **frame;
    if (found.kind != FrameKind::entry || found.number < first) continue;
    if (auto taken = take(found.number, found.payload); !taken) return taken;
    if (found.number + 1 == head_.size) return {};
  }
}

Result<Event> AuditLog::read(EntryIndex index) {
  if (index >= head_.size) {
    return fail(Code::not_found,
                fmt::format("the audit log has no entry {}; it has {}", index, head_.size));
  }
  AuditFrameReader reader(*file_, offsets_[static_cast<std::size_t>(index / offset_stride)], end_);
  while (true) {
    auto frame = reader.next();
    if (!frame) return pass(std::move(frame), fmt::format("reading entry {}", index));
    if (!*frame) return fail(Code::corrupt, fmt::format("entry {} is gone", index));
    if ((*frame)->kind != FrameKind::entry || (*frame)->number != index) continue;
    auto event = Event::parse((*frame)->payload);
    if (!event) return pass(std::move(event), fmt::format("reading entry {}", index));
    return event;
  }
}

Result<void> AuditLog::replay(EntryIndex first,
                              const std::function<Result<void>(EntryIndex, const Event&)>& take) {
  return scan(first, [&](EntryIndex index, std::string_view payload) -> Result<void> {
    auto event = Event::parse(payload);
    if (!event) return pass(std::move(event), fmt::format("reading entry {}", index));
    return take(index, *event);
  });
}

Result<InclusionProof> AuditLog::prove_inclusion(EntryIndex index) {
  if (index >= head_.size) {
    return fail(Code::not_found,
                fmt::format("the audit log has no entry {}; it has {}", index, head_.size));
  }
  InclusionProof out{index, head_, {}, {}};
  ProofBuilder builder(inclusion_ranges(index, head_.size));
  auto scanned = scan(0, [&](EntryIndex at, std::string_view payload) -> Result<void> {
    const Digest leaf = leaf_hash(as_bytes(payload));
    if (at == index) out.leaf = leaf;
    builder.add(leaf);
    return {};
  });
  if (!scanned) return pass(std::move(scanned));
  out.hashes = builder.proof();
  return out;
}

Result<std::vector<Digest>> AuditLog::prove_consistency(std::uint64_t earlier) {
  if (earlier > head_.size) {
    return fail(Code::not_found,
                fmt::format("the audit log has {} entries, not yet {}", head_.size, earlier));
  }
  ProofBuilder builder(consistency_ranges(earlier, head_.size));
  auto scanned = scan(0, [&](EntryIndex, std::string_view payload) -> Result<void> {
    builder.add(leaf_hash(as_bytes(payload)));
    return {};
  });
  if (!scanned) return pass(std::move(scanned));
  return builder.proof();
}

}  // namespace millwright::governance
