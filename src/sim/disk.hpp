// A disk that keeps exactly what the port promises: after `power_cut` unsynced writes may be there,
// gone, torn, filled with rubbish, or there without an earlier one; unsynced names may be old or
// new.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/disk.hpp"
#include "sim/random.hpp"

namespace millwright::sim {

/// One call that changes the disk. Reads are not counted.
enum class DiskOperationKind : std::uint8_t {
  create,
  append,
  truncate,
  sync,
  rename,
  remove,
  make_directories,
  sync_directory,
};
std::string_view name_of(DiskOperationKind kind);

struct DiskOperation {
  std::uint64_t number = 0;  ///< counts from 1 since the disk was made
  DiskOperationKind kind = DiskOperationKind::append;
  std::string path;
  std::uint64_t bytes = 0;
};

/// The simulated disk of one machine. It outlives the processes that use it: `power_cut` (or a
/// plain crash, which loses nothing) ends one life, `restart` begins the next. Files opened before
/// a `power_cut` stay dead. Single-threaded.
class SimDisk final : public engine::Disk {
 public:
  struct Options {
    std::uint64_t capacity_bytes = std::uint64_t{1} << 40;
    bool keep_log = false;  ///< keep every DiskOperation in `log()`
  };
  explicit SimDisk(std::uint64_t seed) : SimDisk(seed, Options{}) {}
  SimDisk(std::uint64_t seed, Options options);
  ~SimDisk() override;

  Result<std::unique_ptr<engine::File>> open_append(std::string_view path) override;
  Result<std::unique_ptr<engine::File>> open_read(std::string_view path) override;
  Result<void> rename(std::string_view from, std::string_view to) override;
  Result<void> remove(std::string_view path) override;
  Result<void> make_directories(std::string_view path) override;
  Result<void> sync_directory(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view path) override;
  Result<bool> exists(std::string_view path) override;
  Result<std::uint64_t> free_bytes() override;
  Result<std::string> native_path(std::string_view path) override;

  /// The power goes now: what was not synced is decided on by the seed, and every call fails with
  /// `unavailable` until `restart`.
  void power_cut();
  /// The machine is back with what survived. Without a `power_cut` before it, nothing is lost.
  void restart();
  bool powered() const { return powered_; }

  /// The power goes in the middle of operation `number` (see `operations`): an append may leave a
  /// part of its bytes, a name change may have happened or not, a sync has not.
  void power_cut_at(std::uint64_t number) { cut_at_ = number; }
  /// Operation `number` fails with `error` and changes nothing. A failed sync loses what it was to
  /// save, as fdatasync does.
  void fail_at(std::uint64_t number, Error error);
  void set_capacity(std::uint64_t bytes) { options_.capacity_bytes = bytes; }
  /// Each sync takes so long; `on_cost` is told (the world charges the process for it).
  void set_sync_cost(Duration cost) { sync_cost_ = cost; }
  void on_cost(std::function<void(Duration)> observer) { cost_observer_ = std::move(observer); }
  /// Called when a `power_cut_at` strikes, inside the operation that it strikes.
  void on_power_cut(std::function<void()> observer) { cut_observer_ = std::move(observer); }
  /// Planted bug "skipped fsync": `sync` and `sync_directory` report success and do nothing.
  void lie_about_sync(bool lie) { lies_ = lie; }

  std::uint64_t operations() const { return operations_; }
  std::uint64_t used_bytes() const { return used_; }
  const std::vector<DiskOperation>& log() const { return log_; }
  /// Flips the bits of `mask` at `offset` of a file, for tests of damage at rest.
  Result<void> flip(std::string_view path, std::uint64_t offset, std::byte mask);

 private:
  friend class SimFile;
  struct Write {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  /// A file. Its first `durable` bytes survive; `writes` are the appends after the last sync;
  /// `cut` holds durable bytes that an unsynced truncate took away.
  struct Inode {
    Bytes content;
    std::uint64_t durable = 0;
    std::vector<Write> writes;
    Bytes cut;
  };
  using InodePtr = std::shared_ptr<Inode>;
  /// Names as they are after an operation: absolute, so that each may be kept or lost on its own.
  struct NameChange {
    struct Entry {
      std::string path;
      InodePtr inode;  ///< null: the name is gone
    };
    std::vector<Entry> entries;
  };
  using Names = std::map<std::string, InodePtr, std::less<>>;

  /// Counts an operation and lets planned faults strike; true: the power goes during it.
  Result<bool> begin(DiskOperationKind kind, std::string_view path, std::uint64_t bytes);
  Result<void> check_power() const;
  Result<void> check_parent(std::string_view path) const;
  Result<void> strike();
  void change_names(NameChange change);
  bool still_named(const Inode& inode, std::string_view except) const;
  void apply(const NameChange& change);
  void shorten(Inode& inode, std::uint64_t size);
  /// Decides what of a file survives the power cut.
  void settle(Inode& inode);

  Options options_;
  SimRandom random_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> pending_names_;
  std::set<std::string, std::less<>> directories_;
  std::uint64_t used_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t life_ = 0;
  bool powered_ = true;
  bool lies_ = false;
  std::optional<std::uint64_t> cut_at_;
  std::map<std::uint64_t, Error> failures_;
  Duration sync_cost_{0};
  std::function<void(Duration)> cost_observer_;
  std::function<void()> cut_observer_;
  std::vector<DiskOperation> log_;
};

}  // namespace millwright::sim
