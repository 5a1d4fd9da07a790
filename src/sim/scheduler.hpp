// Simulated time: one queue of events ordered by (time, insertion), the clock that follows it, and
// executors whose death takes their tasks and timers along, as the crash of a process does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "engine/executor.hpp"

namespace millwright::sim {

class SimExecutor;

/// The event queue of a simulated world. Single-threaded; everything that happens in the world
/// happens inside `run_*`. Time stands still while an event runs.
class Scheduler final : public Clock {
 public:
  /// 2026-01-05T00:00:00Z, a Monday.
  static constexpr Timestamp default_start{1'767'571'200'000'000};

  explicit Scheduler(Timestamp start = default_start) : start_(start) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  Timestamp utc_now() const override { return start_ + now_; }
  /// Time since the beginning of the simulation.
  Duration monotonic_now() const override { return now_; }

  /// Runs `task` at simulated time `when` (now, if that is past). Ids are never 0.
  std::uint64_t at(Duration when, engine::Task task);
  std::uint64_t after(Duration delay, engine::Task task) {
    return at(now_ + delay, std::move(task));
  }
  /// Forgets an event; harmless when it ran already.
  void cancel(std::uint64_t id);

  /// An executor of the simulated world; it must not outlive the scheduler.
  std::unique_ptr<SimExecutor> make_executor(std::string name);

  /// Runs the next event; false when none is left.
  bool run_one();
  /// Runs every event up to and including `until`, then sets the time to it.
  void run_until(Duration until);
  void run_for(Duration span) { run_until(now_ + span); }
  /// Runs until `done()` holds (checked after each event) or `limit` from now has passed; true when
  /// it holds.
  bool run_until_true(const std::function<bool()>& done, Duration limit);

  std::uint64_t events_run() const { return events_run_; }
  std::size_t events_waiting() const { return heap_.size(); }

 private:
  friend class SimExecutor;
  struct Slot {
    engine::Task task;
    std::uint32_t generation = 0;
    std::uint32_t owner = 0;  ///< index in owners_; 0 = the world itself
  };
  struct Entry {
    Duration when;
    std::uint64_t order;
    std::uint32_t slot;
    std::uint32_t generation;
  };
  struct Owner {
    bool alive = true;
    Duration busy_until{0};
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }
  std::uint64_t add(Duration when, std::uint32_t owner, engine::Task task);
  void push(Entry entry);
  Entry pop();
  void release(std::uint32_t slot);
  void kill(std::uint32_t owner);
  bool drop_stale_front();
  /// Runs the next event that is due by `limit`.
  bool step(Duration limit);

  Timestamp start_;
  Duration now_{0};
  std::uint64_t next_order_ = 0;
  std::uint64_t events_run_ = 0;
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<Owner> owners_{Owner{}};
};

/// One simulated thread of one life of a process.
class SimExecutor final : public engine::Executor {
 public:
  SimExecutor(Scheduler& scheduler, std::uint32_t owner, std::string name)
      : scheduler_(&scheduler), owner_(owner), name_(std::move(name)) {}
  ~SimExecutor() override { kill(); }

  void post(engine::Task task) override;
  engine::TimerId post_after(Duration delay, engine::Task task) override;
  void cancel(engine::TimerId timer) override { scheduler_->cancel(timer); }

  /// The process crashes here: its tasks and timers vanish, later ones are ignored. What it was
  /// connected to hears of it through `on_kill`.
  void kill();
  bool alive() const { return scheduler_->owners_[owner_].alive; }
  /// Called once when the executor is killed, in the order of registration.
  void on_kill(engine::Task observer) { observers_.push_back(std::move(observer)); }
  /// The thread is busy for `cost` more: its next tasks run no earlier (a slow disk, a stall).
  void charge(Duration cost);
  const std::string& name() const { return name_; }

 private:
  Scheduler* scheduler_;
  std::uint32_t owner_;
  std::string name_;
  std::vector<engine::Task> observers_;
};

}  // namespace millwright::sim
