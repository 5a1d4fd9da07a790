// Any bytes as saved states of a feature window and of a fusion (their digest and checksum put
// right): no crash, and what loads saves the same and goes on.
#include <algorithm>
#include <cstdlib>

#include "models/features.hpp"
#include "models/fusion.hpp"

using namespace millwright;
using namespace millwright::models;

namespace {

/// `input` with the head of `valid` (version and digest) before it and a checksum behind it.
Bytes sealed(ByteView input, ByteView valid) {
  Bytes out(valid.begin(), valid.begin() + 33);
  out.insert(out.end(), input.begin(), input.end());
  const std::uint32_t check = crc32c(out);
  ByteWriter(out).u32(check);
  return out;
}

template <typename State>
void load(State state, ByteView input) {
  const Bytes bytes = sealed(input, state.save());
  if (!state.load(bytes)) return;
  const Bytes again = state.save();
  if (!state.load(again) || state.save() != again) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  load(FeatureWindow({.inputs = {"a", "b"},
                      .windows = {2},
                      .functions = {WindowFunction::mean},
                      .add_age = true}),
       input);
  FusionSpec spec;
  spec.inputs = {{.name = "a", .weight = 0.5, .calibration = {{{0, 0}, {1, 1}}}}};
  load(Fusion(spec), input);
  return 0;
}
