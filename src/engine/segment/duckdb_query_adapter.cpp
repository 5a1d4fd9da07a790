// Questions of users to DuckDB: only reading statements, answered as a table.
#include <duckdb.h>

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "engine/segment/duckdb_query.hpp"

namespace millwright::engine {
namespace {

/// A result of a query, freed with its scope.
class QueryResult {
 public:
  QueryResult() = default;
  QueryResult(const QueryResult&) = delete;
  QueryResult& operator=(const QueryResult&) = delete;
  ~QueryResult() { duckdb_destroy_result(&raw_); }
  duckdb_result* get() { return &raw_; }
  std::string error() {
    const char* text = duckdb_result_error(&raw_);
    return text == nullptr ? "unknown DuckDB error" : text;
  }

 private:
  duckdb_result raw_{};
};

class Chunk {
 public:
  explicit Chunk(duckdb_data_chunk raw) : raw_(raw) {}
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;
  ~Chunk() {
    if (raw_ != nullptr) duckdb_destroy_data_chunk(&raw_);
  }
  duckdb_data_chunk get() const { return raw_; }
  explicit operator bool() const { return raw_ != nullptr; }
  std::size_t size() const { return duckdb_data_chunk_get_size(raw_); }
  template <typename T>
  T* column(std::size_t i) const {
    return static_cast<T*>(duckdb_vector_get_data(vector(i)));
  }
  duckdb_vector vector(std::size_t i) const { return duckdb_data_chunk_get_vector(raw_, i); }

 private:
  duckdb_data_chunk raw_;
};

bool is_valid(const std::uint64_t* validity, std::size_t row) {
  return validity == nullptr || ((validity[row / 64] >> (row % 64)) & 1) != 0;
}

Cell cell_of(const Chunk& chunk, std::size_t column, duckdb_type type, std::size_t row) {
  const duckdb_vector vector = chunk.vector(column);
  if (!is_valid(duckdb_vector_get_validity(vector), row)) return {};
  const auto signed_at = [&]<typename T>(T*) {
    return static_cast<std::int64_t>(chunk.column<T>(column)[row]);
  };
  const auto unsigned_at = [&]<typename T>(T*) {
    return static_cast<std::uint64_t>(chunk.column<T>(column)[row]);
  };
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return chunk.column<bool>(column)[row];
    case DUCKDB_TYPE_TINYINT:
      return signed_at(static_cast<std::int8_t*>(nullptr));
    case DUCKDB_TYPE_SMALLINT:
      return signed_at(static_cast<std::int16_t*>(nullptr));
    case DUCKDB_TYPE_INTEGER:
      return signed_at(static_cast<std::int32_t*>(nullptr));
    case DUCKDB_TYPE_BIGINT:
      return signed_at(static_cast<std::int64_t*>(nullptr));
    case DUCKDB_TYPE_UTINYINT:
      return unsigned_at(static_cast<std::uint8_t*>(nullptr));
    case DUCKDB_TYPE_USMALLINT:
      return unsigned_at(static_cast<std::uint16_t*>(nullptr));
    case DUCKDB_TYPE_UINTEGER:
      return unsigned_at(static_cast<std::uint32_t*>(nullptr));
    case DUCKDB_TYPE_UBIGINT:
      return unsigned_at(static_cast<std::uint64_t*>(nullptr));
    case DUCKDB_TYPE_FLOAT:
      return static_cast<double>(chunk.column<float>(column)[row]);
    case DUCKDB_TYPE_DOUBLE:
      return chunk.column<double>(column)[row];
    case DUCKDB_TYPE_HUGEINT:
      return duckdb_hugeint_to_double(chunk.column<duckdb_hugeint>(column)[row]);
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return Timestamp{chunk.column<std::int64_t>(column)[row]};
    case DUCKDB_TYPE_BLOB: {
      duckdb_string_t element = chunk.column<duckdb_string_t>(column)[row];
      const ByteView bytes =
          as_bytes({duckdb_string_t_data(&element), duckdb_string_t_length(element)});
      return Bytes(bytes.begin(), bytes.end());
    }
    default: {
      duckdb_string_t element = chunk.column<duckdb_string_t>(column)[row];
      return std::string(duckdb_string_t_data(&element), duckdb_string_t_length(element));
    }
  }
}

/// True for types that `cell_of` takes as they are; others are cast to text first.
bool has_cell(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_BLOB:
    case DUCKDB_TYPE_VARCHAR:
      return true;
    default:
      return false;
  }
}

