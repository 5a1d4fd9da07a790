// The tables and views that SQL sees. Text only.
#pragma once

#include <string>
#include <vector>

namespace millwright::historian {

/// Statements that make the dictionary tables and their views.
std::string sql_tables();
/// Statements that make `samples` and `current` over segment files and hot tables.
std::string sql_samples_view(const std::vector<std::string>& files,
                             const std::vector<std::string>& hot_tables);

}  // namespace millwright::historian
