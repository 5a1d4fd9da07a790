// Schemas of the endpoints of the office (office_endpoints.cpp).
#include <array>

#include "interfaces/openapi_schemas.hpp"

namespace millwright::interfaces {

namespace {

// --- people ------------------------------------------------------------------------------------
constexpr std::array credentials_fields{Field{"user", "string"}, Field{"password", "string"}};
constexpr std::array session_fields{Field{"user", "string?"}, Field{"roles", "[string]"},
                                    Field{"setup_required", "boolean"},
                                    Field{"people", "[string]"}};

// --- use cases ---------------------------------------------------------------------------------
constexpr std::array point_fields{Field{"t", "time"}, Field{"value", "number"},
                                  Field{"low", "number?"}, Field{"high", "number?"}};
constexpr std::array beside_fields{Field{"title", "string"}, Field{"value", "number?"},
                                   Field{"low", "number?"},  Field{"high", "number?"},
                                   Field{"count", "count"},  Field{"n", "count"},
                                   Field{"unit", "string"}};
constexpr std::array kpi_fields{Field{"name", "string"},
                                Field{"title", "string"},
                                Field{"unit", "string"},
                                Field{"direction", "string"},
                                Field{"target", "number?"},
                                Field{"target_declared", "string"},
                                Field{"target_date", "time"},
                                Field{"target_state", "string"},
                                Field{"baseline", "number?"},
                                Field{"state", "string"},
                                Field{"reason", "string"},
                                Field{"value", "number?"},
                                Field{"low", "number?"},
                                Field{"high", "number?"},
                                Field{"level", "number"},
                                Field{"n", "count"},
                                Field{"retrospective", "boolean"},
                                Field{"simulated", "boolean"},
                                Field{"as_of", "time"},
                                Field{"method", "string"},
                                Field{"beside", "[KpiBeside]"},
                                Field{"power", "number?"},
                                Field{"series", "[KpiPoint]"},
                                Field{"query", "string"},
                                Field{"data_digest", "string"}};
constexpr std::array unmet_fields{Field{"requirement", "string"}, Field{"signal", "string"},
                                  Field{"asset", "string"},       Field{"owner", "string"},
                                  Field{"since", "time?"},        Field{"why", "string"},
                                  Field{"shortfall", "string"}};
constexpr std::array readiness_fields{
    Field{"state", "string"}, Field{"unmet", "[UnmetRequirement]"}, Field{"met_count", "count"}};
constexpr std::array use_case_fields{
    Field{"name", "string"},         Field{"title", "string"}, Field{"outcome", "string"},
    Field{"stage", "string"},        Field{"owner", "string"}, Field{"kpis", "[KpiValue]"},
    Field{"readiness", "Readiness"}, Field{"as_of", "time"},   Field{"money", "object"},
    Field{"simulated", "boolean"}};
constexpr std::array use_cases_fields{Field{"usecases", "[UseCase]"}};

// --- assets and work ---------------------------------------------------------------------------
constexpr std::array contribution_fields{Field{"input", "string"}, Field{"contribution", "number?"},
                                         Field{"quality", "string"}};
constexpr std::array health_fields{Field{"value", "number?"},    Field{"confidence", "number?"},
                                   Field{"state", "string"},     Field{"at", "time?"},
                                   Field{"quality", "string?"},  Field{"series", "string?"},
                                   Field{"by", "[Contribution]"}};
constexpr std::array life_fields{Field{"value", "number"},  Field{"low", "number?"},
                                 Field{"high", "number?"},  Field{"level", "number"},
                                 Field{"unit", "string"},   Field{"quality", "string"},
                                 Field{"series", "string"}, Field{"at", "time"}};
constexpr std::array summary_fields{Field{"name", "string"},        Field{"title", "string"},
                                    Field{"site", "string"},        Field{"type", "string"},
                                    Field{"health", "AssetHealth"}, Field{"rul", "RemainingLife?"},
                                    Field{"findings_open", "count"}};
constexpr std::array assets_fields{Field{"simulated", "boolean"},
                                   Field{"assets", "[AssetSummary]"}};
constexpr std::array limits_fields{Field{"low", "number?"}, Field{"high", "number?"}};
constexpr std::array signal_fields{
    Field{"series", "string"}, Field{"name", "string"},    Field{"title", "string"},
    Field{"unit", "string"},   Field{"range", "Limits?"},  Field{"value", "Value"},
    Field{"at", "time?"},      Field{"quality", "string"}, Field{"reason", "string?"}};
constexpr std::array asset_fields{
    Field{"name", "string"},         Field{"title", "string"},
    Field{"site", "string"},         Field{"type", "string"},
    Field{"health", "AssetHealth"},  Field{"rul", "RemainingLife?"},
    Field{"findings_open", "count"}, Field{"signals", "[Signal]"},
    Field{"findings", "[Finding]"},  Field{"work_orders", "[WorkOrder]"},
    Field{"simulated", "boolean"}};
constexpr std::array finding_fields{
    Field{"id", "string"},     Field{"asset", "string"}, Field{"model", "string"},
    Field{"rule", "string"},   Field{"score", "number"}, Field{"at", "time"},
    Field{"reason", "string"}, Field{"query", "string"}, Field{"cleared", "time?"}};
constexpr std::array findings_fields{Field{"findings", "[Finding]"}};
constexpr std::array verdict_fields{Field{"outcome", "Outcome"}, Field{"note", "string"},
                                    Field{"fault", "string"}, Field{"by", "string"},
                                    Field{"at", "time"}};
constexpr std::array order_fields{
    Field{"id", "string"},    Field{"asset", "string"},     Field{"title", "string"},
    Field{"state", "string"}, Field{"severity", "string"},  Field{"finding", "Finding?"},
    Field{"created", "time"}, Field{"verdict", "Verdict?"}, Field{"query", "string"}};
constexpr std::array orders_fields{Field{"work_orders", "[WorkOrder]"}};
constexpr std::array verdict_request_fields{Field{"outcome", "Outcome"}, Field{"note", "string"},
                                            Field{"fault", "string"}};

// --- models, releases, rollouts ----------------------------------------------------------------
constexpr std::array share_fields{Field{"value", "number"}, Field{"low", "number"},
                                  Field{"high", "number"}, Field{"hits", "count"},
                                  Field{"n", "count"}};
constexpr std::array version_fields{
    Field{"name", "string"},      Field{"version", "count"},       Field{"digest", "string"},
    Field{"aliases", "[string]"}, Field{"tier", "string?"},        Field{"added_by", "string"},
    Field{"trained_at", "time"},  Field{"card", "object?"},        Field{"precision", "Share?"},
    Field{"recall", "Share?"},    Field{"approved_by", "string?"}, Field{"running_on", "count"},
    Field{"data_hash", "string"}, Field{"cv_rmse", "number"}};
constexpr std::array models_fields{Field{"models", "[ModelVersion]"}};
constexpr std::array model_fields{Field{"name", "string"}, Field{"version", "count"},
                                  Field{"digest", "string"}};
constexpr std::array digest_fields{Field{"digest", "string"}};
constexpr std::array content_fields{Field{"content", "string"}};
constexpr std::array artifact_fields{Field{"kind", "string"}, Field{"name", "string"},
                                     Field{"version", "count"}, Field{"sha256", "string"},
                                     Field{"size", "count"}};
constexpr std::array registered_fields{Field{"name", "string"},
                                       Field{"version", "count"},
                                       Field{"digest", "string"},
                                       Field{"signed", "string?"},
                                       Field{"author", "string"},
                                       Field{"created", "time"},
                                       Field{"signed_with_key_of", "string"},
                                       Field{"artifacts", "[Artifact]"}};
constexpr std::array releases_fields{Field{"releases", "[RegisteredRelease]"}};
constexpr std::array signed_fields{Field{"signed", "string"}};
constexpr std::array statistic_fields{Field{"name", "string"}, Field{"value", "number"},
                                      Field{"limit", "number"}, Field{"holds", "boolean"}};
constexpr std::array gate_fields{Field{"name", "string"}, Field{"state", "string"},
                                 Field{"why", "string"}, Field{"statistics", "[Statistic]"},
                                 Field{"at", "time"}};
constexpr std::array wave_fields{Field{"name", "string"},    Field{"members", "count"},
                                 Field{"done", "count"},     Field{"state", "string"},
                                 Field{"targets", "object"}, Field{"gates", "[Gate]"}};
constexpr std::array rollout_approval_fields{
    Field{"by", "string"}, Field{"at", "time"}, Field{"expires", "time"},
    Field{"needed_from", "string?"}, Field{"command", "string"}};
constexpr std::array rollout_fields{Field{"id", "string"},
                                    Field{"release", "string"},
                                    Field{"release_digest", "string"},
                                    Field{"digest", "string"},
                                    Field{"generation", "count"},
                                    Field{"state", "string"},
                                    Field{"since", "time"},
                                    Field{"revert_reason", "string"},
                                    Field{"waves", "[Wave]"},
                                    Field{"approval", "RolloutApproval"},
                                    Field{"notes", "[string]"}};
constexpr std::array rollouts_fields{Field{"rollouts", "[Rollout]"}};
constexpr std::array wave_rule_fields{Field{"name", "string"}, Field{"share", "number"},
                                      Field{"selector", "string"}};
constexpr std::array gates_fields{Field{"behaviour", "string"},
                                  Field{"scored_min", "count"},
                                  Field{"rate_difference_max", "number"},
                                  Field{"invalid_share_max", "number"},
                                  Field{"soak_s", "number"},
                                  Field{"install_deadline_s", "number"},
                                  Field{"behaviour_deadline_s", "number"}};
constexpr std::array plan_fields{Field{"rollout", "string"}, Field{"release", "string"},
                                 Field{"waves", "[WaveRule]"}, Field{"gates", "GateLimits"}};
constexpr std::array approval_fields{Field{"statement", "string"}, Field{"signature", "string"}};
constexpr std::array revert_fields{Field{"why", "string"}};

// --- evidence ----------------------------------------------------------------------------------
constexpr std::array truth_fields{Field{"asset", "string"}, Field{"value", "number"}};
constexpr std::array truths_fields{Field{"kind", "string"}, Field{"unit", "string"},
                                   Field{"source", "string"}, Field{"truths", "[Truth]"}};
constexpr std::array counted_fields{Field{"recorded", "count"}};
constexpr std::array source_fields{Field{"series", "string"}, Field{"number", "count"},
                                   Field{"ts", "time"},       Field{"revision", "count"},
                                   Field{"value", "Value"},   Field{"unit", "string"},
                                   Field{"quality", "string"}};
constexpr std::array lineage_fields{
    Field{"value", "object"},        Field{"recipe", "object?"},
    Field{"model", "object?"},       Field{"calibration", "string"},
    Field{"sources", "[SourceRow]"}, Field{"input_digest", "string?"},
    Field{"complete", "boolean"},    Field{"problems", "[string]"}};
constexpr std::array figure_fields{
    Field{"label", "string"},          Field{"state", "string"},
    Field{"text", "string"},           Field{"value", "number?"},
    Field{"low", "number?"},           Field{"high", "number?"},
    Field{"level", "number?"},         Field{"n", "count"},
    Field{"unit", "string"},           Field{"note", "string"},
    Field{"retrospective", "boolean"}, Field{"simulated", "boolean"},
    Field{"query", "string"},          Field{"data_digest", "string"}};
constexpr std::array review_table_fields{Field{"title", "string"}, Field{"columns", "[string]"},
                                         Field{"rows", "[TextRow]"}, Field{"empty", "string"}};
constexpr std::array section_fields{Field{"title", "string"}, Field{"text", "[string]"},
                                    Field{"figures", "[Figure]"}, Field{"tables", "[ReviewTable]"}};
constexpr std::array review_fields{Field{"use_case", "string"},
                                   Field{"title", "string"},
                                   Field{"outcome", "string"},
                                   Field{"spec_digest", "string"},
                                   Field{"owner", "string"},
                                   Field{"sponsor", "string"},
                                   Field{"stage", "string"},
                                   Field{"from", "time"},
                                   Field{"until", "time"},
                                   Field{"generated", "time"},
                                   Field{"next", "time"},
                                   Field{"simulated", "boolean"},
                                   Field{"retrospective", "boolean"},
                                   Field{"sections", "[ReviewSection]"}};
constexpr std::array entry_fields{Field{"index", "count"}, Field{"entry", "string"}};
constexpr std::array entries_fields{Field{"size", "count"}, Field{"entries", "[AuditEntry]"}};

constexpr std::array schemas{
    Schema{"Credentials", "A local user", credentials_fields},
    Schema{"Session", "Who is signed in; people only while no user exists", session_fields},
    Schema{"KpiPoint", "A KPI at an earlier time", point_fields},
    Schema{"KpiBeside", "A number that is shown beside a KPI", beside_fields},
    Schema{"KpiValue", "A KPI: measured, not_measurable or not_yet, and why", kpi_fields},
    Schema{"UnmetRequirement", "Data that are not there, since when, whose", unmet_fields},
    Schema{"Readiness", "Whether the data that a use case needs are there", readiness_fields},
    Schema{"UseCase", "A use case with its KPIs", use_case_fields},
    Schema{"UseCases", "Every use case", use_cases_fields},
    Schema{"Contribution", "What an input adds to a health score", contribution_fields},
    Schema{"AssetHealth", "Health, 0 to 1, as a gateway last fused it", health_fields},
    Schema{"RemainingLife", "Remaining life with its interval", life_fields},
    Schema{"AssetSummary", "An asset in the list", summary_fields},
    Schema{"Assets", "Assets, worst first", assets_fields},
    Schema{"Limits", "Range of a signal", limits_fields},
    Schema{"Signal", "A signal of an asset with its last value", signal_fields},
    Schema{"Asset", "One asset", asset_fields},
    Schema{"Finding", "What a model found", finding_fields},
    Schema{"Findings", "Findings, newest first", findings_fields},
    Schema{"Verdict", "What a person found", verdict_fields},
    Schema{"WorkOrder", "A task for a person", order_fields},
    Schema{"WorkOrders", "Work orders, newest first", orders_fields},
    Schema{"VerdictRequest", "What was found; the fault where it is known", verdict_request_fields},
    Schema{"Share", "A share with its exact interval at 95 %", share_fields},
    Schema{"ModelVersion", "A version of a model; cv_rmse in the unit of its target",
           version_fields},
    Schema{"Models", "Versions of models", models_fields},
    Schema{"Model", "The version that was registered", model_fields},
    Schema{"DigestRequest", "Content that was uploaded, by its SHA-256 in hexadecimal",
           digest_fields},
    Schema{"Digest", "SHA-256 in hexadecimal", digest_fields},
    Schema{"Content", "Bytes as base64 (RFC 4648, section 4)", content_fields},
    Schema{"Artifact", "A part of a release", artifact_fields},
    Schema{"RegisteredRelease", "A release; signed is the artifact with its signed text",
           registered_fields},
    Schema{"Releases", "Registered releases", releases_fields},
    Schema{"SignedRelease", "A manifest with its signatures, as text", signed_fields},
    Schema{"Release", "The release that was registered", model_fields},
    Schema{"Statistic", "A number that a gate looked at", statistic_fields},
    Schema{"Gate", "What a gate decided", gate_fields},
    Schema{"Wave", "A wave; targets by state", wave_fields},
    Schema{"RolloutApproval", "Who approved, or who has to and by which command",
           rollout_approval_fields},
    Schema{"Rollout", "A rollout; digest is that of the blueprint", rollout_fields},
    Schema{"Rollouts", "Every rollout", rollouts_fields},
    Schema{"WaveRule", "A wave as wanted: by share, with those before it, or by selector",
           wave_rule_fields},
    Schema{"GateLimits", "Limits of the gates; those absent have their defaults", gates_fields},
    Schema{"PlanRequest", "A rollout to plan; release is a digest", plan_fields},
    Schema{"Approval", "The canonical statement and its Ed25519 signature, base64",
           approval_fields},
    Schema{"RevertRequest", "Why", revert_fields},
    Schema{"Truth", "What became known of an asset", truth_fields},
    Schema{"Truths", "Truths of one kind and source", truths_fields},
    Schema{"Counted", "How many were recorded", counted_fields},
    Schema{"SourceRow", "A stored row that a value came from", source_fields},
    Schema{"Lineage", "A value and where it came from", lineage_fields},
    Schema{"Figure", "A number of a review", figure_fields},
    Schema{"ReviewTable", "A table of a review", review_table_fields},
    Schema{"ReviewSection", "A section of a review", section_fields},
    Schema{"Review", "The review of a use case", review_fields},
    Schema{"AuditEntry", "An entry as it is hashed", entry_fields},
    Schema{"AuditEntries", "Entries of the audit log", entries_fields}};

}  // namespace

std::span<const Schema> office_schemas() {
  return schemas;
}

}  // namespace millwright::interfaces
