// The unit parser takes any text: it answers, and what it accepts is finite.
#include <cmath>
#include <cstdlib>

#include "ontology/unit.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const auto unit = millwright::ontology::parse_unit(
      std::string_view(reinterpret_cast<const char*>(bytes), size));
  if (unit && !(std::isfinite(unit->factor) && unit->factor > 0)) std::abort();
  return 0;
}
