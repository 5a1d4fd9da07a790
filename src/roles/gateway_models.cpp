#include "roles/gateway_models.hpp"

#include "base/format.hpp"
#include "models/bundle.hpp"
#include "roles/edge_models.hpp"

namespace millwright::roles {
namespace {

Result<void> activate(gateway::GatewayCore& core, const operations::Artifact& artifact,
                      ByteView bytes) {
  if (auto done = check_is_model(artifact); !done) return done;
  auto bundle = models::decode_bundle(bytes);
  if (!bundle) return pass(std::move(bundle), "reading a model bundle");
  if (bundle->name != artifact.name) {
    return operations::refuse(
        "another_model", fmt::format("the bundle of {} is one of {}", artifact.name, bundle->name));
  }
  if (bundle->kind != models::ModelKind::rul) return {};
  return core.tier_two()->activate(artifact.sha256.hex(), bytes);
}

Result<void> withdraw(gateway::GatewayCore& core, const operations::Artifact& artifact) {
  if (artifact.kind != operations::ArtifactKind::model) return {};
  const Bytes order = models::withdrawal_of(artifact.name);
  return core.tier_two()->activate(sha256(order).hex(), order);
}

}  // namespace

AgentPorts gateway_ports(gateway::GatewayCore& core, models::GatewayScorer& scorer) {
  AgentPorts out;
  // The scorer keeps by itself what it replaces, over restarts too.
  out.activate = [&core](const operations::Artifact& artifact, ByteView bytes, ByteView) {
    return activate(core, artifact, bytes);
  };
  out.withdraw = [&core](const operations::Artifact& artifact) { return withdraw(core, artifact); };
  out.counters = [&scorer] { return scorer.counters(); };
  out.set_running = [&core](std::string text) { core.set_running(std::move(text)); };
  return out;
}

}  // namespace millwright::roles
