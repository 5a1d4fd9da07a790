// What the files of the explainer share. Internal to them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stewardship/evidence.hpp"
#include "stewardship/explainer.hpp"
#include "stewardship/kpi_facts.hpp"
#include "stewardship/need_facts.hpp"

namespace millwright::stewardship {

/// One use case as it stands.
struct JudgedUseCase {
  std::string name;
  catalog::UseCaseSpec spec;
  std::vector<std::string> assets;
  outcomes::Readiness readiness;
  std::vector<outcomes::KpiValue> kpis;
  outcomes::Money money;
  std::optional<Timestamp> first;  ///< earliest sample of a need
  bool simulated = false;

  catalog::Node node() const;
};
using JudgedUseCases = std::shared_ptr<const std::vector<JudgedUseCase>>;

class Explainer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Office& office_used, historian::Historian& historian_used, const Clock& clock_used,
       bool is_simulated)
      : office(office_used),
        historian(historian_used),
        clock(clock_used),
        simulated(is_simulated) {}

  /// All use cases; of the last second or so when there is such an answer.
  void judge(Reply<JudgedUseCases> reply);
  void lineage(const ValuePlace& place, Reply<catalog::Node> reply);
  /// Reads several ranges, one after the other.
  void read(std::vector<historian::RangeQuery> queries, Reply<std::vector<historian::Range>> reply);
  /// Asks several statements, one after the other. An answer that the row limit cut is an error.
  void ask(std::vector<std::string> statements, Reply<std::vector<engine::Table>> reply);
  Review review_of(const JudgedUseCase& use_case);

  Office& office;
  historian::Historian& historian;
  const Clock& clock;
  bool simulated = false;
  EventsUsed events;

 private:
  /// One pass over all use cases.
  struct Pass;
  void next_use_case(std::shared_ptr<Pass> pass);
  void next_kpi(std::shared_ptr<Pass> pass);
  void take_facts(const std::shared_ptr<Pass>& pass, const std::vector<outcomes::Need>& needs,
                  const NeedPlan& plan, const std::vector<engine::Table>& answers);
  void take_rate(const std::shared_ptr<Pass>& pass, const RateSeries& read,
                 outcomes::KpiFrame frame, const std::string& statement,
                 const std::vector<engine::Table>& answers);
  void finish(Result<JudgedUseCases> outcome);

  std::map<std::string, outcomes::Readiness> before_;  ///< judged last, for since when
  JudgedUseCases cached_;
  Duration cached_at_{0};
  std::vector<Reply<JudgedUseCases>> waiting_;
  bool running_ = false;
};

/// Declared full name of a person, else the name.
std::string full_name(const Office& office, const std::string& person);

}  // namespace millwright::stewardship
