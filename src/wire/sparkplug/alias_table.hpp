// What a birth declared, for the messages that follow it: alias or name to slot and type. One table
// per device; immutable, made anew by each birth.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ontology/value.hpp"

namespace millwright::sparkplug {

/// One metric as its birth declared it.
struct MetricBinding {
  std::string name;
  std::optional<std::uint64_t> alias;
  ontology::DataType datatype = ontology::DataType::unknown;  ///< `unknown`: only the general
                                                              ///< decoder can read it
};

/// The slot of a metric is its position in the birth list, as in ontology::DeviceSchema.
class AliasTable {
 public:
  struct Entry {
    std::uint64_t alias = 0;
    std::uint32_t slot = 0;
    ontology::DataType datatype = ontology::DataType::unknown;
  };

  AliasTable() = default;
  /// `conflict` names the two metrics that share an alias or a name
  /// (tck-id-payloads-alias-uniqueness; uniqueness over the other devices is the session's check).
  static Result<AliasTable> create(std::vector<MetricBinding> metrics);

  /// Constant time when the aliases are consecutive, else by binary search.
  const Entry* by_alias(std::uint64_t alias) const {
    const std::uint64_t index = alias - first_alias_;
    if (index < aliases_.size() && aliases_[index].alias == alias) return &aliases_[index];
    return search(alias);
  }
  const Entry* by_name(std::string_view name) const;

  /// By slot.
  const std::vector<MetricBinding>& metrics() const { return metrics_; }

 private:
  const Entry* search(std::uint64_t alias) const;

  std::vector<MetricBinding> metrics_;
  std::vector<Entry> aliases_;  // sorted by alias
  std::vector<Entry> by_slot_;
  std::vector<std::uint32_t> names_;  // slots, sorted by name
  std::uint64_t first_alias_ = 0;
};

}  // namespace millwright::sparkplug
