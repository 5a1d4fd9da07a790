// Event times out of cells.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "fabric/drivers/records.hpp"
#include "fabric/drivers/replay.hpp"

namespace millwright::drivers {

/// What a cell says.
struct EventTime {
  Timestamp time;
  /// False: a local time that the zone's clock showed twice; the earlier is given.
  bool certain = true;
};

/// Reads the event times of one replay. Pure but for the zone's table.
class EventTimeReader {
 public:
  /// Problems (path relative to the replay's spec) are appended; the reader is then useless.
  static EventTimeReader create(const ReplayTime& spec, const Formats& formats,
                                std::vector<Problem>& problems);
  /// `row` counts the rows of the key from 0 (TimeKind::row).
  Result<EventTime> read(const Cell& cell, std::uint64_t row) const;
  bool has_zone() const { return zone_ != nullptr || fixed_zone_; }

 private:
  Result<EventTime> from_local(std::int64_t local_us, std::string_view text) const;
  Result<EventTime> from_text(std::string_view text) const;
  Result<EventTime> from_pattern(std::string_view text) const;
  Result<EventTime> from_number(const Cell& cell) const;

  ReplayTime spec_;
  std::shared_ptr<const TimeZone> zone_;
  bool fixed_zone_ = false;
  Duration fixed_offset_{};
};

}  // namespace millwright::drivers
