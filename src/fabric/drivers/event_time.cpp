// Event times: RFC 3339, patterns, epochs, cycle numbers.
#include "fabric/drivers/event_time.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "base/format.hpp"

namespace millwright::drivers {
namespace {

constexpr std::string_view zone_remedy =
    "declare the zone of local times, such as zone: Europe/Berlin, zone: UTC or zone: +01:00";

std::unexpected<Error> unreadable(std::string_view text, std::string_view expected) {
  return fail(Code::invalid_input, fmt::format("'{}' is not a time", text),
              fmt::format("expected {}", expected));
}

/// `Z`, `UTC` or `±hh:mm`.
std::optional<Duration> fixed_offset(std::string_view zone) {
  if (zone == "UTC" || zone == "Z") return Duration(0);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
  const auto probe = parse_rfc3339(fmt::format("1970-01-02T00:00:00{}", zone));
  if (!probe) return std::nullopt;
  return Timestamp{86'400'000'000} - *probe;
}

std::optional<std::int64_t> times_step(Duration step, std::int64_t count, Timestamp epoch) {
  std::int64_t product = 0, sum = 0;
  if (__builtin_mul_overflow(step.count(), count, &product) ||
      __builtin_add_overflow(product, epoch.us, &sum)) {
    return std::nullopt;
  }
  return sum;
}

/// Takes up to `width_max` digits from the front.
std::optional<int> take_digits(std::string_view& text, std::size_t width_min,
                               std::size_t width_max) {
  std::size_t width = 0;
  while (width < width_max && width < text.size() && text[width] >= '0' && text[width] <= '9')
    ++width;
  if (width < width_min) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + width, value);
  text.remove_prefix(width);
  return value;
}

struct LocalTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  std::int64_t fraction_us = 0;

  bool take(char field, std::string_view& text) {
    const auto into = [&](int& target, std::size_t min, std::size_t max) {
      const auto value = take_digits(text, min, max);
      if (value) target = *value;
      return value.has_value();
    };
    switch (field) {
      case 'Y':
        return into(year, 4, 4);
      case 'm':
        return into(month, 1, 2);
      case 'd':
        return into(day, 1, 2);
      case 'H':
        return into(hour, 1, 2);
      case 'M':
        return into(minute, 1, 2);
      case 'S':
        return into(second, 1, 2);
      case 'f': {
        const std::size_t before = text.size();
        const auto value = take_digits(text, 1, 6);
        if (!value) return false;
        fraction_us = *value;
        for (std::size_t width = before - text.size(); width < 6; ++width) fraction_us *= 10;
        return true;
      }
      default:
        return false;
    }
  }
  std::optional<std::int64_t> local_us() const {
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year),
                              std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const std::int64_t days = local_days(date).time_since_epoch().count();
    return (days * 86'400 + hour * 3600 + minute * 60 + second) * 1'000'000 + fraction_us;
  }
};

bool pattern_is_known(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    if (++i == pattern.size() || !std::string_view("YmdHMSf%").contains(pattern[i])) return false;
  }
  return pattern.contains("%Y") && pattern.contains("%m") && pattern.contains("%d");
}

}  // namespace

EventTimeReader EventTimeReader::create(const ReplayTime& spec, const Formats& formats,
                                        std::vector<Problem>& problems) {
  EventTimeReader reader;
  reader.spec_ = spec;
  const auto problem = [&](std::string path, std::string what, std::string remedy) {
    problems.push_back({{{}, 0, 0, std::move(path)}, std::move(what), {}, {}, std::move(remedy)});
  };
  const bool local = spec.kind == TimeKind::rfc3339 || spec.kind == TimeKind::pattern;
  if (local && !spec.zone.empty()) {
    if (const auto offset = fixed_offset(spec.zone)) {
      reader.fixed_zone_ = true;
      reader.fixed_offset_ = *offset;
    } else if (!formats.time_zone) {
      problem("time.zone", fmt::format("this program has no table for time zone '{}'", spec.zone),
              "give a fixed offset such as +01:00, or UTC");
    } else if (auto zone = formats.time_zone(spec.zone)) {
      reader.zone_ = std::move(*zone);
    } else {
      problem("time.zone", zone.error().message(), zone.error().remedy());
    }
  }
  if (spec.kind == TimeKind::pattern) {
    if (!pattern_is_known(spec.pattern)) {
      problem("time.pattern", fmt::format("'{}' is not a time pattern", spec.pattern),
              "use %Y, %m and %d, and where present %H, %M, %S, %f, such as %d.%m.%Y %H:%M");
    }
    if (spec.zone.empty()) {
      problem("time.zone", "a time pattern reads local times, and their zone is not declared",
              std::string(zone_remedy));
    }
  }
  if ((spec.kind == TimeKind::cycle || spec.kind == TimeKind::row) && spec.step.count() <= 0) {
    problem("time.step", "the step between cycles must be longer than zero",
            "give the event time that passes from one cycle to the next, such as step: 1h");
  }
  if (spec.kind != TimeKind::row && spec.column.empty()) {
    problem("time.column", "the column with the event time is not named",
            "name it, or count rows: epoch and step");
  }
  return reader;
}

