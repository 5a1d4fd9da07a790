// The RACI table as a golden matrix: every cell with one who may and with all who may not.
#include "governance/raci.hpp"

#include <gtest/gtest.h>

#include "governance/audit_rig.hpp"

namespace millwright::governance {
namespace {

RaciPeople plant_people() {
  return {{"engineer", "maintainer", "operator", "owner", "auditor"},
          {{"anna", {"owner"}},
           {"ben", {"engineer"}},
           {"carla", {"maintainer", "operator"}},
           {"dieter", {"operator"}},
           {"emma", {"auditor"}},
           {"frank", {"engineer", "auditor"}}}};
}

std::vector<RaciRule> plant_rules() {
  return {
      {"model",
       "train",
       {"role/engineer"},
       {"person/anna"},
       {"role/maintainer"},
       {"role/auditor"},
       {}},
      {"model",
       "approve",
       {"role/engineer"},
       {"role/owner"},
       {"role/maintainer"},
       {"role/auditor"},
       {}},
      {"rollout",
       "start",
       {"person/ben"},
       {"role/maintainer"},
       {"role/owner", "person/emma"},
       {"role/operator"},
       {}},
      {"work_order",
       "close",
       {"role/operator"},
       {"person/carla"},
       {"person/frank"},
       {"role/auditor"},
       {}},
      {"use_case",
       "retire",
       {"role/engineer"},
       {"person/anna"},
       {"role/engineer", "role/operator"},
       {"role/auditor", "role/maintainer"},
       {}},
  };
}

TEST(Raci, EveryCellHasOneWhoMayAndOneWhoMayNot) {
  const auto table = RaciTable::create(plant_rules(), plant_people());
  ASSERT_TRUE(table) << table.error().text();
  std::string matrix;
  for (const auto& rule : plant_rules()) {
    for (const RaciPart part : raci_parts) {
      std::string may, may_not;
      for (const auto& [person, roles] : plant_people().persons) {
        const auto answer = table->may({person, part, rule.object_kind, rule.decision, {}});
        if (answer) {
          may += " " + person;
        } else {
          EXPECT_EQ(answer.error().code(), Code::refused);
          EXPECT_EQ(rule_of(answer.error()), fmt::format("not_{}", name_of(part)));
          may_not += " " + person;
        }
      }
      EXPECT_FALSE(may.empty());
      EXPECT_FALSE(may_not.empty());
      matrix += fmt::format("{:<11} {:<8} {:<12} may:{:<24} refused:{}\n", rule.object_kind,
                            rule.decision, name_of(part), may, may_not);
    }
    // The accountable one is refused once the object is of their own making.
    const auto who = table->accountable_for(rule.object_kind, rule.decision);
    ASSERT_TRUE(who);
    const auto own =
        table->may({*who, RaciPart::accountable, rule.object_kind, rule.decision, *who});
    ASSERT_FALSE(own);
    matrix += fmt::format("{:<11} {:<8} own work     {}\n", rule.object_kind, rule.decision,
                          own.error().message());
  }
  expect_golden("raci_matrix", matrix);
}

TEST(Raci, NothingIsPermittedWithoutARule) {
  const auto table = RaciTable::create(plant_rules(), plant_people());
  ASSERT_TRUE(table);
  std::string texts;
  for (const RaciQuestion& question :
       {RaciQuestion{"anna", RaciPart::accountable, "model", "delete", {}},
        RaciQuestion{"mallory", RaciPart::accountable, "model", "approve", {}},
        RaciQuestion{"ben", RaciPart::accountable, "model", "approve", {}},
        RaciQuestion{"anna", RaciPart::responsible, "use_case", "retire", {}},
        RaciQuestion{"anna", RaciPart::accountable, "model", "approve", "anna"}}) {
    const auto answer = table->may(question);
    ASSERT_FALSE(answer);
    texts += answer.error().text() + "\n";
  }
  EXPECT_FALSE(table->accountable_for("model", "delete"));
  expect_golden("raci_refusals", texts);
}

TEST(Raci, EveryProblemIsTold) {
  std::vector<RaciRule> rules = plant_rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    rules[i].place = {"roles.yaml", static_cast<int>(10 * i + 3), 5,
                      fmt::format("spec.rules[{}]", i)};
  }
  rules[0].accountable = {"person/anna", "person/ben"};
  rules[1].accountable = {};
  rules[2].accountable = {"role/engineer"};  // two persons have it
  rules[2].consulted = {"role/engeneer"};
  rules[3].responsible = {"person/dieterr", "operator"};
  rules[4].object_kind = "model";
  rules[4].decision = "train";
  rules[4].accountable = {"role/janitor"};
  RaciPeople people = plant_people();
  people.roles.push_back("nobody");
  rules.push_back({"site", "close", {}, {"role/nobody"}, {}, {}, {"roles.yaml", 60, 5, {}}});
  const auto table = RaciTable::create(rules, people);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), Code::invalid_input);
  expect_golden("raci_problems", table.error().text() + "\n");
}

}  // namespace
}  // namespace millwright::governance
