// Positions and pace.
#include "fabric/drivers/driver.hpp"

#include <algorithm>
#include <cmath>

#include "base/format.hpp"
#include "fabric/drivers/pace.hpp"

namespace millwright::drivers {

std::string_view name_of(DriverState state) {
  switch (state) {
    case DriverState::idle:
      return "idle";
    case DriverState::running:
      return "running";
    case DriverState::waiting_for_sink:
      return "waiting_for_sink";
    case DriverState::ended:
      return "ended";
    case DriverState::failed:
      return "failed";
  }
  return "unknown";
}

void Position::encode(ByteWriter& out) const {
  out.signed_varint(order);
  out.varint(record);
  out.varint(offset);
  out.varint(source);
}

Result<Position> Position::decode(ByteReader& in) {
  Position out;
  out.order = in.signed_varint();
  out.record = in.varint();
  out.offset = in.varint();
  const std::uint64_t source = in.varint();
  out.source = static_cast<std::uint32_t>(source);
  if (!in.ok() || source > 0xFFFFFFFF) {
    return fail(Code::corrupt, "the position of a driver does not decode");
  }
  return out;
}

Result<void> check_pace(const Pace& pace) {
  if (pace.kind == PaceKind::factor && !(pace.factor > 0 && std::isfinite(pace.factor))) {
    return fail(Code::invalid_input, fmt::format("{} is not a pace", pace.factor),
                "give a factor greater than zero; 1 is real time");
  }
  if (pace.kind == PaceKind::total && pace.total <= Duration(0)) {
    return fail(Code::invalid_input, "a total of zero is not a pace",
                "give the wall time to play within, or no pace at all");
  }
  return {};
}

Pacer::Pacer(Pace pace, Timestamp first, Timestamp last) {
  const double span = static_cast<double>((last - first).count());
  if (pace.kind == PaceKind::factor && pace.factor > 0) wall_per_event_ = 1.0 / pace.factor;
  if (pace.kind == PaceKind::total && span > 0) {
    wall_per_event_ = static_cast<double>(pace.total.count()) / span;
  }
}

void Pacer::anchor(Timestamp event, Duration monotonic) {
  event_anchor_ = event;
  wall_anchor_ = monotonic;
}

std::optional<Duration> Pacer::due(Timestamp event) const {
  if (wall_per_event_ == 0) return std::nullopt;
  const double wait = static_cast<double>((event - event_anchor_).count()) * wall_per_event_;
  return wall_anchor_ + Duration(static_cast<std::int64_t>(std::clamp(wait, -9e15, 9e15)));
}

}  // namespace millwright::drivers
