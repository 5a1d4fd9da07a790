// The hub's HTTP API: one table of endpoints, from which requests are dispatched and
// api/openapi.yaml is generated. Everything it reads belongs to the hub's executor: each request is
// posted there and answered from there. A GET of any other path is answered from the screen
// (web_files.hpp). Not here: sockets (http.hpp), what the hub does (HubCore).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/time.hpp"
#include "engine/executor.hpp"
#include "fabric/hub/hub_core.hpp"
#include "interfaces/http.hpp"

namespace millwright::interfaces {

class OfficeApi;

struct HubApiOptions {
  std::string host_id = "hub";
  std::string version;     ///< of this program
  bool simulated = false;  ///< the input is simulated: said on every page
  /// Resident memory of the process in bytes; see make_resident_bytes (process.hpp).
  std::function<std::uint64_t()> resident_bytes;
  /// Answers what is about decisions; null: those endpoints are not there. Outlives the API.
  OfficeApi* office = nullptr;
  /// Clients that may wait for the next event at one time; more are refused.
  std::size_t event_clients_max = 256;
  /// An edge unheard of for longer is shown as unknown, not as online.
  Duration unknown_after = std::chrono::seconds(15);
};

/// Make and destroy it on the hub's executor (or before that runs and after it ended).
/// `hub` and `clock` outlive it. Bounds: waiting event clients; rows of a query (the historian's).
class HubApi {
 public:
  HubApi(hub::HubCore& hub, engine::Executor& executor, const Clock& clock, HubApiOptions options);
  ~HubApi();
  HubApi(const HubApi&) = delete;
  HubApi& operator=(const HubApi&) = delete;

  /// For the HTTP server; may be called on any thread, also after this object is gone (then the
  /// answer is 503).
  HttpHandler handler();

  class Core;

 private:
  std::shared_ptr<Core> core_;
};

/// The OpenAPI 3.1 document of the table of endpoints, as YAML (api/openapi.yaml).
std::string hub_openapi();

}  // namespace millwright::interfaces
