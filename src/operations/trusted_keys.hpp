// Whose signature makes a release: names of keys with their Ed25519 public keys, from a file that
// whoever sets up a target puts there.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "governance/keys.hpp"
#include "operations/release.hpp"

namespace millwright::operations {

class TrustedKeys final : public Verifier {
 public:
  explicit TrustedKeys(std::map<std::string, governance::PublicKey, std::less<>> keys)
      : keys_(std::move(keys)) {}
  /// One key a line, `name base64`; empty lines and lines that begin with # say nothing.
  /// invalid_input lists every line that is wrong, a name that stands twice, a file without keys.
  static Result<TrustedKeys> parse(std::string_view text, std::string_view file = "trust");

  SignatureState verify(std::string_view key, ByteView message, ByteView signature) const override;
  std::size_t size() const { return keys_.size(); }

 private:
  std::map<std::string, governance::PublicKey, std::less<>> keys_;
};

/// Signs releases with a key of the governance room, under the name that verifiers know.
class KeySigner final : public Signer {
 public:
  KeySigner(std::string name, governance::SecretKey key)
      : name_(std::move(name)), key_(std::move(key)) {}
  std::string key() const override { return name_; }
  Result<Bytes> sign(ByteView message) const override {
    const governance::Signature signature = key_.sign(message);
    return Bytes(signature.bytes.begin(), signature.bytes.end());
  }

 private:
  std::string name_;
  governance::SecretKey key_;
};

}  // namespace millwright::operations
