// The disk port: what both disks must do, then what the simulated one takes from programs that do
// not sync.
#include "sim/disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

namespace millwright::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Bytes bytes(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

std::string whole(engine::Disk& disk, std::string_view path) {
  auto content = engine::read_whole(disk, path);
  return content ? std::string(as_text(*content)) : "(" + content.error().text() + ")";
}

class DiskPort : public testing::TestWithParam<const char*> {
 protected:
  DiskPort() {
    if (std::string_view(GetParam()) == "model") {
      disk_ = std::make_unique<SimDisk>(1);
      return;
    }
    std::string pattern = (std::filesystem::temp_directory_path() / "disk-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    disk_ = *engine::open_posix_disk(directory_ + "/deep/root");
  }
  ~DiskPort() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }
  std::string directory_;
  std::unique_ptr<engine::Disk> disk_;
};

TEST_P(DiskPort, AppendsReadsTruncates) {
  auto file = *disk_->open_append("a");
  ASSERT_TRUE(file->append(bytes("hello ")));
  ASSERT_TRUE(file->append(bytes("world")));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(*file->size(), 11u);
  std::byte part[4];
  EXPECT_EQ(*file->read_at(9, part), 2u);
  EXPECT_EQ(*file->read_at(99, part), 0u);
  ASSERT_TRUE(file->truncate(5));
  EXPECT_EQ(file->truncate(6).error().code(), Code::invalid_input);
  ASSERT_TRUE(file->append(bytes("!")));
  EXPECT_EQ(whole(*disk_, "a"), "hello!");
  auto again = *disk_->open_append("a");
  ASSERT_TRUE(again->append(bytes("?")));
  EXPECT_EQ(whole(*disk_, "a"), "hello!?");
}

TEST_P(DiskPort, ListsNamesSortedAndRenamesOver) {
  ASSERT_TRUE(disk_->make_directories("d/e"));
  ASSERT_TRUE(disk_->make_directories("d/e"));
  ASSERT_TRUE(engine::replace_whole(*disk_, "d/two", bytes("2")));
  ASSERT_TRUE(engine::replace_whole(*disk_, "d/one", bytes("1")));
  EXPECT_THAT(*disk_->list("d"), ElementsAre("e", "one", "two"));
  ASSERT_TRUE(disk_->rename("d/one", "d/two"));
  EXPECT_THAT(*disk_->list("d"), ElementsAre("e", "two"));
  EXPECT_EQ(whole(*disk_, "d/two"), "1");
  ASSERT_TRUE(engine::replace_whole(*disk_, "d/two", bytes("3")));
  EXPECT_EQ(whole(*disk_, "d/two"), "3");
  ASSERT_TRUE(disk_->remove("d/two"));
  EXPECT_THAT(*disk_->list("d"), ElementsAre("e"));
  EXPECT_THAT(*disk_->list("nowhere"), IsEmpty());
  EXPECT_TRUE(*disk_->exists("d"));
  EXPECT_FALSE(*disk_->exists("d/two"));
}

TEST_P(DiskPort, SaysWhatIsMissing) {
  EXPECT_EQ(disk_->open_read("no").error().code(), Code::not_found);
  EXPECT_EQ(disk_->open_append("no/file").error().code(), Code::not_found);
  EXPECT_EQ(disk_->rename("no", "yes").error().code(), Code::not_found);
  EXPECT_EQ(disk_->remove("no").error().code(), Code::not_found);
  EXPECT_EQ(disk_->sync_directory("no").error().code(), Code::not_found);
  EXPECT_GT(*disk_->free_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Disks, DiskPort, testing::Values("model", "posix"),
                         [](const auto& parameter) { return std::string(parameter.param); });

void cut(SimDisk& disk) {
  disk.power_cut();
  disk.restart();
}

TEST(SimDisk, KeepsWhatWasSyncedWithItsName) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk(seed);
    auto file = *disk.open_append("a");
    ASSERT_TRUE(file->append(bytes("kept")));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(disk.sync_directory(""));
    ASSERT_TRUE(file->append(bytes("more")));
    cut(disk);
    EXPECT_TRUE(whole(disk, "a").starts_with("kept"));
    EXPECT_EQ(file->append(bytes("x")).error().code(), Code::unavailable);
  }
}

