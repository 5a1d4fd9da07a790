// Seeded tampering with an audit log, by one who may write its files and knows the format:
// checksums and numbers are made right again where that helps.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "governance/audit_rig.hpp"

namespace millwright::governance {

struct Tampered {
  std::string kind;
  std::string what;
  AuditFiles files;
  bool needs_remembered = false;  ///< the state is one that the log could have been in
};

/// A frame of the original, to be put together anew.
struct RawFrame {
  FrameKind kind = FrameKind::entry;
  std::string payload;
};

class Tamperer {
 public:
  static constexpr std::uint64_t entries = 60;
  static constexpr std::size_t kinds = 11;

  Tamperer() {
    sim::SimDisk disk(1);
    notes_ = fill(disk, test_key(), entries, "bearing worn");
    files_ = files_of(disk);
    sim::SimDisk other(1);
    (void)fill(other, test_key(9), entries, "bearing worn");
    other_ = frames_in(files_of(other).at(log));
    frames_ = frames_in(files_.at(log));
  }

  const AuditFiles& original() const { return files_; }
  const std::string& remembered() const { return notes_.back(); }

  Tampered tamper(std::uint64_t seed) const {
    sim::SimRandom random(seed * 7919 + 1);
    Tampered out{.kind = {}, .what = {}, .files = files_};
    std::vector<RawFrame> frames = frames_;
    const std::size_t a = any_entry(random), b = any_entry(random);
    const std::size_t boundary = any_boundary(random);
    switch (seed % kinds) {
      case 0:
        flip(random, out);
        return out;
      case 1: {
        out.kind = "tail deleted anywhere";
        auto& content = out.files[log];
        content.resize(static_cast<std::size_t>(random.below(content.size())));
        out.what = fmt::format("{} bytes left", content.size());
        return out;
      }
      case 2:
        out.kind = "tail deleted behind a checkpoint";
        frames.resize(boundary);
        break;
      case 3: {
        out.kind = "two entries swapped";
        const std::size_t c = a == b ? next_entry(a) : b;
        std::swap(frames[a].payload, frames[c].payload);
        break;
      }
      case 4:
        out.kind = "an entry replaced";
        frames[a].payload = changed(frames[a].payload, random);
        break;
      case 5:
        out.kind = "an entry removed";
        frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(a));
        break;
      case 6:
        out.kind = "log and checkpoint rolled back";
        out.needs_remembered = true;
        frames.resize(boundary);
        set_checkpoint(out, frames.back().payload);
        break;
      case 7:
        out.kind = "a fork under the log's key";
        out.needs_remembered = true;
        return fork(random, std::move(out));
      case 8:
        out.kind = "a tail under another key";
        frames.resize(boundary);
        frames.insert(frames.end(), other_.begin() + static_cast<std::ptrdiff_t>(boundary),
                      other_.end());
        frames.back().payload = other_.back().payload;
        set_checkpoint(out, frames.back().payload);
        break;
      case 9:
        out.kind = "the checkpoint file rolled back";
        set_checkpoint(out, frames_[boundary - 1].payload);
        return out;
      default:
        out.kind = "an entry inserted";
        frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(a),
                      {FrameKind::entry, test_event(1000 + random.below(1000)).canonical()});
        break;
    }
    out.what = fmt::format("frames {}, {}, {}", a, b, boundary);
    out.files[log] = assemble(frames);
    return out;
  }

 private:
  static constexpr const char* log = "audit/entries.log";

  static std::vector<RawFrame> frames_in(const Bytes& content) {
    const auto disk = disk_with({{log, content}});
    const auto file = disk->open_read(log);
    AuditFrameReader reader(**file, audit_head_bytes, content.size());
    std::vector<RawFrame> out;
    while (const auto frame = reader.next().value()) {
      out.push_back({frame->kind, std::string(frame->payload)});
    }
    return out;
  }
  static Bytes assemble(const std::vector<RawFrame>& frames) {
    Bytes out = encode_audit_head();
    std::uint64_t number = 0;
    for (const auto& frame : frames) {
      append_audit_frame(out, frame.kind, number, frame.payload);
      if (frame.kind == FrameKind::entry) ++number;
    }
    return out;
  }
  std::size_t next_entry(std::size_t from) const {
    do from = (from + 1) % frames_.size();
    while (frames_[from].kind != FrameKind::entry);
    return from;
  }
  std::size_t any_entry(sim::SimRandom& random) const {
    return next_entry(static_cast<std::size_t>(random.below(frames_.size())));
  }
  /// How many frames a state had that ended with a checkpoint; never all, never none.
  std::size_t any_boundary(sim::SimRandom& random) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i + 1 < frames_.size(); ++i) {
      if (frames_[i].kind == FrameKind::checkpoint) out.push_back(i + 1);
    }
    return out[static_cast<std::size_t>(random.below(out.size()))];
  }
  static void set_checkpoint(Tampered& out, std::string_view note) {
    out.files["audit/checkpoint"] = Bytes(as_bytes(note).begin(), as_bytes(note).end());
  }
  static std::string changed(const std::string& payload, sim::SimRandom& random) {
    Event event = Event::parse(payload).value();
    event.actor = fmt::format("person/mallory-{}", random.below(1000));
    return event.canonical();
  }
  void flip(sim::SimRandom& random, Tampered& out) const {
    const bool is_log = random.below(3) != 0;
    auto& content = out.files[is_log ? log : "audit/checkpoint"];
    const std::uint64_t at = random.below(content.size());
    const auto bit = random.below(8);
    content[static_cast<std::size_t>(at)] ^= static_cast<std::byte>(1u << bit);
    out.kind = is_log ? "a bit flipped in entries.log" : "a bit flipped in checkpoint";
    out.what = fmt::format("byte {} bit {}", at, bit);
  }
  /// The log goes on from an earlier state with other entries, signed by its own key.
  Tampered fork(sim::SimRandom& random, Tampered out) const {
    const std::size_t boundary = any_boundary(random);
    AuditFiles files{{log, assemble({frames_.begin(),
                                     frames_.begin() + static_cast<std::ptrdiff_t>(boundary)})}};
    files["audit/checkpoint"] = Bytes(as_bytes(frames_[boundary - 1].payload).begin(),
                                      as_bytes(frames_[boundary - 1].payload).end());
    const auto disk = disk_with(files);
    // Shorter than what is remembered would be a mere rollback.
    (void)fill(*disk, test_key(), entries + random.below(5),
               fmt::format("all is well {}", random.next()));
    out.what = fmt::format("behind frame {}", boundary);
    out.files = files_of(*disk);
    return out;
  }

  AuditFiles files_;
  std::vector<std::string> notes_;
  std::vector<RawFrame> frames_, other_;
};

}  // namespace millwright::governance
