// The audit log in calm weather: appends, groups, reads, proofs, reopening, failing disks, bounds.
#include "governance/audit_log.hpp"

#include <gtest/gtest.h>

#include "governance/audit_rig.hpp"

namespace millwright::governance {
namespace {

std::unique_ptr<AuditLog> open_log(engine::Disk& disk) {
  auto log = AuditLog::open(disk, test_key(), test_options());
  EXPECT_TRUE(log) << log.error().text();
  return log ? std::move(*log) : nullptr;
}

TEST(AuditLog, KeepsWhatItAcknowledged) {
  sim::SimDisk disk(1);
  {
    auto log = open_log(disk);
    EXPECT_EQ(log->size(), 0u);
    for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(log->append(test_event(i)), i);
    EXPECT_EQ(log->size(), 0u) << "staged is not acknowledged";
    EXPECT_EQ(log->staged(), 5u);
    EXPECT_FALSE(log->read(0));
    const auto head = log->commit();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->size, 5u);
    EXPECT_EQ(log->append(test_event(5)), 5u);
  }
  auto log = open_log(disk);
  EXPECT_EQ(log->size(), 5u) << "what was only staged is gone";
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto event = log->read(i);
    ASSERT_TRUE(event) << event.error().text();
    EXPECT_EQ(event->canonical(), test_event(i).canonical());
  }
  EXPECT_EQ(log->read(5).error().code(), Code::not_found);
  const auto verification = verify_audit(disk, test_verify());
  ASSERT_TRUE(verification);
  EXPECT_TRUE(verification->sound()) << verification->defect->text();
  EXPECT_EQ(verification->entries, 5u);
  EXPECT_EQ(verification->checkpoints, 2u);
}

TEST(AuditLog, CommitsAGroupWithOneSyncOfTheEntries) {
  sim::SimDisk disk(1, {.keep_log = true});
  auto log = open_log(disk);
  const std::uint64_t before = disk.operations();
  for (std::uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(log->append(test_event(i)));
  EXPECT_EQ(disk.operations(), before) << "staging touches no disk";
  ASSERT_TRUE(log->commit());
  int appends = 0, syncs = 0, of_the_entries = 0;
  for (const auto& operation : disk.log()) {
    if (operation.number <= before) continue;
    const bool is_sync = operation.kind == sim::DiskOperationKind::sync;
    appends += operation.kind == sim::DiskOperationKind::append ? 1 : 0;
    syncs += is_sync || operation.kind == sim::DiskOperationKind::sync_directory ? 1 : 0;
    of_the_entries += is_sync && operation.path == "audit/entries.log" ? 1 : 0;
  }
  EXPECT_EQ(of_the_entries, 1);
  EXPECT_EQ(appends, 2);
  EXPECT_EQ(syncs, 3) << "entries, checkpoint, its name";
  const std::uint64_t committed = disk.operations();
  ASSERT_TRUE(log->commit());
  EXPECT_EQ(disk.operations(), committed) << "nothing staged, nothing written";
}

TEST(AuditLog, ReplaysInOrderFromAnyPlace) {
  sim::SimDisk disk(1);
  fill(disk, test_key(), 300, "x");
  auto log = open_log(disk);
  for (const EntryIndex first : {0u, 1u, 63u, 64u, 65u, 128u, 299u, 300u}) {
    EntryIndex expected = first;
    const auto done = log->replay(first, [&](EntryIndex index, const Event& event) -> Result<void> {
      EXPECT_EQ(index, expected);
      EXPECT_EQ(event.canonical(), test_event(expected, "x").canonical());
      ++expected;
      return {};
    });
    EXPECT_TRUE(done);
    EXPECT_EQ(expected, 300u);
  }
  for (EntryIndex i = 0; i < 300; i += 7) {
    EXPECT_EQ(log->read(i)->canonical(), test_event(i, "x").canonical());
  }
  const auto stopped = log->replay(
      0, [](EntryIndex, const Event&) -> Result<void> { return fail(Code::internal, "enough"); });
  EXPECT_EQ(stopped.error().message(), "enough");
}

TEST(AuditLog, ProvesItsEntriesAndItsPast) {
  sim::SimDisk disk(1);
  fill(disk, test_key(), 77, "x");
  auto log = open_log(disk);
  std::vector<TreeHead> past;
  MerkleTree tree;
  past.push_back({0, tree.root()});
  for (EntryIndex i = 0; i < 77; ++i) {
    const auto proof = log->prove_inclusion(i);
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->leaf, leaf_hash(as_bytes(test_event(i, "x").canonical())));
    EXPECT_TRUE(verify_inclusion(proof->leaf, i, 77, proof->hashes, log->head().root));
    tree.add(proof->leaf);
    past.push_back({i + 1, tree.root()});
  }
  for (const auto& head : past) {
    const auto proof = log->prove_consistency(head.size);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(verify_consistency(head, log->head(), *proof)) << head.size;
  }
  EXPECT_FALSE(log->prove_inclusion(77));
  EXPECT_FALSE(log->prove_consistency(78));
}

