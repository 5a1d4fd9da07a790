// A declared object: kind, name, labels, spec; and what the store adds to it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/time.hpp"
#include "catalog/document.hpp"

namespace millwright::catalog {

/// In the order in which they are printed. Numbers are stored: never reuse one.
enum class Kind : std::uint8_t {
  site = 1,
  asset_type = 2,
  asset = 3,
  device = 4,
  signal = 5,
  pipeline = 6,
  person = 7,
  use_case = 8,
  kpi = 9,
  role = 10,
  model = 11
};
inline constexpr std::array all_kinds{Kind::site,   Kind::asset_type, Kind::asset,  Kind::device,
                                      Kind::signal, Kind::pipeline,   Kind::person, Kind::use_case,
                                      Kind::kpi,    Kind::role,       Kind::model};
inline constexpr std::string_view api_version = "millwright/v1";

/// `AssetType`, as written in documents.
std::string_view name_of(Kind kind);
/// Reads the name in any case, singular or plural: `AssetType`, `assettypes`, `devices`.
std::optional<Kind> parse_kind(std::string_view name);

struct ResourceKey {
  Kind kind = Kind::site;
  std::string name;

  auto operator<=>(const ResourceKey&) const = default;
  std::string text() const { return std::string(name_of(kind)) + "/" + name; }
};

using Labels = std::map<std::string, std::string>;

/// A resource as declared, or as read back from the store.
struct Resource {
  ResourceKey key;
  Labels labels;
  Node spec;
  /// Where it was declared; file is `catalog` for one read from the store.
  std::string file;
  Mark mark;

  std::string uid;               ///< RFC 9562 version 4; empty until stored
  std::uint64_t generation = 0;  ///< counts changes of the spec from 1; 0 until stored
  std::uint64_t change = 0;      ///< number of the store's transaction that last touched it
  Timestamp created;
  Timestamp changed;
  bool deleted = false;  ///< a tombstone: the spec is that of the last generation
};

/// SHA-256 of the canonical JSON of the spec.
Digest digest_of(const Node& spec);

}  // namespace millwright::catalog
