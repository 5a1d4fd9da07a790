// A thousand seeded tamperings, each found by verify; the same are given to a foreign verifier in
// tests/interop/audit.
#include <gtest/gtest.h>

#include "governance/tamper_rig.hpp"

namespace millwright::governance {
namespace {

TEST(AuditTamper, TheOriginalIsSound) {
  const Tamperer tamperer;
  const auto disk = disk_with(tamperer.original());
  for (const auto& remembered :
       {std::optional<std::string>{}, std::optional(tamperer.remembered())}) {
    const auto verification = verify_audit(*disk, test_verify(remembered));
    ASSERT_TRUE(verification);
    EXPECT_TRUE(verification->sound()) << verification->defect->text();
    EXPECT_EQ(verification->entries, Tamperer::entries);
  }
}

TEST(AuditTamper, AThousandTamperingsAreFound) {
  const Tamperer tamperer;
  std::map<std::string, int> found;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Tampered tampered = tamperer.tamper(seed);
    SCOPED_TRACE(fmt::format("seed {}: {}, {}", seed, tampered.kind, tampered.what));
    ASSERT_NE(tampered.files, tamperer.original());
    const auto disk = disk_with(tampered.files);
    const auto with = verify_audit(*disk, test_verify(tamperer.remembered()));
    ASSERT_TRUE(with) << with.error().text();
    ASSERT_FALSE(with->sound());
    const auto without = verify_audit(*disk, test_verify());
    ASSERT_TRUE(without);
    ASSERT_EQ(without->sound(), tampered.needs_remembered);
    EXPECT_LE(with->defect->first, with->defect->last);
    ++found[tampered.kind];
  }
  for (const auto& [kind, count] : found) fmt::print("  {:4} {}\n", count, kind);
  EXPECT_EQ(found.size(), Tamperer::kinds + 1);
}

TEST(AuditTamper, TheFirstBadEntryIsNamed) {
  sim::SimDisk disk(1);
  {
    auto log = AuditLog::open(disk, test_key(), test_options());
    ASSERT_TRUE(log);
    for (std::uint64_t i = 0; i < 9; ++i) {
      ASSERT_TRUE((*log)->append(test_event(i)));
      ASSERT_TRUE((*log)->commit());
    }
  }
  const AuditFiles files = files_of(disk);
  const auto text = as_text(files.at("audit/entries.log"));
  std::string report;
  for (const std::uint64_t index : {0u, 4u, 8u}) {
    AuditFiles changed = files;
    const auto at = text.find(fmt::format("wo-{:06}", index));
    changed["audit/entries.log"][at] ^= std::byte{1};
    const auto verification = verify_audit(*disk_with(changed), test_verify());
    ASSERT_TRUE(verification);
    ASSERT_FALSE(verification->sound());
    EXPECT_EQ(verification->defect->first, index);
    EXPECT_EQ(verification->defect->last, index);
    report += verification->defect->text() + "\n";
  }
  AuditFiles headless = files;
  headless.erase("audit/checkpoint");
  report += verify_audit(*disk_with(headless), test_verify())->defect->text() + "\n";
  AuditFiles gone = files;
  gone.erase("audit/entries.log");
  report += verify_audit(*disk_with(gone), test_verify())->defect->text() + "\n";
  expect_golden("audit_defects", report);
}

TEST(AuditTamper, OpeningNeverTouchesWhatIsDamagedBeforeTheCheckpoint) {
  const Tamperer tamperer;
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Tampered tampered = tamperer.tamper(seed);
    if (tampered.needs_remembered) continue;
    const auto disk = disk_with(tampered.files);
    auto log = AuditLog::open(*disk, test_key(), test_options());
    SCOPED_TRACE(fmt::format("seed {}: {}, {}", seed, tampered.kind, tampered.what));
    if (log) {
      // Only what the checkpoint's own roll-back uncovers passes for a crash.
      EXPECT_EQ(tampered.kind, "the checkpoint file rolled back");
      continue;
    }
    ++refused;
    EXPECT_EQ(log.error().code(), Code::corrupt) << log.error().text();
    EXPECT_EQ(files_of(*disk), tampered.files);
  }
  EXPECT_GT(refused, 200);
}

TEST(AuditTamper, ARemovedCheckpointFileDoesNotEmptyTheLog) {
  AuditFiles files = Tamperer().original();
  files.erase("audit/checkpoint");
  const auto disk = disk_with(files);
  const auto log = AuditLog::open(*disk, test_key(), test_options());
  ASSERT_FALSE(log);
  EXPECT_EQ(files_of(*disk), files);
}

}  // namespace
}  // namespace millwright::governance
