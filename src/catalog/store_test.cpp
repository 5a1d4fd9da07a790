// One suite for every store.
#include "catalog/store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace millwright::catalog {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp utc_now() const override { return now; }
  Duration monotonic_now() const override { return Duration(now.us); }
  Timestamp now{1'000'000};
};

class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return state_ += 0x9E3779B97F4A7C15ull; }

 private:
  std::uint64_t state_ = 7;
};

Resource site(std::string name, std::string_view title, Labels labels = {}) {
  Resource out;
  out.key = {Kind::site, std::move(name)};
  out.labels = std::move(labels);
  out.spec = Node::make_map();
  out.spec.add("title", Node::make_text(title)).add("size", Node::make_number(1.5));
  return out;
}

/// The value, or a failure with the error's text and an empty value.
template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  ADD_FAILURE() << result.error().text();
  return T{};
}

class StoreConformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "sqlite") {
      const auto* info = testing::UnitTest::GetInstance()->current_test_info();
      std::string name = info->name();
      std::ranges::replace(name, '/', '_');
      directory_ = std::filesystem::temp_directory_path() /
                   ("millwright_" + name + std::to_string(::getpid()));
      std::filesystem::create_directories(directory_);
    }
    reopen();
  }
  void TearDown() override {
    store_.reset();
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }
  std::string path() const { return (directory_ / "catalog.db").string(); }
  void reopen() {
    store_.reset();
    if (GetParam() == "sqlite") {
      auto opened = open_sqlite_store(path(), clock_, random_);
      ASSERT_TRUE(opened.has_value()) << opened.error().text();
      store_ = std::move(*opened);
    } else {
      store_ = make_memory_store(clock_, random_);
    }
  }

  FixedClock clock_;
  CountingRandom random_;
  std::filesystem::path directory_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreConformance, GenerationGrowsOnlyWithTheSpec) {
  EXPECT_EQ(must(store_->change()), 0u);
  auto applied = must(store_->apply({site("a", "A"), site("b", "B")}, 0));
  EXPECT_EQ(applied.effects[0], (Effected{{Kind::site, "a"}, Effect::created, 1}));
  EXPECT_EQ(applied.change, 1u);
  const auto first = must(store_->get({Kind::site, "a"}));
  EXPECT_EQ(first.uid.size(), 36u);
  EXPECT_EQ(first.uid[14], '4');

  clock_.now = Timestamp{2'000'000};
  applied = must(store_->apply({site("a", "A"), site("b", "B2")}, std::nullopt));
  EXPECT_EQ(applied.effects[0], (Effected{{Kind::site, "a"}, Effect::unchanged, 1}));
  EXPECT_EQ(applied.effects[1], (Effected{{Kind::site, "b"}, Effect::changed, 2}));
  EXPECT_EQ(must(store_->get({Kind::site, "a"})).changed.us, 1'000'000);
  EXPECT_EQ(must(store_->get({Kind::site, "b"})).changed.us, 2'000'000);
  EXPECT_EQ(must(store_->get({Kind::site, "b"})).created.us, 1'000'000);

  applied = must(store_->apply({site("a", "A", {{"tier", "gold"}})}, std::nullopt));
  EXPECT_EQ(applied.effects[0], (Effected{{Kind::site, "a"}, Effect::changed, 1}));
  EXPECT_EQ(must(store_->get({Kind::site, "a"})).labels.at("tier"), "gold");
  EXPECT_EQ(must(store_->get({Kind::site, "a"})).uid, first.uid);

  applied = must(store_->apply({site("a", "A", {{"tier", "gold"}})}, std::nullopt));
  EXPECT_EQ(applied.change, 3u) << "a transaction without effect has no number";
}

TEST_P(StoreConformance, EqualValuesWrittenOtherwiseAreUnchanged) {
  ASSERT_TRUE(store_->apply({site("a", "A")}, std::nullopt).has_value());
  Resource same = site("a", "A");
  std::ranges::reverse(same.spec.members);
  EXPECT_EQ(must(store_->apply({same}, std::nullopt)).effects[0].effect, Effect::unchanged);
}

