#include "catalog/declaration.hpp"

#include <algorithm>

namespace millwright::catalog {

const Declaration& declaration_of(Kind kind) {
  for (const auto& declaration : declarations()) {
    if (declaration.kind == kind) return declaration;
  }
  return declarations().front();
}

TypeText text_of(FieldType type) {
  using enum FieldType;
  switch (type) {
    case object:
      return {"a map", "object", ""};
    case list:
      return {"a list", "array", ""};
    case map:
      return {"a map of names to values", "object", ""};
    case text:
      return {"a text", "string", ""};
    case name:
    case reference:
      return {"an id of a-z, 0-9, '_', '.', '-', at most 63 characters", "string",
              "^[a-z0-9][a-z0-9_.-]{0,62}$"};
    case name_or_key:
      return {"an id of a-z, 0-9, '_', '.', '-', with {key} or {key:03} where 'each' is given",
              "string", "^[a-z0-9_.{}:-]{1,63}$"};
    case signal_name:
      return {"a name of letters, digits, '_', '.', '-', '/'", "string",
              "^[A-Za-z0-9][A-Za-z0-9_./-]{0,126}$"};
    case keys:
      return {"keys, such as 1..25 or 1..25,40,spare", "string", "^[A-Za-z0-9_.,-]+$"};
    case integer:
      return {"a whole number", "integer", ""};
    case number:
      return {"a number", "number", ""};
    case boolean:
      return {"true or false", "boolean", ""};
    case scalar:
      return {"a text, number or boolean", "", ""};
    case column:
      return {"a name, or a number from 1", "", ""};
    case duration:
      return {"a duration, such as 250ms, 10s or 1h30m", "string", "^([0-9]+(us|ms|s|m|h|d))+$"};
    case timestamp:
      return {"a time with its zone, such as 2026-11-23T05:41:00Z", "string",
              "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})$"};
    case time_zone:
      return {"an IANA time zone, such as Europe/Vienna, or UTC, or +hh:mm", "string",
              "^([A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}|[+-][0-9]{2}:[0-9]{2})$"};
    case unit:
      return {"a UCUM case-sensitive code, such as Cel, bar, m3/h or [psi]", "string",
              "^[!-~]{1,128}$"};
    case choice:
      return {"one of a list", "string", ""};
    case email:
      return {"an address, such as ada@example.org", "string", "^[^@ ]+@[^@ ]+$"};
    case ed25519_key:
      return {"an Ed25519 public key: 32 bytes in Base64 (44 characters)", "string",
              "^[A-Za-z0-9+/]{43}=$"};
    case party:
      return {"the name of a Person, or role/NAME of what persons are", "string",
              "^((role|person)/)?[a-z0-9][a-z0-9_.-]{0,62}$"};
    case currency:
      return {"an ISO 4217 code, such as EUR", "string", "^[A-Z]{3}$"};
  }
  return {"", "", ""};
}

std::string_view key_of(const Field& field) {
  const auto dot = field.path.rfind('.');
  return dot == std::string_view::npos ? field.path : field.path.substr(dot + 1);
}

std::vector<const Field*> children_of(const Declaration& declaration, std::string_view path) {
  std::vector<const Field*> out;
  for (const auto& field : declaration.fields) {
    std::string_view rest = field.path;
    if (!path.empty()) {
      if (!rest.starts_with(path) || rest.size() <= path.size() || rest[path.size()] != '.')
        continue;
      rest.remove_prefix(path.size() + 1);
    }
    if (rest.find_first_of(".[{") == std::string_view::npos) out.push_back(&field);
  }
  return out;
}

bool applies_to(const Field& field, std::string_view kind_value) {
  std::string_view rest = field.when;
  if (rest.empty()) return true;
  while (!rest.empty()) {
    const auto bar = std::min(rest.find('|'), rest.size());
    if (rest.substr(0, bar) == kind_value) return true;
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return false;
}

}  // namespace millwright::catalog
