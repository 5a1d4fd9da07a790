// What the world watches of tier 2: the derived rows as they are committed, against what the stored
// scans give when they are computed again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/world/fleet.hpp"

namespace millwright::sim {

class DerivedAudit {
 public:
  using Violated = std::function<void(std::string invariant, std::string what)>;

  explicit DerivedAudit(Violated violated) : violated_(std::move(violated)) {}
  void add_gateway(GatewayMachine& gateway) { gateways_.push_back(&gateway); }
  void add_edge(EdgeMachine& edge);

  /// False: not a row of a gateway's own.
  bool on_committed(historian::SeriesNumber series, std::int64_t ts_us, std::uint64_t bits,
                    historian::Revision revision, const historian::Historian& historian);
  /// Scan `record` of the edge is stored, in the order of the edge.
  void on_scan(std::size_t edge, std::uint64_t record) { edges_[edge].scans.push_back(record); }
  void check_custody(const historian::Historian& historian);
  bool drained() const;
  void check(const historian::Historian& historian);
  /// True for what a gateway produces itself.
  bool is_producer(const historian::ProducerId& id) const;

 private:
  struct Row {
    std::uint64_t bits = 0;
    historian::Revision revision = 0;
  };
  struct Edge {
    EdgeMachine* machine = nullptr;
    std::vector<std::uint64_t> scans;
    std::map<std::int64_t, Row> sums, watermarks;  ///< by event time
  };
  struct Series {
    std::size_t edge = 0;
    bool is_watermark = false;
  };
  std::optional<Series> series_of(historian::SeriesNumber number,
                                  const historian::Historian& historian);
  GatewayMachine* gateway_of(std::string_view site) const;

  Violated violated_;
  std::vector<GatewayMachine*> gateways_;
  std::vector<Edge> edges_;
  std::map<std::string, std::size_t> by_device_;  ///< site/device
  std::map<std::uint64_t, std::optional<Series>> series_;
};

}  // namespace millwright::sim
