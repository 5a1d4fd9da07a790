#include "roles/release_agent.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"

namespace millwright::roles {

using operations::AgentState;
using operations::Artifact;
using operations::no_release;
using operations::ReleaseOrder;
using operations::ReportStage;

namespace {

std::string state_path(const AgentOptions& options) {
  return options.directory + "/agent";
}
std::string order_path(const AgentOptions& options) {
  return options.directory + "/order";
}
std::string store_path(const AgentOptions& options) {
  return options.directory + "/artifacts";
}

/// The name of a model in `name@N:digest`.
std::string_view name_in(std::string_view model) {
  return model.substr(0, model.find('@'));
}

}  // namespace

ReleaseAgent::ReleaseAgent(AgentWorld world, AgentOptions options,
                           std::shared_ptr<const operations::Verifier> verifier, AgentPorts ports)
    : world_(world),
      options_(std::move(options)),
      ports_(std::move(ports)),
      verifier_(std::move(verifier)),
      state_(options_.target.id, no_release),
      retry_after_(options_.retry_min) {}

ReleaseAgent::~ReleaseAgent() {
  if (timer_) world_.executor.cancel(*timer_);
}

Result<std::unique_ptr<ReleaseAgent>> ReleaseAgent::open(
    AgentWorld world, AgentOptions options, std::shared_ptr<const operations::Verifier> verifier,
    AgentPorts ports) {
  std::unique_ptr<ReleaseAgent> out(
      new ReleaseAgent(world, std::move(options), std::move(verifier), std::move(ports)));
  auto store = operations::ArtifactStore::open(world.disk, store_path(out->options_));
  if (!store) return pass(std::move(store));
  out->store_ = std::move(*store);
  if (auto done = out->read_state(); !done) return pass(std::move(done), "the release agent");
  return out;
}

Result<void> ReleaseAgent::read_state() {
  const std::string path = state_path(options_);
  auto exists = world_.disk.exists(path);
  if (!exists) return pass(std::move(exists));
  if (!*exists) return {};
  auto bytes = engine::read_whole(world_.disk, path);
  if (!bytes) return pass(std::move(bytes));
  auto state = AgentState::load(*bytes);
  if (!state && state.error().code() != Code::corrupt) return pass(std::move(state), path);
  if (!state || state->report().target != options_.target.id) {
    world_.log.error("release", fmt::format("{}: {}; set aside, the bootstrap set runs", path,
                                            state ? "of another target" : state.error().message()));
    return world_.disk.rename(path, path + ".unreadable");
  }
  state_ = std::move(*state);
  if (auto text = engine::read_whole(world_.disk, order_path(options_))) {
    auto order = ReleaseOrder::parse(as_text(*text));
    // One that was written before the power went, and not taken, comes again.
    if (order && order->order.generation == state_.report().generation) order_ = std::move(*order);
  }
  return {};
}

Result<void> ReleaseAgent::start() {
  AgentState next = state_;
  next.begin_life(fmt::format("{:016x}{:016x}", world_.random.next(), world_.random.next()));
  if (auto done = engine::replace_whole(world_.disk, state_path(options_), next.save()); !done) {
    return pass(std::move(done), "the release agent");
  }
  state_ = std::move(next);
  withdraw_others();
  pursue();
  return {};
}

// Orders. ---------------------------------------------------------------------------------------

void ReleaseAgent::on_release(ByteView bytes) {
  const auto order = ReleaseOrder::parse(as_text(bytes));
  if (!order) {
    return refuse_order(operations::refuse("unreadable_order", order.error().message()).error());
  }
  AgentState next = state_;
  const auto taken = next.take(order->order);
  if (!taken) return refuse_order(taken.error());
  if (!*taken) {
    if (!order_) order_ = *order;
    return pursue();
  }
  auto written = engine::replace_whole(world_.disk, order_path(options_), bytes);
  if (written) written = engine::replace_whole(world_.disk, state_path(options_), next.save());
  if (!written) {
    return world_.log.error("release", "an order is not taken, the disk refuses it: " +
                                           written.error().text() + "; it comes again");
  }
  state_ = std::move(next);
  order_ = *order;
  refused_.clear();
  fetch_not_before_.reset();
  retry_after_ = options_.retry_min;
  world_.log.info("release", fmt::format("order of generation {}: release {}",
                                         order->order.generation, order->order.release.hex()));
  pursue();
}

void ReleaseAgent::refuse_order(const Error& error) {
  world_.log.warning("release", "an order is refused: " + error.message());
  refused_ = error.message().substr(0, 1000);
  publish();
}

bool ReleaseAgent::step(const std::function<void(AgentState&)>& change) {
  AgentState next = state_;
  change(next);
  if (next == state_) return true;
  if (auto done = engine::replace_whole(world_.disk, state_path(options_), next.save()); !done) {
    world_.log.error("release", "the state of the agent is not saved: " + done.error().text());
    return false;
  }
  state_ = std::move(next);
  return true;
}

// Towards what is wanted. -----------------------------------------------------------------------

void ReleaseAgent::pursue() {
  pursue_order();
  if (pursue_set()) judge_trial();
  clear_store();
  publish();
  arm(options_.look_interval);
}

void ReleaseAgent::pursue_order() {
  const auto wanted = state_.wanted();
  if (!wanted) return;
  if (state_.stage() == ReportStage::installing) {
    if (*wanted != no_release) return fetch();
    if (!step([](AgentState& state) { state.on_installed(); })) return;
  }
  if (!step([](AgentState& state) { state.activate(); })) return;
  trial_since_.reset();
  store_is_clear_ = false;
}

void ReleaseAgent::fetch() {
  const Duration now = world_.clock.monotonic_now();
  if (fetching_ || !order_ || (fetch_not_before_ && now < *fetch_not_before_)) return;
  fetching_ = true;
  FetchOrder job{.order = *order_,
                 .target = options_.target,
                 .runs = {},
                 .may_go_down = order_->is_revert || order_->order.release == state_.previous()};
  if (const auto runs = manifest_of(state_.running()); runs && !runs->artifacts.empty()) {
    job.runs = operations::ReleaseId{runs->name, runs->version, state_.running()};
  }
  world_.worker.post([this, job = std::move(job), alive = std::weak_ptr(alive_),
                      fetch = ports_.fetch, verifier = verifier_, disk = &world_.disk,
                      core = &world_.executor, path = store_path(options_)] {
    FetchOutcome outcome;
    if (auto store = operations::ArtifactStore::open(*disk, path)) {
      outcome = fetch_release(job, fetch, *verifier, *store);
    } else {
      outcome = {.done = pass(std::move(store)), .may_retry = true};
    }
    core->post([this, alive, order = job.order, outcome = std::move(outcome)] {
      if (!alive.expired()) on_fetched(order, outcome.done, outcome.may_retry);
    });
  });
}

void ReleaseAgent::on_fetched(const ReleaseOrder& order, const Result<void>& done, bool may_retry) {
  fetching_ = false;
  const bool is_wanted = order_ && *order_ == order;
  if (is_wanted && done) {
    retry_after_ = options_.retry_min;
    fetch_not_before_.reset();
    problem_.clear();
    step([](AgentState& state) { state.on_installed(); });
  } else if (is_wanted && may_retry) {
    world_.log.warning("release", fmt::format("{}; tried again in {}", done.error().text(),
                                              to_text(retry_after_)));
    fetch_not_before_ = world_.clock.monotonic_now() + retry_after_;
    retry_after_ = std::min(2 * retry_after_, options_.retry_max);
  } else if (is_wanted) {
    world_.log.warning("release", "a release is refused: " + done.error().text());
    step([&](AgentState& state) { state.on_failed(done.error().message()); });
    store_is_clear_ = false;
  }
  pursue();
}

// Sets. -----------------------------------------------------------------------------------------

Result<operations::Manifest> ReleaseAgent::manifest_of(const Digest& set) const {
  if (set == no_release) return operations::Manifest{};
  auto text = store_->get(set);
  if (!text) return pass(std::move(text), "the manifest of the running set");
  return operations::Manifest::parse(as_text(*text));
}

/// True when the whole of the running set is in force.
bool ReleaseAgent::pursue_set() {
  // At most once forth and once back.
  for (int turn = 0; turn < 2 && in_force_ != state_.running(); ++turn) {
    const Duration now = world_.clock.monotonic_now();
    if (fetch_not_before_ && now < *fetch_not_before_ && !problem_.empty()) return false;
    if (auto done = run_set(state_.running()); !done) on_set_failed(done.error());
  }
  return in_force_ == state_.running();
}

void ReleaseAgent::on_set_failed(const Error& error) {
  in_force_.reset();
  if (state_.is_on_trial()) {
    world_.log.error("release", "the new set cannot be put in force: " + error.text());
    step([&](AgentState& state) { state.fall_back(error.message()); });
    store_is_clear_ = false;
    return;
  }
  // Nothing to fall back to: the set is fetched anew where its order is known.
  problem_ = error.message();
  world_.log.error("release", "the set that shall run is not in force: " + error.text());
  if (order_ && order_->order.release == state_.running() && !fetching_) {
    fetch();
  }
  fetch_not_before_ = world_.clock.monotonic_now() + retry_after_;
  retry_after_ = std::min(2 * retry_after_, options_.retry_max);
}

Result<void> ReleaseAgent::run_set(const Digest& set) {
  in_force_.reset();
  auto manifest = manifest_of(set);
  if (!manifest) return pass(std::move(manifest));
  std::vector<Bytes> contents;
  for (const Artifact& artifact : manifest->artifacts) {
    auto content = store_->get(artifact.sha256);
    if (!content) return pass(std::move(content), artifact.name);
    contents.push_back(std::move(*content));
  }
  std::set<std::pair<operations::ArtifactKind, std::string>> kept;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const Artifact& artifact = manifest->artifacts[i];
    activated_[{artifact.kind, artifact.name}] = artifact;
    kept.emplace(artifact.kind, artifact.name);
    const Bytes before = content_before(artifact, set);
    if (auto done = ports_.activate(artifact, contents[i], before); !done) {
      return pass(std::move(done), artifact.name);
    }
  }
  std::erase_if(activated_, [&](const auto& one) {
    if (kept.contains(one.first)) return false;
    withdraw(one.second);
    return true;
  });
  in_force_ = set;
  problem_.clear();
  trial_since_.reset();
  world_.log.info("release", set == no_release ? std::string("the bootstrap set runs")
                                               : fmt::format("{} version {} runs", manifest->name,
                                                             manifest->version));
  return {};
}

