// What training sees: rows of features with a target, and the group (the physical unit) that each
// row belongs to. Splits are by group, never by row: neighbouring windows share most of their
// scans. A group may have several records, one behind the other: lives of the same unit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "models/features.hpp"

namespace millwright::models {

/// Rows × columns, row by row, in 32-bit floats as every runtime takes them.
struct FeatureMatrix {
  std::size_t columns = 0;
  std::vector<float> values;
  std::vector<float> target;         ///< one a row; empty where there is none
  std::vector<std::uint32_t> group;  ///< one a row
  /// One a row: position of its record among those that the matrix was made of; empty: each group
  /// is one record. Not part of the digest.
  std::vector<std::uint32_t> record = {};

  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  std::span<const float> row(std::size_t index) const {
    return std::span(values).subspan(index * columns, columns);
  }
  /// Every defect: sizes that do not fit, numbers that are not finite, no rows.
  std::vector<Problem> problems() const;
  /// SHA-256 over shape, values, targets and groups: the data that an approval binds to.
  Digest digest() const;
  void append(std::span<const float> row, float target_value, std::uint32_t group_id);
};

/// One record of a physical unit: its scans, oldest first, with a window of its own.
struct Record {
  std::uint32_t group = 0;
  std::vector<Timestamp> at;
  std::vector<double> values;              ///< scans × inputs
  std::vector<ontology::Quality> quality;  ///< scans × inputs, or empty when all are good
};

/// Rows of every record through the same window code that serves. `target` is left empty.
/// invalid_input when a record does not have the inputs of the specification.
Result<FeatureMatrix> matrix_of(const FeatureSpec& spec, std::span<const Record> records);

/// Sets the target: scans that remain to the end of the record (0 at its last row), cut at
/// `target_max`. Rows of a record stand together, oldest first.
void set_remaining_scans(FeatureMatrix& matrix, double target_max);

/// Which early part of each record counts as healthy: the smaller of a share of its rows and a
/// number of rows.
struct HealthyRule {
  double share = 0.3;             ///< (0, 1]
  std::uint32_t rows_max = 1000;  ///< at least 1
};
/// Indices of the healthy rows, at least one a record. Rows of a record stand together, oldest
/// first.
std::vector<std::size_t> healthy_rows(const FeatureMatrix& matrix, const HealthyRule& rule);

}  // namespace millwright::models
