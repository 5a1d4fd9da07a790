// The payloads that both sides of the interoperability test know by name.
#pragma once

#include <string>
#include <vector>

#include "wire/sparkplug/codec.hpp"

namespace millwright::interop {

struct Vector {
  std::string name;
  sparkplug::Payload payload;
  bool datatypes = true;  ///< false: written without datatypes, as DATA
};

/// `peer.mjs` holds the same list in the peer's own terms.
std::vector<Vector> vectors();

}  // namespace millwright::interop
