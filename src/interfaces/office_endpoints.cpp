// Endpoints of the office: people, use cases, assets, work, models, releases, rollouts, evidence.
#include <array>

#include "interfaces/endpoints.hpp"

namespace millwright::interfaces {

namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view html = "text/html; charset=utf-8";
constexpr std::string_view plain = "text/plain; charset=utf-8";
constexpr std::string_view bytes = "application/octet-stream";

constexpr std::array state_parameters{Parameter{"state", "string", "open or closed; absent: both"}};
constexpr std::array lineage_parameters{
    Parameter{"series", "string", "site/edge/device/metric, or the number of the series", true},
    Parameter{"at", "string", "event time of the value, RFC 3339; absent: the last"},
    Parameter{"revision", "integer", "the revision; absent: the greatest"}};
constexpr std::array log_parameters{
    Parameter{"from", "integer", "first entry, 0 by default"},
    Parameter{"limit", "integer", "at most so many, 1000 by default"}};

constexpr Endpoint get(Action action, std::string_view path, std::string_view id,
                       std::string_view summary, std::string_view schema,
                       std::span<const Parameter> parameters = {}) {
  return {action, Method::get, path, id, summary, parameters, "", json, schema};
}
constexpr Endpoint post(Action action, std::string_view path, std::string_view id,
                        std::string_view summary, std::string_view body, std::string_view schema) {
  return {action, Method::post, path, id, summary, {}, body, json, schema};
}

constexpr std::array table{
    get(Action::session, "/api/v1/session", "session", "Who is signed in, if anybody", "Session"),
    post(Action::setup, "/api/v1/setup", "setup",
         "Creates the first local user; refused once there is one", "Credentials", "Session"),
    post(Action::signin, "/api/v1/signin", "signin",
         "Signs a local user in; the session is a cookie", "Credentials", "Session"),
    post(Action::signout, "/api/v1/signout", "signout", "Ends the session", "", "Session"),
    get(Action::use_cases, "/api/v1/usecases", "useCases",
        "Use cases: KPIs with intervals against their targets, and whether the data are there",
        "UseCases"),
    get(Action::assets, "/api/v1/assets", "assets", "Assets with their health, worst first",
        "Assets"),
    get(Action::asset, "/api/v1/assets/{name}", "asset",
        "One asset: health, signals, findings, work orders", "Asset"),
    get(Action::findings, "/api/v1/findings", "findings", "Findings, newest first", "Findings"),
    get(Action::work_orders, "/api/v1/workorders", "workOrders", "Work orders, newest first",
        "WorkOrders", state_parameters),
    post(Action::verdict, "/api/v1/workorders/{id}/verdict", "verdict",
         "What was found at the asset; closes the work order", "VerdictRequest", "WorkOrder"),
    get(Action::models, "/api/v1/models", "models",
        "Model versions with cards, aliases, precision and recall", "Models"),
    post(Action::add_model, "/api/v1/models", "addModel",
         "Registers an uploaded bundle as the next version of its model", "DigestRequest", "Model"),
    get(Action::releases, "/api/v1/releases", "releases", "Registered releases", "Releases"),
    post(Action::add_release, "/api/v1/releases", "addRelease", "Registers a signed release",
         "SignedRelease", "Release"),
    get(Action::rollouts, "/api/v1/rollouts", "rollouts",
        "Rollouts: waves, gates with their statistics, approval", "Rollouts"),
    post(Action::plan_rollout, "/api/v1/rollouts", "planRollout",
         "Plans a rollout: the blueprint that an approval binds to", "PlanRequest", "Rollout"),
    post(Action::approve, "/api/v1/rollouts/{id}/approval", "approveRollout",
         "Takes a signed approval over the digest of the blueprint", "Approval", "Rollout"),
    post(Action::start_rollout, "/api/v1/rollouts/{id}/start", "startRollout",
         "Begins an approved rollout", "", "Rollout"),
    post(Action::revert_rollout, "/api/v1/rollouts/{id}/revert", "revertRollout",
         "Brings every target that was touched back to what it ran", "RevertRequest", "Rollout"),
    Endpoint{Action::artifact,
             Method::get,
             "/api/v1/artifacts/{digest}",
             "artifact",
             "Content by its SHA-256",
             {},
             "",
             bytes,
             ""},
    post(Action::add_artifact, "/api/v1/artifacts", "addArtifact", "Stores content by its SHA-256",
         "Content", "Digest"),
    post(Action::add_truths, "/api/v1/truths", "addTruths",
         "What became known afterwards about assets, such as their real remaining life", "Truths",
         "Counted"),
    get(Action::lineage, "/api/v1/lineage", "lineage",
        "A value walked back to source rows, recipe, model, approval and person", "Lineage",
        lineage_parameters),
    get(Action::review, "/api/v1/review/{name}", "review",
        "The review of a use case: each number with its query and the digest of its data",
        "Review"),
    Endpoint{Action::review_page,
             Method::get,
             "/api/v1/review/{name}/page",
             "reviewPage",
             "The same as a page that prints",
             {},
             "",
             html,
             ""},
    get(Action::audit_log, "/api/v1/audit/entries", "auditEntries",
        "Entries of the audit log as they are hashed", "AuditEntries", log_parameters),
    Endpoint{Action::audit_checkpoint,
             Method::get,
             "/api/v1/audit/checkpoint",
             "auditCheckpoint",
             "The signed checkpoint (C2SP tlog-checkpoint) over the audit log",
             {},
             "",
             plain,
             ""}};

}  // namespace

std::span<const Endpoint> office_endpoints() {
  return table;
}

}  // namespace millwright::interfaces
