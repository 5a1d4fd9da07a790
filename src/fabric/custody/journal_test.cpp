#include "fabric/custody/journal.hpp"

#include <gtest/gtest.h>

#include "sim/disk.hpp"
#include "sim/random.hpp"

namespace millwright::custody {
namespace {

using namespace ontology;

DeviceSchema schema() {
  return {{"site-a", "edge-1", "pump-1"},
          {{"flow", DataType::float64, "m3/h"},
           {"state", DataType::int32, ""},
           {"note", DataType::string, ""}}};
}

Batch scan(std::int64_t second, double flow) {
  Batch batch;
  Row row;
  row.ts_us = second * 1'000'000 + 123;
  row.slot = 0;
  row.set_f64(flow);
  batch.rows.push_back(row);
  row.slot = 1;
  row.set_i64(-second);
  row.quality = Quality::uncertain(Reason::stale);
  batch.rows.push_back(row);
  row = Row{};
  row.ts_us = second * 1'000'000;
  row.slot = 2;
  batch.set_payload(row, "scan " + std::to_string(second));
  batch.rows.push_back(row);
  return batch;
}

struct Bench {
  explicit Bench(JournalOptions o = {}) : disk(7), random(11), options(std::move(o)) { open(); }
  void open() {
    journal.reset();
    auto opened = Journal::open(disk, random, log, options);
    ASSERT_TRUE(opened.has_value()) << opened.error().text();
    journal = std::move(*opened);
  }
  void append(std::int64_t second) {
    auto done = journal->append(schema(), scan(second, static_cast<double>(second)), "plant",
                                std::to_string(second));
    ASSERT_TRUE(done.has_value()) << done.error().text();
  }
  std::vector<JournalItem> read_all() {
    std::vector<JournalItem> items;
    Cursor cursor = journal->first_unreleased();
    while (true) {
      auto item = journal->read(cursor);
      EXPECT_TRUE(item.has_value());
      if (!item || !*item) return items;
      (*item)->schema = nullptr;
      items.push_back(std::move(**item));
    }
  }
  sim::SimDisk disk;
  sim::SimRandom random;
  SilentLog log;
  JournalOptions options;
  std::unique_ptr<Journal> journal;
};

TEST(Journal, GivesBackWhatWasAcceptedInSequence) {
  Bench bench;
  bench.append(1);
  bench.append(2);
  EXPECT_TRUE(bench.read_all().empty()) << "not accepted before the sync";
  ASSERT_TRUE(bench.journal->sync().has_value());
  const auto items = bench.read_all();
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[1].range.first, 3u);
  EXPECT_EQ(items[1].batch, scan(2, 2));
  EXPECT_EQ(bench.journal->token_of("plant"), "2");
}

TEST(Journal, EachRecordComesBackWithTheSchemaThatItWasAppendedWith) {
  Bench b;
  std::vector<DeviceSchema> appended;
  for (int i = 0; i < 60; ++i) {
    DeviceSchema changed = schema();
    changed.address.device = "pump-" + std::to_string(i % 4);
    // Every device goes back and forth between two schemas that differ in a unit alone.
    if (i / 4 % 3 == 1) changed.metrics[0].unit = "l/s";
    ASSERT_TRUE(b.journal->append(changed, scan(i, i), "plant", std::to_string(i)).has_value());
    appended.push_back(std::move(changed));
  }
  ASSERT_TRUE(b.journal->sync().has_value());
  Cursor cursor = b.journal->first_unreleased();
  for (const DeviceSchema& expected : appended) {
    auto item = b.journal->read(cursor);
    ASSERT_TRUE(item.has_value() && item->has_value());
    ASSERT_NE((*item)->schema, nullptr);
    EXPECT_EQ(*(*item)->schema, expected);
  }
}

TEST(Journal, SurvivesAKillWithItsIncarnationAndTokens) {
  Bench bench;
  bench.append(1);
  ASSERT_TRUE(bench.journal->sync().has_value());
  const auto incarnation = bench.journal->incarnation();
  bench.open();
  EXPECT_EQ(bench.journal->incarnation(), incarnation);
  EXPECT_EQ(bench.journal->next(), 3u);
  EXPECT_EQ(bench.journal->token_of("plant"), "1");
  bench.append(2);
  ASSERT_TRUE(bench.journal->sync().has_value());
  EXPECT_EQ(bench.read_all().size(), 2u);
}

TEST(Journal, PowerCutAtEveryOperationLosesNothingAccepted) {
  for (std::uint64_t at = 1;; ++at) {
    Bench bench({"journal", 600, 1 << 20, FullRule::refuse});
    const std::uint64_t base = bench.disk.operations();
    bench.disk.power_cut_at(base + at);
    Sequence accepted = 0;
    Incarnation incarnation = bench.journal->incarnation();
    for (std::int64_t i = 1; i <= 12 && bench.disk.powered(); ++i) {
      if (!bench.journal->append(schema(), scan(i, 1.5 * static_cast<double>(i)), "plant",
                                 std::to_string(i)))
        break;
      if (!bench.journal->sync()) break;
      accepted = bench.journal->accepted();
    }
    if (bench.disk.powered()) break;  // every operation was struck once
    bench.disk.restart();
    bench.open();
    const auto items = bench.read_all();
    Sequence found = 0;
    for (const auto& item : items) {
      ASSERT_FALSE(item.loss.has_value()) << "cut at operation " << at;
      ASSERT_EQ(item.range.incarnation, incarnation);
      ASSERT_EQ(item.range.first, found);
      const auto second = static_cast<std::int64_t>(found / 3 + 1);
      ASSERT_EQ(item.batch, scan(second, 1.5 * static_cast<double>(second)));
      found = item.range.end();
    }
    ASSERT_GE(found, accepted) << "cut at operation " << at;
    if (bench.journal->incarnation() == incarnation) {
      ASSERT_EQ(bench.journal->next(), found);
    }
  }
}

TEST(Journal, ReleaseDeletesFilesAndKeepsTheTail) {
  Bench bench({"journal", 400, 1 << 20, FullRule::refuse});
  for (int i = 1; i <= 20; ++i) {
    bench.append(i);
    ASSERT_TRUE(bench.journal->sync().has_value());
  }
  const auto before = bench.journal->depth_bytes();
  bench.journal->release(bench.journal->incarnation(), 45);
  EXPECT_LT(bench.journal->depth_bytes(), before);
  EXPECT_EQ(bench.journal->depth_samples(), 15u);
  const auto items = bench.read_all();
  ASSERT_FALSE(items.empty());
  EXPECT_EQ(items.front().range.first, 45u);
  bench.journal->release(bench.journal->incarnation(), 60);
  EXPECT_TRUE(bench.read_all().empty());
  bench.open();
  EXPECT_EQ(bench.journal->token_of("plant"), "20") << "tokens outlive the files that held them";
  EXPECT_EQ(bench.journal->next(), 60u);
}

TEST(Journal, RefusesAtItsBound) {
  Bench bench({"journal", 400, 2000, FullRule::refuse});
  Result<void> done;
  for (int i = 1; i <= 100 && done; ++i) {
    done = bench.journal->append(schema(), scan(i, 0), "plant", "x");
    if (done) {
      ASSERT_TRUE(bench.journal->sync().has_value());
    }
  }
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code(), Code::exhausted);
  EXPECT_LT(bench.journal->depth_bytes(), 2600u);
}

