#include "operations/rollout.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/format.hpp"
#include "base/id.hpp"
#include "operations/exact_counts.hpp"

namespace millwright::operations {
namespace {

constexpr std::size_t waves_max = 100;
constexpr std::size_t problems_max = 100;

Problem problem(std::string path, std::string what, std::string expected = {}) {
  return {{"", 0, 0, std::move(path)}, std::move(what), std::move(expected), "", ""};
}

std::vector<Problem> problems_of(const std::vector<WaveRule>& waves) {
  std::vector<Problem> problems;
  if (waves.empty() || waves.size() > waves_max) {
    problems.push_back(
        problem("waves", fmt::format("{} waves", waves.size()), fmt::format("1 to {}", waves_max)));
  }
  std::set<std::string_view> names;
  double reached = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const auto& wave = waves[i];
    const std::string path = fmt::format("waves[{}]", i);
    if (!is_valid_name(wave.name)) {
      problems.push_back(problem(path + ".name", fmt::format("'{}' is not a name", wave.name),
                                 "a-z, 0-9, '_', '.', '-'"));
    } else if (!names.insert(wave.name).second) {
      problems.push_back(problem(path + ".name", fmt::format("'{}' is used twice", wave.name)));
    }
    if (wave.share == 0) {
      if (wave.selector.empty()) {
        problems.push_back(problem(path, "neither selector nor share", "one of them"));
      }
      if (reached > 0) {
        problems.push_back(
            problem(path, "a wave by selector after one by share", "waves by selector first"));
      }
      continue;
    }
    if (!wave.selector.empty()) {
      problems.push_back(problem(path, "both selector and share", "one of them"));
    }
    if (!(wave.share > reached && wave.share <= 1)) {
      problems.push_back(problem(path + ".share",
                                 fmt::format("share {} after {}", wave.share, reached),
                                 "shares are cumulative: each above the one before, at most 1"));
    }
    reached = wave.share;
  }
  return problems;
}

Digest running_digest(const Target& target) {
  return target.running ? target.running->digest : no_release;
}

/// Index of the wave that takes `target`, or the number of waves when none does.
std::size_t wave_of(const Target& target, std::string_view rollout,
                    std::span<const WaveRule> waves) {
  const std::uint64_t bucket = bucket_of(rollout, target.id);
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const bool taken =
        waves[i].share == 0 ? waves[i].selector.matches(target) : is_below(bucket, waves[i].share);
    if (taken) return i;
  }
  return waves.size();
}

}  // namespace

std::uint64_t bucket_of(std::string_view rollout, std::string_view target) {
  std::string text;
  text.reserve(rollout.size() + 1 + target.size());
  text.append(rollout).append(1, '\0').append(target);
  const Digest digest = sha256(as_bytes(text));
  std::uint64_t bucket = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    bucket = (bucket << 8) | std::to_integer<std::uint64_t>(digest.bytes[i]);
  }
  return bucket;
}

bool is_below(std::uint64_t bucket, double share) {
  if (share >= 1) return true;
  if (!(share > 0)) return false;
  // share · 2^64 is exact: only the exponent changes. Below 1 it fits 64 bits.
  return bucket < static_cast<std::uint64_t>(std::ldexp(share, 64));
}

std::size_t Blueprint::members() const {
  std::size_t count = 0;
  for (const auto& wave : waves) count += wave.members.size();
  return count;
}

Digest Blueprint::digest() const {
  return sha256(as_bytes(canonical()));
}

Result<Blueprint> plan(const Inventory& inventory, const Release& release,
                       const RolloutPolicy& policy, const PlanRequest& request) {
  std::vector<Problem> problems = problems_of(policy.waves);
  std::ranges::move(operations::problems_of(policy.gates), std::back_inserter(problems));
  if (!is_valid_name(request.rollout)) {
    problems.push_back(problem("rollout", fmt::format("'{}' is not a name", request.rollout)));
  }
  if (request.generation < 1) problems.push_back(problem("generation", "below 1"));
  Blueprint blueprint{request.rollout, request.generation, release.id, policy.gates, {}};
  if (problems.empty()) {
    for (const auto& rule : policy.waves) blueprint.waves.push_back({rule, {}});
    for (const auto& target : inventory.targets()) {
      if (!release.manifest.runs_on(target)) continue;
      const std::size_t wave = wave_of(target, request.rollout, policy.waves);
      if (wave == policy.waves.size()) continue;
      blueprint.waves[wave].members.push_back({target.id, running_digest(target)});
    }
    if (blueprint.members() == 0) {
      problems.push_back(problem("waves", "no target is compatible and in a wave",
                                 "a target that the release and a wave select"));
    }
  }
  if (!problems.empty()) {
    return std::unexpected(Error(Code::invalid_input, "the rollout cannot be planned")
                               .with_problems(std::move(problems)));
  }
  return blueprint;
}

std::vector<Problem> check(const Blueprint& blueprint, const Inventory& inventory) {
  std::vector<WaveRule> rules;
  for (const auto& wave : blueprint.waves) rules.push_back(wave.rule);
  std::vector<Problem> problems = problems_of(rules);
  std::ranges::move(operations::problems_of(blueprint.gates), std::back_inserter(problems));
  if (!problems.empty()) return problems;
  if (blueprint.members() == 0) problems.push_back(problem("waves", "no target is in a wave"));
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (const auto& member : blueprint.waves[i].members) {
      if (problems.size() >= problems_max) return problems;
      const auto wrong = [&](std::string what) {
        problems.push_back(problem(fmt::format("waves.{}.{}", rules[i].name, member.target),
                                   std::move(what), "plan again"));
      };
      if (!seen.insert(member.target).second) wrong("the target is in two places");
      const Target* target = inventory.find(member.target);
      if (target == nullptr) {
        wrong("the target is not in the inventory");
        continue;
      }
      if (wave_of(*target, blueprint.rollout, rules) != i)
        wrong("the wave's rule does not take it");
      if (target->running && target->running->name == blueprint.release.name &&
          target->running->version > blueprint.release.version) {
        wrong(fmt::format("older_release: it runs version {}", target->running->version));
      } else if (running_digest(*target) != member.previous) {
        wrong("it no longer runs what it ran when this was planned");
      }
    }
  }
  return problems;
}

std::vector<std::string> notes(const Blueprint& blueprint) {
  std::vector<std::string> lines;
  for (const auto& wave : blueprint.waves) {
    const std::size_t n = wave.members.size();
    if (n == 0) {
      lines.push_back(fmt::format("wave {}, no target: skipped", wave.rule.name));
      continue;
    }
    const double spare = static_cast<double>(n) * (1 - blueprint.gates.attested_share_min);
    const auto tolerated = std::min<std::uint64_t>(
        blueprint.gates.failures_max, static_cast<std::uint64_t>(std::floor(spare + 1e-9)));
    lines.push_back(fmt::format(
        "wave {}, {} target{}: can only detect defects that hit more than {:.3g} % of targets",
        wave.rule.name, n, n == 1 ? "" : "s", 100 * detectable_share(n, tolerated)));
  }
  return lines;
}

}  // namespace millwright::operations
