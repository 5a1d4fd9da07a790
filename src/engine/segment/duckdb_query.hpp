// Answers one reading statement of a user with DuckDB (duckdb_query_adapter.cpp). Only for
// duckdb_adapter.cpp, which owns the connection.
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/table.hpp"

namespace millwright::engine {

/// `connection` is a duckdb_connection. Errors as SegmentStore::query.
Result<Table> answer_query(void* connection, const std::string& sql, std::size_t rows_max);

}  // namespace millwright::engine
