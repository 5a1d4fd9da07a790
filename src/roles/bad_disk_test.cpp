// Damaged, foreign and full disks of an edge and of the hub beside a healthy neighbour.
#include <gtest/gtest.h>

#include "fabric/historian/frame.hpp"
#include "roles/bad_input_rig.hpp"
#include "sim/disk.hpp"

namespace millwright::roles {
namespace {

class BadEdgeDisk : public BadInputRig {
 protected:
  /// A journal of 600 samples that nobody has heard of.
  void fill_journal() {
    auto options = edge_options("edge-2");
    options.uplink.broker.port = engine::free_loopback_port().value();
    RigEdge edge;
    ASSERT_TRUE(try_edge(edge, options, counting()));
    ASSERT_TRUE(wait_for([&] {
      const auto status = edge.status();
      return status.input_ended && status.samples_waiting == samples;
    }));
  }
  void run_other() {
    other_ = start_edge("edge-2");
    ASSERT_TRUE(wait_for([&] { return other_->status().drained; }));
  }
  std::uint64_t disk_operations() {
    std::uint64_t count = 0;
    other_->machine->run([&] { count = disk_.operations(); });
    return count;
  }
  sim::SimDisk disk_{1};
  std::string journal() const { return root_ + "/edge-2/journal/000000000001.journal"; }
};

TEST_F(BadEdgeDisk, ATruncatedJournalIsReadAgainFromTheSource) {
  fill_journal();
  std::filesystem::resize_file(journal(), std::filesystem::file_size(journal()) * 6 / 10);
  start_neighbour();
  run_other();
  EXPECT_EQ(hub_->stored("edge-2"), samples);
  EXPECT_EQ(hub_->lost("edge-2"), 0u);
  compare("edge_journal_truncated", other_->said("journal: "));
  finish_neighbour();
}

TEST_F(BadEdgeDisk, AFlippedByteOfTheJournalCostsOneRecordThatIsDeclared) {
  fill_journal();
  std::string bytes = read_file(journal());
  const auto at = bytes.find("scan 100");
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 0x10;
  write_file(journal(), bytes);
  start_neighbour();
  run_other();
  EXPECT_EQ(hub_->stored("edge-2"), samples - 2);
  EXPECT_EQ(hub_->lost("edge-2"), 2u);
  compare("edge_journal_flipped_byte", other_->said("journal: "));
  finish_neighbour();
}

TEST_F(BadEdgeDisk, ANewerJournalIsRefusedAndKept) {
  fill_journal();
  const std::string good = read_file(journal());
  std::string newer = good;
  newer[7] = 2;
  write_file(journal(), newer);
  start_neighbour();
  RigEdge refused;
  const auto outcome = try_edge(refused, edge_options("edge-2"), counting());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::unsupported_version);
  compare("edge_journal_newer_version", outcome.error().text());
  EXPECT_EQ(read_file(journal()), newer) << "nothing of it is touched";
  write_file(journal(), good);
  run_other();
  EXPECT_EQ(hub_->stored("edge-2"), samples);
  finish_neighbour();
}

TEST_F(BadEdgeDisk, AFullDiskIsSaidOnceAndTheSourceWaits) {
  start_neighbour();
  other_ = std::make_unique<RigEdge>();
  ASSERT_TRUE(try_edge(*other_, edge_options("edge-2"), counting(scans / 2 + 1), &disk_));
  ASSERT_TRUE(wait_for([&] { return hub_->stored("edge-2") == samples / 2; }));
  // So small that the room of what the hub acknowledges, whenever it does, is not enough either.
  other_->machine->run([&] { disk_.set_capacity(500); });
  other_->open_gate();
  ASSERT_TRUE(wait_for([&] { return !other_->said("sources wait").empty(); }));
  const std::uint64_t touched = disk_operations();
  finish_neighbour();
  // Attempts go on, once a second, each of a few operations; none of them says it again.
  ASSERT_TRUE(wait_for([&] { return disk_operations() > touched + 8; }));
  EXPECT_EQ(other_->times_said("sources wait"), 1u);
  EXPECT_EQ(other_->status().samples_accepted, samples / 2);
  compare("edge_disk_full", other_->said("sources wait"));
  other_->machine->run([&] { disk_.set_capacity(std::uint64_t{1} << 30); });
  ASSERT_TRUE(wait_for([&] { return other_->status().drained; }));
  EXPECT_EQ(hub_->stored("edge-2"), samples);
  EXPECT_EQ(hub_->lost("edge-2"), 0u);
  EXPECT_EQ(other_->status().samples_lost, 0u);
}

class BadHubDisk : public BadInputRig {
 protected:
  std::string log() const { return root_ + "/hub/historian/log/00000001.log"; }
  /// A byte of a sample of edge-2, which stands before everything of the neighbour.
  std::size_t place_of_sample() {
    const auto at = read_file(log()).find("scan 100");
    EXPECT_NE(at, std::string::npos);
    return at;
  }
  std::string all_said(const std::string& part) {
    std::string out;
    hub_->machine->run([&] {
      for (const auto& line : hub_->log.lines) {
        if (line.contains(part)) out += (out.empty() ? "" : "\n") + line;
      }
    });
    return out;
  }
};

TEST_F(BadHubDisk, AFlippedByteOfTheLogCostsOneRecordThatIsDeclared) {
  fill_hub();
  const std::size_t at = place_of_sample();
  start_neighbour();
  hub_.reset();
  std::string bytes = read_file(log());
  bytes[at] ^= 0x10;
  write_file(log(), bytes);
  hub_ = start_hub();
  EXPECT_GT(hub_->lost("edge-2"), 0u);
  EXPECT_EQ(hub_->stored("edge-2") + hub_->lost("edge-2"), samples);
  compare("hub_log_flipped_byte", all_said("historian: "));
  finish_neighbour();
}

TEST_F(BadHubDisk, ATruncatedLogIsFoundByTheEdgeThatWasTold) {
  fill_hub();
  hub_.reset();
  std::filesystem::resize_file(log(), place_of_sample());
  start_neighbour();
  ASSERT_TRUE(wait_for([&] { return hub_->lost("edge-2") > 0; }));
  EXPECT_LT(hub_->stored("edge-2"), samples);
  EXPECT_EQ(hub_->stored("edge-2") + hub_->lost("edge-2"), samples);
  compare("hub_log_truncated", all_said("hub: "));
  finish_neighbour();
}

TEST_F(BadHubDisk, AFlippedByteOfASegmentIsFound) {
  fill_hub();
  start_neighbour();
  std::optional<Result<void>> sealed;
  hub_->machine->run([&] { hub_->historian->seal([&](auto r) { sealed = std::move(r); }); });
  const auto on_hub = [&](auto&& condition) {
    return wait_for([&] {
      bool yes = false;
      hub_->machine->run([&] { yes = condition(); });
      return yes;
    });
  };
  ASSERT_TRUE(on_hub([&] { return sealed.has_value(); }));
  ASSERT_TRUE(*sealed) << sealed->error().text();
  std::size_t flipped = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root_ + "/hub/historian/segments")) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = read_file(entry.path());
    bytes[bytes.size() / 2] ^= 0x10;
    write_file(entry.path(), bytes);
    ++flipped;
  }
  ASSERT_EQ(flipped, 1u);
  std::optional<Result<std::vector<historian::Damage>>> found;
  std::optional<Result<historian::Range>> range;
  hub_->machine->run([&] {
    hub_->historian->verify([&](auto r) { found = std::move(r); });
    historian::RangeQuery query;
    query.series = hub_->historian->find("site-a/edge-2/pump-1/note").at(0)->number;
    hub_->historian->range(query, [&](auto r) { range = std::move(r); });
  });
  ASSERT_TRUE(on_hub([&] { return found && range; }));
  ASSERT_TRUE(*found);
  ASSERT_EQ((*found)->size(), 1u);
  const auto& damage = (*found)->front();
  ASSERT_FALSE(*range) << "damaged rows are not given out";
  compare("hub_segment_flipped_byte", damage.place.text() + ": " + damage.what + "\n  remedy: " +
                                          damage.remedy + "\n" + range->error().text());
  finish_neighbour();
}

TEST_F(BadHubDisk, ANewerLogIsRefusedAndEdgesKeepTheirSamples) {
  start_neighbour();
  hub_.reset();
  const std::string good = read_file(log());
  const Bytes header =
      historian::encode_file_header(historian::FileType::log, 0, historian::format_version + 1);
  write_file(log(), std::string(as_text(header)) + good.substr(header.size()));
  {
    RigHub refused;
    const auto outcome = try_hub(refused);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), Code::unsupported_version);
    compare("hub_log_newer_version", outcome.error().text());
  }
  neighbour_->open_gate();
  ASSERT_TRUE(wait_for([&] { return neighbour_->status().samples_waiting == samples / 2; }));
  write_file(log(), good);
  hub_ = start_hub();
  finish_neighbour();
}

}  // namespace
}  // namespace millwright::roles
