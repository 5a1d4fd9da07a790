// Training: rows of the query into records, records into features, features into a bundle.
#include "stewardship/training_job.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "base/format.hpp"
#include "ontology/unit.hpp"
#include "stewardship/stretches.hpp"

namespace millwright::stewardship {
namespace {

using models::FeatureMatrix;
using models::Record;
using Row = std::vector<engine::Cell>;

std::optional<double> number_of(const engine::Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&cell)) return static_cast<double>(*number);
  return std::nullopt;
}

/// A whole number, which clients that keep numbers exact may have as text.
std::optional<std::int64_t> integer_of(const engine::Cell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(&cell)) {
    if (*number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(*number);
  }
  if (const auto* text = std::get_if<std::string>(&cell)) {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (code == std::errc{} && end == text->data() + text->size()) return value;
  }
  return std::nullopt;
}

models::WindowFunction function_of(catalog::Feature feature) {
  switch (feature) {
    case catalog::Feature::last:
      return models::WindowFunction::last;
    case catalog::Feature::mean:
      return models::WindowFunction::mean;
    case catalog::Feature::slope:
      return models::WindowFunction::slope;
    case catalog::Feature::standard_deviation:
      return models::WindowFunction::deviation;
    case catalog::Feature::least:
      return models::WindowFunction::min;
    case catalog::Feature::greatest:
      return models::WindowFunction::max;
  }
  return models::WindowFunction::last;
}

models::FeatureSpec features_of(const catalog::ModelSpec& spec) {
  models::FeatureSpec out;
  out.inputs = spec.inputs;
  out.windows = spec.features.windows;
  for (const auto feature : spec.features.functions) out.functions.push_back(function_of(feature));
  out.add_age = spec.features.age;
  out.scope = spec.scope;
  return out;
}

std::unexpected<Error> no_rows(const catalog::ModelSpec& spec, const TrainingSource& source,
                               std::string_view revision) {
  return fail(Code::not_found,
              fmt::format("the training query of model '{}' gives no rows{}: nothing is stored of "
                          "the {} devices with {}",
                          spec.resource, revision, source.devices.size(), source.labels),
              "let their records arrive at the hub first (millwright watch shows what is there), "
              "or change training.labels of the Model");
}

Result<std::uint64_t> newest_revision(const catalog::ModelSpec& spec, const TrainingSource& source,
                                      const QueryFn& query) {
  auto table = query(source.revision_sql());
  if (!table) return pass(std::move(table), "asking for the newest revision");
  if (table->rows.empty() || table->rows.front().empty()) return no_rows(spec, source, "");
  const auto revision = integer_of(table->rows.front().front());
  if (!revision) return no_rows(spec, source, "");
  return static_cast<std::uint64_t>(*revision);
}

/// What the rows of the query are to training.
struct Learnt {
  std::vector<Record> records;      ///< in the order of the devices
  std::vector<std::string> silent;  ///< devices without rows
  std::size_t groups = 0;           ///< devices that have a record
  StretchCounts stretches;          ///< with a scope
};

/// The rows of each device, by its number.
Result<std::vector<std::vector<const Row*>>> rows_by_device(const engine::Table& table,
                                                            const TrainingSource& source,
                                                            std::size_t width) {
  std::map<std::string, std::size_t, std::less<>> numbers;
  for (std::size_t i = 0; i < source.devices.size(); ++i) numbers[source.devices[i].text()] = i;
  std::vector<std::vector<const Row*>> out(source.devices.size());
  for (const auto& row : table.rows) {
    const auto* name = row.empty() ? nullptr : std::get_if<std::string>(row.data());
    const auto number = name == nullptr ? numbers.end() : numbers.find(*name);
    if (row.size() != width || number == numbers.end() || !integer_of(row[1]))
      return fail(Code::internal, "the training query answered with rows that were not asked for");
    out[number->second].push_back(&row);
  }
  return out;
}

