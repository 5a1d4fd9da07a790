#include "governance/audit_file.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::governance {
namespace {

constexpr std::string_view magic = "MWAUDIT\n";
constexpr std::uint64_t buffer_bytes = 256 * 1024;

std::unexpected<Error> no_frame(std::uint64_t offset, std::string_view why) {
  return fail(Code::corrupt, fmt::format("byte {}: {}", offset, why));
}

}  // namespace

Bytes encode_audit_head() {
  Bytes out;
  ByteWriter writer(out);
  writer.raw(as_bytes(magic));
  writer.u32(audit_format_version);
  writer.u32(crc32c(out));
  return out;
}

Result<void> check_audit_head(ByteView head) {
  ByteReader reader(head);
  const auto name = as_text(reader.raw(magic.size()));
  const std::uint32_t version = reader.u32();
  const std::uint32_t crc = reader.u32();
  if (!reader.ok() || name != magic || crc != crc32c(head.first(magic.size() + 4))) {
    return no_frame(0, "this is not the head of an audit log");
  }
  if (version != audit_format_version) {
    return fail(Code::unsupported_version,
                fmt::format("the audit log has format version {}; this program reads version {}",
                            version, audit_format_version),
                "start the newer program that wrote it");
  }
  return {};
}

void append_audit_frame(Bytes& out, FrameKind kind, std::uint64_t number,
                        std::string_view payload) {
  const std::size_t begin = out.size();
  ByteWriter writer(out);
  writer.u32(static_cast<std::uint32_t>(payload.size()));
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.u64(number);
  const std::uint32_t head = crc32c(ByteView(out).subspan(begin));
  writer.u32(crc32c(as_bytes(payload), head));
  writer.raw(as_bytes(payload));
}

Result<ByteView> AuditFrameReader::view(std::uint64_t size) {
  const std::uint64_t have_end = buffer_at_ + buffer_.size();
  if (at_ < buffer_at_ || at_ + size > have_end) {
    buffer_.resize(static_cast<std::size_t>(std::min(std::max(size, buffer_bytes), end_ - at_)));
    auto read = file_.read_at(at_, buffer_);
    if (!read) return pass(std::move(read), "reading the audit log");
    buffer_.resize(*read);
    buffer_at_ = at_;
    if (buffer_.size() < size) return no_frame(at_, "the file ends inside a frame");
  }
  return ByteView(buffer_).subspan(static_cast<std::size_t>(at_ - buffer_at_),
                                   static_cast<std::size_t>(size));
}

Result<std::optional<AuditFrame>> AuditFrameReader::next() {
  if (at_ >= end_) return std::optional<AuditFrame>{};
  if (end_ - at_ < audit_frame_bytes) return no_frame(at_, "the file ends inside a frame");
  auto head = view(audit_frame_bytes);
  if (!head) return pass(std::move(head));
  ByteReader reader(*head);
  const std::uint32_t length = reader.u32();
  AuditFrame frame;
  const std::uint8_t kind = reader.u8();
  frame.kind = FrameKind{kind};
  frame.number = reader.u64();
  const std::uint32_t crc = reader.u32();
  frame.offset = at_;
  if (length > event_bytes_max || length > end_ - at_ - audit_frame_bytes) {
    return no_frame(at_, "the file ends inside a frame");
  }
  auto whole = view(audit_frame_bytes + length);
  if (!whole) return pass(std::move(whole));
  const std::uint32_t head_crc = crc32c(whole->first(audit_frame_bytes - 4));
  const ByteView payload = whole->subspan(audit_frame_bytes);
  if (crc32c(payload, head_crc) != crc) return no_frame(at_, "the checksum is wrong");
  if (kind != 1 && kind != 2) return no_frame(at_, "this is neither an entry nor a checkpoint");
  frame.payload = as_text(payload);
  at_ = frame.end();
  return std::optional(frame);
}

std::string AuditDefect::text() const {
  if (first == last) return fmt::format("at entry {}: {}", first, what);
  return fmt::format("at entries {} to {}: {}", first, last, what);
}

AuditDefect AuditWalk::since_checkpoint(std::string what) const {
  const std::uint64_t last = std::max(tree_.size(), head_.size + 1) - 1;
  return {head_.size, last, std::move(what)};
}

std::optional<AuditDefect> AuditWalk::take(const AuditFrame& frame) {
  if (frame.kind == FrameKind::checkpoint) return take_checkpoint(frame);
  const std::uint64_t index = tree_.size();
  if (checkpoints_ == 0) return AuditDefect{0, 0, "the log does not begin with a checkpoint"};
  if (frame.number != index) {
    return AuditDefect{
        index, index,
        fmt::format("entry {} stands in its place (byte {})", frame.number, frame.offset)};
  }
  if (depth_ == WalkDepth::signatures_and_events) {
    if (const auto event = Event::parse(frame.payload); !event) {
      return AuditDefect{index, index, event.error().message()};
    }
  }
  tree_.add(leaf_hash(as_bytes(frame.payload)));
  return std::nullopt;
}

std::optional<AuditDefect> AuditWalk::take_checkpoint(const AuditFrame& frame) {
  const auto checkpoint = depth_ == WalkDepth::roots ? read_checkpoint(frame.payload)
                                                     : open_checkpoint(frame.payload, key_);
  if (!checkpoint) return since_checkpoint(checkpoint.error().message());
  if (checkpoint->origin != key_.origin) {
    return since_checkpoint(
        fmt::format("a checkpoint of the log '{}' stands behind it", checkpoint->origin));
  }
  if (checkpoint->head.size != tree_.size() || frame.number != tree_.size()) {
    return since_checkpoint(fmt::format("the checkpoint behind it covers {} entries, {} are there",
                                        checkpoint->head.size, tree_.size()));
  }
  if (checkpoint->head.root != tree_.root()) {
    return since_checkpoint(
        fmt::format("what is stored does not have the root that the checkpoint of size {} signs",
                    checkpoint->head.size));
  }
  ++checkpoints_;
  note_ = frame.payload;
  head_ = checkpoint->head;
  covered_end_ = frame.end();
  return std::nullopt;
}

}  // namespace millwright::governance
