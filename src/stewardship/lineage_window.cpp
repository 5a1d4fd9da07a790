// The rows of a verdict's window, the verdict again, and the answer as a document.
#include <algorithm>

#include "base/format.hpp"
#include "stewardship/lineage_trace.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Node;
using historian::Range;
using historian::RangeQuery;

constexpr std::size_t rows_max = 1'000'000;
/// Steps that are read at first, in longest windows; then so many times more; then all.
constexpr int windows_read = 3;
constexpr int more = 16;

}  // namespace

/// What the device promises between two scans.
Duration LineageTrace::step() const {
  const auto declared = catalog::as_declared(office_.resources());
  const catalog::Index index(declared);
  const auto& address = leaves_.front().front()->address;
  for (const auto* device : index.find_devices(address.site, address.edge, address.device)) {
    const auto& driver = index.devices[device->entry].spec.driver;
    if (const auto* replay = std::get_if<catalog::ReplayDriver>(&driver);
        replay != nullptr && replay->time.step.count() > 0) {
      return replay->time.step;
    }
    if (const auto* plant = std::get_if<catalog::PlantDriver>(&driver)) return plant->step;
  }
  return std::chrono::seconds(1);
}

void LineageTrace::read_window(std::size_t attempt) {
  const bool needs_age = bundle_ && bundle_->features.add_age;
  const bool whole = needs_age || attempt > 1;
  const auto span = step() * static_cast<int>(longest_) * windows_read * (attempt > 0 ? more : 1);
  std::vector<RangeQuery> queries;
  const auto ask = [&](Definition definition) {
    RangeQuery query;
    query.series = definition->number;
    if (!whole) query.from = sample_.ts - span;
    query.to = sample_.ts;
    query.limit = rows_max;
    query.all_revisions = true;
    queries.push_back(query);
  };
  for (const auto& input : leaves_) std::ranges::for_each(input, ask);
  std::ranges::for_each(states_, ask);
  read_(std::move(queries),
        [self = shared_from_this(), attempt, whole](Result<std::vector<Range>> ranges) {
          if (!ranges) return self->fail_with(std::move(ranges.error()));
          if (!whole && !self->reaches_back(*ranges)) return self->read_window(attempt + 1);
          self->take_window(std::move(*ranges), whole);
        });
}

void LineageTrace::take_window(std::vector<Range> ranges, bool is_whole) {
  std::vector<Rows> by_input;
  std::size_t next = 0;
  for (const auto& input : leaves_) {
    auto& rows = by_input.emplace_back();
    for (std::size_t i = 0; i < input.size(); ++i, ++next) {
      if (ranges[next].truncated)
        problem(fmt::format("{} has more than {} rows; the later ones were not looked at",
                            input[i]->text(), rows_max));
      rows.insert(rows.end(), ranges[next].samples.begin(), ranges[next].samples.end());
    }
  }
  auto scans = scans_of(by_input, seen_, sample_.ts);
  if (!states_.empty()) {
    const auto start = start_of(ranges);
    // The window began anew there.
    std::erase_if(scans,
                  [&](const ScanRows& scan) { return !start.from || scan.at < *start.from; });
    if (!start.from) {
      problem(fmt::format("at {} the model does not judge: it does while {}",
                          to_rfc3339(sample_.ts), bundle_->features.scope->text()));
      return finish();
    }
  }
  if (scans.empty() || scans.back().at != sample_.ts) {
    problem(fmt::format("no input row of the scan at {} is stored", to_rfc3339(sample_.ts)));
    return finish();
  }
  what_.age = is_whole ? scans.size() : 0;
  // What lies before the window only gives values to carry.
  const std::size_t kept = std::min<std::size_t>(std::size_t{2} * longest_, scans.size());
  scans.erase(scans.begin(), scans.end() - static_cast<std::ptrdiff_t>(kept));
  compare(scans);
  const std::size_t window = std::min<std::size_t>(longest_, scans.size());
  scans_.assign(scans.end() - static_cast<std::ptrdiff_t>(window), scans.end());
  for (const auto& scan : scans_) {
    for (std::size_t input = 0; input < leaves_.size(); ++input) {
      const auto& row = scan.rows[input];
      if (!row) continue;
      const auto definition =
          std::ranges::find(leaves_[input], row->series, &historian::SeriesDefinition::number);
      sources_.emplace_back(
          definition == leaves_[input].end() ? leaves_[input].back() : *definition, *row);
    }
  }
  window_ = Node::make_map();
  window_.add("scans", Node::make_integer(static_cast<std::int64_t>(window)))
      .add("longest", Node::make_integer(longest_))
      .add("from", Node::make_text(to_rfc3339(scans_.front().at)))
      .add("to", Node::make_text(to_rfc3339(scans_.back().at)))
      .add("up_to_sequence", Node::make_integer(static_cast<std::int64_t>(seen_.up_to)));
  const auto stored = number_of(judged_);
  const bool agreed = recomputed_.type != Node::Type::map || recomputed_.boolean_at("agrees", true);
  if (agreed || !stored) return finish();
  compared_ = std::move(scans);
  name_suspect(recomputed_.number_at("value", 0), *stored);
}

