// For the tests of this folder: files in memory, an executor on simulated time, a sink that keeps
// what it is offered. Not for programs.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"
#include "fabric/drivers/driver.hpp"

namespace millwright::drivers::testing {

/// A clock and an executor that run only when told; time jumps to the next timer.
class ManualExecutor final : public engine::Executor, public Clock {
 public:
  void post(engine::Task task) override { tasks_.emplace(Key{now_, next_++}, std::move(task)); }
  engine::TimerId post_after(Duration delay, engine::Task task) override {
    tasks_.emplace(Key{now_ + delay, next_}, std::move(task));
    return next_++;
  }
  void cancel(engine::TimerId timer) override {
    std::erase_if(tasks_, [&](const auto& entry) { return entry.first.second == timer; });
  }
  Timestamp utc_now() const override { return origin + now_; }
  Duration monotonic_now() const override { return now_; }

  bool run_one(Duration until = Duration::max()) {
    if (tasks_.empty() || tasks_.begin()->first.first > until) return false;
    auto node = tasks_.extract(tasks_.begin());
    now_ = std::max(now_, node.key().first);
    node.mapped()();
    return true;
  }
  void run_until(Duration until) {
    while (run_one(until)) {
    }
    now_ = std::max(now_, until);
  }
  void run_all() {
    while (run_one()) {
    }
  }
  bool idle() const { return tasks_.empty(); }

  Timestamp origin{1'800'000'000'000'000};

 private:
  using Key = std::pair<Duration, engine::TimerId>;
  std::map<Key, engine::Task> tasks_;
  engine::TimerId next_ = 1;
  Duration now_{};
};

class MemoryFile final : public engine::File {
 public:
  explicit MemoryFile(std::shared_ptr<std::string> content) : content_(std::move(content)) {}
  Result<void> append(ByteView bytes) override {
    content_->append(as_text(bytes));
    return {};
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    if (offset >= content_->size()) return 0;
    const auto from = as_bytes(*content_).subspan(static_cast<std::size_t>(offset));
    const auto count = std::min(from.size(), into.size());
    std::copy_n(from.begin(), count, into.begin());
    return count;
  }
  Result<std::uint64_t> size() override { return content_->size(); }
  Result<void> truncate(std::uint64_t size) override {
    content_->resize(static_cast<std::size_t>(size));
    return {};
  }
  Result<void> sync() override { return {}; }

 private:
  std::shared_ptr<std::string> content_;
};

class MemoryDisk final : public engine::Disk {
 public:
  void put(const std::string& path, std::string content) {
    files_[path] = std::make_shared<std::string>(std::move(content));
  }
  Result<std::unique_ptr<engine::File>> open_append(std::string_view path) override {
    auto& file = files_[std::string(path)];
    if (!file) file = std::make_shared<std::string>();
    return std::make_unique<MemoryFile>(file);
  }
  Result<std::unique_ptr<engine::File>> open_read(std::string_view path) override {
    const auto found = files_.find(std::string(path));
    if (found == files_.end()) return fail(Code::not_found, "no such file");
    return std::make_unique<MemoryFile>(found->second);
  }
  Result<void> rename(std::string_view, std::string_view) override { return refused(); }
  Result<void> remove(std::string_view) override { return refused(); }
  Result<void> make_directories(std::string_view) override { return {}; }
  Result<void> sync_directory(std::string_view) override { return {}; }
  Result<std::vector<std::string>> list(std::string_view) override {
    return std::vector<std::string>{};
  }
  Result<bool> exists(std::string_view path) override { return files_.contains(std::string(path)); }
  Result<std::uint64_t> free_bytes() override { return std::uint64_t{1} << 40; }
  Result<std::string> native_path(std::string_view) override { return refused(); }

 private:
  static std::unexpected<Error> refused() { return fail(Code::refused, "files are in memory"); }
  std::map<std::string, std::shared_ptr<std::string>> files_;
};

/// Keeps everything; refuses every `refuse_every`-th offer once.
class KeepingSink final : public Sink {
 public:
  struct Taken {
    std::uint32_t device;
    ontology::Batch batch;
    Position position;
    bool operator==(const Taken&) const = default;
  };
  Answer offer(std::uint32_t device, const ontology::Batch& batch,
               const Position& position) override {
    if (room == 0) return Answer::not_now;
    --room;
    taken.push_back({device, batch, position});
    return Answer::taken;
  }
  void lost(std::uint32_t, std::uint64_t samples, Timestamp, Timestamp, const Position&) override {
    samples_lost += samples;
  }
  void ended() override { over = true; }
  void failed(const Error& failure) override { error = failure.text(); }

  std::uint64_t room = ~std::uint64_t{0};
  std::vector<Taken> taken;
  std::uint64_t samples_lost = 0;
  bool over = false;
  std::string error;
};

class KeepingLog final : public Log {
 public:
  void write(Severity, std::string_view component, std::string_view message) override {
    lines.push_back(std::string(component) + ": " + std::string(message));
  }
  std::vector<std::string> lines;
};

}  // namespace millwright::drivers::testing
