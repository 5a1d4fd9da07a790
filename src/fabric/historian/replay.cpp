#include "fabric/historian/replay.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::historian {
namespace {

constexpr std::size_t rows_per_chunk = 65'536;
constexpr std::size_t arena_per_chunk = 256u << 20;

bool is_group_record(const Frame& frame) {
  return frame.kind != static_cast<std::uint32_t>(LogRecord::start);
}

/// True when a later group than the one with the damage is in the scan.
bool is_proven(const FrameScan& scan, const DamagedSpan& span) {
  std::size_t behind = span.frames_before;
  while (behind < scan.frames.size() && !is_group_record(scan.frames[behind])) ++behind;
  if (behind >= scan.frames.size()) return false;
  Revision group = revision_of(scan.frames[behind].payload);
  if (behind > 0) {
    const Frame& before = scan.frames[behind - 1];
    if (is_group_record(before) && before.kind != static_cast<std::uint32_t>(LogRecord::commit)) {
      group = revision_of(before.payload);
    }
  }
  return std::any_of(
      scan.frames.begin() + static_cast<std::ptrdiff_t>(behind), scan.frames.end(),
      [&](const Frame& f) { return is_group_record(f) && revision_of(f.payload) > group; });
}

}  // namespace

LogExtent extent_of(const LogFile& file, bool is_newest) {
  LogExtent extent{scan_frames(file.content, file.salt), 0, 0, false};
  extent.length = extent.scan.good_end;
  extent.frames = extent.scan.frames.size();
  if (!is_newest) return extent;
  for (const DamagedSpan& span : extent.scan.damaged) {
    if (span.offset < extent.scan.good_end && is_proven(extent.scan, span)) continue;
    extent.length = std::min(extent.length, span.offset);
    extent.frames = std::min(extent.frames, span.frames_before);
    extent.is_torn = true;
    break;
  }
  return extent;
}

ReplayedRows Replay::take(const LogFile& file, const LogExtent& extent) {
  ReplayedRows out;
  auto rows = std::make_shared<engine::SampleColumns>();
  const auto flush = [&] {
    if (rows->empty()) return;
    out.rows += rows->size();
    out.chunks.push_back(std::move(rows));
    rows = std::make_shared<engine::SampleColumns>();
  };
  auto damage = extent.scan.damaged.begin();
  last_damage_ = 0;
  for (std::size_t i = 0; i < extent.frames; ++i) {
    for (; damage != extent.scan.damaged.end() && damage->frames_before <= i; ++damage) {
      if (damage->offset < extent.length) report_damage(file, *damage);
    }
    const Frame& frame = extent.scan.frames[i];
    if (frame.offset >= extent.length) break;
    take_frame(file, frame, *rows);
    if (rows->size() >= rows_per_chunk || rows->arena.size() >= arena_per_chunk) flush();
  }
  flush();
  for (; damage != extent.scan.damaged.end(); ++damage) {
    if (damage->offset < extent.length) report_damage(file, *damage);
  }
  return out;
}

void Replay::take_frame(const LogFile& file, const Frame& frame, engine::SampleColumns& rows) {
  switch (static_cast<LogRecord>(frame.kind)) {
    case LogRecord::start:
      return;
    case LogRecord::data:
      return take_data(file, frame, rows);
    case LogRecord::loss:
      return take_loss(file, frame);
    case LogRecord::commit:
      return take_commit(file, frame);
  }
  damages_->push_back({{file.name, 0, 0, fmt::format("byte {}", frame.offset)},
                       fmt::format("record of unknown kind {} is left out", frame.kind),
                       "start the program that wrote it"});
}

void Replay::report_damage(const LogFile& file, const DamagedSpan& span) {
  last_damage_ = span.offset;
  damages_->push_back({{file.name, 0, 0, fmt::format("byte {}", span.offset)},
                       fmt::format("{} bytes fail their check; samples that they held are declared "
                                   "as lost in the ledger",
                                   span.size),
                       "none for the samples; check the disk"});
}

void Replay::close_gap(const LogFile& file, Account& account, Sequence first) {
  if (first <= account.next) return;
  LossEntry loss;
  loss.range = {account.incarnation, account.next, first - account.next};
  loss.cause = ontology::LossCause::journal_corrupt;
  loss.policy = fmt::format("historian: damaged record in {} at byte {}", file.name, last_damage_);
  damages_->push_back({{file.name, 0, 0, fmt::format("byte {}", last_damage_)},
                       fmt::format("lost: samples [{}, {}) of {} incarnation {:016x}", account.next,
                                   first, account.producer.text(), account.incarnation),
                       "declared in the ledger as journal_corrupt"});
  account.add_loss(std::move(loss));
  account.next = account.durable = first;
  account.is_dirty = true;
}

void Replay::take_data(const LogFile& file, const Frame& frame, engine::SampleColumns& rows) {
  engine::SampleColumns decoded;
  const auto head = decode_data(frame.payload, decoded);
  Account* account = head ? accounts_->find(head->producer) : nullptr;
  if (account == nullptr) {
    damages_->push_back({{file.name, 0, 0, fmt::format("byte {}", frame.offset)},
                         head ? "a record names an unknown producer" : head.error().message(),
                         "restore the historian's directory from a backup"});
    return;
  }
  *revision_ = std::max(*revision_, head->revision);
  if (head->end() <= account->next) return;  // sealed already, or sent again after a failed commit
  close_gap(file, *account, head->first());
  const std::uint64_t skip = account->next - head->first();
  for (std::size_t i = static_cast<std::size_t>(skip); i < decoded.size(); ++i) {
    rows.append_row(decoded, i);
  }
  account->stored += head->rows - skip;
  account->next = account->durable = head->end();
  account->is_dirty = true;
}

void Replay::take_loss(const LogFile& file, const Frame& frame) {
  const auto record = decode_loss(frame.payload);
  Account* account = record ? accounts_->find(record->producer) : nullptr;
  if (account == nullptr) return;
  *revision_ = std::max(*revision_, record->revision);
  LossEntry entry = record->entry;
  if (entry.range.end() <= account->next) return;
  close_gap(file, *account, entry.range.first);
  entry.range.count = entry.range.end() - account->next;
  entry.range.first = account->next;
  account->next = account->durable = entry.range.end();
  account->add_loss(std::move(entry));
  account->is_dirty = true;
}

void Replay::take_commit(const LogFile& file, const Frame& frame) {
  const auto record = decode_commit(frame.payload);
  if (!record) return;
  *revision_ = std::max(*revision_, record->revision);
  for (const auto& advance : record->advances) {
    Account* account = accounts_->find(advance.producer);
    if (account == nullptr) continue;
    close_gap(file, *account, advance.next);
    account->duplicates = std::max(account->duplicates, advance.duplicates);
    account->is_dirty = true;
  }
}

}  // namespace millwright::historian
