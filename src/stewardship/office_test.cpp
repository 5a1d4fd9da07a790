// The office: what it refuses by which rule, what follows from what, and that a replay gives the
// same state.
#include "stewardship/office.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/format.hpp"
#include "stewardship/office_rig.hpp"

namespace millwright::stewardship {
namespace {

using models::Alias;

void expect_golden(const std::string& name, const std::string& content) {
  const auto path = std::filesystem::path(MILLWRIGHT_SOURCE_DIR) / "tests/golden/bad_input" / name;
  if (std::getenv("MILLWRIGHT_UPDATE_GOLDEN") != nullptr)
    std::ofstream(path, std::ios::binary) << content;
  std::ifstream in(path, std::ios::binary);
  const std::string golden(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(content, golden) << name;
}

std::string rule_in(const Result<void>& result) {
  return result ? "accepted" : std::string(governance::rule_of(result.error()));
}

TEST(Office, AModelWhoseFeaturesDoNotMatchIsRefusedWithEveryDifference) {
  OfficeRig rig;
  auto bundle = life_bundle();
  bundle.features.inputs[1] = "T2";
  bundle.features.windows = {5, 15};
  bundle.features.functions.pop_back();
  bundle.features.add_age = false;
  bundle.trees->columns = static_cast<std::uint32_t>(bundle.features.width());
  ASSERT_TRUE(bundle.problems().empty()) << bundle.problems().front().text();
  const auto refused = rig.office->add_model(models::encode(bundle), "person/ben");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::invalid_input);
  expect_golden("model_features.txt", refused.error().text() + "\n");
  EXPECT_EQ(rig.office->log().size(), 0u) << "nothing was decided";

  bundle = life_bundle();
  bundle.name = "turbofan-life";
  const auto unknown = rig.office->add_model(models::encode(bundle), "person/ben");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), Code::not_found);
}

TEST(Office, TheNewestVersionIsTheChallenger) {
  OfficeRig rig;
  rig.add(life_bundle(1));
  const Digest second = rig.add(life_bundle(2));
  const auto* challenger = rig.office->registry().find("turbofan-rul", Alias::challenger);
  ASSERT_NE(challenger, nullptr);
  EXPECT_EQ(challenger->bundle, second) << "also while nothing is champion";
  const auto again = rig.office->add_model(models::encode(life_bundle(2)), "person/ben");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::already_exists);
  const auto hole = rig.office->add_model(models::encode(life_bundle(4)), "person/ben");
  ASSERT_FALSE(hole);
  EXPECT_EQ(hole.error().code(), Code::conflict);
}

TEST(Office, ApprovalsAreRefusedByTheirRule) {
  OfficeRig rig;
  rig.add(life_bundle());
  const auto release = rig.release(1, life_bundle());
  ASSERT_NE(rig.plan("first", release.id.digest), nullptr);
  const auto good = rig.statement("first");

  auto statement = good;
  statement.by = "dora";
  EXPECT_EQ(rule_in(rig.approve(statement)), "unknown_key");
  EXPECT_EQ(rule_in(rig.approve(good, "emil")), "bad_signature");
  statement = good;
  statement.expires = rig.clock.now;
  EXPECT_EQ(rule_in(rig.approve(statement)), "expired");
  statement = good;
  statement.digest.bytes[0] ^= std::byte{1};
  EXPECT_EQ(rule_in(rig.approve(statement)), "wrong_digest") << "a changed byte of the blueprint";
  EXPECT_EQ(rule_in(rig.approve(rig.statement("first", "emil"))), "not_accountable");
  EXPECT_EQ(rule_in(rig.approve(rig.statement("first", "ben"))), "not_accountable");
  statement = good;
  statement.decision = governance::Verdict::reject;
  EXPECT_EQ(rig.approve(statement).error().code(), Code::invalid_input);
  statement = good;
  statement.subject_kind = "model";
  EXPECT_EQ(rig.approve(statement).error().code(), Code::invalid_input);
  EXPECT_TRUE(rig.office->approvals().empty());
  EXPECT_FALSE(rig.office->start_rollout("first", rig.inventory(), "person/ben"));

  ASSERT_TRUE(rig.approve(good));
  ASSERT_EQ(rig.office->approvals().size(), 1u);
  const auto entry = rig.office->log().read(rig.office->approvals()[0].entry);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->kind, "approval.given");
}

