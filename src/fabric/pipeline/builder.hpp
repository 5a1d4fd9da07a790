// Building a pipeline: names to slots, every problem at once. Internal to the pipeline.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fabric/pipeline/pipeline.hpp"
#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {

/// One slot inside a pipeline while it is being built.
struct Slot {
  ontology::MetricDefinition metric;
  std::string inputs;  ///< recipe text: source metric and what was done, empty: as it came
  bool live = true;    ///< false: a stage takes all of it in
  bool raw = false;    ///< an untouched copy
  std::optional<std::uint32_t> score = {};  ///< number of the score stage that it comes from
};

class Builder {
 public:
  Builder(const PipelineSpec& spec, const ontology::DeviceSchema& input);
  /// Fills everything below, or `problems`.
  void build();

  std::vector<Problem> problems;
  std::vector<Slot> slots;
  std::vector<std::unique_ptr<Stage>> stages;
  std::vector<ScoreStage*> scores;      ///< those of `stages` that a model judges
  std::vector<std::uint32_t> raw_slot;  ///< by input slot; its own number where there is no copy
  bool holds_state = false;

 private:
  void add(const ScaleSpec& spec);
  void add(const MedianSpec& spec);
  void add(const AggregateSpec& spec);
  void add(const DeadbandSpec& spec);
  void add(const FlagSpec& spec);
  void add(const ScoreSpec& spec);
  void add_raw_copies();
  /// Slots that a stage works on; names that are not there are problems.
  std::vector<std::uint32_t> resolve(const std::vector<std::string>& metrics);
  Selection select(const std::vector<std::uint32_t>& chosen) const;
  void mark_changed(const std::vector<std::uint32_t>& chosen);
  void note(const std::vector<std::uint32_t>& chosen, const std::string& what);
  void problem(std::string_view field, std::string what, std::string remedy);
  std::optional<std::uint32_t> find(std::string_view name) const;
  std::optional<StateInput> state_input(const ScoreSpec& spec);

  const PipelineSpec& spec_;
  std::uint32_t input_slots_;
  std::size_t stage_ = 0;
  std::set<std::uint32_t> changed_;  ///< input slots that some stage changes or drops
};

/// What the slots and stages are, as text; snapshots are bound to it.
std::string description(const PipelineSpec& spec, const ontology::DeviceSchema& input);

}  // namespace millwright::pipeline
