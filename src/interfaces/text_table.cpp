#include "interfaces/text_table.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"

namespace millwright::interfaces {

namespace {

std::string cell_text(const Json& cell) {
  std::string out = cell.text();
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return out;
}

std::string csv_field(const Json& cell) {
  std::string text = cell.text();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string text_table(const std::vector<std::string>& headers,
                       const std::vector<std::vector<Json>>& rows) {
  std::vector<std::vector<std::string>> lines{headers};
  std::vector<bool> is_right(headers.size(), !rows.empty());
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < headers.size(); ++i) {
      const Json& cell = i < row.size() ? row[i] : Json();
      if (!cell.is_number() && !cell.is_null()) is_right[i] = false;
      line.push_back(cell_text(cell));
    }
  }
  std::vector<std::size_t> widths(headers.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string space(widths[i] - display_width(line[i]), ' ');
      if (i > 0) text += "  ";
      text += is_right[i] ? space + line[i] : line[i] + space;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string csv(const std::vector<std::string>& headers,
                const std::vector<std::vector<Json>>& rows) {
  std::string out;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    out += (i > 0 ? "," : "") + csv_field(headers[i]);
  }
  out += "\r\n";
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + csv_field(row[i]);
    out += "\r\n";
  }
  return out;
}

void print(const View& view, OutputFormat format, std::ostream& out) {
  switch (format) {
    case OutputFormat::table:
      out << text_table(view.headers, view.rows);
      break;
    case OutputFormat::csv:
      out << csv(view.headers, view.rows);
      break;
    case OutputFormat::json:
      out << view.document.pretty() << "\n";
      break;
    case OutputFormat::yaml:
      out << view.document.yaml();
      break;
  }
}

std::string grouped(std::uint64_t value) {
  std::string out = std::to_string(value);
  for (std::size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, ",");
  return out;
}

std::string age_text(double seconds) {
  if (seconds < 1) return "now";
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{:.0f} h", seconds / 3600);
  return fmt::format("{:.0f} d", seconds / 86'400);
}

std::string bytes_text(double bytes) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < units.size()) bytes /= 1024, ++unit;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

}  // namespace millwright::interfaces
