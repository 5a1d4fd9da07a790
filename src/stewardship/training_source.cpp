// Which devices and metrics a model is trained on, and the query that reads them.
#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "ontology/unit.hpp"
#include "stewardship/training_job.hpp"

namespace millwright::stewardship {
namespace {

using Column = TrainingSource::Column;
using Device = TrainingSource::Device;

constexpr std::size_t problems_max = 20;

std::string in_quotes(std::string_view text, char quote = '\'') {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

/// `(site = 's' AND edge = 'e' AND device IN ('a', 'b'))` for each site and edge.
std::string device_clause(const std::vector<const Device*>& devices) {
  std::map<std::pair<std::string, std::string>, std::string> by_edge;
  for (const Device* device : devices) {
    std::string& list = by_edge[{device->site, device->edge}];
    list += (list.empty() ? "" : ", ") + in_quotes(device->device);
  }
  std::string out;
  for (const auto& [edge, list] : by_edge) {
    out += fmt::format("{}(site = {} AND edge = {} AND device IN ({}))", out.empty() ? "" : " OR ",
                       in_quotes(edge.first), in_quotes(edge.second), list);
  }
  return by_edge.size() > 1 ? "(" + out + ")" : out;
}

std::vector<const Device*> all_of(const std::vector<Device>& devices) {
  std::vector<const Device*> out;
  out.reserve(devices.size());
  for (const Device& device : devices) out.push_back(&device);
  return out;
}

/// The condition under which a row is of the metric that `metric_of` names for its device.
template <typename MetricOf>
std::string metric_clause(const TrainingSource& source, const MetricOf& metric_of) {
  std::map<std::string, std::vector<const Device*>> by_metric;
  for (const Device& device : source.devices) by_metric[metric_of(device)].push_back(&device);
  if (by_metric.size() == 1) return "metric = " + in_quotes(by_metric.begin()->first);
  std::string out;
  for (const auto& [metric, devices] : by_metric) {
    out += fmt::format("{}metric = {} AND {}", out.empty() ? "" : " OR ", in_quotes(metric),
                       device_clause(devices));
  }
  return "(" + out + ")";
}

/// The offered metrics of one device: what the input is called, its unit, its metric.
struct Offered {
  std::string signal;
  catalog::MetricSpec metric;
};

std::optional<Problem> convert(const Offered& offered, const std::string& input,
                               const std::string& unit, const std::string& device, Column& out) {
  const std::string& given = offered.metric.unit.empty() ? unit : offered.metric.unit;
  const auto from = ontology::parse_unit(given), to = ontology::parse_unit(unit);
  if (!from || !to || !ontology::commensurable(*from, *to)) {
    return Problem{{"", 0, 0, device + "/" + offered.metric.name},
                   fmt::format("input '{}' is in '{}'", input, given),
                   fmt::format("a unit that converts to '{}'", unit),
                   "",
                   "correct the unit of the metric, or train on other devices"};
  }
  out = {offered.metric.name, from->factor / to->factor, (from->offset - to->offset) / to->factor};
  if (given == unit) out = {offered.metric.name, 1, 0};
  return std::nullopt;
}

void add_columns(const catalog::ModelSpec& spec, const TrainingSource& source,
                 const std::vector<Offered>& offered, Device& device,
                 std::vector<Problem>& problems) {
  std::vector<std::string_view> names;
  for (const Offered& one : offered) names.push_back(one.signal);
  for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
    const auto found = std::ranges::find(offered, spec.inputs[i], &Offered::signal);
    Column column;
    std::optional<Problem> problem;
    if (found == offered.end()) {
      problem = Problem{{"", 0, 0, device.text()},
                        fmt::format("input '{}' is not there", spec.inputs[i]),
                        fmt::format("a metric in '{}'", source.units[i]),
                        std::string(nearest_name(spec.inputs[i], names)),
                        "bind a metric to this signal, or train on other devices"};
    } else {
      problem = convert(*found, spec.inputs[i], source.units[i], device.text(), column);
    }
    if (problem && problems.size() < problems_max) problems.push_back(std::move(*problem));
    device.columns.push_back(std::move(column));
  }
}

/// The metric that tells the state of a device, which the scope of the model asks.
void add_state(const ontology::StateScope& scope, const std::vector<Offered>& offered,
               Device& device, std::vector<Problem>& problems) {
  const auto is_text = [](const Offered& one) {
    return ontology::column_of(one.metric.datatype) == ontology::Column::text;
  };
  std::vector<std::string_view> names;
  for (const Offered& one : offered) {
    if (is_text(one)) names.push_back(one.signal);
    if (one.signal == scope.signal && is_text(one)) device.state = one.metric.name;
  }
  if (!device.state.empty() || problems.size() >= problems_max) return;
  problems.push_back({{"", 0, 0, device.text()},
                      fmt::format("the state '{}' is not there as a text", scope.signal),
                      "a metric of datatype string",
                      std::string(nearest_name(scope.signal, names)),
                      "bind a metric to this signal, or train on other devices"});
}

std::string labels_text(const catalog::ModelSpec& spec) {
  std::string out;
  for (const auto& [name, value] : spec.training.labels)
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, value);
  return out;
}

bool is_training(const catalog::ModelSpec& spec, const catalog::Index& index,
                 const catalog::Expanded& instance) {
  const auto& entry = index.devices[instance.entry];
  const auto& labels = entry.declared->resource.labels;
  for (const auto& [name, value] : spec.training.labels) {
    const auto found = labels.find(name);
    if (found == labels.end() || found->second != value) return false;
  }
  const auto* asset = index.asset(catalog::fill_key(entry.spec.asset, instance.key));
  return asset != nullptr && index.is_a(asset->type, spec.asset_type);
}

}  // namespace

