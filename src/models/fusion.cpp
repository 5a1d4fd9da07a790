#include "models/fusion.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/digest.hpp"
#include "base/format.hpp"

namespace millwright::models {
namespace {

using catalog::Node;

constexpr std::uint8_t state_version = 1;
constexpr std::size_t inputs_max = 64;

class Defects {
 public:
  void check(bool good, std::string path, std::string what, std::string expected) {
    if (good) return;
    out.push_back({.place = {.file = {}, .line = 0, .column = 0, .path = std::move(path)},
                   .what = std::move(what),
                   .expected = std::move(expected),
                   .nearest = {},
                   .remedy = {}});
  }
  std::vector<Problem> out;
};

bool is_share(double value) {
  return value >= 0 && value <= 1;
}

bool is_monotone(const std::vector<Calibration::Point>& points) {
  const auto trouble = &Calibration::Point::trouble;
  return std::ranges::is_sorted(points, std::ranges::less(), trouble) ||
         std::ranges::is_sorted(points, std::ranges::greater(), trouble);
}

void check_calibration(const Calibration& calibration, const std::string& path, Defects& defects) {
  const auto& points = calibration.points;
  const auto finite = [](const Calibration::Point& p) {
    return std::isfinite(p.reading) && is_share(p.trouble);
  };
  const auto not_rising = [](const Calibration::Point& a, const Calibration::Point& b) {
    return a.reading >= b.reading;
  };
  defects.check(!points.empty() && std::ranges::all_of(points, finite) &&
                    std::ranges::adjacent_find(points, not_rising) == points.end(),
                path, fmt::format("{} points", points.size()),
                "points with rising finite readings, trouble from 0 to 1");
  defects.check(is_monotone(points), path, "trouble rises and falls", "one direction");
}

/// Share of the way to a constant input that a first-order lag goes in `passed`.
double share_of(Duration passed, Duration constant) {
  if (constant.count() <= 0) return 1;
  return -std::expm1(-static_cast<double>(passed.count()) / static_cast<double>(constant.count()));
}

double hazard_of(double weight, double trouble) {
  return -std::log1p(-weight * trouble);
}

Digest digest_of(const FusionSpec& spec) {
  return sha256(as_bytes(catalog::canonical_json(spec.node())));
}

}  // namespace

std::string_view health_state_name(HealthState state) {
  constexpr std::string_view names[] = {"unknown", "good", "watch", "bad"};
  return names[static_cast<std::size_t>(state)];
}

std::vector<Problem> FusionSpec::problems() const {
  Defects defects;
  defects.check(!inputs.empty() && inputs.size() <= inputs_max, "inputs",
                fmt::format("{} inputs", inputs.size()), fmt::format("1 to {}", inputs_max));
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string path = fmt::format("inputs[{}]", i);
    defects.check(!inputs[i].name.empty() && names.insert(inputs[i].name).second, path + ".name",
                  fmt::format("'{}'", inputs[i].name), "a name of its own");
    defects.check(inputs[i].weight > 0 && inputs[i].weight < 1, path + ".weight",
                  fmt::format("{}", inputs[i].weight), "above 0, below 1");
    check_calibration(inputs[i].calibration, path + ".calibration", defects);
  }
  defects.check(rise.count() >= 0, "rise", to_text(rise), "at least 0");
  defects.check(recovery >= rise, "recovery", to_text(recovery), "at least rise");
  defects.check(hold.count() >= 0, "hold", to_text(hold), "at least 0");
  defects.check(is_share(prior), "prior", fmt::format("{}", prior), "0 to 1");
  defects.check(is_share(confidence_min), "confidence_min", fmt::format("{}", confidence_min),
                "0 to 1");
  defects.check(0 <= bad_below && bad_below <= watch_above && watch_above <= watch_below &&
                    watch_below <= good_above && good_above <= 1,
                "bad_below",
                fmt::format("{} {} {} {}", bad_below, watch_above, watch_below, good_above),
                "0 <= bad_below <= watch_above <= watch_below <= good_above <= 1");
  return std::move(defects.out);
}

Node FusionSpec::node() const {
  Node node = Node::make_map();
  Node list = Node::make_list();
  for (const FusionInput& input : inputs) {
    Node one = Node::make_map();
    one.add("name", Node::make_text(input.name));
    one.add("weight", Node::make_number(input.weight));
    Node points = Node::make_list();
    for (const Calibration::Point& point : input.calibration.points) {
      points.items.push_back(
          Node::make_list({Node::make_number(point.reading), Node::make_number(point.trouble)}));
    }
    one.add("calibration", std::move(points));
    list.items.push_back(std::move(one));
  }
  node.add("inputs", std::move(list));
  node.add("rise", Node::make_text(to_text(rise)));
  node.add("recovery", Node::make_text(to_text(recovery)));
  node.add("hold", Node::make_text(to_text(hold)));
  node.add("prior", Node::make_number(prior));
  node.add("watch_below", Node::make_number(watch_below));
  node.add("good_above", Node::make_number(good_above));
  node.add("bad_below", Node::make_number(bad_below));
  node.add("watch_above", Node::make_number(watch_above));
  node.add("confidence_min", Node::make_number(confidence_min));
  return node;
}

Fusion::Fusion(FusionSpec spec) : spec_(std::move(spec)), tracks_(spec_.inputs.size()) {
  MILLWRIGHT_ASSERT(spec_.problems().empty());
}

