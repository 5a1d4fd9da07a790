// Artifacts from the hub over HTTP: GET <hub>/api/v1/artifacts/<SHA-256 in hex>.
#pragma once

#include <string>

#include "interfaces/http.hpp"
#include "roles/release_fetch.hpp"

namespace millwright::roles {

/// `hub` is `http://host:port`, with or without a slash at its end; `client` outlives the fetches,
/// which are made one at a time. 404 is `not_found`, every other answer but 200 `unavailable`.
Fetch fetch_from_hub(std::string hub, interfaces::HttpClient& client);

}  // namespace millwright::roles