TEST(AuditLog, RefusesInvalidEventsAndTooManyStaged) {
  sim::SimDisk disk(1);
  AuditOptions options = test_options();
  options.staged_bytes_max = 1000;
  auto log = AuditLog::open(disk, test_key(), options);
  ASSERT_TRUE(log);
  Event bad = test_event(1);
  bad.actor = "anna";
  EXPECT_EQ((*log)->append(bad).error().code(), Code::invalid_input);
  std::uint64_t staged = 0;
  Result<EntryIndex> last = (*log)->append(test_event(0));
  for (; last; last = (*log)->append(test_event(staged))) ++staged;
  EXPECT_EQ(last.error().code(), Code::exhausted);
  EXPECT_GT(staged, 3u);
  ASSERT_TRUE((*log)->commit());
  EXPECT_EQ((*log)->append(test_event(staged)), staged);
  EXPECT_FALSE(AuditLog::open(disk, test_key(), {.directory = "other", .origin = "a b"}));
}

TEST(AuditLog, RefusesAnotherKeyAndANewerFormat) {
  sim::SimDisk disk(1);
  fill(disk, test_key(), 10, "x");
  const auto other = AuditLog::open(disk, test_key(8), test_options());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::corrupt);
  AuditFiles files = files_of(disk);
  auto& content = files["audit/entries.log"];
  content[8] = std::byte{2};
  const std::uint32_t crc = crc32c(ByteView(content).first(12));
  for (std::size_t i = 0; i < 4; ++i) content[12 + i] = static_cast<std::byte>(crc >> (8 * i));
  const auto newer_disk = disk_with(files);
  const auto newer = AuditLog::open(*newer_disk, test_key(), test_options());
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code(), Code::unsupported_version);
}

TEST(AuditLog, AFailedWriteEndsItUntilItIsOpenedAgain) {
  sim::SimDisk calm(1);
  open_log(calm);
  const std::uint64_t opened = calm.operations();
  for (std::uint64_t operation = opened + 1; operation <= opened + 7; ++operation) {
    SCOPED_TRACE(operation);
    sim::SimDisk disk(1);
    auto log = open_log(disk);
    disk.fail_at(operation, Error(Code::exhausted, "the disk is full"));
    ASSERT_TRUE(log->append(test_event(0)));
    const auto committed = log->commit();
    if (committed) continue;  // the commit has fewer operations
    EXPECT_EQ(committed.error().code(), Code::exhausted);
    EXPECT_TRUE(log->failed());
    EXPECT_EQ(log->size(), 0u);
    EXPECT_EQ(log->append(test_event(1)).error().code(), Code::unavailable);
    EXPECT_EQ(log->commit().error().code(), Code::unavailable);
    log = open_log(disk);
    ASSERT_NE(log, nullptr);
    EXPECT_EQ(log->recovery().entries_adopted, log->size());
    const EntryIndex next = log->size();
    EXPECT_EQ(log->append(test_event(next)), next);
    ASSERT_TRUE(log->commit());
    EXPECT_TRUE(verify_audit(disk, test_verify())->sound());
  }
}

TEST(AuditLog, ExportsOneEventALine) {
  sim::SimDisk disk(1), to(1);
  const auto notes = fill(disk, test_key(), 10, "x");
  ASSERT_TRUE(export_audit(disk, test_verify(), to, "out"));
  std::string expected;
  for (std::uint64_t i = 0; i < 10; ++i) expected += test_event(i, "x").canonical() + "\n";
  EXPECT_EQ(as_text(*engine::read_whole(to, "out/entries")), expected);
  EXPECT_EQ(as_text(*engine::read_whole(to, "out/checkpoint")), notes.back());
  EXPECT_EQ(as_text(*engine::read_whole(to, "out/key")), test_verify().key.verifier_text() + "\n");
  EXPECT_EQ(export_audit(disk, test_verify(), to, "out").error().code(), Code::already_exists);
}

}  // namespace
}  // namespace millwright::governance
