// Any bytes as a manifest or a signed release: refused, or written back to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "operations/release.hpp"

using namespace millwright;
using namespace millwright::operations;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(input), size);
  if (const auto manifest = Manifest::parse(text); manifest && manifest->canonical() != text) {
    std::abort();
  }
  if (const auto release = SignedRelease::decode(text); release && release->encode() != text) {
    std::abort();
  }
  return 0;
}
