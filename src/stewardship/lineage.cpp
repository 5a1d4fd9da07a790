#include "stewardship/lineage.hpp"

#include <algorithm>
#include <charconv>

#include "base/format.hpp"
#include "outcomes/readiness.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Node;

Node text_or_null(std::string_view text) {
  return text.empty() ? Node{} : Node::make_text(text);
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The rollout that put the release of a bundle on a target, the last one by `made`.
struct Brought {
  const operations::Release* release = nullptr;
  const operations::Rollout* rollout = nullptr;
};

Brought brought_by(const Office& office, const Digest& bundle, std::string_view target,
                   Timestamp made) {
  Brought out;
  const auto approved_at = [](const operations::Rollout& rollout) {
    return rollout.approval() ? rollout.approval()->at : Timestamp{INT64_MIN};
  };
  for (const auto& [digest, release] : office.releases().all()) {
    const bool holds = std::ranges::any_of(release.manifest.artifacts, [&](const auto& artifact) {
      return artifact.sha256 == bundle;
    });
    if (!holds) continue;
    if (out.release == nullptr) out.release = &release;
    for (const auto& [id, rollout] : office.rollouts().all()) {
      const auto* record = rollout.find(target);
      if (rollout.blueprint().release.digest != digest || record == nullptr || !record->touched ||
          approved_at(rollout) > made) {
        continue;
      }
      if (out.rollout == nullptr || approved_at(*out.rollout) < approved_at(rollout))
        out = {&release, &rollout};
    }
  }
  return out;
}

const ApprovalFact* approval_of(const Office& office, const operations::Rollout& rollout) {
  const ApprovalFact* out = nullptr;
  for (const auto& fact : office.approvals()) {
    const auto& statement = fact.statement;
    if (statement.subject_kind == "rollout" && statement.subject_name == rollout.id() &&
        statement.digest == rollout.digest()) {
      out = &fact;
    }
  }
  return out;
}

Node approval_node(const ApprovalFact& fact) {
  Node out = Node::make_map();
  out.add("subject",
          Node::make_text(fact.statement.subject_kind + "/" + fact.statement.subject_name))
      .add("digest", Node::make_text(fact.statement.digest.hex()))
      .add("decision", Node::make_text(governance::name_of(fact.statement.decision)))
      .add("by", Node::make_text(fact.statement.by))
      .add("at", Node::make_text(to_rfc3339(fact.statement.at)))
      .add("expires", Node::make_text(to_rfc3339(fact.statement.expires)))
      .add("statement", Node::make_text(fact.statement.canonical()))
      .add("signature", Node::make_text(fact.signature.base64()))
      .add("audit_entry", Node::make_integer(static_cast<std::int64_t>(fact.entry)));
  return out;
}

void add_release(Node& out, const Office& office, const ontology::Recipe& recipe,
                 const Digest& bundle, Timestamp made, std::vector<std::string>& problems) {
  const auto brought = brought_by(office, bundle, recipe.producer, made);
  Node release, rollout, approval, approver;
  if (brought.release != nullptr) {
    release = Node::make_map();
    release.add("name", Node::make_text(brought.release->id.name))
        .add("version", Node::make_integer(brought.release->id.version))
        .add("digest", Node::make_text(brought.release->id.digest.hex()))
        .add("author", Node::make_text(brought.release->manifest.author));
  } else {
    problems.push_back(fmt::format("no registered release holds model {}", recipe.model));
  }
  if (brought.rollout != nullptr) {
    rollout = Node::make_map();
    rollout.add("id", Node::make_text(brought.rollout->id()))
        .add("digest", Node::make_text(brought.rollout->digest().hex()))
        .add("state", Node::make_text(operations::name_of(brought.rollout->phase())));
    if (const auto* fact = approval_of(office, *brought.rollout)) {
      const auto* person = office.person(fact->statement.by);
      approval = approval_node(*fact);
      approver = Node::make_text(
          person == nullptr || person->full_name.empty() ? fact->statement.by : person->full_name);
    } else {
      problems.push_back(
          fmt::format("no approval of rollout {} is in the log", brought.rollout->id()));
    }
  } else if (brought.release != nullptr) {
    problems.push_back(
        fmt::format("no rollout brought model {} to {}", recipe.model, recipe.producer));
  }
  out.add("release", std::move(release))
      .add("rollout", std::move(rollout))
      .add("approval", std::move(approval))
      .add("approver", std::move(approver));
}

}  // namespace

