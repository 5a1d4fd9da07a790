#include <gtest/gtest.h>

#include "ontology/address.hpp"
#include "ontology/batch.hpp"
#include "ontology/provenance.hpp"
#include "ontology/quality.hpp"
#include "ontology/value.hpp"

namespace millwright::ontology {
namespace {

TEST(Quality, TextRoundTripsForKnownAndUnknownReasons) {
  for (const Quality q :
       {Quality::good(), Quality::bad(Reason::stuck), Quality::uncertain(Reason::foreign),
        Quality::bad(static_cast<Reason>(999))}) {
    EXPECT_EQ(parse_quality(to_text(q)), q) << to_text(q);
  }
  EXPECT_EQ(to_text(Quality::bad(Reason::out_of_range)), "bad:out_of_range");
  EXPECT_FALSE(parse_quality("fine").has_value());
  EXPECT_FALSE(parse_quality("bad:whatever").has_value());
}

TEST(Quality, WorseKeepsTheFirstReasonAmongEquals) {
  const auto stuck = Quality::bad(Reason::stuck), range = Quality::bad(Reason::out_of_range);
  EXPECT_EQ(worse(stuck, range), stuck);
  EXPECT_EQ(worse(Quality::good(), range), range);
}

TEST(DataTypes, NamesRoundTrip) {
  for (int code = 1; code <= 200; ++code) {
    const auto type = static_cast<DataType>(code);
    if (name_of(type) == "unknown") continue;
    EXPECT_EQ(parse_data_type(name_of(type)), type);
  }
  EXPECT_FALSE(parse_data_type("unknown").has_value());
}

TEST(SeriesNumbers, HoldSiteGroupAndSlot) {
  const auto n = SeriesNumber::make(0xFFFF, 0xABCDEF, 0x123456);
  EXPECT_EQ(n.site(), 0xFFFF);
  EXPECT_EQ(n.scan_group(), 0xABCDEFu);
  EXPECT_EQ(n.slot(), 0x123456u);
}

TEST(Batches, PayloadsOutsideTheArenaAreEmpty) {
  Batch batch;
  Row row;
  batch.set_payload(row, "hello");
  EXPECT_EQ(batch.payload(row), "hello");
  row.bits = (std::uint64_t{4} << 32) | 9;
  EXPECT_EQ(batch.payload(row), "");
}

TEST(Provenance, CanonicalFormRoundTripsAndNothingElseIsRead) {
  Recipe recipe;
  recipe.producer = "site-a/edge-1";
  recipe.pipeline = "turbofan@3:\"quoted\"\n";
  const auto text = recipe.canonical();
  EXPECT_EQ(text, R"({"pipeline":"turbofan@3:\"quoted\"\u000a","producer":"site-a/edge-1"})");
  EXPECT_EQ(Recipe::parse(text).value(), recipe);
  EXPECT_EQ(Recipe::parse("{}").value(), Recipe{});
  EXPECT_FALSE(Recipe::parse(R"({"producer":"a","pipeline":"b"})").has_value()) << "unsorted";
  EXPECT_FALSE(Recipe::parse(R"({"producer":"a"} )").has_value());
  EXPECT_NE(digest_of(recipe), digest_of(Recipe{}));
}

}  // namespace
}  // namespace millwright::ontology
