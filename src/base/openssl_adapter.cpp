#include <openssl/sha.h>

#include "base/digest.hpp"

namespace millwright {

Digest sha256(ByteView content) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(),
         reinterpret_cast<unsigned char*>(digest.bytes.data()));
  return digest;
}

}  // namespace millwright
