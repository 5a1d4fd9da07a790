// Files of every released format version are read for ever: golden/v1 holds a log and a manifest as
// this program writes them. To add a version, run this test with MILLWRIGHT_WRITE_GOLDEN=1.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/segment/simulated_segment_store.hpp"
#include "fabric/historian/historian_fixture.hpp"
#include "sim/disk.hpp"

namespace millwright::historian {
namespace {

const std::filesystem::path golden_folder =
    std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / "src/fabric/historian/golden/v1";
constexpr std::string_view names[] = {"historian/manifest", "historian/log/00000001.log"};

std::filesystem::path golden_file(std::string_view name) {
  return golden_folder / std::string(name.substr(name.rfind('/') + 1));
}

Bytes load(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

void write_history(engine::Disk& disk) {
  engine::SimulatedSegmentStore store;
  ManualClock clock;
  TestHistorian h(disk, store, clock);
  TestProducer producer;
  ASSERT_TRUE(producer.define(*h));
  h->intern(R"({"pipeline":"p@1"})");
  ASSERT_TRUE(producer.append(*h, 0, 12));
  ASSERT_TRUE(h->commit());
  const LossEntry loss{{7, 12, 3}, ontology::LossCause::buffer_full, {1}, {2}, "buffer: 1 MiB"};
  ASSERT_TRUE(h->declare(producer.id, loss));
  clock.now.us += 20'000;
  ASSERT_TRUE(producer.append(*h, 15, 5));
  h->count_duplicates(producer.id, 7, 2);
  ASSERT_TRUE(h->commit());
}

TEST(HistorianGolden, Version1IsWrittenAndRead) {
  sim::SimDisk written(1);
  write_history(written);
  if (std::getenv("MILLWRIGHT_WRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(golden_folder);
    for (const auto name : names) {
      const auto content = engine::read_whole(written, name);
      std::ofstream(golden_file(name), std::ios::binary) << as_text(*content);
    }
  }
  sim::SimDisk disk(2);
  ASSERT_TRUE(disk.make_directories("historian/log"));
  for (const auto name : names) {
    const Bytes golden = load(golden_file(name));
    ASSERT_FALSE(golden.empty()) << golden_file(name);
    EXPECT_EQ(*engine::read_whole(written, name), golden)
        << name << ": format changed, version did "
        << "not";
    ASSERT_TRUE(engine::replace_whole(disk, name, golden));
  }
  engine::SimulatedSegmentStore store;
  ManualClock clock;
  TestHistorian h(disk, store, clock);
  ASSERT_TRUE(h.is_open()) << h.error()->text();
  EXPECT_TRUE(h->damages().empty());
  const auto ledger = h->ledger();
  ASSERT_EQ(ledger.size(), 1u);
  EXPECT_EQ(ledger[0].sent, 20u);
  EXPECT_EQ(ledger[0].stored, 17u);
  EXPECT_EQ(ledger[0].lost, 3u);
  EXPECT_EQ(ledger[0].duplicates, 2u);
  EXPECT_EQ(h->last("site-a/edge-1/pump/*").size(), 4u);
  EXPECT_EQ(h->last("*/pressure")[0].sample.value, Value(2.0));
  EXPECT_EQ(h->provenance(1), R"({"pipeline":"p@1"})");
}

}  // namespace
}  // namespace millwright::historian
