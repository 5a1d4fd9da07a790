// Inbox, stage, reconciler, thread executor and child processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include "engine/inbox.hpp"
#include "engine/process.hpp"
#include "engine/reconciler.hpp"
#include "engine/stage.hpp"
#include "engine/system_time.hpp"
#include "sim/scheduler.hpp"

namespace millwright::engine {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

using Batch = std::vector<int>;

InboxOptions<Batch> inbox_of(std::size_t weight_max, Overflow overflow) {
  InboxOptions<Batch> options;
  options.weight_max = weight_max;
  options.overflow = overflow;
  options.weight = [](const Batch& batch) { return batch.size(); };
  return options;
}

TEST(Inbox, RefusesAndLeavesTheItemToTheSender) {
  Inbox<Batch> inbox(inbox_of(3, Overflow::refuse));
  ASSERT_TRUE(inbox.push({1, 2}));
  Batch big{3, 4};
  EXPECT_EQ(inbox.push(std::move(big)).error().code(), Code::exhausted);
  EXPECT_THAT(big, ElementsAre(3, 4));
  EXPECT_THAT(**inbox.take(), ElementsAre(1, 2));
  ASSERT_TRUE(inbox.push(std::move(big)));
  const InboxCounts counts = inbox.counts();
  EXPECT_EQ(counts.pushed, 4u);
  EXPECT_EQ(counts.refused, 2u);
  EXPECT_EQ(counts.taken, 2u);
}

TEST(Inbox, DropsTheOldestAndTellsEachLoss) {
  std::vector<Batch> lost;
  auto options = inbox_of(4, Overflow::drop_oldest);
  options.on_loss = [&](Batch&& batch) { lost.push_back(std::move(batch)); };
  Inbox<Batch> inbox(std::move(options));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(inbox.push({i, i}));
  EXPECT_THAT(lost, ElementsAre(ElementsAre(0, 0), ElementsAre(1, 1), ElementsAre(2, 2)));
  EXPECT_THAT(**inbox.take(), ElementsAre(3, 3));
  ASSERT_TRUE(inbox.push({1, 2, 3, 4, 5, 6}));  // heavier than the bound, alone
  EXPECT_EQ(inbox.waiting(), 6u);
  const InboxCounts counts = inbox.counts();
  EXPECT_EQ(counts.pushed, counts.taken + counts.lost + inbox.waiting());
}

class ShortSpill final : public SpillStore<Batch> {
 public:
  Result<void> put(Batch& item) override {
    if (items.size() == 2) return fail(Code::exhausted, "the spill store is full");
    items.push_back(std::move(item));
    return {};
  }
  Result<std::optional<Batch>> take() override {
    Batch item = std::move(items.front());
    items.erase(items.begin());
    return item;
  }
  std::vector<Batch> items;
};

TEST(Inbox, SpillsInOrderAndRefusesWhenThatIsFull) {
  auto options = inbox_of(2, Overflow::spill);
  options.spill = std::make_unique<ShortSpill>();
  Inbox<Batch> inbox(std::move(options));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(inbox.push({i}));
  EXPECT_FALSE(inbox.push({4}));
  EXPECT_THAT(**inbox.take(), ElementsAre(0));
  EXPECT_FALSE(inbox.push({5})) << "older items wait in the spill store";
  for (int i = 1; i < 4; ++i) EXPECT_THAT(**inbox.take(), ElementsAre(i));
  EXPECT_FALSE(*inbox.take());
  EXPECT_TRUE(inbox.push({6}));
  EXPECT_EQ(inbox.counts().spilled, 2u);
}

/// Adds to each value; holds the last batch until told otherwise.
class Add final : public Stage<Batch> {
 public:
  explicit Add(int by) : by_(by) {}
  std::string_view name() const override { return "add"; }
  void process(Batch batch, std::vector<Batch>& out) override {
    for (int& value : batch) value += by_;
    if (!held_.empty()) out.push_back(std::move(held_));
    held_ = std::move(batch);
  }
  void finish(std::vector<Batch>& out) override { out.push_back(std::move(held_)); }

