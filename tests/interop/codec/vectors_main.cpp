// sparkplug_vectors write: prints each vector as `name<TAB>hex`.
// sparkplug_vectors read: reads such lines, decodes each and compares it with the vector of that
// name. Prints every difference; exit code 1 when there is one.
#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>

#include "vectors.hpp"

namespace {

using namespace millwright;

int write_all() {
  for (const auto& vector : interop::vectors()) {
    Bytes bytes;
    encode(vector.payload, bytes, {.datatypes = vector.datatypes});
    std::cout << vector.name << '\t' << to_hex(bytes) << '\n';
  }
  return 0;
}

Bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  return out;
}

std::string hex_of(const sparkplug::Payload& payload) {
  Bytes bytes;
  encode(payload, bytes);
  return to_hex(bytes);
}

int read_all() {
  int compared = 0, different = 0;
  const auto all = interop::vectors();
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t tab = line.find('\t');
    const std::string_view name = std::string_view(line).substr(0, tab);
    const auto wanted = std::ranges::find(all, name, &interop::Vector::name);
    if (tab == std::string::npos || wanted == all.end()) {
      std::cout << "unknown vector: " << line << '\n';
      return 1;
    }
    ++compared;
    const auto read = sparkplug::decode(from_hex(std::string_view(line).substr(tab + 1)));
    if (read && *read == wanted->payload) continue;
    ++different;
    std::cout << name << ": wanted " << hex_of(wanted->payload) << "\n  read "
              << (read ? hex_of(*read) : read.error().text()) << '\n';
  }
  std::cout << compared << " read, " << different << " different\n";
  return compared > 0 && different == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view mode = count == 2 ? arguments[1] : "";
  if (mode == "write") return write_all();
  if (mode == "read") return read_all();
  std::cerr << "usage: sparkplug_vectors write|read\n";
  return 2;
}