TEST(Journal, DropOldestDeclaresExactlyWhatItCost) {
  Bench bench({"journal", 400, 2000, FullRule::drop_oldest});
  for (int i = 1; i <= 60; ++i) {
    bench.append(i);
    ASSERT_TRUE(bench.journal->sync().has_value());
  }
  for (int round = 0; round < 2; ++round) {
    Sequence next = 0;
    std::uint64_t lost = 0, kept = 0;
    for (const auto& item : bench.read_all()) {
      ASSERT_EQ(item.range.first, next) << "round " << round;
      next = item.range.end();
      (item.loss ? lost : kept) += item.range.count;
      if (item.loss) {
        EXPECT_EQ(item.loss->cause, LossCause::buffer_full);
      }
    }
    EXPECT_EQ(lost + kept, 180u);
    EXPECT_GT(lost, 0u);
    EXPECT_GT(kept, 0u);
    bench.open();  // and the account is the same after a restart
  }
}

TEST(Journal, AFlippedByteCostsOneRecordAndIsDeclared) {
  Bench bench;
  for (int i = 1; i <= 9; ++i) bench.append(i);
  ASSERT_TRUE(bench.journal->sync().has_value());
  const auto names = bench.disk.list("journal").value();
  ASSERT_EQ(names.size(), 1u);
  const auto size = read_whole(bench.disk, "journal/" + names[0])->size();
  ASSERT_TRUE(bench.disk.flip("journal/" + names[0], size / 2, std::byte{0x10}).has_value());
  bench.open();
  std::uint64_t lost = 0, kept = 0;
  Sequence next = 0;
  for (const auto& item : bench.read_all()) {
    EXPECT_EQ(item.range.first, next);
    next = item.range.end();
    (item.loss ? lost : kept) += item.range.count;
    if (item.loss) {
      EXPECT_EQ(item.loss->cause, LossCause::journal_corrupt);
    }
  }
  EXPECT_EQ(lost, 3u);
  EXPECT_EQ(kept, 24u);
}

