#include "catalog/store.hpp"

#include <algorithm>
#include <map>

#include "base/format.hpp"

namespace millwright::catalog {

std::string_view name_of(Effect effect) {
  switch (effect) {
    case Effect::created:
      return "created";
    case Effect::changed:
      return "changed";
    case Effect::unchanged:
      return "unchanged";
    case Effect::deleted:
      return "deleted";
  }
  return "unknown";
}

std::string make_uid(Random& random) {
  const std::uint64_t high = (random.next() & ~0xF000ull) | 0x4000ull;
  const std::uint64_t low = (random.next() & ~(3ull << 62)) | (2ull << 62);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                     high & 0xFFFF, low >> 48, low & 0xFFFFFFFFFFFFull);
}

Transition transition(const std::optional<Resource>& existing, const Resource& wanted,
                      Timestamp now, std::uint64_t change, Random& random) {
  Transition out{Effect::created, wanted};
  out.resource.change = change;
  out.resource.changed = now;
  out.resource.deleted = false;
  if (!existing || existing->deleted) {
    out.resource.uid = make_uid(random);
    out.resource.created = now;
    out.resource.generation = existing ? existing->generation + 1 : 1;
    return out;
  }
  const bool same_spec = canonical_json(existing->spec) == canonical_json(wanted.spec);
  out.resource.uid = existing->uid;
  out.resource.created = existing->created;
  out.resource.generation = existing->generation + (same_spec ? 0 : 1);
  out.effect = Effect::changed;
  if (same_spec && existing->labels == wanted.labels) {
    out.effect = Effect::unchanged;
    out.resource = *existing;
  }
  return out;
}

Resource tombstone(const Resource& existing, Timestamp now, std::uint64_t change) {
  Resource out = existing;
  out.deleted = true;
  out.changed = now;
  out.change = change;
  return out;
}

std::unexpected<Error> no_such_resource(const ResourceKey& key) {
  return fail(Code::not_found, fmt::format("no {} '{}'", name_of(key.kind), key.name),
              "'millwright get' lists what there is");
}

std::unexpected<Error> store_moved_on(std::uint64_t expected, std::uint64_t actual) {
  return fail(Code::conflict,
              fmt::format("the catalog is at change {}, not at {}: somebody else changed it",
                          actual, expected),
              "check again and repeat");
}

namespace {

class MemoryStore final : public Store {
 public:
  MemoryStore(const Clock& clock, Random& random) : clock_(&clock), random_(&random) {}

  Result<std::uint64_t> change() override { return change_; }

  Result<std::vector<Resource>> list(std::optional<Kind> kind) override {
    std::vector<Resource> out;
    for (const auto& [key, resource] : resources_) {
      if (!resource.deleted && (!kind || key.kind == *kind)) out.push_back(resource);
    }
    return out;
  }

  Result<Resource> get(const ResourceKey& key) override {
    const auto found = resources_.find(key);
    if (found == resources_.end() || found->second.deleted) return no_such_resource(key);
    return found->second;
  }

  Result<std::vector<Resource>> changed_since(std::uint64_t change) override {
    std::vector<Resource> out;
    for (const auto& [key, resource] : resources_) {
      if (resource.change > change) out.push_back(resource);
    }
    std::ranges::stable_sort(out, {}, &Resource::change);
    return out;
  }

  Result<Applied> apply(const std::vector<Resource>& resources,
                        std::optional<std::uint64_t> expected) override {
    if (expected && *expected != change_) return store_moved_on(*expected, change_);
    Applied out{{}, change_};
    for (const auto& wanted : resources) {
      const auto found = resources_.find(wanted.key);
      auto next =
          transition(found == resources_.end() ? std::nullopt : std::optional(found->second),
                     wanted, clock_->utc_now(), change_ + 1, *random_);
      out.effects.push_back({wanted.key, next.effect, next.resource.generation});
      if (next.effect == Effect::unchanged) continue;
      next.resource.file = "catalog";
      resources_[wanted.key] = std::move(next.resource);
      out.change = change_ + 1;
    }
    change_ = out.change;
    return out;
  }

  Result<Applied> remove(const std::vector<ResourceKey>& keys,
                         std::optional<std::uint64_t> expected) override {
    if (expected && *expected != change_) return store_moved_on(*expected, change_);
    for (const auto& key : keys) {
      if (const auto present = get(key); !present) return no_such_resource(key);
    }
    Applied out{{}, change_};
    for (const auto& key : keys) {
      auto& resource = resources_[key];
      if (!resource.deleted) {
        resource = tombstone(resource, clock_->utc_now(), change_ + 1);
        out.change = change_ + 1;
      }
      out.effects.push_back({key, Effect::deleted, resource.generation});
    }
    change_ = out.change;
    return out;
  }

 private:
  const Clock* clock_;
  Random* random_;
  std::uint64_t change_ = 0;
  std::map<ResourceKey, Resource> resources_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(const Clock& clock, Random& random) {
  return std::make_unique<MemoryStore>(clock, random);
}

}  // namespace millwright::catalog
