#include "ontology/quality.hpp"

#include "base/format.hpp"

#include <array>
#include <charconv>

namespace millwright::ontology {
namespace {

struct NamedReason {
  Reason reason;
  std::string_view name;
};
constexpr std::array reasons{
    NamedReason{Reason::none, "none"},
    NamedReason{Reason::failure, "failure"},
    NamedReason{Reason::function_check, "function_check"},
    NamedReason{Reason::out_of_specification, "out_of_specification"},
    NamedReason{Reason::maintenance_required, "maintenance_required"},
    NamedReason{Reason::out_of_range, "out_of_range"},
    NamedReason{Reason::rate_exceeded, "rate_exceeded"},
    NamedReason{Reason::stuck, "stuck"},
    NamedReason{Reason::unparsable, "unparsable"},
    NamedReason{Reason::missing, "missing"},
    NamedReason{Reason::no_communication, "no_communication"},
    NamedReason{Reason::clock_unsynchronised, "clock_unsynchronised"},
    NamedReason{Reason::stale, "stale"},
    NamedReason{Reason::substituted, "substituted"},
    NamedReason{Reason::incomplete_window, "incomplete_window"},
    NamedReason{Reason::bad_input, "bad_input"},
    NamedReason{Reason::foreign, "foreign"},
};
constexpr std::string_view unknown_prefix = "reason_";

}  // namespace

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::good:
      return "good";
    case Severity::uncertain:
      return "uncertain";
    case Severity::bad:
      return "bad";
  }
  return "bad";
}

std::string_view reason_name(Reason reason) {
  for (const auto& entry : reasons) {
    if (entry.reason == reason) return entry.name;
  }
  return {};
}

std::string to_text(Quality quality) {
  std::string out(severity_name(quality.severity()));
  if (quality.reason() == Reason::none) return out;
  const auto name = reason_name(quality.reason());
  out += ':';
  return name.empty()
             ? fmt::format("{}{}{}", out, unknown_prefix, static_cast<unsigned>(quality.reason()))
             : out.append(name);
}

std::optional<Quality> parse_quality(std::string_view text) {
  const auto colon = text.find(':');
  const auto head = text.substr(0, colon);
  Severity severity{};
  if (head == "good")
    severity = Severity::good;
  else if (head == "uncertain")
    severity = Severity::uncertain;
  else if (head == "bad")
    severity = Severity::bad;
  else
    return std::nullopt;
  if (colon == std::string_view::npos) return Quality::make(severity, Reason::none);
  const auto tail = text.substr(colon + 1);
  for (const auto& entry : reasons) {
    if (entry.name == tail) return Quality::make(severity, entry.reason);
  }
  if (tail.starts_with(unknown_prefix)) {
    unsigned number = 0;
    const auto digits = tail.substr(unknown_prefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc{} && end == digits.data() + digits.size() && number < 0x4000) {
      return Quality::make(severity, static_cast<Reason>(number));
    }
  }
  return std::nullopt;
}

}  // namespace millwright::ontology
