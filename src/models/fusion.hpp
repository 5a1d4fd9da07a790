// Fusion of several opinions on one asset (remaining life, anomaly score, a trend, the state of its
// sensors …) into a health score with confidence and contributions. A noisy-OR over calibrated
// probabilities of trouble (Pearl 1988, 4.3.2): each opinion alone may explain trouble, none is
// needed for it. Pure: time comes in, state goes out as bytes.
//
//   hazard of input i   h_i = −ln(1 − weight_i · p_i),  p_i = calibration_i(reading_i)
//   smoothed            ĥ_i follows h_i, fast upwards and slowly downwards
//   health              exp(−Σ ĥ_i)                     1 is good
//   contribution        (1 − health) · ĥ_i / Σ ĥ        they add up to 1 − health
//
// Health never rises when a reading says more trouble, all else equal.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "catalog/document.hpp"
#include "ontology/quality.hpp"

namespace millwright::models {

/// Probability of trouble as a function of a reading: straight lines between points, flat beyond.
struct Calibration {
  struct Point {
    double reading = 0;
    double trouble = 0;  ///< [0, 1]
    bool operator==(const Point&) const = default;
  };
  std::vector<Point> points;  ///< readings rising; trouble only rises or only falls

  bool operator==(const Calibration&) const = default;
  double at(double reading) const;
};

/// Calibrates on readings with known outcome by isotonic regression (pool adjacent violators,
/// Barlow et al. 1972); `rising` tells the direction. invalid_input: sizes differ, no readings.
enum class Direction : std::uint8_t { rising, falling };
Result<Calibration> fit_calibration(std::span<const double> readings,
                                    std::span<const std::uint8_t> trouble, Direction direction);

struct FusionInput {
  std::string name;
  double weight = 1;  ///< (0, 1): most probability of trouble that this input alone may claim
  Calibration calibration;

  bool operator==(const FusionInput&) const = default;
};

enum class HealthState : std::uint8_t { unknown, good, watch, bad };
std::string_view health_state_name(HealthState state);

struct FusionSpec {
  std::vector<FusionInput> inputs;               ///< 1 to 64
  Duration rise = std::chrono::seconds(30);      ///< time constant towards trouble; ≥ 0
  Duration recovery = std::chrono::minutes(10);  ///< time constant back; ≥ rise
  /// How long the last usable reading of a bad or missing input still counts: its weight in the
  /// confidence falls over that time from a half to nothing, its hazard to that of `prior`.
  Duration hold = std::chrono::minutes(15);
  double prior = 0.02;  ///< probability of trouble of an input of which nothing is known; [0, 1]
  // Hysteresis: a state is left only past the second bound.
  double watch_below = 0.7;
  double good_above = 0.8;
  double bad_below = 0.4;
  double watch_above = 0.5;
  double confidence_min = 0.3;  ///< below it the state is unknown

  bool operator==(const FusionSpec&) const = default;
  std::vector<Problem> problems() const;
  catalog::Node node() const;
};

/// What one input says now. Absent: nothing came.
struct Reading {
  std::optional<double> value;
  ontology::Quality quality;
};

struct Contribution {
  std::string_view input;  ///< of the specification
  double part = 0;         ///< of 1 − health
  double trouble = 0;      ///< calibrated probability that counted, before the weight
  ontology::Quality quality;
};

struct Health {
  Timestamp at;
  double health = 1;
  double confidence = 0;  ///< weighted share of inputs that are good; an uncertain one counts half
  HealthState state = HealthState::unknown;
  std::vector<Contribution> by;  ///< in the order of the specification; parts add up to 1 − health
};

/// Fusion of one asset. Owned by one stage, used on its executor; bounded by its specification.
class Fusion {
 public:
  /// The specification must have no problems.
  explicit Fusion(FusionSpec spec);

  const FusionSpec& spec() const { return spec_; }
  /// One reading an input, in the order of the specification. invalid_input when the counts differ
  /// or time goes back: history is fused by a Fusion of its own, loaded from an earlier state.
  Result<Health> update(Timestamp at, std::span<const Reading> readings);

  Bytes save() const;
  /// conflict when the state is of another specification, corrupt, unsupported_version.
  Result<void> load(ByteView state);

 private:
  struct Track {
    std::optional<Timestamp> usable_at;  ///< of the last usable reading
    double trouble = 0;                  ///< that it said
    double hazard = 0;                   ///< smoothed
  };
  /// Sets what input i says at `at`; gives its worth in [0, 1].
  double take(std::size_t input, Timestamp at, const Reading& reading, Contribution& out);
  HealthState next_state(double health, double confidence) const;

  FusionSpec spec_;
  std::vector<Track> tracks_;
  std::optional<Timestamp> at_;
  HealthState level_ = HealthState::good;  ///< good, watch or bad, also while unknown
};

}  // namespace millwright::models
