// How good the claims of each model were, by what people found and by failures that are known.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operations/work_order.hpp"

namespace millwright::operations {

/// A failure that happened, from whatever source knows it (plant, maintenance records).
struct KnownFailure {
  std::string asset;
  Timestamp at;
};

/// A finding is a warning of a failure of its asset when it opened at most `horizon` and at least
/// `lead_min` before it, or was open then. Precision and recall mean nothing without that window.
struct WarningWindow {
  Duration horizon = std::chrono::hours(24 * 30);
  Duration lead_min{0};
};

/// A share that was counted, with its exact 95 % interval.
struct CountedShare {
  double value = 0;
  double low = 0;
  double high = 1;
  std::uint64_t hits = 0;
  std::uint64_t n = 0;
  bool operator==(const CountedShare&) const = default;
};

/// Exact interval of `hits` of `n`: bind statistics::binomial_interval (Clopper and Pearson) at
/// 0.95. Called with n > 0.
struct ShareBounds {
  double low = 0;
  double high = 1;
};
using ExactInterval = std::function<ShareBounds(std::uint64_t hits, std::uint64_t n)>;

/// Of one model. A work order counts once for each model that has a finding in it.
///
/// - precision = confirmed / (confirmed + other_fault + none_found), n = that denominator: the
///   claims that somebody looked at. Another fault is no hit: the claim was of this one. It has its
///   own count, so that whoever sees it otherwise can count otherwise.
/// - could_not_inspect and open work orders say nothing: outside n, reported as `unknown` and
///   `open`. Never counted as true, never as false.
/// - recall = caught / (caught + missed), n = that denominator: the faults known. Caught: work
///   orders confirmed, and known failures with a warning of this model that no confirmed work order
///   of it stands for already. Missed: known failures without a warning. Faults that neither failed
///   nor were found are in nobody's count, so recall is an upper estimate while people repair what
///   the model finds.
/// Empty when n is 0: not measurable is not zero.
struct ModelPerformance {
  std::string model;
  std::optional<CountedShare> precision;
  std::optional<CountedShare> recall;
  std::uint64_t confirmed = 0;
  std::uint64_t other_fault = 0;
  std::uint64_t none_found = 0;
  std::uint64_t unknown = 0;  ///< could_not_inspect
  std::uint64_t open = 0;
  std::uint64_t findings = 0;
  std::uint64_t failures_warned = 0;
  std::uint64_t failures_missed = 0;
};

/// By model. A model of `models` without a finding is there too (its recall may be 0).
std::map<std::string, ModelPerformance> performance(const Findings& findings,
                                                    const WorkOrders& orders,
                                                    const std::vector<std::string>& models,
                                                    const std::vector<KnownFailure>& failures,
                                                    const WarningWindow& window,
                                                    const ExactInterval& interval);

}  // namespace millwright::operations
