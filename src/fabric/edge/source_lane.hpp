// One source of an edge: its driver, its pipelines, and its place in the journal. Internal to the
// edge core.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fabric/edge/edge_core.hpp"

namespace millwright::edge {

class EdgeCore::SourceLane final : public drivers::Sink {
 public:
  SourceLane(EdgeCore& core, std::string name, std::unique_ptr<drivers::Driver> driver)
      : core_(core), name_(std::move(name)), driver_(std::move(driver)) {}

  /// Makes the pipelines and what is triggered by their results.
  Result<void> open(std::vector<std::optional<pipeline::PipelineSpec>> specs,
                    std::vector<TriggerSpec> triggers);
  Result<void> start();
  void stop() { driver_->stop(); }
  /// There may be room again.
  void resume();
  drivers::Driver& driver() { return *driver_; }
  const drivers::Driver& driver() const { return *driver_; }
  const std::vector<ontology::DeviceSchema>& outputs() const { return outputs_; }
  bool has_ended() const { return ended_; }
  bool has_models() const;
  bool holds_state() const;
  /// Makes instances of a model for every pipeline that scores with it; false: none does.
  Result<bool> prepare(std::string_view model, const pipeline::StageModelFactory& factory);
  void forget_prepared();
  void activate_prepared(std::string_view model);
  void add_status(std::vector<TriggerStatus>& out) const;
  void save_checkpoint();

  drivers::Answer offer(std::uint32_t device, const ontology::Batch& batch,
                        const drivers::Position& position) override;
  void lost(std::uint32_t device, std::uint64_t samples, Timestamp from, Timestamp to,
            const drivers::Position& position) override;
  void ended() override;
  void failed(const Error& error) override;

 private:
  struct Path {
    std::unique_ptr<pipeline::Pipeline> pipeline;
    std::vector<std::uint32_t> provenance;  ///< pipeline's recipe number → journal's
    std::string schema;                     ///< digest of what comes in
    std::vector<std::unique_ptr<pipeline::StageModel>> prepared;
  };
  struct Triggered {
    Trigger trigger;
    TriggerStatus status;
    std::uint32_t device = 0;
    std::uint32_t slot = 0;          ///< that is judged
    bool is_integer = false;         ///< its values lie in the column of integers
    std::uint32_t outcome_slot = 0;  ///< of `trigger/<name>`
    std::uint32_t provenance = 0;    ///< journal's
  };
  struct Pending {
    std::uint32_t device = 0;
    ontology::Batch batch;
    std::string token;
  };
  std::string checkpoint_path() const { return "checkpoint." + name_; }
  Result<std::optional<drivers::Position>> load_checkpoint();
  Result<void> open_trigger(TriggerSpec spec);
  void number_recipes(Path& path);
  /// Decides on the outcome; what was decided is in `decided_`.
  void pull_triggers(std::uint32_t device, bool is_stored);
  bool fire(Triggered& triggered);
  void journal_outcome(std::uint32_t device, ontology::Batch& batch, std::string token);
  bool append_pending();

  EdgeCore& core_;
  std::string name_;
  std::unique_ptr<drivers::Driver> driver_;
  std::vector<ontology::DeviceSchema> outputs_;
  std::vector<Path> paths_;
  std::vector<Triggered> triggers_;
  std::vector<ontology::Row> decided_;  ///< samples of triggers, to go with the outcome
  ontology::Batch outcome_;
  std::deque<Pending> pending_;  ///< processed, not yet staged: the journal had to refuse
  std::optional<drivers::Position>
      stored_until_;                           ///< outcomes up to here are in the journal already
  std::optional<drivers::Position> position_;  ///< of the last batch taken
  bool waiting_ = false;
  bool ended_ = false;
};

}  // namespace millwright::edge
