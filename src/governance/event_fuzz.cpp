// Any text as an event: refused, or read and written back to the byte.
#include <cstdlib>

#include "governance/event.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace millwright::governance;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto event = Event::parse(text)) {
    if (event->canonical() != text || !event->check()) std::abort();
  }
  if (const auto node = parse_canonical_json(text)) {
    if (millwright::catalog::canonical_json(*node) != text) std::abort();
  }
  return 0;
}
