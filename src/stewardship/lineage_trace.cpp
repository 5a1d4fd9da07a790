// From a value to its recipe, and from there to the rows that a model or pipeline had.
#include "stewardship/lineage_trace.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/format.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Node;
using historian::Range;
using historian::RangeQuery;
using historian::StoredSample;

/// The metric that tier 2 adds to each derived device: sequence of the last input used
/// (fabric/gateway/tier_two.hpp).
constexpr std::string_view watermark_metric = "input/watermark";

std::uint64_t place_of(const StoredSample& row) {
  return row.sequence + row.index;
}

/// Every revision of one time.
RangeQuery at_time(const historian::SeriesDefinition& series, Timestamp at) {
  RangeQuery query;
  query.series = series.number;
  query.from = query.to = at;
  query.all_revisions = true;
  return query;
}

/// Of the same producer: the row nearest behind `row` in the producer's order, or before it.
const StoredSample* beside(const std::vector<StoredSample>& rows, const StoredSample& row,
                           bool behind) {
  const StoredSample* out = nullptr;
  for (const auto& other : rows) {
    if (other.producer != row.producer) continue;
    if (behind ? place_of(other) < place_of(row) : place_of(other) > place_of(row)) continue;
    const bool nearer = out == nullptr || (behind ? place_of(other) < place_of(*out)
                                                  : place_of(other) > place_of(*out));
    if (nearer) out = &other;
  }
  return out;
}

}  // namespace

void LineageTrace::fail_with(Error error) {
  auto reply = std::exchange(reply_, nullptr);
  if (reply) reply(std::unexpected(std::move(error)));
}

/// The newest series of that name, or the one with that number.
LineageTrace::Definition LineageTrace::resolve(std::string_view series) const {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(series.data(), series.data() + series.size(), number);
  if (code == std::errc{} && end == series.data() + series.size())
    return historian_.definition(historian::SeriesNumber(number));
  const auto& known = series_.find(series);
  for (auto it = known.rbegin(); it != known.rend(); ++it) {
    if (historian_.last((*it)->number)) return *it;
  }
  return known.empty() ? nullptr : known.back();
}

void LineageTrace::start(Read read) {
  read_ = std::move(read);
  definition_ = resolve(place_.series);
  if (definition_ == nullptr) {
    return fail_with({Code::not_found, fmt::format("there is no series '{}'", place_.series),
                      "give site/edge/device/metric, as 'SELECT * FROM series' lists them"});
  }
  const auto last = historian_.last(definition_->number);
  if (!last) {
    return fail_with(
        {Code::not_found, fmt::format("nothing is stored of series {}", definition_->text())});
  }
  if (!place_.at) place_.at = last->sample.ts;
  read_({at_time(*definition_, *place_.at)},
        [self = shared_from_this()](Result<std::vector<Range>> ranges) {
          if (!ranges) return self->fail_with(std::move(ranges.error()));
          self->choose(ranges->front());
        });
}

void LineageTrace::choose(const Range& rows) {
  revisions_ = rows.samples.size();
  const StoredSample* found = nullptr;
  for (const auto& row : rows.samples) {
    if (!place_.revision || row.revision == *place_.revision) found = &row;
  }
  if (found == nullptr) {
    const std::string revision =
        place_.revision ? fmt::format(" in revision {}", *place_.revision) : std::string();
    return fail_with({Code::not_found,
                      fmt::format("series {} has no value at {}{}", definition_->text(),
                                  to_rfc3339(*place_.at), revision),
                      "give the event time of a stored value, as a range lists them"});
  }
  sample_ = judged_ = *found;
  judged_metric_ = definition_->metric.name;
  judged_series_ = definition_;
  is_current_ = found == &rows.samples.back();
  recipe_ = recipe_of(sample_.provenance);
  if (!recipe_) problem("no recipe of this value is known");
  follow();
}

std::optional<ontology::Recipe> LineageTrace::recipe_of(historian::ProvenanceNumber number) const {
  const auto canonical = historian_.provenance(number);
  if (!canonical) return std::nullopt;
  auto recipe = ontology::Recipe::parse(*canonical);
  return recipe ? std::optional(std::move(*recipe)) : std::nullopt;
}

