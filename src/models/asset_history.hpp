// The recent scans of one asset as fusion sees them, so that a late or corrected scan recomputes
// the health of everything after it. Internal to the gateway's scorer.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "models/fusion.hpp"
#include "models/served_model.hpp"

namespace millwright::models {

/// What is known of one scan.
struct JudgedScan {
  Timestamp at;
  RulAnswer rul;
  std::vector<Reading> readings;  ///< one an input of the fusion, in its order
};

/// Bounded by `keep`. Live health goes on from the newest scan; older ones are computed again from
/// a fusion that stands before the oldest one kept.
class AssetHistory {
 public:
  explicit AssetHistory(const FusionSpec& spec) : base_(spec), current_(spec) {}

  const FusionSpec& spec() const { return base_.spec(); }
  /// False: so old that what it would change is no longer kept.
  bool takes(Timestamp at) const { return !base_at_ || at > *base_at_; }
  /// The scan of that time, or null.
  JudgedScan* find(Timestamp at);
  /// Puts a scan in its place, or in that of the one of the same time; gives its position.
  std::size_t put(JudgedScan scan);
  /// Health of every scan from `position` on, oldest first.
  std::vector<Health> health_from(std::size_t position);
  const JudgedScan& scan(std::size_t position) const { return scans_[position]; }
  std::size_t size() const { return scans_.size(); }
  void trim(std::size_t keep);
  /// Forgets every scan up to `at`, and all that was fused before it.
  void begin_after(Timestamp at);

  void save(ByteWriter& out) const;
  /// corrupt, or conflict when it was saved with another specification. Then it is as it was.
  Result<void> load(ByteReader& in);

 private:
  /// `base_`, saved as `base`, takes scans from `base_at_` on.
  bool follows_on(ByteView base) const;

  Fusion base_;                       ///< before the oldest scan
  std::optional<Timestamp> base_at_;  ///< its newest scan
  Fusion current_;                    ///< after the newest scan that has a health
  std::size_t fused_ = 0;             ///< scans in `current_`
  std::deque<JudgedScan> scans_;
};

}  // namespace millwright::models
