// A foreign edge (npm sparkplug-client) through a real broker into our host session: everything it
// sends must arrive whole and in order, its outages and its habits (bdSeq always 0, QoS 0 Will,
// datatype in every DATA, compression with the number inside) notwithstanding.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <map>

#include "engine/broker_process.hpp"
#include "engine/process.hpp"
#include "engine/system_time.hpp"
#include "wire/sparkplug/host_session.hpp"

namespace millwright::sparkplug {
namespace {

/// The host session on a real connection, on one executor; keeps every event.
class Host final : public engine::BrokerListener {
 public:
  Host(engine::BrokerConnector& brokers, engine::BrokerEndpoint endpoint,
       engine::Executor& executor, const Clock& clock)
      : executor_(executor),
        clock_(clock),
        session_(*HostSession::create({.host_id = "hub"})),
        client_(brokers.create(std::move(endpoint), *this, executor)) {}

  void start() {
    executor_.post([this] {
      session_.start(now(), actions_);
      carry_out();
    });
  }
  void stop() {
    executor_.post([this] {
      session_.stop(now(), actions_);
      carry_out();
    });
  }
  void on_connected() override {
    session_.on_connected(now(), actions_);
    carry_out();
  }
  void on_closed(const Error&) override {
    session_.on_closed(now(), 0, actions_);
    actions_.clear();
    closed.set_value();
  }
  void on_message(engine::BrokerMessage message) override {
    // The broker took the subscriptions before the STATE that comes back.
    if (message.topic == "spBv1.0/STATE/hub" && !std::exchange(heard_, true)) listening.set_value();
    session_.on_message(message.topic, message.payload, now(), actions_);
    carry_out();
  }

  std::promise<void> listening;
  std::promise<void> ended;  ///< the second death of the edge was seen
  std::promise<void> closed;
  std::vector<HostAction> events;

  const HostSession& session() const { return session_; }

 private:
  Now now() const { return {clock_.utc_now(), clock_.monotonic_now()}; }
  static engine::BrokerMessage to_broker(const Message& message) {
    return {message.topic, message.payload, static_cast<engine::Qos>(message.qos),
            message.retain == Retain::yes};
  }
  void carry_out() {
    HostActions round;
    std::swap(round, actions_);
    for (HostAction& action : round) {
      switch (action.kind) {
        case HostActionKind::connect:
          client_->connect({to_broker(action.message)});
          break;
        case HostActionKind::subscribe:
          EXPECT_TRUE(
              client_->subscribe(action.message.topic, static_cast<engine::Qos>(action.message.qos))
                  .has_value());
          break;
        case HostActionKind::publish:
          EXPECT_TRUE(client_->publish(to_broker(action.message)).has_value());
          break;
        case HostActionKind::disconnect:
          client_->disconnect();
          break;
        default:
          note(action);
          events.push_back(std::move(action));
          break;
      }
    }
    if (!actions_.empty()) carry_out();
  }
  void note(const HostAction& action) {
    if (action.kind == HostActionKind::node_died && ++deaths_ == 2) ended.set_value();
    if (action.kind == HostActionKind::data && ++messages_ == 700) {
      EXPECT_TRUE(session_.request_rebirth(action.node, "test", now(), actions_).has_value());
    }
  }

  engine::Executor& executor_;
  const Clock& clock_;
  HostSession session_;
  HostActions actions_;
  std::unique_ptr<engine::BrokerClient> client_;
  bool heard_ = false;
  int deaths_ = 0;
  int messages_ = 0;
};

std::string text_of(const HostAction& event, const ontology::Row& row) {
  return std::string(event.batch.payload(row));
}

/// Everything of one run, gathered before the checks.
struct Record {
  std::vector<HostAction> events;
  std::map<HostProblem, std::uint64_t> problems;

