// A hub and its targets for tests of rollouts: the hub keeps nothing but its log, a target nothing
// but the bytes it saved. Each may die between any two steps.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operations/agent.hpp"
#include "operations/operations_rig.hpp"

namespace millwright::operations {

/// What goes wrong at a target, with the new release only.
enum class Fault : std::uint8_t {
  none,
  silent,            ///< never makes contact
  fetch_errs,        ///< cannot install
  fetch_hangs,       ///< never gets ready
  trial_hangs,       ///< never confirms
  trial_errs,        ///< notices that the new set does not work, falls back
  trial_dies,        ///< the new set kills its program at start, each time
  dies_before_save,  ///< dies once at activation, before the new state is durable
  dies_after_save,   ///< dies once at activation, after it
  falls_back_later,  ///< confirms, and runs the old set after its next start
  lies,              ///< claims success at once and changes nothing
  vanishes,          ///< makes no contact after it took the order
};

class ToyTarget {
 public:
  ToyTarget(std::string id, Digest old, Fault fault) : fault_(fault), id_(std::move(id)) {
    disk_ = AgentState(id_, old).save();
    restart();
  }

  bool is_silent() const {
    return fault_ == Fault::silent || (fault_ == Fault::vanishes && is_bad_);
  }
  Report report() const {
    Report report = state_->report();
    if (fault_ == Fault::lies && state_->stage() == ReportStage::installing) {
      report.stage = ReportStage::confirmed;
    }
    return report;
  }
  const Digest& running() const { return state_->running(); }
  const std::string& id() const { return id_; }
  /// Power off and on again: what was not saved is gone.
  void restart() {
    auto loaded = AgentState::load(disk_);
    ASSERT_TRUE(loaded) << loaded.error().text();
    state_ = std::make_unique<AgentState>(std::move(*loaded));
    state_->begin_life(fmt::format("{}-{}", id_, ++lives_));
    save();
  }
  void take(const Order& order) {
    const auto taken = state_->take(order);
    if (taken && *taken) save();
    if (taken && *taken && fault_ != Fault::none && order.release == bad_) is_bad_ = true;
  }
  /// Faults strike while this release is ordered or runs.
  void set_bad(const Digest& release) { bad_ = release; }

  /// One step of its own.
  void step() {
    const Fault fault =
        is_bad_ && (state_->wanted() == bad_ || running() == bad_) ? fault_ : Fault::none;
    if (fault == Fault::lies) return;
    if (state_->is_on_trial() && state_->stage() == ReportStage::trial) return on_trial(fault);
    if (state_->stage() == ReportStage::installing) {
      if (fault == Fault::fetch_hangs) return;
      fault == Fault::fetch_errs ? state_->on_failed("404") : state_->on_installed();
      return save();
    }
    if (state_->stage() == ReportStage::installed) {
      state_->activate();
      const bool dies =
          !has_died_ && (fault == Fault::dies_before_save || fault == Fault::dies_after_save);
      if (!dies || fault == Fault::dies_after_save) save();
      if (dies) {
        has_died_ = true;
        restart();
      }
      return;
    }
    if (fault == Fault::falls_back_later && ++healthy_ == 4) {
      disk_ = AgentState(id_, state_->previous()).save();
      restart();
    }
  }

 private:
  void on_trial(Fault fault) {
    if (fault == Fault::trial_hangs) return;
    if (fault == Fault::trial_dies) return restart();
    fault == Fault::trial_errs ? state_->fall_back("no verdicts") : state_->confirm();
    save();
  }
  void save() { disk_ = state_->save(); }

  Fault fault_;
  std::string id_;
  Digest bad_;
  Bytes disk_;
  std::unique_ptr<AgentState> state_;
  int lives_ = 0;
  int healthy_ = 0;
  bool is_bad_ = false;
  bool has_died_ = false;
};

class ToyHub {
 public:
  explicit ToyHub(ToyStore& store) : store_(&store), rollouts(store.source()) {}

  /// Appends, then applies; `dies` between the two.
  void commit(const governance::Event& event, bool dies = false) {
    ASSERT_TRUE(event.check()) << event.check().error().text();
    log.push_back(event.canonical());
    if (dies) return restart();
    auto applied = rollouts.apply(*governance::Event::parse(log.back()));
    ASSERT_TRUE(applied) << applied.error().text();
  }
  void restart() {
    rollouts = Rollouts(store_->source());
    for (const auto& entry : log) {
      auto applied = rollouts.apply(*governance::Event::parse(entry));
      ASSERT_TRUE(applied) << applied.error().text();
    }
  }
  /// Plans, approves and starts release 2 for `fleet`.
  void launch(const std::string& id, const Inventory& fleet, const RolloutPolicy& policy,
              Timestamp at, const Release& release = toy_release(2)) {
    auto blueprint = plan(fleet, release, policy, {id, rollouts.next_generation()});
    ASSERT_TRUE(blueprint) << blueprint.error().text();
    store_->put(blueprint->canonical());
    auto event = rollouts.plan(*blueprint, fleet, release, "person/paul", at);
    ASSERT_TRUE(event) << event.error().text();
    commit(*event);
    event = rollouts.approve({id, blueprint->digest(), "person/anna", "anna-1",
                              at + std::chrono::hours(1), "person/anna"},
                             at);
    ASSERT_TRUE(event) << event.error().text();
    commit(*event);
    event = rollouts.start(id, fleet, "system/hub", at);
    ASSERT_TRUE(event) << event.error().text();
    commit(*event);
  }
  /// Steps each active rollout until nothing follows.
  void settle(const Behaviour& behaviour, Timestamp at) {
    for (const auto& id : rollouts.active()) {
      while (const auto event = rollouts.find(id)->step(behaviour, at)) commit(*event);
    }
  }
  /// A contact of a target: what it says, then what it shall do.
  void contact(ToyTarget& target, Timestamp at) {
    if (const auto event = rollouts.on_report(target.report(), at)) commit(*event);
    if (const auto order = rollouts.order_for(target.id())) target.take(*order);
  }

  std::vector<std::string> log;

 private:
  ToyStore* store_;

 public:
  Rollouts rollouts;
};

inline Behaviour healthy_behaviour() {
  return {500, 0, 500, 0, 5, 500, 5};
}

}  // namespace millwright::operations
