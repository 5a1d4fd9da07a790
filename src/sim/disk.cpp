// What survives a power cut is decided write by write and name by name when the power goes, so the
// same seed and the same operations give the same disk.
#include "sim/disk.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::sim {
namespace {

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view normalised(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path == "." ? std::string_view{} : path;
}

std::unexpected<Error> no_such(std::string_view path) {
  return fail(Code::not_found, fmt::format("no such file: {}", path));
}

}  // namespace

std::string_view name_of(DiskOperationKind kind) {
  switch (kind) {
    case DiskOperationKind::create:
      return "create";
    case DiskOperationKind::append:
      return "append";
    case DiskOperationKind::truncate:
      return "truncate";
    case DiskOperationKind::sync:
      return "sync";
    case DiskOperationKind::rename:
      return "rename";
    case DiskOperationKind::remove:
      return "remove";
    case DiskOperationKind::make_directories:
      return "make_directories";
    case DiskOperationKind::sync_directory:
      return "sync_directory";
  }
  return "unknown";
}

/// A file of one life of the disk; refuses to work after a power cut.
class SimFile final : public engine::File {
 public:
  SimFile(SimDisk& disk, SimDisk::InodePtr inode, std::string path)
      : disk_(&disk), inode_(std::move(inode)), path_(std::move(path)), life_(disk.life_) {}

  Result<void> append(ByteView bytes) override {
    if (auto alive = check(); !alive) return alive;
    auto struck = disk_->begin(DiskOperationKind::append, path_, bytes.size());
    if (!struck) return pass(std::move(struck));
    if (bytes.size() > disk_->options_.capacity_bytes ||
        disk_->used_bytes() > disk_->options_.capacity_bytes - bytes.size()) {
      return fail(Code::exhausted, fmt::format("no space left on the disk to append to {}", path_),
                  "free disk space or lower the declared bounds of buffers and history");
    }
    inode_->writes.push_back({inode_->content.size(), bytes.size()});
    inode_->content.insert(inode_->content.end(), bytes.begin(), bytes.end());
    disk_->used_ += bytes.size();
    return *struck ? disk_->strike() : Result<void>{};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    if (auto alive = check(); !alive) return pass(std::move(alive));
    const auto& content = inode_->content;
    if (offset >= content.size()) return 0;
    const auto first = static_cast<std::size_t>(offset);
    const std::size_t count = std::min(into.size(), content.size() - first);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(first), count, into.begin());
    return count;
  }

  Result<std::uint64_t> size() override {
    if (auto alive = check(); !alive) return pass(std::move(alive));
    return inode_->content.size();
  }

  Result<void> truncate(std::uint64_t size) override {
    if (auto alive = check(); !alive) return alive;
    auto struck = disk_->begin(DiskOperationKind::truncate, path_, size);
    if (!struck) return pass(std::move(struck));
    if (size > inode_->content.size()) {
      return fail(Code::invalid_input, fmt::format("cannot truncate {} to {} bytes: it has {}",
                                                   path_, size, inode_->content.size()));
    }
    disk_->shorten(*inode_, size);
    return *struck ? disk_->strike() : Result<void>{};
  }

  Result<void> sync() override {
    if (auto alive = check(); !alive) return alive;
    if (failed_) return std::unexpected(*failed_);
    auto struck = disk_->begin(DiskOperationKind::sync, path_, 0);
    if (!struck) {
      // The kernel drops the dirty pages of a failed fdatasync: they must be taken as lost.
      if (disk_->powered_) failed_ = struck.error();
      return pass(std::move(struck));
    }
    if (*struck) return disk_->strike();
    if (disk_->cost_observer_ && disk_->sync_cost_.count() > 0) {
      disk_->cost_observer_(disk_->sync_cost_);
    }
    if (disk_->lies_) return {};
    inode_->durable = inode_->content.size();
    inode_->writes.clear();
    inode_->cut.clear();
    return {};
  }

 private:
  Result<void> check() const {
    if (disk_->powered_ && disk_->life_ == life_) return {};
    return fail(Code::unavailable, fmt::format("the power of the disk is gone: {}", path_));
  }
  SimDisk* disk_;
  SimDisk::InodePtr inode_;
  std::string path_;
  std::uint64_t life_;
  std::optional<Error> failed_;
};

SimDisk::SimDisk(std::uint64_t seed, Options options) : options_(options), random_(seed) {
  directories_.insert("");
}
SimDisk::~SimDisk() = default;

