// How a number is tied to the rows it was taken from: one text for a table of rows, whoever asks
// and whenever, and its SHA-256; and what SQL text is made of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/table.hpp"
#include "fabric/historian/historian.hpp"
#include "governance/audit_log.hpp"
#include "outcomes/kpi.hpp"

namespace millwright::stewardship {

/// A line of column names, then one a row; cells between commas, texts in quotes, numbers the
/// shortest that read back the same, times as RFC 3339, NULL as nothing.
std::string canonical_text(const engine::Table& table);
/// The query and SHA-256 (hex) of the canonical text of what it gave.
outcomes::Evidence evidence_of(std::string query, const engine::Table& table);
/// Of texts that are lines already.
outcomes::Evidence evidence_of(std::string query, std::span<const std::string> lines);

/// A cell as an integer, where it is one.
std::optional<std::int64_t> integer_of(const engine::Cell& cell);
std::optional<double> number_of(const engine::Cell& cell);

/// `1, 5, 9` for `series IN (…)`; `0` (which no series has) for none.
std::string list_of(std::span<const historian::SeriesNumber> series);

/// Series by `site/edge/device/metric`. Metrics whose datatype changed have several. Taken once;
/// the definitions live as long as the historian.
class SeriesByName {
 public:
  explicit SeriesByName(const historian::Historian& historian);
  const std::vector<const historian::SeriesDefinition*>& find(std::string_view text) const;

 private:
  std::map<std::string, std::vector<const historian::SeriesDefinition*>, std::less<>> series_;
};

/// The events of the audit log that KPIs and reviews rest on, as their canonical text. Follows the
/// log: each entry is read once. Bounded by findings, truths, and work orders.
class EventsUsed {
 public:
  /// Reads what was appended since. An entry that cannot be read ends the reading (`corrupt`).
  Result<void> follow(governance::AuditLog& log);

  struct Entry {
    governance::EntryIndex index = 0;
    std::string kind;
    std::string asset;    ///< that the event names; empty: none
    std::string rule;     ///< of a finding
    std::string subject;  ///< `finding/f-…`
    std::string text;     ///< canonical
  };
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  governance::EntryIndex next_ = 0;
};

}  // namespace millwright::stewardship
