// Checkpoint and log of tier 2: whatever the bytes, reading ends, in bounds; a checkpoint that is
// read is written back to the same bytes.
#include <cstdint>

#include "fabric/gateway/input_log.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millwright;
  Bytes bytes(reinterpret_cast<const std::byte*>(data),
              reinterpret_cast<const std::byte*>(data) + size);
  (void)gateway::decode_log(bytes, "fuzz");
  (void)gateway::decode_checkpoint(bytes, "fuzz");
  // Past the checksum too.
  ByteWriter(bytes).u32(crc32c(bytes));
  if (const auto checkpoint = gateway::decode_checkpoint(bytes, "fuzz")) {
    Bytes again;
    gateway::encode(*checkpoint, again);
    (void)gateway::decode_checkpoint(again, "fuzz").value();
  }
  return 0;
}
