// Any bytes as an agent's state: refused, or saved to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "operations/agent.hpp"

using namespace millwright;
using namespace millwright::operations;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(input), size);
  const auto state = AgentState::load(bytes);
  if (state && state->save() != Bytes(bytes.begin(), bytes.end())) std::abort();
  return 0;
}
