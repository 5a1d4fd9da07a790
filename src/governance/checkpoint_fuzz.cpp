// Any text as a signed note, a verifier key, a secret key file or Base64: one spelling each.
#include <cstdlib>

#include "governance/base64.hpp"
#include "governance/checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace millwright::governance;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto checkpoint = read_checkpoint(text)) {
    if (!text.starts_with(checkpoint->text())) std::abort();
  }
  if (const auto key = parse_verifier(text)) {
    if (key->verifier_text() != text) std::abort();
    (void)open_checkpoint(text, *key);
  }
  if (const auto read = from_base64(text)) {
    if (to_base64(*read) != text) std::abort();
  }
  (void)SecretKey::parse_file(text);
  return 0;
}
