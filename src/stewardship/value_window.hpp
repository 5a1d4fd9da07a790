// The rows behind a verdict, and the verdict again: which scans of a device a model had before it
// when it judged one of them, what it says of the rows that are stored, and which single row would
// explain a difference. Pure.
//
// Window rule: the last N scans up to the event time of the verdict, N the longest window of the
// model's features; with a scope, of those the scans since the machine came into its states, for
// the window began anew there. A scan is an event time at which one of the inputs has a row. Of
// each row the revision that the model had: from its own source, what came up to the watermark;
// from others, what was stored when the verdict was.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fabric/historian/historian.hpp"
#include "models/bundle.hpp"

namespace millwright::stewardship {

/// What was there when the verdict was made.
struct Seen {
  std::uint32_t producer = 0;                     ///< number of the source's incarnation
  historian::Sequence up_to = 0;                  ///< the last sample that was used
  historian::Revision revision_max = UINT64_MAX;  ///< for rows of other producers

  bool has(const historian::StoredSample& row) const {
    return row.producer == producer ? row.sequence + row.index <= up_to
                                    : row.revision <= revision_max;
  }
};

struct ScanRows {
  Timestamp at;
  std::vector<std::optional<historian::StoredSample>> rows;  ///< one an input
};

/// Scans up to `at`, oldest first. `by_input`: all revisions of each input's rows, in their order.
std::vector<ScanRows> scans_of(std::span<const std::vector<historian::StoredSample>> by_input,
                               const Seen& seen, Timestamp at);

/// Where the stretch begins that a scan lies in.
struct StretchStart {
  std::optional<Timestamp> from;  ///< first row of the states of the scope; none: it lies in none
  bool is_seen = false;           ///< another state came before; else it may have begun earlier
};
/// `rows`: all revisions of the state, sorted by time and revision.
StretchStart stretch_start(const ontology::StateScope& scope,
                           std::span<const historian::StoredSample> rows, const Seen& seen,
                           Timestamp at);

/// What is asked of a model again.
struct Recomputation {
  const models::Bundle* bundle = nullptr;
  std::vector<models::InputConversion> inputs;  ///< `signal` is the position in ScanRows::rows
  std::string metric;                           ///< `rul`, `anomaly/t2`, …
  std::uint64_t age = 0;                        ///< scans of the device up to the verdict's
};

/// Of the last of `scans`; earlier ones than the window's only give values to carry. Nothing where
/// the model has no verdict on them, or has no such metric.
std::optional<double> recompute(const Recomputation& what, std::span<const ScanRows> scans);

/// |a − b| ≤ 1e-5 · max(1, |a|), as models of several runtimes must agree.
bool agrees(double recomputed, double stored);

/// A verdict of the model that is stored beside one of `scans`.
struct Witness {
  std::size_t scan = 0;
  double stored = 0;
};

/// A row in whose place another value would give the stored verdicts.
struct Suspect {
  std::size_t scan = 0;  ///< in `scans`
  std::size_t input = 0;
  double instead = 0;     ///< that value, in the unit of the series
  double recomputed = 0;  ///< the last verdict with it
  double left = 0;        ///< sum of differences that stay, as a share of those that are there now
};

/// Which row of the window was altered. `witnesses`, oldest first, end with the verdict in
/// question; `window` scans go into each. A row that was altered spoils the verdicts from its own
/// scan on: so the first one that does not follow from the rows tells the scan, and of its rows the
/// one is looked for that, with another value, makes several verdicts right at once. Where the
/// beginning is out of sight, every row of the window is tried with what its neighbours in time
/// suggest. Gives those that explain nine tenths of the differences, the best first.
std::vector<Suspect> suspects_of(const Recomputation& what, std::span<const ScanRows> scans,
                                 std::size_t window, std::span<const Witness> witnesses);

/// A number of a row, booleans and integers included.
std::optional<double> number_of(const historian::StoredSample& row);

}  // namespace millwright::stewardship
