#include "interfaces/endpoints.hpp"

#include <algorithm>
#include <array>

namespace millwright::interfaces {

namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view text = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view yaml = "application/yaml";
constexpr std::string_view event_stream = "text/event-stream";

constexpr std::array ledger_parameters{
    Parameter{"producer", "string", "site/edge; absent: every producer"},
    Parameter{"from", "string", "start of an interval of event time, RFC 3339"},
    Parameter{"to", "string", "end of the interval, inclusive, RFC 3339"}};
constexpr std::array last_parameters{
    Parameter{"pattern", "string",
              "glob over site/edge/device/metric: `*` any run, `?` one character; absent: all"},
    Parameter{"limit", "integer", "at most so many, 10000 by default"}};
constexpr std::array range_parameters{
    Parameter{"series", "string", "site/edge/device/metric, or the number of the series", true},
    Parameter{"from", "string", "first event time, RFC 3339"},
    Parameter{"to", "string", "last event time, inclusive (exclusive with `step`), RFC 3339"},
    Parameter{"limit", "integer", "at most so many samples, 10000 by default"},
    Parameter{"as_of", "integer", "revision: what was known then"},
    Parameter{"all_revisions", "boolean", "each revision of a time, not only the greatest"},
    Parameter{"step", "string", "answers buckets of this length instead, such as 1m"}};

constexpr std::array table{
    Endpoint{Action::healthz,
             Method::get,
             "/healthz",
             "healthz",
             "200 when the hub does its work: broker link online, historian taking samples; 503 "
             "with the reasons otherwise",
             {},
             "",
             json,
             "Health"},
    Endpoint{Action::metrics,
             Method::get,
             "/metrics",
             "metrics",
             "The hub's own numbers in Prometheus' text format",
             {},
             "",
             text,
             ""},
    Endpoint{Action::openapi,
             Method::get,
             "/openapi.yaml",
             "openapi",
             "This document",
             {},
             "",
             yaml,
             ""},
    Endpoint{Action::status,
             Method::get,
             "/api/v1/status",
             "status",
             "The hub as a whole: totals, ledger, historian, sites",
             {},
             "",
             json,
             "Status"},
    Endpoint{Action::sites,
             Method::get,
             "/api/v1/sites",
             "sites",
             "Sites with their gateways and edges: state, rate, age of the last word, what waits",
             {},
             "",
             json,
             "Sites"},
    Endpoint{Action::ledger, Method::get, "/api/v1/ledger", "ledger",
             "The account of every producer: sent = stored + declared loss; the difference is "
             "unexplained",
             ledger_parameters, "", json, "Ledger"},
    Endpoint{Action::query,
             Method::post,
             "/api/v1/query",
             "query",
             "One reading SQL statement over the views samples, current, series, producers, "
             "provenance, losses, ledger",
             {},
             "Query",
             json,
             "Table"},
    Endpoint{Action::last, Method::get, "/api/v1/last", "last", "The last value of each series",
             last_parameters, "", json, "LastValues"},
    Endpoint{Action::range, Method::get, "/api/v1/range", "range",
             "The samples of one series in an interval, or buckets of them", range_parameters, "",
             json, "Range"},
    Endpoint{Action::events,
             Method::get,
             "/api/v1/events",
             "events",
             "Server-sent events: the next `status` event, then the stream ends and the client "
             "comes back for the one after it, as EventSource does by itself. So a slow client "
             "costs the hub nothing",
             {},
             "",
             event_stream,
             ""},
    Endpoint{Action::seal,
             Method::post,
             "/api/v1/seal",
             "seal",
             "Turns the hot part of the historian into Parquet segments",
             {},
             "",
             json,
             "Sealed"},
    Endpoint{Action::verify,
             Method::post,
             "/api/v1/verify",
             "verify",
             "Checks every segment against the checksum in the manifest",
             {},
             "",
             json,
             "Verified"},
    Endpoint{Action::audit,
             Method::post,
             "/api/v1/audit",
             "audit",
             "Counts the stored rows and compares them with the account",
             {},
             "",
             json,
             "Audit"}};

/// The next part of a path and what is left of it.
std::pair<std::string_view, std::string_view> split(std::string_view path) {
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

bool is_template(std::string_view part) {
  return part.starts_with('{') && part.ends_with('}');
}

bool matches(std::string_view pattern, std::string_view path) {
  while (true) {
    const auto [want, want_rest] = split(pattern);
    const auto [have, have_rest] = split(path);
    const bool equal = is_template(want) ? !have.empty() : want == have;
    if (!equal || want_rest.empty() != have_rest.empty()) return false;
    if (want_rest.empty()) return true;
    pattern = want_rest;
    path = have_rest;
  }
}

}  // namespace

std::span<const Endpoint> hub_endpoints() {
  static const std::vector<Endpoint> all = [] {
    std::vector<Endpoint> out(table.begin(), table.end());
    const auto office = office_endpoints();
    out.insert(out.end(), office.begin(), office.end());
    return out;
  }();
  return all;
}

const Endpoint* find_endpoint(Method method, std::string_view path) {
  const Endpoint* found = nullptr;
  for (const Endpoint& endpoint : hub_endpoints()) {
    if (endpoint.method != method || !matches(endpoint.path, path)) continue;
    // A path in full goes before a template.
    if (found == nullptr || endpoint.path == path) found = &endpoint;
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> path_parameters(const Endpoint& endpoint,
                                                                 std::string_view path) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string_view pattern = endpoint.path;
  while (!pattern.empty()) {
    const auto [want, want_rest] = split(pattern);
    const auto [have, have_rest] = split(path);
    if (is_template(want)) out.emplace_back(want.substr(1, want.size() - 2), have);
    pattern = want_rest;
    path = have_rest;
  }
  return out;
}

bool is_known_path(std::string_view path) {
  return std::ranges::any_of(hub_endpoints(),
                             [&](const Endpoint& e) { return matches(e.path, path); });
}

}  // namespace millwright::interfaces
