// An edge with models and triggers, without anything above it: what ends in its journal.
#include "fabric/edge/edge_core.hpp"

#include <gtest/gtest.h>

#include "fabric/pipeline/score_rig.hpp"
#include "sim/broker.hpp"
#include "sim/disk.hpp"
#include "sim/scheduler.hpp"

namespace millwright::edge {
namespace {

using namespace ontology;

/// Emits what the test tells it to, and notes commands.
class ScriptDriver final : public drivers::Driver {
 public:
  ScriptDriver() {
    devices_.push_back({{"", "", "pump-1"},
                        {{"flow", DataType::float64, "m3/h"}, {"level", DataType::float64, "m"}}});
  }
  const std::vector<DeviceSchema>& devices() const override { return devices_; }
  Result<void> start(drivers::Sink& sink, std::optional<drivers::Position> after) override {
    sink_ = &sink;
    started_after = after;
    return {};
  }
  void resume() override {}
  void stop() override { sink_ = nullptr; }
  Result<void> command(const drivers::Command& command) override {
    if (refuses) return fail(Code::refused, "the machine is locked");
    commands.push_back(command);
    return {};
  }
  drivers::DriverStatus status() const override { return {}; }
  void scan(std::uint64_t record, double flow, double level) {
    Batch batch;
    for (std::uint32_t slot = 0; slot < 2; ++slot) {
      Row row;
      row.ts_us = static_cast<std::int64_t>(record) * 1'000'000;
      row.slot = slot;
      row.set_f64(slot == 0 ? flow : level);
      batch.rows.push_back(row);
    }
    EXPECT_EQ(sink_->offer(0, batch, {batch.rows[0].ts_us, record, 0, 1}), drivers::Answer::taken);
  }

  std::vector<drivers::Command> commands;
  std::optional<drivers::Position> started_after;
  bool refuses = false;

 private:
  std::vector<DeviceSchema> devices_;
  drivers::Sink* sink_ = nullptr;
};

class Rig {
 public:
  ~Rig() { end(); }
  Result<void> begin(pipeline::StageModelFactory model = {}, double limit = 10) {
    executor = scheduler.make_executor("edge");
    connector = network.connector("edge");
    EdgeOptions options;
    options.site = "site-a";
    options.edge = "edge-1";
    options.uplink.session.group = "site-a";
    options.uplink.session.edge = "edge-1";
    options.uplink.broker.host = "nowhere";
    auto made = std::make_unique<ScriptDriver>();
    driver = made.get();
    pipeline::ScoreSpec score;
    score.model = "pump-anomaly";
    score.factory = std::move(model);
    TriggerSpec trigger;
    trigger.name = "stop";
    trigger.device = "pump-1";
    trigger.metric = "anomaly/t2";
    trigger.limit = limit;
    trigger.command = {"pump-1", "speed", 0.5, std::chrono::seconds(3)};
    trigger.per_hour_max = 2;
    std::vector<Source> sources;
    Source source{"script", std::move(made), {}, {trigger}};
    source.pipelines.push_back(pipeline::PipelineSpec{"p@1:cc", {score}, {}});
    sources.push_back(std::move(source));
    auto created = EdgeCore::create({scheduler, random, *executor, disk, *connector, log}, options,
                                    std::move(sources));
    if (!created) return pass(std::move(created));
    core = std::move(*created);
    core->start();
    return {};
  }
  void end() {
    if (executor) executor->kill();
    core.reset();
  }
  /// What the journal holds of a metric, in order.
  std::vector<Row> rows(std::string_view metric) {
    scheduler.run_for(std::chrono::milliseconds(10));
    std::vector<Row> out;
    auto cursor = core->journal().first_unreleased();
    while (true) {
      auto item = core->journal().read(cursor).value();
      if (!item) return out;
      for (const Row& row : item->batch.rows) {
        if (item->schema->metrics[row.slot].name == metric) out.push_back(row);
      }
    }
  }
  Recipe recipe(const Row& row) {
    return Recipe::parse(core->journal().recipes().at(row.provenance)).value();
  }

  sim::Scheduler scheduler;
  sim::SimNetwork network{scheduler, 1};
  sim::SimDisk disk{1};
  sim::SimRandom random{1};
  SilentLog log;
  std::unique_ptr<sim::SimExecutor> executor;
  std::unique_ptr<engine::BrokerConnector> connector;
  std::unique_ptr<EdgeCore> core;
  ScriptDriver* driver = nullptr;
};

TEST(EdgeCore, VerdictsAreSamplesWithTheirModelInTheRecipe) {
  Rig rig;
  ASSERT_TRUE(rig.begin(pipeline::toy_model("pump-anomaly@1:aa")).has_value());
  rig.driver->scan(1, 2, 3);
  const auto rows = rig.rows("anomaly/t2");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].f64(), 5);
  EXPECT_EQ(rig.recipe(rows[0]).model, "pump-anomaly@1:aa");
  EXPECT_EQ(rig.recipe(rows[0]).producer, "site-a/edge-1");
  EXPECT_EQ(rig.rows("flow").size(), 1u);
}

