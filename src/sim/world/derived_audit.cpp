#include "sim/world/derived_audit.hpp"

#include <algorithm>
#include <deque>

#include "base/format.hpp"

namespace millwright::sim {

void DerivedAudit::add_edge(EdgeMachine& edge) {
  const std::string device =
      ToyScorer::device_of({edge.site(), edge.edge(), std::string(SourceTruth::device)});
  by_device_[edge.site() + "/" + device] = edges_.size();
  edges_.push_back({&edge, {}, {}, {}});
}

GatewayMachine* DerivedAudit::gateway_of(std::string_view site) const {
  const auto it =
      std::ranges::find_if(gateways_, [&](const auto* gateway) { return gateway->site() == site; });
  return it == gateways_.end() ? nullptr : *it;
}

bool DerivedAudit::is_producer(const historian::ProducerId& id) const {
  const auto* gateway = gateway_of(id.site);
  return gateway != nullptr && gateway->gateway() == id.edge;
}

std::optional<DerivedAudit::Series> DerivedAudit::series_of(historian::SeriesNumber number,
                                                            const historian::Historian& historian) {
  if (const auto known = series_.find(number.value()); known != series_.end()) return known->second;
  const auto* definition = historian.definition(number);
  if (definition == nullptr) return std::nullopt;
  std::optional<Series> out;
  const auto edge = by_device_.find(definition->address.site + "/" + definition->address.device);
  const bool is_watermark = definition->metric.name == gateway::watermark_metric;
  if (edge != by_device_.end() &&
      is_producer({definition->address.site, definition->address.edge}) &&
      (is_watermark || definition->metric.name == ToyScorer::metric))
    out = Series{edge->second, is_watermark};
  return series_[number.value()] = out;
}

bool DerivedAudit::on_committed(historian::SeriesNumber number, std::int64_t ts_us,
                                std::uint64_t bits, historian::Revision revision,
                                const historian::Historian& historian) {
  const auto series = series_of(number, historian);
  if (!series) return false;
  Edge& edge = edges_[series->edge];
  auto& rows = series->is_watermark ? edge.watermarks : edge.sums;
  const auto [it, is_new] = rows.try_emplace(ts_us, Row{bits, revision});
  if (is_new || it->second.revision == revision) return true;  // seen, or replayed at a restart
  violated_("one derived row a scan",
            fmt::format("{} at {}: {:016x}, and {:016x} as a revision", edge.machine->name(),
                        to_rfc3339({ts_us}), it->second.bits, bits));
  if (revision > it->second.revision) it->second = {bits, revision};
  return true;
}

void DerivedAudit::check_custody(const historian::Historian& historian) {
  for (auto* gateway : gateways_) {
    if (gateway->core() == nullptr || gateway->core()->tier_two() == nullptr) continue;
    const custody::Cursor held = gateway->core()->tier_two()->journal().first_unreleased();
    const auto position =
        historian.position({gateway->site(), gateway->gateway()}, held.incarnation);
    if (held.sequence > position.durable)
      violated_("custody is not released early",
                fmt::format("{} holds incarnation {:016x} from {}, the hub has it until {}",
                            gateway->name(), held.incarnation, held.sequence, position.durable));
  }
}

bool DerivedAudit::drained() const {
  return std::ranges::all_of(gateways_, [](GatewayMachine* gateway) {
    return gateway->core() != nullptr && gateway->core()->tier_two()->status().drained;
  });
}

void DerivedAudit::check(const historian::Historian& historian) {
  std::map<std::string, std::uint64_t> rows_of_site;
  for (const Edge& edge : edges_) {
    if (gateway_of(edge.machine->site()) == nullptr) continue;
    const SourceTruth& truth = edge.machine->truth();
    rows_of_site[edge.machine->site()] += edge.sums.size() + edge.watermarks.size();
    std::deque<double> last;
    for (const std::uint64_t record : edge.scans) {
      ontology::Row input;
      input.bits = truth.bits_of(record, 0);
      last.push_back(input.f64());
      if (last.size() > ToyScorer::window) last.pop_front();
      double sum = 0;
      for (const double value : last) sum += value;
      ontology::Row expected;
      expected.set_f64(sum);
      const std::int64_t ts = truth.time_of(record).us;
      const auto row = edge.sums.find(ts);
      if (row == edge.sums.end() || !edge.watermarks.contains(ts))
        violated_("one derived row a scan",
                  fmt::format("{}: record {} has none", edge.machine->name(), record));
      else if (row->second.bits != expected.bits)
        violated_("derived = computed again",
                  fmt::format("{}: record {} gives {}", edge.machine->name(), record, sum));
    }
    if (edge.sums.size() != edge.scans.size())
      violated_("one derived row a scan",
                fmt::format("{}: {} rows of {} scans", edge.machine->name(), edge.sums.size(),
                            edge.scans.size()));
  }
  for (const auto* gateway : gateways_) {
    std::uint64_t stored = 0, unexplained = 0, lost = 0;
    for (const auto& line :
         historian.ledger(historian::ProducerId{gateway->site(), gateway->gateway()}))
      stored += line.stored, unexplained += line.unexplained(), lost += line.lost;
    if (stored != rows_of_site[gateway->site()] || unexplained != 0 || lost != 0)
      violated_(
          "sent = stored + declared loss",
          fmt::format("{}: {} stored by the ledger, {} rows, {} lost, {} unexplained",
                      gateway->name(), stored, rows_of_site[gateway->site()], lost, unexplained));
  }
}

}  // namespace millwright::sim
