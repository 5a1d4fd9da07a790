// The registry of model versions as a fold of facts: `check` says whether a fact may become one,
// `apply` takes it. Whoever keeps the log turns its events into these facts; approvals and roles
// are judged before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright::models {

enum class Alias : std::uint8_t { champion, challenger };
std::string_view alias_name(Alias alias);
std::optional<Alias> parse_alias(std::string_view name);

/// A version was trained (or brought in) and its bundle is stored.
struct VersionAdded {
  std::string model;
  std::uint32_t version = 0;  ///< the next: from 1, without holes
  Digest bundle;
};
/// An alias now names that version; where it pointed before is superseded.
struct AliasSet {
  std::string model;
  Alias alias = Alias::challenger;
  std::uint32_t version = 0;
};
struct AliasCleared {
  std::string model;
  Alias alias = Alias::challenger;
};
/// A version that must never run again.
struct VersionRetired {
  std::string model;
  std::uint32_t version = 0;
};

struct RegistryEvent {
  std::string actor;
  Timestamp at;
  std::variant<VersionAdded, AliasSet, AliasCleared, VersionRetired> fact;
};

struct ModelVersion {
  std::uint32_t version = 0;
  Digest bundle;
  std::string added_by;
  Timestamp added_at;
  bool retired = false;
};

struct RegisteredModel {
  std::vector<ModelVersion> versions;  ///< oldest first; version n stands at n − 1
  std::map<Alias, std::uint32_t> aliases;

  const ModelVersion* find(std::uint32_t version) const;
};

class Registry {
 public:
  /// not_found: model, version or alias unknown, with the nearest name. already_exists: that bundle
  /// is a version already. conflict: not the next version; the alias names that version; a version
  /// cannot be champion and challenger. refused: a retired version; retiring what an alias names.
  Result<void> check(const RegistryEvent& event) const;
  /// Takes a fact that `check` allows; one that it does not changes nothing and gives its error.
  Result<void> apply(const RegistryEvent& event);

  const std::map<std::string, RegisteredModel>& models() const { return models_; }
  const RegisteredModel* find(std::string_view model) const;
  /// The version that an alias names, or nullptr.
  const ModelVersion* find(std::string_view model, Alias alias) const;
  /// Who runs under that digest: `(model, version)`, or nothing.
  std::optional<std::pair<std::string, std::uint32_t>> owner(const Digest& bundle) const;

 private:
  std::map<std::string, RegisteredModel> models_;
};

}  // namespace millwright::models
