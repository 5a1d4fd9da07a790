#include "models/registry.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/id.hpp"

namespace millwright::models {
namespace {

using Models = std::map<std::string, RegisteredModel>;

std::unexpected<Error> unknown_model(const Models& models, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& [known, model] : models) names.emplace_back(known);
  const std::string_view nearest = nearest_name(name, names);
  return fail(Code::not_found, fmt::format("there is no version of a model '{}'", name),
              nearest.empty() ? "train it first" : fmt::format("did you mean '{}'?", nearest));
}

/// The version, which must exist and not be retired.
Result<const ModelVersion*> usable(const Models& models, const std::string& name,
                                   std::uint32_t version) {
  const auto model = models.find(name);
  if (model == models.end()) return unknown_model(models, name);
  const ModelVersion* found = model->second.find(version);
  if (found == nullptr) {
    return fail(Code::not_found, fmt::format("model '{}' has no version {}", name, version),
                fmt::format("its versions are 1 to {}", model->second.versions.size()));
  }
  if (found->retired) {
    return fail(Code::refused, fmt::format("version {} of model '{}' is retired", version, name),
                "train a new version");
  }
  return found;
}

struct Check {
  const Models& models;
  const Registry& registry;

  Result<void> operator()(const VersionAdded& fact) const {
    if (!is_valid_name(fact.model)) {
      return fail(Code::invalid_input, fmt::format("'{}' is not a valid name", fact.model));
    }
    const auto model = models.find(fact.model);
    const std::size_t next = model == models.end() ? 1 : model->second.versions.size() + 1;
    if (const auto owner = registry.owner(fact.bundle)) {
      return fail(Code::already_exists, fmt::format("this bundle is version {} of model '{}'",
                                                    owner->second, owner->first));
    }
    if (fact.version != next) {
      return fail(
          Code::conflict,
          fmt::format("version {} of model '{}' is not the next one", fact.version, fact.model),
          fmt::format("use version {}", next));
    }
    return {};
  }

  Result<void> operator()(const AliasSet& fact) const {
    if (auto version = usable(models, fact.model, fact.version); !version) {
      return std::unexpected(version.error());
    }
    for (const auto& [alias, version] : models.at(fact.model).aliases) {
      // Promoting the challenger moves it: it stops to be one. The other way round nothing would be
      // champion.
      const bool promoted = alias == Alias::challenger && fact.alias == Alias::champion;
      if (version == fact.version && !promoted) {
        return fail(Code::conflict, fmt::format("version {} of model '{}' is {} already", version,
                                                fact.model, alias_name(alias)));
      }
    }
    return {};
  }

  Result<void> operator()(const AliasCleared& fact) const {
    const auto model = models.find(fact.model);
    if (model == models.end()) return unknown_model(models, fact.model);
    if (!model->second.aliases.contains(fact.alias)) {
      return fail(Code::not_found,
                  fmt::format("model '{}' has no {}", fact.model, alias_name(fact.alias)));
    }
    return {};
  }

  Result<void> operator()(const VersionRetired& fact) const {
    if (auto version = usable(models, fact.model, fact.version); !version) {
      return std::unexpected(version.error());
    }
    for (const auto& [alias, version] : models.at(fact.model).aliases) {
      if (version != fact.version) continue;
      return fail(
          Code::refused,
          fmt::format("version {} of model '{}' is {}", version, fact.model, alias_name(alias)),
          "move the alias first");
    }
    return {};
  }
};

struct Apply {
  Models& models;
  const RegistryEvent& event;

  void operator()(const VersionAdded& fact) const {
    models[fact.model].versions.push_back({.version = fact.version,
                                           .bundle = fact.bundle,
                                           .added_by = event.actor,
                                           .added_at = event.at,
                                           .retired = false});
  }
  void operator()(const AliasSet& fact) const {
    auto& aliases = models.at(fact.model).aliases;
    std::erase_if(aliases, [&](const auto& alias) { return alias.second == fact.version; });
    aliases[fact.alias] = fact.version;
  }
  void operator()(const AliasCleared& fact) const {
    models.at(fact.model).aliases.erase(fact.alias);
  }
  void operator()(const VersionRetired& fact) const {
    models.at(fact.model).versions.at(fact.version - 1).retired = true;
  }
};

}  // namespace

std::string_view alias_name(Alias alias) {
  return alias == Alias::champion ? "champion" : "challenger";
}

std::optional<Alias> parse_alias(std::string_view name) {
  if (name == "champion") return Alias::champion;
  if (name == "challenger") return Alias::challenger;
  return std::nullopt;
}

const ModelVersion* RegisteredModel::find(std::uint32_t version) const {
  return version >= 1 && version <= versions.size() ? &versions[version - 1] : nullptr;
}

Result<void> Registry::check(const RegistryEvent& event) const {
  return std::visit(Check{.models = models_, .registry = *this}, event.fact);
}

Result<void> Registry::apply(const RegistryEvent& event) {
  if (auto allowed = check(event); !allowed) return allowed;
  std::visit(Apply{.models = models_, .event = event}, event.fact);
  return {};
}

const RegisteredModel* Registry::find(std::string_view model) const {
  const auto found = models_.find(std::string(model));
  return found == models_.end() ? nullptr : &found->second;
}

const ModelVersion* Registry::find(std::string_view model, Alias alias) const {
  const RegisteredModel* found = find(model);
  if (found == nullptr) return nullptr;
  const auto named = found->aliases.find(alias);
  return named == found->aliases.end() ? nullptr : found->find(named->second);
}

std::optional<std::pair<std::string, std::uint32_t>> Registry::owner(const Digest& bundle) const {
  for (const auto& [name, model] : models_) {
    for (const ModelVersion& version : model.versions) {
      if (version.bundle == bundle) return std::pair(name, version.version);
    }
  }
  return std::nullopt;
}

}  // namespace millwright::models