TEST(Office, AnAuthorWhoIsAccountableMayStillNotApprove) {
  OfficeRig rig;
  for (auto& resource : rig.resources) {
    if (resource.key.text() != "Person/anna") continue;
    resource.spec.members.erase(
        std::ranges::find(resource.spec.members, "roles", &catalog::Member::key));
    resource.spec.add("roles",
                      catalog::Node::make_list({catalog::Node::make_text("data_scientist")}));
  }
  for (auto& resource : rig.resources) {
    if (resource.key.text() != "Role/delivery") continue;
    for (auto& member : resource.spec.members) {
      if (member.key != "rules") continue;
      for (auto& rule : member.value.items) {
        for (auto& part : rule.members) {
          if (part.key == "responsible") part.value.items[0] = catalog::Node::make_text("anna");
        }
      }
    }
  }
  rig.open();
  rig.add(life_bundle());
  const auto release = rig.release(1, life_bundle());
  const auto planned = rig.office->plan_rollout("own", release.id.digest, OfficeRig::policy(),
                                                rig.inventory(), "person/anna");
  ASSERT_TRUE(planned) << planned.error().text();
  EXPECT_EQ(rule_in(rig.approve(rig.statement("own"))), "author_may_not_approve");
}

TEST(Office, UnsignedStrangeAndOlderReleasesAreRefused) {
  OfficeRig rig;
  rig.add(life_bundle());
  rig.release(2, life_bundle());
  operations::Manifest manifest = rig.office->releases().newest("turbofan")->manifest;
  const auto rule = [&](const operations::SignedRelease& release) {
    const auto made = rig.office->register_release(release, "person/ben");
    return made ? std::string("accepted") : std::string(operations::rule_of(made.error()));
  };
  manifest.version = 1;
  EXPECT_EQ(rule(*operations::sign_release(manifest, PersonSigner("ben"))), "older_release");
  manifest.version = 3;
  auto release = *operations::sign_release(manifest, PersonSigner("dora"));
  EXPECT_EQ(rule(release), "unknown_key");
  release.signatures.clear();
  EXPECT_EQ(rule(release), "unsigned");
  release = *operations::sign_release(manifest, PersonSigner("ben"));
  release.manifest.back() = ' ';
  EXPECT_NE(rule(release), "accepted");
}

TEST(Office, ARolloutThatIsDonePromotesItsModel) {
  OfficeRig rig;
  const Digest bundle = rig.add(life_bundle());
  const auto release = rig.release(1, life_bundle());
  rig.roll_out("first", release.id.digest);
  const auto* champion = rig.office->registry().find("turbofan-rul", Alias::champion);
  ASSERT_NE(champion, nullptr);
  EXPECT_EQ(champion->bundle, bundle);
  EXPECT_EQ(rig.office->registry().find("turbofan-rul", Alias::challenger), nullptr);
  EXPECT_TRUE(rig.office->signed_release(release.id.digest));

  const auto refused = rig.office->revert_rollout("first", "person/dora", "no reason");
  EXPECT_EQ(rule_in(refused), "not_responsible");
  EXPECT_TRUE(rig.office->revert_rollout("first", "person/emil", "vibrates"));
}

