#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.hpp"
#include "models/fusion.hpp"

namespace millwright::models {

double Calibration::at(double reading) const {
  const auto after = std::ranges::upper_bound(points, reading, {}, &Point::reading);
  if (after == points.begin()) return points.front().trouble;
  if (after == points.end()) return points.back().trouble;
  const Point& low = *(after - 1);
  const double share = (reading - low.reading) / (after->reading - low.reading);
  return std::lerp(low.trouble, after->trouble, share);
}

Result<Calibration> fit_calibration(std::span<const double> readings,
                                    std::span<const std::uint8_t> trouble, Direction direction) {
  if (readings.size() != trouble.size() || readings.empty() ||
      !std::ranges::all_of(readings, [](double r) { return std::isfinite(r); })) {
    return fail(Code::invalid_input,
                fmt::format("{} readings with {} outcomes cannot be calibrated", readings.size(),
                            trouble.size()),
                "give finite readings with one outcome each");
  }
  const double sign = direction == Direction::rising ? 1 : -1;
  std::vector<std::size_t> order(readings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return sign * readings[i]; });
  struct Block {
    double sum, count, reading_sum, first;
    double mean() const { return sum / count; }
  };
  std::vector<Block> blocks;
  for (const std::size_t i : order) {
    const double outcome = trouble[i] != 0 ? 1 : 0;
    // Equal readings are one block, whatever came of them.
    if (!blocks.empty() && blocks.back().first == readings[i]) {
      blocks.back().sum += outcome;
      blocks.back().count += 1;
      blocks.back().reading_sum += readings[i];
    } else {
      blocks.push_back({outcome, 1, readings[i], readings[i]});
    }
  }
  std::vector<Block> pooled;
  for (const Block& block : blocks) {
    pooled.push_back(block);
    while (pooled.size() > 1 && pooled[pooled.size() - 2].mean() >= pooled.back().mean()) {
      Block& into = pooled[pooled.size() - 2];
      into.sum += pooled.back().sum;
      into.count += pooled.back().count;
      into.reading_sum += pooled.back().reading_sum;
      pooled.pop_back();
    }
  }
  Calibration out;
  for (const Block& block : pooled) {
    out.points.push_back({.reading = block.reading_sum / block.count, .trouble = block.mean()});
  }
  if (direction == Direction::falling) std::ranges::reverse(out.points);
  return out;
}

}  // namespace millwright::models
