// The catalog in SQLite through SOCI: WAL, synchronous FULL, explicit BEGIN IMMEDIATE, one writer.
// The statements are plain SQL; only opening is SQLite's own.
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <utility>

#include "base/format.hpp"
#include "catalog/store.hpp"

namespace millwright::catalog {
namespace {

using Integer = long long;  // what SOCI binds as 64 bits

Code code_of(std::string_view message) {
  if (message.contains("locked") || message.contains("busy")) return Code::unavailable;
  if (message.contains("not a database") || message.contains("malformed")) return Code::corrupt;
  if (message.contains("disk is full")) return Code::exhausted;
  if (message.contains("readonly") || message.contains("unable to open")) return Code::unavailable;
  return Code::internal;
}

/// SOCI throws; nothing of it leaves this file.
template <typename Function>
auto adapt(std::string_view doing, Function function) noexcept -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    return fail(code_of(what), fmt::format("{}: {}", doing, what),
                code_of(what) == Code::corrupt ? "restore the catalog from a backup" : "");
  }
}

/// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(soci::session& sql) : sql_(&sql) { *sql_ << "BEGIN IMMEDIATE"; }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (sql_ == nullptr) return;
    try {
      *sql_ << "ROLLBACK";
    } catch (const std::exception&) {
      // SQLite has rolled back itself; there is nothing left to undo.
    }
  }
  void commit() {
    *sql_ << "COMMIT";
    sql_ = nullptr;
  }

 private:
  soci::session* sql_;
};

constexpr const char* columns =
    "kind, name, uid, generation, change_number, labels, spec, created_us, changed_us, deleted";

Resource resource_of(const soci::row& row) {
  Resource out;
  out.key = {static_cast<Kind>(row.get<Integer>(0)), row.get<std::string>(1)};
  out.uid = row.get<std::string>(2);
  out.generation = static_cast<std::uint64_t>(row.get<Integer>(3));
  out.change = static_cast<std::uint64_t>(row.get<Integer>(4));
  const auto labels = parse_yaml({"catalog", row.get<std::string>(5)});
  for (const auto& document : labels.documents) {
    for (const auto& member : document.members) out.labels[member.key] = member.value.text;
  }
  auto spec = parse_yaml({"catalog", row.get<std::string>(6)});
  if (!spec.problems.empty() || spec.documents.size() != 1) {
    throw std::runtime_error(fmt::format("{}: the stored spec is malformed", out.key.text()));
  }
  out.spec = std::move(spec.documents.front());
  out.created = Timestamp{row.get<Integer>(7)};
  out.changed = Timestamp{row.get<Integer>(8)};
  out.deleted = row.get<Integer>(9) != 0;
  out.file = "catalog";
  return out;
}

std::string labels_json(const Labels& labels) {
  Node node = Node::make_map();
  for (const auto& [name, value] : labels) node.add(name, Node::make_text(value));
  return canonical_json(node);
}

class SqliteStore final : public Store {
 public:
  SqliteStore(const Clock& clock, Random& random) : clock_(&clock), random_(&random) {}

  Result<void> open(const std::string& path) {
    return adapt(fmt::format("opening the catalog {}", path), [&]() -> Result<void> {
      sql_.open(soci::sqlite3, fmt::format("db={} timeout=5", path));
      std::string mode;
      sql_ << "PRAGMA journal_mode=WAL", soci::into(mode);
      sql_ << "PRAGMA synchronous=FULL";
      Transaction transaction(sql_);
      Integer version = 0;
      sql_ << "PRAGMA user_version", soci::into(version);
      if (version > sqlite_schema_version) {
        return fail(Code::unsupported_version,
                    fmt::format("the catalog {} has format {}, this program reads up to {}", path,
                                version, sqlite_schema_version),
                    "use a newer program");
      }
      if (version == 0) create_tables();
      transaction.commit();
      return {};
    });
  }

  Result<std::uint64_t> change() override {
    return adapt("reading the catalog", [&]() -> Result<std::uint64_t> { return read_change(); });
  }

  Result<std::vector<Resource>> list(std::optional<Kind> kind) override {
    return adapt("reading the catalog", [&]() -> Result<std::vector<Resource>> {
      const auto where = kind ? fmt::format(" AND kind = {}", static_cast<int>(*kind)) : "";
      return select(fmt::format("WHERE deleted = 0{} ORDER BY kind, name", where));
    });
  }

  Result<Resource> get(const ResourceKey& key) override {
    return adapt("reading the catalog", [&]() -> Result<Resource> {
      auto found = find(key);
      if (!found || found->deleted) return no_such_resource(key);
      return std::move(*found);
    });
  }

  Result<std::vector<Resource>> changed_since(std::uint64_t change) override {
    return adapt("reading the catalog", [&]() -> Result<std::vector<Resource>> {
      return select(
          fmt::format("WHERE change_number > {} ORDER BY change_number, kind, name", change));
    });
  }