std::optional<double> LineageTrace::recomputed_over(std::span<const ScanRows> scans,
                                                    std::uint64_t age) const {
  Recomputation what = what_;
  what.age = age;
  return recompute(what, scans);
}

/// Computes the verdict again and says what differs. A verdict on a window that was not full yet
/// may have had fewer scans than are stored: then `longest_` becomes what it had.
void LineageTrace::compare(std::span<const ScanRows> scans) {
  const auto stored = number_of(judged_);
  if (!bundle_ || !stored) return;
  std::vector<models::OfferedSignal> offered;
  for (const auto& input : leaves_)
    offered.push_back({input.back()->metric.name, input.back()->metric.unit, true});
  auto matched = models::match_inputs(*bundle_, offered, definition_->address.text());
  if (!matched) return problem(matched.error().text());
  what_.bundle = &*bundle_;
  what_.inputs = std::move(*matched);
  what_.metric = judged_metric_;
  auto value = recomputed_over(scans, what_.age);
  const bool partial = judged_.quality.reason() == ontology::Reason::incomplete_window;
  for (std::size_t n = std::min<std::size_t>(longest_, scans.size());
       partial && n > 0 && (!value || !agrees(*value, *stored)); --n) {
    const auto tried = recomputed_over(scans.last(n), n);
    if (!tried || !agrees(*tried, *stored)) continue;
    value = tried;
    longest_ = static_cast<std::uint32_t>(n);
    what_.age = n;
  }
  if (!value) {
    return problem(
        fmt::format("{} cannot be recomputed from the rows that are stored", judged_metric_));
  }
  const bool good = agrees(*value, *stored);
  recomputed_ = Node::make_map();
  recomputed_.add("metric", Node::make_text(judged_metric_))
      .add("value", Node::make_number(*value))
      .add("stored", Node::make_number(*stored))
      .add("agrees", Node::make_boolean(good));
}

void LineageTrace::name_suspect(double recomputed, double stored) {
  problem(fmt::format("{} recomputed from its source rows is {}, stored is {}", judged_metric_,
                      recomputed, stored));
  RangeQuery query;
  query.series = judged_series_->number;
  query.from = compared_.front().at;
  query.to = sample_.ts;
  query.limit = rows_max;
  read_({query}, [self = shared_from_this()](Result<std::vector<Range>> ranges) {
    if (!ranges) return self->fail_with(std::move(ranges.error()));
    self->take_witnesses(ranges->front());
  });
}

void LineageTrace::take_witnesses(const Range& verdicts) {
  std::vector<Witness> witnesses;
  for (std::size_t scan = 0; scan + 1 < compared_.size(); ++scan) {
    const auto row =
        std::ranges::find(verdicts.samples, compared_[scan].at, &historian::StoredSample::ts);
    if (row == verdicts.samples.end() || row->provenance != judged_.provenance) continue;
    if (const auto value = number_of(*row)) witnesses.push_back({scan, *value});
  }
  witnesses.push_back({compared_.size() - 1, number_of(judged_).value_or(0)});
  const auto suspects = suspects_of(what_, compared_, longest_, witnesses);
  if (suspects.empty()) {
    problem("no single source row explains the difference");
    return finish();
  }
  const auto text = [&](const Suspect& suspect) {
    const auto& row = *compared_[suspect.scan].rows[suspect.input];
    return fmt::format(
        "the source row {} at {}, revision {}, does not fit: it is {}; with {:.6g} in its place {} "
        "would be {:.6g}",
        leaves_[suspect.input].back()->text(), to_rfc3339(row.ts), row.revision,
        number_of(row).value_or(0), suspect.instead, judged_metric_, suspect.recomputed);
  };
  // One is named alone only where no other explains the verdicts nearly as well.
  constexpr double far_ahead = 3;
  constexpr double exact = 1e-3;
  const bool is_alone =
      suspects.size() == 1 ||
      suspects[1].left > std::max(far_ahead * suspects[0].left, suspects[0].left + exact);
  if (is_alone) {
    problem(text(suspects[0]));
  } else {
    constexpr std::size_t listed_max = 3;
    std::string list;
    for (std::size_t i = 0; i < std::min(listed_max, suspects.size()); ++i)
      list += (list.empty() ? "" : "; or ") + text(suspects[i]);
    problem(fmt::format("one of {} source rows was altered: {}", suspects.size(), list));
  }
  finish();
}

