// The watch over verdicts: a finding opens once, also after a restart, and clears beyond the limit.
#include "stewardship/finding_watch.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/format.hpp"
#include "engine/segment/simulated_segment_store.hpp"
#include "ontology/provenance.hpp"
#include "stewardship/office_rig.hpp"

namespace millwright::stewardship {
namespace {

using historian::ManualClock;
using historian::TestHistorian;

/// A gateway that stores remaining lives of one device.
class FindingWatchTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override { close(); }
  void open() {
    historian::Options options;
    options.on_committed = [this](const engine::SampleColumns& rows) {
      if (watch_) watch_->on_committed(rows);
    };
    h_ = std::make_unique<TestHistorian>(disk_, store_, clock_, options);
    ASSERT_TRUE(h_->is_open()) << h_->error()->text();
    watch_ = std::make_unique<FindingWatch>(*rig_.office, **h_, h_->executor(), log_);
    watch_->start();
  }
  void close() {
    watch_.reset();
    if (h_) h_->drain();
    h_.reset();
  }
  void store(double life, const std::string& asset = "test-001",
             const std::string& model = "turbofan-rul",
             ontology::Quality quality = ontology::Quality::good()) {
    auto series = (*h_)->define(
        {{"site-a", "gateway-a", asset}, {{"rul", ontology::DataType::float64, "h"}}});
    ASSERT_TRUE(series) << series.error().text();
    ontology::Recipe recipe;
    recipe.producer = "site-a/gateway-a";
    recipe.model = model + "@1:" + std::string(64, 'a');
    const std::vector<historian::ProvenanceNumber> numbers{0, (*h_)->intern(recipe.canonical())};
    ontology::Batch batch;
    ontology::Row row;
    row.ts_us = (at_ = at_ + std::chrono::hours(1)).us;
    row.provenance = 1;
    row.quality = quality;
    row.set_f64(life);
    batch.rows.push_back(row);
    const auto appended = (*h_)->append({*series, numbers, &batch, &gateway_, 7, sequence_++, 0});
    ASSERT_TRUE(appended) << appended.error().text();
    ASSERT_TRUE((*h_)->commit());
  }
  std::size_t found() const { return rig_.office->findings().all().size(); }
  const operations::Finding& only() const { return rig_.office->findings().all().begin()->second; }

  OfficeRig rig_;
  sim::SimDisk disk_{2};
  engine::SimulatedSegmentStore store_;
  ManualClock clock_;
  SilentLog log_;
  std::unique_ptr<TestHistorian> h_;
  std::unique_ptr<FindingWatch> watch_;
  historian::ProducerId gateway_{"site-a", "gateway-a"};
  historian::Sequence sequence_ = 0;
  Timestamp at_{1'767'225'600'000'000};
};

TEST_F(FindingWatchTest, OpensOnceAfterTheDeclaredScansAndClearsBeyondTheLimit) {
  store(40);
  store(29);
  h_->drain();
  EXPECT_EQ(found(), 0u) << "one scan is not enough";
  store(28);
  h_->drain();
  ASSERT_EQ(found(), 1u);
  EXPECT_EQ(only().key.asset, "test-001");
  EXPECT_EQ(only().key.rule, "short-life");
  EXPECT_EQ(only().key.model, "turbofan-rul@1:" + std::string(64, 'a'));
  EXPECT_EQ(only().score, 28);
  EXPECT_EQ(only().reason, "rul is 28 h, at or below 30 for 2 scans");
  ASSERT_NE(rig_.office->work_orders().of_finding(only().id), nullptr);
  for (int i = 0; i < 5; ++i) store(31);  // above the limit, within the hysteresis
  for (int i = 0; i < 5; ++i) store(25);
  h_->drain();
  EXPECT_EQ(found(), 1u);
  EXPECT_FALSE(only().cleared);
  store(34);
  store(35);
  h_->drain();
  EXPECT_TRUE(only().cleared);
  store(20);
  store(20);
  h_->drain();
  EXPECT_EQ(found(), 2u) << "another episode";
}

TEST_F(FindingWatchTest, ARestartMissesNothingAndOpensNothingTwice) {
  store(29);
  store(28);
  h_->drain();
  ASSERT_EQ(found(), 1u);
  close();
  rig_.open();
  open();
  h_->drain();
  EXPECT_EQ(found(), 1u);
  EXPECT_EQ(rig_.office->work_orders().all().size(), 1u);

  // Stored while nobody watched.
  watch_.reset();
  store(50);
  store(50);
  store(10);
  store(10);
  close();
  open();
  h_->drain();
  EXPECT_EQ(found(), 2u);
}

TEST_F(FindingWatchTest, RowsCommittedWhileHistoryIsReadCount) {
  store(40);
  h_->drain();
  close();
  open();     // asks for the history
  store(29);  // and meanwhile
  store(28);  // this is committed
  h_->drain();
  EXPECT_EQ(found(), 1u);
}

TEST_F(FindingWatchTest, OtherModelsOtherAssetsAndBadVerdictsOpenNothing) {
  for (int i = 0; i < 3; ++i) store(5, "test-001", "another-model");
  for (int i = 0; i < 3; ++i) store(5, "train-001");
  for (int i = 0; i < 3; ++i)
    store(5, "test-002", "turbofan-rul", ontology::Quality::bad(ontology::Reason::bad_input));
  h_->drain();
  EXPECT_EQ(found(), 0u);
}

}  // namespace
}  // namespace millwright::stewardship
