// Reconcilers: slow change as an idempotent step without input, woken by timer and by signal.
#pragma once

#include <memory>
#include <string_view>

#include "base/time.hpp"
#include "engine/executor.hpp"

namespace millwright::engine {

/// Compares intent with inventory and takes what steps are safe now. Called again and again; a call
/// that finds nothing to do changes nothing.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual std::string_view name() const = 0;
  /// Zero: the runner's period decides when to look again. Else: look again after so long.
  virtual Duration activate() = 0;
};

/// Activates a reconciler on an executor: at start, each period, and soon after a signal; several
/// signals before an activation are one. Lives on the executor; `signal` is for that executor too
/// (post to it from elsewhere).
class ReconcilerRunner {
 public:
  ReconcilerRunner(Executor& executor, Reconciler& reconciler, Duration period);
  ~ReconcilerRunner();
  ReconcilerRunner(const ReconcilerRunner&) = delete;
  ReconcilerRunner& operator=(const ReconcilerRunner&) = delete;

  void start() { signal(); }
  void signal();
  std::uint64_t activations() const { return activations_; }

 private:
  void run();
  void arm(Duration delay);

  Executor& executor_;
  Reconciler& reconciler_;
  Duration period_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool signalled_ = false;
  TimerId timer_ = 0;
  std::uint64_t activations_ = 0;
};

}  // namespace millwright::engine