  Result<Applied> apply(const std::vector<Resource>& resources,
                        std::optional<std::uint64_t> expected) override {
    return adapt("changing the catalog", [&]() -> Result<Applied> {
      Transaction transaction(sql_);
      const auto at = read_change();
      if (expected && *expected != at) return store_moved_on(*expected, at);
      Applied out{{}, at};
      for (const auto& wanted : resources) {
        const auto next = transition(find(wanted.key), wanted, clock_->utc_now(), at + 1, *random_);
        out.effects.push_back({wanted.key, next.effect, next.resource.generation});
        if (next.effect == Effect::unchanged) continue;
        write(next.resource);
        out.change = at + 1;
      }
      write_change(out.change);
      transaction.commit();
      return out;
    });
  }

  Result<Applied> remove(const std::vector<ResourceKey>& keys,
                         std::optional<std::uint64_t> expected) override {
    return adapt("changing the catalog", [&]() -> Result<Applied> {
      Transaction transaction(sql_);
      const auto at = read_change();
      if (expected && *expected != at) return store_moved_on(*expected, at);
      Applied out{{}, at};
      for (const auto& key : keys) {
        const auto found = find(key);
        // Deleted by this very transaction: named twice.
        const bool twice = found && found->deleted && found->change == at + 1;
        if (!found || (found->deleted && !twice)) return no_such_resource(key);
        if (!twice) write(tombstone(*found, clock_->utc_now(), at + 1));
        out.effects.push_back({key, Effect::deleted, found->generation});
        out.change = at + 1;
      }
      write_change(out.change);
      transaction.commit();
      return out;
    });
  }

 private:
  void create_tables() {
    sql_ << "CREATE TABLE resources (kind BIGINT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL, "
            "generation BIGINT NOT NULL, change_number BIGINT NOT NULL, labels TEXT NOT NULL, "
            "spec TEXT NOT NULL, digest TEXT NOT NULL, created_us BIGINT NOT NULL, "
            "changed_us BIGINT NOT NULL, deleted BIGINT NOT NULL, PRIMARY KEY (kind, name))";
    sql_ << "CREATE INDEX resources_by_change ON resources (change_number)";
    sql_ << "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)";
    sql_ << "INSERT INTO counters (name, value) VALUES ('change', 0)";
    sql_ << fmt::format("PRAGMA user_version = {}", sqlite_schema_version);
  }

  std::uint64_t read_change() {
    Integer value = 0;
    sql_ << "SELECT value FROM counters WHERE name = 'change'", soci::into(value);
    return static_cast<std::uint64_t>(value);
  }
  void write_change(std::uint64_t change) {
    const auto value = static_cast<Integer>(change);
    sql_ << "UPDATE counters SET value = :value WHERE name = 'change'", soci::use(value);
  }

  std::vector<Resource> select(const std::string& clause) {
    std::vector<Resource> out;
    const soci::rowset<soci::row> rows =
        sql_.prepare << fmt::format("SELECT {} FROM resources {}", columns, clause);
    for (const auto& row : rows) out.push_back(resource_of(row));
    return out;
  }

  std::optional<Resource> find(const ResourceKey& key) {
    const auto kind = static_cast<Integer>(key.kind);
    const soci::rowset<soci::row> rows =
        (sql_.prepare << fmt::format("SELECT {} FROM resources WHERE kind = :kind AND name = :name",
                                     columns),
         soci::use(kind), soci::use(key.name));
    for (const auto& row : rows) return resource_of(row);
    return std::nullopt;
  }

  void write(const Resource& resource) {
    const auto kind = static_cast<Integer>(resource.key.kind);
    const auto generation = static_cast<Integer>(resource.generation);
    const auto change = static_cast<Integer>(resource.change);
    const Integer created = resource.created.us, changed = resource.changed.us;
    const Integer deleted = resource.deleted ? 1 : 0;
    const auto labels = labels_json(resource.labels);
    const auto spec = pretty_json(resource.spec);
    const auto digest = digest_of(resource.spec).hex();
    sql_ << "DELETE FROM resources WHERE kind = :kind AND name = :name", soci::use(kind),
        soci::use(resource.key.name);
    sql_ << "INSERT INTO resources (kind, name, uid, generation, change_number, labels, spec, "
            "digest, created_us, changed_us, deleted) VALUES (:kind, :name, :uid, :generation, "
            ":change, :labels, :spec, :digest, :created, :changed, :deleted)",
        soci::use(kind), soci::use(resource.key.name), soci::use(resource.uid),
        soci::use(generation), soci::use(change), soci::use(labels), soci::use(spec),
        soci::use(digest), soci::use(created), soci::use(changed), soci::use(deleted);
  }

  const Clock* clock_;
  Random* random_;
  soci::session sql_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path, const Clock& clock,
                                                 Random& random) {
  auto store = std::make_unique<SqliteStore>(clock, random);
  if (auto opened = store->open(path); !opened) return pass(std::move(opened));
  return store;
}

}  // namespace millwright::catalog