/// Of the set before `set`, also when that was of an earlier life. Empty: it has none of that name,
/// or it cannot be read, and then nothing is compared.
Bytes ReleaseAgent::content_before(const Artifact& artifact, const Digest& set) const {
  if (state_.previous() == set) return {};
  const auto manifest = manifest_of(state_.previous());
  if (!manifest) return {};
  for (const Artifact& one : manifest->artifacts) {
    if (one.kind != artifact.kind || one.name != artifact.name) continue;
    auto content = store_->get(one.sha256);
    return content ? std::move(*content) : Bytes();
  }
  return {};
}

/// What sets other than the running one may have left in force in an earlier life.
void ReleaseAgent::withdraw_others() {
  for (const Digest& set : {state_.previous(), order_ ? order_->order.release : no_release}) {
    if (set == state_.running()) continue;
    const auto manifest = manifest_of(set);
    if (!manifest) continue;
    for (const Artifact& artifact : manifest->artifacts) {
      activated_.try_emplace({artifact.kind, artifact.name}, artifact);
    }
  }
}

void ReleaseAgent::withdraw(const Artifact& artifact) {
  if (auto done = ports_.withdraw(artifact); !done) {
    world_.log.error("release", fmt::format("{} of the set before stays in force: {}",
                                            artifact.name, done.error().text()));
  }
}

