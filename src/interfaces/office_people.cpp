// Who is there: sessions of the screen, signed requests, and the first user.
#include "base/format.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/office_api.hpp"

namespace millwright::interfaces {

namespace {

constexpr std::string_view cookie_name = "mw_session";

std::string cookie_of(const HttpRequest& request) {
  const auto found = request.headers.find("cookie");
  if (found == request.headers.end()) return {};
  std::string_view rest = found->second;
  while (!rest.empty()) {
    auto end = rest.find(';');
    std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == cookie_name)
      return std::string(part.substr(equals + 1));
  }
  return {};
}

HttpResponse with_cookie(HttpResponse answer, std::string_view token) {
  answer.headers["Set-Cookie"] =
      fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}", cookie_name, token,
                  token.empty() ? "; Max-Age=0" : "");
  return answer;
}

}  // namespace

std::optional<std::string> OfficeApi::user_of(const HttpRequest& request) {
  const std::string token = cookie_of(request);
  return token.empty() ? std::nullopt : parts_.users.session(token);
}

Result<std::string> OfficeApi::actor_of(const HttpRequest& request) {
  auto person =
      signatures_.verify(request, parts_.clock.utc_now(),
                         [this](std::string_view name) -> std::optional<governance::PublicKey> {
                           const auto* known = office_.person(name);
                           if (known == nullptr || known->public_key.empty()) return std::nullopt;
                           auto key = governance::PublicKey::parse(known->public_key);
                           return key ? std::optional(*key) : std::nullopt;
                         });
  if (!person) return pass(std::move(person), "signed request");
  if (*person) return "person/" + **person;
  if (const auto user = user_of(request)) return "person/" + *user;
  return fail(Code::refused, "not_signed_in: nobody is signed in and the request is not signed",
              "sign in on the screen, or use --person and --key");
}

Json OfficeApi::session_json(const std::optional<std::string>& user) const {
  Json roles = Json::array();
  const auto* person = user ? office_.person(*user) : nullptr;
  if (person != nullptr) {
    for (const std::string& role : person->roles) roles.push(role);
  }
  Json people = Json::array();
  if (parts_.users.setup_required()) {
    for (const std::string& name : office_.person_names()) people.push(name);
  }
  return Json::object({{"user", user ? Json(*user) : Json()},
                       {"roles", std::move(roles)},
                       {"setup_required", parts_.users.setup_required()},
                       {"people", std::move(people)}});
}

HttpResponse OfficeApi::session(const HttpRequest& request) {
  return json_answer(session_json(user_of(request)));
}

HttpResponse OfficeApi::signed_in(const std::string& user, const std::string& token) {
  catalog::Node body = catalog::Node::make_map();
  if (auto done =
          office_.note("session.opened", "person/" + user, "person/" + user, std::move(body));
      !done) {
    return problem_answer(done.error());
  }
  return with_cookie(json_answer(session_json(user)), token);
}

HttpResponse OfficeApi::setup(const HttpRequest& request) {
  auto body = parse_json(request.body);
  if (!body) return problem_answer(body.error());
  const std::string& user = (*body)["user"].string();
  if (office_.person(user) == nullptr) {
    return problem_answer({Code::not_found, fmt::format("no Person resource '{}'", user),
                           "users are declared persons: " +
                               fmt::format("{}", fmt::join(office_.person_names(), ", "))});
  }
  if (auto done = parts_.users.set_up(user, (*body)["password"].string()); !done)
    return problem_answer(done.error());
  auto token = parts_.users.sign_in(user, (*body)["password"].string());
  if (!token) return problem_answer(token.error());
  return signed_in(user, *token);
}

HttpResponse OfficeApi::sign_in(const HttpRequest& request) {
  auto body = parse_json(request.body);
  if (!body) return problem_answer(body.error());
  const std::string& user = (*body)["user"].string();
  auto token = parts_.users.sign_in(user, (*body)["password"].string());
  if (!token) {
    catalog::Node why = catalog::Node::make_map();
    why.add("reason", catalog::Node::make_text(token.error().message()));
    // Names that nobody has are not written down: anybody could fill the log with them.
    if (parts_.users.exists(user)) {
      (void)office_.note("session.refused", "person/" + user, "system/hub", std::move(why));
    }
    return problem_answer(token.error());
  }
  return signed_in(user, *token);
}

HttpResponse OfficeApi::sign_out(const HttpRequest& request) {
  const std::string token = cookie_of(request);
  if (!token.empty()) parts_.users.sign_out(token);
  return with_cookie(json_answer(session_json(std::nullopt)), "");
}

}  // namespace millwright::interfaces