double Fusion::take(std::size_t input, Timestamp at, const Reading& reading, Contribution& out) {
  const FusionInput& declared = spec_.inputs[input];
  Track& track = tracks_[input];
  out.input = declared.name;
  out.quality = reading.quality;
  if (reading.value && std::isfinite(*reading.value) && !reading.quality.is_bad()) {
    track.usable_at = at;
    track.trouble = declared.calibration.at(*reading.value);
    out.trouble = track.trouble;
    return reading.quality.is_good() ? 1 : 0.5;
  }
  if (!out.quality.is_bad()) out.quality = ontology::Quality::bad(ontology::Reason::missing);
  out.trouble = spec_.prior;
  if (!track.usable_at) return 0;
  // Neither believed for ever nor dropped at once: what it said last fades into the prior.
  const Duration passed = at - *track.usable_at;
  if (passed >= spec_.hold) return 0;
  const double left =
      1 - static_cast<double>(passed.count()) / static_cast<double>(spec_.hold.count());
  out.trouble = std::lerp(spec_.prior, track.trouble, left);
  return left / 2;
}

HealthState Fusion::next_state(double health, double confidence) const {
  if (confidence < spec_.confidence_min) return HealthState::unknown;
  if (health < spec_.bad_below) return HealthState::bad;
  if (level_ == HealthState::bad && health <= spec_.watch_above) return HealthState::bad;
  if (health < spec_.watch_below) return HealthState::watch;
  if (level_ != HealthState::good && health <= spec_.good_above) return HealthState::watch;
  return HealthState::good;
}

Result<Health> Fusion::update(Timestamp at, std::span<const Reading> readings) {
  if (readings.size() != tracks_.size()) {
    return fail(Code::invalid_input,
                fmt::format("{} readings for {} inputs", readings.size(), tracks_.size()));
  }
  if (at_ && at < *at_) {
    return fail(Code::invalid_input,
                fmt::format("health at {} was asked after {}", to_rfc3339(at), to_rfc3339(*at_)));
  }
  Health out{.at = at, .health = 1, .confidence = 0, .state = HealthState::unknown, .by = {}};
  out.by.resize(tracks_.size());
  double weight = 0;
  double hazard = 0;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    out.confidence += spec_.inputs[i].weight * take(i, at, readings[i], out.by[i]);
    weight += spec_.inputs[i].weight;
    Track& track = tracks_[i];
    const double wanted = hazard_of(spec_.inputs[i].weight, out.by[i].trouble);
    const Duration constant = wanted > track.hazard ? spec_.rise : spec_.recovery;
    // The first update has no past to be smoothed with.
    const double share = at_ ? share_of(at - *at_, constant) : 1;
    track.hazard += share * (wanted - track.hazard);
    hazard += track.hazard;
  }
  at_ = at;
  out.confidence /= weight;
  out.health = std::exp(-hazard);
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    out.by[i].part = hazard > 0 ? (1 - out.health) * tracks_[i].hazard / hazard : 0;
  }
  out.state = next_state(out.health, out.confidence);
  if (out.state != HealthState::unknown) level_ = out.state;
  return out;
}

Bytes Fusion::save() const {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(state_version);
  writer.raw(digest_of(spec_).bytes);
  writer.u8(at_ ? 1 : 0);
  writer.i64(at_ ? at_->us : 0);
  writer.u8(static_cast<std::uint8_t>(level_));
  for (const Track& track : tracks_) {
    writer.u8(track.usable_at ? 1 : 0);
    writer.i64(track.usable_at ? track.usable_at->us : 0);
    writer.f64(track.trouble);
    writer.f64(track.hazard);
  }
  writer.u32(crc32c(out));
  return out;
}

Result<void> Fusion::load(ByteView state) {
  constexpr std::size_t check_size = 4;
  if (!state.empty() && static_cast<std::uint8_t>(state[0]) > state_version) {
    return fail(Code::unsupported_version, "a health state saved by a newer program");
  }
  if (state.size() < check_size) return fail(Code::corrupt, "a saved health state is cut");
  const ByteView body = state.first(state.size() - check_size);
  if (ByteReader tail(state.last(check_size)); tail.u32() != crc32c(body)) {
    return fail(Code::corrupt, "a saved health state fails its checksum");
  }
  ByteReader reader(body);
  reader.u8();
  const ByteView digest = reader.raw(sizeof(Digest::bytes));
  if (reader.ok() && !std::ranges::equal(digest, digest_of(spec_).bytes)) {
    return fail(Code::conflict, "a saved health state belongs to another specification",
                "start it anew");
  }
  Fusion loaded(spec_);
  const auto read_time = [&]() -> std::optional<Timestamp> {
    const bool known = reader.u8() != 0;
    const Timestamp at{reader.i64()};
    return known ? std::optional(at) : std::nullopt;
  };
  loaded.at_ = read_time();
  const std::uint8_t level = reader.u8();
  bool good = level >= static_cast<std::uint8_t>(HealthState::good) &&
              level <= static_cast<std::uint8_t>(HealthState::bad);
  loaded.level_ = good ? static_cast<HealthState>(level) : HealthState::good;
  for (Track& track : loaded.tracks_) {
    track.usable_at = read_time();
    track.trouble = reader.f64();
    track.hazard = reader.f64();
    good = good && is_share(track.trouble) && std::isfinite(track.hazard) && track.hazard >= 0;
  }
  if (!reader.ok() || !reader.at_end() || !good) {
    return fail(Code::corrupt, "a saved health state is damaged");
  }
  *this = std::move(loaded);
  return {};
}

}  // namespace millwright::models
