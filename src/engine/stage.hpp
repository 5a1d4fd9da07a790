// Stages: per-sample work as a synchronous function from a batch to batches that owns its state,
// and the runner that gives a stage its one inbox and its one executor.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "engine/executor.hpp"
#include "engine/inbox.hpp"

namespace millwright::engine {

/// One step. Runs on one executor; never blocks, never fails: bad data is data (a quality and a
/// counter).
template <typename BatchType>
class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string_view name() const = 0;
  /// Appends to `out` what `batch` gives; nothing, one or several batches.
  virtual void process(BatchType batch, std::vector<BatchType>& out) = 0;
  /// Event time has passed `watermark`: windows that end by then are due.
  virtual void advance([[maybe_unused]] Timestamp watermark,
                       [[maybe_unused]] std::vector<BatchType>& out) {}
  /// The input has ended: whatever is still held.
  virtual void finish([[maybe_unused]] std::vector<BatchType>& out) {}
};

/// Stages one after another, as one stage.
template <typename BatchType>
class Chain final : public Stage<BatchType> {
 public:
  explicit Chain(std::vector<std::unique_ptr<Stage<BatchType>>> stages)
      : stages_(std::move(stages)) {}

  std::string_view name() const override { return "chain"; }
  void process(BatchType batch, std::vector<BatchType>& out) override {
    std::vector<BatchType> batches;
    batches.push_back(std::move(batch));
    run_from(0, std::move(batches), out);
  }
  void advance(Timestamp watermark, std::vector<BatchType>& out) override {
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      std::vector<BatchType> due;
      stages_[i]->advance(watermark, due);
      run_from(i + 1, std::move(due), out);
    }
  }
  void finish(std::vector<BatchType>& out) override {
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      std::vector<BatchType> rest;
      stages_[i]->finish(rest);
      run_from(i + 1, std::move(rest), out);
    }
  }

 private:
  void run_from(std::size_t first, std::vector<BatchType> batches, std::vector<BatchType>& out) {
    for (std::size_t i = first; i < stages_.size() && !batches.empty(); ++i) {
      std::vector<BatchType> next;
      for (auto& batch : batches) stages_[i]->process(std::move(batch), next);
      batches = std::move(next);
    }
    for (auto& batch : batches) out.push_back(std::move(batch));
  }

  std::vector<std::unique_ptr<Stage<BatchType>>> stages_;
};

/// Feeds a stage from a bounded inbox on an executor and hands what it gives to `sink`. Lives on
/// that executor: make and destroy it there, or while the executor is idle. `push` is for any
/// thread.
template <typename BatchType>
class StageRunner {
 public:
  using Sink = std::function<void(BatchType)>;

  /// `options.on_ready` is set by the runner.
  StageRunner(Executor& executor, std::unique_ptr<Stage<BatchType>> stage,
              InboxOptions<BatchType> options, Sink sink)
      : executor_(executor),
        stage_(std::move(stage)),
        sink_(std::move(sink)),
        alive_(std::make_shared<bool>(true)),
        inbox_(with_wake(std::move(options))) {}
  ~StageRunner() { *alive_ = false; }
  StageRunner(const StageRunner&) = delete;
  StageRunner& operator=(const StageRunner&) = delete;

  /// As Inbox::push.
  Result<void> push(BatchType&& batch) { return inbox_.push(std::move(batch)); }
  InboxCounts counts() const { return inbox_.counts(); }

  /// On the executor: takes what waits, then tells the stage of the watermark.
  void advance(Timestamp watermark) {
    drain(all);
    std::vector<BatchType> out;
    stage_->advance(watermark, out);
    for (auto& batch : out) sink_(std::move(batch));
  }
  /// On the executor: takes what waits, then ends the stage.
  void finish() {
    drain(all);
    std::vector<BatchType> out;
    stage_->finish(out);
    for (auto& batch : out) sink_(std::move(batch));
  }

 private:
  static constexpr std::size_t all = ~std::size_t{0};
  /// Batches of one turn, so that neighbours on the executor are not kept waiting.
  static constexpr std::size_t turn = 64;

  InboxOptions<BatchType> with_wake(InboxOptions<BatchType> options) {
    options.on_ready = [this] { wake(); };
    return options;
  }
  void wake() {
    executor_.post([this, alive = alive_] {
      if (!*alive) return;
      if (drain(turn) == turn && !inbox_.empty()) wake();
    });
  }
  std::size_t drain(std::size_t batches_max) {
    std::size_t taken = 0;
    std::vector<BatchType> out;
    for (; taken < batches_max; ++taken) {
      auto batch = inbox_.take();
      if (!batch || !*batch) break;
      stage_->process(std::move(**batch), out);
      for (auto& result : out) sink_(std::move(result));
      out.clear();
    }
    return taken;
  }

  Executor& executor_;
  std::unique_ptr<Stage<BatchType>> stage_;
  Sink sink_;
  std::shared_ptr<bool> alive_;
  Inbox<BatchType> inbox_;
};

}  // namespace millwright::engine