void read_values(const Row& row, const TrainingSource::Device& device, std::vector<double>& out) {
  for (std::size_t i = 0; i < device.columns.size(); ++i) {
    const auto& column = device.columns[i];
    const auto value = number_of(row[i + 2]);
    // A missing value is one that the window carries over, as in serving.
    out.push_back(value ? *value * column.factor + column.offset
                        : std::numeric_limits<double>::quiet_NaN());
  }
}

/// What is stored of one device, cut into stretches.
std::vector<Stretch> stretches_of(const std::vector<const Row*>& rows,
                                  const TrainingSource::Device& device,
                                  const ontology::StateScope& scope, std::uint32_t group) {
  StretchCutter cutter(scope, group);
  std::vector<double> values;
  for (const Row* row : rows) {
    const auto* state = std::get_if<std::string>(&(*row)[row->size() - 2]);
    values.clear();
    read_values(*row, device, values);
    cutter.add({.at = {*integer_of((*row)[1])},
                .state = state ? std::optional<std::string_view>(*state) : std::nullopt,
                .counts = integer_of(row->back()).value_or(0) > 0,
                .values = values});
  }
  return cutter.finish();
}

std::unexpected<Error> no_stretches(const catalog::ModelSpec& spec, const TrainingSource& source,
                                    const StretchCounts& counts) {
  const std::string why =
      counts.left_out() == 0
          ? fmt::format("no scan of the {} devices with {} lies in one", source.devices.size(),
                        source.labels)
          : fmt::format("of {} that the {} devices with {} have, {}", counts.left_out(),
                        source.devices.size(), source.labels, counts.left_out_text(spec));
  return fail(Code::not_found,
              fmt::format("model '{}' has no stretch while {} to learn from: {}", spec.resource,
                          spec.scope->text(), why),
              "let the machines go on until whole stretches are stored, or change while, "
              "target.becomes or training.labels of the Model");
}

/// The group of a record is the number of its device, from 1.
Result<Learnt> learn_from(const catalog::ModelSpec& spec, const engine::Table& table,
                          const TrainingSource& source) {
  const std::size_t width = spec.inputs.size() + (spec.scope ? 4 : 2);
  auto rows = rows_by_device(table, source, width);
  if (!rows) return pass(std::move(rows));
  Learnt out;
  for (std::size_t i = 0; i < source.devices.size(); ++i) {
    const auto& device = source.devices[i];
    const auto& stored = (*rows)[i];
    const auto group = static_cast<std::uint32_t>(i + 1);
    const std::size_t before = out.records.size();
    if (stored.empty()) {
      out.silent.push_back(device.text());
    } else if (spec.scope) {
      const auto counts =
          take_usable(spec, stretches_of(stored, device, *spec.scope, group), out.records);
      out.stretches.used += counts.used;
      out.stretches.unseen += counts.unseen;
      out.stretches.other_end += counts.other_end;
    } else {
      Record& record = out.records.emplace_back();
      record.group = group;
      for (const Row* row : stored) {
        record.at.push_back({*integer_of((*row)[1])});
        read_values(*row, device, record.values);
      }
    }
    out.groups += out.records.size() > before ? 1 : 0;
  }
  if (out.records.empty()) return no_stretches(spec, source, out.stretches);
  return out;
}

/// Time to the end of its record of each row, in the unit of the target; the greatest of them.
Result<double> set_remaining_life(FeatureMatrix& matrix, const std::vector<Record>& records,
                                  const catalog::RemainingLife& target) {
  const auto unit = ontology::parse_unit(target.unit);
  if (!unit) return std::unexpected(unit.error());
  double greatest = 0;
  matrix.target.assign(matrix.rows(), 0);
  for (std::size_t first = 0; first < matrix.rows();) {
    const Record& record = records[matrix.record[first]];
    std::size_t end = first;
    while (end < matrix.rows() && matrix.record[end] == matrix.record[first]) ++end;
    // The window gives one row a scan, from the first scan that had every input.
    const std::size_t skipped = record.at.size() - (end - first);
    for (std::size_t i = first; i < end; ++i) {
      const Duration left = record.at.back() - record.at[skipped + i - first];
      double life = static_cast<double>(left.count()) / 1e6 / unit->factor;
      if (target.clip) life = std::min(life, *target.clip);
      greatest = std::max(greatest, life);
      matrix.target[i] = static_cast<float>(life);
    }
    first = end;
  }
  return target.clip ? *target.clip : greatest;
}

