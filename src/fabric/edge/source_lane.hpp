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

  /// Makes the pipelines, restores their checkpoint when there is one.
  Result<void> open(std::vector<std::optional<pipeline::PipelineSpec>> specs);
  Result<void> start();
  void stop() { driver_->stop(); }
  /// There may be room again.
  void resume();
  drivers::Driver& driver() { return *driver_; }
  const drivers::Driver& driver() const { return *driver_; }
  const std::vector<ontology::DeviceSchema>& outputs() const { return outputs_; }
  bool has_ended() const { return ended_; }
  bool holds_state() const;
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
    std::vector<pipeline::PipelineSpec> spec;
  };
  struct Pending {
    std::uint32_t device = 0;
    ontology::Batch batch;
    std::string token;
  };
  std::string checkpoint_path() const { return "checkpoint." + name_; }
  Result<std::optional<drivers::Position>> load_checkpoint();
  void journal_outcome(std::uint32_t device, ontology::Batch& batch, std::string token);
  bool append_pending();

  EdgeCore& core_;
  std::string name_;
  std::unique_ptr<drivers::Driver> driver_;
  std::vector<ontology::DeviceSchema> outputs_;
  std::vector<Path> paths_;
  ontology::Batch outcome_;
  std::deque<Pending> pending_;  ///< processed, not yet staged: the journal had to refuse
  std::optional<drivers::Position>
      stored_until_;                           ///< outcomes up to here are in the journal already
  std::optional<drivers::Position> position_;  ///< of the last batch taken
  bool waiting_ = false;
  bool ended_ = false;
};

}  // namespace millwright::edge
