// Any bytes as a pca monitor: no crash, and what decodes encodes to bytes that decode to the same.
#include <cstdlib>

#include "models/pca_monitor.hpp"

using namespace millwright;
using namespace millwright::models;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = decode_pca({reinterpret_cast<const std::byte*>(data), size});
  if (!decoded) return 0;
  const Bytes again = encode(*decoded);
  const auto twice = decode_pca(again);
  if (!twice || encode(*twice) != again) std::abort();
  return 0;
}