Result<bool> SimDisk::begin(DiskOperationKind kind, std::string_view path, std::uint64_t bytes) {
  if (auto on = check_power(); !on) return pass(std::move(on));
  ++operations_;
  if (options_.keep_log) log_.push_back({operations_, kind, std::string(path), bytes});
  if (const auto planned = failures_.find(operations_); planned != failures_.end()) {
    return std::unexpected(planned->second);
  }
  return cut_at_ == operations_;
}

Result<void> SimDisk::strike() {
  power_cut();
  if (cut_observer_) cut_observer_();
  return fail(Code::unavailable, "the power of the disk is gone");
}

Result<void> SimDisk::check_power() const {
  if (powered_) return {};
  return fail(Code::unavailable, "the power of the disk is gone");
}

Result<void> SimDisk::check_parent(std::string_view path) const {
  const std::string_view parent = parent_of(path);
  if (directories_.contains(parent)) return {};
  return fail(Code::not_found, fmt::format("no such directory: {}", parent));
}

void SimDisk::change_names(NameChange change) {
  for (const auto& entry : change.entries) {
    const auto old = names_.find(entry.path);
    if (old != names_.end()) {
      if (old->second != entry.inode && !still_named(*old->second, entry.path)) {
        used_ -= old->second->content.size();
      }
      names_.erase(old);
    }
    if (entry.inode) names_.emplace(entry.path, entry.inode);
  }
  pending_names_.push_back(std::move(change));
}

bool SimDisk::still_named(const Inode& inode, std::string_view except) const {
  return std::ranges::any_of(names_, [&](const auto& name) {
    return name.second.get() == &inode && name.first != except;
  });
}

Result<std::unique_ptr<engine::File>> SimDisk::open_append(std::string_view path) {
  if (auto on = check_power(); !on) return pass(std::move(on));
  if (auto parent = check_parent(path); !parent) return pass(std::move(parent));
  if (const auto found = names_.find(path); found != names_.end()) {
    return std::make_unique<SimFile>(*this, found->second, std::string(path));
  }
  auto struck = begin(DiskOperationKind::create, path, 0);
  if (!struck) return pass(std::move(struck));
  auto inode = std::make_shared<Inode>();
  change_names({{{std::string(path), inode}}});
  if (*struck) return pass(strike());
  return std::make_unique<SimFile>(*this, std::move(inode), std::string(path));
}

Result<std::unique_ptr<engine::File>> SimDisk::open_read(std::string_view path) {
  if (auto on = check_power(); !on) return pass(std::move(on));
  const auto found = names_.find(path);
  if (found == names_.end()) return no_such(path);
  return std::make_unique<SimFile>(*this, found->second, std::string(path));
}

Result<void> SimDisk::rename(std::string_view from, std::string_view to) {
  if (auto on = check_power(); !on) return on;
  const auto found = names_.find(from);
  if (found == names_.end()) return no_such(from);
  if (auto parent = check_parent(to); !parent) return parent;
  auto struck = begin(DiskOperationKind::rename, fmt::format("{} -> {}", from, to), 0);
  if (!struck) return pass(std::move(struck));
  if (from != to) {
    // The new name first: the inode is never without one.
    change_names({{{std::string(to), found->second}, {std::string(from), nullptr}}});
  }
  return *struck ? strike() : Result<void>{};
}

Result<void> SimDisk::remove(std::string_view path) {
  if (auto on = check_power(); !on) return on;
  if (!names_.contains(path)) return no_such(path);
  auto struck = begin(DiskOperationKind::remove, path, 0);
  if (!struck) return pass(std::move(struck));
  change_names({{{std::string(path), nullptr}}});
  return *struck ? strike() : Result<void>{};
}

Result<void> SimDisk::make_directories(std::string_view path) {
  path = normalised(path);
  if (auto on = check_power(); !on) return on;
  if (directories_.contains(path)) return {};
  auto struck = begin(DiskOperationKind::make_directories, path, 0);
  if (!struck) return pass(std::move(struck));
  if (*struck) return strike();
  for (std::string_view part = path; !part.empty(); part = parent_of(part)) {
    directories_.emplace(part);
  }
  return {};
}

Result<void> SimDisk::sync_directory(std::string_view path) {
  path = normalised(path);
  if (auto on = check_power(); !on) return on;
  if (!directories_.contains(path)) {
    return fail(Code::not_found, fmt::format("no such directory: {}", path));
  }
  auto struck = begin(DiskOperationKind::sync_directory, path, 0);
  if (!struck) return pass(std::move(struck));
  if (*struck) return strike();
  if (lies_) return {};
  std::erase_if(pending_names_, [&](const NameChange& change) {
    const bool here = std::ranges::any_of(
        change.entries, [&](const auto& entry) { return parent_of(entry.path) == path; });
    if (here) apply(change);
    return here;
  });
  return {};
}

