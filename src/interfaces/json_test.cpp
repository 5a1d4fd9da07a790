// JSON text and back, base64, tables of text.
#include "interfaces/json.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "interfaces/answer.hpp"
#include "interfaces/text_table.hpp"

namespace millwright::interfaces {
namespace {

TEST(JsonText, EscapesWhatMustBe) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\x01\x7F"), R"("a\"b\\c\n\t\u0001\u007f")");
  EXPECT_EQ(json_string("°C ≤ 𝄞"), "\"°C ≤ 𝄞\"");
}

TEST(JsonText, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(json_string("a\xFF"
                        "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(json_string("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");     // overlong
  EXPECT_EQ(json_string("\xED\xA0\x80").size(), 2 + 3 * std::size_t{3});  // surrogate
  EXPECT_EQ(json_string(std::string_view("\xE2\x82", 2)).size(), 2 + 2 * std::size_t{3});
}

TEST(JsonText, NumbersReadBackTheSame) {
  for (const double value : {0.1, 1e300, -2.5e-9, 1.0 / 3}) {
    const auto read = parse_json(Json(value).dump());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->number(), value);
  }
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).dump(), "null");
  EXPECT_EQ(parse_json("18446744073709551615")->natural(), UINT64_MAX);
  EXPECT_EQ(parse_json("-9223372036854775808")->integer(), INT64_MIN);
}

TEST(JsonText, ObjectsKeepTheirOrder) {
  const std::string text = R"({"z":1,"a":[true,null,"x",{"b":2.5}],"m":{}})";
  const auto read = parse_json(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->dump(), text);
  EXPECT_EQ((*read)["a"].items()[3]["b"].number(), 2.5);
  EXPECT_TRUE((*read)["absent"]["deeper"].is_null());
}

TEST(JsonText, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":}", "nul", "\"\xFF\"", "1 2"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_FALSE(parse_json(std::string(100'000, '[')));
  EXPECT_EQ(parse_json("[1,\n x]").error().code(), Code::invalid_input);
}

TEST(JsonText, Yaml) {
  const Json value = Json::object(
      {{"name", "a: b"}, {"list", Json::array().push(1).push("no")}, {"empty", Json::array()}});
  EXPECT_EQ(value.yaml(), "name: \"a: b\"\nlist:\n  - 1\n  - \"no\"\nempty: []\n");
}

TEST(Base64, Vectors) {  // RFC 4648, section 10
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Answers, CountsBeyondTwoToThe53AreStrings) {
  EXPECT_EQ(exact(std::uint64_t{1} << 53).dump(), "9007199254740992");
  EXPECT_EQ(exact((std::uint64_t{1} << 53) + 1).dump(), "\"9007199254740993\"");
  EXPECT_EQ(exact(INT64_MIN).dump(), "\"-9223372036854775808\"");
}

TEST(Answers, CellsOfATable) {
  engine::Table table;
  table.columns = {{"b", "BLOB"}, {"t", "TIMESTAMP"}, {"u", "UBIGINT"}, {"n", "DOUBLE"}};
  table.rows = {
      {Bytes{std::byte{0xFF}, std::byte{0}}, Timestamp{1'500'000}, UINT64_MAX, std::monostate{}}};
  table.warnings = {"one segment is missing"};
  EXPECT_EQ(to_json(table).dump(),
            R"({"columns":[{"name":"b","type":"BLOB"},{"name":"t","type":"TIMESTAMP"},)"
            R"({"name":"u","type":"UBIGINT"},{"name":"n","type":"DOUBLE"}],)"
            R"("rows":[["/wA=","1970-01-01T00:00:01.5Z","18446744073709551615",null]],)"
            R"("warnings":["one segment is missing"],"truncated":false})");
}

TEST(Answers, ProblemsSurviveTheWay) {
  Problem problem{
      {"plant.yaml", 3, 7, "spec.unit"}, "unknown unit", "a UCUM code", "Cel", "use it"};
  Error error = Error(Code::conflict, "it moved", "read again").with_problems({problem});
  error.while_doing("applying");
  const HttpResponse response = problem_answer(error);
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(error_of(response).text(), error.text());
  EXPECT_EQ(error_of({502, "text/html", "<p>", {}}).code(), Code::internal);
}

TEST(Answers, PlaceOfAnSqlError) {
  const Place place = sql_place(
      "Parser Error: syntax error at or near \"FORM\"\n\nLINE 2:   FORM samples\n           ^");
  EXPECT_EQ(place.line, 2);
  EXPECT_EQ(place.column, 4);
  EXPECT_EQ(sql_place("Out of Memory Error").line, 0);
  EXPECT_EQ(sql_place("LINE 1: no caret\n").line, 0);
}

TEST(TextTable, NumbersStandRight) {
  EXPECT_EQ(text_table({"NAME", "N"}, {{"a", 5}, {"größer", 123}}),
            "NAME      N\na         5\ngrößer  123\n");
  EXPECT_EQ(text_table({"A", "B"}, {{"x\ny", Json()}}), "A    B\nx y\n");
}

TEST(TextTable, CsvQuotes) {
  EXPECT_EQ(csv({"a", "b"}, {{"x,\"y\"", 1.5}}), "a,b\r\n\"x,\"\"y\"\"\",1.5\r\n");
}

TEST(TextTable, Words) {
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
  EXPECT_EQ(grouped(12), "12");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(age_text(0.2), "now");
  EXPECT_EQ(age_text(300), "5 min");
}

}  // namespace
}  // namespace millwright::interfaces
