// Cuts what is stored of a device into stretches: the time during which it was in the states that a
// model is for. Each is a life of its own, with a beginning and an end. Pure.
//
// The rule is that of serving (ontology/state_track.hpp): a row of the state holds until the next
// one, and one that says another state ends a stretch, with a scan of its own or without.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/model_spec.hpp"
#include "models/matrix.hpp"

namespace millwright::stewardship {

struct Stretch {
  models::Record record;
  bool is_begun = false;  ///< another state came right before: the age of its scans is known
  std::string ended_by;   ///< first state after it; empty: unknown, or it still goes on
};

/// One event time of a device.
struct StoredScan {
  Timestamp at;
  std::optional<std::string_view> state;  ///< that is told at this time; empty text: unknown
  bool counts = true;                     ///< some input has a row
  std::span<const double> values;
};

/// Of one device, oldest first.
class StretchCutter {
 public:
  StretchCutter(const ontology::StateScope& scope, std::uint32_t group)
      : scope_(scope), group_(group) {}
  void add(const StoredScan& scan);
  /// All of them, in order; each has a scan.
  std::vector<Stretch> finish();

 private:
  void close(std::string_view ended_by);

  const ontology::StateScope& scope_;
  std::uint32_t group_;
  std::string state_;  ///< as far as known; empty: it is not
  std::optional<Stretch> open_;
  std::vector<Stretch> done_;
};

/// How many stretches there are, and why some are not learnt from.
struct StretchCounts {
  std::size_t used = 0;
  std::size_t unseen = 0;     ///< left out: the beginning is not stored, and age counts
  std::size_t other_end = 0;  ///< left out: did not end in a state of `becomes`

  std::size_t left_out() const { return unseen + other_end; }
  /// `the beginning of 2 was not seen and 1 did not end in failed`
  std::string left_out_text(const catalog::ModelSpec& spec) const;
};

/// Moves the records of those that a model learns from to `out`. For healthy rows, and for features
/// with age, the beginning must have been seen; with `becomes`, the end must be one of it.
StretchCounts take_usable(const catalog::ModelSpec& spec, std::vector<Stretch> stretches,
                          std::vector<models::Record>& out);

}  // namespace millwright::stewardship
