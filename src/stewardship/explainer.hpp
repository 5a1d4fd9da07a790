// What the office and the historian together can prove: the use cases with their KPIs and
// readiness, a value walked back to its sources, the review. It only reads.
//
// Lives on the hub's executor; answers come back there, after the historian's lane has read.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "catalog/document.hpp"
#include "fabric/historian/historian.hpp"
#include "stewardship/office.hpp"
#include "stewardship/review.hpp"

namespace millwright::stewardship {

template <typename T>
using Reply = std::move_only_function<void(Result<T>)>;

/// A stored value by its place.
struct ValuePlace {
  std::string series;                     ///< site/edge/device/metric, or the number of the series
  std::optional<Timestamp> at;            ///< event time; empty: the last
  std::optional<std::uint64_t> revision;  ///< empty: the greatest
};

class Explainer {
 public:
  /// All references outlive it.
  Explainer(Office& office, historian::Historian& historian, const Clock& clock, bool simulated);
  ~Explainer();
  Explainer(const Explainer&) = delete;
  Explainer& operator=(const Explainer&) = delete;

  /// `{usecases: [...]}` as the HTTP API gives it.
  void use_cases(Reply<catalog::Node> reply);
  /// The value, its recipe, model, approval and approver, calibration facts, source rows with their
  /// digest, and what does not fit. `not_found`: no such series or value.
  void lineage(const ValuePlace& place, Reply<catalog::Node> reply);
  /// `not_found`: no such use case.
  void review(const std::string& use_case, Reply<Review> reply);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace millwright::stewardship