TEST_P(StoreConformance, DeletedLeavesATombstoneAndComesBackWithANewUid) {
  ASSERT_TRUE(store_->apply({site("a", "A"), site("b", "B")}, std::nullopt).has_value());
  const auto uid = must(store_->get({Kind::site, "a"})).uid;
  const auto removed = must(store_->remove({{Kind::site, "a"}}, 1));
  EXPECT_EQ(removed.change, 2u);
  EXPECT_EQ(store_->get({Kind::site, "a"}).error().code(), Code::not_found);
  EXPECT_EQ(must(store_->list(std::nullopt)).size(), 1u);
  const auto changes = must(store_->changed_since(1));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_TRUE(changes[0].deleted);
  const auto back = must(store_->apply({site("a", "A")}, std::nullopt));
  EXPECT_EQ(back.effects[0], (Effected{{Kind::site, "a"}, Effect::created, 2}));
  EXPECT_NE(must(store_->get({Kind::site, "a"})).uid, uid);
}

TEST_P(StoreConformance, ATransactionIsWholeOrNotAtAll) {
  ASSERT_TRUE(store_->apply({site("a", "A")}, std::nullopt).has_value());
  const auto missing = store_->remove({{Kind::site, "a"}, {Kind::site, "zz"}}, std::nullopt);
  EXPECT_EQ(missing.error().code(), Code::not_found);
  EXPECT_TRUE(store_->get({Kind::site, "a"}).has_value());
  const auto late = store_->apply({site("b", "B")}, 0);
  EXPECT_EQ(late.error().code(), Code::conflict);
  EXPECT_EQ(store_->remove({{Kind::site, "a"}}, 0).error().code(), Code::conflict);
  EXPECT_EQ(store_->list(std::nullopt)->size(), 1u);
  EXPECT_EQ(*store_->change(), 1u);
}

TEST_P(StoreConformance, ListsByKindAndNameAndWatchesByChange) {
  Resource person = site("p", "P");
  person.key.kind = Kind::person;
  ASSERT_TRUE(store_->apply({person, site("b", "B"), site("a", "A")}, std::nullopt).has_value());
  ASSERT_TRUE(store_->apply({site("a", "A2")}, std::nullopt).has_value());
  const auto all = *store_->list(std::nullopt);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].key.text(), "Site/a");
  EXPECT_EQ(all[2].key.text(), "Person/p");
  EXPECT_EQ(store_->list(Kind::site)->size(), 2u);
  EXPECT_EQ(store_->changed_since(0)->back().key.text(), "Site/a");
  EXPECT_EQ(store_->changed_since(1)->size(), 1u);
  EXPECT_TRUE(store_->changed_since(2)->empty());
}

TEST_P(StoreConformance, TextsComeBackAsTheyWent) {
  Resource odd = site("a", "quote \" back\\slash\nnew line \t tab, \u00e4\u00b0 and 'yes'");
  odd.spec.add("looksLikeNumber", Node::make_text("12")).add("empty", Node::make_list());
  ASSERT_TRUE(store_->apply({odd}, std::nullopt).has_value());
  const auto back = *store_->get({Kind::site, "a"});
  EXPECT_EQ(canonical_json(back.spec), canonical_json(odd.spec));
  EXPECT_EQ(back.spec.find("looksLikeNumber")->type, Node::Type::string);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::Values("memory", "sqlite"),
                         [](const auto& instance) { return instance.param; });

class SqliteStoreTest : public StoreConformance {};
INSTANTIATE_TEST_SUITE_P(Stores, SqliteStoreTest, testing::Values("sqlite"));

TEST_P(SqliteStoreTest, SurvivesReopening) {
  ASSERT_TRUE(store_->apply({site("a", "A")}, std::nullopt).has_value());
  reopen();
  EXPECT_EQ(*store_->change(), 1u);
  EXPECT_EQ(store_->get({Kind::site, "a"})->spec.text_at("title"), "A");
}

TEST_P(SqliteStoreTest, RefusesANewerFormatAndForeignFiles) {
  store_.reset();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version = 2", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  EXPECT_EQ(open_sqlite_store(path(), clock_, random_).error().code(), Code::unsupported_version);

  const auto other = (directory_ / "other.db").string();
  std::ofstream(other) << std::string(4096, 'x');
  EXPECT_EQ(open_sqlite_store(other, clock_, random_).error().code(), Code::corrupt);
  EXPECT_EQ(open_sqlite_store("/nowhere/at/all/catalog.db", clock_, random_).error().code(),
            Code::unavailable);
}

TEST_P(SqliteStoreTest, DurabilityIsAskedFor) {
  ASSERT_TRUE(store_->apply({site("a", "A")}, std::nullopt).has_value());
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
  std::string mode;
  sqlite3_exec(
      database, "PRAGMA journal_mode",
      [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) = values[0];
        return 0;
      },
      &mode, nullptr);
  sqlite3_close(database);
  EXPECT_EQ(mode, "wal");
}

}  // namespace
}  // namespace millwright::catalog
