#include "base/time.hpp"

#include <charconv>
#include <optional>

#include "base/format.hpp"

namespace millwright {
namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::unexpected<Error> bad_time(std::string_view text) {
  return fail(Code::invalid_input, fmt::format("'{}' is not a time", text),
              "write RFC 3339, such as 2026-11-23T05:41:00Z or 2026-11-23T06:41:00.5+01:00");
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
  using namespace std::chrono;
  const sys_time<microseconds> point{microseconds(time.us)};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{point - day};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    std::string digits_text = fmt::format("{:06}", fraction);
    while (digits_text.back() == '0') digits_text.pop_back();
    out += "." + digits_text;
  }
  return out + "Z";
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return bad_time(text);
  if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return bad_time(text);
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return bad_time(text);
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return bad_time(text);
  std::size_t at = 19;
  std::int64_t fraction_us = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    std::int64_t scale = 100'000;
    const std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      if (scale == 0 && text[at] != '0') {
        return fail(Code::invalid_input, fmt::format("'{}' is finer than a microsecond", text),
                    "round it to at most six decimals of a second");
      }
      fraction_us += scale * (text[at] - '0');
      scale /= 10;
      ++at;
    }
    if (at == first) return bad_time(text);
  }
  std::int64_t offset_s = 0;
  if (at >= text.size()) return bad_time(text);
  if (text[at] == 'Z' || text[at] == 'z') {
    ++at;
  } else if (text[at] == '+' || text[at] == '-') {
    const auto offset_hour = digits(text, at + 1, 2), offset_minute = digits(text, at + 4, 2);
    if (!offset_hour || !offset_minute || text[at + 3] != ':' || *offset_hour > 23 ||
        *offset_minute > 59) {
      return bad_time(text);
    }
    offset_s = (*offset_hour * 3600 + *offset_minute * 60) * (text[at] == '-' ? -1 : 1);
    at += 6;
  }
  if (at != text.size()) return bad_time(text);
  const auto days_since = sys_days(date).time_since_epoch().count();
  const std::int64_t seconds_of_day = *hour * 3600 + *minute * 60 + *second;
  return Timestamp{(static_cast<std::int64_t>(days_since) * 86'400 + seconds_of_day - offset_s) *
                       1'000'000 +
                   fraction_us};
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::invalid_input, fmt::format("'{}' is not a duration", text),
                "write a number with us, ms, s, m, h or d, such as 250ms, 10s or 1h30m");
  };
  if (text.empty()) return bad();
  std::int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc{} || value < 0) return bad();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::int64_t unit = 0;
    std::size_t unit_size = 1;
    if (rest.starts_with("us"))
      unit = 1, unit_size = 2;
    else if (rest.starts_with("ms"))
      unit = 1'000, unit_size = 2;
    else if (rest.starts_with('s'))
      unit = 1'000'000;
    else if (rest.starts_with('m'))
      unit = 60'000'000;
    else if (rest.starts_with('h'))
      unit = 3'600'000'000;
    else if (rest.starts_with('d'))
      unit = 86'400'000'000;
    else
      return bad();
    rest.remove_prefix(unit_size);
    std::int64_t part = 0;
    if (__builtin_mul_overflow(value, unit, &part) || __builtin_add_overflow(total, part, &total))
      return bad();
  }
  return Duration(total);
}

std::string to_text(Duration duration) {
  std::int64_t us = duration.count();
  if (us == 0) return "0s";
  std::string out;
  if (us < 0) out = "-", us = -us;
  const auto take = [&](std::int64_t unit, const char* name) {
    if (us >= unit) out += fmt::format("{}{}", us / unit, name), us %= unit;
  };
  take(86'400'000'000, "d");
  take(3'600'000'000, "h");
  take(60'000'000, "m");
  take(1'000'000, "s");
  take(1'000, "ms");
  take(1, "us");
  return out;
}

}  // namespace millwright
