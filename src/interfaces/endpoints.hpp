// The table of endpoints of the hub's API. Requests are dispatched by it, and api/openapi.yaml is
// generated from it: what is not in the table does not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "interfaces/http.hpp"

namespace millwright::interfaces {

enum class Action : std::uint8_t {
  page,
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
  audit
};

struct Parameter {
  std::string_view name;
  std::string_view type;  ///< of JSON Schema: string, integer, boolean
  std::string_view description;
  bool is_required = false;
};

struct Endpoint {
  Action action = Action::page;
  Method method = Method::get;
  std::string_view path;
  std::string_view id;  ///< operationId
  std::string_view summary;
  std::span<const Parameter> parameters;
  std::string_view body;  ///< schema of the request, or empty
  std::string_view content_type;
  std::string_view schema;  ///< of the answer; empty: text
};

std::span<const Endpoint> hub_endpoints();
/// Nullptr: no endpoint has this path and method.
const Endpoint* find_endpoint(Method method, std::string_view path);
/// True when the path exists with another method.
bool is_known_path(std::string_view path);

}  // namespace millwright::interfaces
