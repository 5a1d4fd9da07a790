// The disk port. Nothing is promised to survive a power cut before `sync` (for a file's bytes) and
// `sync_directory` (for names): the simulated disk takes that literally.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace millwright::engine {

/// An open file. One owner, one thread.
class File {
 public:
  virtual ~File() = default;
  /// Appends all bytes or fails; after a failure the file may hold a part of them.
  virtual Result<void> append(ByteView bytes) = 0;
  /// Reads at most `into.size()` bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) = 0;
  virtual Result<std::uint64_t> size() = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  /// fdatasync. An error is final for this file: what was appended since the last sync must be
  /// taken as lost.
  virtual Result<void> sync() = 0;
};

/// A directory tree with names relative to its root, separated by '/'.
class Disk {
 public:
  virtual ~Disk() = default;
  /// Opens for reading and appending; makes the file when it is absent.
  virtual Result<std::unique_ptr<File>> open_append(std::string_view path) = 0;
  virtual Result<std::unique_ptr<File>> open_read(std::string_view path) = 0;
  virtual Result<void> rename(std::string_view from, std::string_view to) = 0;
  virtual Result<void> remove(std::string_view path) = 0;
  /// Makes the directory and its parents; unlike names of files, these are durable on return.
  virtual Result<void> make_directories(std::string_view path) = 0;
  /// Makes names created, renamed or removed in `path` durable.
  virtual Result<void> sync_directory(std::string_view path) = 0;
  /// Plain names of the entries of a directory, sorted; empty when it does not exist.
  virtual Result<std::vector<std::string>> list(std::string_view path) = 0;
  virtual Result<bool> exists(std::string_view path) = 0;
  virtual Result<std::uint64_t> free_bytes() = 0;
  /// The path that a library which opens files itself must be given; the simulated disk has none
  /// and says so.
  virtual Result<std::string> native_path(std::string_view path) = 0;
};

/// Whole content of a file.
Result<Bytes> read_whole(Disk& disk, std::string_view path);
/// Replaces `path` so that after a power cut either the old or the new content is there: temporary
/// file, sync, rename, sync of the directory.
Result<void> replace_whole(Disk& disk, std::string_view path, ByteView content);

/// Makes a file that only its owner may read (mode 0600), durable on return; for secrets.
/// `already_exists`: nothing is overwritten. `path` is one of the file system
/// (posix_disk_adapter.cpp).
Result<void> create_private_file(const std::string& path, ByteView content);

/// The real disk below `root`, which is made when absent (posix_disk_adapter.cpp).
Result<std::unique_ptr<Disk>> open_posix_disk(std::string root);

}  // namespace millwright::engine
