// Tables for people and for spreadsheets, from JSON cells.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "interfaces/json.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::interfaces {

/// What a command answers: `document` for json and yaml, the rows for table and csv.
struct View {
  Json document;
  std::vector<std::string> headers;
  std::vector<std::vector<Json>> rows;
};

/// Columns of equal width; numbers right, control characters as spaces. Ends with a newline.
std::string text_table(const std::vector<std::string>& headers,
                       const std::vector<std::vector<Json>>& rows);
/// RFC 4180, with a header line.
std::string csv(const std::vector<std::string>& headers,
                const std::vector<std::vector<Json>>& rows);
void print(const View& view, OutputFormat format, std::ostream& out);

/// Characters that `text` takes on a terminal, one a code point.
std::size_t display_width(std::string_view text);
/// `12`, `1,234,567`.
std::string grouped(std::uint64_t value);
/// `12 s`, `3 min`, `5 h`, `2 d`.
std::string age_text(double seconds);
/// Bytes with a binary unit: `1.5 MiB`.
std::string bytes_text(double bytes);

}  // namespace millwright::interfaces
