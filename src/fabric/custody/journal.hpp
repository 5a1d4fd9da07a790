// The durable buffer of a producer: every sample that it answers for, in sequence, from acceptance
// (fdatasync) until the hub acknowledges that it is stored. Files of about a mebibyte, each
// readable on its own; a full buffer follows its declared rule, and what it costs is a declared
// loss that takes the place of the samples.
//
// Single-threaded: lives on the executor of its core. Bounded by `bound_bytes`. A failing disk:
// `sync` reports the error and keeps what is staged; the caller stops accepting until a later sync
// succeeds.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "engine/disk.hpp"
#include "fabric/custody/record.hpp"
#include "ontology/custody.hpp"

namespace millwright::custody {

enum class FullRule : std::uint8_t {
  refuse,       ///< append answers `exhausted`: for sources that can wait
  drop_oldest,  ///< the oldest unreleased file becomes a declared loss
};

struct JournalOptions {
  std::string directory = "journal";
  std::uint64_t file_bytes = 1024 * 1024;
  std::uint64_t bound_bytes = 256ull * 1024 * 1024;
  FullRule full_rule = FullRule::refuse;
};

/// What stands at one place of the sequence.
struct JournalItem {
  ontology::SequenceRange range;
  const ontology::DeviceSchema* schema =
      nullptr;  ///< of data; null for a loss; valid until the next call on the journal
  ontology::Batch batch;
  std::optional<ontology::LossEntry> loss;
  std::size_t bytes = 0;  ///< size of the record in the journal
};

/// A place in the journal. Copyable; stays meaningful when files before it are released or dropped.
struct Cursor {
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
  ontology::Incarnation incarnation = 0;
  ontology::Sequence sequence = 0;
};

class Journal {
 public:
  /// Opens or makes the journal. A torn tail is cut off and a new incarnation begins, because its
  /// numbers may have been used.
  static Result<std::unique_ptr<Journal>> open(engine::Disk& disk, Random& random, Log& log,
                                               JournalOptions options);
  ~Journal();

  ontology::Incarnation incarnation() const { return incarnation_; }
  /// Next number that an append takes.
  ontology::Sequence next() const { return next_; }
  /// Everything below is on disk.
  ontology::Sequence accepted() const { return accepted_; }
  /// Samples accepted by all lives of this journal.
  std::uint64_t accepted_total() const { return accepted_before_ + accepted_; }
  /// Samples and bytes that wait for the hub's acknowledgement.
  std::uint64_t depth_samples() const;
  std::uint64_t depth_bytes() const;
  /// True when an append would be refused.
  bool is_full() const;
  std::uint64_t staged_bytes() const { return staged_.size(); }
  /// Where the driver resumes: the token of its last accepted batch; empty when there is none.
  std::string token_of(std::string_view driver) const;

  /// Numbers a recipe for use in rows; 0 is never given.
  std::uint32_t intern(const std::string& canonical_recipe);
  /// The recipes of the numbers in use.
  const std::map<std::uint32_t, std::string>& recipes() const { return recipes_; }

  /// Stages samples of one device. `exhausted` when full under `refuse`: nothing was staged.
  Result<void> append(const ontology::DeviceSchema& schema, const ontology::Batch& batch,
                      std::string_view driver, std::string_view token);
  /// Stages a loss of `count` samples that were never accepted; takes their place in the sequence.
  void declare_loss(std::uint64_t count, ontology::LossCause cause, Timestamp from, Timestamp to,
                    std::string policy);
  /// Writes and syncs what is staged: then it is accepted.
  Result<void> sync();
  /// The hub has durably stored everything of `incarnation` below `stored`.
  void release(ontology::Incarnation incarnation, ontology::Sequence stored);

  /// The first place that is not released.
  Cursor first_unreleased() const;
  /// Reads the accepted item at the cursor and moves it on; nothing at the end.
  Result<std::optional<JournalItem>> read(Cursor& cursor);

 private:
  struct JournalFile;
  Journal(engine::Disk& disk, Random& random, Log& log, JournalOptions options);

  Result<void> recover();
  Result<void> recover_file(JournalFile& file, bool is_last, bool& tail_cut);
  Result<void> begin_file();
  Result<void> write_staged();
  void stage_tables(const ontology::DeviceSchema& schema, const ontology::Batch& batch,
                    std::uint32_t& device);
  void make_room();
  void remove_released_files();
  bool drop_oldest();
  void note_dropped(const ontology::LossEntry& entry);
  std::optional<JournalItem> loss_item_at(Cursor& cursor) const;
  /// The first unreleased loss that stands before the front file, or the one after the loss that
  /// `told` has passed.
  const ontology::LossEntry* next_dropped(const JournalFile& front, const Cursor* told) const;
  std::string path_of(std::uint64_t number) const;
  ontology::Sequence released_of(ontology::Incarnation incarnation) const;
  JournalFile* file_at(std::uint64_t number);

  engine::Disk& disk_;
  Random& random_;
  Log& log_;
  JournalOptions options_;
  ontology::Incarnation incarnation_ = 0;
  ontology::Sequence next_ = 0;
  ontology::Sequence accepted_ = 0;
  std::uint64_t accepted_before_ = 0;
  std::deque<std::unique_ptr<JournalFile>> files_;
  Bytes staged_;
  std::vector<std::pair<std::string, std::string>> staged_tokens_;
  Timestamp staged_from_{INT64_MAX}, staged_to_{INT64_MIN};
  std::map<ontology::Incarnation, ontology::Sequence> released_;
  std::vector<ontology::LossEntry>
      dropped_;  ///< losses that stand before the end of the sequence, by range
  std::map<std::string, std::string, std::less<>> tokens_;
  std::map<std::uint32_t, std::string> recipes_;
  std::map<std::string, std::uint32_t> recipe_numbers_;
  bool write_failed_ = false;
};

}  // namespace millwright::custody
