// The dictionary of series and their last values. A series is found by its number without hashing:
// site, scan group and slot are positions (DESIGN D4).
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fabric/historian/historian.hpp"
#include "fabric/historian/manifest_record.hpp"

namespace millwright::historian {

struct SeriesState {
  SeriesDefinition definition;
  engine::ValueColumn column = engine::ValueColumn::none;
  bool has_last = false;
  StoredSample last;  ///< greatest (ts, revision, position)
};

class SeriesTable {
 public:
  /// Numbers for a device's metrics; records of what is new are appended to `fresh`.
  Result<std::vector<SeriesNumber>> define(const ontology::DeviceSchema& schema,
                                           std::vector<ManifestRecord>& fresh);
  /// Takes records of the manifest, in their order.
  Result<void> take(const SiteRecord& record);
  Result<void> take(const SeriesRecord& record);

  SeriesState* find(SeriesNumber number);
  const SeriesState* find(SeriesNumber number) const;
  const std::deque<SeriesState>& all() const { return series_; }
  std::deque<SeriesState>& all() { return series_; }
  /// Name of a site, empty when the number is unknown.
  const std::string& site_name(std::uint16_t number) const;
  std::size_t size() const { return series_.size(); }
  /// Everything, as manifest records.
  void write(std::vector<ManifestRecord>& out) const;

 private:
  struct Group {
    std::vector<SeriesState*> slots;
    std::unordered_map<std::string, SeriesState*> by_metric;  ///< datatype + name
  };
  struct Site {
    std::string name;
    std::vector<Group> groups;
  };
  struct GroupPlace {
    std::uint16_t site = 0;
    std::uint32_t group = 0;
  };
  Result<std::uint16_t> site_number(const std::string& name, std::vector<ManifestRecord>& fresh);
  Result<GroupPlace> place_of(const ontology::DeviceAddress& address,
                              std::vector<ManifestRecord>& fresh);

  std::vector<Site> sites_;  ///< by number - 1
  std::unordered_map<ontology::DeviceAddress, GroupPlace> groups_;
  std::deque<SeriesState> series_;  ///< addresses stay valid
};

/// True when `text` matches a glob of `*` (any run) and `?` (one character).
bool glob_matches(std::string_view pattern, std::string_view text);

/// Row `row` of `columns` as a sample.
StoredSample sample_at(const engine::SampleColumns& columns, std::size_t row);
/// Order of samples of one series: time, then what was known later.
bool is_before(const StoredSample& a, const StoredSample& b);

}  // namespace millwright::historian