void LineageTrace::follow() {
  if (!recipe_ || recipe_->inputs.empty()) return finish();
  inputs_ = parse_inputs(recipe_->inputs);
  if (definition_->metric.name == watermark_metric) return finish();
  if (!inputs_.source.empty()) return follow_gateway();
  if (!recipe_->model.empty()) return follow_edge();
  follow_pipeline();
}

/// What a pipeline did without a model: to the metric itself, or to a window that its text alone
/// describes.
void LineageTrace::follow_pipeline() {
  const std::string device = definition_->address.text();
  const bool in_place =
      inputs_.names.size() == 1 && inputs_.names.front() == definition_->metric.name;
  if (!in_place) {
    for (const auto& name : inputs_.names) {
      if (series_.find(device + "/" + name).empty())
        problem(fmt::format("no series {}/{} is stored", device, name));
      else
        leaf_names_.push_back(device + "/" + name);
    }
    problem(fmt::format("which rows went into '{}' is not told by its recipe", recipe_->inputs));
    return finish();
  }
  const Definition raw = resolve(definition_->text() + "/raw");
  if (raw == nullptr) return finish();  // it is declared not to be kept
  leaf_names_.push_back(raw->text());
  read_({at_time(*raw, sample_.ts)}, [self = shared_from_this(),
                                      raw](Result<std::vector<Range>> ranges) {
    if (!ranges) return self->fail_with(std::move(ranges.error()));
    const auto* row = beside(ranges->front().samples, self->sample_, true);
    if (row != nullptr)
      self->sources_.emplace_back(raw, *row);
    else
      self->problem(fmt::format("no row of {} at {}", raw->text(), to_rfc3339(self->sample_.ts)));
    self->finish();
  });
}

void LineageTrace::load_bundle(const std::string& model) {
  const auto named = parse_versioned(model);
  const auto digest = named ? operations::parse_digest(named->digest) : Result<Digest>(Digest{});
  if (named && digest) {
    if (auto bytes = office_.artifact(*digest)) {
      if (auto bundle = models::decode_bundle(*bytes)) bundle_ = std::move(*bundle);
    }
  }
  if (bundle_) {
    longest_ = bundle_->features.longest_window();
    return;
  }
  problem(fmt::format("the bundle of model {} is not among the artifacts: nothing is recomputed",
                      model.empty() ? "(none)" : model));
}

bool LineageTrace::find_leaves(const std::vector<std::string>& names, const std::string& device) {
  for (const auto& name : names) {
    const auto& whole = series_.find(name);
    const auto& found = whole.empty() ? series_.find(device + "/" + name) : whole;
    if (found.empty()) {
      problem(fmt::format("no series {} is stored", name));
      continue;
    }
    leaf_names_.push_back(found.back()->text());
    leaves_.push_back(found);
  }
  if (!leaves_.empty() && bundle_ && bundle_->features.scope) {
    const auto& signal = bundle_->features.scope->signal;
    const auto of = leaves_.front().front()->address.text();
    states_ = series_.find(of + "/" + signal);
    if (states_.empty())
      problem(
          fmt::format("no series {}/{} is stored: when the window began is not known", of, signal));
  }
  if (leaves_.empty()) finish();
  return !leaves_.empty();
}

/// The states stand behind the inputs.
StretchStart LineageTrace::start_of(const std::vector<Range>& ranges) const {
  Rows rows;
  for (const auto& range : std::span(ranges).last(states_.size()))
    rows.insert(rows.end(), range.samples.begin(), range.samples.end());
  std::ranges::stable_sort(rows, {},
                           [](const auto& row) { return std::tuple(row.ts, row.revision); });
  return stretch_start(*bundle_->features.scope, rows, seen_, sample_.ts);
}

/// Whether what was read holds the window and what it carried: twice its length, or all of the
/// stretch.
bool LineageTrace::reaches_back(const std::vector<Range>& ranges) const {
  const std::vector<Rows> first{ranges.front().samples};
  const auto scans = scans_of(first, seen_, sample_.ts);
  const std::size_t wanted = std::size_t{2} * longest_;
  if (states_.empty()) return scans.size() >= wanted;
  const auto start = start_of(ranges);
  if (start.is_seen) return true;
  return scans.size() >= wanted && start.from && *start.from <= scans[scans.size() - wanted].at;
}