void SimDisk::apply(const NameChange& change) {
  for (const auto& entry : change.entries) {
    if (entry.inode) {
      durable_names_.insert_or_assign(entry.path, entry.inode);
    } else {
      durable_names_.erase(entry.path);
    }
  }
}

Result<std::vector<std::string>> SimDisk::list(std::string_view path) {
  path = normalised(path);
  if (auto on = check_power(); !on) return pass(std::move(on));
  std::vector<std::string> out;
  for (const auto& [name, inode] : names_) {
    if (parent_of(name) == path) out.push_back(name.substr(path.empty() ? 0 : path.size() + 1));
  }
  for (const auto& name : directories_) {
    if (!name.empty() && parent_of(name) == path) {
      out.push_back(name.substr(path.empty() ? 0 : path.size() + 1));
    }
  }
  std::ranges::sort(out);
  return out;
}

Result<bool> SimDisk::exists(std::string_view path) {
  if (auto on = check_power(); !on) return pass(std::move(on));
  return names_.contains(path) || directories_.contains(normalised(path));
}

Result<std::uint64_t> SimDisk::free_bytes() {
  if (auto on = check_power(); !on) return pass(std::move(on));
  return options_.capacity_bytes - std::min(used_, options_.capacity_bytes);
}

Result<std::string> SimDisk::native_path(std::string_view path) {
  return fail(Code::refused,
              fmt::format("{} lies on a simulated disk and has no native path", path));
}

void SimDisk::fail_at(std::uint64_t number, Error error) {
  failures_.insert_or_assign(number, std::move(error));
}

void SimDisk::shorten(Inode& inode, std::uint64_t size) {
  used_ -= inode.content.size() - size;
  std::erase_if(inode.writes, [&](const Write& write) { return write.offset >= size; });
  for (auto& write : inode.writes) write.size = std::min(write.size, size - write.offset);
  if (size < inode.durable) {
    const auto first = inode.content.begin() + static_cast<std::ptrdiff_t>(size);
    inode.cut.insert(inode.cut.begin(), first,
                     first + static_cast<std::ptrdiff_t>(inode.durable - size));
    inode.durable = size;
  }
  inode.content.resize(static_cast<std::size_t>(size));
}

void SimDisk::settle(Inode& inode) {
  const Bytes written = std::move(inode.content);
  Bytes kept(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(inode.durable));
  if (!inode.cut.empty() && random_.chance(0.5)) {  // the truncate did not reach the disk
    kept.insert(kept.end(), inode.cut.begin(), inode.cut.end());
  }
  for (const auto& write : inode.writes) {
    std::uint64_t size = write.size;
    switch (random_.below(4)) {
      case 0:
        continue;  // lost; a later write may be there all the same, behind a hole of zeros
      case 1:
        size = random_.below(write.size + 1);  // torn
        break;
      default:
        break;
    }
    const auto from = written.begin() + static_cast<std::ptrdiff_t>(write.offset);
    if (kept.size() < write.offset + size) {
      kept.resize(static_cast<std::size_t>(write.offset + size), std::byte{0});
    }
    std::copy_n(from, size, kept.begin() + static_cast<std::ptrdiff_t>(write.offset));
    if (size < write.size && random_.chance(0.25)) {  // the block was allocated, its bytes are old
      for (std::uint64_t i = random_.below(write.size - size + 1); i > 0; --i) {
        kept.push_back(static_cast<std::byte>(random_.next()));
      }
    }
  }
  inode.content = std::move(kept);
  inode.durable = inode.content.size();
  inode.writes.clear();
  inode.cut.clear();
}

void SimDisk::power_cut() {
  if (!powered_) return;
  powered_ = false;
  ++life_;
  cut_at_.reset();
  for (const auto& change : pending_names_) {
    if (random_.chance(0.5)) apply(change);
  }
  pending_names_.clear();
  names_ = durable_names_;
  used_ = 0;
  std::vector<const Inode*> settled;
  for (auto& [path, inode] : names_) {
    if (std::ranges::find(settled, inode.get()) != settled.end()) continue;
    settled.push_back(inode.get());
    settle(*inode);
    used_ += inode->content.size();
  }
}

void SimDisk::restart() {
  powered_ = true;
}

Result<void> SimDisk::flip(std::string_view path, std::uint64_t offset, std::byte mask) {
  const auto found = names_.find(path);
  if (found == names_.end()) return no_such(path);
  if (offset >= found->second->content.size()) {
    return fail(Code::invalid_input, fmt::format("{} has no byte {}", path, offset));
  }
  found->second->content[static_cast<std::size_t>(offset)] ^= mask;
  return {};
}

}  // namespace millwright::sim
