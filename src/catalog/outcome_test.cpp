// Use cases, KPIs, roles, models and score stages of the examples, as the rooms read them.
#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/commands.hpp"
#include "catalog/edge_setup.hpp"
#include "catalog/index.hpp"

namespace millwright::catalog {
namespace {

std::vector<Resource> example(const std::string& name) {
  const auto sources = read_sources({std::string(MILLWRIGHT_SOURCE_DIR "/examples/") + name});
  EXPECT_TRUE(sources.has_value());
  const auto report = check(*sources, {});
  std::vector<Resource> out;
  for (const auto& problem : report.problems) ADD_FAILURE() << problem.text();
  for (const auto& declared : report.resources) out.push_back(declared.resource);
  return out;
}

TEST(Outcomes, TurbofanIsDeclared) {
  const auto resources = example("turbofan");
  const auto declared = as_declared(resources);
  const Index index(declared);
  const auto& use_case = index.use_cases.at("turbofan").spec;
  EXPECT_EQ(use_case.owner, "emil");
  EXPECT_EQ(use_case.stage, Maturity::pilot);
  EXPECT_FALSE(use_case.simulated);
  EXPECT_FALSE(use_case.value_per_unit.has_value());
  EXPECT_EQ(index.assets_of(use_case.assets).size(), 100u) << "the archive is another site";
  ASSERT_EQ(use_case.findings.size(), 2u);
  EXPECT_EQ(use_case.findings[0].kind, FindingRuleKind::rul_below);
  EXPECT_EQ(use_case.findings[0].limit, 30);
  const auto& kpi = index.kpis.at("early-findings").spec;
  const auto& share = std::get<FindingShare>(kpi.method);
  EXPECT_TRUE(share.among.meets(30));
  EXPECT_FALSE(share.among.meets(31));
  ASSERT_TRUE(share.beside.has_value());
  EXPECT_TRUE(share.beside->meets(61));
  EXPECT_FALSE(share.beside->meets(60));
  const auto& rul = index.models.at("turbofan-rul").spec;
  EXPECT_EQ(rul.tier, Tier::gateway);
  EXPECT_EQ(rul.inputs.size(), 14u);
  EXPECT_EQ(rul.features.windows, (std::vector<std::uint32_t>{5, 15, 30}));
  EXPECT_TRUE(rul.features.age);
  EXPECT_EQ(rul.target->clip, 125.0);
  EXPECT_EQ(rul.training.grid.depth, (std::vector<std::uint32_t>{4, 6}));
  EXPECT_EQ(index.models.at("turbofan-anomaly").spec.training.healthy_scans, 50u);
  EXPECT_TRUE(std::ranges::all_of(
      index.persons, [](const auto& person) { return person.spec.public_key.empty(); }));
}

TEST(Outcomes, RulesOfAllRolesAreOne) {
  const auto resources = example("turbofan");
  const auto declared = as_declared(resources);
  const Index index(declared);
  std::vector<RoleSpec> roles;
  for (const auto& entry : index.roles) roles.push_back(entry.spec);
  const auto rules = raci_rules(roles);
  EXPECT_EQ(rules.size(), 9u);
  const auto close = std::ranges::find(rules, "work_order", &RaciRule::object);
  ASSERT_NE(close, rules.end());
  EXPECT_EQ(close->accountable, std::vector<std::string>{"person/clara"});
  EXPECT_EQ(close->responsible, std::vector<std::string>{"role/technician"});
  for (const auto& rule : rules) EXPECT_EQ(rule.accountable.size(), 1u) << rule.object;
}

TEST(Outcomes, EdgesAndGatewaysGetTheirScores) {
  const auto turbofan = example("turbofan");
  const auto setup = edge_setup(turbofan, "site-a", "edge-a1", {{"data", "/recordings"}});
  ASSERT_TRUE(setup.has_value()) << setup.error().text();
  for (const auto& device : setup->sources[0].devices) {
    ASSERT_EQ(device.scores.size(), 1u) << "the gateway's model is not the edge's";
    EXPECT_EQ(device.scores[0].model.resource, "turbofan-anomaly");
    EXPECT_EQ(device.scores[0].after, 21u) << "after every flag stage";
    EXPECT_TRUE(device.scores[0].identity.starts_with("turbofan-anomaly@"));
    for (const auto& stage : device.stages) {
      EXPECT_FALSE(std::holds_alternative<ScoreStage>(stage.parameters));
    }
  }
  const auto gateway = gateway_scores(turbofan, "site-b");
  ASSERT_TRUE(gateway.has_value());
  EXPECT_EQ(gateway->size(), 50u);
  EXPECT_EQ(gateway->front().model.resource, "turbofan-rul");
  EXPECT_EQ(gateway->front().asset, "test-051");
  EXPECT_EQ(gateway_scores(turbofan, "site-z").error().code(), Code::not_found);
}

TEST(Outcomes, ModelsJudgeTheirTypeOnly) {
  const auto demo = example("demo");
  const auto declared = as_declared(demo);
  EXPECT_EQ(Index(declared).asset_title("pump-101"), "Pump 101");
  EXPECT_EQ(Index(declared).asset_title("no-such"), "no-such");
  const auto setup = edge_setup(demo, "site-a", "edge-a1", {});
  ASSERT_TRUE(setup.has_value()) << setup.error().text();
  for (const auto& source : setup->sources) {
    for (const auto& device : source.devices) {
      ASSERT_EQ(device.scores.size(), 1u);
      const bool pump = device.id.starts_with("pump");
      EXPECT_EQ(device.scores[0].model.resource, pump ? "pump-anomaly" : "motor-anomaly");
      ASSERT_TRUE(device.scores[0].stage.trigger.has_value());
      const auto& trigger = *device.scores[0].stage.trigger;
      EXPECT_EQ(trigger.command_metric, "speed_setpoint");
      EXPECT_EQ(trigger.lease, std::chrono::minutes(2));
      EXPECT_EQ(trigger.per_hour_max, 10u);
      EXPECT_TRUE(trigger.holds(0.951));
      EXPECT_FALSE(trigger.holds(0.95));
    }
  }
}

TEST(Outcomes, GetAndDescribeForPeople) {
  class FixedClock final : public Clock {
   public:
    Timestamp utc_now() const override { return Timestamp{1'767'225'600'000'000}; }
    Duration monotonic_now() const override { return Duration(0); }
  } clock;
  class CountingRandom final : public Random {
   public:
    std::uint64_t next() override { return ++state_; }

   private:
    std::uint64_t state_ = 7;
  } random;
  const auto store = make_memory_store(clock, random);
  const auto sources = read_sources({MILLWRIGHT_SOURCE_DIR "/examples/turbofan"});
  ASSERT_TRUE(apply(*store, *sources).has_value());
  EXPECT_NE(get(*store, "usecases", "", Output::table)->find("(pilot, owner emil)"),
            std::string::npos);
  EXPECT_NE(get(*store, "kpi", "", Output::table)->find("value 80 % by 2026-12-31"),
            std::string::npos);
  EXPECT_NE(get(*store, "models", "", Output::table)
                ->find("gradient_boosting at the gateway, turbofan, 14 inputs"),
            std::string::npos);
  const auto use_case = *describe(*store, "usecase", "turbofan");
  EXPECT_NE(use_case.find("100: test-001 to test-100"), std::string::npos) << use_case;
  EXPECT_NE(use_case.find("not measurable: no valuePerUnit"), std::string::npos);
  EXPECT_NE(describe(*store, "person", "anna")->find("cannot approve"), std::string::npos);
  EXPECT_NE(describe(*store, "model", "turbofan-rul")->find("Pipeline/judge-b2 of site-b/edge-b2"),
            std::string::npos);
  EXPECT_NE(describe(*store, "role", "work")->find("WorkOrder"), std::string::npos);
}

}  // namespace
}  // namespace millwright::catalog
