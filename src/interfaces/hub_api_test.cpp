// The API against a real HubCore and historian on the simulated world.
#include "interfaces/hub_api.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "base/format.hpp"
#include "interfaces/endpoints.hpp"
#include "interfaces/hub_api_rig.hpp"
#include "interfaces/web_files.hpp"

namespace millwright::interfaces {
namespace {

TEST_F(HubApiTest, HealthNeedsTheBroker) {
  const auto before = get("/healthz");
  EXPECT_EQ(before.status, 503);
  EXPECT_EQ(json(before)["reasons"].items().size(), 1u);
  hub_->start();
  scheduler_.run_for(std::chrono::seconds(5));
  const auto after = get("/healthz");
  EXPECT_EQ(after.status, 200) << after.body;
  EXPECT_TRUE(json(after)["healthy"].boolean());
}

TEST_F(HubApiTest, StatusTellsTheAccountAndWhoIsUnknown) {
  store_samples();
  declare_loss();
  const Json status = json(get("/api/v1/status"));
  EXPECT_EQ(status["version"].string(), "9.9");
  EXPECT_TRUE(status["simulated"].boolean());
  EXPECT_EQ(status["ledger"]["sent"].natural(), 9u);
  EXPECT_EQ(status["ledger"]["stored"].natural(), 4u);
  EXPECT_EQ(status["ledger"]["lost"].natural(), 5u);
  EXPECT_EQ(status["ledger"]["unexplained"].natural(), 0u);
  EXPECT_EQ(status["process"]["resident_bytes"].natural(), 42u);
  // Known by the account, not heard of by this process: unknown, never online.
  const Json& edge = status["sites"].items().at(0)["edges"].items().at(0);
  EXPECT_EQ(edge["edge"].string(), "edge-1");
  EXPECT_EQ(edge["state"].string(), "unknown");
}

TEST_F(HubApiTest, LedgerOfAProducer) {
  store_samples();
  declare_loss();
  const Json ledger = json(get("/api/v1/ledger", {{"producer", "site-a/edge-1"}}));
  EXPECT_TRUE(ledger["balanced"].boolean());
  const Json& line = ledger["lines"].items().at(0);
  EXPECT_EQ(line["incarnation"].string(), "77");
  EXPECT_EQ(line["lost_by_cause"]["buffer_full"].natural(), 5u);
  EXPECT_EQ(line["losses"].items().at(0)["policy"].string(), "buffer: drop_oldest");
  EXPECT_FALSE(line["best_effort"].boolean());
  EXPECT_EQ(get("/api/v1/ledger", {{"producer", "site-a/other"}}).status, 404);
  EXPECT_EQ(get("/api/v1/ledger", {{"producer", "nonsense"}}).status, 400);
  EXPECT_EQ(get("/api/v1/ledger", {{"from", "yesterday"}}).status, 400);
}

TEST_F(HubApiTest, LastValuesKeepUnitQualityAndAge) {
  store_samples();
  const Json last = json(get("/api/v1/last", {{"pattern", "site-a/*"}}));
  ASSERT_EQ(last["values"].items().size(), 2u);
  const Json& pressure = last["values"].items()[0];
  EXPECT_EQ(pressure["series"].string(), "site-a/edge-1/pump-1/pressure");
  EXPECT_EQ(pressure["value"].number(), 3.5);
  EXPECT_EQ(pressure["unit"].string(), "bar");
  EXPECT_EQ(pressure["quality"].string(), "bad:stuck");
  EXPECT_GE(pressure["age_s"].number(), 8);
  EXPECT_EQ(last["values"].items()[1]["value"].string(), "ru\"n");
  EXPECT_TRUE(json(get("/api/v1/last", {{"pattern", "nowhere/*"}}))["values"].items().empty());
}

TEST_F(HubApiTest, RangeAndBuckets) {
  store_samples();
  const std::string series = "site-a/edge-1/pump-1/pressure";
  const Json range = json(get("/api/v1/range", {{"series", series}, {"limit", "2"}}));
  EXPECT_EQ(range["samples"].items().size(), 2u);
  EXPECT_TRUE(range["truncated"].boolean());
  const Json buckets = json(get("/api/v1/range", {{"series", series},
                                                  {"from", "2026-01-04T23:59:00Z"},
                                                  {"to", "2026-01-05T00:01:00Z"},
                                                  {"step", "1m"}}));
  ASSERT_FALSE(buckets["buckets"].items().empty());
  EXPECT_EQ(buckets["buckets"].items()[0]["max"].number(), 2.5);  // the bad one does not count
  EXPECT_EQ(get("/api/v1/range", {{"series", series}, {"step", "1m"}}).status, 400);
  EXPECT_EQ(get("/api/v1/range", {{"series", "site-a/x"}}).status, 404);
  EXPECT_EQ(get("/api/v1/range").status, 400);
}

TEST_F(HubApiTest, MistakesAreNamed) {
  EXPECT_EQ(get("/api/v1/statu").status, 404);
  EXPECT_EQ(post("/api/v1/status").status, 405);
  const auto parameter = get("/api/v1/last", {{"patern", "*"}});
  EXPECT_EQ(parameter.status, 400);
  EXPECT_EQ(json(parameter)["remedy"].string(), "did you mean 'pattern'?");
  const auto form = finish(ask({Method::post, "/api/v1/query", {}, {}, "not json"}));
  EXPECT_EQ(form.status, 400);
  EXPECT_EQ(form.content_type, "application/problem+json");
  EXPECT_EQ(post("/api/v1/query", "{}").status, 400);
  HttpRequest foreign{Method::post, "/api/v1/seal", {}, {}, ""};
  auto answer = std::make_shared<std::optional<HttpResponse>>();
  foreign.headers["content-type"] = "text/plain";
  api_->handler()(foreign, [answer](HttpResponse response) { *answer = std::move(response); });
  EXPECT_EQ(finish(answer).status, 400);
}

TEST_F(HubApiTest, SqlErrorsKeepCodeAndRemedy) {
  const auto answer = post("/api/v1/query", R"({"sql":"SELECT 1"})");  // no SQL in this store
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(json(answer)["code"].string(), "refused");
}

TEST_F(HubApiTest, SealVerifyAudit) {
  store_samples();
  const Json sealed = json(post("/api/v1/seal"));
  EXPECT_EQ(sealed["rows_sealed"].natural(), 4u);
  EXPECT_TRUE(json(post("/api/v1/verify"))["sound"].boolean());
  const Json audit = json(post("/api/v1/audit"));
  EXPECT_EQ(audit["rows"].natural(), 4u);
  EXPECT_EQ(audit["rows_double"].natural(), 0u);
  EXPECT_EQ(audit["rows_missing"].natural(), 0u);
}

TEST_F(HubApiTest, EventsComeEachSecondAndAreBounded) {
  const auto first = ask({Method::get, "/api/v1/events", {}, {}, ""});
  const auto second = ask({Method::get, "/api/v1/events", {}, {}, ""});
  const auto third = ask({Method::get, "/api/v1/events", {}, {}, ""});
  scheduler_.run_for(std::chrono::seconds(2));
  ASSERT_TRUE(first->has_value() && second->has_value() && third->has_value());
  EXPECT_EQ((*first)->content_type, "text/event-stream");
  EXPECT_NE((*first)->body.find("event: status\ndata: {"), std::string::npos);
  EXPECT_TRUE((*first)->body.ends_with("}\n\n"));
}

TEST_F(HubApiTest, MetricsHaveTypesAndLabels) {
  store_samples();
  const auto metrics = get("/metrics");
  EXPECT_NE(metrics.body.find("# TYPE millwright_hub_samples_total counter\n"), std::string::npos);
  EXPECT_NE(metrics.body.find("millwright_ledger_unexplained_samples 0\n"), std::string::npos);
  EXPECT_NE(metrics.body.find("millwright_producer_stored_samples_total{site=\"site-a\","
                              "edge=\"edge-1\"} 4\n"),
            std::string::npos);
  EXPECT_NE(metrics.body.find("process_resident_memory_bytes 42\n"), std::string::npos);
}

TEST_F(HubApiTest, TheScreenIsServedAsItIsCarried) {
  const WebFile& page = *web_file_for("/");
  const auto answer = get("/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, page.bytes);
  EXPECT_EQ(answer.headers.at("Content-Encoding"), "gzip");
  EXPECT_EQ(answer.headers.at("Cache-Control"), "no-cache");
  EXPECT_EQ(answer.headers.at("Content-Security-Policy"), web_security_policy());
  EXPECT_EQ(get("/assets/pump.07", {{"why", "health"}}).body, page.bytes);  // a place of the screen
  for (const WebFile& file : web_files()) {
    const auto part = get(std::string(file.path));
    EXPECT_EQ(part.content_type, file.content_type);
    EXPECT_EQ(part.headers.at("ETag"), file.etag);
    EXPECT_EQ(part.headers.at("Cache-Control"), cache_control_of(file));
  }
}

TEST_F(HubApiTest, WhatTheBrowserHasIsNotSentAgain) {
  HttpRequest request{Method::get, "/", {}, {}, ""};
  request.headers["if-none-match"] = web_file_for("/")->etag;
  const auto same = finish(ask(request));
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.headers.at("ETag"), web_file_for("/")->etag);
  request.headers["if-none-match"] = "\"another\"";
  EXPECT_EQ(finish(ask(request)).status, 200);
}

TEST_F(HubApiTest, WhatIsNoPlaceOfTheScreenIsNotThePage) {
  EXPECT_EQ(get("/static/gone-12345678.js").status, 404);
  EXPECT_EQ(get("/api/v1/nothing").status, 404);
  EXPECT_EQ(get("/api/v1/signin").status, 405);
  EXPECT_EQ(post("/").status, 404);
  EXPECT_EQ(get("/openapi.yaml").body, hub_openapi());
}

TEST_F(HubApiTest, WithoutAnOfficeItSaysSo) {
  const auto answer = get("/api/v1/workorders");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(json(answer)["remedy"].string().find("millwright hub"), std::string::npos);
}

TEST_F(HubApiTest, AfterItsEndTheHandlerStillAnswers) {
  const auto handler = api_->handler();
  const auto waiting = ask({Method::get, "/api/v1/events", {}, {}, ""});
  api_.reset();
  scheduler_.run_for(std::chrono::seconds(2));
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->status, 503);
  std::optional<HttpResponse> answer;
  handler({Method::get, "/", {}, {}, ""}, [&](HttpResponse response) { answer = response; });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
}

/// The same with DuckDB below, for what needs SQL. Nothing is sealed, so the disk stays simulated.
class HubSqlTest : public HubApiTest {
 protected:
  HubSqlTest() : HubApiTest(*engine::open_duckdb_store({.directory = testing::TempDir()})) {}
};

TEST_F(HubSqlTest, AQueryKeepsTypesUnitsAndQuality) {
  store_samples();
  const Json table = json(
      post("/api/v1/query",
           R"({"sql":"SELECT metric, value, unit, quality FROM samples ORDER BY ts LIMIT 3"})"));
  ASSERT_EQ(table["rows"].items().size(), 3u) << table.dump();
  EXPECT_EQ(table["columns"].items().at(1)["type"].string(), "DOUBLE");
  EXPECT_EQ(table["rows"].items()[2].dump(), R"(["pressure",3.5,"bar","bad:stuck"])");
  EXPECT_FALSE(table["truncated"].boolean());
}

TEST_F(HubSqlTest, BadSqlHasCodePlaceAndRemedy) {
  const auto answer = post("/api/v1/query", R"({"sql":"SELECT *\nFORM samples"})");
  EXPECT_EQ(answer.status, 400);
  const Json problem = json(answer);
  EXPECT_EQ(problem["code"].string(), "invalid_input");
  EXPECT_NE(problem["remedy"].string(), "");
  ASSERT_EQ(problem["problems"].items().size(), 1u) << answer.body;
  EXPECT_EQ(problem["problems"].items()[0]["line"].integer(), 2) << answer.body;
  EXPECT_EQ(post("/api/v1/query", R"({"sql":"DROP TABLE samples"})").status, 403);
}

TEST_F(HubSqlTest, LedgerOfAnInterval) {
  store_samples();
  declare_loss();
  const std::string start = to_rfc3339(scheduler_.utc_now() - std::chrono::seconds(9));
  const Json ledger = json(get("/api/v1/ledger", {{"from", start}}));
  const Json& line = ledger["lines"].items().at(0);
  EXPECT_EQ(line["stored"].natural(), 3u) << ledger.dump();
  EXPECT_EQ(line["lost"].natural(), 0u);  // those were lost long before
  const Json whole = json(get("/api/v1/ledger", {{"from", "1970-01-01T00:00:00Z"}}));
  EXPECT_EQ(whole["lines"].items().at(0)["lost"].natural(), 5u);
}

}  // namespace
}  // namespace millwright::interfaces
