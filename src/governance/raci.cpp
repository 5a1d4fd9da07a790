#include "governance/raci.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::governance {
namespace {

constexpr std::string_view role_prefix = "role/";
constexpr std::string_view person_prefix = "person/";

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

std::vector<std::string> holders_of(std::string_view role, const RaciPeople& people) {
  std::vector<std::string> out;
  for (const auto& [person, roles] : people.persons) {
    if (contains(roles, role)) out.push_back(person);
  }
  return out;
}

Problem problem_at(const RaciRule& rule, std::string_view path, std::string what,
                   std::string expected, std::string remedy) {
  Problem out{rule.place, std::move(what), std::move(expected), {}, std::move(remedy)};
  if (!path.empty()) {
    out.place.path += out.place.path.empty() ? "" : ".";
    out.place.path += path;
  }
  return out;
}

std::string title(const RaciRule& rule) {
  return fmt::format("'{}' of '{}'", rule.decision, rule.object_kind);
}

void check_party(const RaciRule& rule, RaciPart part, const std::string& party,
                 const RaciPeople& people, std::vector<Problem>& out) {
  std::vector<std::string_view> known;
  const bool is_role = party.starts_with(role_prefix);
  if (is_role) {
    for (const auto& role : people.roles) known.push_back(role);
  } else if (party.starts_with(person_prefix)) {
    for (const auto& [person, roles] : people.persons) known.push_back(person);
  } else {
    out.push_back(problem_at(rule, name_of(part),
                             fmt::format("'{}' is neither a role nor a person", party),
                             "role/NAME or person/NAME", "write which of both it is"));
    return;
  }
  const auto name = std::string_view(party).substr(party.find('/') + 1);
  if (std::ranges::find(known, name) != known.end()) return;
  auto problem =
      problem_at(rule, name_of(part),
                 fmt::format("{} '{}' does not exist", is_role ? "role" : "person", name), {},
                 is_role ? "declare the role, or correct the name"
                         : "declare the person, or correct the name");
  problem.nearest = nearest_name(name, known);
  out.push_back(std::move(problem));
}

void check_accountable(const RaciRule& rule, const RaciPeople& people, std::vector<Problem>& out) {
  const auto complain = [&](std::string what, std::string remedy) {
    out.push_back(problem_at(rule, "accountable", std::move(what), "exactly one accountable",
                             std::move(remedy)));
  };
  if (rule.accountable.empty()) {
    complain(fmt::format("nobody is accountable for {}", title(rule)),
             "name the one who decides; the others are responsible or consulted");
    return;
  }
  if (rule.accountable.size() > 1) {
    complain(fmt::format("{} are accountable for {}: {}", rule.accountable.size(), title(rule),
                         fmt::join(rule.accountable, ", ")),
             "keep the one who decides; make the others consulted");
    return;
  }
  const std::string_view party = rule.accountable.front();
  if (!party.starts_with(role_prefix)) return;
  const auto role = party.substr(role_prefix.size());
  if (!contains(people.roles, role)) return;  // told already
  const auto holders = holders_of(role, people);
  if (holders.empty()) {
    complain(
        fmt::format("nobody is accountable for {}: nobody has the role '{}'", title(rule), role),
        "give one person the role");
  } else if (holders.size() > 1) {
    complain(fmt::format("{} are accountable for {} through the role '{}': {}", holders.size(),
                         title(rule), role, fmt::join(holders, ", ")),
             "name one person, or a role that one person has");
  }
}

std::unexpected<Error> refuse(std::string_view rule, std::string why, std::string remedy = {}) {
  return fail(Code::refused, fmt::format("{}: {}", rule, why), std::move(remedy));
}

}  // namespace

std::string_view name_of(RaciPart part) {
  switch (part) {
    case RaciPart::responsible:
      return "responsible";
    case RaciPart::accountable:
      return "accountable";
    case RaciPart::consulted:
      return "consulted";
    case RaciPart::informed:
      return "informed";
  }
  return "unknown";
}

