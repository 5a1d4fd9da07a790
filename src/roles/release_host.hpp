// The release agent as a real process has it: trusted keys from their file, artifacts from the hub
// on a thread of its own. Roles without `--hub-url` and `--trust` have none.
#pragma once

#include <memory>
#include <string>

#include "interfaces/http.hpp"
#include "roles/machine.hpp"
#include "roles/release_agent.hpp"

namespace millwright::roles {

struct ReleaseHostOptions {
  std::string hub_url;
  std::string trust_file;
  AgentOptions agent;
  std::string trusted;  ///< content of the file, once it is read

  bool is_wanted() const { return !hub_url.empty() || !trust_file.empty(); }
};

/// One that has both or neither, and whose keys can be read. `invalid_input` otherwise.
Result<ReleaseHostOptions> read_release_options(std::string hub_url, std::string trust_file,
                                                operations::Target target);

class ReleaseHost {
 public:
  /// Called on the machine's executor, as everything here but the destructor. `ports.fetch` is set
  /// here.
  static Result<std::unique_ptr<ReleaseHost>> create(Machine& machine, ReleaseHostOptions options,
                                                     AgentPorts ports);
  /// Not on the machine's executor: waits for a fetch that is under way. The agent is gone by then.
  ~ReleaseHost();

  ReleaseAgent& agent() { return *agent_; }
  /// Ends the agent, before the core that it serves.
  void stop() { agent_.reset(); }

 private:
  ReleaseHost() = default;

  std::unique_ptr<interfaces::HttpClient> client_;
  std::unique_ptr<engine::Executor> worker_;
  std::unique_ptr<ReleaseAgent> agent_;
};

/// Opens the host of a core that takes releases and begins its life: before input flows.
template <typename Core>
Result<void> start_releases(Machine& machine, ReleaseHostOptions options, AgentPorts ports,
                            Core& core, std::unique_ptr<ReleaseHost>& out) {
  auto host = ReleaseHost::create(machine, std::move(options), std::move(ports));
  if (!host) return pass(std::move(host));
  out = std::move(*host);
  core.listen(&out->agent());
  return out->agent().start();
}

}  // namespace millwright::roles
