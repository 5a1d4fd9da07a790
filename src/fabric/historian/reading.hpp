// Answers from rows that were found: order, revisions, buckets. Pure.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "fabric/historian/historian.hpp"
#include "fabric/historian/sealing.hpp"

namespace millwright::historian {

/// Appends the rows of `chunks` that pass the filter to `out`.
void collect_hot(const std::vector<HotChunk>& chunks, const engine::SegmentFilter& filter,
                 engine::SampleColumns& out);

/// Rows of one series, sorted by (ts, revision, position); unless `all_revisions`, of each time
/// only the greatest.
std::vector<StoredSample> in_order(const engine::SampleColumns& rows, bool all_revisions);

Range range_of(const engine::SampleColumns& rows, const RangeQuery& query);
/// Rows of several series, each by itself.
std::map<std::uint64_t, engine::SampleColumns> by_series(const engine::SampleColumns& rows);
std::vector<Bucket> buckets_of(const engine::SampleColumns& rows, const DownsampleQuery& query);

}  // namespace millwright::historian
