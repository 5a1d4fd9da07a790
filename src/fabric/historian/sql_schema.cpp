#include "fabric/historian/sql_schema.hpp"

#include "base/format.hpp"
#include "ontology/quality.hpp"

namespace millwright::historian {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

constexpr std::string_view raw_columns =
    R"(series, ts, revision, quality, provenance, producer, sequence, "index", f64, i64, "text", "blob")";

/// Quality code to text, as ontology::to_text has it.
std::string quality_text() {
  std::string reasons;
  for (unsigned reason = 1; reason < 64; ++reason) {
    const auto name = ontology::reason_name(static_cast<ontology::Reason>(reason));
    if (!name.empty()) reasons += fmt::format(" WHEN {} THEN ':{}'", reason, name);
  }
  return fmt::format(
      "(CASE s.quality // 16384 WHEN 0 THEN 'good' WHEN 1 THEN 'uncertain' ELSE 'bad' END) || "
      "(CASE s.quality % 16384 WHEN 0 THEN ''{} ELSE ':reason_' || (s.quality % 16384) END)",
      reasons);
}

/// The readable columns over a source of raw rows.
std::string readable(std::string_view name, std::string_view source) {
  return fmt::format(
      R"(CREATE OR REPLACE VIEW {} AS SELECT d.site, d.edge, d.device, d.metric, s.series,
s.ts, s.f64, s.i64, s."text", s."blob",
coalesce(s.f64, s.i64::DOUBLE) AS value,
{} AS quality, s.quality AS quality_code,
s.revision, make_timestamp((s.revision * 1000)::BIGINT) AS arrival, s.provenance,
p.site || '/' || p.edge AS producer, p.incarnation, s.producer AS producer_number,
s.sequence, s."index", d.unit
FROM ({}) s LEFT JOIN series_dictionary d ON d.series = s.series
LEFT JOIN producer_dictionary p ON p.number = s.producer;
)",
      name, quality_text(), source);
}

}  // namespace

std::string sql_tables() {
  return R"(
CREATE OR REPLACE TABLE series_dictionary (series UBIGINT, site VARCHAR, edge VARCHAR, device VARCHAR,
  metric VARCHAR, datatype VARCHAR, unit VARCHAR);
CREATE OR REPLACE TABLE producer_dictionary (number UINTEGER, site VARCHAR, edge VARCHAR,
  incarnation UBIGINT, custody VARCHAR);
CREATE OR REPLACE TABLE provenance_dictionary (number UINTEGER, recipe VARCHAR);
CREATE OR REPLACE TABLE ledger_table (producer VARCHAR, incarnation UBIGINT, custody VARCHAR, sent UBIGINT,
  stored UBIGINT, lost UBIGINT, unexplained UBIGINT, duplicates UBIGINT);
CREATE OR REPLACE TABLE loss_table (producer VARCHAR, incarnation UBIGINT, first UBIGINT, count UBIGINT,
  cause VARCHAR, "from" TIMESTAMP, "to" TIMESTAMP, policy VARCHAR);
CREATE OR REPLACE VIEW series AS SELECT * FROM series_dictionary;
CREATE OR REPLACE VIEW producers AS SELECT number, site || '/' || edge AS producer, incarnation, custody
  FROM producer_dictionary;
CREATE OR REPLACE VIEW provenance AS SELECT * FROM provenance_dictionary;
CREATE OR REPLACE VIEW ledger AS SELECT * FROM ledger_table;
CREATE OR REPLACE VIEW losses AS SELECT * FROM loss_table;
CREATE OR REPLACE TABLE no_samples (series UBIGINT, ts TIMESTAMP, revision UBIGINT, quality USMALLINT,
  provenance UINTEGER, producer UINTEGER, sequence UBIGINT, "index" UINTEGER, f64 DOUBLE,
  i64 BIGINT, "text" VARCHAR, "blob" BLOB);
)";
}

std::string sql_samples_view(const std::vector<std::string>& files,
                             const std::vector<std::string>& hot_tables) {
  std::string source;
  const auto add = [&](const std::string& from) {
    source +=
        fmt::format("{}SELECT {} FROM {}", source.empty() ? "" : " UNION ALL ", raw_columns, from);
  };
  if (!files.empty()) {
    std::string list;
    for (const auto& file : files) list += (list.empty() ? "" : ", ") + quoted(file);
    add("read_parquet([" + list + "])");
  }
  for (const auto& table : hot_tables) add(table);
  if (source.empty()) add("no_samples");
  const std::string greatest = fmt::format(
      R"(SELECT * FROM ({}) QUALIFY row_number() OVER (PARTITION BY series, ts
ORDER BY revision DESC, producer DESC, sequence + "index" DESC) = 1)",
      source);
  return readable("samples", source) + readable("current", greatest);
}

}  // namespace millwright::historian
