#include "roles/edge_models.hpp"

#include "base/format.hpp"
#include "models/bundle.hpp"
#include "models/edge_score.hpp"

namespace millwright::roles {

Result<void> check_is_model(const operations::Artifact& artifact) {
  if (artifact.kind == operations::ArtifactKind::model) return {};
  return operations::refuse("unsupported_kind",
                            fmt::format("{} is a {}, which this target takes by its resources only",
                                        artifact.name, operations::name_of(artifact.kind)));
}

AgentPorts EdgeModels::ports() {
  AgentPorts out;
  out.activate = [this](const operations::Artifact& artifact, ByteView bytes, ByteView before) {
    return activate(artifact, bytes, before);
  };
  out.withdraw = [this](const operations::Artifact& artifact) { return withdraw(artifact); };
  out.counters = [this] {
    std::vector<models::ModelCounters> counters;
    for (const auto& [name, one] : in_force_) counters.push_back(*one.counters);
    return counters;
  };
  out.set_running = [this](std::string text) { core_->set_running(std::move(text)); };
  return out;
}

Result<void> EdgeModels::activate(const operations::Artifact& artifact, ByteView bytes,
                                  ByteView before) {
  if (auto done = check_is_model(artifact); !done) return done;
  const auto known = in_force_.find(artifact.name);
  if (known != in_force_.end() && known->second.digest == artifact.sha256) return {};
  auto bundle = models::decode_bundle(bytes);
  if (!bundle) return pass(std::move(bundle), "reading a model bundle");
  if (bundle->name != artifact.name) {
    return operations::refuse(
        "another_model", fmt::format("the bundle of {} is one of {}", artifact.name, bundle->name));
  }
  if (bundle->kind != models::ModelKind::pca) return {};
  auto counters = std::make_shared<models::ModelCounters>();
  auto factory = models::edge_score_factory(bytes, counters, before);
  if (!factory) return pass(std::move(factory));
  if (auto done = core_->activate(artifact.name, *factory); !done) {
    if (done.error().code() != Code::not_found) return done;
    log_->info("release", artifact.name + " is for other edges: no pipeline here scores with it");
    return {};
  }
  in_force_[artifact.name] = {artifact.sha256, std::move(counters)};
  return {};
}

Result<void> EdgeModels::withdraw(const operations::Artifact& artifact) {
  if (in_force_.erase(artifact.name) == 0) return {};
  return core_->activate(artifact.name, models::withdrawn_model());
}

}  // namespace millwright::roles
