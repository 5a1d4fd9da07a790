#include "outcomes/readiness.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/format.hpp"
#include "catalog/index.hpp"

namespace millwright::outcomes {
namespace {

using catalog::Node;

std::string percent(double share) {
  return fmt::format("{:.4g} %", 100 * share);
}

struct Judgement {
  Shortfall shortfall = Shortfall::none;
  std::string why;
  std::optional<Timestamp> since;
};

Judgement judge_samples(const Need& need, const SignalFacts& facts) {
  const auto silence = facts.until - *facts.last;
  if (silence > need.rate) {
    return {Shortfall::silent, fmt::format("silent for {}", to_text(silence)),
            *facts.last + need.rate};
  }
  const auto span = facts.until - facts.from;
  const double promised =
      need.rate.count() > 0
          ? std::floor(static_cast<double>(span.count()) / static_cast<double>(need.rate.count()))
          : 0;
  const auto count = static_cast<double>(facts.count);
  if (count < need.completeness * promised) {
    return {Shortfall::incomplete,
            fmt::format("incomplete: {} of {:.0f} samples in {}, {} needed, longest gap {}",
                        percent(count / promised), promised, to_text(span),
                        percent(need.completeness), to_text(facts.gap_max)),
            {}};
  }
  if (static_cast<double>(facts.good) < need.quality * count) {
    return {Shortfall::poor,
            fmt::format("poor: {} of {} samples good, {} needed",
                        percent(static_cast<double>(facts.good) / count), facts.count,
                        percent(need.quality)),
            {}};
  }
  if (need.calibration && !facts.calibration_known) {
    return {Shortfall::uncalibrated, "not calibrated: none in force is known", {}};
  }
  return {};
}

Judgement judge_need(const Need& need, const std::optional<SignalFacts>& facts) {
  if (need.places.empty()) {
    std::optional<Timestamp> since;
    if (facts && facts->last) since = *facts->last + need.rate;
    return {Shortfall::unmeasured, "missing", since};
  }
  if (!facts || !facts->last) return {Shortfall::missing, "missing", {}};
  return judge_samples(need, *facts);
}

Node time_or_null(const std::optional<Timestamp>& time) {
  return time ? Node::make_text(to_rfc3339(*time)) : Node{};
}

}  // namespace

std::string_view name_of(Shortfall shortfall) {
  switch (shortfall) {
    case Shortfall::none:
      return "none";
    case Shortfall::unmeasured:
      return "unmeasured";
    case Shortfall::missing:
      return "missing";
    case Shortfall::silent:
      return "silent";
    case Shortfall::incomplete:
      return "incomplete";
    case Shortfall::poor:
      return "poor";
    case Shortfall::uncalibrated:
      return "uncalibrated";
  }
  return "unknown";
}

Result<std::vector<Need>> needs_of(const std::vector<catalog::Resource>& resources,
                                   std::string_view use_case) {
  const auto declared = catalog::as_declared(resources);
  const catalog::Index index(declared);
  const auto found = index.use_cases.find(use_case);
  if (found == index.use_cases.end()) {
    return fail(Code::not_found, fmt::format("no UseCase '{}'", use_case),
                "'millwright get usecases' lists what there is");
  }
  const auto& spec = found->second.spec;
  std::map<std::pair<std::string, std::string>, std::vector<SignalPlace>> places;
  for (const auto& binding : index.bindings()) {
    places[{binding.asset, binding.signal.name}].push_back(
        {binding.address, binding.metric.name, binding.from, binding.until});
  }
  const auto assets = index.assets_of(spec.assets);
  std::vector<Need> out;
  for (const auto& wanted : spec.requirements) {
    for (const auto& asset : assets) {
      const auto* of = index.asset(asset);
      if (!wanted.asset_type.empty() && !index.is_a(of->type, wanted.asset_type)) continue;
      for (const auto& signal : wanted.signals) {
        out.push_back({wanted.name, asset, signal, wanted.owner, wanted.rate, wanted.window,
                       wanted.completeness, wanted.quality,
                       wanted.calibration == catalog::CalibrationNeed::known,
                       places[{asset, signal}]});
      }
    }
  }
  return out;
}

bool calibration_known(const std::vector<catalog::Resource>& resources, std::string_view asset,
                       std::string_view signal, Timestamp at) {
  return std::ranges::any_of(resources, [&](const catalog::Resource& resource) {
    if (resource.deleted || resource.key.kind != catalog::Kind::signal) return false;
    const auto spec = catalog::parse_signal_spec(resource.key.name, resource.spec);
    return spec.asset == asset && spec.signal.name == signal && spec.calibration &&
           spec.calibration->in_force(at);
  });
}

std::string Standing::text() const {
  return fmt::format("signal {} {} at asset {}, owner {}", need.signal, why, need.asset,
                     need.owner);
}

bool Readiness::met() const {
  return std::ranges::all_of(standings, &Standing::met);
}

std::size_t Readiness::met_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(standings, &Standing::met));
}

std::vector<const Standing*> Readiness::unmet() const {
  std::vector<const Standing*> out;
  for (const auto& standing : standings) {
    if (!standing.met()) out.push_back(&standing);
  }
  return out;
}

std::optional<std::string> Readiness::not_measurable() const {
  const auto missing = unmet();
  if (missing.empty()) return std::nullopt;
  const auto more = missing.size() - 1;
  return fmt::format("not measurable: {}{}", missing.front()->text(),
                     more > 0 ? fmt::format(" (and {} more)", more) : "");
}

Node Readiness::node() const {
  Node list = Node::make_list();
  for (const auto* standing : unmet()) {
    Node item = Node::make_map();
    item.add("requirement", Node::make_text(standing->need.requirement));
    item.add("signal", Node::make_text(standing->need.signal));
    item.add("asset", Node::make_text(standing->need.asset));
    item.add("owner", Node::make_text(standing->need.owner));
    item.add("since", time_or_null(standing->since));
    item.add("why", Node::make_text(standing->why));
    item.add("shortfall", Node::make_text(name_of(standing->shortfall)));
    list.items.push_back(std::move(item));
  }
  Node out = Node::make_map();
  out.add("state", Node::make_text(met() ? "met" : "unmet"));
  out.add("unmet", std::move(list));
  out.add("met_count", Node::make_integer(static_cast<std::int64_t>(met_count())));
  return out;
}

Readiness judge(std::string_view use_case, std::vector<Need> needs,
                const std::vector<std::optional<SignalFacts>>& facts, Timestamp as_of,
                const Readiness* before) {
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
  const auto key_of = [](const Need& need) {
    return Key{need.requirement, need.asset, need.signal};
  };
  std::map<Key, const Standing*> earlier;
  if (before != nullptr) {
    for (const auto& standing : before->standings) earlier[key_of(standing.need)] = &standing;
  }
  Readiness out{std::string(use_case), as_of, {}};
  out.standings.reserve(needs.size());
  for (std::size_t i = 0; i < needs.size(); ++i) {
    auto judged = judge_need(needs[i], i < facts.size() ? facts[i] : std::nullopt);
    const auto found = earlier.find(key_of(needs[i]));
    const auto* same = found != earlier.end() ? found->second : nullptr;
    const bool met = judged.shortfall == Shortfall::none;
    if (!judged.since && same != nullptr && same->met() == met) {
      judged.since = same->since;
    } else if (!judged.since && (!met || same != nullptr)) {
      judged.since = as_of;
    }
    out.standings.push_back(
        {std::move(needs[i]), judged.shortfall, std::move(judged.why), judged.since});
  }
  return out;
}

}  // namespace millwright::outcomes
