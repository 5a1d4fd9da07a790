// Any bytes as a saved state of the gateway's scorer (its checksum put right): no crash, and the
// scorer goes on, whatever it made of them.
#include "models/gateway_scorer_rig.hpp"

using namespace millwright;
using namespace millwright::models;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ScorerRig rig;
  rig.scorer->on_schema(engine_schema());
  (void)rig.activate(trees_bundle());
  Bytes state(reinterpret_cast<const std::byte*>(data),
              reinterpret_cast<const std::byte*>(data) + size);
  ByteWriter(state).u32(crc32c(state));
  const auto done = rig.scorer->load(state);
  (void)done;
  for (int scan = 0; scan < 12; ++scan) {
    (void)rig.send({.number = scan});
  }
  return 0;
}