Node LineageTrace::value_node() const {
  const auto bindings = catalog::signal_bindings(office_.resources());
  const auto [asset, signal] = signal_of(bindings, *definition_, sample_.ts);
  Node out = row_node(*definition_, sample_);
  out.add("datatype", Node::make_text(ontology::name_of(definition_->metric.datatype)))
      .add("asset",
           asset.empty() ? Node::make_text(definition_->address.device) : Node::make_text(asset))
      .add("signal", signal.empty() ? Node{} : Node::make_text(signal))
      .add("arrival", Node::make_text(to_rfc3339(historian::arrival_of(sample_.revision))))
      .add("sequence",
           Node::make_integer(static_cast<std::int64_t>(sample_.sequence + sample_.index)))
      .add("current", Node::make_boolean(is_current_))
      .add("revisions", Node::make_integer(static_cast<std::int64_t>(revisions_)));
  for (const auto& line : historian_.ledger()) {
    if (line.number != sample_.producer) continue;
    out.add("producer", Node::make_text(line.producer.text()))
        .add("incarnation", Node::make_text(fmt::format("{:016x}", line.incarnation)));
  }
  return out;
}

void LineageTrace::finish() {
  Node out = Node::make_map();
  out.add("value", value_node());
  // The hub's clock is read to the microsecond, revisions to the millisecond.
  const Timestamp made = historian::arrival_of(sample_.revision) + std::chrono::milliseconds(1);
  out.add("recipe",
          recipe_ ? recipe_node(*recipe_, sample_.provenance, inputs_, leaf_names_) : Node{});
  out.add("pipeline", recipe_ ? pipeline_node(office_, *recipe_) : Node{});
  out.add("model", recipe_ ? model_node(office_, *recipe_, made, problems_) : Node{});
  std::vector<Definition> measured;
  for (const auto& input : leaves_) measured.push_back(input.back());
  if (measured.empty()) measured.push_back(definition_);
  out.add("calibration", Node::make_text(calibration_text(office_, measured, sample_.ts)));
  out.add("window", std::move(window_));
  const auto rows_node = [](const auto& rows) {
    Node list = Node::make_list();
    for (const auto& [definition, row] : rows) list.items.push_back(row_node(*definition, row));
    return list;
  };
  std::string lines;
  for (const auto& [definition, row] : sources_) lines += row_line(*definition, row);
  out.add("sources", rows_node(sources_));
  out.add("through", rows_node(through_));
  out.add("input_digest",
          sources_.empty() ? Node{} : Node::make_text(sha256(as_bytes(lines)).hex()));
  out.add("recomputed", std::move(recomputed_));
  out.add("complete", Node::make_boolean(problems_.empty()));
  Node problems = Node::make_list();
  for (const auto& each : problems_) problems.items.push_back(Node::make_text(each));
  out.add("problems", std::move(problems));
  auto reply = std::exchange(reply_, nullptr);
  if (reply) reply(std::move(out));
}

void Explainer::Core::lineage(const ValuePlace& place, Reply<Node> reply) {
  auto trace = std::make_shared<LineageTrace>(office, historian, place, std::move(reply));
  trace->start([self = shared_from_this()](std::vector<RangeQuery> queries,
                                           Reply<std::vector<Range>> answer) {
    self->read(std::move(queries), std::move(answer));
  });
}

}  // namespace millwright::stewardship
