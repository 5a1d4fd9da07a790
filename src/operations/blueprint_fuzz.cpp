// Any bytes as a blueprint: refused, or written back to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "operations/rollout.hpp"

using namespace millwright::operations;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(input), size);
  const auto blueprint = Blueprint::parse(text);
  if (blueprint && blueprint->canonical() != text) std::abort();
  return 0;
}
