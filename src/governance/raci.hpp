// Who may do what: the RACI table. One rule for each kind of object and decision says who prepares
// it (responsible), who alone decides (accountable), who is asked (consulted), who is told
// (informed). Nothing is permitted that no rule permits, and there is no role that passes by the
// rules.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace millwright::governance {

/// The four letters, as what a person does.
enum class RaciPart : std::uint8_t {
  responsible,  ///< prepares, requests, carries out
  accountable,  ///< approves or rejects
  consulted,    ///< comments before the decision
  informed,     ///< sees it
};
inline constexpr std::array raci_parts{RaciPart::responsible, RaciPart::accountable,
                                       RaciPart::consulted, RaciPart::informed};
std::string_view name_of(RaciPart part);

/// One rule as it was declared, right or wrong. Parties are `role/NAME` or `person/NAME`.
struct RaciRule {
  std::string object_kind;  ///< "model", "rollout", "work_order", …
  std::string decision;     ///< "approve", "start", "close", …
  std::vector<std::string> responsible;
  std::vector<std::string> accountable;  ///< exactly one in a rule that holds
  std::vector<std::string> consulted;
  std::vector<std::string> informed;
  Place place;  ///< where it was declared

  const std::vector<std::string>& parties(RaciPart part) const;
};

/// Everybody whom rules may name.
struct RaciPeople {
  std::vector<std::string> roles;                                        ///< without `role/`
  std::map<std::string, std::vector<std::string>, std::less<>> persons;  ///< name -> roles
};

struct RaciQuestion {
  std::string person;  ///< without `person/`
  RaciPart part = RaciPart::responsible;
  std::string object_kind;
  std::string decision;
  std::string author;  ///< who made the object, without `person/`; empty: nobody here
};

/// The rules that hold. Immutable; any thread.
class RaciTable {
 public:
  /// Every defect: no or several accountable (also through a role that several persons have or
  /// nobody has), unknown role or person, a rule declared twice, a party that is neither.
  static std::vector<Problem> problems(const std::vector<RaciRule>& rules,
                                       const RaciPeople& people);
  /// `invalid_input` with all problems.
  static Result<RaciTable> create(std::vector<RaciRule> rules, RaciPeople people);

  /// `refused`, the message begins with the rule's name: `unknown_person`, `no_rule`,
  /// `not_responsible`, `not_accountable`, `not_consulted`, `not_informed`,
  /// `author_may_not_approve`.
  Result<void> may(const RaciQuestion& question) const;
  /// The one person who answers for it; `refused` (`no_rule`) when nobody does.
  Result<std::string> accountable_for(std::string_view object_kind,
                                      std::string_view decision) const;

  const std::vector<RaciRule>& rules() const { return rules_; }
  const RaciPeople& people() const { return people_; }

 private:
  RaciTable() = default;
  const RaciRule* find(std::string_view object_kind, std::string_view decision) const;
  bool is_party(std::string_view person, const std::vector<std::string>& parties) const;

  std::vector<RaciRule> rules_;
  RaciPeople people_;
};

/// The part of a refusal before the first colon: the rule's name.
std::string_view rule_of(const Error& error);

}  // namespace millwright::governance
