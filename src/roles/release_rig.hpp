// A hub's artifacts in memory and a target on a simulated disk whose power may go at any operation.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operations/trusted_keys.hpp"
#include "roles/release_agent.hpp"
#include "sim/disk.hpp"
#include "sim/random.hpp"
#include "sim/scheduler.hpp"

namespace millwright::roles {

inline Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

/// Content by digest, and the orders for releases of one model.
struct RigHub {
  struct Ordered {
    Digest release;
    Digest signed_release;
  };

  explicit RigHub(std::string key_name = "release")
      : signer(std::move(key_name), governance::SecretKey::from_seed({})) {}

  Digest put(Bytes bytes) {
    const Digest digest = sha256(bytes);
    content[digest] = std::move(bytes);
    return digest;
  }
  operations::Manifest manifest(std::int64_t version, std::string_view model,
                                std::string_view compatible = "kind=gateway") {
    const Digest digest = put(bytes_of(model));
    return {"turbofan",
            version,
            {{operations::ArtifactKind::model, "rul", version, digest, model.size()}},
            {operations::Selector::parse(compatible).value()},
            {1'767'225'600'000'000},
            "person/theo"};
  }
  Ordered release(const operations::Manifest& manifest) {
    const auto is_signed = operations::sign_release(manifest, signer).value();
    return {sha256(as_bytes(is_signed.manifest)), put(bytes_of(is_signed.encode()))};
  }
  Ordered release(std::int64_t version, std::string_view model) {
    return release(manifest(version, model));
  }

  operations::KeySigner signer;
  std::map<Digest, Bytes> content;
  bool away = false;
  std::uint64_t fetched = 0;
};

class ReleaseRig {
 public:
  explicit ReleaseRig(std::uint64_t seed = 1) : disk(seed), random(seed) {
    options.target = {.id = "site-a/gw-1",
                      .site = "site-a",
                      .kind = operations::TargetKind::gateway,
                      .assets = {},
                      .labels = {},
                      .running = {}};
  }
  ~ReleaseRig() { end(); }

  /// A life; false: the disk refused.
  bool begin() {
    end();
    core = scheduler.make_executor("core");
    worker = scheduler.make_executor("worker");
    in_force.clear();
    compared.clear();
    counters.clear();
    AgentPorts ports;
    ports.fetch = [this](const Digest& digest) -> Result<Bytes> {
      ++hub.fetched;
      if (hub.away) return fail(Code::unavailable, "nobody answers");
      const auto found = hub.content.find(digest);
      if (found == hub.content.end()) return fail(Code::not_found, "no such artifact");
      return found->second;
    };
    ports.activate = [this](const operations::Artifact& artifact, ByteView bytes,
                            ByteView before) -> Result<void> {
      const std::string text(as_text(bytes));
      if (unfit.contains(text)) return fail(Code::refused, "it does not fit");
      in_force[artifact.name] = text;
      compared[artifact.name] = as_text(before);
      counters[artifact.name].model = artifact.name + "@1:" + text;
      return {};
    };
    ports.withdraw = [this](const operations::Artifact& artifact) -> Result<void> {
      in_force.erase(artifact.name);
      counters.erase(artifact.name);
      return {};
    };
    ports.counters = [this] {
      std::vector<models::ModelCounters> out;
      for (const auto& [name, one] : counters) out.push_back(one);
      return out;
    };
    ports.set_running = [this](std::string text) {
      said.push_back(operations::TargetReport::parse(text).value());
    };
    const std::string trusted = "release " + key.public_key().base64();
    auto keys = operations::TrustedKeys::parse(trusted);
    auto opened = ReleaseAgent::open({scheduler, random, *core, *worker, disk, log}, options,
                                     std::make_shared<operations::TrustedKeys>(keys.value()),
                                     std::move(ports));
    if (!opened) return false;
    agent = std::move(*opened);
    return agent->start().has_value();
  }
  void end() {
    if (core) core->kill();
    if (worker) worker->kill();
    agent.reset();
    core.reset();
    worker.reset();
  }
  void order(std::int64_t generation, const RigHub::Ordered& what, bool is_revert = false) {
    const operations::ReleaseOrder text{.order = {"site-a/gw-1", generation, what.release},
                                        .signed_release = what.signed_release,
                                        .is_revert = is_revert,
                                        .url = {}};
    agent->on_release(as_bytes(text.encode()));
    scheduler.run_for(std::chrono::milliseconds(1));
  }
  /// So many verdicts by the models in force.
  void judge(std::uint64_t scans) {
    for (auto& [name, one] : counters) one.scored += scans;
    scheduler.run_for(std::chrono::seconds(1));
  }
  operations::Report report() const { return agent->report().report; }
  std::string refused() const { return agent->report().refused; }

  sim::Scheduler scheduler;
  sim::SimDisk disk;
  sim::SimRandom random;
  SilentLog log;
  AgentOptions options;
  governance::SecretKey key = governance::SecretKey::from_seed({});
  RigHub hub;
  std::map<std::string, std::string> in_force;  ///< bytes by name of artifact
  std::map<std::string, std::string> compared;  ///< what each is compared with
  std::map<std::string, models::ModelCounters> counters;
  std::set<std::string> unfit;
  std::vector<operations::TargetReport> said;
  std::unique_ptr<sim::SimExecutor> core;
  std::unique_ptr<sim::SimExecutor> worker;
  std::unique_ptr<ReleaseAgent> agent;
};

}  // namespace millwright::roles
