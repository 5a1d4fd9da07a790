// One suite for the broker port: the broker model of the simulation and libmosquitto with a real
// mosquitto must behave alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>

#include "engine/broker_process.hpp"
#include "engine/system_time.hpp"
#include "sim/broker.hpp"

namespace millwright::sim {
namespace {

using engine::BrokerClient;
using engine::BrokerEndpoint;
using engine::BrokerMessage;
using engine::Qos;
using testing::ElementsAre;
using testing::IsEmpty;

/// What one client heard. Written and read on the bed's executor.
class Ear final : public engine::BrokerListener {
 public:
  void on_connected() override { ++connected; }
  void on_closed(const Error& reason) override { closed.push_back(reason.code()); }
  void on_message(BrokerMessage message) override {
    texts.push_back(message.topic + "=" + std::string(as_text(message.payload)) +
                    (message.retained ? " retained" : ""));
    messages.push_back(std::move(message));
  }
  int connected = 0;
  std::vector<Code> closed;
  std::vector<std::string> texts;
  std::vector<BrokerMessage> messages;
};

/// A world with one broker and one executor for all clients of a test.
class Bed {
 public:
  virtual ~Bed() = default;
  virtual engine::BrokerConnector& connector() = 0;
  virtual engine::Executor& executor() = 0;
  virtual BrokerEndpoint endpoint(std::string client_id, std::string_view user) = 0;
  /// Runs `work` on the executor.
  virtual void run(std::function<void()> work) = 0;
  /// Waits until `done` holds on the executor; false after too long.
  virtual bool wait(std::function<bool()> done) = 0;
  virtual void kill_broker() = 0;
  virtual void restart_broker() = 0;
};

class SimulatedBed final : public Bed {
 public:
  explicit SimulatedBed(bool with_accounts) {
    SimBrokerOptions options;
    if (with_accounts) {
      options.accounts["site-a"] = {"secret-a", {"spBv1.0/site-a/#"}};
      options.accounts["site-b"] = {"secret-b", {"spBv1.0/site-b/#"}};
    }
    network_.add_broker("127.0.0.1", 1883, options);
  }
  engine::BrokerConnector& connector() override { return *connector_; }
  engine::Executor& executor() override { return *executor_; }
  BrokerEndpoint endpoint(std::string client_id, std::string_view user) override {
    BrokerEndpoint out;
    out.client_id = std::move(client_id);
    out.user = user;
    if (!user.empty()) out.password = "secret-" + std::string(user.substr(5));
    return out;
  }
  void run(std::function<void()> work) override { work(); }
  bool wait(std::function<bool()> done) override {
    return scheduler_.run_until_true(done, std::chrono::minutes(1));
  }
  void kill_broker() override { network_.broker("127.0.0.1", 1883).crash(); }
  void restart_broker() override { network_.broker("127.0.0.1", 1883).restart(); }

