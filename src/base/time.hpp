// Time: event time is int64 microseconds UTC; waiting is done on a monotonic clock. Both come in by
// port.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace millwright {

using Duration = std::chrono::microseconds;

/// A point in UTC, microseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
  std::int64_t us = 0;

  constexpr auto operator<=>(const Timestamp&) const = default;
  friend constexpr Timestamp operator+(Timestamp t, Duration d) { return {t.us + d.count()}; }
  friend constexpr Timestamp operator-(Timestamp t, Duration d) { return {t.us - d.count()}; }
  friend constexpr Duration operator-(Timestamp a, Timestamp b) { return Duration(a.us - b.us); }
  constexpr std::int64_t whole_ms() const { return us >= 0 ? us / 1000 : (us - 999) / 1000; }
};

/// `2026-11-23T05:41:00.123456Z`; trailing zero fractions are left out.
std::string to_rfc3339(Timestamp time);
/// Parses RFC 3339 with any offset; fractions beyond microseconds are refused as invalid_input.
Result<Timestamp> parse_rfc3339(std::string_view text);
/// `150ms`, `10s`, `5m`, `2h`, `7d`; combined forms such as `1h30m` too.
Result<Duration> parse_duration(std::string_view text);
std::string to_text(Duration duration);

/// The only sources of time. Real in `roles`, simulated in `sim`.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp utc_now() const = 0;
  /// Never goes back; its origin is arbitrary.
  virtual Duration monotonic_now() const = 0;
};

/// The only source of randomness (ids, jitter, incarnations).
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace millwright
