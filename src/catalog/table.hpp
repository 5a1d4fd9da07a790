// Plain text tables: columns as wide as their widest cell, two spaces between.
#pragma once

#include <string>
#include <vector>

namespace millwright::catalog {

/// The first row is the head. Cells are taken as one column per code point.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace millwright::catalog
