// Requests signed with a person's key, so that a command line needs no password and no session: the
// signature covers method, path, body and time. A repeated one is refused while it could still be
// in time.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "governance/keys.hpp"
#include "interfaces/http.hpp"

namespace millwright::interfaces {

inline constexpr std::string_view person_header = "millwright-person";
inline constexpr std::string_view time_header = "millwright-time";
inline constexpr std::string_view signature_header = "millwright-signature";

/// What is signed: `millwright-request-v1`, method, path, SHA-256 of the body in hex, time; a line
/// each.
std::string request_statement(Method method, std::string_view path, std::string_view body,
                              std::string_view time);
/// The three headers.
std::map<std::string, std::string> sign_request(Method method, std::string_view path,
                                                std::string_view body, std::string_view person,
                                                Timestamp now, const governance::SecretKey& key);

class RequestVerifier {
 public:
  using KeyOf = std::function<std::optional<governance::PublicKey>(std::string_view person)>;
  /// How far a request's time may lie from ours.
  static constexpr Duration tolerance = std::chrono::minutes(5);

  /// The person; nothing when the request carries no signature. Refused by rule: `unknown_key`,
  /// `bad_signature`, `clock` (too far from our time), `repeated`.
  Result<std::optional<std::string>> verify(const HttpRequest& request, Timestamp now,
                                            const KeyOf& key_of);

 private:
  std::set<std::string> seen_;
  std::deque<std::pair<Timestamp, std::string>> order_;
};

}  // namespace millwright::interfaces