void LineageTrace::follow_edge() {
  seen_ = {sample_.producer, place_of(sample_), sample_.revision};
  load_bundle(recipe_->model);
  if (!bundle_)
    problem("the longest window is not known; the rows listed are those of the scan alone");
  if (find_leaves(inputs_.names, definition_->address.text())) read_window(0);
}

void LineageTrace::follow_gateway() {
  const std::string own = definition_->address.text();
  const bool has_life = definition_->metric.name.starts_with("health");
  const Definition watermark = resolve(fmt::format("{}/{}", own, watermark_metric));
  const Definition life = has_life ? resolve(own + "/rul") : nullptr;
  if (watermark == nullptr || (has_life && life == nullptr)) {
    problem(fmt::format("no series {}/{} is stored", own,
                        watermark == nullptr ? watermark_metric : "rul"));
    return finish();
  }
  std::vector<RangeQuery> queries{at_time(*watermark, sample_.ts)};
  std::vector<Definition> through;
  if (has_life) {
    queries.push_back(at_time(*life, sample_.ts));
    for (const auto& name : inputs_.names) {
      const auto& found = series_.find(name);
      if (found.empty()) continue;  // the life itself, or `sensors`: quality, not rows
      queries.push_back(at_time(*found.back(), sample_.ts));
      through.push_back(found.back());
    }
  }
  read_(std::move(queries),
        [self = shared_from_this(), has_life, through](Result<std::vector<Range>> ranges) {
          if (!ranges) return self->fail_with(std::move(ranges.error()));
          self->take_gateway_rows(std::move(*ranges), has_life, through);
        });
}

void LineageTrace::take_gateway_rows(std::vector<Range> ranges, bool has_life,
                                     std::vector<Definition> through) {
  seen_.revision_max = sample_.revision;
  const auto slash = inputs_.source.find('/');
  const historian::ProducerId source{
      inputs_.source.substr(0, slash),
      inputs_.source.substr(std::min(slash, inputs_.source.size() - 1) + 1)};
  const auto lines = historian_.ledger(source);
  const auto line =
      std::ranges::find(lines, inputs_.incarnation, &historian::LedgerLine::incarnation);
  const auto* mark = beside(ranges[0].samples, sample_, true);
  const auto* up_to = mark == nullptr ? nullptr : std::get_if<std::int64_t>(&mark->value);
  if (line == lines.end()) {
    problem(fmt::format("nothing is stored of {} incarnation {:016x}, which gave the inputs",
                        inputs_.source, inputs_.incarnation));
  } else if (up_to == nullptr) {
    problem(fmt::format("no {} stands beside the value: up to which input it goes is not known",
                        watermark_metric));
  } else {
    seen_.producer = line->number;
    seen_.up_to = static_cast<historian::Sequence>(*up_to);
  }
  std::optional<ontology::Recipe> of_life = recipe_;
  std::vector<std::string> names = inputs_.names;
  if (has_life) {
    const auto* life = beside(ranges[1].samples, sample_, false);
    if (life == nullptr) {
      problem("no remaining life stands beside the health");
      return finish();
    }
    const Definition definition = resolve(definition_->address.text() + "/rul");
    judged_ = *life;
    judged_metric_ = "rul";
    judged_series_ = definition;
    through_.emplace_back(definition, *life);
    of_life = recipe_of(life->provenance);
    names = of_life ? parse_inputs(of_life->inputs).names : std::vector<std::string>{};
    for (std::size_t i = 0; i < through.size(); ++i) {
      const StoredSample* row = nullptr;
      for (const auto& other : ranges[i + 2].samples) {
        if (seen_.has(other)) row = &other;
      }
      if (row != nullptr) through_.emplace_back(through[i], *row);
    }
  }
  if (!of_life || of_life->model.empty()) {
    problem("no model was in force: there is no verdict to explain");
    return finish();
  }
  load_bundle(of_life->model);
  if (!bundle_) longest_ = longest_window_in(of_life->inputs).value_or(1);
  if (find_leaves(names, inputs_.source)) read_window(0);
}

}  // namespace millwright::stewardship
