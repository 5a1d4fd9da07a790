// Ed25519 by OpenSSL (EVP).
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "governance/keys.hpp"

namespace millwright::governance {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* raw(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Key secret_key(const std::array<std::byte, 32>& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(seed), seed.size()),
          &EVP_PKEY_free);
  MILLWRIGHT_ASSERT(key != nullptr);
  return key;
}

}  // namespace

PublicKey SecretKey::public_key() const {
  const Key key = secret_key(seed_);
  PublicKey out;
  std::size_t size = out.bytes.size();
  MILLWRIGHT_ASSERT(EVP_PKEY_get_raw_public_key(
                        key.get(), reinterpret_cast<unsigned char*>(out.bytes.data()), &size) == 1);
  return out;
}

Signature SecretKey::sign(ByteView message) const {
  const Key key = secret_key(seed_);
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Signature out;
  std::size_t size = out.bytes.size();
  const bool done =
      context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.bytes.data()), &size,
                     raw(message), message.size()) == 1;
  MILLWRIGHT_ASSERT(done && size == out.bytes.size());
  return out;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  const Key public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(key.bytes), key.bytes.size()),
      &EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return public_key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature.bytes), signature.bytes.size(), raw(message),
                          message.size()) == 1;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::span<std::byte> bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

}  // namespace millwright::governance