void ReleaseAgent::judge_trial() {
  if (!state_.is_on_trial()) return;
  const Duration now = world_.clock.monotonic_now();
  const auto counters = ports_.counters();
  if (!trial_since_) {
    trial_since_ = now;
    at_trial_.clear();
    for (const auto& one : counters) at_trial_[one.model] = one;
  }
  std::uint64_t scored = 0;
  bool any = false;
  for (const auto& one : counters) {
    const std::pair key{operations::ArtifactKind::model, std::string(name_in(one.model))};
    if (!activated_.contains(key)) continue;
    any = true;
    const auto& before = at_trial_[one.model];
    scored += one.scored - before.scored;
    if (one.errors != before.errors || one.invalid != before.invalid) {
      step([&](AgentState& state) {
        state.fall_back(fmt::format("unhealthy: {} gave {} errors and {} invalid predictions",
                                    one.model, one.errors - before.errors,
                                    one.invalid - before.invalid));
      });
      store_is_clear_ = false;
      (void)pursue_set();
      return;
    }
  }
  if (!any || scored >= options_.verdicts_min) {
    step([](AgentState& state) { state.confirm(); });
    store_is_clear_ = false;
  } else if (now - *trial_since_ >= options_.trial_max) {
    step([&](AgentState& state) {
      state.fall_back(fmt::format("unhealthy: {} of {} verdicts in {}", scored,
                                  options_.verdicts_min, to_text(options_.trial_max)));
    });
    store_is_clear_ = false;
    (void)pursue_set();
  }
}

