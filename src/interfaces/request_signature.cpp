#include "interfaces/request_signature.hpp"

#include "base/digest.hpp"
#include "base/format.hpp"

namespace millwright::interfaces {

namespace {

std::string header(const HttpRequest& request, std::string_view name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

}  // namespace

std::string request_statement(Method method, std::string_view path, std::string_view body,
                              std::string_view time) {
  return fmt::format("millwright-request-v1\n{}\n{}\n{}\n{}\n", name_of(method), path,
                     sha256(as_bytes(body)).hex(), time);
}

std::map<std::string, std::string> sign_request(Method method, std::string_view path,
                                                std::string_view body, std::string_view person,
                                                Timestamp now, const governance::SecretKey& key) {
  const std::string time = to_rfc3339(now);
  const auto signature = key.sign(as_bytes(request_statement(method, path, body, time)));
  return {{std::string(person_header), std::string(person)},
          {std::string(time_header), time},
          {std::string(signature_header), signature.base64()}};
}

Result<std::optional<std::string>> RequestVerifier::verify(const HttpRequest& request,
                                                           Timestamp now, const KeyOf& key_of) {
  const std::string text = header(request, signature_header);
  if (text.empty()) return std::optional<std::string>();
  const std::string person = header(request, person_header), time = header(request, time_header);
  const auto key = key_of(person);
  if (!key) {
    return fail(Code::refused, fmt::format("unknown_key: no key of '{}' is registered", person),
                "add publicKey to the Person resource");
  }
  auto signature = governance::Signature::parse(text);
  if (!signature) return pass(std::move(signature), "header millwright-signature");
  const std::string statement = request_statement(request.method, request.path, request.body, time);
  if (!governance::verify(*key, as_bytes(statement), *signature)) {
    return fail(
        Code::refused,
        fmt::format("bad_signature: not by the key of '{}', or the request was changed", person));
  }
  auto at = parse_rfc3339(time);
  if (!at) return pass(std::move(at), "header millwright-time");
  const Duration off = now > *at ? now - *at : *at - now;
  if (off > tolerance) {
    return fail(Code::refused,
                fmt::format("clock: signed at {}, here it is {}", time, to_rfc3339(now)),
                "set the clock of the machine that signs");
  }
  while (!order_.empty() && now - order_.front().first > tolerance * 2) {
    seen_.erase(order_.front().second);
    order_.pop_front();
  }
  if (!seen_.insert(text).second) {
    return fail(Code::refused, "repeated: this signed request was taken already", "sign it anew");
  }
  order_.emplace_back(now, text);
  return std::optional<std::string>(person);
}

}  // namespace millwright::interfaces
