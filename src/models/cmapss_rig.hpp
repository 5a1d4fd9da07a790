// C-MAPSS FD001 (NASA, Saxena 2008) for tests: run-to-failure records of turbofans, where the data
// folder holds them. Protocol and columns: the README beside the files.
#pragma once

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "models/matrix.hpp"
#include "wire/sparkplug/compression.hpp"

namespace millwright::models {

/// Where recorded data sets lie: $MILLWRIGHT_DATA_DIR, else what the build was configured with.
inline std::string cmapss_folder() {
  const char* set = std::getenv("MILLWRIGHT_DATA_DIR");
  return std::string(set != nullptr ? set : MILLWRIGHT_DATA_DIR) + "/cmapss/";
}

inline const std::vector<std::string>& cmapss_signals() {
  static const std::vector<std::string> names = {
      "T2",  "T24", "T30", "T50", "P2",   "P15",     "P30",    "Nf",        "Nc",  "epr", "Ps30",
      "phi", "NRf", "NRc", "BPR", "farB", "htBleed", "Nf_dmd", "PCNfR_dmd", "W31", "W32"};
  return names;
}

inline std::optional<std::string> gunzip(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::string packed(std::istreambuf_iterator<char>(file), {});
  const auto text = sparkplug::inflate(as_bytes(packed), std::size_t{64} << 20);
  if (!text) return std::nullopt;
  return std::string(as_text(*text));
}

/// Records of `train_FD001` or `test_FD001` with the 21 sensors as inputs, or nothing when the file
/// is absent. One scan a second of pretended time.
inline std::optional<std::vector<Record>> cmapss_records(const std::string& name) {
  const auto text = gunzip(cmapss_folder() + name + ".txt.gz");
  if (!text) return std::nullopt;
  std::vector<Record> out;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream row(line);
    std::uint32_t unit = 0;
    std::int64_t cycle = 0;
    double skipped = 0;
    row >> unit >> cycle >> skipped >> skipped >> skipped;
    if (!row) continue;
    if (out.empty() || out.back().group != unit)
      out.push_back({.group = unit, .at = {}, .values = {}, .quality = {}});
    out.back().at.push_back({cycle * 1'000'000});
    for (std::size_t i = 0; i < cmapss_signals().size(); ++i) {
      double value = 0;
      row >> value;
      out.back().values.push_back(value);
    }
  }
  return out;
}

/// Remaining cycles after the last one of each test record.
inline std::vector<double> cmapss_truth() {
  std::ifstream file(cmapss_folder() + "RUL_FD001.txt");
  std::vector<double> out;
  for (double value = 0; file >> value;) out.push_back(value);
  return out;
}

}  // namespace millwright::models
