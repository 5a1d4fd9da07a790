// Protobuf as the second opinion on Sparkplug payloads, for tests, fuzzers and benchmarks.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "proto/sparkplug_b.pb.h"
#include "wire/sparkplug/payload.hpp"

namespace millwright::oracle {

/// A parsed message as our types.
sparkplug::Payload to_payload(const Payload& message);
/// What protobuf reads; none when it refuses.
std::optional<sparkplug::Payload> decode(ByteView bytes);
/// What protobuf writes after reading; none when it refuses.
std::optional<Bytes> rewrite(ByteView bytes);

}  // namespace millwright::oracle
