// Use cases: readiness and KPIs, judged in one pass over the historian, and kept for a moment.
#include "stewardship/explainer.hpp"

#include "base/format.hpp"
#include "catalog/index.hpp"
#include "stewardship/explainer_core.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Node;
using outcomes::KpiValue;

/// Screens ask for the same again and again.
constexpr Duration cached_for = std::chrono::seconds(2);

template <typename Item, typename Answer>
struct Sequence {
  std::vector<Item> items;
  std::vector<Answer> answers;
  Reply<std::vector<Answer>> reply;
};

}  // namespace

std::string full_name(const Office& office, const std::string& person) {
  const auto* known = office.person(person);
  return known == nullptr || known->full_name.empty() ? person : known->full_name;
}

Node JudgedUseCase::node() const {
  Node list = Node::make_list();
  for (const auto& kpi : kpis) list.items.push_back(kpi.node());
  Node out = Node::make_map();
  out.add("name", Node::make_text(name))
      .add("title", Node::make_text(spec.title))
      .add("outcome", Node::make_text(spec.outcome))
      .add("stage", Node::make_text(catalog::name_of(spec.stage)))
      .add("owner", Node::make_text(spec.owner))
      .add("kpis", std::move(list))
      .add("readiness", readiness.node())
      .add("as_of", Node::make_text(to_rfc3339(readiness.as_of)))
      .add("money", money.node())
      .add("simulated", Node::make_boolean(simulated));
  return out;
}

void Explainer::Core::read(std::vector<historian::RangeQuery> queries,
                           Reply<std::vector<historian::Range>> reply) {
  if (queries.empty()) return reply(std::vector<historian::Range>{});
  historian.ranges(std::move(queries), std::move(reply));
}

void Explainer::Core::ask(std::vector<std::string> statements,
                          Reply<std::vector<engine::Table>> reply) {
  using Asking = Sequence<std::string, engine::Table>;
  auto asking = std::make_shared<Asking>();
  asking->items = std::move(statements);
  asking->reply = std::move(reply);
  if (asking->items.empty()) return asking->reply(std::vector<engine::Table>{});
  for (const auto& statement : asking->items) {
    historian.sql(statement, [asking](Result<engine::Table> table) {
      if (!asking->reply) return;
      if (table && table->truncated)
        table = fail(Code::exhausted, "more rows than a query may give");
      if (!table) {
        auto failed = std::exchange(asking->reply, nullptr);
        return failed(pass(std::move(table), "asking the historian"));
      }
      asking->answers.push_back(std::move(*table));
      if (asking->answers.size() < asking->items.size()) return;
      auto done = std::exchange(asking->reply, nullptr);
      done(std::move(asking->answers));
    });
  }
}

struct Explainer::Core::Pass {
  explicit Pass(const historian::Historian& historian) : series(historian) {}

  SeriesByName series;
  std::vector<std::pair<std::string, catalog::UseCaseSpec>> todo;
  std::size_t use_case = 0;
  std::size_t kpi = 0;
  JudgedUseCase current;
  std::map<std::string, Timestamp> record_ends;
  statistics::Count before, after;  ///< of the KPI that is worth money
  std::vector<JudgedUseCase> done;
};

void Explainer::Core::judge(Reply<JudgedUseCases> reply) {
  if (cached_ && clock.monotonic_now() - cached_at_ < cached_for) return reply(cached_);
  waiting_.push_back(std::move(reply));
  if (std::exchange(running_, true)) return;
  if (auto read_events = events.follow(office.log()); !read_events)
    return finish(pass(std::move(read_events), "audit log"));
  auto state = std::make_shared<Pass>(historian);
  state->todo = office.use_cases();
  next_use_case(std::move(state));
}

void Explainer::Core::finish(Result<JudgedUseCases> outcome) {
  running_ = false;
  if (outcome) {
    cached_ = *outcome;
    cached_at_ = clock.monotonic_now();
  }
  for (auto& reply : std::exchange(waiting_, {})) reply(outcome);
}

void Explainer::Core::next_use_case(std::shared_ptr<Pass> state) {
  if (state->use_case == state->todo.size()) {
    return finish(std::make_shared<const std::vector<JudgedUseCase>>(std::move(state->done)));
  }
  const auto& [name, spec] = state->todo[state->use_case++];
  state->current = {};
  state->current.name = name;
  state->current.spec = spec;
  state->current.simulated = simulated || spec.simulated;
  const auto declared = catalog::as_declared(office.resources());
  state->current.assets = catalog::Index(declared).assets_of(spec.assets);
  auto wanted = outcomes::needs_of(office.resources(), name);
  if (!wanted) return finish(pass(std::move(wanted)));
  auto needs = std::make_shared<std::vector<outcomes::Need>>(std::move(*wanted));
  auto plan = std::make_shared<NeedPlan>(
      plan_needs(office.resources(), *needs, state->series, historian, clock.utc_now()));
  ask(plan->statements,
      [self = shared_from_this(), state, needs, plan](Result<std::vector<engine::Table>> answers) {
        if (!answers) return self->finish(pass(std::move(answers), state->current.name));
        self->take_facts(state, *needs, *plan, *answers);
      });
}

