// Any text as a statement of an approval or as the file of users: refused, or written back the
// same.
#include <cstdlib>

#include "governance/approval.hpp"
#include "governance/users.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  using namespace millwright::governance;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto statement = Statement::parse(text)) {
    if (statement->canonical() != text) std::abort();
  }
  if (const auto users = parse_users(text)) {
    if (users_text(*users) != text) std::abort();
  }
  return 0;
}
