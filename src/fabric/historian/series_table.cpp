#include "fabric/historian/series_table.hpp"

#include <tuple>

#include "base/format.hpp"

namespace millwright::historian {
namespace {

constexpr std::size_t groups_max = 1u << 24;
constexpr std::size_t slots_max = 1u << 24;
constexpr std::size_t series_per_record = 1000;

std::string metric_key(const ontology::MetricDefinition& metric) {
  return std::string(1, static_cast<char>(metric.datatype)) + metric.name;
}

engine::ValueColumn value_column(ontology::DataType type) {
  return static_cast<engine::ValueColumn>(ontology::column_of(type));
}
static_assert(static_cast<int>(ontology::Column::f64) ==
              static_cast<int>(engine::ValueColumn::f64));
static_assert(static_cast<int>(ontology::Column::i64) ==
              static_cast<int>(engine::ValueColumn::i64));
static_assert(static_cast<int>(ontology::Column::text) ==
              static_cast<int>(engine::ValueColumn::text));
static_assert(static_cast<int>(ontology::Column::blob) ==
              static_cast<int>(engine::ValueColumn::blob));

}  // namespace

Result<std::uint16_t> SeriesTable::site_number(const std::string& name,
                                               std::vector<ManifestRecord>& fresh) {
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    if (sites_[i].name == name) return static_cast<std::uint16_t>(i + 1);
  }
  if (sites_.size() >= UINT16_MAX) {
    return fail(Code::exhausted, "65,535 sites are defined; no further one has a number");
  }
  sites_.push_back({name, {}});
  const auto number = static_cast<std::uint16_t>(sites_.size());
  fresh.emplace_back(std::in_place_type<SiteRecord>, number, name);
  return number;
}

Result<SeriesTable::GroupPlace> SeriesTable::place_of(const ontology::DeviceAddress& address,
                                                      std::vector<ManifestRecord>& fresh) {
  if (const auto found = groups_.find(address); found != groups_.end()) return found->second;
  const auto site = site_number(address.site, fresh);
  if (!site) return std::unexpected(site.error());
  auto& groups = sites_[*site - 1u].groups;
  if (groups.size() >= groups_max) {
    return fail(Code::exhausted, fmt::format("site {} has 16,777,216 devices", address.site));
  }
  const GroupPlace place{*site, static_cast<std::uint32_t>(groups.size())};
  groups.emplace_back();
  groups_.emplace(address, place);
  return place;
}

Result<std::vector<SeriesNumber>> SeriesTable::define(const ontology::DeviceSchema& schema,
                                                      std::vector<ManifestRecord>& fresh) {
  if (schema.metrics.empty()) return std::vector<SeriesNumber>{};
  const auto place = place_of(schema.address, fresh);
  if (!place) return std::unexpected(place.error());
  Group& group = sites_[place->site - 1u].groups[place->group];
  std::vector<SeriesNumber> numbers;
  SeriesRecord record;
  for (const auto& metric : schema.metrics) {
    SeriesState*& state = group.by_metric[metric_key(metric)];
    if (state == nullptr) {
      if (group.slots.size() >= slots_max) {
        group.by_metric.erase(metric_key(metric));
        return fail(Code::exhausted, "16,777,216 series of one device: " + schema.address.text());
      }
      const auto number = SeriesNumber::make(place->site, place->group,
                                             static_cast<std::uint32_t>(group.slots.size()));
      state = &series_.emplace_back();
      state->definition = {number, schema.address, metric};
      state->column = value_column(metric.datatype);
      group.slots.push_back(state);
      record.series.push_back(state->definition);
    } else if (state->definition.metric.unit != metric.unit) {
      state->definition.metric.unit = metric.unit;
      record.series.push_back(state->definition);
    }
    numbers.push_back(state->definition.number);
  }
  if (!record.series.empty())
    fresh.emplace_back(std::in_place_type<SeriesRecord>, std::move(record));
  return numbers;
}