Result<TrainingSource> training_source(const catalog::ModelSpec& spec,
                                       const std::vector<catalog::Resource>& resources) {
  const auto declared = catalog::as_declared(resources);
  const catalog::Index index(declared);
  std::map<std::string, std::vector<Offered>> offered;
  for (const auto& binding : index.bindings())
    offered[binding.address.text()].push_back({binding.signal.name, binding.metric});
  TrainingSource out;
  out.labels = labels_text(spec);
  const auto signals = index.signals_of_type(spec.asset_type);
  for (const std::string& input : spec.inputs) {
    const auto signal = std::ranges::find(signals, input, &catalog::SignalSpec::name);
    const bool has_unit = signal != signals.end() && !signal->unit.empty();
    out.units.push_back(has_unit ? signal->unit : "1");
  }
  std::vector<Problem> problems;
  for (const auto& instance : index.device_instances) {
    if (!is_training(spec, index, instance)) continue;
    const auto& device = index.devices[instance.entry].spec;
    Device made{device.site, device.edge, instance.name, {}};
    add_columns(spec, out, offered[made.text()], made, problems);
    if (spec.scope) add_state(*spec.scope, offered[made.text()], made, problems);
    out.devices.push_back(std::move(made));
  }
  if (out.devices.empty()) {
    return fail(
        Code::invalid_input,
        fmt::format("no Device of a '{}' carries the labels {} that model '{}' is trained "
                    "on",
                    spec.asset_type, out.labels, spec.resource),
        "label the Device resources of the records to learn from, or change training.labels "
        "of the Model");
  }
  if (!problems.empty()) {
    return std::unexpected(
        Error(Code::refused, fmt::format("the features of model '{}' do not match the devices that "
                                         "it is trained on",
                                         spec.resource))
            .with_problems(std::move(problems)));
  }
  std::ranges::sort(out.devices, {}, &Device::text);
  return out;
}

std::string TrainingSource::sql(const catalog::ModelSpec& spec, std::uint64_t as_of) const {
  std::string columns;
  std::set<std::string> metrics;
  for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
    columns += fmt::format(
        ",\n  max(CASE WHEN {} AND quality_code < 32768 THEN value END) AS {}",  // below: not bad
        metric_clause(*this, [i](const Device& device) { return device.columns[i].metric; }),
        in_quotes(spec.inputs[i], '"'));
    for (const Device& device : devices) metrics.insert(in_quotes(device.columns[i].metric));
  }
  if (spec.scope) {
    const auto state = metric_clause(*this, [](const Device& device) { return device.state; });
    columns += fmt::format(
        ",\n  max(CASE WHEN {0} THEN CASE WHEN quality_code < 32768 THEN coalesce(\"text\", '') "
        "ELSE '' END END) AS {1},\n  count(CASE WHEN NOT ({0}) THEN 1 END) AS input_rows",
        state, in_quotes(spec.scope->signal, '"'));
    for (const Device& device : devices) metrics.insert(in_quotes(device.state));
  }
  // The rows of `current` as it was at that revision: the greatest revision of each time.
  return fmt::format(
      "SELECT site || '/' || edge || '/' || device AS device, epoch_us(ts) AS ts_us{}\n"
      "FROM (SELECT * FROM samples WHERE revision <= {} AND {} AND metric IN ({})\n"
      "  QUALIFY row_number() OVER (PARTITION BY series, ts ORDER BY revision DESC, "
      "producer_number DESC, sequence + \"index\" DESC) = 1)\n"
      "GROUP BY 1, 2 ORDER BY 1, 2",
      columns, as_of, device_clause(all_of(devices)), fmt::join(metrics, ", "));
}

std::string TrainingSource::revision_sql() const {
  return fmt::format("SELECT max(revision) AS revision FROM samples WHERE {}",
                     device_clause(all_of(devices)));
}

Result<catalog::ModelSpec> find_model_spec(std::string_view name,
                                           const std::vector<catalog::Resource>& resources) {
  std::vector<std::string_view> names;
  for (const auto& resource : resources) {
    if (resource.key.kind != catalog::Kind::model || resource.deleted) continue;
    if (resource.key.name == name) return catalog::parse_model_spec(name, resource.spec);
    names.push_back(resource.key.name);
  }
  const auto nearest = nearest_name(name, names);
  return fail(Code::not_found, fmt::format("no Model resource '{}' is declared", name),
              !nearest.empty() ? fmt::format("did you mean '{}'?", nearest)
              : names.empty()  ? std::string("no Model is declared at all: name its files with -f")
                               : fmt::format("declared are {}", fmt::join(names, ", ")));
}

}  // namespace millwright::stewardship
