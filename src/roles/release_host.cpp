#include "roles/release_host.hpp"

#include "engine/host.hpp"
#include "operations/trusted_keys.hpp"
#include "roles/hub_fetch.hpp"

namespace millwright::roles {

Result<ReleaseHostOptions> read_release_options(std::string hub_url, std::string trust_file,
                                                operations::Target target) {
  ReleaseHostOptions out{.hub_url = std::move(hub_url),
                         .trust_file = std::move(trust_file),
                         .agent = {},
                         .trusted = {}};
  out.agent.target = std::move(target);
  if (!out.is_wanted()) return out;
  if (out.hub_url.empty() || out.trust_file.empty()) {
    return fail(Code::invalid_input, "releases need both --hub-url and --trust",
                "give both, or neither: then this process takes no releases");
  }
  auto files = engine::open_posix_disk("/");
  if (!files) return pass(std::move(files));
  auto content = engine::read_whole(**files, engine::absolute_path(out.trust_file).substr(1));
  if (!content) return pass(std::move(content), "reading the trusted keys");
  out.trusted = as_text(*content);
  if (auto keys = operations::TrustedKeys::parse(out.trusted, out.trust_file); !keys) {
    return pass(std::move(keys));
  }
  return out;
}

Result<std::unique_ptr<ReleaseHost>> ReleaseHost::create(Machine& machine,
                                                         ReleaseHostOptions options,
                                                         AgentPorts ports) {
  auto keys = operations::TrustedKeys::parse(options.trusted, options.trust_file);
  if (!keys) return pass(std::move(keys));
  std::unique_ptr<ReleaseHost> out(new ReleaseHost);
  out->client_ = interfaces::make_http_client();
  out->worker_ = engine::make_thread_executor("releases", machine.clock());
  ports.fetch = fetch_from_hub(options.hub_url, *out->client_);
  auto agent = ReleaseAgent::open({machine.clock(), machine.world().random, machine.executor(),
                                   *out->worker_, machine.disk(), machine.log()},
                                  std::move(options.agent),
                                  std::make_shared<operations::TrustedKeys>(std::move(*keys)),
                                  std::move(ports));
  if (!agent) return pass(std::move(agent));
  out->agent_ = std::move(*agent);
  return out;
}

ReleaseHost::~ReleaseHost() {
  // What is posted to the machine's executor from now on finds no agent.
  worker_.reset();
}

}  // namespace millwright::roles
