// Any text as a resource file: it is read or refused with problems, and what was read prints as
// YAML and JSON that read back the same.
#include <cstdlib>

#include "catalog/cross_check.hpp"
#include "catalog/validate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace millwright::catalog;
  const SourceText source{"fuzz.yaml", {reinterpret_cast<const char*>(bytes), size}};
  for (const auto& document : parse_yaml(source).documents) {
    const auto again = parse_yaml({"again.yaml", canonical_json(document)});
    if (!again.problems.empty()) continue;  // bytes that YAML does not take in a text
    if (again.documents.size() == 1 &&
        canonical_json(again.documents[0]) != canonical_json(document)) {
      std::abort();
    }
  }
  const auto loaded = load({source});
  cross_check(loaded.resources);
  return 0;
}
