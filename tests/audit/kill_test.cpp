// kill -9 a hundred times, at random points of one log's life: no acknowledged entry is ever
// missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/process.hpp"
#include "governance/audit_rig.hpp"

namespace millwright::governance {
namespace {

namespace fs = std::filesystem;

class AuditKill : public ::testing::Test {
 protected:
  AuditKill() : folder_(fs::path(WORK_FOLDER) / "audit_kill") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override {
    if (!HasFailure()) fs::remove_all(folder_);
  }
  /// Whole lines that the writer said; the last number.
  std::pair<std::uint64_t, std::uint64_t> said(int round) const {
    std::ifstream in(acknowledgements(round), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    if (lines == 0) return {0, 0};
    const auto end = text.rfind('\n');
    const auto begin = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    return {lines, std::stoull(text.substr(begin == std::string::npos ? 0 : begin + 1))};
  }
  std::string acknowledgements(int round) const {
    return (folder_ / fmt::format("said-{}", round)).string();
  }

  fs::path folder_;
};

TEST_F(AuditKill, AHundredTimesLosesNothingAcknowledged) {
  const auto starter = engine::make_process_starter();
  sim::SimRandom random(11);
  std::uint64_t acknowledged = 0, adopted = 0, cut = 0, silent = 0;
  std::optional<std::string> remembered;
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(round);
    engine::ProcessRequest request;
    request.arguments = {AUDIT_WRITER, folder_.string(), std::to_string(round)};
    request.output_path = acknowledgements(round);
    auto process = starter->start(request);
    ASSERT_TRUE(process) << process.error().text();
    // So many commits, then so many turns of looking: the kill falls anywhere in a commit, or in
    // the opening.
    const std::uint64_t commits = random.below(25);
    while (said(round).first < commits) {
      const auto ended = (*process)->wait(std::chrono::milliseconds(1));
      ASSERT_TRUE(ended && !*ended) << "the writer ended by itself";
    }
    for (std::uint64_t turns = random.below(200); turns > 0; --turns) (void)said(round);
    ASSERT_TRUE((*process)->signal(engine::ProcessSignal::kill));
    const auto ended = (*process)->wait(std::chrono::seconds(60));
    ASSERT_TRUE(ended && *ended);
    EXPECT_EQ((*ended)->signal, 9);
    const auto [lines, last] = said(round);
    silent += lines == 0 ? 1 : 0;
    acknowledged = std::max(acknowledged, last);

    auto disk = engine::open_posix_disk(folder_.string());
    ASSERT_TRUE(disk);
    auto log = AuditLog::open(**disk, test_key(), test_options());
    ASSERT_TRUE(log) << log.error().text();
    adopted += (*log)->recovery().entries_adopted;
    cut += (*log)->recovery().bytes_cut > 0 ? 1 : 0;
    ASSERT_GE((*log)->size(), acknowledged) << "an acknowledged entry is gone";
    ASSERT_TRUE((*log)->replay(0, [&](EntryIndex index, const Event& event) -> Result<void> {
      EXPECT_EQ(event.canonical(), test_event(index).canonical());
      return {};
    }));
    const auto verification = verify_audit(**disk, test_verify(remembered));
    ASSERT_TRUE(verification);
    ASSERT_TRUE(verification->sound()) << verification->defect->text();
    acknowledged = (*log)->size();
    remembered = (*log)->checkpoint();
  }
  EXPECT_GT(acknowledged, 1000u);
  fmt::print(
      "  100 kills, {} entries acknowledged, none lost; {} entries found durable before they were "
      "acknowledged, {} torn tails cut, {} kills before the first commit\n",
      acknowledged, adopted, cut, silent);
}

}  // namespace
}  // namespace millwright::governance
