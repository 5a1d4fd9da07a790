// The part of the hub's API that speaks of decisions: people and sessions, models, releases,
// rollouts, findings, work orders, evidence. Everything lives on the hub's executor. Not here: who
// may do what (governance::RaciTable), what a decision means (stewardship::Office).
//
// Who acts: a signed-in user of the screen, or whoever signed the request with a person's key
// (request_signature.hpp). Approvals carry a signature of their own over the digest.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fabric/hub/hub_core.hpp"
#include "governance/users.hpp"
#include "interfaces/endpoints.hpp"
#include "interfaces/json.hpp"
#include "interfaces/request_signature.hpp"
#include "operations/target.hpp"
#include "stewardship/explainer.hpp"
#include "stewardship/office.hpp"

namespace millwright::interfaces {

struct OfficeApiParts {
  stewardship::Office& office;
  stewardship::Explainer& explainer;
  governance::Users& users;
  historian::Historian& historian;
  const Clock& clock;
  bool simulated = false;
  /// Targets as the hub last heard of them.
  std::function<Result<operations::Inventory>()> inventory;
  /// Something was decided about rollouts: orders may be due.
  std::function<void()> on_rollouts_changed = [] {};
};

class OfficeApi {
 public:
  explicit OfficeApi(OfficeApiParts parts);

  /// True when the endpoint is one of these and was answered, now or later.
  bool handle(const Endpoint& endpoint, const HttpRequest& request, Responder& respond);

 private:
  /// `person/NAME`; `refused` when nobody is signed in and the request is not signed.
  Result<std::string> actor_of(const HttpRequest& request);
  std::optional<std::string> user_of(const HttpRequest& request);
  Json session_json(const std::optional<std::string>& user) const;

  // office_people.cpp
  HttpResponse session(const HttpRequest& request);
  HttpResponse setup(const HttpRequest& request);
  HttpResponse sign_in(const HttpRequest& request);
  HttpResponse sign_out(const HttpRequest& request);
  HttpResponse signed_in(const std::string& user, const std::string& token);

  // office_work.cpp
  HttpResponse assets();
  void asset(const std::string& name, Responder respond);
  HttpResponse findings() const;
  HttpResponse work_orders(const HttpRequest& request) const;
  HttpResponse verdict(const HttpRequest& request);

  // office_delivery.cpp
  HttpResponse models() const;
  HttpResponse add_model(const HttpRequest& request);
  HttpResponse releases() const;
  HttpResponse add_release(const HttpRequest& request);
  HttpResponse rollouts() const;
  HttpResponse plan_rollout(const HttpRequest& request);
  HttpResponse approve(const HttpRequest& request);
  HttpResponse start_rollout(const HttpRequest& request);
  HttpResponse revert_rollout(const HttpRequest& request);
  HttpResponse artifact(const HttpRequest& request) const;
  HttpResponse add_artifact(const HttpRequest& request);
  HttpResponse add_truths(const HttpRequest& request);
  HttpResponse audit_entries(const HttpRequest& request);
  HttpResponse audit_checkpoint();

  OfficeApiParts parts_;
  stewardship::Office& office_;
  RequestVerifier signatures_;
};

// JSON of the office's things (office_json.cpp).
Json to_json(const operations::Finding& finding);
Json to_json(const operations::WorkOrder& order, const operations::Findings& findings);
Json to_json(const operations::Rollout& rollout, const stewardship::Office& office);
Json json_of(const catalog::Node& node);
Json share_json(const std::optional<operations::CountedShare>& share);

}  // namespace millwright::interfaces