std::optional<VersionedName> parse_versioned(std::string_view text) {
  const auto at = text.rfind('@');
  const auto colon = text.find(':', at == text.npos ? 0 : at);
  if (at == text.npos || colon == text.npos) return std::nullopt;
  const auto version = parse_number<std::uint64_t>(text.substr(at + 1, colon - at - 1));
  if (!version) return std::nullopt;
  return VersionedName{std::string(text.substr(0, at)), *version,
                       std::string(text.substr(colon + 1))};
}

RecipeInputs parse_inputs(std::string_view text) {
  RecipeInputs out;
  const auto end = std::min(text.find(';'), text.size());
  std::string_view names = text.substr(0, end);
  if (end < text.size()) out.rule = std::string(text.substr(std::min(end + 2, text.size())));
  constexpr std::string_view between = ", ", incarnation = " incarnation ", as = "as ";
  while (!names.empty()) {
    const auto comma = std::min(names.find(between), names.size());
    out.names.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + between.size(), names.size()));
  }
  const auto place = text.rfind(incarnation);
  if (place == text.npos) return out;
  const auto begin = text.rfind(as, place);
  const auto number =
      parse_number<historian::Incarnation>(text.substr(place + incarnation.size(), 16), 16);
  if (begin == text.npos || !number) return out;
  out.source = std::string(text.substr(begin + as.size(), place - begin - as.size()));
  out.incarnation = *number;
  return out;
}

std::optional<std::uint32_t> longest_window_in(std::string_view rule) {
  constexpr std::string_view of = " of ", scans = " scans";
  const auto end = rule.find(scans);
  const auto begin = end == rule.npos ? rule.npos : rule.rfind(of, end);
  if (begin == rule.npos) return std::nullopt;
  std::string_view list = rule.substr(begin + of.size(), end - begin - of.size());
  const auto last = list.rfind(", ");
  return parse_number<std::uint32_t>(last == list.npos ? list : list.substr(last + 2));
}

Node recipe_node(const ontology::Recipe& recipe, historian::ProvenanceNumber number,
                 const RecipeInputs& inputs, const std::vector<std::string>& series) {
  Node names = Node::make_list();
  for (const auto& name : series) names.items.push_back(Node::make_text(name));
  Node out = Node::make_map();
  out.add("number", Node::make_integer(number))
      .add("digest", Node::make_text(ontology::digest_of(recipe).hex()))
      .add("producer", text_or_null(recipe.producer))
      .add("release", text_or_null(recipe.release))
      .add("pipeline", text_or_null(recipe.pipeline))
      .add("model", text_or_null(recipe.model))
      .add("calibration_set", text_or_null(recipe.calibration_set))
      .add("schema", text_or_null(recipe.schema))
      .add("inputs", std::move(names))
      .add("rule", text_or_null(inputs.rule))
      .add("inputs_text", text_or_null(recipe.inputs));
  return out;
}

Node model_node(const Office& office, const ontology::Recipe& recipe, Timestamp made,
                std::vector<std::string>& problems) {
  if (recipe.model.empty()) return {};
  Node out = Node::make_map();
  const auto named = parse_versioned(recipe.model);
  if (!named) {
    problems.push_back(fmt::format("the recipe names a model '{}' without version", recipe.model));
    out.add("name", Node::make_text(recipe.model));
    return out;
  }
  out.add("name", Node::make_text(named->name))
      .add("version", Node::make_integer(static_cast<std::int64_t>(named->version)))
      .add("digest", Node::make_text(named->digest));
  const auto digest = operations::parse_digest(named->digest);
  const auto fact = digest ? office.model_fact(*digest) : std::nullopt;
  if (!fact) {
    problems.push_back(fmt::format("model {} is not in the registry", recipe.model));
    return out;
  }
  if (fact->model != named->name || fact->version.version != named->version) {
    problems.push_back(fmt::format("the registry knows the bundle of {} as {}@{}", recipe.model,
                                   fact->model, fact->version.version));
  }
  out.add("added_by", Node::make_text(fact->version.added_by))
      .add("added_at", Node::make_text(to_rfc3339(fact->version.added_at)));
  if (const auto* training = fact->card.find("training")) {
    out.add("trained_by", text_or_null(training->text_at("trained_by")))
        .add("trained_at", text_or_null(training->text_at("at")))
        .add("data_hash", text_or_null(training->text_at("data_sha256")));
  } else {
    problems.push_back(fmt::format("the bundle of {} cannot be read", recipe.model));
  }
  add_release(out, office, recipe, *digest, made, problems);
  return out;
}

