#include "fabric/drivers/csv_parser.hpp"

#include <gtest/gtest.h>

#include "fabric/drivers/csv_source.hpp"
#include "fabric/drivers/testing.hpp"

namespace millwright::drivers {
namespace {

using Status = CsvParser::Status;

std::vector<std::string> texts(const CsvParser& parser) {
  std::vector<std::string> out;
  for (const auto& cell : parser.cells()) {
    out.push_back(cell.kind == CellKind::empty ? "<empty>" : std::string(cell.text));
  }
  return out;
}

TEST(CsvParser, SplitsByEachDelimiter) {
  CsvParser comma(Delimiter::comma);
  EXPECT_EQ(comma.parse("a, b ,,d\r\nnext", false), Status::record);
  EXPECT_EQ(texts(comma), (std::vector<std::string>{"a", "b", "<empty>", "d"}));
  EXPECT_EQ(comma.consumed(), 10u);
  CsvParser semicolon(Delimiter::semicolon);
  EXPECT_EQ(semicolon.parse("1,5;2\n", false), Status::record);
  EXPECT_EQ(texts(semicolon), (std::vector<std::string>{"1,5", "2"}));
  CsvParser tab(Delimiter::tab);
  EXPECT_EQ(tab.parse("a b\t\tc\n", false), Status::record);
  EXPECT_EQ(texts(tab), (std::vector<std::string>{"a b", "<empty>", "c"}));
  CsvParser blanks(Delimiter::blanks);
  EXPECT_EQ(blanks.parse("  1  2\t3  \n", false), Status::record);
  EXPECT_EQ(texts(blanks), (std::vector<std::string>{"1", "2", "3"}));
}

TEST(CsvParser, QuotesHoldDelimitersQuotesAndLineEnds) {
  CsvParser parser(Delimiter::comma);
  EXPECT_EQ(parser.parse("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",5\" pipe\nrest", false),
            Status::record);
  EXPECT_EQ(texts(parser),
            (std::vector<std::string>{"a,b", "say \"hi\"", "two\nlines", "5\" pipe"}));
  EXPECT_EQ(parser.lines(), 2u);
  EXPECT_EQ(parser.parse("\"\",x\r\n", false), Status::record);
  EXPECT_EQ(texts(parser), (std::vector<std::string>{"", "x"})) << "quoted nothing is a text";
}

TEST(CsvParser, WaitsForTheEndOfARecord) {
  CsvParser parser(Delimiter::comma);
  EXPECT_EQ(parser.parse("a,b", false), Status::need_more);
  EXPECT_EQ(parser.parse("a,b", true), Status::record);
  EXPECT_EQ(parser.parse("\"a\"", false), Status::need_more) << "the quote may be doubled";
  EXPECT_EQ(parser.parse("\"a\nb", false), Status::need_more);
  EXPECT_EQ(parser.parse("", true), Status::need_more);
  EXPECT_EQ(parser.parse(" \t\r\nx", false), Status::blank);
}

TEST(CsvParser, ABrokenRecordCostsItsFirstLine) {
  CsvParser parser(Delimiter::comma);
  EXPECT_EQ(parser.parse("\"a\" b,c\nnext\n", true), Status::broken);
  EXPECT_EQ(parser.consumed(), 8u);
  EXPECT_EQ(parser.parse("\"open\n1,2\n", true), Status::broken);
  EXPECT_EQ(parser.consumed(), 6u);
}

std::unique_ptr<RecordSource> open_text(std::string content, FileSpec spec = {}) {
  auto plain = open_plain(
      std::make_unique<testing::MemoryFile>(std::make_shared<std::string>(std::move(content))));
  spec.path = "x.csv";
  auto source = open_csv(std::move(*plain), spec);
  EXPECT_TRUE(source.has_value()) << source.error().text();
  return source ? std::move(*source) : nullptr;
}

TEST(CsvSource, HeaderLinesNumbersAndBrokenRecords) {
  auto source = open_text("\xEF\xBB\xBFt,a\n1,2\n\n3\n\"5,6\n7,8\n9,\"10\n11\"\n12,13\n\"14\",15");
  EXPECT_EQ(source->columns(), (std::vector<std::string>{"t", "a"}));
  Record record;
  std::vector<std::string> seen;
  while (true) {
    const auto outcome = source->next(record).value();
    if (outcome == ReadOutcome::end) break;
    seen.push_back(std::to_string(record.number) + "@" + std::to_string(record.line) + ":" +
                   (outcome == ReadOutcome::broken ? "broken" : std::string(record.cells[0].text)));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"1@2:1", "2@4:broken", "3@5:broken", "4@6:7", "5@7:9",
                                            "6@9:12", "7@10:14"}))
      << "the open quote of line 5 ends at line 7, makes no record of two columns and costs line 5";
}

