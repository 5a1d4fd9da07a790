#include "models/asset_history.hpp"

#include <algorithm>

namespace millwright::models {
namespace {

void write_quality(ByteWriter& out, ontology::Quality quality) {
  out.u16(quality.code);
}

void write_scan(ByteWriter& out, const JudgedScan& scan) {
  out.i64(scan.at.us);
  for (const double value : {scan.rul.value, scan.rul.low, scan.rul.high}) out.f64(value);
  out.u8(scan.rul.has_value ? 1 : 0);
  write_quality(out, scan.rul.quality);
  for (const Reading& reading : scan.readings) {
    out.u8(reading.value ? 1 : 0);
    out.f64(reading.value.value_or(0));
    write_quality(out, reading.quality);
  }
}

JudgedScan read_scan(ByteReader& in, std::size_t readings) {
  JudgedScan scan;
  scan.at = {in.i64()};
  scan.rul.value = in.f64();
  scan.rul.low = in.f64();
  scan.rul.high = in.f64();
  scan.rul.has_value = in.u8() != 0;
  scan.rul.quality.code = in.u16();
  for (std::size_t i = 0; i < readings; ++i) {
    Reading reading;
    const bool has_value = in.u8() != 0;
    const double value = in.f64();
    if (has_value) reading.value = value;
    reading.quality.code = in.u16();
    scan.readings.push_back(reading);
  }
  return scan;
}

}  // namespace

JudgedScan* AssetHistory::find(Timestamp at) {
  const auto place = std::ranges::lower_bound(scans_, at, {}, &JudgedScan::at);
  return place != scans_.end() && place->at == at ? &*place : nullptr;
}

std::size_t AssetHistory::put(JudgedScan scan) {
  MILLWRIGHT_ASSERT(takes(scan.at));
  const auto place = std::ranges::lower_bound(scans_, scan.at, {}, &JudgedScan::at);
  const auto position = static_cast<std::size_t>(place - scans_.begin());
  if (place != scans_.end() && place->at == scan.at) {
    *place = std::move(scan);
  } else {
    scans_.insert(place, std::move(scan));
  }
  return position;
}

std::vector<Health> AssetHistory::health_from(std::size_t position) {
  if (position < fused_) {
    current_ = base_;
    fused_ = 0;
  }
  std::vector<Health> out;
  for (; fused_ < scans_.size(); ++fused_) {
    auto health = current_.update(scans_[fused_].at, scans_[fused_].readings);
    MILLWRIGHT_ASSERT(health.has_value());
    if (fused_ >= position) out.push_back(std::move(*health));
  }
  // Inputs are named by the specification that stays, not by that of a copy.
  for (Health& health : out) {
    for (std::size_t i = 0; i < health.by.size(); ++i) {
      health.by[i].input = base_.spec().inputs[i].name;
    }
  }
  return out;
}

void AssetHistory::trim(std::size_t keep) {
  while (scans_.size() > keep) {
    const JudgedScan& oldest = scans_.front();
    MILLWRIGHT_ASSERT(fused_ > 0 && base_.update(oldest.at, oldest.readings).has_value());
    base_at_ = oldest.at;
    scans_.pop_front();
    --fused_;
  }
}

void AssetHistory::begin_after(Timestamp at) {
  const auto first_left = std::ranges::upper_bound(scans_, at, {}, &JudgedScan::at);
  if (first_left == scans_.begin()) return;
  scans_.erase(scans_.begin(), first_left);
  base_ = current_ = Fusion(spec());
  base_at_.reset();
  fused_ = 0;
}

void AssetHistory::save(ByteWriter& out) const {
  out.block(base_.save());
  out.u8(base_at_ ? 1 : 0);
  out.i64(base_at_ ? base_at_->us : 0);
  out.varint(scans_.size());
  for (const JudgedScan& scan : scans_) write_scan(out, scan);
}

bool AssetHistory::follows_on(ByteView base) const {
  if (!base_at_) return std::ranges::equal(base, Fusion(spec()).save());
  Fusion next = base_;
  const std::vector<Reading> nothing(spec().inputs.size());
  return next.update(*base_at_, nothing).has_value();
}

Result<void> AssetHistory::load(ByteReader& in) {
  constexpr std::size_t scan_size_min = 8 + 3 * 8 + 1 + 2;
  AssetHistory loaded(spec());
  const ByteView base = in.block();
  if (in.u8() != 0) {
    loaded.base_at_ = Timestamp{in.i64()};
  } else {
    in.i64();
  }
  const std::size_t readings = spec().inputs.size();
  const std::uint64_t count = in.count(scan_size_min + readings * 11);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    JudgedScan scan = read_scan(in, readings);
    if (!loaded.takes(scan.at) || (i > 0 && scan.at <= loaded.scans_.back().at)) in.invalidate();
    loaded.scans_.push_back(std::move(scan));
  }
  if (!in.ok()) return fail(Code::corrupt, "a saved history of an asset is damaged");
  if (auto done = loaded.base_.load(base); !done) return done;
  if (!loaded.follows_on(base)) {
    return fail(Code::corrupt, "a saved history of an asset is damaged");
  }
  // The scans that are kept are fused again when the next one comes.
  loaded.current_ = loaded.base_;
  *this = std::move(loaded);
  return {};
}

}  // namespace millwright::models
