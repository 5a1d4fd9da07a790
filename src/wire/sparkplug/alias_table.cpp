#include "wire/sparkplug/alias_table.hpp"

#include <algorithm>
#include <numeric>

#include "base/format.hpp"

namespace millwright::sparkplug {

Result<AliasTable> AliasTable::create(std::vector<MetricBinding> metrics) {
  AliasTable table;
  table.metrics_ = std::move(metrics);
  const auto& all = table.metrics_;
  for (std::uint32_t slot = 0; slot < all.size(); ++slot) {
    table.by_slot_.push_back({all[slot].alias.value_or(0), slot, all[slot].datatype});
    if (all[slot].alias) table.aliases_.push_back(table.by_slot_.back());
  }
  std::ranges::sort(table.aliases_, {}, &Entry::alias);
  const auto same_alias = std::ranges::adjacent_find(table.aliases_, {}, &Entry::alias);
  if (same_alias != table.aliases_.end()) {
    return fail(Code::conflict,
                fmt::format("metrics '{}' and '{}' share alias {}", all[same_alias->slot].name,
                            all[std::next(same_alias)->slot].name, same_alias->alias),
                "give every metric of the edge node its own alias");
  }
  if (!table.aliases_.empty()) table.first_alias_ = table.aliases_.front().alias;

  const auto name_of = [&all](std::uint32_t slot) -> std::string_view { return all[slot].name; };
  table.names_.resize(all.size());
  std::iota(table.names_.begin(), table.names_.end(), 0u);
  std::ranges::sort(table.names_, {}, name_of);
  const auto same_name = std::ranges::adjacent_find(table.names_, {}, name_of);
  if (same_name != table.names_.end()) {
    return fail(Code::conflict, fmt::format("two metrics are called '{}'", name_of(*same_name)),
                "give every metric of a device its own name");
  }
  return table;
}

const AliasTable::Entry* AliasTable::search(std::uint64_t alias) const {
  const auto found = std::ranges::lower_bound(aliases_, alias, {}, &Entry::alias);
  return found != aliases_.end() && found->alias == alias ? &*found : nullptr;
}

const AliasTable::Entry* AliasTable::by_name(std::string_view name) const {
  const auto name_of = [this](std::uint32_t slot) -> std::string_view {
    return metrics_[slot].name;
  };
  const auto found = std::ranges::lower_bound(names_, name, {}, name_of);
  return found != names_.end() && name_of(*found) == name ? &by_slot_[*found] : nullptr;
}

}  // namespace millwright::sparkplug
