// Pace: when a record of event time t is due on the wall. Event time itself never depends on it
// (DESIGN D8).
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace millwright::drivers {

enum class PaceKind : std::uint8_t {
  as_fast_as_accepted,  ///< bounded by the sink alone
  factor,               ///< event time passes `factor` times as fast as the wall
  total,                ///< the whole source is played within `total`
};

struct Pace {
  PaceKind kind = PaceKind::as_fast_as_accepted;
  double factor = 1.0;
  Duration total{};

  static Pace fast() { return {}; }
  static Pace times(double factor) { return {PaceKind::factor, factor, {}}; }
  static Pace within(Duration total) { return {PaceKind::total, 1.0, total}; }
};

/// `invalid_input`: a factor or total that is not greater than zero.
Result<void> check_pace(const Pace& pace);

/// Turns event times into monotonic due times. `anchor` ties one event time to one wall time; what
/// is overdue after a stall is due at once.
class Pacer {
 public:
  /// `first` and `last` bound the event times of the whole source; used by `total` only.
  Pacer(Pace pace, Timestamp first, Timestamp last);
  void anchor(Timestamp event, Duration monotonic);
  /// Due time on the monotonic clock; nullopt: at once.
  std::optional<Duration> due(Timestamp event) const;

 private:
  double wall_per_event_ = 0;  ///< 0: at once
  Timestamp event_anchor_;
  Duration wall_anchor_{};
};

}  // namespace millwright::drivers