 private:
  int by_;
  Batch held_;
};

TEST(Stage, AChainPassesOnWhatEachStageGives) {
  std::vector<std::unique_ptr<Stage<Batch>>> stages;
  stages.push_back(std::make_unique<Add>(1));
  stages.push_back(std::make_unique<Add>(10));
  sim::Scheduler scheduler;
  auto executor = scheduler.make_executor("pipeline");
  std::vector<Batch> out;
  StageRunner<Batch> runner(*executor, std::make_unique<Chain<Batch>>(std::move(stages)),
                            inbox_of(1000, Overflow::refuse),
                            [&](Batch batch) { out.push_back(std::move(batch)); });
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(runner.push({i}));
  EXPECT_TRUE(out.empty()) << "a stage runs on its executor only";
  scheduler.run_for(1s);
  EXPECT_EQ(out.size(), 198u);
  runner.finish();
  ASSERT_EQ(out.size(), 200u);
  EXPECT_THAT(out.front(), ElementsAre(11));
  EXPECT_THAT(out.back(), ElementsAre(210));
}

class Counting final : public Reconciler {
 public:
  std::string_view name() const override { return "counting"; }
  Duration activate() override {
    ++calls;
    return std::exchange(again, Duration(0));
  }
  int calls = 0;
  Duration again{0};
};

TEST(Reconciler, IsWokenByTimerAndSignal) {
  sim::Scheduler scheduler;
  auto executor = scheduler.make_executor("hub");
  Counting counting;
  {
    ReconcilerRunner runner(*executor, counting, 10s);
    runner.start();
    scheduler.run_until(35s);
    EXPECT_EQ(counting.calls, 4);  // 0, 10, 20, 30
    runner.signal();
    runner.signal();
    scheduler.run_until(36s);
    EXPECT_EQ(counting.calls, 5);
    counting.again = 1s;
    runner.signal();
    scheduler.run_until(38s);  // once by signal, once a second later
    EXPECT_EQ(counting.calls, 7);
  }
  scheduler.run_until(100s);
  EXPECT_EQ(counting.calls, 7);
}

TEST(ThreadExecutor, RunsTasksAndTimersInOrder) {
  const auto clock = make_real_clock();
  std::vector<int> ran;
  std::promise<void> done;
  {
    const auto executor = make_thread_executor("test", *clock);
    executor->post([&] {
      ran.push_back(1);
      const TimerId gone = executor->post_after(0us, [&] { ran.push_back(99); });
      executor->cancel(gone);
      executor->post_after(2ms, [&] { ran.push_back(4); });
      executor->post_after(4ms, [&] {
        ran.push_back(5);
        done.set_value();
      });
      executor->post_after(1ms, [&] { ran.push_back(3); });
    });
    executor->post([&] { ran.push_back(2); });
    done.get_future().wait();
    executor->post_after(1h, [&] { ran.push_back(98); });
    for (int i = 0; i < 1000; ++i) executor->post([&] { ran.push_back(6); });
  }
  EXPECT_EQ(ran.size(), 1005u) << "queued tasks are finished, timers dropped";
  ran.resize(5);
  EXPECT_THAT(ran, ElementsAre(1, 2, 3, 4, 5));
}

TEST(RealRandom, DoesNotRepeat) {
  const auto random = make_real_random();
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random->next());
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Process, ReportsExitSignalAndOutput) {
  const auto starter = make_process_starter();
  std::string pattern = (std::filesystem::temp_directory_path() / "process-XXXXXX").string();
  const std::string directory = ::mkdtemp(pattern.data());
  ProcessRequest request;
  request.arguments = {"sh", "-c", "echo $MILLWRIGHT_TEST; exit 3"};
  request.environment = {{"MILLWRIGHT_TEST", "told"}};
  request.output_path = directory + "/out";
  auto talking = *starter->start(request);
  EXPECT_EQ(**talking->wait(10s), (ExitStatus{3, 0}));
  EXPECT_EQ(talking->signal(ProcessSignal::terminate).error().code(), Code::not_found);
  std::ifstream out(directory + "/out");
  std::string line;
  std::getline(out, line);
  EXPECT_EQ(line, "told");
  std::filesystem::remove_all(directory);

  request = {};
  request.arguments = {"sleep", "1000"};
  auto sleeping = *starter->start(request);
  EXPECT_EQ(*sleeping->wait(0us), std::nullopt);
  EXPECT_EQ(*stop_process(*sleeping, 10s), (ExitStatus{128 + SIGTERM, SIGTERM}));

  auto abandoned = *starter->start(request);
  const int pid = abandoned->pid();
  abandoned.reset();
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Process, NamesAProgramThatIsMissing) {
  ProcessRequest request;
  request.arguments = {"no-such-program"};
  const auto started = make_process_starter()->start(request);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), Code::not_found);
}

}  // namespace
}  // namespace millwright::engine
