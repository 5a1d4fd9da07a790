// Order, cancelling and death in simulated time; links of the broker model under faults.
#include "sim/scheduler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/broker.hpp"

namespace millwright::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(Scheduler, RunsByTimeThenInsertion) {
  Scheduler scheduler;
  std::vector<int> ran;
  scheduler.after(2s, [&] { ran.push_back(3); });
  scheduler.after(1s, [&] {
    ran.push_back(1);
    scheduler.after(1s, [&] { ran.push_back(4); });
  });
  const auto cancelled = scheduler.after(1s, [&] { ran.push_back(99); });
  scheduler.after(1s, [&] { ran.push_back(2); });
  scheduler.cancel(cancelled);
  scheduler.cancel(cancelled);
  scheduler.run_until(10s);
  EXPECT_THAT(ran, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(scheduler.monotonic_now(), 10s);
  EXPECT_EQ(scheduler.utc_now(), Scheduler::default_start + 10s);
}

TEST(Scheduler, AKilledExecutorTakesItsTasksAlong) {
  Scheduler scheduler;
  auto executor = scheduler.make_executor("edge");
  std::vector<std::string> ran;
  bool observed = false;
  executor->post([&] { ran.emplace_back("before"); });
  executor->post_after(2s, [&] { ran.emplace_back("never"); });
  executor->on_kill([&] { observed = true; });
  scheduler.run_until(1s);
  executor->kill();
  executor->post([&] { ran.emplace_back("dead"); });
  scheduler.run_until(5s);
  EXPECT_THAT(ran, ElementsAre("before"));
  EXPECT_TRUE(observed);
  EXPECT_FALSE(executor->alive());
}

TEST(Scheduler, ABusyExecutorRunsLaterInOrder) {
  Scheduler scheduler;
  auto executor = scheduler.make_executor("edge");
  std::vector<std::pair<int, Duration>> ran;
  const auto note = [&](int what) { ran.emplace_back(what, scheduler.monotonic_now()); };
  executor->post([&] { executor->charge(3s); });
  executor->post([&] { note(1); });
  executor->post_after(1s, [&] { note(2); });
  scheduler.after(1s, [&] { note(0); });
  executor->post_after(4s, [&] { note(3); });
  scheduler.run_until(2s);
  EXPECT_EQ(scheduler.monotonic_now(), 2s);
  scheduler.run_until(10s);
  EXPECT_THAT(ran,
              ElementsAre(std::pair(0, 1s), std::pair(1, 3s), std::pair(2, 3s), std::pair(3, 4s)));
}

class Ear final : public engine::BrokerListener {
 public:
  void on_connected() override { ++connected; }
  void on_closed(const Error& reason) override { closed.push_back(reason.code()); }
  void on_message(engine::BrokerMessage message) override {
    texts.emplace_back(as_text(message.payload));
  }
  int connected = 0;
  std::vector<Code> closed;
  std::vector<std::string> texts;
};

/// A subscriber and a publisher on processes of their own.
class Links : public testing::Test {
 protected:
  Links() {
    network.add_broker("hub", 1883, {.queued_messages_max = 1000, .accounts = {}});
    reader = reader_connector->create(endpoint("reader"), reader_ear, *reader_executor);
    writer = writer_connector->create(endpoint("writer"), writer_ear, *writer_executor);
    reader->connect({});
    writer->connect({engine::BrokerMessage{"death", {}, engine::Qos::at_least_once, false}});
    scheduler.run_for(1s);
    EXPECT_TRUE(reader->subscribe("#", engine::Qos::at_most_once));
    scheduler.run_for(1s);
  }
  static engine::BrokerEndpoint endpoint(std::string id) {
    engine::BrokerEndpoint out;
    out.host = "hub";
    out.client_id = std::move(id);
    return out;
  }
  void write(const std::string& text) {
    const ByteView view = as_bytes(text);
    (void)writer->publish({"t", {view.begin(), view.end()}, engine::Qos::at_most_once, false});
  }

  Scheduler scheduler;
  SimNetwork network{scheduler, 5};
  Ear reader_ear, writer_ear;
  std::unique_ptr<SimExecutor> reader_executor = scheduler.make_executor("reader");
  std::unique_ptr<SimExecutor> writer_executor = scheduler.make_executor("writer");
  std::unique_ptr<engine::BrokerConnector> reader_connector = network.connector("reader");
  std::unique_ptr<engine::BrokerConnector> writer_connector = network.connector("writer");
  std::unique_ptr<engine::BrokerClient> reader, writer;
};

TEST_F(Links, JitterKeepsTheOrder) {
  network.link("writer", "hub", 1883).jitter = 50ms;
  network.link("reader", "hub", 1883).jitter = 50ms;
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(std::to_string(i));
    write(expected.back());
    scheduler.run_for(1ms);
  }
  scheduler.run_for(1s);
  EXPECT_EQ(reader_ear.texts, expected);
}

TEST_F(Links, AShortPartitionDelaysALongOneBreaks) {
  network.partition("writer", "hub", 1883, true);
  write("late");
  scheduler.run_for(5s);
  EXPECT_THAT(reader_ear.texts, testing::IsEmpty());
  network.partition("writer", "hub", 1883, false);
  scheduler.run_for(1s);
  EXPECT_THAT(reader_ear.texts, ElementsAre("late"));
  network.partition("writer", "hub", 1883, true);
  write("lost");
  scheduler.run_for(16s);  // one and a half keep-alives of ten seconds
  EXPECT_THAT(reader_ear.texts, ElementsAre("late", "")) << "the will";
  EXPECT_THAT(writer_ear.closed, testing::IsEmpty());
  scheduler.run_for(10s);
  EXPECT_THAT(writer_ear.closed, ElementsAre(Code::timeout));
  network.partition("writer", "hub", 1883, false);
  writer->connect({});
  scheduler.run_for(1s);
  EXPECT_EQ(writer_ear.connected, 2);
  EXPECT_THAT(reader_ear.texts, ElementsAre("late", ""));
}

TEST_F(Links, AStalledReaderLosesWhatDoesNotFit) {
  network.stall_reader("reader", "hub", 1883, true);
  for (int i = 0; i < 3000; ++i) write(std::to_string(i));
  scheduler.run_for(1s);
  const auto dropped = network.broker("hub", 1883).counts().dropped;
  EXPECT_EQ(dropped, 1900u);  // the broker's queue and the sockets hold 1,100
  network.stall_reader("reader", "hub", 1883, false);
  scheduler.run_for(1s);
  ASSERT_EQ(reader_ear.texts.size(), 1100u);
  EXPECT_EQ(reader_ear.texts.back(), "1099") << "the end is lost, never the middle";
}

TEST_F(Links, AKilledProcessSendsNothingMoreButItsWill) {
  write("before");
  writer_executor->kill();
  write("after");
  scheduler.run_for(1s);
  EXPECT_THAT(reader_ear.texts, ElementsAre("before", ""));
  writer.reset();
  writer_executor.reset();
  network.partition("writer", "hub", 1883, true);
  scheduler.run_for(60s);
}

}  // namespace
}  // namespace millwright::sim