std::string_view rule_of(const Error& error) {
  const std::string_view message = error.message();
  return message.substr(0, message.find(':'));
}

const std::vector<std::string>& RaciRule::parties(RaciPart part) const {
  switch (part) {
    case RaciPart::responsible:
      return responsible;
    case RaciPart::accountable:
      return accountable;
    case RaciPart::consulted:
      return consulted;
    case RaciPart::informed:
      break;
  }
  return informed;
}

std::vector<Problem> RaciTable::problems(const std::vector<RaciRule>& rules,
                                         const RaciPeople& people) {
  std::vector<Problem> out;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const RaciRule& rule = rules[i];
    for (const RaciPart part : raci_parts) {
      for (const auto& party : rule.parties(part)) check_party(rule, part, party, people, out);
    }
    check_accountable(rule, people, out);
    for (std::size_t k = 0; k < i; ++k) {
      if (rules[k].object_kind == rule.object_kind && rules[k].decision == rule.decision) {
        out.push_back(problem_at(
            rule, {},
            fmt::format("{} has a rule already, at {}", title(rule), rules[k].place.text()),
            "one rule for each object kind and decision", "join the two"));
      }
    }
  }
  return out;
}

Result<RaciTable> RaciTable::create(std::vector<RaciRule> rules, RaciPeople people) {
  auto found = problems(rules, people);
  if (!found.empty()) {
    return std::unexpected(
        Error(Code::invalid_input, "the RACI rules do not hold").with_problems(std::move(found)));
  }
  RaciTable table;
  table.rules_ = std::move(rules);
  table.people_ = std::move(people);
  return table;
}

const RaciRule* RaciTable::find(std::string_view object_kind, std::string_view decision) const {
  const auto found = std::ranges::find_if(rules_, [&](const RaciRule& rule) {
    return rule.object_kind == object_kind && rule.decision == decision;
  });
  return found == rules_.end() ? nullptr : &*found;
}

bool RaciTable::is_party(std::string_view person, const std::vector<std::string>& parties) const {
  const auto known = people_.persons.find(person);
  return std::ranges::any_of(parties, [&](std::string_view party) {
    if (party.starts_with(person_prefix)) return party.substr(person_prefix.size()) == person;
    return contains(known->second, party.substr(role_prefix.size()));
  });
}

Result<void> RaciTable::may(const RaciQuestion& question) const {
  if (!people_.persons.contains(question.person)) {
    return refuse("unknown_person", fmt::format("nobody is called '{}'", question.person));
  }
  const RaciRule* rule = find(question.object_kind, question.decision);
  if (rule == nullptr) {
    return refuse("no_rule",
                  fmt::format("no rule says who decides '{}' of '{}'", question.decision,
                              question.object_kind),
                  "declare it in a Role resource");
  }
  const auto& parties = rule->parties(question.part);
  if (!is_party(question.person, parties)) {
    return refuse(
        fmt::format("not_{}", name_of(question.part)),
        fmt::format("{} is not {} for {}; {} {}", question.person, name_of(question.part),
                    title(*rule),
                    parties.empty() ? "nobody" : fmt::format("{}", fmt::join(parties, ", ")),
                    parties.size() > 1 ? "are" : "is"));
  }
  if (question.part == RaciPart::accountable && question.person == question.author) {
    return refuse("author_may_not_approve",
                  fmt::format("{} made this {} and may not decide on it", question.person,
                              question.object_kind),
                  "have somebody else make it, or decide");
  }
  return {};
}

Result<std::string> RaciTable::accountable_for(std::string_view object_kind,
                                               std::string_view decision) const {
  const RaciRule* rule = find(object_kind, decision);
  if (rule == nullptr) {
    return refuse("no_rule",
                  fmt::format("no rule says who decides '{}' of '{}'", decision, object_kind));
  }
  const std::string_view party = rule->accountable.front();
  if (party.starts_with(person_prefix)) return std::string(party.substr(person_prefix.size()));
  return holders_of(party.substr(role_prefix.size()), people_).front();
}

}  // namespace millwright::governance
