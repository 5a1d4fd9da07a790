// What every node of ours hears and says beside samples: the release that it shall run comes down,
// the one that it attests to run goes up. What a release is, is not known here.
#pragma once

#include <string_view>

#include "base/bytes.hpp"

namespace millwright::links {

/// Command metric (bytes) of a node: a signed release, or a pointer to it.
inline constexpr std::string_view release_metric = "Millwright/Release";
/// Metric (string) of a node: what it attests to run, in each birth and on each change.
inline constexpr std::string_view running_metric = "Millwright/Running";

/// Told on the core's executor. What is handed over is as it came: unchecked.
class ReleaseListener {
 public:
  virtual ~ReleaseListener() = default;
  virtual void on_release(ByteView bytes) = 0;
};

}  // namespace millwright::links