/// Each axis that the declaration names multiplies the grid; the others stay as by default.
template <typename T, typename Set>
void multiply(std::vector<models::TreeParameters>& grid, const std::vector<T>& values,
              const Set& set) {
  if (values.empty()) return;
  std::vector<models::TreeParameters> out;
  for (const auto& parameters : grid) {
    for (const T& value : values) {
      out.push_back(parameters);
      set(out.back(), value);
    }
  }
  // Two defaults that differ on this axis alone become equal: each is tried once.
  std::vector<models::TreeParameters> once;
  for (auto& parameters : out) {
    if (std::ranges::find(once, parameters) == once.end()) once.push_back(parameters);
  }
  grid = std::move(once);
}

models::TrainingOptions options_of(const catalog::ModelSpec& spec, double target_max) {
  const auto& grid = spec.training.grid;
  using models::TreeParameters;
  models::TrainingOptions out;
  out.target_max = target_max;
  out.folds = spec.training.folds;
  out.seed = spec.training.seed;
  out.grid = models::default_grid(spec.training.seed);
  multiply(out.grid, grid.depth, [](TreeParameters& p, std::uint32_t v) { p.depth = v; });
  multiply(out.grid, grid.eta, [](TreeParameters& p, double v) { p.eta = v; });
  multiply(out.grid, grid.subsample, [](TreeParameters& p, double v) { p.subsample = v; });
  multiply(out.grid, grid.columns, [](TreeParameters& p, double v) { p.colsample = v; });
  multiply(out.grid, grid.min_child_weight,
           [](TreeParameters& p, double v) { p.min_child_weight = v; });
  out.rounds = grid.rounds;
  std::ranges::sort(out.rounds);
  return out;
}

models::Bundle bundle_of(const catalog::ModelSpec& spec, const TrainingSource& source,
                         const TrainingRequest& request, const TrainedBundle& pinned) {
  models::Bundle out;
  out.name = spec.resource;
  out.version = request.version;
  out.features = features_of(spec);
  out.units = source.units;
  out.intended_use = spec.title;
  out.training.at = {static_cast<std::int64_t>(pinned.as_of) * 1000};  // of the revision
  out.training.seed = spec.training.seed;
  out.training.trained_by = request.trained_by;
  out.training.query = pinned.query;
  out.training.as_of = pinned.as_of;
  return out;
}

void describe_data(models::Bundle& bundle, const catalog::ModelSpec& spec,
                   const TrainingSource& source, const FeatureMatrix& matrix,
                   const Learnt& learnt) {
  bundle.training.data = matrix.digest();
  bundle.training.rows = matrix.rows();
  bundle.training.groups = learnt.groups;
  bundle.limits = fmt::format(
      "Learnt from {} devices with {}; what they did not show, the model does not know.",
      learnt.groups, source.labels);
  if (!spec.scope) return;
  const StretchCounts& counts = learnt.stretches;
  const auto left_out =
      counts.left_out() == 0
          ? std::string("none was left out")
          : fmt::format("{} more were left out: {}", counts.left_out(), counts.left_out_text(spec));
  bundle.limits += fmt::format(" It judges only while {}, and saw {} such stretches; {}.",
                               spec.scope->text(), counts.used, left_out);
}

/// Beside what the fit measured.
void count_stretches(models::Bundle& bundle, const StretchCounts& counts) {
  bundle.training.metrics["stretches"] = static_cast<double>(counts.used);
  bundle.training.metrics["stretches_left_out"] = static_cast<double>(counts.left_out());
}