TEST(EdgeCore, AModelIsPutInForceWhileScansGoOn) {
  Rig rig;
  ASSERT_TRUE(rig.begin().has_value());
  rig.driver->scan(1, 2, 3);
  ASSERT_TRUE(rig.core->activate("pump-anomaly", pipeline::toy_model("a@1:aa")).has_value());
  rig.driver->scan(2, 2, 3);
  EXPECT_EQ(rig.core->activate("other", pipeline::toy_model("a@1:aa")).error().code(),
            Code::not_found);
  EXPECT_EQ(rig.core->activate("pump-anomaly", pipeline::toy_model("a@2:bb", 1, 9)).error().code(),
            Code::invalid_input);
  rig.driver->scan(3, 2, 3);
  const auto rows = rig.rows("anomaly/score");
  ASSERT_EQ(rows.size(), 3u) << "every scan has a verdict";
  EXPECT_EQ(rows[0].quality, Quality::bad(Reason::function_check));
  EXPECT_EQ(rig.recipe(rows[0]).model, "");
  EXPECT_EQ(rows[1].f64(), 1);
  EXPECT_EQ(rows[2].f64(), 2) << "the refused version changed nothing";
  EXPECT_EQ(rig.recipe(rows[2]).model, "a@1:aa");
}

TEST(EdgeCore, TheStateOfAModelSurvivesARestart) {
  Rig rig;
  ASSERT_TRUE(rig.begin(pipeline::toy_model("a@1:aa")).has_value());
  rig.driver->scan(1, 2, 3);
  rig.driver->scan(2, 2, 3);
  (void)rig.rows("flow");
  rig.core->stop();
  rig.end();
  ASSERT_TRUE(rig.begin(pipeline::toy_model("a@1:aa")).has_value());
  ASSERT_TRUE(rig.driver->started_after.has_value());
  EXPECT_EQ(rig.driver->started_after->record, 2u);
  rig.driver->scan(3, 2, 3);
  EXPECT_EQ(rig.rows("anomaly/score").back().f64(), 3);
}

TEST(EdgeCore, ATriggerCommandsTheDeviceAndIsASample) {
  Rig rig;
  ASSERT_TRUE(rig.begin(pipeline::toy_model("a@1:aa")).has_value());
  rig.driver->scan(1, 2, 3);
  rig.driver->scan(2, 20, 3);
  rig.driver->scan(3, 20, 3);  // its lease runs
  ASSERT_EQ(rig.driver->commands.size(), 1u);
  EXPECT_EQ(rig.driver->commands[0].metric, "speed");
  EXPECT_EQ(rig.driver->commands[0].value, 0.5);
  EXPECT_EQ(rig.driver->commands[0].lease, std::chrono::seconds(3));
  rig.driver->scan(5, 20, 3);
  rig.driver->scan(8, 20, 3);  // a third within the hour
  EXPECT_EQ(rig.driver->commands.size(), 2u);
  const auto rows = rig.rows("trigger/stop");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].ts_us, 2'000'000);
  EXPECT_EQ(rows[0].i64(), 1);
  EXPECT_EQ(rows[2].i64(), 0);
  EXPECT_EQ(rig.recipe(rows[0]).inputs, "anomaly/t2; above 10: pump-1/speed = 0.5 for 3s");
  const auto status = rig.core->status().triggers;
  ASSERT_EQ(status.size(), 1u);
  EXPECT_EQ(status[0].issued, 2u);
  EXPECT_EQ(status[0].refused_by_limit, 1u);
}

TEST(EdgeCore, ACommandThatTheMachineRefusesIsASampleToo) {
  Rig rig;
  ASSERT_TRUE(rig.begin(pipeline::toy_model("a@1:aa")).has_value());
  rig.driver->refuses = true;
  rig.driver->scan(1, 20, 3);
  ASSERT_EQ(rig.rows("trigger/stop").size(), 1u);
  EXPECT_EQ(rig.rows("trigger/stop")[0].i64(), 0);
  EXPECT_EQ(rig.core->status().triggers[0].refused_by_driver, 1u);
}

TEST(EdgeCore, WithoutAVerdictNothingIsTriggered) {
  Rig rig;
  ASSERT_TRUE(rig.begin({}, -1).has_value());
  rig.driver->scan(1, 20, 3);
  EXPECT_TRUE(rig.driver->commands.empty());
}

TEST(EdgeCore, ATriggerOnAMetricThatIsNotThereIsRefusedByName) {
  Rig rig;
  auto driver = std::make_unique<ScriptDriver>();
  TriggerSpec trigger;
  trigger.name = "stop";
  trigger.device = "pump-1";
  trigger.metric = "flwo";
  trigger.command.lease = std::chrono::seconds(1);
  std::vector<Source> sources;
  sources.push_back({"script", std::move(driver), {}, {trigger}});
  rig.executor = rig.scheduler.make_executor("edge");
  rig.connector = rig.network.connector("edge");
  auto made = EdgeCore::create(
      {rig.scheduler, rig.random, *rig.executor, rig.disk, *rig.connector, rig.log}, {},
      std::move(sources));
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().text().contains("'flow'")) << made.error().text();
}

}  // namespace
}  // namespace millwright::edge
