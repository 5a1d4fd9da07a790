// CSV records: a fast path for lines without quotes, a state machine for the others.
#include "fabric/drivers/csv_parser.hpp"

#include <algorithm>
#include <utility>

namespace millwright::drivers {
namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

char separator_of(Delimiter delimiter) {
  switch (delimiter) {
    case Delimiter::comma:
      return ',';
    case Delimiter::semicolon:
      return ';';
    case Delimiter::tab:
      return '\t';
    case Delimiter::blanks:
      return ' ';
  }
  return ',';
}

}  // namespace

CsvParser::CsvParser(Delimiter delimiter)
    : separator_(separator_of(delimiter)), blanks_(delimiter == Delimiter::blanks) {}

bool CsvParser::is_separator(char c) const {
  return blanks_ ? is_blank(c) : c == separator_;
}

void CsvParser::add_plain(std::string_view text) {
  const auto trimmed = [this](char c) { return is_blank(c) && (blanks_ || c != separator_); };
  while (!text.empty() && trimmed(text.front())) text.remove_prefix(1);
  while (!text.empty() && trimmed(text.back())) text.remove_suffix(1);
  cells_.push_back(text.empty() ? Cell{} : Cell::of_text(text));
}

void CsvParser::split_plain(std::string_view line) {
  if (!blanks_) {
    while (true) {
      const auto end = line.find(separator_);
      add_plain(line.substr(0, end));
      if (end == std::string_view::npos) return;
      line.remove_prefix(end + 1);
    }
  }
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return;
    const std::size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    cells_.push_back(Cell::of_text(line.substr(begin, at - begin)));
  }
}

CsvParser::Status CsvParser::broken(std::string what) {
  problem_ = std::move(what);
  consumed_ = first_line_;
  lines_ = 1;
  cells_.clear();
  return Status::broken;
}

CsvParser::Status CsvParser::parse(std::string_view input, bool at_end) {
  cells_.clear();
  pieces_.clear();
  unquoted_.clear();
  problem_.clear();
  consumed_ = 0;
  lines_ = 0;
  const auto newline = input.find('\n');
  if (newline == std::string_view::npos && (!at_end || input.empty())) return Status::need_more;
  std::string_view line = input.substr(0, newline);
  first_line_ = newline == std::string_view::npos ? input.size() : newline + 1;
  if (line.find('"') != std::string_view::npos) return parse_quoted(input, at_end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  consumed_ = first_line_;
  lines_ = 1;
  if (std::ranges::all_of(line, is_blank)) return Status::blank;
  split_plain(line);
  return Status::record;
}

CsvParser::Status CsvParser::parse_quoted(std::string_view input, bool at_end) {
  std::size_t at = 0;
  std::uint64_t newlines = 0;
  const auto finish = [&](std::size_t end) {
    consumed_ = end;
    lines_ = newlines + 1;
    for (const auto& piece : pieces_) {
      cells_[piece.cell] =
          Cell::of_text(std::string_view(unquoted_).substr(piece.offset, piece.length));
    }
    return Status::record;
  };
  while (true) {
    while (at < input.size() && is_blank(input[at]) && (blanks_ || input[at] != separator_)) ++at;
    const bool quoted = at < input.size() && input[at] == '"';
    if (quoted) {
      const std::size_t begin = unquoted_.size();
      for (++at;; ++at) {
        if (at >= input.size()) {
          return at_end ? broken("a quoted cell has no end") : Status::need_more;
        }
        if (input[at] == '"') {
          if (at + 1 < input.size() && input[at + 1] == '"') {
            ++at;
          } else if (at + 1 == input.size() && !at_end) {
            return Status::need_more;
          } else {
            ++at;
            break;
          }
        }
        if (input[at] == '\n') ++newlines;
        unquoted_ += input[at];
      }
      pieces_.push_back({cells_.size(), begin, unquoted_.size() - begin});
      cells_.emplace_back();
      while (at < input.size() && is_blank(input[at]) && !is_separator(input[at])) ++at;
    } else {
      const std::size_t begin = at;
      while (at < input.size() && input[at] != '\n' && !is_separator(input[at])) ++at;
      std::string_view text = input.substr(begin, at - begin);
      if (at < input.size() && input[at] == '\n' && text.ends_with('\r')) text.remove_suffix(1);
      if (!blanks_ || !text.empty()) add_plain(text);
    }
    if (at >= input.size()) return at_end ? finish(at) : Status::need_more;
    if (quoted && input[at] == '\r' && at + 1 < input.size() && input[at + 1] == '\n') ++at;
    if (quoted && input[at] == '\r' && at + 1 == input.size() && !at_end) return Status::need_more;
    if (input[at] == '\n') return finish(at + 1);
    if (!is_separator(input[at])) return broken("text follows the closing quote of a cell");
    ++at;
  }
}

}  // namespace millwright::drivers
