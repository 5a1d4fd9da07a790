#include "interfaces/hub_api.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "interfaces/hub_api_core.hpp"
#include "interfaces/office_api.hpp"
#include "interfaces/web_files.hpp"

namespace millwright::interfaces {

namespace {
constexpr Duration tick_interval = std::chrono::seconds(1);
constexpr std::size_t history_max = 6;  ///< rates are means over five seconds

HttpResponse gone() {
  return problem_answer({Code::unavailable, "the hub is stopping"});
}
/// The client has that state of the file.
bool is_known_to(const HttpRequest& request, const WebFile& file) {
  const auto known = request.headers.find("if-none-match");
  return known != request.headers.end() &&
         (known->second == "*" || known->second.contains(file.etag));
}

HttpResponse of_screen(const WebFile& file, const HttpRequest& request) {
  HttpResponse answer{200, std::string(file.content_type), {}, {}};
  answer.headers = {{"ETag", std::string(file.etag)},
                    {"Cache-Control", std::string(cache_control_of(file))},
                    {"Vary", "Accept-Encoding"}};
  if (is_known_to(request, file)) {
    answer.status = 304;
    return answer;
  }
  answer.headers["Content-Encoding"] = "gzip";
  answer.headers["Content-Security-Policy"] = std::string(web_security_policy());
  answer.headers["X-Content-Type-Options"] = "nosniff";
  answer.body = std::string(file.bytes);
  return answer;
}
}  // namespace

HubApi::HubApi(hub::HubCore& hub, engine::Executor& executor, const Clock& clock,
               HubApiOptions options)
    : core_(std::make_shared<Core>(hub, executor, clock, std::move(options))) {
  core_->start();
}

HubApi::~HubApi() {
  core_->stop();
}

HttpHandler HubApi::handler() {
  return [weak = std::weak_ptr(core_), &executor = core_->executor()](HttpRequest request,
                                                                      Responder respond) {
    if (weak.expired()) return respond(gone());
    executor.post([weak, request = std::move(request), respond = std::move(respond)]() mutable {
      if (const auto core = weak.lock())
        core->handle(std::move(request), std::move(respond));
      else
        respond(gone());
    });
  };
}

HubApi::Core::Core(hub::HubCore& hub, engine::Executor& executor, const Clock& clock,
                   HubApiOptions options)
    : hub_(hub),
      historian_(hub.historian()),
      executor_(executor),
      clock_(clock),
      options_(std::move(options)),
      started_(clock.monotonic_now()) {}

void HubApi::Core::start() {
  executor_.post([weak = weak_from_this()] {
    if (const auto core = weak.lock()) core->tick();
  });
}

void HubApi::Core::stop() {
  stopped_ = true;
  for (Responder& respond : waiting_) respond(gone());
  waiting_.clear();
}

void HubApi::Core::tick() {
  if (stopped_) return;
  executor_.post_after(tick_interval, [weak = weak_from_this()] {
    if (const auto core = weak.lock()) core->tick();
  });
  const auto status = hub_.status();
  Counts counts{clock_.monotonic_now(), status.samples, status.messages, {}};
  for (const auto& producer : status.producers) {
    counts.by_producer[producer.id] = producer.samples_received;
  }
  history_.push_back(std::move(counts));
  if (history_.size() > history_max) history_.pop_front();
  if (waiting_.empty()) return;
  const HttpResponse answer{200, "text/event-stream", event(), {{"Cache-Control", "no-store"}}};
  for (Responder& respond : std::exchange(waiting_, {})) respond(answer);
}

std::string HubApi::Core::event() const {
  return fmt::format("retry: 100\nid: {}\nevent: status\ndata: {}\n\n", clock_.utc_now().whole_ms(),
                     status_json().dump());
}

void HubApi::Core::wait_for_event(Responder respond) {
  if (waiting_.size() >= options_.event_clients_max) {
    return respond(problem_answer(
        {Code::exhausted, fmt::format("{} clients wait for events already", waiting_.size()),
         "ask /api/v1/status now and then instead"}));
  }
  waiting_.push_back(std::move(respond));
}

void HubApi::Core::handle(HttpRequest request, Responder respond) {
  const Endpoint* endpoint = find_endpoint(request.method, request.path);
  if (endpoint == nullptr) {
    const bool is_known = is_known_path(request.path);
    if (request.method == Method::get && !is_known) {
      if (const WebFile* file = web_file_for(request.path))
        return respond(of_screen(*file, request));
    }
    if (is_known) {
      auto answer = problem_answer(
          {Code::refused, fmt::format("{} does not take {}", request.path, name_of(request.method)),
           "see /openapi.yaml"});
      answer.status = 405;
      return respond(std::move(answer));
    }
    return respond(problem_answer(
        {Code::not_found, fmt::format("there is no {}", request.path), "see /openapi.yaml"}));
  }
  // A form of a foreign page cannot send JSON without the browser asking first.
  const auto type = request.headers.find("content-type");
  if (request.method != Method::get &&
      (type == request.headers.end() || !type->second.starts_with("application/json"))) {
    return respond(problem_answer({Code::invalid_input, "the request is not JSON",
                                   "send the header Content-Type: application/json"}));
  }
  for (const auto& [name, value] : request.query) {
    std::vector<std::string_view> known;
    for (const Parameter& parameter : endpoint->parameters) known.push_back(parameter.name);
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto nearest = nearest_name(name, known);
    return respond(problem_answer(
        {Code::invalid_input, fmt::format("{} has no parameter '{}'", request.path, name),
         nearest.empty() ? "see /openapi.yaml" : fmt::format("did you mean '{}'?", nearest)}));
  }
  for (auto& [name, value] : path_parameters(*endpoint, request.path))
    request.query.insert_or_assign(std::move(name), std::move(value));
  dispatch(*endpoint, request, std::move(respond));
}

void HubApi::Core::dispatch(const Endpoint& endpoint, const HttpRequest& request,
                            Responder respond) {
  switch (endpoint.action) {
    case Action::healthz:
      return respond(healthz());
    case Action::metrics:
      return respond(metrics());
    case Action::openapi:
      return respond({200, std::string(endpoint.content_type), hub_openapi(), {}});
    case Action::status:
      return respond(json_answer(status_json()));
    case Action::sites: {
      const auto status = hub_.status();
      return respond(json_answer(Json::object({{"sites", sites_json(views(status))}})));
    }
    case Action::ledger:
      return ledger(request, std::move(respond));
    case Action::query:
      return query(request, std::move(respond));
    case Action::last:
      return respond(last(request));
    case Action::range:
      return range(request, std::move(respond));
    case Action::events:
      return wait_for_event(std::move(respond));
    case Action::seal:
      return seal(std::move(respond));
    case Action::verify:
      return verify(std::move(respond));
    case Action::audit:
      return audit(std::move(respond));
    default:
      break;
  }
  if (options_.office != nullptr && options_.office->handle(endpoint, request, respond)) return;
  respond(problem_answer({Code::unavailable, fmt::format("{} needs an office", request.path),
                          "give the hub its resources: millwright hub -f DIR"}));
}

}  // namespace millwright::interfaces
