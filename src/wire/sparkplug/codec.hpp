// Sparkplug B payloads from and to bytes: the general codec, for births, commands and every DATA
// message that the scanner hands back. Written over the byte reader; protobuf is its oracle in
// tests (proto/sparkplug_b.proto).
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/sparkplug/payload.hpp"

namespace millwright::sparkplug {

/// Bounds of one decoded payload. At a bound decoding ends with `exhausted`.
struct DecodeLimits {
  std::size_t depth_max = 32;            ///< nested templates, property sets
  std::size_t items_max = 1u << 18;      ///< metrics, cells, rows, parameters, properties in all
  std::size_t inflated_max = 16u << 20;  ///< bytes of a compressed payload once inflated
};

/// Decodes a payload. Unknown fields and extensions are skipped; a repeated field counts as
/// protobuf says (last scalar wins, messages merge). A compressed payload is inflated first; its
/// outer timestamp and seq count only where the inner payload has none. Errors: `invalid_input`
/// with the offset (bytes that are no payload), `exhausted` (a limit).
Result<Payload> decode(ByteView bytes, const DecodeLimits& limits = {});

struct EncodeOptions {
  /// False leaves `datatype` out of the metrics, as DATA and CMD should
  /// (tck-id-payloads-metric-datatype-not-req); it still chooses the field of the value.
  bool datatypes = true;
};

/// Appends the payload to `out`. Integers of signed types are sign-extended to 32 bits
/// (`int_value`) and Int64 goes to `long_value`; UInt32 goes to `long_value`, because foreign
/// decoders read nothing else; arrays are little endian. A metric with `is_null` carries no value.
void encode(const Payload& payload, Bytes& out, const EncodeOptions& options = {});

/// As `encode`, wrapped. Only where a foreign receiver asks for it.
void encode_compressed(const Payload& payload, Compression compression, Bytes& out);

}  // namespace millwright::sparkplug
