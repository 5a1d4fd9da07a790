// Approvals: a person's signature over a statement that binds a decision to the digest of what was
// decided on. A changed byte of it voids the approval. Signed where the person's key is (the CLI),
// checked here; what is done with an approval is the business of the rooms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/time.hpp"
#include "governance/keys.hpp"
#include "governance/raci.hpp"

namespace millwright::governance {

enum class Verdict : std::uint8_t { approve, reject };
std::string_view name_of(Verdict verdict);

struct Statement {
  std::string subject_kind;  ///< as in the RACI table: "model", "rollout"
  std::string subject_name;  ///< such as `remaining-life@3`
  Digest digest;             ///< of what was decided on
  Verdict decision = Verdict::approve;
  std::string by;  ///< the person's name, without `person/`
  Timestamp at;
  Timestamp expires;  ///< from then on it permits nothing

  bool operator==(const Statement&) const = default;
  /// Canonical JSON in one line: what a person sees, and what is stored.
  std::string canonical() const;
  /// The inverse, to the byte: `corrupt`, `unsupported_version`.
  static Result<Statement> parse(std::string_view canonical);
  /// What the signature covers: `millwright-approval-v1\n` and the canonical text, so that no
  /// signature for another purpose ever passes for an approval.
  Bytes signed_bytes() const;
};

Signature sign_statement(const Statement& statement, const SecretKey& key);

/// What an approval is held against.
struct ApprovalContext {
  Timestamp now;
  Digest digest;                     ///< of what shall be done now
  std::string author;                ///< who made it, without `person/`
  std::optional<PublicKey> key;      ///< registered for `statement.by`; nothing: none is
  std::string decision = "approve";  ///< the RACI table's word for this decision
};

/// Checks in this order; the refusal begins with the rule's name (raci.hpp, `rule_of`):
/// `unknown_key`, `bad_signature`, `expired`, `wrong_digest`, then `unknown_person`, `no_rule`,
/// `not_accountable`, `author_may_not_approve`. Whether it approves or rejects is the caller's to
/// read.
Result<void> check_approval(const Statement& statement, const Signature& signature,
                            const ApprovalContext& context, const RaciTable& raci);

}  // namespace millwright::governance
