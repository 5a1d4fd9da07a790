// Ed25519 keys (RFC 8032) of persons and of the audit log. The arithmetic is OpenSSL's
// (openssl_adapter.cpp). Who holds a key, and what a signature permits, is not here.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright::governance {

struct Signature {
  std::array<std::byte, 64> bytes{};

  auto operator<=>(const Signature&) const = default;
  std::string base64() const;
  /// `invalid_input` unless 64 bytes in Base64.
  static Result<Signature> parse(std::string_view base64);
};

struct PublicKey {
  std::array<std::byte, 32> bytes{};

  auto operator<=>(const PublicKey&) const = default;
  /// As in the catalog's `Person.publicKey`: 44 characters.
  std::string base64() const;
  static Result<PublicKey> parse(std::string_view base64);
};

/// A 32-byte seed, wiped when it goes. Its file is one line of text,
/// `millwright-secret-key-v1 ed25519 BASE64`; that nobody else can read the file is the business of
/// who writes it.
class SecretKey {
 public:
  static SecretKey generate(Random& random);
  /// Content of a key file. `corrupt`; `unsupported_version` for a later version.
  static Result<SecretKey> parse_file(std::string_view text);
  static SecretKey from_seed(const std::array<std::byte, 32>& seed);
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();

  std::string file_text() const;
  PublicKey public_key() const;
  Signature sign(ByteView message) const;

 private:
  SecretKey() = default;
  std::array<std::byte, 32> seed_{};
};

/// True when `signature` is that of `message` under `key`.
bool verify(const PublicKey& key, ByteView message, const Signature& signature);
/// Compares in a time that depends on the sizes only.
bool equal_in_constant_time(ByteView a, ByteView b);
/// Overwrites; not optimised away.
void wipe(std::span<std::byte> bytes);

}  // namespace millwright::governance
