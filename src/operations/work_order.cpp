#include "operations/work_order.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "operations/event_body.hpp"

namespace millwright::operations {
namespace {

using catalog::Node;
using governance::Event;

constexpr std::string_view prefix = "work-order/";
constexpr std::string_view outcome_names[] = {"confirmed", "other_fault", "none_found",
                                              "could_not_inspect"};

Event order_event(std::string_view verb, std::string_view id, Timestamp at) {
  return {fmt::format("work_order.{}", verb), fmt::format("{}{}", prefix, id), "system/hub", at,
          Node::make_map()};
}

std::unexpected<Error> does_not_follow(const Event& event) {
  return fail(Code::corrupt, fmt::format("{} of {} does not follow", event.kind, event.subject));
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  return outcome_names[static_cast<std::size_t>(outcome)];
}

Result<Outcome> outcome_named(std::string_view name) {
  const auto at = std::ranges::find(outcome_names, name);
  if (at != std::end(outcome_names)) {
    return static_cast<Outcome>(at - std::begin(outcome_names));
  }
  const auto nearest = nearest_name(name, {std::begin(outcome_names), std::end(outcome_names)});
  return fail(Code::invalid_input, fmt::format("'{}' is not an outcome", name),
              nearest.empty() ? fmt::format("one of {}", fmt::join(outcome_names, ", "))
                              : fmt::format("did you mean {}?", nearest));
}

Result<Event> WorkOrders::open(const Finding& finding, std::string title, std::string severity,
                               Timestamp at) const {
  if (const auto* known = of_finding(finding.id); known != nullptr) {
    return fail(Code::already_exists,
                fmt::format("finding {} is in work order {}", finding.id, known->id));
  }
  if (const auto* open = open_of(finding.key.asset, finding.key.rule); open != nullptr) {
    Event event = order_event("joined", open->id, at);
    event.body.add("finding", Node::make_text(finding.id));
    return event;
  }
  Event event = order_event("opened", fmt::format("wo-{:06}", last_number_ + 1), at);
  event.body.add("asset", Node::make_text(finding.key.asset));
  event.body.add("finding", Node::make_text(finding.id));
  event.body.add("rule", Node::make_text(finding.key.rule));
  event.body.add("severity", Node::make_text(severity));
  event.body.add("title", Node::make_text(title));
  return event;
}

Result<Event> WorkOrders::verdict(const VerdictRequest& request, Timestamp at) const {
  const auto* order = find(request.work_order);
  if (order == nullptr) {
    return fail(Code::not_found, fmt::format("there is no work order '{}'", request.work_order));
  }
  if (!order->is_open()) {
    const auto& given = *order->verdict;
    return fail(Code::conflict,
                fmt::format("work order {} is closed: {} gave the verdict '{}' at {}", order->id,
                            given.by, name_of(given.outcome), to_rfc3339(given.at)),
                "a verdict is given once; the next finding on this asset opens a new work order");
  }
  if (request.note.size() > note_bytes_max) {
    return fail(Code::invalid_input, fmt::format("the note has {} bytes", request.note.size()),
                fmt::format("at most {}", note_bytes_max));
  }
  Event event = order_event("verdict", order->id, at);
  event.actor = request.by;
  event.body.add("fault", Node::make_text(request.fault));
  event.body.add("note", Node::make_text(request.note));
  event.body.add("outcome", Node::make_text(name_of(request.outcome)));
  return event;
}

Result<void> WorkOrders::apply(const Event& event) {
  if (!event.kind.starts_with("work_order.")) return {};
  if (!event.subject.starts_with(prefix)) return does_not_follow(event);
  const std::string id = event.subject.substr(prefix.size());
  const auto known = orders_.find(id);
  BodyReader reader(event.body);
  if (event.kind == "work_order.opened") {
    std::string finding = reader.text("finding");
    WorkOrder order{id,
                    reader.text("asset"),
                    reader.text("rule"),
                    reader.text("title"),
                    reader.text("severity"),
                    {finding},
                    event.at,
                    std::nullopt};
    if (!reader.ok()) return std::unexpected(reader.error(event.kind));
    if (id != fmt::format("wo-{:06}", last_number_ + 1) || of_finding(finding) != nullptr ||
        open_of(order.asset, order.rule) != nullptr) {
      return does_not_follow(event);
    }
    ++last_number_;
    by_finding_.emplace(std::move(finding), id);
    open_.emplace(std::pair(order.asset, order.rule), id);
    orders_.emplace(id, std::move(order));
    return {};
  }
  if (known == orders_.end() || !known->second.is_open()) return does_not_follow(event);
  if (event.kind == "work_order.joined") {
    std::string finding = reader.text("finding");
    if (!reader.ok()) return std::unexpected(reader.error(event.kind));
    if (!by_finding_.emplace(finding, id).second) return does_not_follow(event);
    known->second.findings.push_back(std::move(finding));
    return {};
  }
  if (event.kind != "work_order.verdict") return does_not_follow(event);
  const auto outcome = outcome_named(reader.text("outcome"));
  VerdictRecord verdict{outcome.value_or(Outcome::confirmed), reader.text("note"),
                        reader.text("fault"), event.actor, event.at};
  if (!reader.ok() || !outcome) return std::unexpected(reader.error(event.kind));
  open_.erase(std::pair(known->second.asset, known->second.rule));
  known->second.verdict = std::move(verdict);
  return {};
}

const WorkOrder* WorkOrders::find(std::string_view id) const {
  const auto at = orders_.find(id);
  return at == orders_.end() ? nullptr : &at->second;
}

const WorkOrder* WorkOrders::open_of(std::string_view asset, std::string_view rule) const {
  const auto at = open_.find(std::pair(std::string(asset), std::string(rule)));
  return at == open_.end() ? nullptr : find(at->second);
}

const WorkOrder* WorkOrders::of_finding(std::string_view finding) const {
  const auto at = by_finding_.find(finding);
  return at == by_finding_.end() ? nullptr : find(at->second);
}

std::vector<TrainingLabel> labels(const WorkOrders& orders, const Findings& findings) {
  std::vector<TrainingLabel> out;
  for (const auto& [id, order] : orders.all()) {
    if (order.is_open() || order.verdict->outcome == Outcome::could_not_inspect) continue;
    for (const auto& name : order.findings) {
      const Finding* finding = findings.find(name);
      if (finding == nullptr) continue;
      out.push_back({order.asset, finding->at, order.verdict->outcome, order.verdict->fault,
                     finding->key.model, name, id, order.verdict->by});
    }
  }
  return out;
}

}  // namespace millwright::operations
