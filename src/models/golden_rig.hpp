// Golden files of tests in this folder.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace millwright::models {

inline std::string golden_file(const std::string& name) {
  return std::string(MILLWRIGHT_SOURCE_DIR) + "/src/models/golden/" + name;
}

/// Content of a golden file; with MILLWRIGHT_WRITE_GOLDEN=1 it is written first. A file of a
/// released version is never written again.
inline std::string golden(const std::string& name, std::string_view now) {
  if (std::getenv("MILLWRIGHT_WRITE_GOLDEN") != nullptr) {
    std::ofstream(golden_file(name), std::ios::binary) << now;
  }
  std::ifstream file(golden_file(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace millwright::models