/// SQL name of a type, as people write it.
std::string sql_name(duckdb_type type) {
  static const std::map<duckdb_type, const char*> names{{DUCKDB_TYPE_BOOLEAN, "BOOLEAN"},
                                                        {DUCKDB_TYPE_TINYINT, "TINYINT"},
                                                        {DUCKDB_TYPE_SMALLINT, "SMALLINT"},
                                                        {DUCKDB_TYPE_INTEGER, "INTEGER"},
                                                        {DUCKDB_TYPE_BIGINT, "BIGINT"},
                                                        {DUCKDB_TYPE_UTINYINT, "UTINYINT"},
                                                        {DUCKDB_TYPE_USMALLINT, "USMALLINT"},
                                                        {DUCKDB_TYPE_UINTEGER, "UINTEGER"},
                                                        {DUCKDB_TYPE_UBIGINT, "UBIGINT"},
                                                        {DUCKDB_TYPE_HUGEINT, "HUGEINT"},
                                                        {DUCKDB_TYPE_FLOAT, "FLOAT"},
                                                        {DUCKDB_TYPE_DOUBLE, "DOUBLE"},
                                                        {DUCKDB_TYPE_DECIMAL, "DECIMAL"},
                                                        {DUCKDB_TYPE_VARCHAR, "VARCHAR"},
                                                        {DUCKDB_TYPE_BLOB, "BLOB"},
                                                        {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP"},
                                                        {DUCKDB_TYPE_DATE, "DATE"},
                                                        {DUCKDB_TYPE_TIME, "TIME"},
                                                        {DUCKDB_TYPE_INTERVAL, "INTERVAL"},
                                                        {DUCKDB_TYPE_UUID, "UUID"},
                                                        {DUCKDB_TYPE_LIST, "LIST"},
                                                        {DUCKDB_TYPE_STRUCT, "STRUCT"},
                                                        {DUCKDB_TYPE_MAP, "MAP"},
                                                        {DUCKDB_TYPE_ENUM, "ENUM"}};
  const auto found = names.find(type);
  return found == names.end() ? "OTHER" : found->second;
}

Result<Table> collect(duckdb_prepared_statement statement, std::size_t rows_max) {
  QueryResult result;
  if (duckdb_execute_prepared(statement, result.get()) == DuckDBError) {
    return fail(Code::invalid_input, result.error());
  }
  Table table;
  const std::size_t columns = duckdb_column_count(result.get());
  std::vector<duckdb_type> types;
  for (std::size_t i = 0; i < columns; ++i) {
    types.push_back(duckdb_column_type(result.get(), i));
    table.columns.push_back({duckdb_column_name(result.get(), i), ""});
  }
  while (true) {
    const Chunk chunk(duckdb_fetch_chunk(*result.get()));
    if (!chunk) return table;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
      if (table.rows.size() == rows_max) {
        table.truncated = true;
        return table;
      }
      auto& cells = table.rows.emplace_back();
      cells.reserve(columns);
      for (std::size_t i = 0; i < columns; ++i) cells.push_back(cell_of(chunk, i, types[i], row));
    }
  }
}

/// A prepared statement, freed with its scope.
class Prepared {
 public:
  Prepared(duckdb_connection connection, const std::string& sql)
      : state_(duckdb_prepare(connection, sql.c_str(), &raw_)) {}
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() { duckdb_destroy_prepare(&raw_); }
  bool ok() const { return state_ == DuckDBSuccess; }
  duckdb_prepared_statement get() const { return raw_; }
  std::string error() const {
    const char* text = duckdb_prepare_error(raw_);
    return text == nullptr ? "not a statement" : text;
  }

 private:
  duckdb_prepared_statement raw_ = nullptr;
  duckdb_state state_;
};

bool is_reading(duckdb_statement_type type) {
  return type == DUCKDB_STATEMENT_TYPE_SELECT || type == DUCKDB_STATEMENT_TYPE_EXPLAIN;
}

constexpr const char* statement_remedy =
    "send one SELECT, EXPLAIN, DESCRIBE or SHOW over samples, current, series, producers, "
    "provenance, losses or ledger";

}  // namespace

Result<Table> answer_query(void* handle, const std::string& sql, std::size_t rows_max) {
  const auto connection = static_cast<duckdb_connection>(handle);
  duckdb_extracted_statements extracted = nullptr;
  const std::size_t statements = duckdb_extract_statements(connection, sql.c_str(), &extracted);
  duckdb_destroy_extracted(&extracted);
  if (statements > 1) {
    return fail(Code::refused, "more than one statement", statement_remedy);
  }
  const Prepared statement(connection, sql);
  if (!statement.ok()) return fail(Code::invalid_input, statement.error(), statement_remedy);
  if (!is_reading(duckdb_prepared_statement_type(statement.get()))) {
    return fail(Code::refused, "only reading statements are answered", statement_remedy);
  }
  const std::size_t columns = duckdb_prepared_statement_column_count(statement.get());
  std::vector<TableColumn> described;
  bool needs_cast = false;
  std::string list;
  for (std::size_t i = 0; i < columns; ++i) {
    const auto type = duckdb_prepared_statement_column_type(statement.get(), i);
    const char* name = duckdb_prepared_statement_column_name(statement.get(), i);
    described.push_back({name == nullptr ? "" : name, sql_name(type)});
    duckdb_free(const_cast<char*>(name));
    const bool cast = !has_cell(type);
    needs_cast = needs_cast || cast;
    list += fmt::format("{}{}", list.empty() ? "" : ", ",
                        cast ? fmt::format("CAST(c{} AS VARCHAR)", i) : fmt::format("c{}", i));
  }
  Result<Table> table = fail(Code::internal, "no result");
  if (needs_cast &&
      duckdb_prepared_statement_type(statement.get()) == DUCKDB_STATEMENT_TYPE_SELECT) {
    std::string names;
    for (std::size_t i = 0; i < columns; ++i) {
      names += fmt::format("{}c{}", names.empty() ? "" : ", ", i);
    }
    std::string inner = sql;
    while (!inner.empty() && (inner.back() == ';' || inner.back() == ' ' || inner.back() == '\n')) {
      inner.pop_back();
    }
    const Prepared cast(connection,
                        fmt::format("SELECT {} FROM ({}\n) AS answer({})", list, inner, names));
    if (!cast.ok()) return fail(Code::invalid_input, cast.error(), statement_remedy);
    table = collect(cast.get(), rows_max);
  } else {
    table = collect(statement.get(), rows_max);
  }
  if (!table) return table;
  for (std::size_t i = 0; i < std::min(columns, table->columns.size()); ++i) {
    table->columns[i] = described[i];
  }
  return table;
}

}  // namespace millwright::engine
