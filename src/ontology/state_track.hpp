// In which state a machine was when a scan of it was taken, and where its windows begin anew. A row
// of a state signal holds from its time to the next one's, so that it may come with every scan or
// on change only. Not here: what is computed over the scans.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace millwright::ontology {

/// Scans count while `signal` is one of `is`.
struct StateScope {
  std::string signal;
  std::vector<std::string> is;

  bool operator==(const StateScope&) const = default;
  bool holds(std::string_view state) const;
  /// `state is running or idle`
  std::string text() const;
};

/// The states of one asset over the recent past, as far as a scope asks: inside, or outside and
/// unknown. Owned by one stage, used on its executor. Bounded by `keep` rows of state.
///
/// What comes late counts in its place. A row that puts scans outside that were taken for inside
/// takes them out of the window; what was outside stays so, for its values were not kept.
class StateTrack {
 public:
  /// `keep` ≥ 1: rows of state, as many as scans are kept beside them.
  StateTrack(StateScope scope, std::size_t keep);

  const StateScope& scope() const { return scope_; }
  std::size_t keep() const { return keep_; }

  /// A row of the signal; nothing when it is bad or has no value. Gives the time up to which
  /// windows are to forget their scans, where they are to.
  std::optional<Timestamp> put(Timestamp at, std::optional<std::string_view> state);

  enum class Place : std::uint8_t {
    inside,
    outside,
    gone,  ///< of an earlier stretch, or older than what is kept
  };
  /// Where a scan stands. Rows of its own time come first.
  Place take(Timestamp at);

  void save(ByteWriter& out) const;
  /// False: damaged; then it is as it was.
  bool load(ByteReader& in);

 private:
  struct Point {
    Timestamp at;
    bool inside = false;
  };
  bool is_inside(Timestamp at) const;

  StateScope scope_;
  std::size_t keep_;
  std::deque<Point> points_;         ///< by time
  std::optional<Timestamp> begin_;   ///< windows hold what is later
  std::optional<Timestamp> newest_;  ///< scan
  bool forgot_ = false;              ///< some point is no longer kept
};

}  // namespace millwright::ontology
