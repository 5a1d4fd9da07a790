#include "interfaces/office_api.hpp"

#include "interfaces/answer.hpp"
#include "stewardship/review.hpp"

namespace millwright::interfaces {

namespace {

/// Of parameters that handlers have already been promised.
std::string parameter(const HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

/// Answers with a node.
auto node_reply(Responder respond) {
  return [respond = std::move(respond)](Result<catalog::Node> node) mutable {
    respond(node ? json_answer(json_of(*node)) : problem_answer(node.error()));
  };
}

}  // namespace

OfficeApi::OfficeApi(OfficeApiParts parts) : parts_(std::move(parts)), office_(parts_.office) {}

bool OfficeApi::handle(const Endpoint& endpoint, const HttpRequest& request, Responder& respond) {
  switch (endpoint.action) {
    case Action::session:
      return respond(session(request)), true;
    case Action::setup:
      return respond(setup(request)), true;
    case Action::signin:
      return respond(sign_in(request)), true;
    case Action::signout:
      return respond(sign_out(request)), true;
    case Action::use_cases:
      return parts_.explainer.use_cases(node_reply(std::move(respond))), true;
    case Action::assets:
      return respond(assets()), true;
    case Action::asset:
      return asset(parameter(request, "name"), std::move(respond)), true;
    case Action::findings:
      return respond(findings()), true;
    case Action::work_orders:
      return respond(work_orders(request)), true;
    case Action::verdict:
      return respond(verdict(request)), true;
    case Action::models:
      return respond(models()), true;
    case Action::add_model:
      return respond(add_model(request)), true;
    case Action::releases:
      return respond(releases()), true;
    case Action::add_release:
      return respond(add_release(request)), true;
    case Action::rollouts:
      return respond(rollouts()), true;
    case Action::plan_rollout:
      return respond(plan_rollout(request)), true;
    case Action::approve:
      return respond(approve(request)), true;
    case Action::start_rollout:
      return respond(start_rollout(request)), true;
    case Action::revert_rollout:
      return respond(revert_rollout(request)), true;
    case Action::artifact:
      return respond(artifact(request)), true;
    case Action::add_artifact:
      return respond(add_artifact(request)), true;
    case Action::add_truths:
      return respond(add_truths(request)), true;
    case Action::lineage: {
      stewardship::ValuePlace place;
      place.series = parameter(request, "series");
      if (const std::string at = parameter(request, "at"); !at.empty()) {
        auto time = parse_rfc3339(at);
        if (!time) return respond(problem_answer(time.error())), true;
        place.at = *time;
      }
      if (const std::string text = parameter(request, "revision"); !text.empty())
        place.revision = std::strtoull(text.c_str(), nullptr, 10);
      return parts_.explainer.lineage(place, node_reply(std::move(respond))), true;
    }
    case Action::review:
      parts_.explainer.review(
          parameter(request, "name"),
          [respond = std::move(respond)](Result<stewardship::Review> review) mutable {
            respond(review ? json_answer(json_of(stewardship::node_of(*review)))
                           : problem_answer(review.error()));
          });
      return true;
    case Action::review_page:
      parts_.explainer.review(
          parameter(request, "name"),
          [respond = std::move(respond)](Result<stewardship::Review> review) mutable {
            if (!review) return respond(problem_answer(review.error()));
            respond(
                {200,
                 "text/html; charset=utf-8",
                 stewardship::html_of(*review),
                 {{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}}});
          });
      return true;
    case Action::audit_log:
      return respond(audit_entries(request)), true;
    case Action::audit_checkpoint:
      return respond(audit_checkpoint()), true;
    default:
      return false;
  }
}

}  // namespace millwright::interfaces
