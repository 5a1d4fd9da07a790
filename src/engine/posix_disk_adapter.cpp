// The real disk by POSIX calls: O_APPEND, fdatasync, fsync of directories. A failed fdatasync is
// final for its file, since the kernel forgets the pages it could not write.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/format.hpp"
#include "engine/disk.hpp"

namespace millwright::engine {
namespace {

struct Meaning {
  Code code;
  const char* remedy;
};

Meaning meaning_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return {Code::not_found, "check the path and create the directory it names"};
    case EACCES:
    case EPERM:
      return {Code::refused, "give the user of this process read and write access to the path"};
    case EROFS:
      return {Code::refused, "mount the file system read-write or choose another directory"};
    case ENOSPC:
    case EDQUOT:
      return {Code::exhausted,
              "free disk space or lower the declared bounds of buffers and history"};
    case EMFILE:
    case ENFILE:
      return {Code::exhausted, "raise the limit of open files (ulimit -n)"};
    case EEXIST:
      return {Code::already_exists, "choose another name or remove what is there"};
    case EIO:
      return {Code::corrupt, "the device failed: check its health and replace it"};
    case EINTR:
    case EAGAIN:
      return {Code::unavailable, "try again"};
    default:
      return {Code::internal, ""};
  }
}

std::unexpected<Error> system_failure(std::string_view doing, const std::string& path, int number) {
  const Meaning meaning = meaning_of(number);
  return fail(meaning.code, fmt::format("{} {}: {}", doing, path, ::strerror(number)),
              meaning.remedy);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<void> append(ByteView bytes) override {
    if (failed_) return std::unexpected(*failed_);
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return system_failure("appending to", path_, errno);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = ::pread(descriptor_.get(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        return system_failure("reading", path_, errno);
      }
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(descriptor_.get(), &status) != 0) {
      return system_failure("reading the size of", path_, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    auto now = this->size();
    if (!now) return pass(std::move(now));
    if (size > *now) {
      return fail(Code::invalid_input,
                  fmt::format("cannot truncate {} to {} bytes: it has {}", path_, size, *now));
    }
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(size)) != 0) {
      return system_failure("truncating", path_, errno);
    }
    return {};
  }

  Result<void> sync() override {
    if (failed_) return std::unexpected(*failed_);
    if (::fdatasync(descriptor_.get()) != 0) {
      auto failure = system_failure("syncing", path_, errno);
      failed_ = failure.error();
      return failure;
    }
    return {};
  }

 private:
  Descriptor descriptor_;
  std::string path_;
  std::optional<Error> failed_;
};

class PosixDisk final : public Disk {
 public:
  explicit PosixDisk(std::string root) : root_(std::move(root)) {}

  Result<std::unique_ptr<File>> open_append(std::string_view path) override {
    return open(path, O_RDWR | O_APPEND | O_CREAT);
  }
  Result<std::unique_ptr<File>> open_read(std::string_view path) override {
    return open(path, O_RDONLY);
  }

  Result<void> rename(std::string_view from, std::string_view to) override {
    if (::rename(full(from).c_str(), full(to).c_str()) != 0) {
      return system_failure("renaming", fmt::format("{} to {}", full(from), full(to)), errno);
    }
    return {};
  }

  Result<void> remove(std::string_view path) override {
    if (::unlink(full(path).c_str()) != 0) return system_failure("removing", full(path), errno);
    return {};
  }

  Result<void> make_directories(std::string_view path) override {
    return make_durable_directories(full(path));
  }

  Result<void> sync_directory(std::string_view path) override { return sync_names(full(path)); }

  Result<std::vector<std::string>> list(std::string_view path) override {
    std::vector<std::string> out;
    DIR* directory = ::opendir(full(path).c_str());
    if (directory == nullptr) {
      if (errno == ENOENT) return out;
      return system_failure("listing", full(path), errno);
    }
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") out.emplace_back(name);
    }
    const int number = errno;
    ::closedir(directory);
    if (number != 0) return system_failure("listing", full(path), number);
    std::ranges::sort(out);
    return out;
  }

  Result<bool> exists(std::string_view path) override {
    struct stat status{};
    if (::stat(full(path).c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_failure("looking for", full(path), errno);
  }

  Result<std::uint64_t> free_bytes() override {
    struct statvfs status{};
    if (::statvfs(root_.c_str(), &status) != 0) {
      return system_failure("reading the free space of", root_, errno);
    }
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  }

  Result<std::string> native_path(std::string_view path) override { return full(path); }

  static Result<void> sync_names(const std::string& path) {
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.get() < 0) return system_failure("opening directory", path, errno);
    if (::fsync(descriptor.get()) != 0) return system_failure("syncing directory", path, errno);
    return {};
  }

  /// mkdir -p, each new name made durable in its parent.
  static Result<void> make_durable_directories(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode)) return {};
      return fail(Code::already_exists, fmt::format("{} is not a directory", path),
                  "choose another path or remove the file");
    }
    if (errno != ENOENT) return system_failure("looking for", path, errno);
    const auto slash = path.find_last_of('/');
    const std::string parent = slash == std::string::npos ? "."
                               : slash == 0               ? "/"
                                                          : path.substr(0, slash);
    if (auto made = make_durable_directories(parent); !made) return made;
    if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) {
      return system_failure("making directory", path, errno);
    }
    return sync_names(parent);
  }

 private:
  std::string full(std::string_view path) const {
    std::string out = root_;
    if (!path.empty() && path != ".") out.append("/").append(path);
    while (out.size() > 1 && out.ends_with('/')) out.pop_back();
    return out;
  }

  Result<std::unique_ptr<File>> open(std::string_view path, int flags) {
    std::string name = full(path);
    Descriptor descriptor(::open(name.c_str(), flags | O_CLOEXEC, 0640));
    if (descriptor.get() < 0) return system_failure("opening", name, errno);
    return std::make_unique<PosixFile>(std::move(descriptor), std::move(name));
  }

  std::string root_;
};

}  // namespace

Result<std::unique_ptr<Disk>> open_posix_disk(std::string root) {
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  if (root.empty()) {
    return fail(Code::invalid_input, "no directory was named", "name the data directory");
  }
  if (auto made = PosixDisk::make_durable_directories(root); !made) return pass(std::move(made));
  return std::make_unique<PosixDisk>(std::move(root));
}

Result<void> create_private_file(const std::string& path, ByteView content) {
  Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (descriptor.get() < 0) return system_failure("making", path, errno);
  PosixFile file(std::move(descriptor), path);
  if (auto done = file.append(content); !done) return done;
  if (auto done = file.sync(); !done) return done;
  const auto slash = path.find_last_of('/');
  return PosixDisk::sync_names(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

}  // namespace millwright::engine
