// What the historian says of the needs of a use case: which rows to count, the statement that
// counts them, and its answer as facts for outcomes::judge. Text and numbers only; who asks is the
// explainer.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "catalog/resource.hpp"
#include "engine/table.hpp"
#include "fabric/historian/historian.hpp"
#include "outcomes/readiness.hpp"
#include "stewardship/evidence.hpp"

namespace millwright::stewardship {

/// The time over which one need is judged.
struct NeedWindow {
  Timestamp from;
  Timestamp until;
  std::optional<Timestamp> last;  ///< last sample that is stored
  bool retrospective = false;     ///< the asset's record has an end
};

struct NeedPlan {
  std::vector<NeedWindow> windows;  ///< one a need
  /// The statements to ask, each of at most `needs_a_statement` needs; none when nothing is stored.
  std::vector<std::string> statements;
  Timestamp as_of;             ///< newest event time of any need
  bool retrospective = false;  ///< of all needs
};

/// Assets are judged at the end of their record when their devices play a recorded file, or a plant
/// that has an end; all others at the newest event time of their site. `now` stands where nothing
/// is stored.
NeedPlan plan_needs(const std::vector<catalog::Resource>& resources,
                    std::span<const outcomes::Need> needs, const SeriesByName& series,
                    const historian::Historian& historian, Timestamp now);

/// The answers in the order of the statements. `first` becomes the earliest sample of any need.
std::vector<std::optional<outcomes::SignalFacts>> facts_of(
    const std::vector<catalog::Resource>& resources, std::span<const outcomes::Need> needs,
    const NeedPlan& plan, std::span<const engine::Table> answers, std::optional<Timestamp>& first);

}  // namespace millwright::stewardship