Result<void> SeriesTable::take(const SiteRecord& record) {
  if (record.number != sites_.size() + 1) return fail(Code::corrupt, "site numbers are not dense");
  sites_.push_back({record.name, {}});
  return {};
}

Result<void> SeriesTable::take(const SeriesRecord& record) {
  for (const auto& series : record.series) {
    const SeriesNumber number = series.number;
    if (number.site() == 0 || number.site() > sites_.size()) {
      return fail(Code::corrupt, "a series names an unknown site");
    }
    auto& groups = sites_[number.site() - 1u].groups;
    if (number.scan_group() > groups.size()) return fail(Code::corrupt, "scan group out of order");
    if (number.scan_group() == groups.size()) {
      groups.emplace_back();
      groups_.emplace(series.address, GroupPlace{number.site(), number.scan_group()});
    }
    Group& group = groups[number.scan_group()];
    if (number.slot() < group.slots.size()) {
      group.slots[number.slot()]->definition.metric.unit = series.metric.unit;
      continue;
    }
    if (number.slot() > group.slots.size()) return fail(Code::corrupt, "slot out of order");
    SeriesState& state = series_.emplace_back();
    state.definition = series;
    state.column = value_column(series.metric.datatype);
    group.slots.push_back(&state);
    group.by_metric[metric_key(series.metric)] = &state;
  }
  return {};
}

const SeriesState* SeriesTable::find(SeriesNumber number) const {
  if (number.site() == 0 || number.site() > sites_.size()) return nullptr;
  const auto& groups = sites_[number.site() - 1u].groups;
  if (number.scan_group() >= groups.size()) return nullptr;
  const auto& slots = groups[number.scan_group()].slots;
  return number.slot() < slots.size() ? slots[number.slot()] : nullptr;
}

SeriesState* SeriesTable::find(SeriesNumber number) {
  return const_cast<SeriesState*>(std::as_const(*this).find(number));
}

const std::string& SeriesTable::site_name(std::uint16_t number) const {
  static const std::string none;
  return number == 0 || number > sites_.size() ? none : sites_[number - 1u].name;
}

void SeriesTable::write(std::vector<ManifestRecord>& out) const {
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    out.emplace_back(std::in_place_type<SiteRecord>, static_cast<std::uint16_t>(i + 1),
                     sites_[i].name);
  }
  SeriesRecord record;
  const auto flush = [&] {
    if (record.series.empty()) return;
    out.emplace_back(std::in_place_type<SeriesRecord>, std::move(record));
    record.series.clear();
  };
  for (const auto& site : sites_) {
    for (const auto& group : site.groups) {
      for (const auto* state : group.slots) {
        record.series.push_back(state->definition);
        if (record.series.size() == series_per_record) flush();
      }
    }
  }
  flush();
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

StoredSample sample_at(const engine::SampleColumns& columns, std::size_t row) {
  StoredSample sample;
  sample.series = SeriesNumber(columns.series[row]);
  sample.ts.us = columns.ts[row];
  sample.revision = columns.revision[row];
  sample.quality.code = columns.quality[row];
  sample.provenance = columns.provenance[row];
  sample.producer = columns.producer[row];
  sample.sequence = columns.sequence[row];
  sample.index = columns.index[row];
  switch (columns.column[row]) {
    case engine::ValueColumn::f64:
      sample.value = std::bit_cast<double>(columns.bits[row]);
      break;
    case engine::ValueColumn::i64:
      sample.value = static_cast<std::int64_t>(columns.bits[row]);
      break;
    case engine::ValueColumn::text:
      sample.value = std::string(columns.payload(row));
      break;
    case engine::ValueColumn::blob: {
      const ByteView bytes = as_bytes(columns.payload(row));
      sample.value = Bytes(bytes.begin(), bytes.end());
      break;
    }
    case engine::ValueColumn::none:
      break;
  }
  return sample;
}

bool is_before(const StoredSample& a, const StoredSample& b) {
  const auto key = [](const StoredSample& s) {
    return std::tuple(s.ts.us, s.revision, s.producer, s.sequence + s.index);
  };
  return key(a) < key(b);
}

}  // namespace millwright::historian