/// After any crash: done and promoted, or neither.
TEST(Office, NoCrashPartsTheEndOfARolloutFromItsPromotion) {
  OfficeRig rig;
  rig.add(life_bundle());
  rig.roll_out("first", rig.release(1, life_bundle()).id.digest);
  std::optional<governance::EntryIndex> done;
  bool promoted = false;
  ASSERT_TRUE(rig.office->log().replay(
      0, [&](governance::EntryIndex index, const governance::Event& event) -> Result<void> {
        if (event.kind == "rollout.done") done = index;
        if (done && event.body.text_at("alias") == "champion") {
          promoted = true;
          EXPECT_LE(index - *done, 2u) << "in the same commit";
        }
        return {};
      }));
  EXPECT_TRUE(done);
  EXPECT_TRUE(promoted);
}

TEST(Office, AFindingAndItsWorkOrderAndOneVerdict) {
  OfficeRig rig;
  const Timestamp at = rig.clock.now;
  const auto finding = rig.find_at("test-001", at);
  ASSERT_TRUE(finding) << finding.error().text();
  EXPECT_EQ(rig.find_at("test-001", at).error().code(), Code::already_exists);
  const auto* order = rig.office->work_orders().of_finding((*finding)->id);
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->severity, "critical");
  operations::VerdictRequest request;
  request.work_order = order->id;
  request.outcome = operations::Outcome::confirmed;
  request.note = "blade";
  request.by = "person/dora";
  EXPECT_EQ(governance::rule_of(rig.office->verdict(request).error()), "not_responsible");
  EXPECT_TRUE(rig.office->work_orders().find(request.work_order)->is_open());
  request.by = "person/clara";
  const auto closed = rig.office->verdict(request);
  ASSERT_TRUE(closed) << closed.error().text();
  EXPECT_FALSE((*closed)->is_open());
  rig.clock.now = rig.clock.now + std::chrono::minutes(5);
  const auto again = rig.office->verdict(request);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::conflict);
  expect_golden("verdict_closed.txt", again.error().text() + "\n");
}

TEST(Office, AnEventThatCannotBeWrittenLeavesNothingStaged) {
  OfficeRig rig;
  ASSERT_FALSE(
      rig.office->note("not a kind", "user/anna", "person/anna", catalog::Node::make_map()));
  EXPECT_EQ(rig.office->log().staged(), 0u);
  // The order's title is too long for an event; the finding goes with it.
  const auto refused = rig.office->open_finding(
      {"test-001", "m@1:ab", "short-life"},
      {operations::EpisodeChange::Kind::opened, rig.clock.now, 1}, "low", "SELECT 1",
      std::string(governance::event_bytes_max, 'x'), "critical");
  EXPECT_FALSE(refused);
  EXPECT_EQ(rig.office->log().staged(), 0u);
  EXPECT_TRUE(rig.office->findings().all().empty());
}

TEST(Office, AReplayGivesTheSameState) {
  OfficeRig rig;
  rig.add(life_bundle());
  rig.add(anomaly_bundle());
  rig.roll_out("first", rig.release(1, life_bundle()).id.digest);
  ASSERT_TRUE(rig.find_at("test-001", rig.clock.now));
  ASSERT_TRUE(rig.office->clear_finding(
      {"test-001", "turbofan-rul@1:ab", "short-life"},
      {operations::EpisodeChange::Kind::cleared, rig.clock.now + Duration(5), 60}));
  ASSERT_TRUE(rig.find_at("test-002", rig.clock.now));
  Truth truth;
  truth.asset = "test-001";
  truth.kind = "remaining_life";
  truth.value = 112;
  truth.unit = "h";
  truth.at = rig.clock.now - std::chrono::hours(3);
  ASSERT_TRUE(rig.office->record_truth(truth, "person/ben"));
  const std::string before = state_of(*rig.office);
  rig.open();
  EXPECT_EQ(state_of(*rig.office), before);
  rig.disk.power_cut();
  rig.disk.restart();
  rig.open();
  EXPECT_EQ(state_of(*rig.office), before) << "everything that was answered was durable";
  EXPECT_EQ(rig.office->truths().at("test-001").at, truth.at);
}

}  // namespace
}  // namespace millwright::stewardship
