// Our decoder against protobuf's: both read a payload, or both refuse it; what they read is equal;
// what we write protobuf writes too.
#include <cstdint>
#include <cstdlib>

#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/compression.hpp"
#include "wire/sparkplug/protobuf.hpp"

namespace {

using namespace millwright;
using namespace millwright::sparkplug;

void require(bool holds) {
  if (!holds) std::abort();
}

Bytes encoded(const Payload& payload) {
  Bytes out;
  encode(payload, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const DecodeLimits limits{.items_max = 1u << 14, .inflated_max = 1u << 20};
  const auto ours = decode(input, limits);
  const auto theirs = oracle::decode(input);
  if (theirs && theirs->uuid == compressed_uuid) return 0;  // protobuf does not inflate
  if (!ours) {
    require(ours.error().code() == Code::exhausted || !theirs);
    return 0;
  }
  require(theirs.has_value());
  // Through bytes, because a NaN does not equal itself.
  const Bytes bytes = encoded(*ours);
  require(bytes == encoded(*theirs));
  require(oracle::rewrite(bytes) == bytes);
  const auto again = decode(bytes, limits);
  require(again.has_value() && encoded(*again) == bytes);
  return 0;
}
