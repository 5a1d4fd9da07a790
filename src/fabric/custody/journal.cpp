#include "fabric/custody/journal.hpp"

#include <algorithm>
#include <charconv>

#include "base/format.hpp"
#include "fabric/custody/journal_file.hpp"

namespace millwright::custody {

using namespace ontology;

namespace {

constexpr std::string_view extension = ".journal";

}  // namespace

Journal::Journal(engine::Disk& disk, Random& random, Log& log, JournalOptions options)
    : disk_(disk), random_(random), log_(log), options_(std::move(options)) {}
Journal::~Journal() = default;

std::string Journal::path_of(std::uint64_t number) const {
  return fmt::format("{}/{:012}{}", options_.directory, number, extension);
}

Journal::JournalFile* Journal::file_at(std::uint64_t number) {
  for (auto& file : files_) {
    if (file->number == number) return file.get();
  }
  return nullptr;
}

Result<std::unique_ptr<Journal>> Journal::open(engine::Disk& disk, Random& random, Log& log,
                                               JournalOptions options) {
  std::unique_ptr<Journal> journal(new Journal(disk, random, log, std::move(options)));
  if (auto done = disk.make_directories(journal->options_.directory); !done)
    return pass(std::move(done));
  if (auto done = journal->recover(); !done) return pass(std::move(done), "opening the journal");
  return journal;
}

Result<void> Journal::recover() {
  auto names = disk_.list(options_.directory);
  if (!names) return pass(std::move(names));
  std::vector<std::uint64_t> numbers;
  for (const auto& name : *names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && std::string_view(end) == extension) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  bool tail_cut = false;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto file = std::make_unique<JournalFile>();
    file->number = numbers[i];
    const bool is_last = i + 1 == numbers.size();
    if (auto done = recover_file(*file, is_last, tail_cut); !done) return done;
    if (file->incarnation != 0) files_.push_back(std::move(file));
  }
  // A continued sequence after damage at the tail could give a number twice; a new incarnation
  // cannot.
  if (files_.empty() || tail_cut) {
    if (!files_.empty()) accepted_before_ += files_.back()->end;
    do incarnation_ = random_.next();
    while (incarnation_ == 0);
    next_ = 0;
  } else {
    incarnation_ = files_.back()->incarnation;
    next_ = files_.back()->end;
  }
  accepted_ = next_;
  for (auto& file : files_) file->closed = true;
  return {};
}

