#include "interfaces/hub_client.hpp"

#include "base/format.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/request_signature.hpp"

namespace millwright::interfaces {

namespace {

constexpr const char* hub_default = "http://127.0.0.1:8080";
constexpr std::string_view person_prefix = "person/";

/// Each part of a path escaped.
std::string encoded(std::string_view path) {
  std::string out;
  while (true) {
    const auto slash = path.find('/');
    out += percent_encode(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<Identity> identity_of(const IdentityOptions& options, const Terminal& terminal) {
  const auto chosen = [&](const std::string& given, const char* variable) {
    return given.empty() ? terminal.environment(variable).value_or("") : given;
  };
  std::string person = chosen(options.person, "MILLWRIGHT_PERSON");
  const std::string file = chosen(options.key_file, "MILLWRIGHT_KEY");
  if (person.starts_with(person_prefix)) person.erase(0, person_prefix.size());
  if (person.empty() || file.empty()) {
    return fail(Code::invalid_input,
                person.empty() ? "nobody is named who signs this"
                               : fmt::format("no key file is named for '{}'", person),
                "give --person NAME and --key FILE, or set MILLWRIGHT_PERSON and MILLWRIGHT_KEY; "
                "'millwright key new' makes a key");
  }
  auto text = terminal.read_file(file);
  if (!text) return pass(std::move(text), "key of " + person);
  auto key = governance::SecretKey::parse_file(*text);
  if (!key) return pass(std::move(key), file);
  return Identity{std::move(person), std::move(*key)};
}

HubClient::HubClient(HttpClient& http, const Terminal& terminal, std::string hub)
    : http_(http), hub_(std::move(hub)) {
  if (hub_.empty()) hub_ = terminal.environment("MILLWRIGHT_HUB").value_or(hub_default);
  while (hub_.ends_with('/')) hub_.pop_back();
}

void HubClient::sign_as(Identity identity, const Clock& clock) {
  signer_.emplace(Signer{std::move(identity), clock});
}

Result<HttpResponse> HubClient::call(Method method, const std::string& path, const Json& body) {
  HttpCall request;
  request.method = method;
  request.timeout = std::chrono::minutes(10);
  if (method == Method::get) {
    request.url = hub_ + path;
  } else {
    request.url = hub_ + encoded(path);
    request.body = body.dump();
    if (signer_) {
      request.headers = sign_request(method, path, request.body, signer_->identity.person,
                                     signer_->clock.utc_now(), signer_->identity.key);
    }
  }
  auto response = http_.call(request);
  if (!response && response.error().code() == Code::unavailable) {
    return fail(Code::unavailable, fmt::format("no hub answers at {}", hub_),
                "start one with 'millwright demo' or 'millwright hub --data DIR', or name another "
                "with --hub URL or MILLWRIGHT_HUB");
  }
  return response;
}

Result<Json> HubClient::get(const std::string& path) {
  auto body = text(path);
  if (!body) return pass(std::move(body));
  return parse_json(*body);
}

Result<std::string> HubClient::text(const std::string& path) {
  auto response = call(Method::get, path, {});
  if (!response) return pass(std::move(response));
  if (response->status >= 300) return std::unexpected(error_of(*response));
  return std::move(response->body);
}

Result<Json> HubClient::post(const std::string& path, const Json& body) {
  auto response = call(Method::post, path, body);
  if (!response) return pass(std::move(response));
  if (response->status >= 300) return std::unexpected(error_of(*response));
  return parse_json(response->body);
}

}  // namespace millwright::interfaces
