#include "sim/world/audit.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::sim {

void Audit::add_edge(EdgeMachine& edge) {
  by_name_[edge.site() + "/" + edge.edge()] = edges_.size();
  edges_.push_back({&edge, std::vector<std::uint64_t>(edge.truth().signals, 0), 0});
  derived_.add_edge(edge);
}

const Audit::Series* Audit::series_of(historian::SeriesNumber number,
                                      const historian::Historian& historian) {
  if (const auto known = series_.find(number.value()); known != series_.end()) {
    return &known->second;
  }
  const auto* definition = historian.definition(number);
  if (definition == nullptr) return nullptr;
  const auto edge = by_name_.find(definition->address.site + "/" + definition->address.edge);
  if (edge == by_name_.end() || definition->address.device != SourceTruth::device) return nullptr;
  const SourceTruth& truth = edges_[edge->second].machine->truth();
  for (std::uint32_t signal = 0; signal < truth.signals; ++signal) {
    if (truth.name_of(signal) == definition->metric.name) {
      return &series_.emplace(number.value(), Series{edge->second, signal}).first->second;
    }
  }
  return nullptr;
}

void Audit::on_committed(const engine::SampleColumns& rows, historian::Historian& historian) {
  const historian::Revision seen = newest_;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    newest_ = std::max(newest_, rows.revision[i]);
    const historian::SeriesNumber number(rows.series[i]);
    const Series* series = series_of(number, historian);
    if (series == nullptr) {
      if (derived_.on_committed(number, rows.ts[i], rows.bits[i], rows.revision[i], historian))
        continue;
      violated_("stored rows are true", fmt::format("series {} is nobody's", rows.series[i]));
      continue;
    }
    Edge& edge = edges_[series->edge];
    const SourceTruth& truth = edge.machine->truth();
    const auto record = truth.record_at({rows.ts[i]});
    if (!record || rows.bits[i] != truth.bits_of(*record, series->signal)) {
      violated_("stored rows are true",
                fmt::format("{} {} at {} was never measured", edge.machine->name(),
                            truth.name_of(series->signal), to_rfc3339({rows.ts[i]})));
      continue;
    }
    std::uint64_t& last = edge.last_record[series->signal];
    if (*record <= last) {
      if (rows.revision[i] <= seen) continue;  // replayed at a restart; seen when it was committed
      violated_(*record == last ? "nothing double" : "order of a device",
                fmt::format("{} {}: record {} after {}", edge.machine->name(),
                            truth.name_of(series->signal), *record, last));
      continue;
    }
    last = *record;
    ++edge.stored;
    if (series->signal == 0) derived_.on_scan(series->edge, *record);
  }
}

void Audit::check_derived(const historian::Historian& historian) {
  derived_.check(historian);
}

void Audit::check_custody(historian::Historian& historian) {
  derived_.check_custody(historian);
  for (Edge& edge : edges_) {
    auto* core = edge.machine->core();
    if (core == nullptr) continue;
    const custody::Cursor held = core->journal().first_unreleased();
    const auto position =
        historian.position({edge.machine->site(), edge.machine->edge()}, held.incarnation);
    if (held.sequence > position.durable) {
      violated_(
          "custody is not released early",
          fmt::format("{} holds incarnation {:016x} from {}, the hub has it until {}",
                      edge.machine->name(), held.incarnation, held.sequence, position.durable));
    }
  }
}

bool Audit::drained() const {
  return derived_.drained() && std::ranges::all_of(edges_, [](const Edge& edge) {
           return edge.machine->core() != nullptr && edge.machine->core()->status().drained;
         });
}

Audit::Account Audit::check_ledger(const historian::Historian& historian) {
  Account account;
  for (Edge& edge : edges_) {
    const SourceTruth& truth = edge.machine->truth();
    const ontology::ProducerId id{edge.machine->site(), edge.machine->edge()};
    std::uint64_t stored = 0, lost = 0;
    for (const auto& line : historian.ledger(id)) {
      stored += line.stored;
      lost += line.lost;
      account.unexplained += line.unexplained();
      if (line.unexplained() != 0) {
        violated_(
            "sent = stored + declared loss",
            fmt::format("{}: incarnation {:016x}: {} sent, {} stored, {} lost",
                        edge.machine->name(), line.incarnation, line.sent, line.stored, line.lost));
      }
      for (const auto& loss : line.losses) {
        if (loss.cause == ontology::LossCause::inbox_full) continue;
        violated_("no loss but a declared overflow",
                  fmt::format("{}: {} samples: {}: {}", edge.machine->name(), loss.range.count,
                              ontology::name_of(loss.cause), loss.policy));
      }
    }
    const std::uint64_t sent = truth.records * truth.signals;
    account.sent += sent;
    account.stored += stored;
    account.lost += lost;
    if (stored != edge.stored) {
      violated_("the ledger counts what is stored",
                fmt::format("{}: {} rows by the ledger, {} distinct ones were committed",
                            edge.machine->name(), stored, edge.stored));
    }
    if (edge.stored + lost < sent) {
      const std::uint64_t missing = sent - edge.stored - lost;
      account.unexplained += missing;
      violated_("sent = stored + declared loss",
                fmt::format("{}: {} measured, {} stored, {} declared lost", edge.machine->name(),
                            sent, edge.stored, lost));
    }
  }
  return account;
}

void Audit::check_rows(const std::vector<historian::AuditLine>& lines, Account& account) {
  std::uint64_t rows = 0;
  for (const auto& line : lines) {
    if (!derived_.is_producer(line.producer)) rows += line.rows;
    account.doubled += line.rows_double;
    if (line.rows_double == 0 && line.rows_missing == 0) continue;
    violated_(line.rows_double > 0 ? "nothing double" : "every stored row can be read",
              fmt::format("{}: {} rows double, {} missing", line.producer.text(), line.rows_double,
                          line.rows_missing));
  }
  if (rows != account.stored) {
    violated_("every stored row can be read",
              fmt::format("{} rows read, {} by the ledger", rows, account.stored));
  }
}

void Audit::check_series(historian::SeriesNumber number, const historian::Range& range,
                         const historian::Historian& historian) {
  const Series* series = series_of(number, historian);
  if (series == nullptr) return;
  const SourceTruth& truth = edges_[series->edge].machine->truth();
  std::uint64_t last = 0;
  for (const auto& sample : range.samples) {
    const auto record = truth.record_at(sample.ts);
    ontology::Row row;
    if (const auto* real = std::get_if<double>(&sample.value)) row.set_f64(*real);
    if (const auto* integer = std::get_if<std::int64_t>(&sample.value)) row.set_i64(*integer);
    if (!record || row.bits != truth.bits_of(*record, series->signal)) {
      violated_("stored rows are true",
                fmt::format("read back from {}: {}", number.value(), to_rfc3339(sample.ts)));
    } else if (*record <= last) {
      violated_("nothing double",
                fmt::format("read back from {}: record {} twice", number.value(), *record));
    }
    if (record) last = *record;
  }
}

}  // namespace millwright::sim
