// A hub as the verbs of the command line ask it: its address, its errors as Errors, requests signed
// with a person's key. Not here: what is asked (the verbs), HTTP (http.hpp).
#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"
#include "governance/keys.hpp"
#include "interfaces/http.hpp"
#include "interfaces/json.hpp"
#include "interfaces/process.hpp"

namespace millwright::interfaces {

/// Whose key signs; empty: MILLWRIGHT_PERSON and MILLWRIGHT_KEY.
struct IdentityOptions {
  std::string person;
  std::string key_file;
};

struct Identity {
  std::string person;  ///< without `person/`
  governance::SecretKey key;
  std::string actor() const { return "person/" + person; }
};

/// `invalid_input` when nobody is named; else what reading the key file says.
Result<Identity> identity_of(const IdentityOptions& options, const Terminal& terminal);

class HubClient {
 public:
  /// `hub` is the address; empty: MILLWRIGHT_HUB, else http://127.0.0.1:8080. Both outlive it.
  HubClient(HttpClient& http, const Terminal& terminal, std::string hub);

  const std::string& address() const { return hub_; }
  /// From here on what is posted is signed.
  void sign_as(Identity identity, const Clock& clock);

  /// `path` with its query, escaped; of the answer the JSON, or the error that it says.
  Result<Json> get(const std::string& path);
  /// `path` plain, without a query: it is what is signed.
  Result<Json> post(const std::string& path, const Json& body = Json::object());
  /// The body of the answer as it came.
  Result<std::string> text(const std::string& path);
  /// Any status is an answer; `unavailable`: nobody answers at the address.
  Result<HttpResponse> call(Method method, const std::string& path, const Json& body);

 private:
  struct Signer {
    Identity identity;
    const Clock& clock;
  };
  HttpClient& http_;
  std::string hub_;
  std::optional<Signer> signer_;
};

}  // namespace millwright::interfaces
