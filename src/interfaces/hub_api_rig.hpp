// A real HubCore and historian on the simulated world, with the API before them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "engine/segment/simulated_segment_store.hpp"
#include "interfaces/hub_api.hpp"
#include "interfaces/json.hpp"
#include "sim/broker.hpp"
#include "sim/disk.hpp"
#include "sim/random.hpp"
#include "sim/scheduler.hpp"

namespace millwright::interfaces {

class HubApiTest : public testing::Test {
 protected:
  HubApiTest() : HubApiTest(std::make_unique<engine::SimulatedSegmentStore>()) {}
  explicit HubApiTest(std::unique_ptr<engine::SegmentStore> store) : store_(std::move(store)) {
    network_.add_broker("127.0.0.1", 1883);
    auto opened =
        historian::Historian::open({}, disk_, *store_, scheduler_, log_, *executor_, *executor_);
    EXPECT_TRUE(opened);
    historian_ = std::move(*opened);
    hub::HubOptions options;
    options.link.session.host_id = "hub";
    options.link.broker.client_id = "hub";
    auto core = hub::HubCore::create({scheduler_, random_, *executor_, disk_, *brokers_, log_},
                                     options, *historian_);
    EXPECT_TRUE(core);
    hub_ = std::move(*core);
    open_api(nullptr);
  }
  void open_api(OfficeApi* office) {
    HubApiOptions api;
    api.version = "9.9";
    api.simulated = true;
    api.event_clients_max = 2;
    api.resident_bytes = [] { return std::uint64_t{42}; };
    api.office = office;
    api_ = std::make_unique<HubApi>(*hub_, *executor_, scheduler_, api);
  }

  /// Three samples of a pump: two good ones and a bad one; a text.
  void store_samples(ontology::Sequence first = 0) {
    const ontology::DeviceSchema schema{{"site-a", "edge-1", "pump-1"},
                                        {{"pressure", ontology::DataType::float64, "bar"},
                                         {"state", ontology::DataType::string, ""}}};
    const auto series = historian_->define(schema);
    ASSERT_TRUE(series);
    ontology::Batch batch;
    for (int i = 0; i < 3; ++i) {
      ontology::Row row;
      row.ts_us = scheduler_.utc_now().us - (10 - i) * 1'000'000;
      row.set_f64(1.5 + i);
      if (i == 2) row.quality = ontology::Quality::bad(ontology::Reason::stuck);
      batch.rows.push_back(row);
    }
    ontology::Row text;
    text.ts_us = scheduler_.utc_now().us;
    text.slot = 1;
    batch.set_payload(text, "ru\"n");
    batch.rows.push_back(text);
    const historian::ProvenanceNumber none[] = {0};
    const ontology::ProducerId producer{"site-a", "edge-1"};
    ASSERT_TRUE(historian_->append(
        {*series, none, &batch, &producer, 77, first, 0, historian::Custody::acknowledged}));
    ASSERT_TRUE(historian_->commit());
  }
  void declare_loss() {
    const ontology::LossEntry loss{{77, 4, 5},
                                   ontology::LossCause::buffer_full,
                                   {1'000'000},
                                   {2'000'000},
                                   "buffer: drop_oldest"};
    ASSERT_TRUE(historian_->declare({"site-a", "edge-1"}, loss));
    ASSERT_TRUE(historian_->commit());
  }

  std::shared_ptr<std::optional<HttpResponse>> ask(HttpRequest request) {
    if (request.method != Method::get) request.headers["content-type"] = "application/json";
    auto answer = std::make_shared<std::optional<HttpResponse>>();
    api_->handler()(std::move(request),
                    [answer](HttpResponse response) { *answer = std::move(response); });
    return answer;
  }
  HttpResponse get(const std::string& path,
                   std::map<std::string, std::string, std::less<>> query = {}) {
    return finish(ask({Method::get, path, std::move(query), {}, ""}));
  }
  HttpResponse post(const std::string& path, const std::string& body = "{}") {
    return finish(ask({Method::post, path, {}, {}, body}));
  }
  HttpResponse finish(const std::shared_ptr<std::optional<HttpResponse>>& answer) {
    scheduler_.run_until_true([&] { return answer->has_value(); }, std::chrono::minutes(1));
    EXPECT_TRUE(answer->has_value());
    return answer->value_or(HttpResponse{});
  }
  static Json json(const HttpResponse& response) {
    auto read = parse_json(response.body);
    EXPECT_TRUE(read) << response.body;
    return read.value_or(Json());
  }

  sim::Scheduler scheduler_;
  sim::SimNetwork network_{scheduler_, 1};
  sim::SimDisk disk_{1};
  sim::SimRandom random_{1};
  SilentLog log_;
  std::unique_ptr<sim::SimExecutor> executor_ = scheduler_.make_executor("hub");
  std::unique_ptr<engine::BrokerConnector> brokers_ = network_.connector("hub");
  std::unique_ptr<engine::SegmentStore> store_;
  std::unique_ptr<historian::Historian> historian_;
  std::unique_ptr<hub::HubCore> hub_;
  std::unique_ptr<HubApi> api_;
};

}  // namespace millwright::interfaces
