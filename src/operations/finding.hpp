// Findings: what a model claims about an asset, one for each episode in which its score stays
// beyond a limit. What a person makes of one is the work order's matter.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "governance/event.hpp"

namespace millwright::operations {

/// What a claim is about: one asset, one model (`name@N:digest`), one rule.
struct FindingKey {
  std::string asset;
  std::string model;
  std::string rule;
  auto operator<=>(const FindingKey&) const = default;
};

struct Finding {
  std::string id;  ///< `finding_id`
  FindingKey key;
  double score = 0;    ///< when it opened
  Timestamp at;        ///< event time of the first sample of the episode
  std::string reason;  ///< one line for a person
  std::string query;   ///< reproduces the rows behind it
  std::optional<Timestamp> cleared;
  bool operator==(const Finding&) const = default;
};

/// `f-` and the first 16 hexadecimal digits of SHA-256 over asset, model, rule and episode (its
/// first sample's time in microseconds), each ended by a zero byte: the same data give the same id,
/// in any process, however often they are computed.
std::string finding_id(const FindingKey& key, Timestamp episode);

enum class Side : std::uint8_t { above, below };

/// When an episode begins and ends. For `above`, open_at ≥ clear_at; for `below`, open_at ≤
/// clear_at: between the two nothing changes (hysteresis).
struct EpisodeRule {
  std::string name;
  Side side = Side::above;
  double open_at = 0;            ///< a sample at or beyond it counts towards opening
  double clear_at = 0;           ///< a sample on the other side of it counts towards clearing
  std::uint32_t open_after = 1;  ///< so many in a row
  std::uint32_t clear_after = 1;

  /// `invalid_input` for limits in the wrong order, or counts of 0.
  Result<void> check() const;
};

struct EpisodeChange {
  enum class Kind : std::uint8_t { opened, cleared };
  Kind kind = Kind::opened;
  Timestamp at;      ///< first sample of the run that opened or cleared it
  double score = 0;  ///< of the last sample of that run
  bool operator==(const EpisodeChange&) const = default;
};

/// Follows one score of one asset, in order of event time. A sample that is not finite, not `good`,
/// or not later than the one before, changes nothing and is counted: silence and bad data neither
/// open nor clear. Late data are the recomputation's, by a tracker of its own over the whole
/// stretch; `Findings` recognises what it knows.
class EpisodeTracker {
 public:
  explicit EpisodeTracker(EpisodeRule rule) : rule_(std::move(rule)) {}

  std::optional<EpisodeChange> on_sample(Timestamp at, double score, bool is_good);
  bool is_open() const { return open_; }
  std::uint64_t passed_over() const { return passed_over_; }

  /// State without the rule. `corrupt` on load of anything that `save` did not give.
  Bytes save() const;
  Result<void> load(ByteView bytes);

 private:
  EpisodeRule rule_;
  bool open_ = false;
  std::uint32_t run_ = 0;  ///< samples in a row towards the change
  Timestamp run_began_;
  std::optional<Timestamp> last_;
  std::uint64_t passed_over_ = 0;
};

/// All findings: a fold of `finding.opened` and `finding.cleared`.
class Findings {
 public:
  /// `already_exists` when an episode of the same key covers that time: a recomputation over data
  /// that shifted its begin a little makes no second finding.
  Result<governance::Event> open(const FindingKey& key, const EpisodeChange& change,
                                 std::string reason, std::string query, Timestamp now) const;
  /// `not_found` when none of the key is open.
  Result<governance::Event> clear(const FindingKey& key, const EpisodeChange& change,
                                  Timestamp now) const;
  Result<void> apply(const governance::Event& event);

  const Finding* find(std::string_view id) const;
  /// The open one of a key, or null: whether the tracker of that key starts open.
  const Finding* open_of(const FindingKey& key) const;
  const std::map<std::string, Finding, std::less<>>& all() const { return findings_; }

 private:
  std::map<std::string, Finding, std::less<>> findings_;
  std::map<FindingKey, std::vector<std::string>> by_key_;  ///< in the order of opening
};

}  // namespace millwright::operations
