// Tables: what a query answers with, and what small dictionaries are handed over as. Row-major, for
// results that a person or a client reads; samples in bulk travel as SampleColumns.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace millwright::engine {

/// One value of a table; `monostate` is SQL's NULL. Types without an alternative here come as text.
using Cell = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string,
                          Bytes, Timestamp>;

struct TableColumn {
  std::string name;
  std::string type;  ///< SQL name, such as BIGINT or VARCHAR

  bool operator==(const TableColumn&) const = default;
};

struct Table {
  std::vector<TableColumn> columns;
  std::vector<std::vector<Cell>> rows;  ///< each as wide as `columns`
  std::vector<std::string> warnings;    ///< what the answer leaves out, and why
  bool truncated = false;               ///< the row limit cut it off
};

}  // namespace millwright::engine
