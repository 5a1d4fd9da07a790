// Envelopes and acknowledgement lists from any bytes: refused, or read, written and read as the
// same.
#include <cstdint>
#include <cstdlib>

#include "wire/envelope/envelope.hpp"

namespace {

using namespace millwright;
using namespace millwright::envelope;

void require(bool holds) {
  if (!holds) std::abort();
}

void try_envelope(ByteView input) {
  const auto read = decode(input);
  if (!read) {
    require(read.error().code() == Code::corrupt ||
            read.error().code() == Code::unsupported_version);
    return;
  }
  Bytes bytes;
  encode(*read, bytes);
  const auto again = decode(bytes);
  require(again.has_value() && *again == *read);
  if (read->kind != Kind::data) return;
  ontology::Batch batch;
  batch.rows.resize(static_cast<std::size_t>(read->count));
  require(apply(*read, batch).has_value());
  Envelope extracted;
  extract(batch.rows, extracted);
  require(extracted.count == read->count && extracted.residuals_us == read->residuals_us);
  ontology::Batch second;
  second.rows.resize(batch.size());
  require(apply(extracted, second).has_value() && second == batch);
}

void try_acknowledgements(ByteView input) {
  const auto read = decode_acknowledgements(input);
  if (!read) return;
  Bytes bytes;
  encode(*read, bytes);
  require(decode_acknowledgements(bytes) == *read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  try_envelope(input);
  try_acknowledgements(input);
  return 0;
}
