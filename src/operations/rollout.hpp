// Planning a rollout, purely: inventory, release and policy in, a blueprint out that says exactly
// which target gets what in which wave. Approvals bind to its digest; carrying it out is
// rollout_state.hpp's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operations/gate.hpp"
#include "operations/release.hpp"
#include "operations/target.hpp"

namespace millwright::operations {

/// Where `target` stands in [0, 1) for `rollout`: the first 8 bytes, big endian, of
/// SHA-256(rollout ‖ 0x00 ‖ target), of 2^64. Another rollout gives another order, so that it is
/// not always the same targets that go first.
std::uint64_t bucket_of(std::string_view rollout, std::string_view target);
/// True when `bucket` lies below `share` of all.
bool is_below(std::uint64_t bucket, double share);

/// One wave as wanted: by selector, or by share of all compatible targets, with those of the waves
/// before it (0.01, 0.1, 1: rings). Waves by selector come first.
struct WaveRule {
  std::string name;
  Selector selector;  ///< used when `share` is 0
  double share = 0;   ///< cumulative, in (0, 1], rising from wave to wave
  bool operator==(const WaveRule&) const = default;
};

struct RolloutPolicy {
  std::vector<WaveRule> waves;  ///< 1 to 100
  GateLimits gates;
};

/// A target of a wave, with the digest of the release that it runs when the rollout is planned
/// (`no_release`: none): what a revert brings back.
struct Member {
  std::string target;
  Digest previous;
  bool operator==(const Member&) const = default;
};

struct Wave {
  WaveRule rule;
  std::vector<Member> members;  ///< in the order of their ids
  bool operator==(const Wave&) const = default;
};

/// The exact next state. Orders of the rollout carry `generation`, those of its revert
/// `revert_generation()`; targets refuse an older one.
struct Blueprint {
  std::string rollout;
  std::int64_t generation = 0;
  ReleaseId release;
  GateLimits gates;
  std::vector<Wave> waves;

  std::int64_t revert_generation() const { return generation + 1; }
  std::size_t members() const;
  /// The blueprint as lines of text: a head, then each wave followed by its members. Equal
  /// blueprints have equal text; its SHA-256 is what an approval binds to.
  std::string canonical() const;
  Digest digest() const;
  /// Reads canonical text only; any other is `invalid_input`, a later format
  /// `unsupported_version`. (blueprint_text.cpp)
  static Result<Blueprint> parse(std::string_view canonical);
  bool operator==(const Blueprint&) const = default;
};

struct PlanRequest {
  std::string rollout;          ///< a name, unique for ever
  std::int64_t generation = 1;  ///< Rollouts::next_generation()
};

/// Plans. The result depends on the values alone, not on the order of the inventory, the process or
/// the day. `invalid_input` lists every problem of the policy; no compatible target is one.
Result<Blueprint> plan(const Inventory& inventory, const Release& release,
                       const RolloutPolicy& policy, const PlanRequest& request);

/// What is wrong with a blueprint before the inventory as it is now: unknown or repeated targets,
/// a member outside its wave's rule, a target that no longer runs what the blueprint says, or runs
/// a newer version (`older_release`). At most 100 problems.
std::vector<Problem> check(const Blueprint& blueprint, const Inventory& inventory);

/// What a person who approves should know, a line for each wave: its size, and what it can detect
/// ("wave canary, 14 targets: can only detect defects that hit more than 19.3 % of targets").
std::vector<std::string> notes(const Blueprint& blueprint);

}  // namespace millwright::operations
