// DuckDB behind the segment store port, through its C API only: Parquet written and read, the hot
// tables, SQL. One instance in memory, one connection, used by one thread.
#include <duckdb.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/format.hpp"
#include "engine/segment/duckdb_query.hpp"
#include "engine/segment_store.hpp"

namespace millwright::engine {
namespace {

constexpr std::size_t column_count = 12;
constexpr std::string_view raw_columns =
    R"(series, ts, revision, quality, provenance, producer, sequence, "index", f64, i64, "text", "blob")";
constexpr const char* column_names[column_count] = {"series",     "ts",       "revision", "quality",
                                                    "provenance", "producer", "sequence", "index",
                                                    "f64",        "i64",      "text",     "blob"};
constexpr duckdb_type column_types[column_count] = {
    DUCKDB_TYPE_UBIGINT,  DUCKDB_TYPE_TIMESTAMP, DUCKDB_TYPE_UBIGINT, DUCKDB_TYPE_USMALLINT,
    DUCKDB_TYPE_UINTEGER, DUCKDB_TYPE_UINTEGER,  DUCKDB_TYPE_UBIGINT, DUCKDB_TYPE_UINTEGER,
    DUCKDB_TYPE_DOUBLE,   DUCKDB_TYPE_BIGINT,    DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BLOB};

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

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

/// Writes rows into the vectors of a chunk, one column after the other.
template <typename RowAt>
void fill_rows(duckdb_data_chunk raw, std::size_t count, RowAt row_at) {
  const auto each = [&]<typename T>(std::size_t column, T*, auto&& value) {
    auto* data = static_cast<T*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(raw, column)));
    for (std::size_t i = 0; i < count; ++i) {
      const auto [rows, row] = row_at(i);
      data[i] = static_cast<T>(value(*rows, row));
    }
  };
  using R = const SampleColumns&;
  each(0, static_cast<std::uint64_t*>(nullptr), [](R r, std::size_t i) { return r.series[i]; });
  each(1, static_cast<std::int64_t*>(nullptr), [](R r, std::size_t i) { return r.ts[i]; });
  each(2, static_cast<std::uint64_t*>(nullptr), [](R r, std::size_t i) { return r.revision[i]; });
  each(3, static_cast<std::uint16_t*>(nullptr), [](R r, std::size_t i) { return r.quality[i]; });
  each(4, static_cast<std::uint32_t*>(nullptr), [](R r, std::size_t i) { return r.provenance[i]; });
  each(5, static_cast<std::uint32_t*>(nullptr), [](R r, std::size_t i) { return r.producer[i]; });
  each(6, static_cast<std::uint64_t*>(nullptr), [](R r, std::size_t i) { return r.sequence[i]; });
  each(7, static_cast<std::uint32_t*>(nullptr), [](R r, std::size_t i) { return r.index[i]; });
  for (const auto column :
       {ValueColumn::f64, ValueColumn::i64, ValueColumn::text, ValueColumn::blob}) {
    const std::size_t at = 8 + static_cast<std::size_t>(column);
    const duckdb_vector vector = duckdb_data_chunk_get_vector(raw, at);
    duckdb_vector_ensure_validity_writable(vector);
    auto* validity = duckdb_vector_get_validity(vector);
    auto* data = static_cast<std::uint64_t*>(duckdb_vector_get_data(vector));
    std::memset(validity, 0, (count + 63) / 64 * 8);
    for (std::size_t i = 0; i < count; ++i) {
      const auto [rows, row] = row_at(i);
      if (rows->column[row] != column) continue;
      validity[i / 64] |= std::uint64_t{1} << (i % 64);
      if (column == ValueColumn::f64 || column == ValueColumn::i64) {
        data[i] = rows->bits[row];
      } else {
        const std::string_view content = rows->payload(row);
        duckdb_vector_assign_string_element_len(vector, i, content.data(), content.size());
      }
    }
  }
  duckdb_data_chunk_set_size(raw, count);
}

/// Rows that the table function `mw_segment_rows()` hands to COPY.
struct Source {
  const SegmentRows* rows = nullptr;
  std::size_t at = 0;
};

void source_bind(duckdb_bind_info info) {
  for (std::size_t i = 0; i < column_count; ++i) {
    duckdb_logical_type type = duckdb_create_logical_type(column_types[i]);
    duckdb_bind_add_result_column(info, column_names[i], type);
    duckdb_destroy_logical_type(&type);
  }
}

void source_init(duckdb_init_info info) {
  duckdb_init_set_max_threads(info, 1);
}

