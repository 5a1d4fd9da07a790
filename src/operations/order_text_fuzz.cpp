// Any bytes as an order, a report and a file of trusted keys: refused, or what is read is written
// to the same text.
#include <cstdint>
#include <cstdlib>

#include "operations/order_text.hpp"
#include "operations/trusted_keys.hpp"

using namespace millwright;
using namespace millwright::operations;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(input), size);
  if (const auto order = ReleaseOrder::parse(text); order && order->encode() != text) std::abort();
  if (const auto report = TargetReport::parse(text)) {
    const std::string again = report->encode();
    const auto second = TargetReport::parse(again);
    if (!second || second->encode() != again) std::abort();
  }
  (void)TrustedKeys::parse(text);
  return 0;
}