TEST(SimDisk, TakesUnsyncedBytesAndNamesInEveryWay) {
  std::set<std::string> endings;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SimDisk disk(seed);
    auto file = *disk.open_append("a");
    ASSERT_TRUE(file->append(bytes("11")));
    ASSERT_TRUE(file->append(bytes("22")));
    cut(disk);
    endings.insert(*disk.exists("a") ? whole(disk, "a") : "gone");
  }
  using namespace std::string_literals;
  EXPECT_TRUE(endings.contains("gone"));  // the name was not synced
  EXPECT_TRUE(endings.contains(""));      // no byte was
  EXPECT_TRUE(endings.contains("1122"));  // all survived
  EXPECT_TRUE(endings.contains("112"));   // torn
  EXPECT_TRUE(
      endings.contains("\0\0"
                       "22"s));  // the later write without the earlier
}

TEST(SimDisk, AnUnsyncedTruncateMayNotHaveHappened) {
  std::set<std::string> endings;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk(seed);
    auto file = *disk.open_append("a");
    ASSERT_TRUE(file->append(bytes("abcd")));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(disk.sync_directory(""));
    ASSERT_TRUE(file->truncate(2));
    cut(disk);
    endings.insert(whole(disk, "a"));
  }
  EXPECT_THAT(endings, ElementsAre("ab", "abcd"));
}

TEST(SimDisk, ARenameIsOldOrNew) {
  std::set<std::string> endings;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk(seed);
    ASSERT_TRUE(engine::replace_whole(disk, "a", bytes("old")));
    auto file = *disk.open_append("b");
    ASSERT_TRUE(file->append(bytes("new")));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(disk.sync_directory(""));
    ASSERT_TRUE(disk.rename("b", "a"));
    cut(disk);
    endings.insert(whole(disk, "a") + (*disk.exists("b") ? "+b" : ""));
  }
  EXPECT_THAT(endings, ElementsAre("new", "old+b"));
}

/// Crash enumeration of replace_whole: the power goes in each of its operations.
TEST(SimDisk, ReplaceWholeIsAtomicAtEveryOperation) {
  std::set<std::string> endings;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t step = 1;; ++step) {
      SimDisk disk(seed);
      ASSERT_TRUE(engine::replace_whole(disk, "a", bytes("old")));
      bool struck = false;
      disk.on_power_cut([&] { struck = true; });
      disk.power_cut_at(disk.operations() + step);
      const bool done = engine::replace_whole(disk, "a", bytes("new")).has_value();
      EXPECT_NE(done, struck);
      if (!struck) cut(disk);
      disk.restart();
      const std::string found = whole(disk, "a");
      endings.insert(found);
      if (done) {
        EXPECT_EQ(found, "new");
        break;
      }
    }
  }
  EXPECT_THAT(endings, ElementsAre("new", "old"));
}

TEST(SimDisk, FindsASkippedSync) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 20 && !lost; ++seed) {
    SimDisk disk(seed);
    disk.lie_about_sync(true);
    ASSERT_TRUE(engine::replace_whole(disk, "a", bytes("text")));
    cut(disk);
    lost = !*disk.exists("a") || whole(disk, "a") != "text";
  }
  EXPECT_TRUE(lost);
}

TEST(SimDisk, FailsWhereTold) {
  SimDisk disk(1, {.capacity_bytes = 10, .keep_log = true});
  auto file = *disk.open_append("a");
  EXPECT_EQ(file->append(bytes("12345678901")).error().code(), Code::exhausted);
  ASSERT_TRUE(file->append(bytes("1234567890")));
  EXPECT_EQ(*disk.free_bytes(), 0u);
  disk.fail_at(disk.operations() + 1, Error(Code::corrupt, "input/output error"));
  EXPECT_EQ(file->sync().error().code(), Code::corrupt);
  EXPECT_EQ(file->sync().error().code(), Code::corrupt) << "a failed sync is final";
  ASSERT_TRUE(disk.remove("a"));
  EXPECT_EQ(*disk.free_bytes(), 10u);
  std::vector<std::string> log;
  for (const auto& entry : disk.log()) log.emplace_back(name_of(entry.kind));
  EXPECT_THAT(log, ElementsAre("create", "append", "append", "sync", "remove"));
}

TEST(SimDisk, ACrashOfTheProcessLosesNothing) {
  SimDisk disk(3);
  {
    auto file = *disk.open_append("a");
    ASSERT_TRUE(file->append(bytes("page cache")));
  }
  disk.restart();
  EXPECT_EQ(whole(disk, "a"), "page cache");
}

}  // namespace
}  // namespace millwright::sim
