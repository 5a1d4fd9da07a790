// The catalog's store: resources with generations, changed by transactions that are whole or not at
// all. A port with two adapters, SQLite and memory, and one conformance suite.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "catalog/resource.hpp"

namespace millwright::catalog {

enum class Effect : std::uint8_t { created, changed, unchanged, deleted };
std::string_view name_of(Effect effect);

struct Effected {
  ResourceKey key;
  Effect effect = Effect::unchanged;
  std::uint64_t generation = 0;

  bool operator==(const Effected&) const = default;
};

/// What a transaction did, in the order in which it was asked.
struct Applied {
  std::vector<Effected> effects;
  std::uint64_t change = 0;  ///< the store's number after it
};

/// One owner, one thread: the writer lane. The store counts its changing transactions; each
/// resource carries the number of the one that last touched it, so a watcher asks for what changed
/// since the number that it saw.
class Store {
 public:
  virtual ~Store() = default;
  /// Number of the last transaction that changed something; 0 at first.
  virtual Result<std::uint64_t> change() = 0;
  /// Resources that are not deleted, by kind and name.
  virtual Result<std::vector<Resource>> list(std::optional<Kind> kind) = 0;
  /// not_found for one that never was or is deleted.
  virtual Result<Resource> get(const ResourceKey& key) = 0;
  /// Resources touched after `change`, tombstones included, oldest first.
  virtual Result<std::vector<Resource>> changed_since(std::uint64_t change) = 0;
  /// Creates or changes all of them in one transaction. The generation grows when the spec differs
  /// in value; a change of labels alone counts as changed without a new generation. A deleted name
  /// comes back with a new uid, its generation going on. conflict: the store is not at `expected`
  /// any more; nothing was done.
  virtual Result<Applied> apply(const std::vector<Resource>& resources,
                                std::optional<std::uint64_t> expected) = 0;
  /// Leaves tombstones, in one transaction. not_found when one of them does not exist: nothing was
  /// done.
  virtual Result<Applied> remove(const std::vector<ResourceKey>& keys,
                                 std::optional<std::uint64_t> expected) = 0;
};

/// What the stores write in place of `existing` (none: absent) when `wanted` is applied.
struct Transition {
  Effect effect = Effect::unchanged;
  Resource resource;
};
Transition transition(const std::optional<Resource>& existing, const Resource& wanted,
                      Timestamp now, std::uint64_t change, Random& random);
Resource tombstone(const Resource& existing, Timestamp now, std::uint64_t change);
/// RFC 9562 version 4.
std::string make_uid(Random& random);
std::unexpected<Error> no_such_resource(const ResourceKey& key);
std::unexpected<Error> store_moved_on(std::uint64_t expected, std::uint64_t actual);

/// Keeps everything in memory; for the simulator and for tests. `clock` and `random` outlive it.
std::unique_ptr<Store> make_memory_store(const Clock& clock, Random& random);

/// A SQLite database at `path` through SOCI (WAL, synchronous FULL), made when absent
/// (sqlite_adapter.cpp). corrupt: not a database; unsupported_version: written by a newer program;
/// unavailable: another process holds it for longer than 5 s.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, const Clock& clock,
                                                 Random& random);
inline constexpr int sqlite_schema_version = 1;

}  // namespace millwright::catalog