Result<void> Journal::recover_file(JournalFile& file, bool is_last, bool& tail_cut) {
  const std::string path = path_of(file.number);
  auto content = read_whole(disk_, path);
  if (!content) return pass(std::move(content));
  const ByteView bytes(*content);
  const auto head_frame =
      bytes.size() > file_prefix_bytes ? frame_at(bytes.subspan(file_prefix_bytes)) : std::nullopt;
  if (!head_frame) {
    if (bytes.size() >= file_prefix_bytes) {
      if (auto version = check_file_prefix(bytes, path);
          !version && version.error().code() != Code::corrupt)
        return version;
    }
    // Without its head a file was never synced, or is damaged beyond use: its place in the sequence
    // shows as a gap.
    log_.warning("journal", path +
                                " has no readable head; it is set aside as .unreadable, what it "
                                "held shows in the ledger; check the disk");
    tail_cut = tail_cut || is_last;
    return disk_.rename(path, path + ".unreadable");
  }
  if (auto version = check_file_prefix(bytes, path); !version) return version;

  std::size_t at = file_prefix_bytes;
  while (at < bytes.size()) {
    const auto size = frame_at(bytes.subspan(at));
    auto record = size ? file.read(bytes.subspan(at, *size))
                       : Result<Record>(fail(Code::corrupt, "checksum"));
    if (!record) {
      const std::size_t next = resynchronise(bytes, at);
      log_.warning("journal", damage_text(path, at, next));
      if (next == bytes.size()) {
        if (is_last) tail_cut = true;
        break;
      }
      at = next;
      continue;
    }
    if (auto* head = std::get_if<FileHead>(&*record)) {
      file.incarnation = head->incarnation;
      file.first = file.end = head->first_sequence;
      file.data_offset = at + *size;
      accepted_before_ = head->accepted_before;
      for (auto& [driver, token] : head->tokens) tokens_[driver] = token;
    } else if (auto* device = std::get_if<DeviceRecord>(&*record)) {
      file.add_device(*device);
    } else if (auto* provenance = std::get_if<ProvenanceRecord>(&*record)) {
      recipes_[provenance->number] = provenance->canonical;
      recipe_numbers_[provenance->canonical] = provenance->number;
      file.recipes_written.resize(
          std::max<std::size_t>(file.recipes_written.size(), provenance->number + 1));
      file.recipes_written[provenance->number] = true;
    } else if (auto* data = std::get_if<DataRecord>(&*record)) {
      file.end = std::max(file.end, data->first_sequence + data->batch.size());
      file.widen(data->batch);
      if (!data->driver.empty()) tokens_[data->driver] = data->token;
    } else if (auto* loss = std::get_if<LossRecord>(&*record)) {
      if (loss->entry.range.incarnation == file.incarnation &&
          loss->entry.range.first >= file.end) {
        file.end = loss->entry.range.end();
      } else {
        note_dropped(loss->entry);
      }
    }
    at += *size;
  }
  file.synced = at;
  auto handle = disk_.open_append(path);
  if (!handle) return pass(std::move(handle));
  file.handle = std::move(*handle);
  // A killed process may have written without syncing; what is sent from here on must survive a
  // power cut first.
  return file.handle->sync();
}

Result<void> Journal::begin_file() {
  auto file = std::make_unique<JournalFile>();
  file->number = files_.empty() ? 1 : files_.back()->number + 1;
  const std::string path = path_of(file->number);
  // A leftover of a failed attempt under this name holds nothing that was accepted.
  if (auto exists = disk_.exists(path); exists && *exists) {
    if (auto removed = disk_.remove(path); !removed) return removed;
  }
  auto handle = disk_.open_append(path);
  if (!handle) return pass(std::move(handle));
  file->handle = std::move(*handle);
  file->incarnation = incarnation_;
  file->first = file->end = accepted_;
  Bytes head;
  append_file_prefix(head);
  FileHead record{incarnation_, accepted_, accepted_before_, {}};
  for (const auto& [driver, token] : tokens_) record.tokens.emplace_back(driver, token);
  append_record(head, record);
  if (!staged_.empty() && !files_.empty()) {
    // Staged records name devices and recipes of the file that failed: the new file carries the
    // same tables.
    const JournalFile& failed = *files_.back();
    for (std::uint32_t i = 0; i < failed.devices.size(); ++i) {
      append_record(head, DeviceRecord{i, failed.devices[i]});
      file->add_device({i, failed.devices[i]});
    }
    file->recipes_written = failed.recipes_written;
    for (std::uint32_t number = 1; number < failed.recipes_written.size(); ++number) {
      if (failed.recipes_written[number])
        append_record(head, ProvenanceRecord{number, recipes_.at(number)});
    }
  }
  if (auto done = file->handle->append(head); !done) return done;
  if (auto done = file->handle->sync(); !done) return done;
  if (auto done = disk_.sync_directory(options_.directory); !done) return done;
  file->data_offset = file->synced = head.size();
  files_.push_back(std::move(file));
  return {};
}

std::uint32_t Journal::intern(const std::string& canonical_recipe) {
  const auto [it, is_new] = recipe_numbers_.try_emplace(canonical_recipe, 0);
  if (is_new) {
    it->second = recipes_.empty() ? 1 : recipes_.rbegin()->first + 1;
    recipes_[it->second] = canonical_recipe;
  }
  return it->second;
}

