#include "operations/work_order.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "operations/work_order_rig.hpp"

namespace millwright::operations {
namespace {

Timestamp hour(std::int64_t number) {
  return {number * 3'600'000'000};
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(MILLWRIGHT_SOURCE_DIR) + "/src/operations/golden/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(WorkOrder, OneOpenForEachAssetAndRule) {
  WorkBench bench;
  const auto first = bench.finding("engine-7", hour(1));
  bench.clear("engine-7", hour(2));
  const auto second = bench.finding("engine-7", hour(3));
  const auto other_model = bench.finding("engine-7", hour(3), "life@2:cd");
  const auto other_rule = bench.finding("engine-7", hour(3), "life@1:ab", "trend");
  EXPECT_EQ(bench.orders.all().size(), 2u);
  const auto* order = bench.orders.of_finding(first);
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->findings, (std::vector<std::string>{first, second, other_model}));
  EXPECT_EQ(bench.orders.of_finding(other_rule)->id, "wo-000002");
  EXPECT_EQ(bench.orders.open(*bench.findings.find(first), "", "", hour(4)).error().code(),
            Code::already_exists);
  bench.verdict(first, Outcome::confirmed);
  EXPECT_EQ(bench.orders.open_of("engine-7", "low"), nullptr);
  bench.clear("engine-7", hour(5));
  EXPECT_EQ(bench.orders.of_finding(bench.finding("engine-7", hour(6)))->id, "wo-000003");
}

TEST(WorkOrder, AVerdictOnAClosedOneIsRefusedWithTheGoldenText) {
  WorkBench bench;
  const auto finding = bench.finding("engine-7", hour(1));
  bench.verdict(finding, Outcome::confirmed);
  const auto again =
      bench.orders.verdict({"wo-000001", Outcome::none_found, "", "", "person/otto"}, bench.now);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::conflict);
  EXPECT_EQ(again.error().text() + "\n", golden("verdict_on_closed.txt"));
  EXPECT_EQ(bench.orders.find("wo-000001")->verdict->outcome, Outcome::confirmed);
}

TEST(WorkOrder, OtherRefusals) {
  WorkBench bench;
  bench.finding("engine-7", hour(1));
  EXPECT_EQ(bench.orders.verdict({"wo-9", {}, "", "", "person/anna"}, hour(1)).error().code(),
            Code::not_found);
  const VerdictRequest wordy{"wo-000001", {}, std::string(4001, 'x'), "", "person/anna"};
  EXPECT_EQ(bench.orders.verdict(wordy, hour(1)).error().code(), Code::invalid_input);
  EXPECT_EQ(outcome_named("confirmd").error().remedy(), "did you mean confirmed?");
  EXPECT_EQ(*outcome_named("could_not_inspect"), Outcome::could_not_inspect);
}

TEST(WorkOrder, EventsThatDoNotFollowAreCorrupt) {
  WorkBench bench;
  const auto finding = bench.finding("engine-7", hour(1));
  const auto event =
      *bench.orders.verdict({"wo-000001", Outcome::none_found, "", "", "person/otto"}, hour(2));
  bench.verdict(finding, Outcome::confirmed);
  EXPECT_EQ(bench.orders.apply(event).error().code(), Code::corrupt);
  auto unknown = event;
  unknown.subject = "work-order/wo-000777";
  EXPECT_EQ(bench.orders.apply(unknown).error().code(), Code::corrupt);
}

TEST(WorkOrder, VerdictsBecomeLabelsButNotLookingDoesNot) {
  WorkBench bench;
  const auto seven = bench.finding("engine-7", hour(1));
  const auto eight = bench.finding("engine-8", hour(2));
  const auto nine = bench.finding("engine-9", hour(3));
  bench.finding("engine-10", hour(4));
  bench.verdict(seven, Outcome::confirmed);
  bench.verdict(eight, Outcome::could_not_inspect);
  bench.verdict(nine, Outcome::none_found);
  const auto found = labels(bench.orders, bench.findings);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], (TrainingLabel{"engine-7", hour(1), Outcome::confirmed, "", "life@1:ab",
                                     seven, "wo-000001", "person/anna"}));
  EXPECT_EQ(found[1].outcome, Outcome::none_found);
}

TEST(WorkOrder, TenThousandFindingsEndInExactlyOneWorkOrderEach) {
  WorkBench bench;
  std::vector<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    const std::string asset = "engine-" + std::to_string(i % 500);
    if (i >= 500) bench.clear(asset, hour(i));
    ids.push_back(bench.finding(asset, hour(i + 1)));
    if (i % 7 == 0) bench.verdict(ids.back(), static_cast<Outcome>(i % 4));
  }
  std::size_t held = 0;
  for (const auto& [id, order] : bench.orders.all()) held += order.findings.size();
  EXPECT_EQ(held, ids.size());
  for (const auto& id : ids) EXPECT_NE(bench.orders.of_finding(id), nullptr);
}

}  // namespace
}  // namespace millwright::operations
