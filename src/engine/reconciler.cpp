#include "engine/reconciler.hpp"

namespace millwright::engine {

ReconcilerRunner::ReconcilerRunner(Executor& executor, Reconciler& reconciler, Duration period)
    : executor_(executor), reconciler_(reconciler), period_(period) {}

ReconcilerRunner::~ReconcilerRunner() {
  *alive_ = false;
  if (timer_ != 0) executor_.cancel(timer_);
}

void ReconcilerRunner::signal() {
  if (signalled_) return;
  signalled_ = true;
  executor_.post([this, alive = alive_] {
    if (*alive) run();
  });
}

void ReconcilerRunner::run() {
  // Cleared first: a signal raised by the activation itself asks for another one.
  signalled_ = false;
  if (timer_ != 0) executor_.cancel(timer_);
  ++activations_;
  const Duration again = reconciler_.activate();
  arm(again.count() > 0 ? again : period_);
}

void ReconcilerRunner::arm(Duration delay) {
  timer_ = executor_.post_after(delay, [this, alive = alive_] {
    if (!*alive) return;
    timer_ = 0;
    run();
  });
}

}  // namespace millwright::engine
