#include "fabric/historian/reading.hpp"

#include <algorithm>
#include <cmath>

#include "fabric/historian/series_table.hpp"

namespace millwright::historian {
namespace {

std::optional<double> number_of(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  return std::nullopt;
}

void add(Bucket& bucket, double& sum, const StoredSample& sample) {
  ++bucket.count;
  const auto number = number_of(sample.value);
  if (!number || std::isnan(*number) || sample.quality.is_bad()) {
    ++bucket.count_bad;
    return;
  }
  if (bucket.count - bucket.count_bad == 1) {
    bucket.minimum = bucket.maximum = bucket.first = *number;
    sum = 0;
  }
  bucket.minimum = std::min(bucket.minimum, *number);
  bucket.maximum = std::max(bucket.maximum, *number);
  bucket.last = *number;
  sum += *number;
  bucket.mean = sum / static_cast<double>(bucket.count - bucket.count_bad);
}

}  // namespace

void collect_hot(const std::vector<HotChunk>& chunks, const engine::SegmentFilter& filter,
                 engine::SampleColumns& out) {
  for (const auto& chunk : chunks) {
    const auto& rows = *chunk;
    if (rows.empty() || rows.revision.front() > filter.revision_max) continue;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!filter.series.empty() &&
          std::ranges::find(filter.series, rows.series[i]) == filter.series.end()) {
        continue;
      }
      if (rows.ts[i] < filter.from || rows.ts[i] > filter.to) continue;
      out.append_row(rows, i);
    }
  }
}

std::vector<StoredSample> in_order(const engine::SampleColumns& rows, bool all_revisions) {
  std::vector<StoredSample> samples;
  samples.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) samples.push_back(sample_at(rows, i));
  if (!std::ranges::is_sorted(samples, is_before)) std::ranges::sort(samples, is_before);
  if (all_revisions) return samples;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (kept > 0 && samples[kept - 1].ts == samples[i].ts) --kept;
    if (kept != i) samples[kept] = std::move(samples[i]);
    ++kept;
  }
  samples.resize(kept);
  return samples;
}

std::map<std::uint64_t, engine::SampleColumns> by_series(const engine::SampleColumns& rows) {
  std::map<std::uint64_t, engine::SampleColumns> out;
  for (std::size_t i = 0; i < rows.size(); ++i) out[rows.series[i]].append_row(rows, i);
  return out;
}

Range range_of(const engine::SampleColumns& rows, const RangeQuery& query) {
  Range range{in_order(rows, query.all_revisions), false};
  if (range.samples.size() > query.limit) {
    range.samples.resize(query.limit);
    range.truncated = true;
  }
  return range;
}

std::vector<Bucket> buckets_of(const engine::SampleColumns& rows, const DownsampleQuery& query) {
  std::vector<Bucket> buckets;
  const std::int64_t step = query.step.count();
  double sum = 0;
  for (const StoredSample& sample : in_order(rows, false)) {
    const std::int64_t rest = ((sample.ts.us % step) + step) % step;
    const Timestamp start{sample.ts.us - rest};
    if (buckets.empty() || buckets.back().start != start) {
      buckets.emplace_back().start = start;
      sum = 0;
    }
    add(buckets.back(), sum, sample);
  }
  return buckets;
}

}  // namespace millwright::historian
