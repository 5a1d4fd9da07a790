// The review of a use case: what was wanted, what came, by what it is known. A pure function from
// inputs to a document, and the document as JSON and as a printable page. Every number carries its
// query and the digest of its data; an interval is always shown; what is simulated, retrospective
// or unknown says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "catalog/document.hpp"
#include "catalog/outcome_spec.hpp"
#include "outcomes/kpi.hpp"
#include "outcomes/readiness.hpp"

namespace millwright::stewardship {

using outcomes::Evidence;

/// Findings and work orders of the period.
struct WorkStatistics {
  std::uint64_t findings = 0;
  std::uint64_t opened = 0;  ///< work orders
  std::uint64_t open = 0;    ///< of them, not closed yet
  std::uint64_t confirmed = 0;
  std::uint64_t other_fault = 0;
  std::uint64_t none_found = 0;
  std::uint64_t could_not_inspect = 0;
  Evidence evidence;
};

/// A share that was counted; `of` = 0: not known yet.
struct Counted {
  std::uint64_t count = 0;
  std::uint64_t of = 0;
  Evidence evidence;
};

/// One version of a model that was in use.
struct ModelLine {
  std::string name;
  std::uint64_t version = 0;
  std::string digest;
  std::string aliases;  ///< `champion`
  std::string tier;
  Timestamp trained_at;
  std::string data_hash;
  std::optional<double> cv_rmse;
  std::string cv_unit;
  Counted precision;        ///< confirmed of those inspected
  Counted recall;           ///< found before of all faults
  std::string approved_by;  ///< Person; empty: not approved
  std::uint64_t running_on = 0;
};

struct ApprovalLine {
  std::string subject;
  std::string digest;
  std::string decision;
  std::string by;
  Timestamp at;
  std::optional<Timestamp> expires;
};

/// Sent = stored + declared loss + unexplained, of the producers of the use case's assets.
struct LedgerLine {
  std::uint64_t sent = 0;
  std::uint64_t stored = 0;
  std::uint64_t declared_lost = 0;
  std::uint64_t unexplained = 0;
  Evidence evidence;
};

struct IncidentLine {
  Timestamp at;
  std::string what;
  std::string effect;
};

struct ReviewInputs {
  std::string use_case;
  catalog::UseCaseSpec spec;
  std::string spec_digest;  ///< of the UseCase resource that was judged
  std::string owner;        ///< full names, where known
  std::string sponsor;
  Timestamp from;  ///< the period, [from, until)
  Timestamp until;
  Timestamp generated;
  std::vector<outcomes::KpiValue> kpis;
  outcomes::Money money;
  outcomes::Readiness readiness;
  std::optional<WorkStatistics> work;
  std::vector<ModelLine> models;
  std::vector<ApprovalLine> approvals;
  std::optional<LedgerLine> ledger;
  std::optional<std::vector<IncidentLine>> incidents;  ///< absent: not recorded
};

/// A number of the document.
struct Figure {
  enum class Kind : std::uint8_t {
    estimate,  ///< with an interval
    count,     ///< counted in full: has none
    unknown    ///< `note` says why
  };
  std::string label;
  Kind kind = Kind::unknown;
  double value = 0;
  outcomes::Interval interval;
  double level = 0.95;
  std::string unit;
  std::uint64_t n = 0;
  std::string note;
  bool retrospective = false;
  bool simulated = false;
  Evidence evidence;

  /// `92 % [73.97 %, 99.02 %] at 95 %, n = 25`, `not known: …`, `not measurable: …`.
  std::string text() const;
};

struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::string empty;  ///< what stands where there is no row
};

struct Section {
  std::string title;
  std::vector<std::string> text;
  std::vector<Figure> figures;
  std::vector<Table> tables;
};

/// The document.
struct Review {
  std::string use_case;
  std::string title;
  std::string outcome;
  std::string spec_digest;
  std::string owner;
  std::string sponsor;
  std::string stage;
  Timestamp from;
  Timestamp until;
  Timestamp generated;
  Timestamp next;  ///< when the next review is due
  bool simulated = false;
  bool retrospective = false;
  std::vector<Section> sections;
};

Review review(const ReviewInputs& inputs);
/// The first date of the cadence after `now`, counted from the first review in calendar steps (UTC;
/// the last day of a month that is too short).
Timestamp next_review(Timestamp first, catalog::Cadence cadence, Timestamp now);

catalog::Node node_of(const Review& review);
/// A page that needs nothing else and prints on A4.
std::string html_of(const Review& review);

}  // namespace millwright::stewardship