TEST(CsvSource, GoesOnAfterAnyRecordByOffsetOrByReading) {
  std::string content = "t,a\n";
  for (int i = 0; i < 20'000; ++i) content += std::to_string(i) + ",\"x\ny\"\n";
  auto source = open_text(content);
  Record record;
  for (int i = 0; i < 12'345; ++i) ASSERT_EQ(source->next(record).value(), ReadOutcome::record);
  const auto offset = record.offset_after;
  for (const auto hint : {offset, std::uint64_t{0}}) {
    auto again = open_text(content);
    ASSERT_TRUE(again->skip_to(12'345, hint).has_value());
    ASSERT_EQ(again->next(record).value(), ReadOutcome::record);
    EXPECT_EQ(record.cells[0].text, "12345");
    EXPECT_EQ(record.number, 12'346u);
    ASSERT_TRUE(again->skip_to(0, 0).has_value());
    ASSERT_EQ(again->next(record).value(), ReadOutcome::record);
    EXPECT_EQ(record.cells[0].text, "0");
  }
  EXPECT_EQ(source->skip_to(30'000, 0).error().code(), Code::conflict);
}

TEST(CsvSource, AnEndlessLineCostsThatLine) {
  std::string content = "t,a\n1,2\n";
  content += std::string(600'000, 'x') + "\n3,4\n";
  auto source = open_text(content);
  Record record;
  EXPECT_EQ(source->next(record).value(), ReadOutcome::record);
  EXPECT_EQ(source->next(record).value(), ReadOutcome::broken);
  ASSERT_EQ(source->next(record).value(), ReadOutcome::record);
  EXPECT_EQ(record.cells[0].text, "3");
  EXPECT_EQ(record.line, 4u);
  EXPECT_EQ(source->next(record).value(), ReadOutcome::end);
}

TEST(CsvSource, SkipsLinesAndNamesColumnsByPosition) {
  FileSpec spec;
  spec.header = false;
  spec.delimiter = Delimiter::blanks;
  spec.skip_lines = 2;
  auto source = open_text("a comment\nanother one\n1 2 3 \n", spec);
  EXPECT_EQ(source->columns(), (std::vector<std::string>{"1", "2", "3"}));
  Record record;
  ASSERT_EQ(source->next(record).value(), ReadOutcome::record);
  EXPECT_EQ(record.line, 3u);
}

TEST(Records, WhatThisProgramCannotReadNamesTheRemedy) {
  testing::MemoryDisk disk;
  disk.put("a.parquet", "PAR1....PAR1");
  disk.put("a.csv", "PAR1....PAR1");
  disk.put("b.csv.gz", "\x1F\x8B....");
  FileSpec spec;
  spec.path = "a.parquet";
  auto opened = open_records(disk, spec, {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), Code::unavailable);
  EXPECT_NE(opened.error().remedy().find("convert it to CSV"), std::string::npos);
  spec.path = "b.csv.gz";
  EXPECT_EQ(open_records(disk, spec, {}).error().code(), Code::unavailable);
  Formats formats;
  formats.gunzip = open_gzip;
  EXPECT_EQ(open_records(disk, spec, formats).error().code(), Code::corrupt);
  spec.path = "a.csv";
  EXPECT_EQ(open_records(disk, spec, {}).error().code(), Code::invalid_input);
  spec.path = "none.csv";
  EXPECT_EQ(open_records(disk, spec, {}).error().code(), Code::not_found);
}

}  // namespace
}  // namespace millwright::drivers