 private:
  Scheduler scheduler_;
  SimNetwork network_{scheduler_, 7};
  std::unique_ptr<SimExecutor> executor_ = scheduler_.make_executor("clients");
  std::unique_ptr<engine::BrokerConnector> connector_ = network_.connector("clients");
};

class RealBed final : public Bed {
 public:
  explicit RealBed(bool with_accounts) {
    std::string pattern = (std::filesystem::temp_directory_path() / "broker-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    engine::BrokerProcessOptions options;
    options.directory = directory_;
    if (with_accounts) {
      options.accounts = {{"site-a", "secret-a", {"spBv1.0/site-a/#"}, {}},
                          {"site-b", "secret-b", {"spBv1.0/site-b/#"}, {}}};
    }
    auto started = engine::start_mosquitto(std::move(options));
    if (!started) {
      ADD_FAILURE() << started.error().text();
      std::abort();
    }
    broker_ = std::move(*started);
  }
  ~RealBed() override {
    executor_.reset();
    broker_.reset();
    std::filesystem::remove_all(directory_);
  }
  engine::BrokerConnector& connector() override { return *connector_; }
  engine::Executor& executor() override { return *executor_; }
  BrokerEndpoint endpoint(std::string client_id, std::string_view user) override {
    return broker_->endpoint(std::move(client_id), user);
  }
  void run(std::function<void()> work) override {
    std::promise<void> ran;
    executor_->post([&] {
      work();
      ran.set_value();
    });
    ran.get_future().wait();
  }
  bool wait(std::function<bool()> done) override {
    std::promise<bool> ended;
    int looks = 0;
    std::function<void()> look = [&] {
      if (done()) return ended.set_value(true);
      if (++looks > 10'000) return ended.set_value(false);
      executor_->post_after(std::chrono::milliseconds(2), [&] { look(); });
    };
    executor_->post([&] { look(); });
    return ended.get_future().get();
  }
  void kill_broker() override {
    ASSERT_TRUE(broker_->process().signal(engine::ProcessSignal::kill));
    ASSERT_TRUE(broker_->process().wait(std::chrono::seconds(10)));
  }
  void restart_broker() override { ASSERT_TRUE(broker_->restart()); }

 private:
  std::string directory_;
  std::unique_ptr<Clock> clock_ = engine::make_real_clock();
  std::unique_ptr<engine::BrokerProcess> broker_;
  std::unique_ptr<engine::BrokerConnector> connector_ = engine::make_mosquitto_connector();
  std::unique_ptr<engine::Executor> executor_ = engine::make_thread_executor("clients", *clock_);
};

class BrokerPort : public testing::TestWithParam<const char*> {
 protected:
  void use_accounts() { bed_ = make(true); }
  Bed& bed() {
    if (!bed_) bed_ = make(false);
    return *bed_;
  }
  std::unique_ptr<Bed> make(bool with_accounts) const {
    if (std::string_view(GetParam()) == "model")
      return std::make_unique<SimulatedBed>(with_accounts);
    return std::make_unique<RealBed>(with_accounts);
  }
  std::unique_ptr<BrokerClient> client(Ear& ear, std::string id, std::string_view user = {}) {
    std::unique_ptr<BrokerClient> out;
    bed().run([&] {
      out = bed().connector().create(bed().endpoint(std::move(id), user), ear, bed().executor());
    });
    return out;
  }
  std::unique_ptr<BrokerClient> connected(Ear& ear, std::string id,
                                          std::optional<BrokerMessage> will = std::nullopt,
                                          std::string_view user = {}) {
    auto out = client(ear, std::move(id), user);
    bed().run([&] { out->connect({std::move(will)}); });
    EXPECT_TRUE(bed().wait([&] { return ear.connected == 1; }));
    return out;
  }
  /// Subscribes and waits until the broker has the subscription: a message to oneself came back.
  void subscribe(BrokerClient& who, Ear& ear, const std::string& filter, Qos qos,
                 const std::string& probe) {
    bed().run([&] {
      EXPECT_TRUE(who.subscribe(filter, qos));
      EXPECT_TRUE(who.subscribe(probe, qos));
      EXPECT_TRUE(who.publish(message(probe, "here")));
    });
    EXPECT_TRUE(
        bed().wait([&] { return !ear.texts.empty() && ear.texts.back() == probe + "=here"; }));
    bed().run([&] {
      ear.texts.pop_back();
      ear.messages.pop_back();
    });
  }
  void publish(BrokerClient& who, const BrokerMessage& what) {
    bed().run([&] { EXPECT_TRUE(who.publish(what)); });
  }
  void destroy(std::unique_ptr<BrokerClient>& who) {
    bed().run([&] { who.reset(); });
  }
  static BrokerMessage message(std::string topic, std::string_view text,
                               Qos qos = Qos::at_most_once, bool retained = false) {
    const ByteView bytes = as_bytes(text);
    return {std::move(topic), Bytes(bytes.begin(), bytes.end()), qos, retained};
  }

  std::unique_ptr<Bed> bed_;
};

TEST_P(BrokerPort, CarriesMessagesOfBothQosInOrder) {
  Ear a, b;
  auto sender = connected(a, "sender");
  auto receiver = connected(b, "receiver");
  subscribe(*receiver, b, "plant/#", Qos::at_least_once, "probe");
  constexpr int count = 2000;
  std::vector<std::string> expected;
  for (int i = 0; i < count; ++i) expected.push_back("plant/x=" + std::to_string(i));
  for (int i = 0; i < count; i += 100) {
    bed().run([&] {
      for (int j = i; j < i + 100; ++j)
        ASSERT_TRUE(sender->publish(message("plant/x", std::to_string(j))));
    });
    ASSERT_TRUE(bed().wait([&] { return b.texts.size() >= static_cast<std::size_t>(i + 100); }));
  }
  bed().run([&] { EXPECT_EQ(b.texts, expected); });
  publish(*sender, message("plant/y", "one", Qos::at_least_once));
  ASSERT_TRUE(bed().wait([&] { return b.texts.size() == count + 1; }));
  bed().run([&] { EXPECT_EQ(b.messages.back().qos, Qos::at_least_once); });
  destroy(sender), destroy(receiver);
}

TEST_P(BrokerPort, DeliversWithTheLowerQosAndOnceForOverlappingFilters) {
  Ear a, b;
  auto sender = connected(a, "sender");
  auto receiver = connected(b, "receiver");
  subscribe(*receiver, b, "plant/+", Qos::at_most_once, "probe");
  subscribe(*receiver, b, "plant/#", Qos::at_most_once, "probe2");
  publish(*sender, message("plant/x", "one", Qos::at_least_once));
  publish(*sender, message("plant/x/deep", "two"));
  ASSERT_TRUE(bed().wait([&] { return b.texts.size() >= 2; }));
  bed().run([&] {
    EXPECT_THAT(b.texts, ElementsAre("plant/x=one", "plant/x/deep=two"));
    EXPECT_EQ(b.messages[0].qos, Qos::at_most_once);
  });
  destroy(sender), destroy(receiver);
}

TEST_P(BrokerPort, KeepsRetainedMessagesUntilAnEmptyOne) {
  Ear a, b, c;
  auto sender = connected(a, "sender");
  publish(*sender, message("state/1", "up", Qos::at_least_once, true));
  publish(*sender, message("state/2", "up", Qos::at_least_once, true));
  publish(*sender, message("state/2", "", Qos::at_least_once, true));
  subscribe(*sender, a, "nothing", Qos::at_most_once, "probe");  // the above is done
  auto late = connected(b, "late");
  bed().run([&] { ASSERT_TRUE(late->subscribe("state/#", Qos::at_least_once)); });
  ASSERT_TRUE(bed().wait([&] { return !b.texts.empty(); }));
  publish(*sender, message("state/1", "down", Qos::at_least_once, true));
  ASSERT_TRUE(bed().wait([&] { return b.texts.size() >= 2; }));
  bed().run([&] { EXPECT_THAT(b.texts, ElementsAre("state/1=up retained", "state/1=down")); });
  destroy(sender), destroy(late);
}

TEST_P(BrokerPort, SendsTheWillAfterACrashOnly) {
  Ear watch, one, two;
  auto watcher = connected(watch, "watcher");
  subscribe(*watcher, watch, "death/#", Qos::at_least_once, "probe");
  auto crashing = connected(one, "crashing", message("death/crashing", "gone", Qos::at_least_once));
  auto leaving = connected(two, "leaving", message("death/leaving", "gone", Qos::at_least_once));
  bed().run([&] { leaving->disconnect(); });
  ASSERT_TRUE(bed().wait([&] { return two.closed.size() == 1; }));
  destroy(crashing);
  ASSERT_TRUE(bed().wait([&] { return !watch.texts.empty(); }));
  subscribe(*watcher, watch, "nothing", Qos::at_most_once, "probe2");
  bed().run([&] { EXPECT_THAT(watch.texts, ElementsAre("death/crashing=gone")); });
  destroy(watcher), destroy(leaving);
}

TEST_P(BrokerPort, ASecondClientOfTheSameIdTakesOver) {
  Ear watch, old_ear, new_ear;
  auto watcher = connected(watch, "watcher");
  subscribe(*watcher, watch, "death/#", Qos::at_least_once, "probe");
  auto old_client = connected(old_ear, "twin", message("death/old", "gone"));
  auto new_client = connected(new_ear, "twin", message("death/new", "gone"));
  ASSERT_TRUE(bed().wait([&] { return old_ear.closed.size() == 1 && !watch.texts.empty(); }));
  bed().run([&] {
    EXPECT_THAT(watch.texts, ElementsAre("death/old=gone"));
    EXPECT_THAT(old_ear.closed, ElementsAre(Code::unavailable));
    EXPECT_THAT(new_ear.closed, IsEmpty());
    EXPECT_FALSE(old_client->publish(message("x", "y")));
    EXPECT_TRUE(new_client->publish(message("x", "y")));
  });
  destroy(watcher), destroy(old_client), destroy(new_client);
}

TEST_P(BrokerPort, SessionsAreClean) {
  Ear a, b;
  auto sender = connected(a, "sender");
  auto receiver = connected(b, "receiver");
  subscribe(*receiver, b, "plant/#", Qos::at_least_once, "probe");
  bed().run([&] { receiver->disconnect(); });
  ASSERT_TRUE(bed().wait([&] { return b.closed.size() == 1; }));
  bed().run([&] { receiver->connect({}); });
  ASSERT_TRUE(bed().wait([&] { return b.connected == 2; }));
  publish(*sender, message("plant/x", "unheard", Qos::at_least_once));
  subscribe(*sender, a, "nothing", Qos::at_most_once, "probe");
  subscribe(*receiver, b, "other/#", Qos::at_most_once, "probe2");
  bed().run([&] { EXPECT_THAT(b.texts, IsEmpty()); });
  destroy(sender), destroy(receiver);
}

TEST_P(BrokerPort, SaysUnavailableWhenNotConnected) {
  Ear ear;
  auto lonely = client(ear, "lonely");
  bed().run([&] {
    EXPECT_EQ(lonely->publish(message("x", "y")).error().code(), Code::unavailable);
    EXPECT_EQ(lonely->subscribe("x", Qos::at_most_once).error().code(), Code::unavailable);
    lonely->disconnect();
  });
  destroy(lonely);
}

TEST_P(BrokerPort, HearsOfABrokerThatDiesAndComesBack) {
  Ear ear;
  auto survivor = connected(ear, "survivor");
  bed().kill_broker();
  ASSERT_TRUE(bed().wait([&] { return ear.closed.size() == 1; }));
  bed().run([&] {
    EXPECT_EQ(survivor->publish(message("x", "y")).error().code(), Code::unavailable);
    survivor->connect({});
  });
  ASSERT_TRUE(bed().wait([&] { return ear.closed.size() == 2; }));
  bed().run([&] { EXPECT_THAT(ear.closed, ElementsAre(Code::unavailable, Code::unavailable)); });
  bed().restart_broker();
  bed().run([&] { survivor->connect({}); });
  ASSERT_TRUE(bed().wait([&] { return ear.connected == 2; }));
  subscribe(*survivor, ear, "plant/#", Qos::at_most_once, "probe");
  destroy(survivor);
}

TEST_P(BrokerPort, RefusesAWrongPassword) {
  use_accounts();
  Ear good, bad;
  auto welcome = connected(good, "welcome", std::nullopt, "site-a");
  std::unique_ptr<BrokerClient> stranger;
  bed().run([&] {
    BrokerEndpoint endpoint = bed().endpoint("stranger", "site-a");
    endpoint.password = "wrong";
    stranger = bed().connector().create(endpoint, bad, bed().executor());
    stranger->connect({});
  });
  ASSERT_TRUE(bed().wait([&] { return !bad.closed.empty(); }));
  bed().run([&] {
    EXPECT_THAT(bad.closed, ElementsAre(Code::refused));
    EXPECT_EQ(bad.connected, 0);
  });
  destroy(welcome), destroy(stranger);
}

TEST_P(BrokerPort, KeepsSitesApart) {
  use_accounts();
  Ear a, b;
  auto site_a = connected(a, "a", std::nullopt, "site-a");
  auto site_b = connected(b, "b", std::nullopt, "site-b");
  subscribe(*site_b, b, "#", Qos::at_least_once, "spBv1.0/site-b/probe");
  publish(*site_a, message("spBv1.0/site-b/forged", "x"));
  publish(*site_a, message("spBv1.0/site-a/own", "x"));
  subscribe(*site_a, a, "nothing", Qos::at_most_once, "spBv1.0/site-a/probe");
  subscribe(*site_b, b, "nothing", Qos::at_most_once, "spBv1.0/site-b/probe2");
  bed().run([&] { EXPECT_THAT(b.texts, IsEmpty()); });
  destroy(site_a), destroy(site_b);
}

INSTANTIATE_TEST_SUITE_P(Brokers, BrokerPort, testing::Values("model", "mosquitto"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace millwright::sim
