// Gates: whether a wave of a rollout may be followed by the next. Pure functions of what was
// counted; which counts belong to which wave is the rollout's matter (rollout_state.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"

namespace millwright::operations {

/// Whether a rollout changes what models say; a release of configuration alone may not.
enum class BehaviourGate : std::uint8_t { required, none };

/// Limits of both gates. Shares are in [0, 1].
struct GateLimits {
  double attested_share_min = 1;       ///< of all members of the wave; silence counts against it
  std::uint64_t failures_max = 0;      ///< failed or rolled back, over all waves so far
  std::uint64_t in_flight_max = 0;     ///< targets between offer and attestation; 0: no limit
  std::uint32_t polls_missed_max = 3;  ///< then a target is said to be without contact
  Duration install_deadline = std::chrono::hours(24);
  BehaviourGate behaviour = BehaviourGate::required;
  std::uint64_t scored_min = 100;  ///< verdicts of each side before the behaviour is judged
  Duration soak = std::chrono::minutes(10);  ///< on the hub's clock, after the install gate
  Duration behaviour_deadline = std::chrono::hours(24);
  double error_share_max = 0;         ///< inferences that gave an error
  double invalid_share_max = 0;       ///< verdicts that are NaN or out of the declared range
  double rate_difference_max = 0.05;  ///< |share flagged − share flagged by the reference|
  double rate_alpha = 0.001;          ///< of the exact two-sided test of equal shares

  bool operator==(const GateLimits&) const = default;
};
/// Each limit outside its range.
std::vector<Problem> problems_of(const GateLimits& limits);

enum class GateOutcome : std::uint8_t { waiting, passed, failed };
std::string_view name_of(GateOutcome outcome);

/// One number that a gate looked at, with its limit, as the audit log and screens show it.
struct Statistic {
  std::string name;
  double value = 0;
  double limit = 0;
  bool holds = true;
  bool operator==(const Statistic&) const = default;
};

struct GateResult {
  GateOutcome outcome = GateOutcome::waiting;
  std::string why;
  std::vector<Statistic> statistics;
};
catalog::Node statistics_node(const std::vector<Statistic>& statistics);
std::vector<Statistic> read_statistics(const std::vector<catalog::Node>& nodes);

/// Targets of the wave by state, and failures of all waves so far.
struct InstallCounts {
  std::uint64_t members = 0;
  std::uint64_t attested = 0;
  std::uint64_t failures = 0;      ///< of this wave
  std::uint64_t failures_all = 0;  ///< of all waves so far
  std::uint64_t unsettled = 0;     ///< pending, offered, installed but not attested, no contact
};

/// Passes when enough of all members have attested and none is unsettled, or the deadline is
/// reached with enough of them. Fails on too many failures at once, when enough can no longer
/// attest, and at the deadline without enough.
GateResult install_gate(const InstallCounts& counts, const GateLimits& limits, Duration elapsed);

/// What the models of the wave's attested targets said since they were attested, and what the
/// reference (old model or shadow) said over the same inputs.
struct Behaviour {
  std::uint64_t inferences = 0;  ///< attempts, with the errors
  std::uint64_t errors = 0;
  std::uint64_t scored = 0;   ///< verdicts, with the invalid ones
  std::uint64_t invalid = 0;  ///< NaN or out of the declared range
  std::uint64_t flagged = 0;
  std::uint64_t reference_scored = 0;
  std::uint64_t reference_flagged = 0;
};

/// Errors and invalid verdicts are limits: they stop the wave as soon as `scored_min` attempts are
/// in. The rate of flags is a test (Fisher, two-sided) and looked at once, after the soak: it
/// fails when the difference is above its limit *and* p is below alpha; a difference above the
/// limit without that evidence waits for more. Verdicts of one asset follow each other, so p is
/// smaller than with independent ones: hence the limit on the difference beside it. Undecided at
/// the deadline, or without verdicts: failed. `counts` with more parts than wholes fail as well.
GateResult behaviour_gate(const Behaviour& counts, const GateLimits& limits, Duration elapsed);

}  // namespace millwright::operations
