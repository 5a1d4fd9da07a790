// Whether the data that a use case needs are there: requirement by signal by asset, met or unmet,
// since when, whose. Pure; facts of the historian come in as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "catalog/document.hpp"
#include "catalog/resource.hpp"
#include "ontology/address.hpp"

namespace millwright::outcomes {

/// A metric that measures the signal for a time.
struct SignalPlace {
  ontology::DeviceAddress address;
  std::string metric;
  std::optional<Timestamp> from;   ///< inclusive
  std::optional<Timestamp> until;  ///< exclusive
};

/// What one requirement asks of one signal of one asset.
struct Need {
  std::string requirement;
  std::string asset;
  std::string signal;
  std::string owner;  ///< Person
  Duration rate{0};   ///< longest time from one sample to the next
  Duration window{0};
  double completeness = 0;  ///< least share of window / rate samples
  double quality = 0;       ///< least share of good ones
  bool calibration = false;
  std::vector<SignalPlace> places;  ///< empty: nothing is declared to measure it
};

/// Every need of a use case, by requirement, asset and signal in the order declared. not_found: no
/// such use case.
Result<std::vector<Need>> needs_of(const std::vector<catalog::Resource>& resources,
                                   std::string_view use_case);
/// True when a calibration of the signal is declared and in force at `at`.
bool calibration_known(const std::vector<catalog::Resource>& resources, std::string_view asset,
                       std::string_view signal, Timestamp at);

/// What is stored of a need's signal. `until` is the event-time watermark of the site for a live
/// plant, and the end of the asset's record for a retrospective judgement; [from, until] is the
/// window, or what of it the asset's life covers.
struct SignalFacts {
  Timestamp from;
  Timestamp until;
  std::optional<Timestamp> last;  ///< last sample at or before `until`, of any age
  std::uint64_t count = 0;        ///< samples in the window, current revisions
  std::uint64_t good = 0;         ///< of them, of good quality
  Duration gap_max{0};            ///< longest time without a sample in the window
  bool calibration_known = false;
};

enum class Shortfall : std::uint8_t {
  none,
  unmeasured,    ///< nothing is declared to measure it
  missing,       ///< no sample at all
  silent,        ///< none for longer than the rate
  incomplete,    ///< fewer than promised
  poor,          ///< too few are good
  uncalibrated,  ///< no calibration in force
};
/// `missing`, as APIs say it.
std::string_view name_of(Shortfall shortfall);

/// How one need stands.
struct Standing {
  Need need;
  Shortfall shortfall = Shortfall::none;
  std::string why;  ///< `missing`, `silent for 3h`, `incomplete: 61 % of 24 samples, 95 % needed`
  /// Unmet: since when; known from the data, else from earlier standings, else as of. Met: since
  /// the standing before said otherwise, else nothing.
  std::optional<Timestamp> since;

  bool met() const { return shortfall == Shortfall::none; }
  /// `signal X missing at asset Y, owner Z`.
  std::string text() const;
};

struct Readiness {
  std::string use_case;
  Timestamp as_of;
  std::vector<Standing> standings;

  bool met() const;
  std::size_t met_count() const;
  std::vector<const Standing*> unmet() const;
  /// `not measurable: signal X missing at asset Y, owner Z`, with ` (and 3 more)` where there are;
  /// nothing when all is met.
  std::optional<std::string> not_measurable() const;
  /// {state, unmet: [{requirement, signal, asset, owner, since, why, shortfall}], met_count}.
  catalog::Node node() const;
};

/// Judges each need by the facts at the same place of `facts`; a fact that is absent counts as no
/// sample. `before` is the readiness judged last, for since when; may be nullptr.
Readiness judge(std::string_view use_case, std::vector<Need> needs,
                const std::vector<std::optional<SignalFacts>>& facts, Timestamp as_of,
                const Readiness* before);

}  // namespace millwright::outcomes
