// Parquet files through DuckDB's C API, streamed in chunks of some thousand rows.
#include <duckdb.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/format.hpp"
#include "fabric/drivers/records.hpp"

namespace millwright::drivers {
namespace {

constexpr std::size_t fingerprint_bytes = 4096;

std::string sql_quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

/// A result that is freed with its owner.
struct QueryResult {
  duckdb_result raw{};
  ~QueryResult() { duckdb_destroy_result(&raw); }
  QueryResult() = default;
  QueryResult(const QueryResult&) = delete;
  QueryResult& operator=(const QueryResult&) = delete;
};

/// How a column is asked for, so that only five plain types arrive.
struct Wanted {
  std::string expression;
  CellKind kind;
};

Wanted wanted(const std::string& name, duckdb_type type) {
  const std::string column = sql_quoted(name, '"');
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return {column, CellKind::boolean};
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
      return {fmt::format("CAST({} AS BIGINT)", column), CellKind::integer};
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
      return {fmt::format("CAST({} AS DOUBLE)", column), CellKind::real};
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return {fmt::format("epoch_us({})", column), CellKind::instant};
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      // Without a zone: a local time, which the replay reads as text with its declared zone.
      return {fmt::format("CAST(CAST({} AS TIMESTAMP) AS VARCHAR)", column), CellKind::text};
    default:
      return {fmt::format("CAST({} AS VARCHAR)", column), CellKind::text};
  }
}

class ParquetSource final : public RecordSource {
 public:
  explicit ParquetSource(std::string path) : path_(std::move(path)) {}
  ~ParquetSource() override {
    close_rows();
    if (connection_ != nullptr) duckdb_disconnect(&connection_);
    if (database_ != nullptr) duckdb_close(&database_);
  }

  Result<void> open(engine::Disk& disk);
  const std::vector<std::string>& columns() const override { return columns_; }
  Result<ReadOutcome> next(Record& record) override;
  Result<void> skip_to(std::uint64_t number, std::uint64_t offset) override;
  std::uint32_t fingerprint() const override { return fingerprint_; }
  const std::string& path() const override { return path_; }

 private:
  std::unexpected<Error> failed(std::string_view what) const {
    return fail(Code::corrupt, fmt::format("{} does not read as Parquet: {}", path_, what),
                "check the file with another reader, or fetch it anew");
  }
  Result<void> connect();
  Result<void> describe();
  Result<void> take_fingerprint(engine::Disk& disk);
  Result<void> run_from(std::uint64_t number);
  void close_rows();
  Cell cell(std::size_t column, idx_t row);

  std::string path_;
  std::string native_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
  std::unique_ptr<QueryResult> rows_;
  duckdb_data_chunk chunk_ = nullptr;
  idx_t chunk_rows_ = 0;
  idx_t at_ = 0;
  std::vector<std::string> columns_;
  std::vector<Wanted> wanted_;
  std::uint64_t number_ = 0;
  std::uint32_t fingerprint_ = 0;
};

void ParquetSource::close_rows() {
  if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
  chunk_ = nullptr;
  chunk_rows_ = at_ = 0;
  rows_.reset();
}

Result<void> ParquetSource::connect() {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) == DuckDBError) {
    return fail(Code::exhausted, "DuckDB has no memory for a reader");
  }
  duckdb_set_config(config, "threads", "1");
  duckdb_set_config(config, "memory_limit", "256MB");
  duckdb_set_config(config, "autoinstall_known_extensions", "false");
  char* message = nullptr;
  const auto opened = duckdb_open_ext(nullptr, &database_, config, &message);
  duckdb_destroy_config(&config);
  if (opened == DuckDBError) {
    const std::string what = message != nullptr ? message : "unknown reason";
    duckdb_free(message);
    return fail(Code::internal, fmt::format("DuckDB does not open: {}", what));
  }
  if (duckdb_connect(database_, &connection_) == DuckDBError) {
    return fail(Code::internal, "DuckDB does not connect");
  }
  return {};
}

Result<void> ParquetSource::describe() {
  QueryResult result;
  const auto sql = fmt::format("SELECT * FROM read_parquet({}) LIMIT 0", sql_quoted(native_, '\''));
  if (duckdb_query(connection_, sql.c_str(), &result.raw) == DuckDBError) {
    return failed(duckdb_result_error(&result.raw));
  }
  const idx_t count = duckdb_column_count(&result.raw);
  for (idx_t i = 0; i < count; ++i) {
    columns_.emplace_back(duckdb_column_name(&result.raw, i));
    auto type = duckdb_column_type(&result.raw, i);
    wanted_.push_back(wanted(columns_.back(), type));
  }
  return {};
}

