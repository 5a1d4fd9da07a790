// What the tests of the edge session share: an edge that is born, and what stands in its messages.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/sparkplug/session_rig.hpp"

namespace millwright::sparkplug {

inline EdgeRig born(EdgeOptions options = EdgeRig::options()) {
  EdgeRig rig(std::move(options));
  rig.with_device();
  rig.connect();
  return rig;
}

inline std::uint64_t bd_seq_in(const Sent& message) {
  const Metric* metric = message.metric("bdSeq");
  return metric == nullptr ? 9999
                           : static_cast<std::uint64_t>(std::get<std::int64_t>(metric->value));
}

inline std::size_t position(const EdgeRig& rig, EdgeActionKind kind) {
  return static_cast<std::size_t>(std::ranges::find(rig.order, kind) - rig.order.begin());
}

}  // namespace millwright::sparkplug
