// Where a value comes from: site, edge, device, metric (DESIGN D1), and the numbers that stand for
// it in storage (D2, D4).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "ontology/value.hpp"

namespace millwright::ontology {

using SiteId = Name<struct SiteTag>;
using EdgeId = Name<struct EdgeTag>;
using DeviceId = Name<struct DeviceTag>;
/// The device that carries an edge's own metrics.
inline constexpr std::string_view node_device = "_node";

/// A device, by the identity that survives moving its edge behind a gateway.
/// `device` is a plain string because foreign edges choose names that ours may not have.
struct DeviceAddress {
  std::string site;
  std::string edge;
  std::string device;

  auto operator<=>(const DeviceAddress&) const = default;
  std::string text() const { return site + "/" + edge + "/" + device; }
};

/// One metric of a device as its birth declared it. The position in the list is the metric's slot
/// in batches of that birth.
struct MetricDefinition {
  std::string name;
  DataType datatype = DataType::unknown;
  std::string unit;  ///< UCUM code; empty when the source did not say

  auto operator<=>(const MetricDefinition&) const = default;
};

struct DeviceSchema {
  DeviceAddress address;
  std::vector<MetricDefinition> metrics;

  bool operator==(const DeviceSchema&) const = default;
};

/// Storage number of a series: site (16 bits) | scan group (24) | slot (24). Allocated once,
/// immutable, never reused.
class SeriesNumber {
 public:
  constexpr SeriesNumber() = default;
  constexpr explicit SeriesNumber(std::uint64_t value) : value_(value) {}
  static constexpr SeriesNumber make(std::uint16_t site, std::uint32_t scan_group,
                                     std::uint32_t slot) {
    return SeriesNumber((std::uint64_t{site} << 48) | (std::uint64_t{scan_group & 0xFFFFFF} << 24) |
                        (slot & 0xFFFFFF));
  }
  constexpr std::uint64_t value() const { return value_; }
  constexpr std::uint16_t site() const { return static_cast<std::uint16_t>(value_ >> 48); }
  constexpr std::uint32_t scan_group() const { return (value_ >> 24) & 0xFFFFFF; }
  constexpr std::uint32_t slot() const { return value_ & 0xFFFFFF; }
  constexpr auto operator<=>(const SeriesNumber&) const = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace millwright::ontology

template <>
struct std::hash<millwright::ontology::SeriesNumber> {
  std::size_t operator()(millwright::ontology::SeriesNumber n) const noexcept {
    return std::hash<std::uint64_t>{}(n.value() * 0x9E3779B97F4A7C15ull);
  }
};

template <>
struct std::hash<millwright::ontology::DeviceAddress> {
  std::size_t operator()(const millwright::ontology::DeviceAddress& a) const noexcept {
    const std::hash<std::string> h;
    return (h(a.site) * 31 + h(a.edge)) * 31 + h(a.device);
  }
};
