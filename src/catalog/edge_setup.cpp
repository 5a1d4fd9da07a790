#include "catalog/edge_setup.hpp"

#include <algorithm>
#include <tuple>

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "ontology/unit.hpp"

namespace millwright::catalog {
namespace {

bool is_number(ontology::DataType type) {
  const auto column = ontology::column_of(type);
  return column == ontology::Column::f64 || column == ontology::Column::i64;
}

Result<std::string> expand_variables(std::string_view text, const Variables& variables) {
  std::string out;
  while (true) {
    const auto open = text.find("${");
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return out += text;
    const auto name = text.substr(open + 2, close - open - 2);
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) {
      return fail(Code::invalid_input, fmt::format("no value for ${{{}}}", name),
                  name == "data" ? std::string("give the folder of recordings with --data")
                                 : fmt::format("give '{}' a value", name));
    }
    out += text.substr(0, open);
    out += found->second;
    text.remove_prefix(close + 1);
  }
}

std::string identity_of(const Declared& declared) {
  const auto& resource = declared.resource;
  return fmt::format("{}@{}:{}", resource.key.name, resource.generation,
                     digest_of(resource.spec).hex());
}

/// Limits in another unit; none when the units are not commensurable.
Limits in_unit(const Limits& limits, const std::string& from_code, const std::string& to_code) {
  if (from_code == to_code) return limits;
  const auto from = ontology::parse_unit(from_code), to = ontology::parse_unit(to_code);
  Limits out;
  out.stuck_after = limits.stuck_after;
  if (!from || !to || !commensurable(*from, *to)) return out;
  if (limits.low) out.low = *convert(*limits.low, *from, *to);
  if (limits.high) out.high = *convert(*limits.high, *from, *to);
  if (limits.rate_max) out.rate_max = *convert_difference(*limits.rate_max, *from, *to);
  return out;
}

/// A metric as it stands between two stages. Derived ones have no declared limits.
struct Flowing {
  std::string name;
  std::string unit;
  const MetricSetup* declared = nullptr;
};

/// Turns the stages of a pipeline into those of one device.
class StageResolver {
 public:
  StageResolver(const std::vector<MetricSetup>& metrics, const Index& index,
                const std::string& type)
      : index_(&index), type_(&type) {
    for (const auto& metric : metrics) {
      if (is_number(metric.spec.datatype)) {
        flowing_.push_back({metric.spec.name, metric.spec.unit, &metric});
      }
    }
  }

  void resolve(const std::vector<StageSpec>& stages, DeviceSetup& out) {
    for (const auto& stage : stages) {
      // Names that this device lacks are those of other devices of the pipeline.
      StageSpec own = stage;
      std::erase_if(own.metrics, [&](const std::string& name) { return find(name) == nullptr; });
      if (!stage.metrics.empty() && own.metrics.empty()) continue;
      if (const auto* score = std::get_if<ScoreStage>(&stage.parameters)) {
        resolve_score(*score);
      } else if (const auto* scale = std::get_if<ScaleStage>(&stage.parameters)) {
        for (auto& metric : flowing_) {
          if (!scale->unit.empty() && concerns(own, metric.name)) metric.unit = scale->unit;
        }
        out_.push_back(std::move(own));
      } else if (const auto* flag = std::get_if<FlagStage>(&stage.parameters)) {
        resolve_flag(own, *flag);
      } else if (const auto* aggregate = std::get_if<AggregateStage>(&stage.parameters)) {
        resolve_aggregate(own, *aggregate);
      } else {
        out_.push_back(std::move(own));
      }
    }
    out.stages = std::move(out_);
    out.scores = std::move(scores_);
  }

 private:
  const Flowing* find(std::string_view name) const {
    const auto found = std::ranges::find(flowing_, name, &Flowing::name);
    return found == flowing_.end() ? nullptr : &*found;
  }
  static bool concerns(const StageSpec& stage, std::string_view name) {
    return stage.metrics.empty() || std::ranges::find(stage.metrics, name) != stage.metrics.end();
  }

