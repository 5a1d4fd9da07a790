// Any bytes as a manifest record: no crash, and what decodes encodes to the same record.
#include <cstdlib>

#include "fabric/historian/manifest_record.hpp"

using namespace millwright;
using namespace millwright::historian;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  for (std::uint32_t kind = 0; kind <= 6; ++kind) {
    const auto record = decode_manifest_record(kind, input);
    if (!record) continue;
    const Bytes again = encode(*record);
    const auto twice = decode_manifest_record(kind, again);
    if (!twice || encode(*twice) != again) std::abort();
  }
  return 0;
}
