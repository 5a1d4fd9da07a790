// The verbs over what models found and what people did about it: finding list, workorder list,
// workorder verdict.
#pragma once

#include <string>

#include "interfaces/hub_client.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::interfaces {

struct VerdictOptions {
  std::string work_order;
  std::string outcome;  ///< confirmed, other_fault, none_found, could_not_inspect
  std::string note;
  std::string fault;
  IdentityOptions identity;
};

class WorkVerbs {
 public:
  /// All outlive it.
  WorkVerbs(HubClient& hub, Terminal& terminal, const Clock& clock, OutputFormat output)
      : hub_(hub), terminal_(terminal), clock_(clock), output_(output) {}

  Result<void> list_findings();
  /// `state`: open, closed, or empty for both.
  Result<void> list_work_orders(const std::string& state);
  /// Closes the work order; `conflict` when it is closed.
  Result<void> give_verdict(const VerdictOptions& options);

 private:
  void show(const std::vector<Json>& orders, const Json& document);

  HubClient& hub_;
  Terminal& terminal_;
  const Clock& clock_;
  OutputFormat output_;
};

}  // namespace millwright::interfaces
