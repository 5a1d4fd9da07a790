// What a model in force has done, for the gates of a rollout and for whoever watches it.
#pragma once

#include <cstdint>
#include <string>

namespace millwright::models {

/// Since the version was put in force. Each scan counts once, when it is first judged.
struct ModelCounters {
  std::string model;          ///< `name@N:digest`
  std::uint64_t scored = 0;   ///< predictions that are numbers within the range of the target
  std::uint64_t invalid = 0;  ///< predictions that are not
  std::uint64_t errors = 0;   ///< the runtime gave no prediction
  std::uint64_t flagged = 0;  ///< of `scored`: beyond the limit that calls for somebody
  std::uint64_t reference_scored = 0;   ///< by the version before, on the first scans of this one
  std::uint64_t reference_flagged = 0;  ///< of those, beyond the limit

  bool operator==(const ModelCounters&) const = default;
};

}  // namespace millwright::models
