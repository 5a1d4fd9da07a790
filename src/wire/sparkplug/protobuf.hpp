// Protobuf as the second opinion on Sparkplug payloads, for tests, fuzzers and benchmarks
// (protobuf_adapter.cpp). No program that is shipped links it.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "wire/sparkplug/payload.hpp"

namespace millwright::oracle {

/// What protobuf reads, as our types; none when it refuses.
std::optional<sparkplug::Payload> decode(ByteView bytes);
/// What protobuf writes after reading; none when it refuses.
std::optional<Bytes> rewrite(ByteView bytes);

}  // namespace millwright::oracle
