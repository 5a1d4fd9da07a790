#include "stewardship/evidence.hpp"

#include <cmath>

#include "base/format.hpp"
#include "governance/event.hpp"

namespace millwright::stewardship {
namespace {

std::string cell_text(const engine::Cell& cell) {
  return std::visit(
      []<typename T>(const T& value) -> std::string {
        if constexpr (std::is_same_v<T, std::monostate>) {
          return {};
        } else if constexpr (std::is_same_v<T, std::string>) {
          return catalog::canonical_json(catalog::Node::make_text(value));
        } else if constexpr (std::is_same_v<T, Timestamp>) {
          return to_rfc3339(value);
        } else if constexpr (std::is_same_v<T, Bytes>) {
          return "x" + to_hex(value);
        } else {
          return fmt::format("{}", value);
        }
      },
      cell);
}

std::string hex_of(std::string_view text) {
  return sha256(as_bytes(text)).hex();
}

}  // namespace

std::string canonical_text(const engine::Table& table) {
  std::string out;
  for (const auto& column : table.columns)
    out += fmt::format("{}{}", out.empty() ? "" : ",", column.name);
  out += '\n';
  for (const auto& row : table.rows) {
    bool first = true;
    for (const auto& cell : row) {
      if (!std::exchange(first, false)) out += ',';
      out += cell_text(cell);
    }
    out += '\n';
  }
  return out;
}

outcomes::Evidence evidence_of(std::string query, const engine::Table& table) {
  return {std::move(query), hex_of(canonical_text(table))};
}

outcomes::Evidence evidence_of(std::string query, std::span<const std::string> lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return {std::move(query), hex_of(text)};
}

std::optional<std::int64_t> integer_of(const engine::Cell& cell) {
  if (const auto* value = std::get_if<std::int64_t>(&cell)) return *value;
  if (const auto* value = std::get_if<std::uint64_t>(&cell)) {
    return *value <= INT64_MAX ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> number_of(const engine::Cell& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  if (const auto whole = integer_of(cell)) return static_cast<double>(*whole);
  return std::nullopt;
}

std::string list_of(std::span<const historian::SeriesNumber> series) {
  if (series.empty()) return "0";
  std::string out;
  for (const auto number : series)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", number.value());
  return out;
}

SeriesByName::SeriesByName(const historian::Historian& historian) {
  for (const auto* definition : historian.find("*"))
    series_[definition->text()].push_back(definition);
}

const std::vector<const historian::SeriesDefinition*>& SeriesByName::find(
    std::string_view text) const {
  static const std::vector<const historian::SeriesDefinition*> nothing;
  const auto found = series_.find(text);
  return found == series_.end() ? nothing : found->second;
}

Result<void> EventsUsed::follow(governance::AuditLog& log) {
  if (next_ == log.size()) return {};
  return log.replay(
      next_, [this](governance::EntryIndex index, const governance::Event& event) -> Result<void> {
        next_ = index + 1;
        if (!event.kind.starts_with("finding.") && !event.kind.starts_with("truth.") &&
            !event.kind.starts_with("work_order.")) {
          return {};
        }
        entries_.push_back({index, event.kind, event.body.text_at("asset"),
                            event.body.text_at("rule"), event.subject, event.canonical()});
        return {};
      });
}

}  // namespace millwright::stewardship
