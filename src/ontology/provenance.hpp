// What made a value, interned: one small number per sample points to one immutable record (DESIGN
// D5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/result.hpp"

namespace millwright::ontology {

/// The recipe of a value. Equal recipes have equal digests. An empty field means "none known" and
/// is said so by `lineage`.
struct Recipe {
  std::string producer;         ///< site/edge
  std::string release;          ///< name and version of the signed set
  std::string pipeline;         ///< name@generation:digest of the pipeline resource
  std::string model;            ///< name@version:digest
  std::string calibration_set;  ///< digest of the calibration facts in force
  std::string schema;           ///< digest of the device schema that typed the value
  std::string inputs;           ///< input series and window rule, for derived values

  bool operator==(const Recipe&) const = default;

  /// Canonical bytes: JSON, keys sorted, no spaces, empty fields left out. This is what is hashed,
  /// sent and stored.
  std::string canonical() const;
  static Result<Recipe> parse(std::string_view canonical);
};

/// The key of a recipe: SHA-256 of its canonical bytes.
inline Digest digest_of(const Recipe& recipe) {
  return sha256(as_bytes(recipe.canonical()));
}

}  // namespace millwright::ontology
