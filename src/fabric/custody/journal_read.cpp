// Reading the journal in sequence: what is not yet released, and the losses that stand between.
#include <algorithm>

#include "base/format.hpp"
#include "fabric/custody/journal.hpp"
#include "fabric/custody/journal_file.hpp"

namespace millwright::custody {

using namespace ontology;

Cursor Journal::first_unreleased() const {
  Cursor cursor;
  if (files_.empty()) {
    cursor.incarnation = incarnation_;
    cursor.sequence = released_of(incarnation_);
    return cursor;
  }
  const JournalFile& front = *files_.front();
  cursor = {front.number, front.data_offset, front.incarnation,
            std::max(front.first, released_of(front.incarnation))};
  // A dropped file at the front leaves its loss to be told first.
  if (const LossEntry* loss = next_dropped(front, nullptr)) {
    cursor.incarnation = loss->range.incarnation;
    cursor.sequence = std::max(loss->range.first, released_of(loss->range.incarnation));
  }
  return cursor;
}

const LossEntry* Journal::next_dropped(const JournalFile& front, const Cursor* told) const {
  bool past_told = told == nullptr;
  for (const auto& entry : dropped_) {
    const bool before_front =
        entry.range.incarnation != front.incarnation || entry.range.first < front.first;
    if (!before_front || entry.range.end() <= released_of(entry.range.incarnation)) continue;
    if (past_told) return &entry;
    past_told = entry.range.incarnation == told->incarnation && entry.range.end() == told->sequence;
  }
  return nullptr;
}

std::optional<JournalItem> Journal::loss_item_at(Cursor& cursor) const {
  for (const auto& entry : dropped_) {
    if (entry.range.incarnation != cursor.incarnation) continue;
    if (cursor.sequence < entry.range.first || cursor.sequence >= entry.range.end()) continue;
    JournalItem item;
    item.loss = entry;
    item.loss->range = {entry.range.incarnation, cursor.sequence,
                        entry.range.end() - cursor.sequence};
    item.range = item.loss->range;
    cursor.sequence = entry.range.end();
    return item;
  }
  return std::nullopt;
}

Result<std::optional<JournalItem>> Journal::read(Cursor& cursor) {
  while (true) {
    if (auto loss = loss_item_at(cursor)) return loss;
    JournalFile* file = file_at(cursor.file);
    if (file == nullptr || cursor.offset >= file->synced) {
      const auto next =
          std::ranges::find_if(files_, [&](const auto& f) { return f->number > cursor.file; });
      if (next == files_.end()) return std::optional<JournalItem>{};
      file = next->get();
      cursor.file = file->number;
      cursor.offset = file->data_offset;
    }
    if (cursor.incarnation != file->incarnation) {
      const LossEntry* loss = file == files_.front().get() ? next_dropped(*file, &cursor) : nullptr;
      cursor.incarnation = loss != nullptr ? loss->range.incarnation : file->incarnation;
      cursor.sequence = loss != nullptr ? loss->range.first
                                        : std::max(file->first, released_of(file->incarnation));
      continue;
    }
    if (cursor.offset >= file->synced) continue;
    Bytes frame(frame_bytes);
    auto got = file->handle->read_at(cursor.offset, frame);
    if (!got) return pass(std::move(got), "reading the journal");
    ByteReader header(frame);
    const std::uint32_t length = header.u32();
    const bool plausible = *got == frame_bytes && length <= record_bytes_max;
    if (plausible) {
      frame.resize(frame_bytes + length);
      got =
          file->handle->read_at(cursor.offset + frame_bytes, std::span(frame).subspan(frame_bytes));
      if (!got) return pass(std::move(got), "reading the journal");
    }
    if (!plausible || !frame_at(frame)) {
      auto content = read_whole(disk_, path_of(file->number));
      if (!content) return pass(std::move(content));
      const std::size_t next = resynchronise(*content, cursor.offset);
      log_.error("journal", damage_text(path_of(file->number), cursor.offset, next));
      cursor.offset = next == content->size() ? file->synced : next;
      continue;
    }
    auto record = file->read(frame);
    if (!record) return pass(std::move(record), "reading the journal");
    Sequence first = 0;
    std::uint64_t count = 0;
    if (auto* data = std::get_if<DataRecord>(&*record)) {
      first = data->first_sequence, count = data->batch.size();
    } else if (auto* loss = std::get_if<LossRecord>(&*record);
               loss != nullptr && loss->entry.range.incarnation == file->incarnation) {
      first = loss->entry.range.first, count = loss->entry.range.count;
    }
    if (count == 0 || first + count <= cursor.sequence) {  // a table, or released or told already
      cursor.offset += frame.size();
      continue;
    }
    if (first > cursor.sequence) {
      // Records that were accepted and cannot be read: said as a loss, in their place.
      JournalItem gap;
      gap.range = {file->incarnation, cursor.sequence, first - cursor.sequence};
      gap.loss = LossEntry{gap.range, LossCause::journal_corrupt, file->from, file->to,
                           "journal: damaged record"};
      cursor.sequence = first;
      return std::optional<JournalItem>(std::move(gap));
    }
    cursor.offset += frame.size();
    cursor.sequence = first + count;
    JournalItem item;
    item.range = {file->incarnation, first, count};
    item.bytes = frame.size();
    if (auto* data = std::get_if<DataRecord>(&*record)) {
      item.schema = &file->devices[data->device];
      item.batch = std::move(data->batch);
    } else {
      item.loss = std::get<LossRecord>(*record).entry;
    }
    return std::optional<JournalItem>(std::move(item));
  }
}

}  // namespace millwright::custody
