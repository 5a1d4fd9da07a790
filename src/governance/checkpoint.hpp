// A signed head of the tree, in the formats that other verifiers read: C2SP tlog-checkpoint
// (c2sp.org/tlog-checkpoint) inside a C2SP signed note (c2sp.org/signed-note), Ed25519.
//
//   origin\n size\n base64 of the root\n \n — key-name base64(key hash, signature)\n
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "governance/keys.hpp"
#include "governance/merkle.hpp"

namespace millwright::governance {

/// The log's name and key: its origin line is also the name of its key.
struct LogKey {
  std::string origin;  ///< such as `millwright/plant-1/audit`; neither spaces nor '+'
  PublicKey key;

  /// `name+hash+base64`, the verifier key of signed notes (Go: note.NewVerifier).
  std::string verifier_text() const;
  /// First four bytes of SHA-256(name "\n" 0x01 key), as a number, big endian.
  std::uint32_t hash() const;
};
/// Reads `verifier_text`; `invalid_input`.
Result<LogKey> parse_verifier(std::string_view text);
/// `invalid_input` when the origin may not name a key.
Result<void> check_origin(std::string_view origin);

struct Checkpoint {
  std::string origin;
  TreeHead head;

  bool operator==(const Checkpoint&) const = default;
  /// The signed text: three lines.
  std::string text() const;
};

/// The note as it stands in files.
std::string sign_checkpoint(const Checkpoint& checkpoint, const SecretKey& key);
/// The unsigned content; `corrupt` when the text is not a checkpoint of one spelling.
Result<Checkpoint> read_checkpoint(std::string_view note);
/// Reads a note and checks the signature of `key`. Further signatures (witnesses) are let be.
Result<Checkpoint> open_checkpoint(std::string_view note, const LogKey& key);

}  // namespace millwright::governance
