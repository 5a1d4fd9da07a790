// CSV (RFC 4180 with other delimiters): one record out of a run of bytes. No I/O; fuzzed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fabric/drivers/records.hpp"

namespace millwright::drivers {

/// Splits records. Cells without quotes are trimmed of blanks; a quote counts at the start of a
/// cell only, and is doubled inside. Lines end with LF or CRLF.
class CsvParser {
 public:
  explicit CsvParser(Delimiter delimiter);

  enum class Status : std::uint8_t {
    record,
    blank,      ///< a line without anything
    broken,     ///< `problem` says why; `consumed` goes to the end of its first line
    need_more,  ///< the record does not end in `input`
  };
  /// Reads the record at the start of `input`; `at_end`: nothing follows `input`. Cells are views
  /// of `input` or of the parser, until the next call.
  Status parse(std::string_view input, bool at_end);

  const std::vector<Cell>& cells() const { return cells_; }
  /// Bytes and lines of what was read.
  std::size_t consumed() const { return consumed_; }
  std::uint64_t lines() const { return lines_; }
  /// Bytes to the end of the record's first line: where to go on when the record proves wrong.
  std::size_t first_line() const { return first_line_; }
  const std::string& problem() const { return problem_; }

 private:
  struct Piece {
    std::size_t cell;
    std::size_t offset;
    std::size_t length;
  };
  void split_plain(std::string_view line);
  Status parse_quoted(std::string_view input, bool at_end);
  Status broken(std::string what);
  bool is_separator(char c) const;
  void add_plain(std::string_view text);

  char separator_;
  bool blanks_;
  std::vector<Cell> cells_;
  std::string unquoted_;
  std::vector<Piece> pieces_;
  std::size_t consumed_ = 0;
  std::size_t first_line_ = 0;
  std::uint64_t lines_ = 0;
  std::string problem_;
};

}  // namespace millwright::drivers
