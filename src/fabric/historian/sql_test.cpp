// SQL as users see it: readable columns over hot rows and segments, and nothing but reading.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "fabric/historian/historian_fixture.hpp"

namespace millwright::historian {
namespace {

class HistorianSql : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "historian-sql-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    disk_ = std::move(*engine::open_posix_disk(root_));
    auto store = engine::open_duckdb_store({root_, 1, "512MB"});
    ASSERT_TRUE(store) << store.error().text();
    store_ = std::move(*store);
    h_ = std::make_unique<TestHistorian>(*disk_, *store_, clock_);
    ASSERT_TRUE(h_->is_open()) << h_->error()->text();
    ASSERT_TRUE(producer_.define(**h_));
    put(0, 80);
    ASSERT_TRUE(h_->seal());
    put(80, 40);
  }
  void TearDown() override {
    h_.reset();
    store_.reset();
    std::filesystem::remove_all(root_);
  }
  void put(Sequence first, std::uint64_t rows) {
    ASSERT_TRUE(producer_.append(**h_, first, rows));
    ASSERT_TRUE((*h_)->commit());
  }
  std::string text(const std::string& statement) {
    auto table = h_->sql(statement);
    if (!table) return table.error().text();
    std::string out;
    for (const auto& row : table->rows) {
      for (const auto& cell : row) {
        if (!out.empty() && out.back() != '\n') out += '|';
        std::visit(
            [&]<typename T>(const T& value) {
              if constexpr (std::is_same_v<T, std::monostate>) {
                out += "NULL";
              } else if constexpr (std::is_same_v<T, std::string>) {
                out += value;
              } else if constexpr (std::is_same_v<T, Timestamp>) {
                out += to_rfc3339(value);
              } else if constexpr (std::is_same_v<T, Bytes>) {
                out += to_hex(value);
              } else if constexpr (std::is_same_v<T, double>) {
                out += std::to_string(value);
              } else {
                out += std::to_string(value);
              }
            },
            cell);
      }
      out += '\n';
    }
    return out;
  }

  std::string root_;
  std::unique_ptr<engine::Disk> disk_;
  std::unique_ptr<engine::SegmentStore> store_;
  ManualClock clock_;
  std::unique_ptr<TestHistorian> h_;
  TestProducer producer_;
};

TEST_F(HistorianSql, SamplesAreReadable) {
  EXPECT_EQ(text("SELECT count(*) FROM samples"), "120\n");
  EXPECT_EQ(text("SELECT site, edge, device, metric, ts, f64, i64, \"text\", \"blob\", quality, "
                 "quality_code, arrival, producer, incarnation, sequence, \"index\", unit "
                 "FROM samples WHERE metric = 'pressure' AND ts = TIMESTAMP '2026-01-05 00:00:02'"),
            "site-a|edge-1|pump|pressure|2026-01-05T00:00:02Z|1.000000|NULL|NULL|NULL|good|0|"
            "2026-01-05T00:00:00Z|site-a/edge-1|7|0|8|bar\n");
  EXPECT_EQ(text("SELECT quality, count(*) FROM samples GROUP BY 1 ORDER BY 1"),
            "bad:stuck|11\ngood|109\n");
  EXPECT_EQ(
      text("SELECT \"text\", hex(\"blob\") FROM samples WHERE sequence + \"index\" IN (82, 87) "
           "ORDER BY series"),
      "s82|NULL\nNULL|00FF733837\n");
}

TEST_F(HistorianSql, CurrentShowsTheGreatestRevisionOnly) {
  ontology::Batch batch = producer_.batch(8, 1);
  batch.rows[0].set_f64(55.5);
  ASSERT_TRUE((*h_)->append({producer_.series, {}, &batch, &producer_.id, 7, 120, 0}));
  ASSERT_TRUE((*h_)->commit());
  EXPECT_EQ(text("SELECT count(*) FROM samples"), "121\n");
  EXPECT_EQ(text("SELECT count(*) FROM current"), "120\n");
  EXPECT_EQ(text("SELECT f64 FROM current WHERE metric = 'pressure' AND "
                 "ts = TIMESTAMP '2026-01-05 00:00:02'"),
            "55.500000\n");
}

TEST_F(HistorianSql, DictionariesLedgerAndLosses) {
  ASSERT_TRUE((*h_)->declare(producer_.id,
                             {{7, 120, 5}, ontology::LossCause::disk_error, {0}, {0}, "disk"}));
  (*h_)->intern("{\"pipeline\":\"p\"}");
  ASSERT_TRUE((*h_)->commit());
  EXPECT_EQ(text("SELECT metric, datatype, unit FROM series ORDER BY series LIMIT 2"),
            "pressure|float64|bar\ncount|int64|1\n");
  EXPECT_EQ(text("SELECT producer, sent, stored, lost, unexplained FROM ledger"),
            "site-a/edge-1|125|120|5|0\n");
  EXPECT_EQ(text("SELECT first, count, cause, policy FROM losses"), "120|5|disk_error|disk\n");
  EXPECT_EQ(text("SELECT recipe FROM provenance"), "{\"pipeline\":\"p\"}\n");
  EXPECT_EQ(text("SELECT producer, custody FROM producers"), "site-a/edge-1|acknowledged\n");
}

TEST_F(HistorianSql, OddTypesComeAsText) {
  EXPECT_EQ(text("SELECT [1, 2], DATE '2026-01-05', INTERVAL 1 HOUR, 1.50::DECIMAL(5,2), NULL"),
            "[1, 2]|2026-01-05|01:00:00|1.50|NULL\n");
}

TEST_F(HistorianSql, OnlyReadingIsAnswered) {
  for (const char* statement :
       {"DROP TABLE series_dictionary", "CREATE TABLE x (a INT)", "DELETE FROM series_dictionary",
        "SELECT 1; SELECT 2", "ATTACH 'x.db'", "SET threads = 8", "INSTALL httpfs"}) {
    const auto refused = h_->sql(statement);
    ASSERT_FALSE(refused) << statement;
    EXPECT_EQ(refused.error().code(), Code::refused) << refused.error().text();
  }
  for (const char* statement :
       {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM read_text('/etc/passwd')", "COPY samples TO 'x.csv'",
        "SELECT nothing FROM samples", "SELEC 1", ""}) {
    const auto refused = h_->sql(statement);
    ASSERT_FALSE(refused) << statement;
    EXPECT_EQ(refused.error().code(), Code::invalid_input) << refused.error().text();
  }
  EXPECT_EQ(text("SELECT count(*) FROM samples"), "120\n") << "and it still answers";
}

TEST_F(HistorianSql, RowsAreBounded) {
  Options options;
  options.query_rows_max = 7;
  h_.reset();
  store_.reset();
  store_ = std::move(*engine::open_duckdb_store({root_, 1, "512MB"}));
  h_ = std::make_unique<TestHistorian>(*disk_, *store_, clock_, options);
  const auto table = h_->sql("SELECT * FROM samples");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows.size(), 7u);
  EXPECT_TRUE(table->truncated);
}

}  // namespace
}  // namespace millwright::historian
