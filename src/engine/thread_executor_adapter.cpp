// An executor that is one thread: a queue that is taken over whole, and timers by deadline.
#include <pthread.h>

#include <condition_variable>
#include <latch>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/executor.hpp"

namespace millwright::engine {
namespace {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor(std::string name, const Clock& clock)
      : clock_(clock), thread_([this, name = std::move(name)] { run(name); }) {}

  ~ThreadExecutor() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void post(Task task) override {
    bool was_idle = false;
    {
      const std::lock_guard lock(mutex_);
      was_idle = queue_.empty();
      queue_.push_back(std::move(task));
    }
    if (was_idle) wake_.notify_one();
  }

  TimerId post_after(Duration delay, Task task) override {
    const std::lock_guard lock(mutex_);
    const TimerId id = ++last_timer_;
    const Duration due = clock_.monotonic_now() + delay;
    timers_.emplace(Key{due, id}, std::move(task));
    due_.emplace(id, due);
    if (timers_.begin()->first.id == id) wake_.notify_one();
    return id;
  }

  void cancel(TimerId timer) override {
    Task dying;  // destroyed after the lock is gone: it may hold anything
    const std::lock_guard lock(mutex_);
    const auto found = due_.find(timer);
    if (found == due_.end()) return;
    const auto entry = timers_.find(Key{found->second, timer});
    dying = std::move(entry->second);
    timers_.erase(entry);
    due_.erase(found);
  }

 private:
  struct Key {
    Duration due;
    TimerId id;
    auto operator<=>(const Key&) const = default;
  };

  void run(const std::string& name) {
    // The kernel keeps 15 characters.
    ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
    std::vector<Task> tasks;
    while (take(tasks)) {
      for (auto& task : tasks) task();
      tasks.clear();
    }
  }

  /// Waits for work; false when there will be none any more.
  bool take(std::vector<Task>& tasks) {
    std::unique_lock lock(mutex_);
    while (true) {
      const Duration now = clock_.monotonic_now();
      const bool is_due = !stopping_ && !timers_.empty() && timers_.begin()->first.due <= now;
      // A timer has a round of its own, so that a task before it can still cancel it; rounds
      // alternate, so that neither timers nor tasks starve the other.
      timer_turn_ = is_due && (!timer_turn_ || queue_.empty());
      if (!timer_turn_) {
        tasks.swap(queue_);
      } else {
        due_.erase(timers_.begin()->first.id);
        tasks.push_back(std::move(timers_.begin()->second));
        timers_.erase(timers_.begin());
      }
      if (!tasks.empty()) return true;
      if (stopping_) return false;
      if (timers_.empty()) {
        wake_.wait(lock);
      } else {
        wake_.wait_for(lock, timers_.begin()->first.due - now);
      }
    }
  }

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> queue_;
  std::map<Key, Task> timers_;
  std::map<TimerId, Duration> due_;
  TimerId last_timer_ = 0;
  bool stopping_ = false;
  bool timer_turn_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<Executor> make_thread_executor(std::string name, const Clock& clock) {
  return std::make_unique<ThreadExecutor>(std::move(name), clock);
}

void run_and_wait(Executor& executor, Task task) {
  std::latch done(1);
  executor.post([&] {
    task();
    done.count_down();
  });
  done.wait();
}

}  // namespace millwright::engine
