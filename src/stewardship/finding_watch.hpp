// Watches the stored verdicts of models: when a rule of a use case is met for long enough, the
// office opens a finding. What was stored while nobody watched is looked through at start, so that
// a restart misses nothing; the office recognises what it knows.
//
// On the hub's executor. Bounded: one tracker for each watched series.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.hpp"
#include "engine/executor.hpp"
#include "fabric/historian/historian.hpp"
#include "operations/finding.hpp"
#include "stewardship/office.hpp"

namespace millwright::stewardship {

class FindingWatch {
 public:
  /// All references outlive it.
  FindingWatch(Office& office, historian::Historian& historian, engine::Executor& executor,
               Log& log);
  ~FindingWatch();
  FindingWatch(const FindingWatch&) = delete;
  FindingWatch& operator=(const FindingWatch&) = delete;

  /// Looks through what is stored already.
  void start();
  /// Rows of a commit (historian::Options::on_committed); only notes them, and works later.
  void on_committed(const engine::SampleColumns& rows);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace millwright::stewardship