  std::vector<const HostAction*> of(HostActionKind kind) const {
    std::vector<const HostAction*> found;
    for (const HostAction& event : events) {
      if (event.kind == kind) found.push_back(&event);
    }
    return found;
  }
};

Record run_foreign_edge() {
  Record run;
  const auto limit = std::chrono::seconds(60);
  const auto folder = std::filesystem::temp_directory_path() /
                      ("foreign-edge-" + std::to_string(engine::make_real_random()->next()));
  engine::BrokerProcessOptions options;
  options.directory = folder.string();
  engine::ProcessRequest request;
  {
    auto broker = engine::start_mosquitto(options);
    EXPECT_TRUE(broker.has_value()) << (broker ? "" : broker.error().text());
    if (!broker) return run;
    const auto clock = engine::make_real_clock();
    const auto brokers = engine::make_mosquitto_connector();
    auto executor = engine::make_thread_executor("host", *clock);
    Host host(*brokers, (*broker)->endpoint("hub"), *executor, *clock);
    auto listening = host.listening.get_future();
    auto ended = host.ended.get_future();
    auto closed = host.closed.get_future();
    host.start();
    EXPECT_EQ(listening.wait_for(limit), std::future_status::ready);
    request.arguments = {NODE_PROGRAM, FOREIGN_EDGE_SCRIPT, std::to_string((*broker)->port())};
    auto edge = engine::make_process_starter()->start(request);
    EXPECT_TRUE(edge.has_value());
    if (edge) {
      EXPECT_EQ(ended.wait_for(limit), std::future_status::ready);
      const auto status = (*edge)->wait(limit);
      EXPECT_TRUE(status && *status && (*status)->code == 0);
    }
    host.stop();
    EXPECT_EQ(closed.wait_for(limit), std::future_status::ready);
    executor.reset();
    run.events = std::move(host.events);
    for (std::size_t i = 0; i < host_problem_count; ++i) {
      const auto problem = static_cast<HostProblem>(i);
      if (const std::uint64_t count = host.session().count(problem); count > 0)
        run.problems[problem] = count;
    }
  }
  std::filesystem::remove_all(folder);
  return run;
}

TEST(ForeignEdge, everything_it_sends_arrives_whole) {
  const Record run = run_foreign_edge();

  // Three birth sequences: connect, reconnect with the stale bdSeq 0, rebirth on request.
  const auto births = run.of(HostActionKind::device_born);
  ASSERT_EQ(births.size(), 3u);
  ASSERT_EQ(run.of(HostActionKind::node_born).size(), 3u);
  EXPECT_EQ(run.of(HostActionKind::node_born)[0]->batch.rows.at(0).f64(), 0.25);
  EXPECT_EQ(run.of(HostActionKind::node_died).size(), 2u);
  for (const HostAction* birth : births) {
    std::map<std::string, const ontology::Row*> rows;
    for (const ontology::Row& row : birth->batch.rows)
      rows[birth->schema->metrics.at(row.slot).name] = &row;
    ASSERT_TRUE(rows["counter"] && rows["note"] && rows["total"] && rows["small"] && rows["on"]);
    EXPECT_EQ(rows["counter"]->i64(), -1);
    EXPECT_EQ(rows["level"]->f64(), 0.5);
    EXPECT_TRUE(rows["note"]->is_null);
    EXPECT_EQ(rows["total"]->i64(), 4294967295);
    EXPECT_EQ(rows["small"]->i64(), -5);
    EXPECT_EQ(rows["on"]->i64(), 1);
    ASSERT_TRUE(rows["front/temperature"]) << "the template is flattened";
    EXPECT_EQ(rows["front/temperature"]->f64(), 41.5);
    ASSERT_TRUE(rows["front/parameters/maker"]);
    EXPECT_EQ(text_of(*birth, *rows["front/parameters/maker"]), "acme");
  }

  // 710 messages, each once, in order, over the wrap of seq, the outage, compression and rebirth.
  const auto data = run.of(HostActionKind::data);
  ASSERT_EQ(data.size(), 710u);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const HostAction& event = *data[i];
    const auto number = static_cast<std::int64_t>(i);
    const bool historical = i >= 100 && i < 110;
    ASSERT_EQ(event.batch.size(), i == 50 || i == 51 ? 3u : 2u) << i;
    EXPECT_EQ(event.batch.rows[0].i64(), -number);
    EXPECT_EQ(event.batch.rows[1].f64(), static_cast<double>(i) / 2);
    EXPECT_EQ(event.data_class, historical ? DataClass::historical : DataClass::live) << i;
    const std::int64_t ms = 1'700'000'000'000 + number - (historical ? 86'400'000 : 0);
    EXPECT_EQ(event.batch.rows[0].ts_us, ms * 1000) << i;
    EXPECT_TRUE(event.body.empty());
  }
  EXPECT_TRUE(data[50]->batch.rows[2].is_null);
  EXPECT_EQ(text_of(*data[51], data[51]->batch.rows[2]), "Grüße");

  // The DataSet of each birth is the only thing that is not stored, and it is said.
  const std::map<HostProblem, std::uint64_t> expected{{HostProblem::unsupported_metric, 3}};
  EXPECT_EQ(run.problems, expected);
  for (const HostAction* problem : run.of(HostActionKind::problem))
    EXPECT_NE(problem->text.find("table"), std::string::npos) << problem->text;
}

}  // namespace
}  // namespace millwright::sparkplug