void source_next(duckdb_function_info info, duckdb_data_chunk output) {
  auto& source = *static_cast<Source*>(duckdb_function_get_extra_info(info));
  const std::size_t left = source.rows == nullptr ? 0 : source.rows->order.size() - source.at;
  const std::size_t count = std::min<std::size_t>(left, duckdb_vector_size());
  if (count == 0) return duckdb_data_chunk_set_size(output, 0);
  fill_rows(output, count, [&](std::size_t i) {
    const RowReference r = source.rows->order[source.at + i];
    return std::pair<const SampleColumns*, std::size_t>(source.rows->chunks[r.chunk], r.row);
  });
  source.at += count;
}

bool is_valid(const std::uint64_t* validity, std::size_t row) {
  return validity == nullptr || ((validity[row / 64] >> (row % 64)) & 1) != 0;
}

/// Rows of a result whose columns are `raw_columns`.
void take_rows(const Chunk& chunk, SampleColumns& out) {
  const std::size_t count = chunk.size();
  const auto copy = [&]<typename T>(std::vector<T>& to, std::size_t column) {
    const T* from = chunk.column<T>(column);
    to.insert(to.end(), from, from + count);
  };
  copy(out.series, 0);
  copy(out.ts, 1);
  copy(out.revision, 2);
  copy(out.quality, 3);
  copy(out.provenance, 4);
  copy(out.producer, 5);
  copy(out.sequence, 6);
  copy(out.index, 7);
  const std::uint64_t* validity[4];
  for (std::size_t i = 0; i < 4; ++i) validity[i] = duckdb_vector_get_validity(chunk.vector(8 + i));
  const auto* f64 = chunk.column<std::uint64_t>(8);
  const auto* i64 = chunk.column<std::uint64_t>(9);
  for (std::size_t row = 0; row < count; ++row) {
    std::size_t column = 0;
    while (column < 4 && !is_valid(validity[column], row)) ++column;
    out.column.push_back(static_cast<ValueColumn>(column));
    if (column == 2 || column == 3) {
      // Up to 12 bytes of text lie in the element itself: the view must not outlive the copy.
      duckdb_string_t element = chunk.column<duckdb_string_t>(8 + column)[row];
      const std::string_view content{duckdb_string_t_data(&element),
                                     duckdb_string_t_length(element)};
      out.bits.push_back((static_cast<std::uint64_t>(out.arena.size()) << 32) | content.size());
      out.arena.append(content);
    } else {
      out.bits.push_back(column == 0 ? f64[row] : column == 1 ? i64[row] : 0);
    }
  }
}

class DuckDbStore final : public SegmentStore {
 public:
  DuckDbStore() = default;
  ~DuckDbStore() override {
    for (auto& [generation, appender] : appenders_) duckdb_appender_destroy(&appender);
    if (connection_ != nullptr) duckdb_disconnect(&connection_);
    if (database_ != nullptr) duckdb_close(&database_);
  }
  Result<void> open(const DuckDbOptions& options);

  std::string_view extension() const override { return ".parquet"; }
  Result<void> write(Disk& disk, std::string_view path, const SegmentRows& rows) override;
  Result<void> read(Disk& disk, std::span<const std::string> paths, const SegmentFilter& filter,
                    SampleColumns& out) override;
  Result<std::uint64_t> merge(Disk& disk, std::span<const std::string> paths,
                              std::string_view to) override;
  Result<void> append_hot(std::uint64_t generation, const SampleColumns& rows) override;
  Result<void> drop_hot(std::uint64_t generation) override;
  bool has_sql() const override { return true; }
  Result<void> execute(const std::string& sql) override;
  Result<void> insert(std::string_view table, const Table& rows) override;
  Result<Table> query(const std::string& sql, std::size_t rows_max) override {
    return answer_query(connection_, sql, rows_max);
  }

 private:
  Result<void> register_source();
  Result<std::string> file_list(Disk& disk, std::span<const std::string> paths);

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
  Source source_;
  std::vector<std::pair<std::uint64_t, duckdb_appender>> appenders_;
};

Result<void> DuckDbStore::open(const DuckDbOptions& options) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) == DuckDBError) return fail(Code::internal, "DuckDB config");
  duckdb_set_config(config, "threads", std::to_string(options.threads).c_str());
  duckdb_set_config(config, "memory_limit", options.memory_limit.c_str());
  duckdb_set_config(config, "autoinstall_known_extensions", "false");
  duckdb_set_config(config, "autoload_known_extensions", "false");
  char* message = nullptr;
  const auto state = duckdb_open_ext(nullptr, &database_, config, &message);
  duckdb_destroy_config(&config);
  if (state == DuckDBError) {
    std::string text = message == nullptr ? "DuckDB does not start" : message;
    duckdb_free(message);
    return fail(Code::unavailable, std::move(text), "check memory_limit and threads");
  }
  if (duckdb_connect(database_, &connection_) == DuckDBError) {
    return fail(Code::unavailable, "DuckDB refuses a connection");
  }
  if (auto done = register_source(); !done) return done;
  // User SQL runs on this connection too: it may only see the historian's own directory.
  return execute(
      fmt::format("SET TimeZone = 'UTC'; SET preserve_insertion_order = true; "
                  "SET temp_directory = {0}; SET allowed_directories = [{0}]; "
                  "SET enable_external_access = false; SET lock_configuration = true;",
                  literal(options.directory + "/")));
}

