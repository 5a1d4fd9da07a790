// Where code runs. An executor runs its tasks one after another on one thread; whatever lives on it
// needs no lock. Real: a thread with a queue and timers. Simulated: the scheduler of the simulated
// world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/time.hpp"

namespace millwright::engine {

using Task = std::move_only_function<void()>;
using TimerId = std::uint64_t;

class Executor {
 public:
  virtual ~Executor() = default;
  /// Runs `task` later, after what was posted before. May be called from any thread.
  virtual void post(Task task) = 0;
  /// Runs `task` once, `delay` from now. Called on this executor only.
  virtual TimerId post_after(Duration delay, Task task) = 0;
  /// Forgets a timer; harmless when it ran already.
  virtual void cancel(TimerId timer) = 0;
};

/// A thread of its own that runs tasks until destroyed; queued tasks are finished first, timers are
/// dropped.
std::unique_ptr<Executor> make_thread_executor(std::string name, const Clock& clock);

/// Runs `task` on the executor and returns when it has run. Not to be called on that executor
/// itself.
void run_and_wait(Executor& executor, Task task);

}  // namespace millwright::engine