Result<void> fit_trees(const catalog::ModelSpec& spec, FeatureMatrix& matrix, double target_max,
                       const TrainingPorts& ports, const models::ReportProgress& progress,
                       TrainedBundle& out) {
  auto trained =
      models::train(matrix, options_of(spec, target_max), ports.trainer, ports.for_each, progress);
  if (!trained) return pass(std::move(trained), "training " + spec.resource);
  models::Bundle& bundle = out.bundle;
  bundle.kind = models::ModelKind::rul;
  bundle.target = "remaining life";
  bundle.target_unit = spec.target->unit;
  bundle.target_max = target_max;
  bundle.training.parameters = trained->parameters.node();
  bundle.training.metrics = {{"cv_rmse", trained->cv_rmse}, {"cv_bias", trained->cv_bias}};
  bundle.intervals = std::move(trained->intervals);
  bundle.trees = std::move(trained->trees);
  bundle.onnx = ports.onnx(*bundle.trees, spec.resource);
  out.candidates = std::move(trained->candidates);
  return {};
}

Result<void> fit_monitor(const catalog::ModelSpec& spec, const FeatureMatrix& matrix,
                         const models::ReportProgress& progress, TrainedBundle& out) {
  const auto rows = models::healthy_rows(
      matrix, {.share = 1, .rows_max = spec.training.healthy_scans.value_or(1000)});
  auto monitor =
      models::fit_pca(matrix, rows, {.variance_share = spec.variance, .alpha = spec.alpha});
  if (!monitor) return pass(std::move(monitor), "fitting " + spec.resource);
  out.bundle.kind = models::ModelKind::pca;
  out.bundle.training.metrics = {{"healthy_rows", static_cast<double>(rows.size())}};
  out.bundle.pca = std::move(*monitor);
  if (progress) progress({1, 1, "fit"});
  return {};
}

}  // namespace

Result<TrainedBundle> train_model(const catalog::ModelSpec& spec,
                                  const std::vector<catalog::Resource>& resources,
                                  const QueryFn& query, const TrainingPorts& ports,
                                  const TrainingRequest& request,
                                  const models::ReportProgress& progress) {
  auto source = training_source(spec, resources);
  if (!source) return pass(std::move(source));
  const bool is_trees = spec.algorithm == catalog::Algorithm::gradient_boosting;
  if (is_trees && !spec.target)
    return fail(Code::invalid_input, fmt::format("model '{}' has no target", spec.resource));
  auto revision =
      request.as_of ? Result<std::uint64_t>(*request.as_of) : newest_revision(spec, *source, query);
  if (!revision) return pass(std::move(revision));
  TrainedBundle out;
  out.as_of = *revision;
  out.query = source->sql(spec, *revision);
  auto table = query(out.query);
  if (!table) return pass(std::move(table), "training query");
  if (table->truncated) {
    return fail(Code::exhausted,
                fmt::format("the training query of model '{}' gives more rows than the hub answers",
                            spec.resource),
                "train on fewer devices: change training.labels of the Model");
  }
  if (table->rows.empty()) return no_rows(spec, *source, fmt::format(" as of {}", *revision));
  auto learnt = learn_from(spec, *table, *source);
  if (!learnt) return pass(std::move(learnt));
  out.silent = learnt->silent;
  auto matrix = models::matrix_of(features_of(spec), learnt->records);
  if (!matrix) return pass(std::move(matrix), "features of " + spec.resource);
  double target_max = 0;
  if (is_trees) {
    auto greatest = set_remaining_life(*matrix, learnt->records, *spec.target);
    if (!greatest) return pass(std::move(greatest), "target of " + spec.resource);
    target_max = *greatest;
  }
  out.bundle = bundle_of(spec, *source, request, out);
  describe_data(out.bundle, spec, *source, *matrix, *learnt);
  auto fitted = is_trees ? fit_trees(spec, *matrix, target_max, ports, progress, out)
                         : fit_monitor(spec, *matrix, progress, out);
  if (!fitted) return pass(std::move(fitted));
  if (spec.scope) count_stretches(out.bundle, learnt->stretches);
  if (auto problems = out.bundle.problems(); !problems.empty()) {
    return std::unexpected(Error(Code::invalid_input, "what was trained cannot be a bundle")
                               .with_problems(std::move(problems)));
  }
  out.bytes = models::encode(out.bundle);
  out.digest = models::bundle_digest(out.bytes);
  return out;
}

}  // namespace millwright::stewardship
