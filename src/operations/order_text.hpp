// What travels between the hub and a target about releases, as canonical JSON: the order down
// (bytes of links::release_metric), the report up (text of links::running_metric).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/model_counters.hpp"
#include "operations/rollout_state.hpp"

namespace millwright::operations {

/// An order with what carrying it out needs.
struct ReleaseOrder {
  Order order;
  /// Artifact that holds SignedRelease::encode(); unused when the release is `no_release`.
  Digest signed_release = {};
  /// Back to a release that ran before: its version may be below the one that runs.
  bool is_revert = false;
  std::string url = {};  ///< where artifacts may be had; a hint, may be empty

  /// `{"generation":3,"release":HEX,"revert":true,"signed":HEX,"target":"site-a/gw-1","url":…}`;
  /// `revert`, `signed` and `url` only where they say something.
  std::string encode() const;
  /// invalid_input names the first field that is wrong; unsupported_version: it has a member `v`.
  static Result<ReleaseOrder> parse(std::string_view text);
  bool operator==(const ReleaseOrder&) const = default;
};
inline constexpr std::size_t order_bytes_max = 4096;

/// What a target attests at a contact.
struct TargetReport {
  Report report;
  /// The latest order that was not taken, `rule: why`; empty after the next one that is.
  std::string refused;
  std::vector<models::ModelCounters> counters;

  /// `{"counters":[{"errors":0,"flagged":0,"invalid":0,"model":"name@N:HEX","reference_flagged":0,
  /// "reference_scored":0,"scored":0}],"generation":3,"process":"…","reason":"…","refused":"…",
  /// "running":HEX,"stage":"confirmed","swaps":1,"target":"site-a/gw-1"}`; `running` is empty for
  /// the bootstrap set.
  std::string encode() const;
  static Result<TargetReport> parse(std::string_view text);
};
inline constexpr std::size_t report_bytes_max = 256 * 1024;

}  // namespace millwright::operations
