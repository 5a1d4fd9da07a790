#include "ontology/state_track.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/result.hpp"

namespace millwright::ontology {

bool StateScope::holds(std::string_view state) const {
  return std::ranges::find(is, state) != is.end();
}

std::string StateScope::text() const {
  return fmt::format("{} is {}", signal, fmt::join(is, " or "));
}

StateTrack::StateTrack(StateScope scope, std::size_t keep) : scope_(std::move(scope)), keep_(keep) {
  MILLWRIGHT_ASSERT(keep_ > 0);
}

std::optional<Timestamp> StateTrack::put(Timestamp at, std::optional<std::string_view> state) {
  const bool inside = state && scope_.holds(*state);
  auto place = std::ranges::lower_bound(points_, at, {}, &Point::at);
  if (forgot_ && at < points_.front().at) return std::nullopt;
  if (place != points_.end() && place->at == at) {
    place->inside = inside;
  } else {
    place = points_.insert(place, {at, inside});
  }
  const auto next = place + 1;
  Timestamp end = newest_ ? std::max(at, *newest_) : at;
  if (next != points_.end()) end = Timestamp{next->at.us - 1};
  if (points_.size() > keep_) {
    points_.pop_front();
    forgot_ = true;
  }
  if (inside || (begin_ && end <= *begin_)) return std::nullopt;
  begin_ = end;
  return end;
}

bool StateTrack::is_inside(Timestamp at) const {
  const auto after = std::ranges::upper_bound(points_, at, {}, &Point::at);
  return after != points_.begin() && (after - 1)->inside;
}

StateTrack::Place StateTrack::take(Timestamp at) {
  if (forgot_ && at < points_.front().at) return Place::gone;
  newest_ = newest_ ? std::max(at, *newest_) : at;
  if (!is_inside(at)) return Place::outside;
  return begin_ && at <= *begin_ ? Place::gone : Place::inside;
}

void StateTrack::save(ByteWriter& out) const {
  const auto optional_time = [&](const std::optional<Timestamp>& at) {
    out.u8(at ? 1 : 0);
    out.i64(at ? at->us : 0);
  };
  optional_time(begin_);
  optional_time(newest_);
  out.u8(forgot_ ? 1 : 0);
  out.varint(points_.size());
  for (const Point& point : points_) {
    out.i64(point.at.us);
    out.u8(point.inside ? 1 : 0);
  }
}

bool StateTrack::load(ByteReader& in) {
  constexpr std::size_t point_size = 9;
  StateTrack loaded(scope_, keep_);
  for (auto* at : {&loaded.begin_, &loaded.newest_}) {
    const bool is_there = in.u8() != 0;
    const Timestamp time{in.i64()};
    if (is_there) *at = time;
  }
  loaded.forgot_ = in.u8() != 0;
  const std::uint64_t count = in.count(point_size);
  bool sound = count <= keep_ && (count > 0 || !loaded.forgot_);
  for (std::uint64_t i = 0; i < count && in.ok() && sound; ++i) {
    const Timestamp at{in.i64()};
    const bool inside = in.u8() != 0;
    sound = loaded.points_.empty() || loaded.points_.back().at < at;
    loaded.points_.push_back({at, inside});
  }
  if (!in.ok() || !sound) return false;
  *this = std::move(loaded);
  return true;
}

}  // namespace millwright::ontology
