// Any bytes as a saved state of the gateway's scorer (its checksum put right): no crash, and the
// scorer goes on, whatever it made of them. The first byte chooses a model with a scope or without.
#include "models/gateway_scorer_rig.hpp"

using namespace millwright;
using namespace millwright::models;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  (void)rig.activate(data[0] % 2 == 0 ? trees_bundle() : running_bundle());
  Bytes state(reinterpret_cast<const std::byte*>(data) + 1,
              reinterpret_cast<const std::byte*>(data) + size);
  ByteWriter(state).u32(crc32c(state));
  const auto done = rig.scorer->load(state);
  (void)done;
  for (int scan = 0; scan < 12; ++scan) {
    (void)rig.send({.number = scan, .state = scan % 5 == 4 ? "stopped" : "running"});
  }
  return 0;
}
