// Any bytes as a tree ensemble: no crash, and what decodes encodes to bytes that decode to the
// same.
#include <cstdlib>

#include "models/tree_ensemble.hpp"

using namespace millwright;
using namespace millwright::models;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = decode_trees({reinterpret_cast<const std::byte*>(data), size});
  if (!decoded) return 0;
  // Every walk ends, whatever the row.
  const std::vector<float> row(decoded->columns, 1.5F);
  for (std::size_t t = 0; t < decoded->trees(); ++t) {
    if (decoded->leaf(t, row) >= decoded->tree(t).size()) std::abort();
  }
  const Bytes again = encode(*decoded);
  const auto twice = decode_trees(again);
  if (!twice || encode(*twice) != again) std::abort();
  return 0;
}