/// Removes what no set needs any more. On the worker, after what it does now.
void ReleaseAgent::clear_store() {
  if (store_is_clear_ || fetching_ || state_.wanted()) return;
  store_is_clear_ = true;
  std::set<Digest> needed;
  for (const Digest& set :
       {state_.running(), state_.previous(), order_ ? order_->order.release : no_release}) {
    const auto manifest = manifest_of(set);
    if (!manifest) continue;
    needed.insert(set);
    for (const Artifact& artifact : manifest->artifacts) needed.insert(artifact.sha256);
  }
  world_.worker.post([disk = &world_.disk, path = store_path(options_), needed] {
    if (auto store = operations::ArtifactStore::open(*disk, path)) {
      // What stays too long is removed the next time.
      (void)store->keep_only(needed);
    }
  });
}

// Reports. --------------------------------------------------------------------------------------

operations::TargetReport ReleaseAgent::report() const {
  operations::TargetReport out{state_.report(), refused_, ports_.counters()};
  if (!in_force_) {
    // It is attested what runs, not what should.
    out.report.running = no_release;
    if (out.report.reason.empty()) out.report.reason = problem_;
  }
  return out;
}

void ReleaseAgent::publish() {
  operations::TargetReport now = report();
  const std::string whole = now.encode();
  now.counters.clear();
  const std::string stage = now.encode();
  const Duration at = world_.clock.monotonic_now();
  const bool counters_due = whole != published_ && at - counters_at_ >= options_.counters_interval;
  if (stage == published_stage_ && !counters_due) return;
  published_ = whole;
  published_stage_ = stage;
  counters_at_ = at;
  ports_.set_running(whole);
}

void ReleaseAgent::arm(Duration delay) {
  if (timer_) world_.executor.cancel(*timer_);
  timer_ = world_.executor.post_after(delay, [this] {
    timer_.reset();
    pursue();
  });
}

}  // namespace millwright::roles
