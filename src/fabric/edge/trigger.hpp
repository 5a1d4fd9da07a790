// Local triggers: a command to a device of the edge when a verdict passes a limit, decided beside
// the machine, without anything above. Not a safety function: what must never happen belongs into
// the machine's own control.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "fabric/drivers/driver.hpp"
#include "ontology/batch.hpp"

namespace millwright::edge {

enum class Comparison : std::uint8_t { above, at_least, below, at_most, is_true };
std::string_view name_of(Comparison comparison);
std::optional<Comparison> parse_comparison(std::string_view name);

/// Issues the command when a good sample of the metric begins to meet the comparison, and again
/// each time the lease runs out while it still does (by event time). Every decision is a sample of
/// `trigger/<name>` on the device that was judged: true, issued; false, refused.
struct TriggerSpec {
  std::string name;
  std::string device;  ///< of the source, that is judged
  std::string metric;  ///< of its pipeline's result: a number or a boolean
  Comparison comparison = Comparison::above;
  double limit = 0;          ///< unused by is_true
  drivers::Command command;  ///< `lease` of one issue
  /// Beyond it commands are refused and counted; by the monotonic clock, begins anew with the
  /// process.
  std::uint32_t per_hour_max = 6;
};

struct TriggerStatus {
  std::string name;
  std::uint64_t issued = 0;
  std::uint64_t refused_by_limit = 0;
  std::uint64_t refused_by_driver = 0;
};

/// When to issue; the caller does it. Single-threaded.
class Trigger {
 public:
  enum class Decision : std::uint8_t { none, issue, refuse };

  explicit Trigger(TriggerSpec spec) : spec_(std::move(spec)) {}
  /// `invalid_input`: no name, no lease, no rate, a limit that is not finite.
  static Result<void> check(const TriggerSpec& spec);

  /// `value`: of a sample of the metric; good ones decide, others leave everything as it is.
  Decision judge(std::optional<double> value, ontology::Quality quality, Timestamp ts,
                 Duration now);
  /// What was decided in an earlier life: nothing is issued.
  void pass_over(std::optional<double> value, ontology::Quality quality, Timestamp ts);
  const TriggerSpec& spec() const { return spec_; }

 private:
  bool begins(std::optional<double> value, ontology::Quality quality, Timestamp ts);
  bool meets(double value) const;

  TriggerSpec spec_;
  std::optional<Timestamp> in_force_until_;  ///< set while the comparison is met
  std::deque<Duration> issued_;              ///< within the last hour
};

}  // namespace millwright::edge
