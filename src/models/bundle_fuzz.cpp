// Any bytes as a bundle without its checksum: no crash, and what decodes encodes to bytes that
// decode to the same.
#include <cstdlib>

#include "models/bundle.hpp"

using namespace millwright;
using namespace millwright::models;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The checksum is put right, so that what stands before it is reached.
  Bytes input(reinterpret_cast<const std::byte*>(data),
              reinterpret_cast<const std::byte*>(data) + size);
  const std::uint32_t check = crc32c(input);
  ByteWriter(input).u32(check);
  const auto decoded = decode_bundle(input);
  if (!decoded) return 0;
  const Bytes again = encode(*decoded);
  const auto twice = decode_bundle(again);
  if (!twice || encode(*twice) != again) std::abort();
  return 0;
}