Result<void> DuckDbStore::register_source() {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "mw_segment_rows");
  duckdb_table_function_set_extra_info(function, &source_, nullptr);
  duckdb_table_function_set_bind(function, source_bind);
  duckdb_table_function_set_init(function, source_init);
  duckdb_table_function_set_function(function, source_next);
  const auto state = duckdb_register_table_function(connection_, function);
  duckdb_destroy_table_function(&function);
  if (state == DuckDBError) return fail(Code::internal, "DuckDB refuses the row source");
  return {};
}

Result<void> DuckDbStore::execute(const std::string& sql) {
  QueryResult result;
  if (duckdb_query(connection_, sql.c_str(), result.get()) == DuckDBError) {
    return fail(Code::internal, "DuckDB: " + result.error());
  }
  return {};
}

Result<void> DuckDbStore::write(Disk& disk, std::string_view path, const SegmentRows& rows) {
  auto native = disk.native_path(path);
  if (!native) return pass(std::move(native));
  source_ = {&rows, 0};
  auto done =
      execute(fmt::format("COPY (SELECT * FROM mw_segment_rows()) TO {} (FORMAT parquet, "
                          "COMPRESSION zstd, ROW_GROUP_SIZE 122880)",
                          literal(*native)));
  source_ = {};
  return done;
}

Result<std::string> DuckDbStore::file_list(Disk& disk, std::span<const std::string> paths) {
  std::string list;
  for (const auto& path : paths) {
    auto native = disk.native_path(path);
    if (!native) return pass(std::move(native));
    list += (list.empty() ? "" : ", ") + literal(*native);
  }
  return "read_parquet([" + list + "])";
}

Result<void> DuckDbStore::read(Disk& disk, std::span<const std::string> paths,
                               const SegmentFilter& filter, SampleColumns& out) {
  auto files = file_list(disk, paths);
  if (!files) return pass(std::move(files));
  std::string where = "true";
  if (!filter.series.empty()) {
    std::string numbers;
    for (const std::uint64_t series : filter.series) {
      numbers += (numbers.empty() ? "" : ",") + std::to_string(series);
    }
    where += (filter.series.size() == 1 ? " AND series = " : " AND series IN (") + numbers +
             (filter.series.size() == 1 ? "" : ")");
  }
  if (filter.from != INT64_MIN) where += fmt::format(" AND ts >= make_timestamp({})", filter.from);
  if (filter.to != INT64_MAX) where += fmt::format(" AND ts <= make_timestamp({})", filter.to);
  if (filter.revision_max != UINT64_MAX) {
    where += fmt::format(" AND revision <= {}", filter.revision_max);
  }
  QueryResult result;
  const std::string sql = fmt::format("SELECT {} FROM {} WHERE {}", raw_columns, *files, where);
  if (duckdb_query(connection_, sql.c_str(), result.get()) == DuckDBError) {
    return fail(Code::corrupt, "DuckDB cannot read segments: " + result.error(),
                "run verify to find the damaged file");
  }
  while (true) {
    const Chunk chunk(duckdb_fetch_chunk(*result.get()));
    if (!chunk) return {};
    take_rows(chunk, out);
  }
}

Result<std::uint64_t> DuckDbStore::merge(Disk& disk, std::span<const std::string> paths,
                                         std::string_view to) {
  auto files = file_list(disk, paths);
  if (!files) return pass(std::move(files));
  auto native = disk.native_path(to);
  if (!native) return pass(std::move(native));
  QueryResult result;
  const std::string sql = fmt::format(
      R"(COPY (SELECT {} FROM {} QUALIFY row_number() OVER (
PARTITION BY series, ts, producer, sequence + "index" ORDER BY revision) = 1
ORDER BY series, ts, revision, producer, sequence + "index")
TO {} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880))",
      raw_columns, *files, literal(*native));
  if (duckdb_query(connection_, sql.c_str(), result.get()) == DuckDBError) {
    return fail(Code::internal, "DuckDB: " + result.error());
  }
  return duckdb_rows_changed(result.get());
}