Node pipeline_node(const Office& office, const ontology::Recipe& recipe) {
  const auto named = parse_versioned(recipe.pipeline);
  if (!named) return text_or_null(recipe.pipeline);
  Node out = Node::make_map();
  out.add("name", Node::make_text(named->name))
      .add("generation", Node::make_integer(static_cast<std::int64_t>(named->version)))
      .add("digest", Node::make_text(named->digest));
  const bool same = std::ranges::any_of(office.resources(), [&](const auto& resource) {
    return resource.key.kind == catalog::Kind::pipeline && resource.key.name == named->name &&
           catalog::digest_of(resource.spec).hex() == named->digest;
  });
  out.add("declared_now", Node::make_boolean(same));
  return out;
}

std::pair<std::string, std::string> signal_of(const std::vector<catalog::SignalBinding>& bindings,
                                              const historian::SeriesDefinition& series,
                                              Timestamp at) {
  for (const auto& binding : bindings) {
    if (binding.address == series.address && binding.metric.name == series.metric.name &&
        (!binding.from || *binding.from <= at) && (!binding.until || at < *binding.until)) {
      return {binding.asset, binding.signal.name};
    }
  }
  return {};
}

std::string calibration_text(const Office& office,
                             std::span<const historian::SeriesDefinition* const> series,
                             Timestamp at) {
  const auto bindings = catalog::signal_bindings(office.resources());
  std::string known;
  std::size_t count = 0;
  for (const auto* definition : series) {
    const auto [asset, signal] = signal_of(bindings, *definition, at);
    for (const auto& resource : office.resources()) {
      if (asset.empty() || resource.key.kind != catalog::Kind::signal) continue;
      const auto spec = catalog::parse_signal_spec(resource.key.name, resource.spec);
      if (spec.asset != asset || spec.signal.name != signal || !spec.calibration ||
          !spec.calibration->in_force(at)) {
        continue;
      }
      ++count;
      known +=
          fmt::format("{}{} of {}: certificate {} of {}", known.empty() ? "" : "; ", signal, asset,
                      spec.calibration->certificate, to_rfc3339(spec.calibration->calibrated));
      if (spec.calibration->valid_until)
        known += ", valid until " + to_rfc3339(*spec.calibration->valid_until);
      break;
    }
  }
  if (count == 0) return "none known";
  return count == series.size()
             ? known
             : fmt::format("{}; none known for the other {}", known, series.size() - count);
}

Node value_of(const historian::Value& value, ontology::DataType type) {
  return std::visit(
      [&]<typename T>(const T& held) -> Node {
        if constexpr (std::is_same_v<T, std::monostate>) {
          return {};
        } else if constexpr (std::is_same_v<T, double>) {
          return Node::make_number(held);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          return type == ontology::DataType::boolean ? Node::make_boolean(held != 0)
                                                     : Node::make_integer(held);
        } else if constexpr (std::is_same_v<T, Bytes>) {
          return Node::make_text(to_hex(held));
        } else {
          return Node::make_text(held);
        }
      },
      value);
}

Node row_node(const historian::SeriesDefinition& series, const historian::StoredSample& row) {
  Node out = Node::make_map();
  out.add("series", Node::make_text(series.text()))
      .add("number", Node::make_integer(static_cast<std::int64_t>(series.number.value())))
      .add("ts", Node::make_text(to_rfc3339(row.ts)))
      .add("revision", Node::make_integer(static_cast<std::int64_t>(row.revision)))
      .add("value", value_of(row.value, series.metric.datatype))
      .add("unit", Node::make_text(series.metric.unit))
      .add("quality", Node::make_text(ontology::to_text(row.quality)));
  return out;
}

std::string row_line(const historian::SeriesDefinition& series,
                     const historian::StoredSample& row) {
  return fmt::format("{},{},{},{}\n", series.text(), to_rfc3339(row.ts),
                     catalog::canonical_json(value_of(row.value, series.metric.datatype)),
                     ontology::to_text(row.quality));
}

}  // namespace millwright::stewardship
