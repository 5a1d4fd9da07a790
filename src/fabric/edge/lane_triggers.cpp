// Triggers of a source lane: names to slots, verdicts to commands, decisions to samples.
#include <algorithm>

#include "base/format.hpp"
#include "fabric/edge/source_lane.hpp"
#include "ontology/provenance.hpp"

namespace millwright::edge {

using ontology::DataType;
using ontology::Row;

namespace {

std::optional<double> number_in(const Row& row, bool is_integer) {
  if (row.is_null) return std::nullopt;
  return is_integer ? static_cast<double>(row.i64()) : row.f64();
}

}  // namespace

Result<void> EdgeCore::SourceLane::open_trigger(TriggerSpec spec) {
  if (auto done = Trigger::check(spec); !done) return done;
  const auto device = std::ranges::find_if(
      outputs_, [&](const auto& schema) { return schema.address.device == spec.device; });
  if (device == outputs_.end())
    return fail(Code::invalid_input, fmt::format("trigger {}: source {} has no device '{}'",
                                                 spec.name, name_, spec.device));
  auto& metrics = device->metrics;
  const auto judged = std::ranges::find(metrics, spec.metric, &ontology::MetricDefinition::name);
  if (judged == metrics.end() ||
      (!pipeline::is_numeric(judged->datatype) && judged->datatype != DataType::boolean)) {
    std::vector<std::string_view> names;
    for (const auto& metric : metrics) names.push_back(metric.name);
    return fail(Code::invalid_input,
                fmt::format("trigger {}: '{}' is no number or boolean of device {}", spec.name,
                            spec.metric, spec.device),
                fmt::format("the nearest name is '{}'", nearest_name(spec.metric, names)));
  }
  const std::string name = "trigger/" + spec.name;
  if (std::ranges::find(metrics, name, &ontology::MetricDefinition::name) != metrics.end())
    return fail(Code::invalid_input, fmt::format("there are two triggers '{}'", spec.name));
  ontology::Recipe recipe;
  recipe.producer = core_.options_.site + "/" + core_.options_.edge;
  recipe.inputs = fmt::format(
      "{}; {}{}: {}/{} = {} for {}", spec.metric, name_of(spec.comparison),
      spec.comparison == Comparison::is_true ? std::string() : fmt::format(" {}", spec.limit),
      spec.command.device, spec.command.metric, spec.command.value, to_text(spec.command.lease));
  Triggered out{.trigger = Trigger(spec), .status = {.name = spec.name}};
  out.device = static_cast<std::uint32_t>(device - outputs_.begin());
  out.slot = static_cast<std::uint32_t>(judged - metrics.begin());
  out.is_integer = ontology::column_of(judged->datatype) == ontology::Column::i64;
  out.outcome_slot = static_cast<std::uint32_t>(metrics.size());
  out.provenance = core_.journal_->intern(recipe.canonical());
  metrics.push_back({name, DataType::boolean, ""});
  triggers_.push_back(std::move(out));
  return {};
}

void EdgeCore::SourceLane::pull_triggers(std::uint32_t device, bool is_stored) {
  for (Triggered& triggered : triggers_) {
    if (triggered.device != device) continue;
    for (const Row& row : outcome_.rows) {
      if (row.slot != triggered.slot) continue;
      const auto value = number_in(row, triggered.is_integer);
      if (is_stored) {
        triggered.trigger.pass_over(value, row.quality, {row.ts_us});
        continue;
      }
      const auto decision = triggered.trigger.judge(value, row.quality, {row.ts_us},
                                                    core_.world_.clock.monotonic_now());
      if (decision == Trigger::Decision::none) continue;
      Row decided;
      decided.ts_us = row.ts_us;
      decided.slot = triggered.outcome_slot;
      decided.provenance = triggered.provenance;
      if (decision == Trigger::Decision::issue) {
        decided.set_i64(fire(triggered) ? 1 : 0);
      } else {
        ++triggered.status.refused_by_limit;
        core_.world_.log.warning(
            "edge", fmt::format("trigger {}: refused: {} commands within the hour",
                                triggered.status.name, triggered.trigger.spec().per_hour_max));
      }
      decided_.push_back(decided);
    }
  }
}

bool EdgeCore::SourceLane::fire(Triggered& triggered) {
  const auto& command = triggered.trigger.spec().command;
  const std::string what =
      fmt::format("trigger {}: {}/{} = {} for {}", triggered.status.name, command.device,
                  command.metric, command.value, to_text(command.lease));
  if (auto done = core_.issue(command); !done) {
    ++triggered.status.refused_by_driver;
    core_.world_.log.warning("edge", what + ": refused: " + done.error().text());
    return false;
  }
  ++triggered.status.issued;
  core_.world_.log.info("edge", what);
  return true;
}

void EdgeCore::SourceLane::add_status(std::vector<TriggerStatus>& out) const {
  for (const Triggered& triggered : triggers_) out.push_back(triggered.status);
}

}  // namespace millwright::edge