TEST(Journal, ADamagedTailBeginsANewIncarnation) {
  Bench bench;
  for (int i = 1; i <= 3; ++i) bench.append(i);
  ASSERT_TRUE(bench.journal->sync().has_value());
  const auto incarnation = bench.journal->incarnation();
  const auto names = bench.disk.list("journal").value();
  const auto size = read_whole(bench.disk, "journal/" + names[0])->size();
  ASSERT_TRUE(bench.disk.flip("journal/" + names[0], size - 3, std::byte{1}).has_value());
  bench.open();
  EXPECT_NE(bench.journal->incarnation(), incarnation) << "numbers 6 to 8 may have been sent";
  bench.append(4);
  ASSERT_TRUE(bench.journal->sync().has_value());
  const auto items = bench.read_all();
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items.back().range.incarnation, bench.journal->incarnation());
  EXPECT_EQ(items.back().range.first, 0u);
}

TEST(Journal, AFullDiskKeepsWhatIsStagedAndGoesOn) {
  Bench bench;
  bench.append(1);
  ASSERT_TRUE(bench.journal->sync().has_value());
  bench.disk.set_capacity(bench.disk.used_bytes() + 8);
  bench.append(2);
  auto done = bench.journal->sync();
  ASSERT_FALSE(done.has_value());
  EXPECT_FALSE(bench.journal->append(schema(), scan(3, 3), "plant", "3").has_value());
  bench.disk.set_capacity(1 << 30);
  ASSERT_TRUE(bench.journal->sync().has_value());
  bench.append(3);
  ASSERT_TRUE(bench.journal->sync().has_value());
  const auto items = bench.read_all();
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[1].batch, scan(2, 2));
  bench.open();
  EXPECT_EQ(bench.read_all().size(), 3u);
}

TEST(Journal, ADiskFilledByWhatTheHubHasIsFreed) {
  Bench bench;
  for (int i = 1; i <= 20; ++i) bench.append(i);
  ASSERT_TRUE(bench.journal->sync().has_value());
  bench.journal->release(bench.journal->incarnation(), 60);
  ASSERT_EQ(bench.journal->depth_samples(), 0u);
  ASSERT_GT(bench.journal->depth_bytes(), 1000u) << "the current file stays";
  bench.disk.set_capacity(bench.disk.used_bytes() + 500);
  for (int i = 21; i <= 40; ++i) bench.append(i);
  ASSERT_FALSE(bench.journal->sync().has_value());
  EXPECT_TRUE(bench.journal->sync().has_value()) << "nobody acknowledges once more";
  EXPECT_EQ(bench.journal->depth_samples(), 60u);
  bench.open();
  EXPECT_EQ(bench.journal->next(), 120u);
  EXPECT_EQ(bench.read_all().size(), 20u);
}

TEST(Journal, AttemptsOnAFullDiskLeaveOneHead) {
  Bench bench;
  bench.append(1);
  ASSERT_TRUE(bench.journal->sync().has_value());
  for (int i = 2; i <= 100; ++i) bench.append(i);
  bench.disk.set_capacity(bench.disk.used_bytes() + 2000);
  for (int i = 0; i < 50; ++i) ASSERT_FALSE(bench.journal->sync().has_value());
  EXPECT_EQ(bench.disk.list("journal").value().size(), 2u);
  bench.disk.set_capacity(1 << 30);
  ASSERT_TRUE(bench.journal->sync().has_value());
  EXPECT_EQ(bench.read_all().size(), 100u);
  bench.open();
  EXPECT_EQ(bench.read_all().size(), 100u);
}

TEST(Journal, ANewerFormatIsRefusedByName) {
  Bench bench;
  bench.append(1);
  ASSERT_TRUE(bench.journal->sync().has_value());
  const auto names = bench.disk.list("journal").value();
  ASSERT_TRUE(
      bench.disk.flip("journal/" + names[0], 7, std::byte{3}).has_value());  // version 1 → 2
  auto opened = Journal::open(bench.disk, bench.random, bench.log, bench.options);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), Code::unsupported_version);
  EXPECT_NE(opened.error().text().find(names[0]), std::string::npos);
}

TEST(Journal, DeclaredLossesTakeTheirPlaceInTheSequence) {
  Bench bench;
  bench.append(1);
  bench.journal->declare_loss(5, LossCause::inbox_full, Timestamp{1}, Timestamp{2},
                              "inbox: drop_oldest");
  bench.append(2);
  ASSERT_TRUE(bench.journal->sync().has_value());
  for (int round = 0; round < 2; ++round) {
    const auto items = bench.read_all();
    ASSERT_EQ(items.size(), 3u);
    ASSERT_TRUE(items[1].loss.has_value());
    EXPECT_EQ(items[1].range.first, 3u);
    EXPECT_EQ(items[1].range.count, 5u);
    EXPECT_EQ(items[2].range.first, 8u);
    bench.open();
    EXPECT_EQ(bench.journal->next(), 11u);
  }
}

}  // namespace
}  // namespace millwright::custody