Result<void> ParquetSource::take_fingerprint(engine::Disk& disk) {
  // The footer, at the end, holds the schema and the place of every row group.
  auto file = disk.open_read(path_);
  if (!file) return pass(std::move(file), fmt::format("opening {}", path_));
  auto size = (*file)->size();
  if (!size) return pass(std::move(size), fmt::format("reading {}", path_));
  std::array<std::byte, fingerprint_bytes> tail{};
  const std::uint64_t from = *size > tail.size() ? *size - tail.size() : 0;
  auto got = (*file)->read_at(from, tail);
  if (!got) return pass(std::move(got), fmt::format("reading {}", path_));
  fingerprint_ = crc32c(ByteView(tail).first(*got), crc32c(as_bytes(std::to_string(*size))));
  if (fingerprint_ == 0) fingerprint_ = 1;
  return {};
}

Result<void> ParquetSource::open(engine::Disk& disk) {
  auto native = disk.native_path(path_);
  if (!native) return pass(std::move(native), fmt::format("opening {}", path_));
  native_ = std::move(*native);
  if (auto taken = take_fingerprint(disk); !taken) return taken;
  if (auto connected = connect(); !connected) return connected;
  if (auto described = describe(); !described) return described;
  return run_from(0);
}

Result<void> ParquetSource::run_from(std::uint64_t number) {
  close_rows();
  std::string sql = "SELECT ";
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (i > 0) sql += ", ";
    sql += wanted_[i].expression;
  }
  sql += fmt::format(" FROM read_parquet({})", sql_quoted(native_, '\''));
  if (number > 0) sql += fmt::format(" OFFSET {}", number);
  duckdb_prepared_statement statement = nullptr;
  if (duckdb_prepare(connection_, sql.c_str(), &statement) == DuckDBError) {
    const char* what = duckdb_prepare_error(statement);
    auto error = failed(what != nullptr ? what : "unknown reason");
    duckdb_destroy_prepare(&statement);
    return error;
  }
  duckdb_pending_result pending = nullptr;
  auto rows = std::make_unique<QueryResult>();
  const bool started = duckdb_pending_prepared_streaming(statement, &pending) == DuckDBSuccess &&
                       duckdb_execute_pending(pending, &rows->raw) == DuckDBSuccess;
  const char* what = started ? nullptr : duckdb_pending_error(pending);
  const std::string problem = what != nullptr ? what : "unknown reason";
  duckdb_destroy_pending(&pending);
  duckdb_destroy_prepare(&statement);
  if (!started) return failed(problem);
  rows_ = std::move(rows);
  number_ = number;
  return {};
}

Cell ParquetSource::cell(std::size_t column, idx_t row) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(chunk_, column);
  auto* validity = duckdb_vector_get_validity(vector);
  if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) return {};
  void* values = duckdb_vector_get_data(vector);
  Cell out;
  out.kind = wanted_[column].kind;
  switch (out.kind) {
    case CellKind::boolean:
      out.integer = static_cast<const bool*>(values)[row] ? 1 : 0;
      break;
    case CellKind::integer:
    case CellKind::instant:
      out.integer = static_cast<const std::int64_t*>(values)[row];
      break;
    case CellKind::real:
      out.real = static_cast<const double*>(values)[row];
      break;
    case CellKind::text: {
      auto& text = static_cast<duckdb_string_t*>(values)[row];
      out.text = {duckdb_string_t_data(&text), duckdb_string_t_length(text)};
      break;
    }
    case CellKind::empty:
      break;
  }
  return out;
}

Result<ReadOutcome> ParquetSource::next(Record& record) {
  while (at_ == chunk_rows_) {
    if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
    chunk_ = duckdb_fetch_chunk(rows_->raw);
    at_ = chunk_rows_ = 0;
    if (chunk_ == nullptr) {
      const char* error = duckdb_result_error(&rows_->raw);
      if (error != nullptr && *error != '\0') return failed(error);
      return ReadOutcome::end;
    }
    chunk_rows_ = duckdb_data_chunk_get_size(chunk_);
    if (chunk_rows_ == 0) return ReadOutcome::end;
  }
  record.cells.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) record.cells.push_back(cell(i, at_));
  ++at_;
  record.number = ++number_;
  record.line = 0;
  record.offset_after = 0;
  record.problem.clear();
  return ReadOutcome::record;
}

Result<void> ParquetSource::skip_to(std::uint64_t number, std::uint64_t) {
  return run_from(number);
}

}  // namespace

Result<std::unique_ptr<RecordSource>> open_parquet(engine::Disk& disk, const FileSpec& spec) {
  auto source = std::make_unique<ParquetSource>(spec.path);
  if (auto opened = source->open(disk); !opened) return pass(std::move(opened));
  return source;
}

}  // namespace millwright::drivers