void Journal::stage_tables(const DeviceSchema& schema, const Batch& batch, std::uint32_t& device) {
  JournalFile& file = *files_.back();
  if (const auto known = file.find_device(schema)) {
    device = *known;
  } else {
    device = static_cast<std::uint32_t>(file.devices.size());
    const DeviceRecord record{device, schema};
    append_record(staged_, record);
    file.add_device(record);
  }
  for (const Row& row : batch.rows) {
    if (row.provenance == 0) continue;
    if (row.provenance < file.recipes_written.size() && file.recipes_written[row.provenance])
      continue;
    file.recipes_written.resize(
        std::max<std::size_t>(file.recipes_written.size(), row.provenance + 1));
    file.recipes_written[row.provenance] = true;
    append_record(staged_, ProvenanceRecord{row.provenance, recipes_.at(row.provenance)});
  }
}

bool Journal::is_full() const {
  return options_.full_rule == FullRule::refuse &&
         depth_bytes() + staged_.size() >= options_.bound_bytes;
}

Result<void> Journal::append(const DeviceSchema& schema, const Batch& batch,
                             std::string_view driver, std::string_view token) {
  if (batch.empty()) return {};
  if (write_failed_)
    return fail(Code::unavailable, "the journal could not be written; waiting for the next sync");
  if (is_full()) {
    return fail(Code::exhausted,
                fmt::format("the journal holds its bound of {} bytes", options_.bound_bytes),
                "wait for the hub to acknowledge, or raise buffer.bound");
  }
  const bool needs_file =
      files_.empty() || files_.back()->closed || files_.back()->synced >= options_.file_bytes;
  if (needs_file) {
    if (auto done = sync(); !done) return done;
    if (auto done = begin_file(); !done) return pass(std::move(done), "starting a journal file");
  }
  std::uint32_t device = 0;
  stage_tables(schema, batch, device);
  JournalFile& file = *files_.back();
  append_record(staged_, next_, device, driver, token, batch, file.columns[device]);
  next_ += batch.size();
  file.widen(batch);
  if (!driver.empty()) staged_tokens_.emplace_back(driver, token);
  return {};
}

void Journal::declare_loss(std::uint64_t count, LossCause cause, Timestamp from, Timestamp to,
                           std::string policy) {
  if (count == 0) return;
  append_record(staged_,
                LossRecord{{{incarnation_, next_, count}, cause, from, to, std::move(policy)}});
  next_ += count;
}

Result<void> Journal::write_staged() {
  if (files_.empty() || files_.back()->closed) {
    if (auto done = begin_file(); !done) return done;
    make_room();
  }
  JournalFile& file = *files_.back();
  if (auto done = file.handle->append(staged_); !done) return done;
  return file.handle->sync();
}

Result<void> Journal::sync() {
  if (staged_.empty()) return {};
  if (auto done = write_staged(); !done) {
    // What the file holds past its last sync is unknown: cut it, and go on in a new file when the
    // disk is well again.
    write_failed_ = true;
    if (!files_.empty() && !files_.back()->closed) {
      // A failed sync is final for its file, so this one takes nothing any more, cut or not.
      JournalFile& file = *files_.back();
      file.closed = true;
      if (!file.handle->truncate(file.synced)) {
        log_.error("journal",
                   path_of(file.number) + " can neither be written nor cut; it is closed");
      }
    }
    return pass(std::move(done), "writing the journal");
  }
  write_failed_ = false;
  JournalFile& file = *files_.back();
  file.synced += staged_.size();
  file.end = next_;
  accepted_ = next_;
  for (auto& [driver, token] : staged_tokens_) tokens_[driver] = token;
  staged_tokens_.clear();
  staged_.clear();
  if (options_.full_rule == FullRule::drop_oldest) {
    while (depth_bytes() > options_.bound_bytes && files_.size() > 1 && drop_oldest()) {
    }
  }
  return {};
}

