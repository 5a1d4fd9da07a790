// Any bytes as the state of an episode: refused, or saved to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "operations/finding.hpp"

using namespace millwright;
using namespace millwright::operations;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(input), size);
  EpisodeTracker tracker(EpisodeRule{});
  if (tracker.load(bytes) && tracker.save() != Bytes(bytes.begin(), bytes.end())) std::abort();
  return 0;
}
