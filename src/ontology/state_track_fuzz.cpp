// Any bytes as the saved states of a machine: no crash, and what loads saves the same and goes on.
#include <cstdlib>

#include "ontology/state_track.hpp"

using namespace millwright;
using namespace millwright::ontology;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  StateTrack track({.signal = "state", .is = {"running"}}, 8);
  ByteReader reader(input);
  if (!track.load(reader)) return 0;
  const auto saved = [](const StateTrack& of) {
    Bytes out;
    ByteWriter writer(out);
    of.save(writer);
    return out;
  };
  const Bytes once = saved(track);
  ByteReader again(once);
  if (!track.load(again) || !again.at_end() || saved(track) != once) std::abort();
  for (std::int64_t at = 0; at < 12; ++at) {
    (void)track.put({at}, at % 3 == 0 ? "stopped" : "running");
    // A state of its own time that is kept decides, unless the scan is of a stretch that is over.
    if (track.take({at}) == StateTrack::Place::inside && at % 3 == 0) std::abort();
  }
  return 0;
}
