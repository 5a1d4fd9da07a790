// Checks of roles: persons exist, and exactly one is accountable for each decision.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "catalog/cross_check_parts.hpp"
#include "catalog/declaration.hpp"

namespace millwright::catalog {
namespace {

constexpr std::string_view role_prefix = "role/";
constexpr std::string_view person_prefix = "person/";

std::vector<std::string> holders_of(std::string_view role, const Index& index) {
  std::set<std::string> out;
  for (const auto& person : index.persons) {
    if (std::ranges::find(person.spec.roles, role) != person.spec.roles.end()) {
      out.insert(person.declared->resource.key.name);
    }
  }
  return {out.begin(), out.end()};
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

void check_party(const Declared& declared, const std::string& path, const std::string& party,
                 const NameTables& names, Reporter& report) {
  if (!party.starts_with(role_prefix)) {
    const bool prefixed = party.starts_with(person_prefix);
    report.reference(declared, path, Kind::person,
                     prefixed ? party.substr(person_prefix.size()) : party, names.persons);
    return;
  }
  const auto role = std::string_view(party).substr(role_prefix.size());
  if (std::ranges::find(choices::role, role) != std::end(choices::role)) return;
  const std::vector<std::string_view> known(std::begin(choices::role), std::end(choices::role));
  const auto nearest = nearest_name(role, known);
  report.add(declared, path, fmt::format("no person can be '{}'", role), one_of(known),
             nearest.empty() ? std::string() : fmt::format("{}{}", role_prefix, nearest), {});
}

/// Where somebody is named accountable.
struct Named {
  const Declared* declared = nullptr;
  std::string path;
  std::string party;
};

/// `role/NAME` is an accountable only while one person is that.
void check_holder(const Named& named, const Index& index, Reporter& report) {
  if (!named.party.starts_with(role_prefix)) return;
  const auto role = named.party.substr(role_prefix.size());
  const auto holders = holders_of(role, index);
  if (holders.size() == 1) return;
  report.add(*named.declared, named.path,
             holders.empty() ? fmt::format("nobody has the role '{}'", role)
                             : fmt::format("{} persons have the role '{}': {}", holders.size(),
                                           role, joined(holders)),
             "exactly one accountable person", {}, "name the Person");
}

}  // namespace

void check_roles(const Index& index, const NameTables& names, Reporter& report) {
  using Decision = std::pair<std::string, std::string>;  // object, decision
  std::map<Decision, std::vector<Named>> accountable;
  std::map<Decision, Named> first;
  for (const auto& entry : index.roles) {
    const auto& declared = *entry.declared;
    for (std::size_t i = 0; i < entry.spec.rules.size(); ++i) {
      const auto& rule = entry.spec.rules[i];
      const auto path = fmt::format("rules[{}]", i);
      const Decision key{rule.object, rule.decision};
      first.try_emplace(key, Named{&declared, path, {}});
      for (const auto& [name, parties] :
           {std::pair{"responsible", &rule.responsible},
            std::pair{"accountable", &rule.accountable}, std::pair{"consulted", &rule.consulted},
            std::pair{"informed", &rule.informed}}) {
        for (std::size_t j = 0; j < parties->size(); ++j) {
          check_party(declared, fmt::format("{}.{}[{}]", path, name, j), (*parties)[j], names,
                      report);
        }
      }
      for (std::size_t j = 0; j < rule.accountable.size(); ++j) {
        accountable[key].push_back(
            {&declared, fmt::format("{}.accountable[{}]", path, j), rule.accountable[j]});
      }
    }
  }
  for (const auto& [key, at] : first) {
    const auto& [object, decision] = key;
    if (object.empty() || decision.empty()) continue;
    const auto& all = accountable[key];
    if (all.empty()) {
      report.add(*at.declared, at.path + ".accountable",
                 fmt::format("nobody is accountable for {} {}", object, decision),
                 "exactly one accountable person over all Roles", {}, "add 'accountable: [NAME]'");
      continue;
    }
    check_holder(all.front(), index, report);
    for (std::size_t i = 1; i < all.size(); ++i) {
      report.add(*all[i].declared, all[i].path,
                 fmt::format("'{}' is a second accountable for {} {}: '{}' is the first, at {}",
                             all[i].party, object, decision, all.front().party,
                             place_of(*all.front().declared)),
                 "exactly one accountable person over all Roles", {},
                 "keep one; move the other to 'consulted' or 'responsible'");
    }
  }
}

}  // namespace millwright::catalog
