#include "stewardship/finding_watch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "ontology/provenance.hpp"

namespace millwright::stewardship {

using catalog::FindingRuleKind;
using historian::SeriesNumber;

namespace {

/// Rows of one series that are looked through at a time.
constexpr std::size_t history_rows_max = 1'000'000;

std::string_view metric_of(FindingRuleKind kind) {
  switch (kind) {
    case FindingRuleKind::rul_below:
      return "rul";
    case FindingRuleKind::health_below:
      return "health";
    case FindingRuleKind::anomaly_above:
      return "anomaly/score";
  }
  return "";
}

/// Hysteresis: it clears a tenth of the limit beyond it.
operations::EpisodeRule episode_of(const catalog::FindingRule& rule) {
  operations::EpisodeRule out;
  out.name = rule.name;
  out.side = rule.kind == FindingRuleKind::anomaly_above ? operations::Side::above
                                                         : operations::Side::below;
  out.open_at = rule.limit;
  out.clear_at =
      rule.limit + (out.side == operations::Side::above ? -0.1 : 0.1) * std::abs(rule.limit);
  out.open_after = out.clear_after = std::max(rule.scans, 1u);
  return out;
}

struct Verdict {
  Timestamp at;
  double value = 0;
  bool is_good = false;
  historian::ProvenanceNumber provenance = 0;
};

}  // namespace

class FindingWatch::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Office& office, historian::Historian& historian, engine::Executor& executor, Log& log)
      : office_(office), historian_(historian), executor_(executor), log_(log) {
    const auto declared = catalog::as_declared(office.resources());
    const catalog::Index index(declared);
    for (auto& [name, use_case] : office.use_cases()) {
      const auto assets = index.assets_of(use_case.assets);
      for (auto& rule : use_case.findings)
        rules_.push_back({std::move(rule), {assets.begin(), assets.end()}});
    }
    for (const auto& binding : catalog::signal_bindings(office.resources()))
      asset_of_device_[binding.address.text()] = binding.asset;
  }

  void start() {
    for (const auto& watched : rules_) {
      for (const auto* series : historian_.find(fmt::format("*/{}", metric_of(watched.rule.kind))))
        (void)find(series->number);
    }
  }

  void on_committed(const engine::SampleColumns& rows) {
    if (rules_.empty()) return;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Series* series = find(SeriesNumber(rows.series[i]));
      if (series == nullptr) continue;
      // Also while the history is read: a row that comes both ways counts once, by its time.
      series->waiting.push_back(
          {{rows.ts[i]},
           std::bit_cast<double>(rows.bits[i]),
           rows.column[i] == engine::ValueColumn::f64 && is_good(rows.quality[i]),
           rows.provenance[i]});
      due_ = true;
    }
    post_work();
  }

 private:
  struct Watched {
    catalog::FindingRule rule;
    std::set<std::string> assets;  ///< of its use case
  };
  struct Tracker {
    const Watched* watched = nullptr;
    operations::EpisodeTracker episodes;
    std::string model;  ///< of the episode under way
  };
  struct Series {
    const historian::SeriesDefinition* definition = nullptr;
    std::string asset;
    std::vector<Tracker> trackers;
    std::vector<Verdict> waiting;
    bool ready = false;
  };

  static bool is_good(std::uint16_t code) {
    ontology::Quality quality;
    quality.code = code;
    return quality.is_good();
  }

  void post_work() {
    if (!due_ || posted_) return;
    posted_ = true;
    executor_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->work();
    });
  }

  /// Null for a series that no rule watches.
  Series* find(SeriesNumber number) {
    const auto [it, is_new] = series_.try_emplace(number);
    if (!is_new) return it->second.get();
    const auto* definition = historian_.definition(number);
    if (definition == nullptr) return nullptr;
    auto made = std::make_unique<Series>();
    made->definition = definition;
    const auto device = asset_of_device_.find(definition->address.text());
    made->asset = device == asset_of_device_.end() ? definition->address.device : device->second;
    for (const Watched& watched : rules_) {
      if (definition->metric.name != metric_of(watched.rule.kind) ||
          !watched.assets.contains(made->asset)) {
        continue;
      }
      made->trackers.push_back(
          {&watched, operations::EpisodeTracker(episode_of(watched.rule)), {}});
    }
    if (made->trackers.empty()) return nullptr;
    it->second = std::move(made);
    read_history(number, Timestamp{INT64_MIN});
    return it->second.get();
  }

  void read_history(SeriesNumber number, Timestamp from) {
    historian::RangeQuery query;
    query.series = number;
    query.from = from;
    query.limit = history_rows_max;
    historian_.range(query, [weak = weak_from_this(), number](Result<historian::Range> range) {
      const auto self = weak.lock();
      if (!self) return;
      Series& series = *self->series_.at(number);
      if (!range) {
        self->log_.error("findings", "history of " + series.definition->text() +
                                         " is not looked through: " + range.error().text());
      } else {
        for (const auto& sample : range->samples) {
          const auto* value = std::get_if<double>(&sample.value);
          self->take(series, {sample.ts, value == nullptr ? 0 : *value,
                              value != nullptr && sample.quality.is_good(), sample.provenance});
        }
        if (range->truncated && !range->samples.empty())
          return self->read_history(number, range->samples.back().ts + Duration(1));
      }
      series.ready = true;
      self->due_ = true;
      self->post_work();
    });
  }

  void work() {
    posted_ = due_ = false;
    for (auto& [number, series] : series_) {
      if (!series || !series->ready || series->waiting.empty()) continue;
      std::ranges::stable_sort(series->waiting, {}, &Verdict::at);
      for (const Verdict& verdict : std::exchange(series->waiting, {})) take(*series, verdict);
    }
  }

  void take(Series& series, const Verdict& verdict) {
    const std::string model = name_of_model(verdict.provenance);
    for (Tracker& tracker : series.trackers) {
      const std::string& wanted = tracker.watched->rule.model;
      // A rule that names a model does not hear another one that speaks of the same asset.
      if (!wanted.empty() && !model.empty() && model != wanted) continue;
      const auto change = tracker.episodes.on_sample(verdict.at, verdict.value, verdict.is_good);
      if (!change) continue;
      if (change->kind == operations::EpisodeChange::Kind::opened)
        open(series, tracker, verdict, *change);
      else
        clear(series, tracker, *change);
    }
  }

  std::string model_of(historian::ProvenanceNumber number) const {
    const auto canonical = historian_.provenance(number);
    if (!canonical) return {};
    auto recipe = ontology::Recipe::parse(*canonical);
    return recipe ? recipe->model : std::string();
  }

  /// `turbofan-rul`; empty when none is known. Verdicts of a series have few recipes.
  const std::string& name_of_model(historian::ProvenanceNumber number) {
    const auto [it, is_new] = model_names_.try_emplace(number);
    if (is_new) {
      const std::string model = model_of(number);
      it->second = model.substr(0, model.find('@'));
    }
    return it->second;
  }

  void open(Series& series, Tracker& tracker, const Verdict& verdict,
            const operations::EpisodeChange& change) {
    const auto& rule = tracker.watched->rule;
    tracker.model = model_of(verdict.provenance);
    const bool below = rule.kind != FindingRuleKind::anomaly_above;
    const std::string reason =
        fmt::format("{} is {:.4g} {}, {} {:.4g} for {} scans", series.definition->metric.name,
                    change.score, series.definition->metric.unit,
                    below ? "at or below" : "at or above", rule.limit, std::max(rule.scans, 1u));
    const std::string query = fmt::format(
        "SELECT ts, value, quality FROM current WHERE series = {} AND ts <= TIMESTAMP '{}' ORDER "
        "BY ts DESC LIMIT {}",
        series.definition->number.value(), to_rfc3339(verdict.at), std::max(rule.scans, 1u));
    auto opened = office_.open_finding({series.asset, tracker.model, rule.name}, change, reason,
                                       query, rule.title, std::string(name_of(rule.severity)));
    if (!opened && opened.error().code() != Code::already_exists)
      log_.error("findings", opened.error().text());
  }

  void clear(Series& series, Tracker& tracker, const operations::EpisodeChange& change) {
    auto cleared =
        office_.clear_finding({series.asset, tracker.model, tracker.watched->rule.name}, change);
    if (!cleared && cleared.error().code() != Code::not_found)
      log_.error("findings", cleared.error().text());
  }

  Office& office_;
  historian::Historian& historian_;
  engine::Executor& executor_;
  Log& log_;
  std::vector<Watched> rules_;
  std::unordered_map<std::string, std::string> asset_of_device_;
  std::unordered_map<SeriesNumber, std::unique_ptr<Series>> series_;
  std::unordered_map<historian::ProvenanceNumber, std::string> model_names_;
  bool due_ = false, posted_ = false;
};

FindingWatch::FindingWatch(Office& office, historian::Historian& historian,
                           engine::Executor& executor, Log& log)
    : core_(std::make_shared<Core>(office, historian, executor, log)) {}

FindingWatch::~FindingWatch() = default;

void FindingWatch::start() {
  core_->start();
}

void FindingWatch::on_committed(const engine::SampleColumns& rows) {
  core_->on_committed(rows);
}

}  // namespace millwright::stewardship