Result<EventTime> EventTimeReader::from_local(std::int64_t local_us, std::string_view text) const {
  if (fixed_zone_) return EventTime{Timestamp{local_us} - fixed_offset_};
  const auto instant = zone_->to_utc(local_us);
  if (instant.certainty == TimeZone::Certainty::nonexistent) {
    return fail(
        Code::invalid_input,
        fmt::format("'{}' does not exist in {}: the clock was put forward", text, spec_.zone));
  }
  return EventTime{instant.time, instant.certainty == TimeZone::Certainty::unique};
}

Result<EventTime> EventTimeReader::from_text(std::string_view text) const {
  if (auto time = parse_rfc3339(text)) return EventTime{*time};
  auto local = parse_rfc3339(std::string(text) + "Z");
  if (!local) return unreadable(text, "RFC 3339, such as 2026-11-23T05:41:00Z");
  if (!has_zone()) {
    return fail(Code::invalid_input, fmt::format("'{}' has no time zone", text),
                std::string(zone_remedy));
  }
  return from_local(local->us, text);
}

Result<EventTime> EventTimeReader::from_pattern(std::string_view text) const {
  LocalTime local;
  std::string_view rest = text;
  const std::string_view pattern = spec_.pattern;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' && pattern[i + 1] != '%') {
      if (!local.take(pattern[++i], rest)) return unreadable(text, pattern);
      continue;
    }
    if (pattern[i] == '%') ++i;
    if (rest.empty() || rest.front() != pattern[i]) return unreadable(text, pattern);
    rest.remove_prefix(1);
  }
  const auto local_us = local.local_us();
  if (!rest.empty() || !local_us) return unreadable(text, pattern);
  return from_local(*local_us, text);
}

Result<EventTime> EventTimeReader::from_number(const Cell& cell) const {
  const std::string_view expected = "a number";
  std::int64_t whole = cell.integer;
  double real = cell.real;
  bool is_whole = cell.kind == CellKind::integer;
  if (cell.kind == CellKind::text) {
    const char* end = cell.text.data() + cell.text.size();
    const auto as_whole = std::from_chars(cell.text.data(), end, whole);
    is_whole = as_whole.ec == std::errc{} && as_whole.ptr == end;
    if (!is_whole) {
      const auto as_real = std::from_chars(cell.text.data(), end, real);
      if (as_real.ec != std::errc{} || as_real.ptr != end) return unreadable(cell.text, expected);
    }
  } else if (!is_whole && cell.kind != CellKind::real) {
    return unreadable(cell.text, expected);
  }
  if (!is_whole && std::isfinite(real) && std::abs(real) < 9e15 && real == std::floor(real)) {
    is_whole = true;
    whole = static_cast<std::int64_t>(real);
  }
  std::int64_t unit = 1;
  if (spec_.kind == TimeKind::epoch_s) unit = 1'000'000;
  if (spec_.kind == TimeKind::epoch_ms) unit = 1'000;
  if (spec_.kind == TimeKind::cycle) unit = spec_.step.count();
  const Timestamp origin = spec_.kind == TimeKind::cycle ? spec_.epoch : Timestamp{};
  if (is_whole) {
    const auto time = times_step(Duration(unit), whole, origin);
    if (!time) return fail(Code::invalid_input, fmt::format("{} is beyond all times", whole));
    return EventTime{Timestamp{*time}};
  }
  const double us = real * static_cast<double>(unit);
  if (spec_.kind == TimeKind::cycle || !std::isfinite(us) || std::abs(us) > 9e18) {
    return unreadable(cell.text.empty() ? fmt::format("{}", real) : std::string(cell.text),
                      "a whole number");
  }
  return EventTime{Timestamp{std::llround(us)}};
}

Result<EventTime> EventTimeReader::read(const Cell& cell, std::uint64_t row) const {
  if (spec_.kind == TimeKind::row) {
    const auto time = times_step(spec_.step, static_cast<std::int64_t>(row), spec_.epoch);
    if (!time) return fail(Code::invalid_input, fmt::format("row {} is beyond all times", row));
    return EventTime{Timestamp{*time}};
  }
  if (cell.kind == CellKind::empty) return unreadable("", "a time");
  if (cell.kind == CellKind::instant) return EventTime{Timestamp{cell.integer}};
  if (spec_.kind == TimeKind::rfc3339 || spec_.kind == TimeKind::pattern) {
    if (cell.kind != CellKind::text) return unreadable("a number", "a text with a time");
    return spec_.kind == TimeKind::rfc3339 ? from_text(cell.text) : from_pattern(cell.text);
  }
  return from_number(cell);
}

}  // namespace millwright::drivers