  /// Models for assets of another type are those of other devices of the pipeline.
  void resolve_score(const ScoreStage& score) {
    const auto found = index_->models.find(score.model);
    if (found == index_->models.end()) return;
    const auto& model = found->second.spec;
    if (model.tier != Tier::edge || !index_->is_a(*type_, model.asset_type)) return;
    scores_.push_back({out_.size(), score, model, identity_of(*found->second.declared)});
  }

  void resolve_flag(const StageSpec& stage, const FlagStage& flag) {
    if (!flag.declared) {
      out_.push_back(stage);
      return;
    }
    for (const auto& metric : flowing_) {
      if (!concerns(stage, metric.name)) continue;
      FlagStage own = flag;
      if (metric.declared != nullptr && !metric.declared->signal_unit.empty()) {
        const auto declared =
            in_unit(metric.declared->limits, metric.declared->signal_unit, metric.unit);
        if (!own.limits.low) own.limits.low = declared.low;
        if (!own.limits.high) own.limits.high = declared.high;
        if (!own.limits.rate_max) own.limits.rate_max = declared.rate_max;
        if (!own.limits.stuck_after) own.limits.stuck_after = declared.stuck_after;
      }
      if (own.limits != Limits{}) out_.push_back({{metric.name}, own});
    }
  }

  void resolve_aggregate(const StageSpec& stage, const AggregateStage& aggregate) {
    std::vector<std::pair<std::uint64_t, StageSpec>> groups;
    std::vector<Flowing> after;
    for (const auto& metric : flowing_) {
      const bool concerned = concerns(stage, metric.name);
      if (!concerned || aggregate.keep_input) after.push_back(metric);
      if (!concerned) continue;
      auto count = aggregate.count_expected;
      if (count == 0 && metric.declared != nullptr && metric.declared->period &&
          metric.declared->period->count() > 0) {
        count = static_cast<std::uint64_t>(aggregate.window / *metric.declared->period);
      }
      auto group = std::ranges::find(groups, count, [](const auto& g) { return g.first; });
      if (group == groups.end()) {
        AggregateStage own = aggregate;
        own.count_expected = count;
        groups.emplace_back(count, StageSpec{{}, own});
        group = groups.end() - 1;
      }
      group->second.metrics.push_back(metric.name);
    }
    for (auto& [count, own] : groups) {
      for (const auto& name : own.metrics) {
        for (const auto function : aggregate.functions) {
          static constexpr std::string_view names[] = {"mean", "min", "max", "count", "stddev"};
          after.push_back({fmt::format("{}/{}_{}", name, names[static_cast<std::size_t>(function)],
                                       to_text(aggregate.window)),
                           find(name)->unit, nullptr});
        }
      }
      out_.push_back(std::move(own));
    }
    flowing_ = std::move(after);
  }

  std::vector<Flowing> flowing_;
  std::vector<StageSpec> out_;
  std::vector<ScoreSetup> scores_;
  const Index* index_;
  const std::string* type_;
};

using BindingKey = std::tuple<std::string, std::string>;  // device, metric

/// Of several bindings in time the one that began last.
std::map<BindingKey, SignalBinding> bindings_of_edge(const Index& index, std::string_view site,
                                                     std::string_view edge) {
  std::map<BindingKey, SignalBinding> out;
  for (auto& binding : index.bindings()) {
    if (binding.address.site != site || binding.address.edge != edge) continue;
    auto& place = out[{binding.address.device, binding.metric.name}];
    if (place.asset.empty() || place.from <= binding.from) place = std::move(binding);
  }
  return out;
}

DeviceSetup device_setup(const Entry<DeviceSpec>& device, const Instance& instance,
                         const std::map<BindingKey, SignalBinding>& bindings,
                         const std::vector<PipelineSetup>& pipelines, const Index& index) {
  DeviceSetup out;
  out.id = instance.name;
  out.key = instance.key;
  out.asset = fill_key(device.spec.asset, instance.key);
  for (std::size_t i = 0; i < pipelines.size() && !out.pipeline; ++i) {
    if (index.matches(pipelines[i].spec, device, instance.name)) out.pipeline = i;
  }
  const bool all_raw = out.pipeline && pipelines[*out.pipeline].spec.raw_kept;
  for (const auto& metric : device.spec.metrics) {
    MetricSetup setup;
    setup.spec = metric;
    setup.raw_kept = all_raw;
    if (const auto found = bindings.find({instance.name, metric.name}); found != bindings.end()) {
      const auto& signal = found->second.signal;
      setup.signal_unit = signal.unit;
      setup.limits = signal.limits;
      setup.period = signal.period;
      setup.raw_kept = all_raw || signal.raw_kept.value_or(false);
    }
    out.metrics.push_back(std::move(setup));
  }
  if (out.pipeline) {
    const auto* asset = index.asset(out.asset);
    const std::string type = asset != nullptr ? asset->type : std::string();
    StageResolver(out.metrics, index, type).resolve(pipelines[*out.pipeline].spec.stages, out);
  }
  return out;
}

}  // namespace