void Journal::note_dropped(const LossEntry& entry) {
  for (LossEntry& known : dropped_) {
    const bool touches = known.range.incarnation == entry.range.incarnation &&
                         entry.range.first <= known.range.end() &&
                         known.range.first <= entry.range.end();
    if (!touches) continue;
    const Sequence end = std::max(known.range.end(), entry.range.end());
    known.range.first = std::min(known.range.first, entry.range.first);
    known.range.count = end - known.range.first;
    known.from = std::min(known.from, entry.from);
    known.to = std::max(known.to, entry.to);
    return;
  }
  dropped_.push_back(entry);
}

bool Journal::drop_oldest() {
  JournalFile& oldest = *files_.front();
  const Sequence first = std::max(oldest.first, released_of(oldest.incarnation));
  if (first < oldest.end) {
    const auto before = dropped_;
    note_dropped({{oldest.incarnation, first, oldest.end - first},
                  LossCause::buffer_full,
                  oldest.from,
                  oldest.to,
                  fmt::format("buffer: drop_oldest at {} bytes", options_.bound_bytes)});
    // Every loss that is still to be told is written anew: the file that told of it before may be
    // the one that goes.
    Bytes records;
    for (const LossEntry& entry : dropped_) append_record(records, LossRecord{entry});
    JournalFile& current = *files_.back();
    if (!current.handle->append(records) || !current.handle->sync()) {
      log_.error("journal", "the loss of a dropped file could not be recorded; the file is kept");
      dropped_ = before;
      return false;
    }
    current.synced += records.size();
    log_.warning("journal",
                 fmt::format("buffer full: {} samples dropped and declared", oldest.end - first));
  }
  oldest.handle.reset();
  (void)disk_.remove(path_of(oldest.number));
  files_.pop_front();
  return true;
}

std::string Journal::token_of(std::string_view driver) const {
  const auto it = tokens_.find(driver);
  return it == tokens_.end() ? std::string() : it->second;
}

Sequence Journal::released_of(Incarnation incarnation) const {
  const auto it = released_.find(incarnation);
  return it == released_.end() ? 0 : it->second;
}

std::uint64_t Journal::depth_samples() const {
  std::uint64_t samples = 0;
  for (const auto& file : files_) {
    const Sequence first = std::max(file->first, released_of(file->incarnation));
    if (first < file->end) samples += file->end - first;
  }
  return samples;
}

std::uint64_t Journal::depth_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& file : files_) bytes += file->synced;
  return bytes;
}

void Journal::release(Incarnation incarnation, Sequence stored) {
  auto& released = released_[incarnation];
  released = std::max(released, stored);
  remove_released_files();
  std::erase_if(dropped_, [&](const LossEntry& e) {
    return e.range.end() <= released_of(e.range.incarnation);
  });
}

/// After a new head: on a full disk, the room of the files that failed before may be what is
/// missing.
void Journal::make_room() {
  // Acknowledged whole while it was the current file: nobody acknowledges it once more.
  remove_released_files();
  // Failed before it took anything: the new head says all that its own said.
  if (files_.size() < 2 || !files_[files_.size() - 2]->holds_nothing()) return;
  const auto failed = std::prev(files_.end(), 2);
  (*failed)->handle.reset();
  (void)disk_.remove(path_of((*failed)->number));
  files_.erase(failed);
}

void Journal::remove_released_files() {
  while (!files_.empty()) {
    JournalFile& file = *files_.front();
    const bool is_current = files_.size() == 1 && !file.closed && file.synced < options_.file_bytes;
    if (is_current || file.end > released_of(file.incarnation)) break;
    // The tokens and the incarnation of a closed tail live on in the head of the next file.
    if (files_.size() == 1) {
      if (!begin_file()) break;
    }
    files_.front()->handle.reset();
    (void)disk_.remove(path_of(files_.front()->number));
    files_.pop_front();
  }
}

}  // namespace millwright::custody
