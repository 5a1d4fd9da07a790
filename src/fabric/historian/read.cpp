// Reading: last values from memory, the rest from an immutable snapshot on the lane.
#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "base/format.hpp"
#include "fabric/historian/core.hpp"

namespace millwright::historian {
namespace {

engine::Cell time_cell(Timestamp time) {
  return time;
}

engine::Table ledger_rows(const Accounts& accounts) {
  engine::Table table;
  for (const char* name : {"producer", "incarnation", "custody", "sent", "stored", "lost",
                           "unexplained", "duplicates"}) {
    table.columns.push_back({name, ""});
  }
  for (const Account& a : accounts.all()) {
    table.rows.push_back(
        {a.producer.text(), a.incarnation,
         std::string(a.custody == Custody::acknowledged ? "acknowledged" : "best_effort"),
         a.durable, a.stored, a.lost, a.durable - a.stored - a.lost, a.duplicates});
  }
  return table;
}

engine::Table loss_rows(const Accounts& accounts) {
  engine::Table table;
  for (const char* name :
       {"producer", "incarnation", "first", "count", "cause", "from", "to", "policy"}) {
    table.columns.push_back({name, ""});
  }
  for (const Account& a : accounts.all()) {
    for (const LossEntry& loss : a.losses) {
      table.rows.push_back({a.producer.text(), a.incarnation, loss.range.first, loss.range.count,
                            std::string(ontology::name_of(loss.cause)), time_cell(loss.from),
                            time_cell(loss.to), loss.policy});
    }
  }
  return table;
}

}  // namespace

const SeriesDefinition* Historian::definition(SeriesNumber series) const {
  const SeriesState* state = std::as_const(core_->series).find(series);
  return state == nullptr ? nullptr : &state->definition;
}

std::vector<const SeriesDefinition*> Historian::find(std::string_view pattern) const {
  std::vector<const SeriesDefinition*> found;
  for (const SeriesState& state : std::as_const(core_->series).all()) {
    if (glob_matches(pattern, state.definition.text())) found.push_back(&state.definition);
  }
  return found;
}

std::optional<std::string> Historian::provenance(ProvenanceNumber number) const {
  if (number == 0 || number > core_->provenances.size()) return std::nullopt;
  return core_->provenances[number - 1];
}

Revision Historian::revision() const {
  return core_->revision;
}

std::optional<LastValue> Historian::last(SeriesNumber series) const {
  const SeriesState* state = std::as_const(core_->series).find(series);
  if (state == nullptr || !state->has_last) return std::nullopt;
  return LastValue{&state->definition, state->last};
}

std::vector<LastValue> Historian::last(std::string_view pattern) const {
  std::vector<std::pair<std::string, const SeriesState*>> found;
  for (const SeriesState& state : std::as_const(core_->series).all()) {
    if (!state.has_last) continue;
    std::string text = state.definition.text();
    if (glob_matches(pattern, text)) found.emplace_back(std::move(text), &state);
  }
  std::ranges::sort(found);
  std::vector<LastValue> values;
  values.reserve(found.size());
  for (const auto& [text, state] : found) values.push_back({&state->definition, state->last});
  return values;
}

Snapshot Historian::Core::snapshot() const {
  Snapshot taken{revision, segments, {}};
  for (const HotGeneration& generation : hot) {
    taken.hot.push_back({generation.number, generation.chunks});
  }
  return taken;
}

void Historian::range(const RangeQuery& query, Reply<Range> reply) {
  core_->on_lane<Range>(
      [query, snapshot = core_->snapshot()](Lane& lane) -> Result<Range> {
        const std::uint64_t number = query.series.value();
        auto rows = lane.read(
            snapshot,
            {{&number, 1}, query.from.us, query.to.us, query.as_of.value_or(snapshot.revision)});
        if (!rows) return pass(std::move(rows));
        return range_of(*rows, query);
      },
      std::move(reply));
}

void Historian::ranges(std::vector<RangeQuery> queries, Reply<std::vector<Range>> reply) {
  using Pass = std::tuple<Timestamp, Timestamp, Revision>;
  core_->on_lane<std::vector<Range>>(
      [queries = std::move(queries),
       snapshot = core_->snapshot()](Lane& lane) -> Result<std::vector<Range>> {
        std::map<Pass, std::vector<std::size_t>> passes;
        for (std::size_t i = 0; i < queries.size(); ++i) {
          const auto& query = queries[i];
          passes[{query.from, query.to, query.as_of.value_or(snapshot.revision)}].push_back(i);
        }
        std::vector<Range> ranges(queries.size());
        for (const auto& [pass_of, members] : passes) {
          const auto& [from, to, revision] = pass_of;
          std::vector<std::uint64_t> series;
          for (const std::size_t i : members) series.push_back(queries[i].series.value());
          auto rows = lane.read(snapshot, {series, from.us, to.us, revision});
          if (!rows) return pass(std::move(rows));
          auto parts = by_series(*rows);
          for (const std::size_t i : members)
            ranges[i] = range_of(parts[queries[i].series.value()], queries[i]);
        }
        return ranges;
      },
      std::move(reply));
}

void Historian::downsample(const DownsampleQuery& query, Reply<std::vector<Bucket>> reply) {
  core_->on_lane<std::vector<Bucket>>(
      [query, snapshot = core_->snapshot()](Lane& lane) -> Result<std::vector<Bucket>> {
        if (query.step.count() <= 0) {
          return fail(Code::invalid_input, "the step of a downsample must be positive");
        }
        const std::uint64_t number = query.series.value();
        auto rows = lane.read(snapshot, {{&number, 1},
                                         query.from.us,
                                         query.to.us - 1,
                                         query.as_of.value_or(snapshot.revision)});
        if (!rows) return pass(std::move(rows));
        return buckets_of(*rows, query);
      },
      std::move(reply));
}

void Historian::at(SeriesNumber series, Timestamp time, std::optional<Revision> as_of,
                   Reply<std::optional<StoredSample>> reply) {
  core_->on_lane<std::optional<StoredSample>>(
      [=, snapshot = core_->snapshot()](Lane& lane) {
        return lane.at(snapshot, series, time, as_of.value_or(snapshot.revision));
      },
      std::move(reply));
}

void Historian::Core::refresh_account_tables() {
  if (!std::exchange(account_tables_stale, false)) return;
  lane_executor.post([state = lane, ledger = ledger_rows(accounts), losses = loss_rows(accounts)] {
    state->insert("ledger_table", ledger, true);
    state->insert("loss_table", losses, true);
  });
}

void Historian::sql(std::string statement, Reply<engine::Table> reply) {
  core_->refresh_account_tables();
  core_->on_lane<engine::Table>([statement = std::move(statement), snapshot = core_->snapshot(),
                                 rows_max = core_->options.query_rows_max](
                                    Lane& lane) { return lane.sql(snapshot, statement, rows_max); },
                                std::move(reply));
}

std::vector<LedgerLine> Historian::ledger(const std::optional<ProducerId>& producer) const {
  std::vector<LedgerLine> lines;
  for (const Account& a : core_->accounts.all()) {
    if (producer && a.producer != *producer) continue;
    lines.push_back({a.producer, a.incarnation, a.number, a.custody, a.durable, a.stored, a.lost,
                     a.duplicates, a.losses});
  }
  return lines;
}

void Historian::audit(Reply<std::vector<AuditLine>> reply) {
  core_->on_lane<std::vector<AuditLine>>(
      [lines = ledger(),
       snapshot = core_->snapshot()](Lane& lane) -> Result<std::vector<AuditLine>> {
        auto counts = lane.count(snapshot);
        if (!counts) return pass(std::move(counts));
        std::vector<AuditLine> audited;
        for (const LedgerLine& line : lines) {
          const Lane::Count count = (*counts)[line.number];
          const std::uint64_t distinct = count.rows - count.rows_double;
          audited.push_back({line.producer, line.incarnation, count.rows, count.rows_double,
                             line.stored > distinct ? line.stored - distinct : 0});
        }
        return audited;
      },
      std::move(reply));
}

}  // namespace millwright::historian
