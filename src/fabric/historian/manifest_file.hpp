// The manifest as a file: appends records, each written twice, so that a damaged byte costs
// nothing; rewrites itself whole when damage was found, when an append failed, or when it grew far
// beyond what it holds.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/disk.hpp"
#include "fabric/historian/frame.hpp"
#include "fabric/historian/manifest_record.hpp"

namespace millwright::historian {

class ManifestFile {
 public:
  /// Everything that the manifest must hold now; asked for when it is rewritten.
  using Content = std::function<std::vector<ManifestRecord>()>;

  /// Reads the records of `path` into `records`, and damage into `damages`; an absent file is an
  /// empty one. Nothing is written yet.
  static Result<std::unique_ptr<ManifestFile>> load(engine::Disk& disk, std::string directory,
                                                    std::vector<ManifestRecord>& records,
                                                    std::vector<Damage>& damages);

  /// Appends and syncs. `content` must include `records`: after a failure, and now and then, the
  /// whole file is written anew instead.
  Result<void> append(std::span<const ManifestRecord> records, const Content& content);
  /// True when the next append rewrites the file.
  bool needs_rewrite() const { return needs_rewrite_; }

 private:
  ManifestFile(engine::Disk& disk, std::string directory)
      : disk_(&disk), directory_(std::move(directory)) {}
  std::string path() const { return directory_ + "/manifest"; }
  Result<void> rewrite(const Content& content);
  void put(Bytes& out, const ManifestRecord& record);

  engine::Disk* disk_;
  std::string directory_;
  std::unique_ptr<engine::File> file_;
  std::uint32_t salt_ = 0;
  std::uint32_t ordinal_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t rewrite_at_ = 0;  ///< size from which it is written anew
  bool needs_rewrite_ = true;
};

}  // namespace millwright::historian
