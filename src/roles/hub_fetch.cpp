#include "roles/hub_fetch.hpp"

#include "base/format.hpp"

namespace millwright::roles {

Fetch fetch_from_hub(std::string hub, interfaces::HttpClient& client) {
  while (hub.ends_with('/')) hub.pop_back();
  return [hub = std::move(hub), &client](const Digest& digest) -> Result<Bytes> {
    interfaces::HttpCall call;
    call.url = fmt::format("{}/api/v1/artifacts/{}", hub, digest.hex());
    call.body_bytes_max = operations::ArtifactStore::content_bytes_max;
    auto answer = client.call(call);
    if (!answer) return pass(std::move(answer));
    if (answer->status == 404) {
      return fail(Code::not_found, fmt::format("the hub has no artifact {}", digest.hex()));
    }
    if (answer->status != 200) {
      return fail(Code::unavailable, fmt::format("{} answered {}", call.url, answer->status));
    }
    const ByteView body = as_bytes(answer->body);
    return Bytes(body.begin(), body.end());
  };
}

}  // namespace millwright::roles
