// Values of commands to and from metrics of a payload; and the back-off that both sessions use.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/sparkplug/alias_table.hpp"
#include "wire/sparkplug/payload.hpp"
#include "wire/sparkplug/session.hpp"

namespace millwright::sparkplug {

/// A received metric as a command: name and type from the birth (`table`) where it has an alias or
/// a declared name, else as sent. `invalid_input`: neither name nor known alias, a value that does
/// not fit its type, or a type that a command cannot carry.
Result<CommandMetric> to_command(Metric& metric, const AliasTable& table);

/// A command as a metric to send: by name, with datatype (the reference edge cannot read a command
/// without one). `invalid_input` when value and type do not fit.
Result<Metric> to_metric(const CommandMetric& command, Timestamp at);

/// Delay before the next attempt after `failures` failed ones: doubling from `least` to `most`,
/// then between half of it and all of it by `random`.
Duration back_off(std::uint32_t failures, Duration least, Duration most, std::uint64_t random);

}  // namespace millwright::sparkplug
