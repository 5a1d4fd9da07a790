// Replay of one log generation: which records hold, which are lost, and whether a loss was ever
// acknowledged. Pure.
//
// A commit group is known to have been synced when anything of a later group is there, since a
// group is only written after the sync of the one before. Damage in such a group is a loss, and is
// declared as one. Damage in the last group of the newest generation is a torn write that nobody
// was told of: the log is cut there, and its producers send again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fabric/historian/accounts.hpp"
#include "fabric/historian/frame.hpp"
#include "fabric/historian/log_record.hpp"

namespace millwright::historian {

struct LogFile {
  std::uint64_t generation = 0;
  std::string name;
  Bytes content;
  std::uint32_t salt = 0;
};

struct ReplayedRows {
  std::vector<std::shared_ptr<const engine::SampleColumns>> chunks;
  std::uint64_t rows = 0;
};

/// Where a log ends, as far as it counts: everything, but for a torn last group.
struct LogExtent {
  FrameScan scan;
  std::uint64_t length = 0;  ///< valid bytes; the next generation records it
  std::size_t frames = 0;    ///< of the scan, those within `length`
  bool is_torn = false;
};
/// `is_newest`: no later generation exists, so that the last group is not known to be synced.
LogExtent extent_of(const LogFile& file, bool is_newest);

class Replay {
 public:
  Replay(Accounts& accounts, Revision& revision, std::vector<Damage>& damages)
      : accounts_(&accounts), revision_(&revision), damages_(&damages) {}

  /// Takes the records of a generation up to its extent. Accounts advance; what is missing is added
  /// to them as losses.
  ReplayedRows take(const LogFile& file, const LogExtent& extent);

 private:
  void take_frame(const LogFile& file, const Frame& frame, engine::SampleColumns& rows);
  void take_data(const LogFile& file, const Frame& frame, engine::SampleColumns& rows);
  void take_loss(const LogFile& file, const Frame& frame);
  void take_commit(const LogFile& file, const Frame& frame);
  void report_damage(const LogFile& file, const DamagedSpan& span);
  /// Brings an account to `first`, declaring what lies between.
  void close_gap(const LogFile& file, Account& account, Sequence first);

  Accounts* accounts_;
  Revision* revision_;
  std::vector<Damage>* damages_;
  std::uint64_t last_damage_ = 0;  ///< offset, for the policy of the losses it caused
};

}  // namespace millwright::historian
