#include "catalog/resource.hpp"

namespace millwright::catalog {

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::site:
      return "Site";
    case Kind::asset_type:
      return "AssetType";
    case Kind::asset:
      return "Asset";
    case Kind::device:
      return "Device";
    case Kind::signal:
      return "Signal";
    case Kind::pipeline:
      return "Pipeline";
    case Kind::person:
      return "Person";
    case Kind::use_case:
      return "UseCase";
    case Kind::kpi:
      return "Kpi";
    case Kind::role:
      return "Role";
    case Kind::model:
      return "Model";
  }
  return "unknown";
}

std::optional<Kind> parse_kind(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower == "people" || lower == "persons") return Kind::person;
  for (const Kind kind : all_kinds) {
    std::string known(name_of(kind));
    for (char& c : known) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (lower == known || lower == known + "s") return kind;
  }
  return std::nullopt;
}

Digest digest_of(const Node& spec) {
  return sha256(as_bytes(canonical_json(spec)));
}

}  // namespace millwright::catalog
