// The table of endpoints of the hub's API. Requests are dispatched by it, and api/openapi.yaml is
// generated from it: what is not in the table does not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interfaces/http.hpp"

namespace millwright::interfaces {

enum class Action : std::uint8_t {
  healthz,
  metrics,
  openapi,
  status,
  sites,
  ledger,
  query,
  last,
  range,
  events,
  seal,
  verify,
  audit,
  // What the office answers (office_api.hpp).
  session,
  setup,
  signin,
  signout,
  use_cases,
  assets,
  asset,
  findings,
  work_orders,
  verdict,
  models,
  add_model,
  releases,
  add_release,
  rollouts,
  plan_rollout,
  approve,
  start_rollout,
  revert_rollout,
  artifact,
  add_artifact,
  add_truths,
  lineage,
  review,
  review_page,
  audit_log,
  audit_checkpoint
};

struct Parameter {
  std::string_view name;
  std::string_view type;  ///< of JSON Schema: string, integer, boolean
  std::string_view description;
  bool is_required = false;
};

struct Endpoint {
  Action action = Action::healthz;
  Method method = Method::get;
  /// A part `{name}` stands for any one part of a path, which handlers find among the parameters.
  std::string_view path;
  std::string_view id;  ///< operationId
  std::string_view summary;
  std::span<const Parameter> parameters;
  std::string_view body;  ///< schema of the request, or empty
  std::string_view content_type;
  std::string_view schema;  ///< of the answer; empty: text
};

std::span<const Endpoint> hub_endpoints();
/// Those of the office alone (office_endpoints.cpp).
std::span<const Endpoint> office_endpoints();
/// Nullptr: no endpoint has this path and method.
const Endpoint* find_endpoint(Method method, std::string_view path);
/// Names and values of the `{name}` parts of a path that matches the endpoint.
std::vector<std::pair<std::string, std::string>> path_parameters(const Endpoint& endpoint,
                                                                 std::string_view path);
/// True when the path exists with another method.
bool is_known_path(std::string_view path);

}  // namespace millwright::interfaces