void Explainer::Core::take_facts(const std::shared_ptr<Pass>& state,
                                 const std::vector<outcomes::Need>& needs, const NeedPlan& plan,
                                 const std::vector<engine::Table>& answers) {
  auto& current = state->current;
  const auto facts = facts_of(office.resources(), needs, plan, answers, current.first);
  state->record_ends.clear();
  for (std::size_t i = 0; i < needs.size(); ++i) {
    if (plan.windows[i].retrospective && facts[i])
      state->record_ends[needs[i].asset] = plan.windows[i].until;
  }
  const auto known = before_.find(current.name);
  current.readiness = outcomes::judge(current.name, needs, facts, plan.as_of,
                                      known == before_.end() ? nullptr : &known->second);
  before_[current.name] = current.readiness;
  state->kpi = 0;
  next_kpi(state);
}

void Explainer::Core::next_kpi(std::shared_ptr<Pass> state) {
  auto& current = state->current;
  if (state->kpi == current.spec.kpis.size()) {
    const auto& worth = current.spec.value_per_unit;
    const auto valued = worth ? office.kpi(worth->kpi) : std::nullopt;
    const auto obstacle = outcomes::money_obstacle(current.spec, valued ? &*valued : nullptr);
    current.money = outcomes::money_not_measurable(obstacle.value_or("its KPI is not measured"));
    for (const auto& kpi : current.kpis) {
      if (!obstacle && kpi.name == worth->kpi)
        current.money = outcomes::money_of(kpi, state->before, state->after, worth);
    }
    current.money.simulated = current.simulated;
    state->done.push_back(std::move(current));
    return next_use_case(std::move(state));
  }
  outcomes::KpiFrame frame;
  frame.name = current.spec.kpis[state->kpi++];
  const auto spec = office.kpi(frame.name);
  frame.simulated = current.simulated;
  frame.as_of = current.readiness.as_of;
  if (spec) frame.spec = *spec;
  const auto unmet = current.readiness.not_measurable();
  if (!spec || unmet) {
    current.kpis.push_back(outcomes::not_measurable(
        frame, spec ? *unmet : fmt::format("not measurable: no Kpi '{}' is declared", frame.name)));
    return next_kpi(std::move(state));
  }
  if (std::holds_alternative<catalog::FindingShare>(frame.spec.method)) {
    current.kpis.push_back(measure_findings(std::move(frame), office, current.spec, current.assets,
                                            state->record_ends, events));
    return next_kpi(std::move(state));
  }
  auto read = std::make_shared<RateSeries>(rate_series(
      office.resources(), current.spec, frame.spec.method, current.assets, state->series));
  const std::string statement = read->statement();
  ask({statement}, [self = shared_from_this(), state, read, statement,
                    frame](Result<std::vector<engine::Table>> answers) mutable {
    if (!answers) return self->finish(pass(std::move(answers), frame.name));
    self->take_rate(state, *read, std::move(frame), statement, *answers);
  });
}

void Explainer::Core::take_rate(const std::shared_ptr<Pass>& state, const RateSeries& read,
                                outcomes::KpiFrame frame, const std::string& statement,
                                const std::vector<engine::Table>& answers) {
  const auto& answer = answers.front();
  frame.evidence = evidence_of(statement, answer);
  auto measured = measure_rate_of(frame, state->current.spec, read.samples_of(answer));
  const auto& worth = state->current.spec.value_per_unit;
  if (worth && worth->kpi == frame.name) {
    state->before = measured.before;
    state->after = measured.after;
  }
  state->current.kpis.push_back(std::move(measured.value));
  next_kpi(state);
}

Explainer::Explainer(Office& office, historian::Historian& historian, const Clock& clock,
                     bool simulated)
    : core_(std::make_shared<Core>(office, historian, clock, simulated)) {}

Explainer::~Explainer() = default;

void Explainer::use_cases(Reply<Node> reply) {
  core_->judge([reply = std::move(reply)](Result<JudgedUseCases> judged) mutable {
    if (!judged) return reply(pass(std::move(judged), "use cases"));
    Node list = Node::make_list();
    for (const auto& use_case : **judged) list.items.push_back(use_case.node());
    Node out = Node::make_map();
    out.add("usecases", std::move(list));
    reply(std::move(out));
  });
}

void Explainer::lineage(const ValuePlace& place, Reply<Node> reply) {
  core_->lineage(place, std::move(reply));
}

void Explainer::review(const std::string& use_case, Reply<Review> reply) {
  core_->judge(
      [self = core_, use_case, reply = std::move(reply)](Result<JudgedUseCases> judged) mutable {
        if (!judged) return reply(pass(std::move(judged), "review"));
        for (const auto& one : **judged) {
          if (one.name == use_case) return reply(self->review_of(one));
        }
        std::vector<std::string_view> names;
        for (const auto& one : **judged) names.push_back(one.name);
        const auto nearest = nearest_name(use_case, names);
        reply(fail(Code::not_found, fmt::format("there is no use case '{}'", use_case),
                   nearest.empty() ? "'millwright get usecases' lists what there is"
                                   : fmt::format("did you mean '{}'?", nearest)));
      });
}

}  // namespace millwright::stewardship
