// What releases are rolled out to: targets as last seen, and selectors that pick some of them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/result.hpp"

namespace millwright::operations {

enum class TargetKind : std::uint8_t { edge, gateway };
std::string_view name_of(TargetKind kind);

/// A release by name, version and the digest of its manifest.
struct ReleaseId {
  std::string name;
  std::int64_t version = 0;
  Digest digest;

  auto operator<=>(const ReleaseId&) const = default;
};

/// Digest of "no release": a target in the state of its bootstrap file.
inline constexpr Digest no_release{};

using Label = std::pair<std::string, std::string>;

/// A target as last seen. The inventory is always stale: what a target runs is settled by what it
/// attests, not by this.
struct Target {
  std::string id;  ///< unique: 1 to 191 of `a-z 0-9 _ . : / -`, such as `site-a/gateway-1`
  std::string site;
  TargetKind kind = TargetKind::edge;
  std::vector<std::string> assets;
  std::vector<Label> labels;         ///< any order
  std::optional<ReleaseId> running;  ///< empty: none
};
bool is_valid_target_id(std::string_view text);

/// Conditions that must all hold, written `kind=gateway,ring=lab`. The keys `kind`, `site` and `id`
/// are the target's own; every other key is a label. Without conditions it takes every target.
class Selector {
 public:
  Selector() = default;
  /// Conditions are sorted, so equal selectors have equal text; `invalid_input` for an empty or
  /// repeated key, or for characters other than `a-z A-Z 0-9 _ . : / -`.
  static Result<Selector> parse(std::string_view text);

  bool matches(const Target& target) const;
  std::string text() const;
  bool empty() const { return conditions_.empty(); }
  auto operator<=>(const Selector&) const = default;

 private:
  std::vector<Label> conditions_;
};

/// Targets in the order of their ids, whatever order they came in.
class Inventory {
 public:
  /// `invalid_input` lists every invalid or repeated id.
  static Result<Inventory> create(std::vector<Target> targets);

  std::span<const Target> targets() const { return targets_; }
  const Target* find(std::string_view id) const;

 private:
  std::vector<Target> targets_;
};

}  // namespace millwright::operations
