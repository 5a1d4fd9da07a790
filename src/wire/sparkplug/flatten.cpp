#include "wire/sparkplug/flatten.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace millwright::sparkplug {
namespace {

bool holds_template(const Metric& metric) {
  return metric.datatype == code_of(TypeCode::template_) ||
         std::holds_alternative<Template>(metric.value);
}

const Metric* member_named(const Template& definition, std::string_view name) {
  const auto found = std::ranges::find(definition.metrics, name, &Metric::name);
  return found == definition.metrics.end() ? nullptr : &*found;
}

Value value_of(const Scalar& scalar) {
  return std::visit(
      [](const auto& value) -> Value {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          return {};
        else
          return Value(value);
      },
      scalar);
}

/// Writes flat metrics until a bound is met.
class Flattener {
 public:
  Flattener(const TemplateDefinitions& definitions, FlattenFor purpose, std::size_t metrics_max,
            std::vector<Metric>& out)
      : definitions_(definitions), purpose_(purpose), metrics_max_(metrics_max), out_(out) {}

  bool complete() const { return complete_; }

  void add(Metric&& metric, int depth) {
    if (!holds_template(metric)) {
      emit(std::move(metric));
      return;
    }
    if (depth == template_depth_max) {
      complete_ = false;
      return;
    }
    Template instance;
    if (auto* value = std::get_if<Template>(&metric.value)) instance = std::move(*value);
    const auto known = definitions_.find(instance.template_ref);
    const Template* definition = known == definitions_.end() ? nullptr : &known->second;
    std::vector<const Metric*> missing;  // found before the members are moved away
    if (definition != nullptr && purpose_ == FlattenFor::birth) {
      for (const Metric& declared : definition->metrics) {
        if (member_named(instance, declared.name) == nullptr) missing.push_back(&declared);
      }
    }
    for (Metric& member : instance.metrics) {
      const Metric* declared =
          definition != nullptr ? member_named(*definition, member.name) : nullptr;
      if (declared != nullptr) inherit_type(member, *declared);
      add_member(metric, std::move(member), depth);
    }
    if (purpose_ == FlattenFor::birth) {
      for (const Metric* declared : missing) add_missing(metric, *declared, depth);
      add_parameters(metric, instance, definition);
    }
  }

 private:
  void emit(Metric&& metric) {
    if (out_.size() >= metrics_max_)
      complete_ = false;
    else
      out_.push_back(std::move(metric));
  }

  static void inherit_type(Metric& member, const Metric& declared) {
    if (member.datatype == 0) member.datatype = declared.datatype;
    auto* nested = std::get_if<Template>(&member.value);
    const auto* nested_declared = std::get_if<Template>(&declared.value);
    if (nested != nullptr && nested->template_ref.empty() && nested_declared != nullptr)
      nested->template_ref = nested_declared->template_ref;
  }

  void add_member(const Metric& parent, Metric&& member, int depth) {
    // A member without a name is known by an alias of its own, or not at all.
    if (!member.name.empty()) member.name = parent.name + "/" + member.name;
    if (!member.timestamp_ms) member.timestamp_ms = parent.timestamp_ms;
    member.is_historical = member.is_historical || parent.is_historical;
    add(std::move(member), depth + 1);
  }

  void add_missing(const Metric& parent, const Metric& declared, int depth) {
    if (!complete_) return;
    Metric member = declared;
    member.alias.reset();
    member.timestamp_ms.reset();
    if (auto* nested = std::get_if<Template>(&member.value)) {
      nested->is_definition = false;
    } else {
      member.value = {};
      member.is_null = true;
    }
    add_member(parent, std::move(member), depth);
  }

  void add_parameters(const Metric& parent, const Template& instance, const Template* definition) {
    std::vector<Parameter> parameters = instance.parameters;
    if (definition != nullptr) {
      for (const Parameter& declared : definition->parameters) {
        if (std::ranges::find(parameters, declared.name, &Parameter::name) == parameters.end())
          parameters.push_back(declared);
      }
    }
    for (const Parameter& parameter : parameters) {
      Metric metric;
      metric.name = parent.name + "/parameters/" + parameter.name;
      metric.timestamp_ms = parent.timestamp_ms;
      metric.datatype = parameter.type;
      metric.value = value_of(parameter.value);
      metric.is_null = std::holds_alternative<std::monostate>(metric.value);
      emit(std::move(metric));
    }
  }

  const TemplateDefinitions& definitions_;
  FlattenFor purpose_;
  std::size_t metrics_max_;
  std::vector<Metric>& out_;
  bool complete_ = true;
};

}  // namespace

void take_definitions(std::vector<Metric>& metrics, TemplateDefinitions& definitions) {
  std::erase_if(metrics, [&](Metric& metric) {
    auto* value = std::get_if<Template>(&metric.value);
    if (value == nullptr || !value->is_definition) return false;
    definitions.insert_or_assign(std::move(metric.name), std::move(*value));
    return true;
  });
}

bool flatten(std::vector<Metric>& metrics, const TemplateDefinitions& definitions,
             FlattenFor purpose, std::size_t metrics_max) {
  if (std::ranges::none_of(metrics, holds_template) && metrics.size() <= metrics_max) return true;
  std::vector<Metric> flat;
  flat.reserve(std::min(metrics.size(), metrics_max));
  Flattener flattener(definitions, purpose, metrics_max, flat);
  for (Metric& metric : metrics) {
    if (!flattener.complete()) break;
    flattener.add(std::move(metric), 0);
  }
  metrics = std::move(flat);
  return flattener.complete();
}

}  // namespace millwright::sparkplug
