// Window features: the one piece of code that turns scans of an asset into the numbers that a model
// sees, in training and in serving alike. A row of features is a pure function of the last
// `longest_window()` scans and, when declared, of the age: the count of scans so far. Not here:
// joining signals into scans, and models.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "catalog/document.hpp"
#include "ontology/quality.hpp"
#include "ontology/state_track.hpp"

namespace millwright::models {

/// What is computed of one input over one window. The numbers are stored: never reuse one.
enum class WindowFunction : std::uint8_t {
  last = 0,       ///< the newest value; needs no window
  mean = 1,       ///< arithmetic mean
  slope = 2,      ///< least squares per scan; 0 with one scan
  deviation = 3,  ///< standard deviation with n − 1; 0 with one scan. Written `std`
  min = 4,
  max = 5,
};

std::string_view function_name(WindowFunction function);
std::optional<WindowFunction> parse_function(std::string_view name);

/// Which features a model sees. Order matters: it is the order of the columns.
struct FeatureSpec {
  std::vector<std::string> inputs;        ///< names of signals, 1 to 256, each once
  std::vector<std::uint32_t> windows;     ///< counts of scans, 1 to 1024, rising; at most 8
  std::vector<WindowFunction> functions;  ///< each once
  bool add_age = false;                   ///< one more column: scans so far, this one included
  /// Scans outside are not judged, and windows begin anew after them; empty: every scan is.
  std::optional<ontology::StateScope> scope = {};

  bool operator==(const FeatureSpec&) const = default;
  /// Every defect, with its place inside the specification; empty when it can be used.
  std::vector<Problem> problems() const;
  std::uint32_t longest_window() const;
  /// Scans that a window keeps, so that late ones find their place.
  std::size_t scans_kept() const { return std::size_t{2} * longest_window(); }
  /// Columns: for each input `last` if declared, then each window with each other function.
  std::size_t width() const;
  /// `NRf.last`, `NRf.mean.15`, `age`: one a column.
  std::vector<std::string> names() const;

  catalog::Node node() const;
  /// Reads what `node()` gives; invalid_input lists every problem.
  static Result<FeatureSpec> parse(const catalog::Node& node);
  /// Canonical JSON, the text that is hashed.
  std::string canonical() const { return catalog::canonical_json(node()); }
  Digest digest() const { return sha256(as_bytes(canonical())); }
};

/// One scan of an asset: a value and a quality for each input, in the order of the specification.
struct Scan {
  Timestamp at;
  std::span<const double> values;
  std::span<const ontology::Quality> quality;  ///< empty means all good
};

/// The features of one scan.
struct FeatureRow {
  Timestamp at;
  std::vector<float> values;  ///< `FeatureSpec::width()` numbers, all finite
  /// 1 when every value of the longest window was there and good; an uncertain one counts half, a
  /// bad or missing one nothing.
  double confidence = 1;
  std::uint32_t missing = 0;  ///< inputs whose value of this very scan was bad or missing
};

/// What became of a scan.
enum class Taken : std::uint8_t {
  appended,   ///< the newest scan
  inserted,   ///< late, and put in its place by event time
  corrected,  ///< a scan of that time was there: replaced
  repeated,   ///< the same scan was there: nothing changes
  too_late,   ///< older than what is kept: counted and left out
};

struct Pushed {
  Taken taken = Taken::appended;
  /// Features of this scan and, unless it was appended, of every later one that it changed; oldest
  /// first. Empty while some input has had no usable value yet.
  std::vector<FeatureRow> rows;
};

/// The recent scans of one asset. Owned by one stage, used on its executor. Bounded: twice the
/// longest window of scans. It knows nothing of states: who judges a scope begins it anew. Rule for
/// what is bad or missing (quality bad, or not a finite number): the last usable value of that
/// input is carried, and confidence tells.
class FeatureWindow {
 public:
  /// The specification must have no problems.
  explicit FeatureWindow(FeatureSpec spec);

  const FeatureSpec& spec() const { return spec_; }
  /// invalid_input when the scan does not have one value (and no or one quality) for each input.
  Result<Pushed> push(const Scan& scan);
  /// Forgets every scan up to `at`, and all that was carried from them: what is left is numbered
  /// anew. Features of what is left; none, and nothing changes, when no scan was so old.
  std::vector<FeatureRow> begin_after(Timestamp at);
  std::uint64_t scans() const { return scans_; }
  std::uint64_t too_late() const { return too_late_; }

  /// State as bytes (format 1, with the digest of the specification and a checksum).
  Bytes save() const;
  /// Takes up a saved state: afterwards every push answers as it would have. conflict when the
  /// state is of another specification, corrupt, unsupported_version.
  Result<void> load(ByteView state);

 private:
  struct Kept {
    Timestamp at;
    std::uint64_t number = 0;         ///< scans up to and including this one
    std::vector<double> raw;          ///< as it came; NaN when bad or missing
    std::vector<std::uint8_t> worth;  ///< 2 good, 1 uncertain, 0 bad or missing
    std::vector<double> filled;       ///< raw, or carried; NaN before the first usable value
  };

  Kept kept_of(const Scan& scan) const;
  void fill_from(std::size_t position);
  std::optional<FeatureRow> row_at(std::size_t position) const;
  void append_input(std::size_t input, std::size_t position, std::vector<float>& out) const;
  void forget_oldest();

  FeatureSpec spec_;
  std::size_t keep_;
  std::deque<Kept> kept_;
  std::vector<double> carried_;  ///< filled values of the scan before the oldest kept
  std::uint64_t scans_ = 0;
  std::uint64_t too_late_ = 0;
  bool forgot_ = false;  ///< some scan is no longer kept
};

}  // namespace millwright::models
