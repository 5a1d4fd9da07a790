#include "operations/performance.hpp"

#include <algorithm>
#include <set>

namespace millwright::operations {
namespace {

std::optional<CountedShare> counted(std::uint64_t hits, std::uint64_t n,
                                    const ExactInterval& interval) {
  if (n == 0) return std::nullopt;
  const auto bounds = interval(hits, n);
  return CountedShare{static_cast<double>(hits) / static_cast<double>(n), bounds.low, bounds.high,
                      hits, n};
}

bool warns(const Finding& finding, const KnownFailure& failure, const WarningWindow& window) {
  if (finding.key.asset != failure.asset || failure.at - finding.at < window.lead_min) return false;
  const bool recent = failure.at - finding.at <= window.horizon;
  const bool was_open = !finding.cleared || *finding.cleared >= failure.at;
  return finding.at <= failure.at && (recent || was_open);
}

void count_work_orders(const WorkOrders& orders, const Findings& findings,
                       std::map<std::string, ModelPerformance>& models) {
  for (const auto& [id, order] : orders.all()) {
    std::set<std::string> claimed;
    for (const auto& name : order.findings) {
      if (const auto* finding = findings.find(name)) claimed.insert(finding->key.model);
    }
    for (const auto& model : claimed) {
      auto& sums = models[model];
      if (order.is_open()) {
        ++sums.open;
        continue;
      }
      switch (order.verdict->outcome) {
        case Outcome::confirmed:
          ++sums.confirmed;
          break;
        case Outcome::other_fault:
          ++sums.other_fault;
          break;
        case Outcome::none_found:
          ++sums.none_found;
          break;
        case Outcome::could_not_inspect:
          ++sums.unknown;
          break;
      }
    }
  }
}

/// Warned failures that no confirmed work order stands for, of one model.
std::uint64_t count_failures(ModelPerformance& sums, const std::vector<const Finding*>& claims,
                             const WorkOrders& orders, const std::vector<KnownFailure>& failures,
                             const WarningWindow& window) {
  std::uint64_t beyond_work_orders = 0;
  for (const auto& failure : failures) {
    bool warned = false;
    bool confirmed = false;
    for (const auto* finding : claims) {
      if (!warns(*finding, failure, window)) continue;
      warned = true;
      const auto* order = orders.of_finding(finding->id);
      confirmed |=
          order != nullptr && !order->is_open() && order->verdict->outcome == Outcome::confirmed;
    }
    ++(warned ? sums.failures_warned : sums.failures_missed);
    if (warned && !confirmed) ++beyond_work_orders;
  }
  return beyond_work_orders;
}

}  // namespace

std::map<std::string, ModelPerformance> performance(const Findings& findings,
                                                    const WorkOrders& orders,
                                                    const std::vector<std::string>& models,
                                                    const std::vector<KnownFailure>& failures,
                                                    const WarningWindow& window,
                                                    const ExactInterval& interval) {
  std::map<std::string, ModelPerformance> all;
  std::map<std::string, std::vector<const Finding*>> claims;
  for (const auto& model : models) all[model];
  for (const auto& [id, finding] : findings.all()) claims[finding.key.model].push_back(&finding);
  for (const auto& [model, list] : claims) all[model].findings = list.size();
  count_work_orders(orders, findings, all);
  for (auto& [model, sums] : all) {
    sums.model = model;
    const std::uint64_t beyond = count_failures(sums, claims[model], orders, failures, window);
    const std::uint64_t looked_at = sums.confirmed + sums.other_fault + sums.none_found;
    const std::uint64_t caught = sums.confirmed + beyond;
    sums.precision = counted(sums.confirmed, looked_at, interval);
    sums.recall = counted(caught, caught + sums.failures_missed, interval);
  }
  return all;
}

}  // namespace millwright::operations