Result<EdgeSetup> edge_setup(const std::vector<Resource>& resources, std::string_view site,
                             std::string_view edge, const Variables& variables) {
  const auto declared = as_declared(resources);
  const Index index(declared);
  const auto found = index.sites.find(site);
  if (found == index.sites.end()) {
    return fail(Code::not_found, fmt::format("no site '{}' is declared", site),
                "apply a Site of that name");
  }
  if (std::ranges::find(found->second.spec.edges, edge) == found->second.spec.edges.end()) {
    return fail(Code::not_found, fmt::format("site '{}' has no edge '{}'", site, edge),
                "add it to spec.edges of the site");
  }
  EdgeSetup out;
  out.site = site;
  out.edge = edge;
  for (const auto& pipeline : index.pipelines) {
    if (pipeline.spec.site != site || pipeline.spec.edge != edge) continue;
    out.pipelines.push_back({pipeline.spec, identity_of(*pipeline.declared)});
  }
  const auto bindings = bindings_of_edge(index, site, edge);
  for (const auto& device : index.devices) {
    if (device.spec.site != site || device.spec.edge != edge) continue;
    SourceSetup source;
    source.resource = device.spec.resource;
    source.driver = device.spec.driver;
    if (auto* replay = std::get_if<ReplayDriver>(&source.driver)) {
      auto path = expand_variables(replay->file.path, variables);
      if (!path) return pass(std::move(path), fmt::format("device '{}'", device.spec.resource));
      replay->file.path = std::move(*path);
    }
    for (const auto& instance : instances_of(device.spec.resource, device.spec.each)) {
      source.devices.push_back(device_setup(device, instance, bindings, out.pipelines, index));
    }
    out.sources.push_back(std::move(source));
  }
  return out;
}

Result<std::vector<GatewayScore>> gateway_scores(const std::vector<Resource>& resources,
                                                 std::string_view site) {
  const auto declared = as_declared(resources);
  const Index index(declared);
  if (!index.sites.contains(site)) {
    return fail(Code::not_found, fmt::format("no site '{}' is declared", site),
                "apply a Site of that name");
  }
  std::vector<GatewayScore> out;
  for (const auto& instance : index.device_instances) {
    const auto& device = index.devices[instance.entry];
    const auto name = fill_key(device.spec.asset, instance.key);
    const auto* asset = index.asset(name);
    if (device.spec.site != site || asset == nullptr) continue;
    const auto pipeline = std::ranges::find_if(index.pipelines, [&](const auto& candidate) {
      return index.matches(candidate.spec, device, instance.name);
    });
    if (pipeline == index.pipelines.end()) continue;
    for (const auto& stage : pipeline->spec.stages) {
      const auto* score = std::get_if<ScoreStage>(&stage.parameters);
      const auto model = score != nullptr ? index.models.find(score->model) : index.models.end();
      if (model == index.models.end() || model->second.spec.tier != Tier::gateway) continue;
      if (!index.is_a(asset->type, model->second.spec.asset_type)) continue;
      out.push_back({device.spec.edge, instance.name, name, model->second.spec,
                     identity_of(*model->second.declared)});
    }
  }
  return out;
}

}  // namespace millwright::catalog
