#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright {
namespace {

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0})), 0x8A9136AAu);
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0xFF})), 0x62A8AB43u);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xE3069283u);
}

TEST(Bytes, VarintsRoundTripAndEndIsNoticed) {
  Bytes out;
  ByteWriter writer(out);
  writer.varint(UINT64_MAX);
  writer.signed_varint(INT64_MIN);
  writer.signed_varint(-1);
  writer.text("mw");
  ByteReader reader(out);
  EXPECT_EQ(reader.varint(), UINT64_MAX);
  EXPECT_EQ(reader.signed_varint(), INT64_MIN);
  EXPECT_EQ(reader.signed_varint(), -1);
  EXPECT_EQ(reader.text(), "mw");
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
  reader.u8();
  EXPECT_FALSE(reader.ok());
}

TEST(Bytes, OverlongVarintAndImpossibleCountAreRefused) {
  const Bytes overlong(11, std::byte{0xFF});
  ByteReader reader(overlong);
  reader.varint();
  EXPECT_FALSE(reader.ok());
  Bytes out;
  ByteWriter(out).varint(1'000'000);
  ByteReader counter(out);
  EXPECT_EQ(counter.count(1), 0u);
  EXPECT_FALSE(counter.ok());
}

TEST(Time, Rfc3339RoundTripsWithOffsetsAndFractions) {
  const auto time = parse_rfc3339("2026-11-23T06:41:00.25+01:00");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(to_rfc3339(*time), "2026-11-23T05:41:00.25Z");
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.999999Z")->us, -1);
  EXPECT_FALSE(parse_rfc3339("2026-02-30T00:00:00Z").has_value());
  EXPECT_FALSE(parse_rfc3339("2026-11-23T05:41:00").has_value())
      << "a time without zone is ambiguous";
  EXPECT_FALSE(parse_rfc3339("2026-11-23T05:41:00.1234567Z").has_value());
}

TEST(Time, DurationsParseAndPrint) {
  EXPECT_EQ(parse_duration("1h30m")->count(), 5'400'000'000);
  EXPECT_EQ(to_text(Duration(5'400'000'000)), "1h30m");
  EXPECT_FALSE(parse_duration("10").has_value());
  EXPECT_FALSE(parse_duration("99999999999999999d").has_value());
}

TEST(Names, FollowTheRuleForTopics) {
  EXPECT_TRUE(is_valid_name("edge-1.a_b"));
  EXPECT_FALSE(is_valid_name(""));
  EXPECT_FALSE(is_valid_name("-a"));
  EXPECT_FALSE(is_valid_name("A"));
  EXPECT_FALSE(is_valid_name("a/b"));
  EXPECT_FALSE(is_valid_name(std::string(64, 'a')));
}

TEST(Errors, SayEveryProblemAtOnce) {
  Error error(Code::invalid_input, "plant.yaml has 2 problems");
  error = std::move(error).with_problems(
      {{{"plant.yaml", 3, 5, "spec.unit"}, "unknown unit 'celsius'", "a UCUM unit", "Cel", ""},
       {{"plant.yaml", 9, 1, "spec"}, "missing key 'asset'", "", "", "add asset: <name>"}});
  EXPECT_EQ(error.text(),
            "plant.yaml has 2 problems (invalid_input)\n"
            "  plant.yaml:3:5: spec.unit: unknown unit 'celsius'; expected a UCUM unit; did you "
            "mean 'Cel'?\n"
            "  plant.yaml:9:1: spec: missing key 'asset'; add asset: <name>");
}

TEST(NearestName, FindsTyposAndNothingFar) {
  EXPECT_EQ(nearest_name("sginals", {"signals", "site"}), "signals");
  EXPECT_EQ(nearest_name("zzzzzz", {"signals", "site"}), "");
}

}  // namespace
}  // namespace millwright
