#include "stewardship/stretches.hpp"

#include <gtest/gtest.h>

#include "base/format.hpp"

namespace millwright::stewardship {
namespace {

const ontology::StateScope running{"state", {"running", "idle"}};

/// One letter a scan: r(unning), i(dle), f(ailed), s(topped), ?: bad; `.`: nothing told. In
/// capitals: without a scan.
std::vector<Stretch> cut(std::string_view letters) {
  StretchCutter cutter(running, 7);
  std::int64_t at = 0;
  for (const char letter : letters) {
    ++at;
    const char small = static_cast<char>(letter | 0x20);
    StoredScan scan{.at = {at},
                    .state = {},
                    .counts = letter == '.' || letter == '?' || letter >= 'a',
                    .values = {}};
    if (small == 'r') scan.state = "running";
    if (small == 'i') scan.state = "idle";
    if (small == 'f') scan.state = "failed";
    if (small == 's') scan.state = "stopped";
    if (letter == '?') scan.state = "";
    const double value = static_cast<double>(at);
    scan.values = std::span(&value, 1);
    cutter.add(scan);
  }
  return cutter.finish();
}
/// `first-last` of each, `*` where its beginning was seen, and what ended it.
std::string text_of(const std::vector<Stretch>& stretches) {
  std::string out;
  for (const auto& stretch : stretches) {
    out += fmt::format("{}{}-{}{} {}", out.empty() ? "" : ", ", stretch.record.at.front().us,
                       stretch.record.at.back().us, stretch.is_begun ? "*" : "", stretch.ended_by);
  }
  return out;
}

TEST(Stretches, AreMaximalAndKnowTheirBeginningAndEnd) {
  EXPECT_EQ(text_of(cut("rrrf.rir.ssrr")), "1-3 failed, 6-9* stopped, 12-13* ");
  EXPECT_EQ(text_of(cut("..r.f")), "3-4 failed") << "an unknown state is no beginning";
  EXPECT_EQ(text_of(cut("srr?rr")), "2-3* , 5-6 ") << "nor is one that was lost";
  EXPECT_EQ(text_of(cut("sRrrSRrF")), "3-4* stopped, 7-7* failed")
      << "a state between two scans ends one too";
  EXPECT_EQ(text_of(cut("sRF..")), "") << "no scan, no stretch";
  EXPECT_EQ(text_of(cut("")), "");
  const auto all = cut("srr");
  EXPECT_EQ(all.at(0).record.group, 7u);
  EXPECT_EQ(all.at(0).record.values, (std::vector<double>{2, 3}));
}

catalog::ModelSpec spec_of(catalog::Algorithm algorithm, bool age,
                           std::vector<std::string> becomes = {}) {
  catalog::ModelSpec out;
  out.algorithm = algorithm;
  out.features.age = age;
  out.scope = running;
  if (algorithm == catalog::Algorithm::gradient_boosting)
    out.target = catalog::RemainingLife{"min", {}, std::move(becomes)};
  return out;
}
std::string usable(const catalog::ModelSpec& spec, std::string_view letters) {
  std::vector<models::Record> records;
  const auto counts = take_usable(spec, cut(letters), records);
  EXPECT_EQ(records.size(), counts.used);
  std::string out;
  for (const auto& record : records) out += fmt::format("{} ", record.at.front().us);
  return out + counts.left_out_text(spec);
}

TEST(Stretches, AreLeftOutByWhatTheModelNeeds) {
  using enum catalog::Algorithm;
  constexpr std::string_view letters = "rrfssrrrfrrsrr";  // unseen, failed, stopped, still running
  EXPECT_EQ(usable(spec_of(pca, false), letters), "6 10 13 the beginning of 1 was not seen");
  EXPECT_EQ(usable(spec_of(gradient_boosting, false), letters), "1 6 10 13 ");
  EXPECT_EQ(usable(spec_of(gradient_boosting, false, {"failed"}), letters),
            "1 6 2 did not end in failed");
  EXPECT_EQ(usable(spec_of(gradient_boosting, true, {"failed", "burst"}), letters),
            "6 the beginning of 1 was not seen and 2 did not end in failed or burst");
}

}  // namespace
}  // namespace millwright::stewardship
