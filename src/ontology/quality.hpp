// Quality: good, uncertain or bad, with a reason, carried from the source to every query. Never
// replaced by 0 or NaN.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millwright::ontology {

/// Severity as in OPC UA Part 4, 7.39 (StatusCode bits 31:30).
enum class Severity : std::uint8_t { good = 0, uncertain = 1, bad = 2 };

/// Why a value is not plainly good. The first four are the status signals of NAMUR NE 107. Numbers
/// are stored: never reuse one.
enum class Reason : std::uint16_t {
  none = 0,
  failure = 1,                ///< NE 107 F
  function_check = 2,         ///< NE 107 C
  out_of_specification = 3,   ///< NE 107 S
  maintenance_required = 4,   ///< NE 107 M
  out_of_range = 16,          ///< outside the declared range of the signal
  rate_exceeded = 17,         ///< changed faster than declared possible
  stuck = 18,                 ///< did not change for longer than declared possible
  unparsable = 19,            ///< the source sent something that is not of the declared type
  missing = 20,               ///< the source has no value for this time
  no_communication = 21,      ///< the source does not answer
  clock_unsynchronised = 22,  ///< event time comes from a clock known to be wrong
  stale = 23,                 ///< a last known value, older than declared useful
  substituted = 24,           ///< entered or computed in place of a measurement
  incomplete_window = 25,     ///< an aggregate over fewer inputs than declared
  bad_input = 26,             ///< derived from at least one bad input
  foreign = 27,               ///< a foreign source said so, without a reason that we know
};

/// Severity and reason in 16 bits: severity in the two top bits. 0 is good without remark.
struct Quality {
  std::uint16_t code = 0;

  constexpr auto operator<=>(const Quality&) const = default;
  static constexpr Quality good() { return {}; }
  static constexpr Quality make(Severity severity, Reason reason) {
    return {static_cast<std::uint16_t>((static_cast<unsigned>(severity) << 14) |
                                       static_cast<unsigned>(reason))};
  }
  static constexpr Quality uncertain(Reason reason) { return make(Severity::uncertain, reason); }
  static constexpr Quality bad(Reason reason) { return make(Severity::bad, reason); }
  constexpr Severity severity() const { return static_cast<Severity>(code >> 14); }
  constexpr Reason reason() const { return static_cast<Reason>(code & 0x3FFF); }
  constexpr bool is_good() const { return severity() == Severity::good; }
  constexpr bool is_bad() const { return severity() == Severity::bad; }
};

/// The worse of two by severity; of equals, the first.
constexpr Quality worse(Quality a, Quality b) {
  return b.severity() > a.severity() ? b : a;
}

std::string_view severity_name(Severity severity);
std::string_view reason_name(Reason reason);
/// `good`, `bad:out_of_range`; unknown reason codes print as `bad:reason_<n>`.
std::string to_text(Quality quality);
std::optional<Quality> parse_quality(std::string_view text);

}  // namespace millwright::ontology
