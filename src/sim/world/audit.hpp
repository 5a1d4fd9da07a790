// What the world watches: rows as they are committed against the truth, custody of every edge
// against what is durable at the hub, and at the end the whole account.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/world/derived_audit.hpp"
#include "sim/world/fleet.hpp"

namespace millwright::sim {

class Audit {
 public:
  using Violated = DerivedAudit::Violated;

  explicit Audit(Violated violated) : violated_(violated), derived_(std::move(violated)) {}
  void add_edge(EdgeMachine& edge);
  void add_gateway(GatewayMachine& gateway) { derived_.add_gateway(gateway); }

  /// Rows that a commit made durable, or that a restart replays: each must be true, and those of a
  /// revision not seen before newer than the last of their signal.
  void on_committed(const engine::SampleColumns& rows, historian::Historian& historian);
  /// No edge may have let go of what is not durable at the hub.
  void check_custody(historian::Historian& historian);
  /// Every edge and every gateway has sent everything and the hub has it.
  bool drained() const;

  struct Account {
    std::uint64_t sent = 0;
    std::uint64_t stored = 0;
    std::uint64_t lost = 0;
    std::uint64_t unexplained = 0;
    std::uint64_t doubled = 0;
  };
  /// Ledger against truth, after the world has come to rest.
  Account check_ledger(const historian::Historian& historian);
  /// Each stored scan of an edge behind a gateway has one derived row, and that is what the stored
  /// scans give when computed again.
  void check_derived(const historian::Historian& historian);
  /// The rows as they lie in the store; each line is one incarnation.
  void check_rows(const std::vector<historian::AuditLine>& lines, Account& account);
  /// One series read back in full.
  void check_series(historian::SeriesNumber series, const historian::Range& range,
                    const historian::Historian& historian);
  std::size_t edges() const { return edges_.size(); }

 private:
  struct Edge {
    EdgeMachine* machine = nullptr;
    std::vector<std::uint64_t> last_record;  ///< by signal; committed
    std::uint64_t stored = 0;
  };
  struct Series {
    std::size_t edge = 0;
    std::uint32_t signal = 0;
  };
  const Series* series_of(historian::SeriesNumber number, const historian::Historian& historian);

  Violated violated_;
  historian::Revision newest_ = 0;
  std::vector<Edge> edges_;
  std::map<std::string, std::size_t> by_name_;
  std::map<std::uint64_t, Series> series_;
  DerivedAudit derived_;
};

}  // namespace millwright::sim