Result<void> DuckDbStore::append_hot(std::uint64_t generation, const SampleColumns& rows) {
  auto found =
      std::ranges::find(appenders_, generation, &std::pair<std::uint64_t, duckdb_appender>::first);
  if (found == appenders_.end()) {
    auto made = execute(fmt::format(
        R"(CREATE OR REPLACE TABLE {} (series UBIGINT, ts TIMESTAMP, revision UBIGINT,
quality USMALLINT, provenance UINTEGER, producer UINTEGER, sequence UBIGINT, "index" UINTEGER,
f64 DOUBLE, i64 BIGINT, "text" VARCHAR, "blob" BLOB))",
        hot_table(generation)));
    if (!made) return made;
    duckdb_appender appender = nullptr;
    if (duckdb_appender_create(connection_, nullptr, hot_table(generation).c_str(), &appender) ==
        DuckDBError) {
      duckdb_appender_destroy(&appender);
      return fail(Code::internal, "DuckDB refuses an appender");
    }
    appenders_.emplace_back(generation, appender);
    found = appenders_.end() - 1;
  }
  duckdb_logical_type types[column_count];
  for (std::size_t i = 0; i < column_count; ++i) {
    types[i] = duckdb_create_logical_type(column_types[i]);
  }
  const Chunk chunk(duckdb_create_data_chunk(types, column_count));
  for (auto& type : types) duckdb_destroy_logical_type(&type);
  bool ok = true;
  for (std::size_t at = 0; at < rows.size() && ok; at += duckdb_vector_size()) {
    duckdb_data_chunk_reset(chunk.get());
    fill_rows(chunk.get(), std::min<std::size_t>(rows.size() - at, duckdb_vector_size()),
              [&](std::size_t i) { return std::pair(&rows, at + i); });
    ok = duckdb_append_data_chunk(found->second, chunk.get()) == DuckDBSuccess;
  }
  ok = ok && duckdb_appender_flush(found->second) == DuckDBSuccess;
  if (ok) return {};
  const char* message = duckdb_appender_error(found->second);
  return fail(Code::exhausted, std::string("DuckDB: ") + (message == nullptr ? "" : message));
}

Result<void> DuckDbStore::drop_hot(std::uint64_t generation) {
  const auto found =
      std::ranges::find(appenders_, generation, &std::pair<std::uint64_t, duckdb_appender>::first);
  if (found == appenders_.end()) return {};
  duckdb_appender_destroy(&found->second);
  appenders_.erase(found);
  return execute("DROP TABLE " + hot_table(generation));
}

Result<void> DuckDbStore::insert(std::string_view table, const Table& rows) {
  duckdb_appender appender = nullptr;
  auto state = duckdb_appender_create(connection_, nullptr, std::string(table).c_str(), &appender);
  const auto append = [&](const Cell& cell) {
    if (const auto* flag = std::get_if<bool>(&cell)) return duckdb_append_bool(appender, *flag);
    if (const auto* i = std::get_if<std::int64_t>(&cell)) return duckdb_append_int64(appender, *i);
    if (const auto* u = std::get_if<std::uint64_t>(&cell)) {
      return duckdb_append_uint64(appender, *u);
    }
    if (const auto* d = std::get_if<double>(&cell)) return duckdb_append_double(appender, *d);
    if (const auto* t = std::get_if<std::string>(&cell)) {
      return duckdb_append_varchar_length(appender, t->data(), t->size());
    }
    if (const auto* b = std::get_if<Bytes>(&cell)) {
      return duckdb_append_blob(appender, b->data(), b->size());
    }
    if (const auto* t = std::get_if<Timestamp>(&cell)) {
      return duckdb_append_timestamp(appender, {t->us});
    }
    return duckdb_append_null(appender);
  };
  for (const auto& row : rows.rows) {
    for (const auto& cell : row) {
      if (state == DuckDBSuccess) state = append(cell);
    }
    if (state == DuckDBSuccess) state = duckdb_appender_end_row(appender);
  }
  if (state == DuckDBSuccess) state = duckdb_appender_flush(appender);
  std::string message;
  if (state == DuckDBError && appender != nullptr) {
    const char* text = duckdb_appender_error(appender);
    message = text == nullptr ? "" : text;
  }
  duckdb_appender_destroy(&appender);
  if (state == DuckDBError) return fail(Code::internal, "DuckDB: " + message);
  return {};
}

}  // namespace

Result<std::unique_ptr<SegmentStore>> open_duckdb_store(const DuckDbOptions& options) {
  auto store = std::make_unique<DuckDbStore>();
  if (auto done = store->open(options); !done) return pass(std::move(done), "starting DuckDB");
  return std::unique_ptr<SegmentStore>(std::move(store));
}

}  // namespace millwright::engine
