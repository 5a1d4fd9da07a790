// The OpenAPI 3.1 document of the hub's API, from the table of endpoints and the schemas below.
#include <array>
#include <set>

#include "base/format.hpp"
#include "interfaces/endpoints.hpp"
#include "interfaces/hub_api.hpp"
#include "interfaces/openapi_schemas.hpp"

namespace millwright::interfaces {

namespace {

constexpr std::array query_fields{Field{"sql", "string"}};
constexpr std::array column_fields{Field{"name", "string"}, Field{"type", "string"}};
constexpr std::array table_fields{Field{"columns", "[Column]"}, Field{"rows", "[Row]"},
                                  Field{"warnings", "[string]"}, Field{"truncated", "boolean"},
                                  Field{"elapsed_ms", "number"}};
constexpr std::array health_fields{Field{"healthy", "boolean"}, Field{"host", "string"},
                                   Field{"reasons", "[string]"}};
constexpr std::array edge_fields{Field{"edge", "string"},         Field{"state", "Presence"},
                                 Field{"best_effort", "boolean"}, Field{"samples_per_s", "number"},
                                 Field{"via", "string"},          Field{"heard_at", "time"},
                                 Field{"age_s", "number"},        Field{"waiting_samples", "count"},
                                 Field{"waiting_bytes", "count"}, Field{"input_ended", "boolean"},
                                 Field{"gaps", "count"},          Field{"stored", "count"},
                                 Field{"lost", "count"},          Field{"unexplained", "count"},
                                 Field{"in_flight", "count"}};
constexpr std::array site_fields{
    Field{"site", "string"},           Field{"samples_per_s", "number"},
    Field{"waiting_samples", "count"}, Field{"waiting_bytes", "count"},
    Field{"gateways", "[Edge]"},       Field{"edges", "[Edge]"}};
constexpr std::array sites_fields{Field{"sites", "[Site]"}};
constexpr std::array status_fields{
    Field{"host", "string"},    Field{"version", "string"},    Field{"simulated", "boolean"},
    Field{"now", "time"},       Field{"uptime_s", "number"},   Field{"online", "boolean"},
    Field{"totals", "object"},  Field{"ledger", "object"},     Field{"historian", "object"},
    Field{"process", "object"}, Field{"problems", "[object]"}, Field{"sites", "[Site]"}};
constexpr std::array loss_fields{
    Field{"cause", "string"}, Field{"samples", "count"}, Field{"first_sequence", "count"},
    Field{"from", "time"},    Field{"to", "time"},       Field{"policy", "string"}};
constexpr std::array line_fields{
    Field{"producer", "string"},     Field{"incarnation", "string"},   Field{"number", "integer"},
    Field{"best_effort", "boolean"}, Field{"sent", "count"},           Field{"stored", "count"},
    Field{"lost", "count"},          Field{"lost_by_cause", "object"}, Field{"duplicates", "count"},
    Field{"unexplained", "count"},   Field{"accepted", "count"},       Field{"in_flight", "count"},
    Field{"losses", "[Loss]"}};
constexpr std::array ledger_fields{Field{"balanced", "boolean"},  Field{"sent", "count"},
                                   Field{"stored", "count"},      Field{"lost", "count"},
                                   Field{"unexplained", "count"}, Field{"from", "time"},
                                   Field{"to", "time"},           Field{"lines", "[LedgerLine]"}};
constexpr std::array sample_fields{Field{"ts", "time"},        Field{"value", "Value"},
                                   Field{"quality", "string"}, Field{"revision", "count"},
                                   Field{"arrival", "time"},   Field{"provenance", "integer"}};
constexpr std::array last_fields{
    Field{"series", "string"},      Field{"number", "string"},  Field{"datatype", "string"},
    Field{"unit", "string"},        Field{"ts", "time"},        Field{"value", "Value"},
    Field{"quality", "string"},     Field{"revision", "count"}, Field{"arrival", "time"},
    Field{"provenance", "integer"}, Field{"age_s", "number"}};
constexpr std::array lasts_fields{Field{"now", "time"}, Field{"matched", "count"},
                                  Field{"values", "[LastValue]"}};
constexpr std::array bucket_fields{Field{"start", "time"},      Field{"count", "count"},
                                   Field{"count_bad", "count"}, Field{"min", "number"},
                                   Field{"max", "number"},      Field{"mean", "number"},
                                   Field{"first", "number"},    Field{"last", "number"}};
constexpr std::array range_fields{Field{"series", "string"},    Field{"number", "string"},
                                  Field{"datatype", "string"},  Field{"unit", "string"},
                                  Field{"samples", "[Sample]"}, Field{"truncated", "boolean"},
                                  Field{"buckets", "[Bucket]"}};
constexpr std::array sealed_fields{Field{"revision", "count"}, Field{"segments", "count"},
                                   Field{"rows_sealed", "count"}, Field{"segment_bytes", "count"}};
constexpr std::array damage_fields{Field{"place", "string"}, Field{"what", "string"},
                                   Field{"remedy", "string"}};
constexpr std::array verified_fields{Field{"sound", "boolean"}, Field{"damages", "[Damage]"}};
constexpr std::array audit_line_fields{Field{"producer", "string"}, Field{"incarnation", "string"},
                                       Field{"rows", "count"}, Field{"rows_double", "count"},
                                       Field{"rows_missing", "count"}};
constexpr std::array audit_fields{Field{"rows", "count"}, Field{"rows_double", "count"},
                                  Field{"rows_missing", "count"}, Field{"lines", "[AuditLine]"}};
constexpr std::array place_fields{Field{"file", "string"},    Field{"line", "integer"},
                                  Field{"column", "integer"}, Field{"path", "string"},
                                  Field{"what", "string"},    Field{"expected", "string"},
                                  Field{"nearest", "string"}, Field{"remedy", "string"}};
constexpr std::array problem_fields{Field{"type", "string"},       Field{"title", "string"},
                                    Field{"status", "integer"},    Field{"code", "string"},
                                    Field{"detail", "string"},     Field{"remedy", "string"},
                                    Field{"problems", "[Defect]"}, Field{"context", "[string]"}};

constexpr std::array schemas{
    Schema{"Query", "One reading statement", query_fields},
    Schema{"Column", "A column and its SQL type", column_fields},
    Schema{"Table", "Result of a query; blobs are base64, times RFC 3339", table_fields},
    Schema{"Health", "Whether the hub does its work, and what keeps it from it", health_fields},
    Schema{"Edge", "An edge or gateway as the hub sees it", edge_fields},
    Schema{"Site", "A site and who reports from it", site_fields},
    Schema{"Sites", "Every site", sites_fields},
    Schema{"Status", "The hub as a whole", status_fields},
    Schema{"Loss", "A declared loss", loss_fields},
    Schema{"LedgerLine", "The account of one incarnation of a producer", line_fields},
    Schema{"Ledger", "The account; of an interval without totals", ledger_fields},
    Schema{"Sample", "A stored sample", sample_fields},
    Schema{"LastValue", "The last sample of a series", last_fields},
    Schema{"LastValues", "Last samples in order of their series", lasts_fields},
    Schema{"Bucket", "One step of a downsampled series", bucket_fields},
    Schema{"Range", "Samples or buckets of one series", range_fields},
    Schema{"Sealed", "The historian after the seal", sealed_fields},
    Schema{"Damage", "Something found damaged", damage_fields},
    Schema{"Verified", "Outcome of the check of every segment", verified_fields},
    Schema{"AuditLine", "Rows of one incarnation against the account", audit_line_fields},
    Schema{"Audit", "Rows counted against the account", audit_fields},
    Schema{"Defect", "One defect of an input, with its place", place_fields},
    Schema{"Problem", "An error, RFC 9457", problem_fields}};

/// The schema of a type; `may_be_null` adds null to it.
std::string type_text(std::string_view type, bool may_be_null = false) {
  if (type.ends_with('?')) return type_text(type.substr(0, type.size() - 1), true);
  if (type.starts_with('[')) {
    return fmt::format("{{ type: array, items: {} }}", type_text(type.substr(1, type.size() - 2)));
  }
  const auto named = [&](std::string_view name) {
    return may_be_null ? fmt::format("[{}, 'null']", name) : std::string(name);
  };
  if (type == "time") return fmt::format("{{ type: {}, format: date-time }}", named("string"));
  const bool is_plain = type == "string" || type == "number" || type == "integer" ||
                        type == "boolean" || type == "object";
  if (is_plain) return fmt::format("{{ type: {} }}", named(type));
  const std::string reference =
      fmt::format("{{ $ref: '#/components/schemas/{}' }}", type == "count" ? "Count" : type);
  return may_be_null ? fmt::format("{{ anyOf: [{}, {{ type: 'null' }}] }}", reference) : reference;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

void write_schemas(std::string& out, std::span<const Schema> all) {
  for (const Schema& schema : all) {
    out += fmt::format("    {}:\n      description: {}\n      type: object\n      properties:\n",
                       schema.name, quoted(schema.description));
    for (const Field& field : schema.fields) {
      out += fmt::format("        {}: {}\n", field.name, type_text(field.type));
    }
  }
}

std::string_view verb(Method method) {
  switch (method) {
    case Method::get:
      return "get";
    case Method::post:
      return "post";
    case Method::put:
      return "put";
    case Method::remove:
      return "delete";
  }
  return "get";
}

void write_endpoint(std::string& out, const Endpoint& endpoint) {
  out += fmt::format("    {}:\n      operationId: {}\n      summary: {}\n", verb(endpoint.method),
                     endpoint.id, quoted(endpoint.summary));
  const auto in_path = path_parameters(endpoint, endpoint.path);
  if (!endpoint.parameters.empty() || !in_path.empty()) out += "      parameters:\n";
  for (const auto& [name, unused] : in_path) {
    out += fmt::format(
        "        - name: {}\n          in: path\n          required: true\n          schema: {{ "
        "type: "
        "string }}\n",
        name);
  }
  for (const Parameter& parameter : endpoint.parameters) {
    out += fmt::format(
        "        - name: {}\n          in: query\n          required: {}\n          description: "
        "{}\n          schema: {{ type: {} }}\n",
        parameter.name, parameter.is_required, quoted(parameter.description), parameter.type);
  }
  if (endpoint.method != Method::get) {
    const std::string schema =
        endpoint.body.empty() ? std::string("{ type: object }")
                              : fmt::format("{{ $ref: '#/components/schemas/{}' }}", endpoint.body);
    out += fmt::format(
        "      requestBody:\n        required: true\n        content:\n          "
        "application/json:\n            schema: {}\n",
        schema);
  }
  const std::string schema =
      endpoint.schema.empty()
          ? std::string("{ type: string }")
          : fmt::format("{{ $ref: '#/components/schemas/{}' }}", endpoint.schema);
  const std::string_view type = endpoint.content_type.substr(0, endpoint.content_type.find(';'));
  out += fmt::format(
      "      responses:\n        '200':\n          description: {}\n          content:\n           "
      " "
      "{}:\n              schema: {}\n",
      quoted("As asked"), type, schema);
  if (endpoint.action == Action::healthz) {
    out += fmt::format(
        "        '503':\n          description: 'Not healthy'\n          content:\n            "
        "{}:\n"
        "              schema: {}\n",
        type, schema);
  }
  out += "        default:\n          $ref: '#/components/responses/Problem'\n";
}

}  // namespace

std::string hub_openapi() {
  std::string out =
      "# Generated from the table of endpoints (src/interfaces/endpoints.cpp); a test fails when "
      "it "
      "differs.\n"
      "openapi: 3.1.0\n"
      "info:\n"
      "  title: Millwright hub\n"
      "  version: '1'\n"
      "  license: { name: Apache-2.0, identifier: Apache-2.0 }\n"
      "servers:\n"
      "  - url: 'http://127.0.0.1:8080'\n"
      "paths:\n";
  // A path stands once, with its methods in the order of the table.
  std::set<std::string_view> written;
  for (const Endpoint& first : hub_endpoints()) {
    if (!written.insert(first.path).second) continue;
    out += fmt::format("  {}:\n", quoted(first.path));
    for (const Endpoint& endpoint : hub_endpoints()) {
      if (endpoint.path == first.path) write_endpoint(out, endpoint);
    }
  }
  out +=
      "components:\n"
      "  responses:\n"
      "    Problem:\n"
      "      description: 'What is wrong, where, and what to do'\n"
      "      content:\n"
      "        application/problem+json:\n"
      "          schema: { $ref: '#/components/schemas/Problem' }\n"
      "  schemas:\n"
      "    Count: { description: 'A number up to 2^53, a string of digits beyond', type: [integer, "
      "string] }\n"
      "    Value: { description: 'Null when the sample has none; blobs are base64', type: [number, "
      "string, boolean, 'null'] }\n"
      "    Row: { type: array, items: { $ref: '#/components/schemas/Value' } }\n"
      "    Presence: { description: 'unknown: not heard of lately, or the hub itself is cut off', "
      "type: string, enum: [online, offline, unknown] }\n"
      "    Outcome: { description: 'What a person found; could_not_inspect says nothing', type: "
      "string, "
      "enum: [confirmed, other_fault, none_found, could_not_inspect] }\n"
      "    TextRow: { type: array, items: { type: string } }\n";
  write_schemas(out, schemas);
  write_schemas(out, office_schemas());
  return out;
}

}  // namespace millwright::interfaces
