#include "fabric/edge/trigger.hpp"

#include <cmath>

#include "base/format.hpp"
#include "base/id.hpp"

namespace millwright::edge {

namespace {
constexpr Duration rate_window = std::chrono::hours(1);
}

std::string_view name_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::above:
      return "above";
    case Comparison::at_least:
      return "at_least";
    case Comparison::below:
      return "below";
    case Comparison::at_most:
      return "at_most";
    case Comparison::is_true:
      return "is_true";
  }
  return "unknown";
}

std::optional<Comparison> parse_comparison(std::string_view name) {
  for (const auto comparison : {Comparison::above, Comparison::at_least, Comparison::below,
                                Comparison::at_most, Comparison::is_true}) {
    if (name_of(comparison) == name) return comparison;
  }
  return std::nullopt;
}

Result<void> Trigger::check(const TriggerSpec& spec) {
  if (!is_valid_name(spec.name))
    return fail(Code::invalid_input, fmt::format("a trigger cannot be named '{}'", spec.name),
                "use 1 to 63 of a-z, 0-9, '_', '.', '-', starting with a letter or digit");
  if (spec.command.lease <= Duration(0))
    return fail(Code::invalid_input, fmt::format("trigger {} has no lease", spec.name),
                "say how long its command is in force");
  if (spec.per_hour_max == 0)
    return fail(Code::invalid_input, fmt::format("trigger {} may never issue", spec.name),
                "give at least 1 an hour");
  if (!std::isfinite(spec.limit) || !std::isfinite(spec.command.value))
    return fail(Code::invalid_input, fmt::format("trigger {} has no finite limit", spec.name),
                "give finite numbers");
  return {};
}

bool Trigger::meets(double value) const {
  switch (spec_.comparison) {
    case Comparison::above:
      return value > spec_.limit;
    case Comparison::at_least:
      return value >= spec_.limit;
    case Comparison::below:
      return value < spec_.limit;
    case Comparison::at_most:
      return value <= spec_.limit;
    case Comparison::is_true:
      return value != 0;
  }
  return false;
}

bool Trigger::begins(std::optional<double> value, ontology::Quality quality, Timestamp ts) {
  if (!value || !quality.is_good()) return false;
  if (!meets(*value)) {
    in_force_until_.reset();
    return false;
  }
  if (in_force_until_ && ts < *in_force_until_) return false;
  in_force_until_ = ts + spec_.command.lease;
  return true;
}

void Trigger::pass_over(std::optional<double> value, ontology::Quality quality, Timestamp ts) {
  (void)begins(value, quality, ts);
}

Trigger::Decision Trigger::judge(std::optional<double> value, ontology::Quality quality,
                                 Timestamp ts, Duration now) {
  if (!begins(value, quality, ts)) return Decision::none;
  while (!issued_.empty() && issued_.front() + rate_window <= now) issued_.pop_front();
  if (issued_.size() >= spec_.per_hour_max) return Decision::refuse;
  issued_.push_back(now);
  return Decision::issue;
}

}  // namespace millwright::edge
