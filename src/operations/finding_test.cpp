#include "operations/finding.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/format.hpp"

namespace millwright::operations {
namespace {

Timestamp second(std::int64_t number) {
  return {number * 1'000'000};
}

const FindingKey key{"engine-7", "remaining-life@2:ab", "health-low"};

EpisodeRule low_health() {
  return {"health-low", Side::below, 0.3, 0.5, 2, 2};
}

/// `O3` opened with its first sample at second 3, `C` cleared; bad samples are written `x`.
std::string follow(EpisodeTracker& tracker, const std::vector<double>& scores, int from = 1) {
  std::string out;
  for (const double score : scores) {
    const bool bad = score < 0;
    if (const auto change = tracker.on_sample(second(from), std::abs(score), !bad)) {
      out += fmt::format("{}{} ", change->kind == EpisodeChange::Kind::opened ? 'O' : 'C',
                         change->at.us / 1'000'000);
    }
    ++from;
  }
  return out;
}

TEST(Episode, OpensAndClearsWithHysteresis) {
  struct Row {
    std::string name;
    std::vector<double> scores;
    std::string expected;
  };
  const Row rows[] = {
      {"never", {0.9, 0.8, 0.4, 0.4, 0.4}, ""},
      {"one sample is not enough", {0.2, 0.4, 0.2, 0.4}, ""},
      {"the first of the run counts", {0.9, 0.3, 0.2, 0.1}, "O2 "},
      {"between the limits it stays open", {0.2, 0.2, 0.4, 0.45, 0.5, 0.4}, "O1 "},
      {"clears beyond the other limit", {0.2, 0.2, 0.6, 0.7, 0.9}, "O1 C3 "},
      {"one good sample does not clear", {0.2, 0.2, 0.6, 0.4, 0.6, 0.2}, "O1 "},
      {"arms again", {0.2, 0.2, 0.6, 0.6, 0.2, 0.2}, "O1 C3 O5 "},
      {"bad samples say nothing", {0.2, -0.9, 0.2, -0.9, -0.9, 0.6, -0.1, 0.6}, "O1 C6 "},
  };
  for (const auto& row : rows) {
    EpisodeTracker tracker(low_health());
    EXPECT_EQ(follow(tracker, row.scores), row.expected) << row.name;
  }
}

TEST(Episode, PassesOverWhatIsNotFiniteOrLate) {
  EpisodeTracker tracker({"score", Side::above, 0.9, 0.8, 1, 1});
  EXPECT_FALSE(tracker.on_sample(second(5), std::nan(""), true));
  EXPECT_FALSE(tracker.on_sample(second(5), std::numeric_limits<double>::infinity(), true));
  EXPECT_TRUE(tracker.on_sample(second(5), 0.9, true));
  EXPECT_FALSE(tracker.on_sample(second(5), 0.1, true));
  EXPECT_FALSE(tracker.on_sample(second(4), 0.1, true));
  EXPECT_TRUE(tracker.is_open());
  EXPECT_EQ(tracker.passed_over(), 4u);
}

TEST(Episode, SavedInTheMiddleGoesOnAsIfNothingHappened) {
  const std::vector<double> scores{0.2, 0.2, 0.6, 0.6, 0.2, 0.6, 0.2, 0.2, 0.9, 0.9};
  EpisodeTracker whole(low_health());
  const std::string expected = follow(whole, scores);
  for (std::size_t cut = 0; cut <= scores.size(); ++cut) {
    const auto middle = scores.begin() + static_cast<std::ptrdiff_t>(cut);
    EpisodeTracker first(low_health());
    EpisodeTracker second_part(low_health());
    std::string out = follow(first, {scores.begin(), middle});
    ASSERT_TRUE(second_part.load(first.save()));
    out += follow(second_part, {middle, scores.end()}, static_cast<int>(cut) + 1);
    EXPECT_EQ(out, expected);
  }
  Bytes bytes = whole.save();
  bytes.pop_back();
  EXPECT_EQ(whole.load(bytes).error().code(), Code::corrupt);
  bytes = whole.save();
  bytes[0] = std::byte{9};
  EXPECT_EQ(whole.load(bytes).error().code(), Code::unsupported_version);
}

TEST(Episode, RulesThatCannotClearAreRefused) {
  EXPECT_TRUE(low_health().check());
  EXPECT_FALSE((EpisodeRule{"r", Side::below, 0.5, 0.3, 1, 1}.check()));
  EXPECT_FALSE((EpisodeRule{"r", Side::above, 0.3, 0.5, 1, 1}.check()));
  EXPECT_FALSE((EpisodeRule{"r", Side::above, 0.5, 0.3, 0, 1}.check()));
}

struct Bench {
  Findings findings;
  bool opened(std::int64_t at) {
    auto event = findings.open(key, {EpisodeChange::Kind::opened, second(at), 0.2}, "health is low",
                               "query", second(1000));
    if (!event) {
      EXPECT_EQ(event.error().code(), Code::already_exists);
      return false;
    }
    EXPECT_TRUE(event->check());
    EXPECT_TRUE(findings.apply(*governance::Event::parse(event->canonical())));
    return true;
  }
  bool cleared(std::int64_t at) {
    auto event = findings.clear(key, {EpisodeChange::Kind::cleared, second(at), 0.7}, second(1000));
    return event && findings.apply(*event).has_value();
  }
};

TEST(Finding, TheIdFollowsFromTheEpisodeAlone) {
  EXPECT_EQ(finding_id(key, second(3)), "f-daf5b34a72f36a39");
  EXPECT_NE(finding_id(key, second(3)), finding_id(key, second(4)));
  EXPECT_NE(finding_id({"a", "bc", "d"}, second(3)), finding_id({"ab", "c", "d"}, second(3)));
}

TEST(Finding, ARecomputationMakesNoSecondOne) {
  Bench bench;
  EXPECT_TRUE(bench.opened(100));
  EXPECT_FALSE(bench.opened(100)) << "the same again";
  EXPECT_FALSE(bench.opened(110)) << "open all the while";
  EXPECT_FALSE(bench.opened(95)) << "a late sample shifts its begin";
  EXPECT_TRUE(bench.cleared(200));
  EXPECT_FALSE(bench.cleared(210));
  EXPECT_FALSE(bench.opened(100));
  EXPECT_FALSE(bench.opened(150)) << "within the closed episode";
  EXPECT_TRUE(bench.opened(300));
  EXPECT_EQ(bench.findings.all().size(), 2u);
  EXPECT_EQ(bench.findings.open_of(key)->at, second(300));
}

TEST(Finding, EventsThatDoNotFollowAreCorrupt) {
  Bench bench;
  ASSERT_TRUE(bench.opened(100));
  auto event =
      *bench.findings.clear(key, {EpisodeChange::Kind::cleared, second(200), 1}, second(1));
  ASSERT_TRUE(bench.findings.apply(event));
  EXPECT_FALSE(bench.findings.apply(event));
  event.body = catalog::Node::make_map();
  EXPECT_FALSE(bench.findings.apply(event));
  event.kind = "other.thing";
  EXPECT_TRUE(bench.findings.apply(event)) << "another room's";
}

}  // namespace
}  // namespace millwright::operations
